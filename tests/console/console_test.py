#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""console_test.py ROOT SEALWRIGHT-VERIFY [NAME …]: what console/src/verify says of passports, logs and hostile bytes,
beside our other verifiers. The TypeScript is bundled with the console's own esbuild and run by Node.

console_test.py ROOT SEALWRIGHT-VERIFY fuzz SECONDS [SEED] [PASSPORT KEY …]: both on passports that are changed at
random, for so long; files on which they differ are left in the working folder."""
import os
import re
import subprocess
import sys
import tempfile

SUITES = ("forms_test", "live_test", "board_test", "picture_test", "verify_test", "log_test", "hostile_test", "old_browser_test", "sources_test")
DIFFERENTIAL = {"cbor": "cbor_differential.py", "charter": "charter_differential.py"}


def esbuild(root):
    sys.path.insert(0, os.path.join(root, "tools"))
    import console_bundle
    return console_bundle.esbuild_of(os.path.join(root, "console"))


def bundle(root, name, target, *more):
    subprocess.run([esbuild(root), os.path.join(root, "tests/console", name + ".ts"), "--bundle", "--format=esm",
                    "--platform=node", "--log-level=warning", "--outfile=" + target, *more], check=True)


def counted(label, command):
    """(passed, failed) of a suite, by its last line."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    last = re.search(r"^(\d+) passed, (\d+) failed$", done.stdout, re.MULTILINE)
    print("%s: %s" % (label, done.stdout.rstrip()), flush=True)
    if last is None or (done.returncode != 0) != (last.group(2) != "0"):
        return 0, 1
    return int(last.group(1)), int(last.group(2))


def judge(root, folder, name):
    """The browser's reader as a program of that name, which the differential scripts run."""
    path = os.path.join(folder, name)
    bundle(root, "judge", path, "--banner:js=#!/usr/bin/env node")
    os.chmod(path, 0o755)
    return path


def main(root, verifier, *names):
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "package.json"), "w", encoding="utf-8") as f:
            f.write('{"type": "module"}')
        if names[:1] == ("fuzz",):
            target = os.path.join(folder, "fuzz.mjs")
            bundle(root, "fuzz", target)
            return subprocess.run(["node", target, root, verifier, *names[1:]], check=False).returncode
        for name in names or SUITES + tuple(DIFFERENTIAL):
            if name in DIFFERENTIAL:
                script = os.path.join(root, "tests/interop", DIFFERENTIAL[name])
                command = [sys.executable, script, judge(root, folder, name)]
            else:
                target = os.path.join(folder, name + ".mjs")
                bundle(root, name, target)
                command = ["node", target, root, verifier]
            counts = counted(name, command)
            passed, failed = passed + counts[0], failed + counts[1]
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), *sys.argv[3:]))
