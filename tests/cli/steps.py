# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command line share: running the program, a house in a folder, counting."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

LIMIT_S = 120


class Failure(Exception):
    pass


class Said:
    """What one run of the program left behind."""

    def __init__(self, done):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"status {self.status}\n{self.out}\n{self.err}"


class Program:
    def __init__(self, path):
        self.path = path

    def run(self, *words, stdin="", env=None):
        done = subprocess.run([self.path, *words], input=stdin, capture_output=True, text=True,
                              timeout=LIMIT_S, env={**os.environ, "HOME": "/nonexistent", **(env or {})},
                              check=False)
        return Said(done)

    def ok(self, *words, **more):
        said = self.run(*words, **more)
        if said.status != 0:
            raise Failure(f"{' '.join(words)} should work: {said}")
        return said

    def fails(self, status, text, *words, **more):
        """It ends with this status, and says this on standard error."""
        said = self.run(*words, **more)
        if said.status != status or text not in said.err:
            raise Failure(f"{' '.join(words)} should end with {status} and say {text!r}: {said}")
        return said


class House:
    """A founded state folder with a running server."""

    def __init__(self, program, folder, *more):
        self.program, self.folder = program, folder
        self.state = os.path.join(folder, "state")
        self.server = None
        for name in ("ada", "ben", "cleo"):
            program.ok("keys", "make", self.key(name), "--no-passphrase", "--algorithm", "ed25519")
        program.ok("init", self.state, "--origin", "test.example/log", "--port", "0",
                   *[w for n in ("ada", "ben", "cleo") for w in ("--founder", f"{n}={self.key(n)}.pub")], *more)

    def key(self, name):
        return os.path.join(self.folder, name + ".key")

    def start(self):
        ready, child = os.pipe()
        with open(os.path.join(self.folder, "server.log"), "ab") as log:
            self.server = subprocess.Popen(
                [self.program.path, "serve", self.state, "--ready-fd", str(child)],
                pass_fds=[child], stdout=log, stderr=log)
        os.close(child)
        with os.fdopen(ready) as pipe:
            line = pipe.readline()
        if not line:
            raise Failure("the server did not start: " + open(os.path.join(self.folder, "server.log")).read())
        self.people, self.machines = (f"https://localhost:{port}" for port in line.split())

    def stop(self):
        if self.server is not None:
            self.server.terminate()
            status = self.server.wait(LIMIT_S)
            self.server = None
            return status
        return 0

    def where(self):
        return ["--server", self.people, "--ca", f"{self.state}/tls.crt", "--log", f"{self.state}/log.vkey"]

    def who(self, name):
        return [*self.where(), "--as", name, "--key", self.key(name)]

    def record(self, name, *words):
        return self.program.ok("record", *words, "--yes", *self.who(name))

    def refuses(self, name, status, text, *words):
        return self.program.fails(status, text, "record", *words, "--yes", *self.who(name))

    def rows(self, name, view, *words):
        said = self.program.ok("view", view, *words, "--all", "--json", *self.who(name))
        return said.json()["rows"]

    def hire(self, name, *permissions):
        self.program.ok("keys", "make", self.key(name), "--no-passphrase")
        self.record("ada", "principal.registered", f"principal={name}", "kind=person",
                    f"natural_person=P-{name}")
        proof = self.program.ok("keys", "possession", "--as", name, "--key", self.key(name), "--log",
                                f"{self.state}/log.vkey").out.strip()
        self.program.ok("keys", "enroll", "--principal", name, "--public", self.key(name) + ".pub",
                        "--possession", proof, *self.who("ada"))
        listed = json.dumps([{"permission": p} for p in permissions])
        self.record("ada", "role.defined", f"role={name}", f"permissions={listed}")
        self.record("ada", "role.granted", f"grant_id=G-{name}", f"principal={name}", f"role={name}")


def same(found, expected, what=""):
    if found != expected:
        raise Failure(f"{what}: expected {expected!r}, found {found!r}")


def has(text, part):
    if part not in text:
        raise Failure(f"{part!r} is not in: {text}")


def change_byte(path, at):
    with open(path, "r+b") as f:
        f.seek(at)
        byte = f.read(1)
        f.seek(at)
        f.write(bytes([byte[0] ^ 1]))


def run_all(tests, *arguments):
    """Runs every test; those named on the command line after the program, if any."""
    wanted = sys.argv[2:]
    passed = failed = 0
    for test in tests:
        if wanted and test.__name__ not in wanted:
            continue
        try:
            test(*arguments)
            passed += 1
        except Exception as why:  # pylint: disable=broad-except
            failed += 1
            print(f"FAILED {test.__name__}: {why}")
            if not isinstance(why, Failure):
                traceback.print_exc(file=sys.stdout)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


class Folder:
    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="sealwright-cli-")
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)
