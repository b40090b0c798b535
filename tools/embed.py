#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""embed.py NAME INPUT OUTPUT: writes a C file that holds INPUT as `const char NAME[]`."""
import sys

name, source, target = sys.argv[1:4]
data = open(source, "rb").read()
data.decode("utf-8")
lines = []
for at in range(0, len(data), 20):
    lines.append("\t" + ", ".join("(char)0x%02x" % b for b in data[at : at + 20]) + ",")
with open(target, "w") as out:
    out.write("/* Made from %s: do not edit. */\n" % source.rsplit("/", 1)[-1])
    out.write("extern const char %s[];\n" % name)
    out.write("const char %s[] = {\n%s\n\t0x00,\n};\n" % (name, "\n".join(lines)))
