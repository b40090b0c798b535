#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""console_bundle.py ROOT OUTPUT DEPFILE: makes the console's files and writes them as one C table.

esbuild makes the scripts and the style sheet from console/src; the texts of messages/console come as one script a
language for the first page (`text`), one for all others (`pages`), and one that is loaded when it is needed (`more`:
help of record types, sentences of the server). Each name carries a digest of its content, so that a browser may keep the file for ever."""
import base64
import gzip
import hashlib
import json
import os
import subprocess
import sys
import tempfile

import console_messages

TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
ENTRIES = {"main": "src/main.tsx", "worker": "src/base/stream_worker.ts", "style": "src/style.css"}
PACKAGES_MISSING = ("console_bundle.py: no esbuild in console/node_modules; fetch the packages: "
                    "python3 tools/console_packages.py console")


def esbuild_of(console):
    folder = os.path.join(console, "node_modules", "@esbuild")
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        program = os.path.join(folder, name, "bin", "esbuild")
        if os.path.exists(program):
            return program
    sys.exit(PACKAGES_MISSING)


def bundle(console, target):
    """Runs esbuild; the metafile names every input."""
    meta = os.path.join(target, "meta.json")
    command = [esbuild_of(console), "--bundle", "--splitting", "--format=esm", "--minify", "--target=es2022",
               "--charset=utf8", "--jsx=automatic", "--jsx-import-source=preact", "--legal-comments=none",
               "--entry-names=[name]-[hash]", "--chunk-names=[name]-[hash]", "--log-level=warning",
               "--outdir=" + os.path.join(target, "out"), "--metafile=" + meta]
    command += ["%s" % path for path in ENTRIES.values()]
    if subprocess.run(command, cwd=console).returncode != 0:
        sys.exit(1)
    with open(meta, encoding="utf-8") as f:
        return json.load(f)


def role_of(entry):
    for role, path in ENTRIES.items():
        if entry == path:
            return role
    return ""


def named(name, suffix, text):
    digest = base64.b32encode(hashlib.sha256(text.encode()).digest())[:8].decode()
    return "%s-%s%s" % (name, digest, suffix)


def language_files(root):
    """(role, name, content) of the texts."""
    for language, kinds in sorted(console_messages.bundles(root).items()):
        for kind, texts in sorted(kinds.items()):
            script = "globalThis.sealwright_%s=%s;\n" % (
                kind, json.dumps(texts, ensure_ascii=False, separators=(",", ":"), sort_keys=True))
            yield "%s.%s" % (kind, language), named("%s.%s" % (kind, language), ".js", script), script


def files_of(root, target):
    meta = bundle(os.path.join(root, "console"), target)
    for path, output in sorted(meta["outputs"].items()):
        name = os.path.basename(path)
        with open(os.path.join(target, "out", name), encoding="utf-8") as f:
            yield role_of(output.get("entryPoint")), name, f.read()
    yield from language_files(root)


def rows(data):
    return ["\t" + ",".join(str(b) for b in data[at:at + 40]) + "," for at in range(0, len(data), 40)]


def table(files):
    out = ["/* Made by tools/console_bundle.py: do not edit. */", '#include "server/console_files.h"', ""]
    last = []
    for i, (role, name, text) in enumerate(files):
        plain = text.encode()
        packed = gzip.compress(plain, 9, mtime=0)
        for kind, data in (("plain", plain), ("packed", packed)):
            out += ["static const uint8_t %s_%d[] = {" % (kind, i), *rows(data), "};"]
        last.append('\t{"%s", "%s", "%s",\n\t {plain_%d, %d}, {packed_%d, %d}},' % (
            role, name, TYPES[os.path.splitext(name)[1]], i, len(plain), i, len(packed)))
    return "\n".join(out + ["const struct console_file CONSOLE_FILES[] = {", *last, "};",
                            "const size_t CONSOLE_FILES_N = %d;" % len(last), ""])


def inputs_of(root):
    for folder in ("console/src", "messages"):
        for path, _, names in os.walk(os.path.join(root, folder)):
            yield path
            for name in names:
                yield os.path.join(path, name)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    root, output, depfile = sys.argv[1:]
    with tempfile.TemporaryDirectory() as target:
        made = table(list(files_of(root, target)))
    with open(output, "w", encoding="ascii") as f:
        f.write(made)
    with open(depfile, "w", encoding="utf-8") as f:
        f.write("%s: %s\n" % (output, " ".join(sorted(inputs_of(root)))))


if __name__ == "__main__":
    main()
