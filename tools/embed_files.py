#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""embed_files.py OUTPUT ROOT FILE...: writes a C file that holds the texts FILE as the table
TAKE_HOME_FILES of src/client/take_home_files.h. README.txt stands at the top of it, everything else
under source/ by its path below ROOT; in the sequence of names."""
import os
import sys


def array(name, data):
    lines = (", ".join("(char)0x%02x" % c for c in data[at:at + 20]) for at in range(0, len(data), 20))
    return "static const char %s[] = {\n\t%s,\n\t0x00,\n};\n" % (name, ",\n\t".join(lines))


def main():
    output, root = sys.argv[1], os.path.abspath(sys.argv[2])
    rows = {}
    for path in sys.argv[3:]:
        name = os.path.relpath(os.path.abspath(path), root)
        with open(path, "rb") as f:
            data = f.read()
        if not data.endswith(b"\n") or b"\0" in data:
            sys.exit("%s: it is no text that ends with a line feed" % path)
        data.decode("utf-8")
        rows["README.txt" if name.endswith("README.txt") else "source/" + name] = data
    with open(output, "w", encoding="ascii") as out:
        out.write('/* Made by embed_files.py: do not edit. */\n#include "client/take_home_files.h"\n\n')
        for number, name in enumerate(sorted(rows)):
            out.write(array("FILE_%d" % number, rows[name]))
        out.write("const struct take_home_file TAKE_HOME_FILES[] = {\n")
        for number, name in enumerate(sorted(rows)):
            out.write('\t{"%s", FILE_%d},\n' % (name, number))
        out.write("\t{0},\n};\n")


if __name__ == "__main__":
    main()
