#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A tester in Python, with nothing but the standard library.

    result.py gate test GW S1
    result.py post result.json [TYPE]
    result.py drop result.json /srv/box/inbox

BOX says where the box is (default http://localhost:8447); for one on another host BOX_CA names its
TLS certificate and BOX_TOKEN_FILE the file of its token."""
import json
import os
import secrets
import ssl
import sys
import time
import urllib.error
import urllib.request

BOX = os.environ.get("BOX", "http://localhost:8447")


def uuid7():
    """The same id again is the same record: make it once for each test, and keep it for repetitions."""
    number = int(time.time() * 1000) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 7 << 76
    number = number & ~(3 << 62) | 2 << 62
    text = f"{number:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def ask(method, path, body=None, headers=None):
    """Status and text, whatever the status."""
    request = urllib.request.Request(BOX + path, data=body, method=method, headers=headers or {})
    if "BOX_TOKEN_FILE" in os.environ:
        with open(os.environ["BOX_TOKEN_FILE"], encoding="ascii") as token:
            request.add_header("Authorization", "Bearer " + token.read().strip())
    trust = ssl.create_default_context(cafile=os.environ.get("BOX_CA")) if BOX.startswith("https") else None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                         *([urllib.request.HTTPSHandler(context=trust)] if trust else []))
    try:
        with opener.open(request, timeout=30) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def gate(name, product, serial):
    """Whoever cannot ask takes the gate for closed."""
    try:
        status, line = ask("GET", f"/v1/gates/{name}/{product}/{serial}")
    except OSError as error:
        status, line = 0, f"FAIL OFFLINE {error}"
    print(line.strip())
    return status == 200 and line.startswith("PASS")


def post(path, record="test.recorded"):
    """201: recorded; 202: on the box's disk, brought later. Anything else was refused."""
    with open(path, "rb") as file:
        body = file.read()
    headers = {"Content-Type": "application/json", "Idempotency-Key": uuid7()}
    for _ in range(5):
        try:
            status, text = ask("POST", "/v1/records/" + record, body, headers)
            break
        except OSError:
            time.sleep(1)
    else:
        sys.exit("the box does not answer: stop the work")
    print(status, text)
    if status not in (201, 202):
        problem = json.loads(text)
        print(problem.get("detail"), problem.get("fix"), file=sys.stderr)
    return status in (201, 202)


def drop(path, folder):
    """Whole or not at all: written beside, then renamed."""
    name = os.path.basename(path)
    beside = os.path.join(folder, "." + name)
    with open(path, "rb") as source, open(beside, "wb") as target:
        target.write(source.read())
        target.flush()
        os.fsync(target.fileno())
    os.rename(beside, os.path.join(folder, name))
    return True


def main(arguments):
    commands = {"gate": (gate, 3, 3), "post": (post, 1, 2), "drop": (drop, 2, 2)}
    run, least, most = commands.get(arguments[0] if arguments else "", (None, 0, 0))
    if run is None or not least <= len(arguments) - 1 <= most:
        sys.exit(__doc__)
    sys.exit(0 if run(*arguments[1:]) else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
