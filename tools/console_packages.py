#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""console_packages.py FOLDER: unpacks into FOLDER/node_modules what FOLDER/package-lock.json names for this machine.

Each package must have the digest that the lock file says; no script of any package runs. What is already there in
the right version is left alone."""
import base64
import hashlib
import io
import json
import os
import platform
import shutil
import sys
import tarfile
import time
import urllib.request

TRIES, TIMEOUT_S, SIZE_MAX = 4, 120, 128 << 20
CPU = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
REGISTRY = "https://registry.npmjs.org/"


def wanted(package):
    """True if the package is for this machine."""
    return CPU in package.get("cpu", [CPU]) and "linux" in package.get("os", ["linux"])


def fetch(url):
    for attempt in range(TRIES):
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT_S) as reply:
                data = reply.read(SIZE_MAX + 1)
            if len(data) > SIZE_MAX:
                sys.exit("console_packages.py: %s is larger than %d bytes" % (url, SIZE_MAX))
            return data
        except OSError as e:
            if attempt == TRIES - 1:
                sys.exit("console_packages.py: %s: %s" % (url, e))
            time.sleep(2 ** attempt)
    return b""


def check(name, data, integrity):
    algorithm, _, digest = integrity.partition("-")
    if algorithm != "sha512" or hashlib.sha512(data).digest() != base64.b64decode(digest):
        sys.exit("console_packages.py: %s is not what the lock file says" % name)


def unpack(data, folder):
    """A package's files stand in one folder of the archive, mostly `package/`. Links are left out."""
    new = folder + ".new"
    shutil.rmtree(new, ignore_errors=True)
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        for member in archive:
            parts = member.name.split("/")[1:]
            if not member.isfile() or not parts or ".." in parts or "" in parts:
                continue
            path = os.path.join(new, *parts)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as out:
                shutil.copyfileobj(archive.extractfile(member), out)
            os.chmod(path, 0o755 if member.mode & 0o100 else 0o644)
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(new, folder)


def is_there(folder, integrity):
    try:
        with open(os.path.join(folder, ".integrity"), encoding="ascii") as f:
            return f.read() == integrity
    except OSError:
        return False


def install(root, path, package):
    folder = os.path.join(root, path)
    if is_there(folder, package["integrity"]):
        return False
    if not package["resolved"].startswith(REGISTRY):
        sys.exit("console_packages.py: %s does not come from %s" % (path, REGISTRY))
    data = fetch(package["resolved"])
    check(path, data, package["integrity"])
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    unpack(data, folder)
    with open(os.path.join(folder, ".integrity"), "w", encoding="ascii") as f:
        f.write(package["integrity"])
    print("  %s %s" % (path.removeprefix("node_modules/"), package["version"]), flush=True)
    return True


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = sys.argv[1]
    with open(os.path.join(root, "package-lock.json"), encoding="utf-8") as f:
        packages = json.load(f)["packages"]
    for path, package in sorted(packages.items()):
        if path != "" and wanted(package):
            install(root, path, package)


if __name__ == "__main__":
    main()
