#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""messages.py OUTPUT FILE…: writes the catalog of messages as one C table, sorted by id.

A message is `[ID]`, then `code = …`, `text = …` and perhaps `fix = …`, each on one line. Lines
that start with # are comments. Whatever else stands in a file is an error and stops the build."""
import re
import sys

CODES = ("invalid", "unauthenticated", "forbidden", "not_found", "conflict", "refused",
         "too_large", "unsupported", "limit", "unavailable", "corrupt", "io", "memory",
         "internal")
KEYS = ("code", "text", "fix")
# Of a language other than English: what a message is, the English file says.
TRANSLATED = ("text", "fix")
ID = re.compile(r"\[([A-Z][A-Z0-9_]{1,63})\]")
PAIR = re.compile(r"([a-z]+) = (\S.*)")
PLACE = re.compile(r"\{[a-z][a-z0-9_.]*\}")
TEXT_MAX = 480


class Wrong(Exception):
    """What is wrong, with file and line."""


def check_value(key, value, where):
    if key == "code" and value not in CODES:
        raise Wrong("%s: code '%s' is not one of %s" % (where, value, ", ".join(CODES)))
    if len(value.encode()) > TEXT_MAX:
        raise Wrong("%s: longer than %d bytes" % (where, TEXT_MAX))
    if re.search(r"[{}]", PLACE.sub("", value)):
        raise Wrong("%s: a brace that is no {name}" % where)
    if not value.isprintable():
        raise Wrong("%s: a character that cannot be printed" % where)


def finish(message, keys, where):
    for key in keys:
        if key != "fix" and key not in message:
            raise Wrong("%s: message %s has no %s" % (where, message["id"], key))


def parse(path, text, seen, keys=KEYS):
    """The messages of one file. `seen` maps an id to where it was met first."""
    messages, now = [], None
    for number, line in enumerate(text.split("\n"), 1):
        where = "%s:%d" % (path, number)
        if line.startswith("#") or line == "":
            continue
        head, pair = ID.fullmatch(line), PAIR.fullmatch(line)
        if head:
            if now:
                finish(now, keys, where)
            if head.group(1) in seen:
                raise Wrong("%s: %s stands already in %s" % (where, head.group(1),
                                                             seen[head.group(1)]))
            now = {"id": head.group(1)}
            seen[head.group(1)] = where
            messages.append(now)
        elif not pair:
            raise Wrong("%s: neither [ID] nor 'key = value'" % where)
        elif not now:
            raise Wrong("%s: a value before the first [ID]" % where)
        elif pair.group(1) not in keys or pair.group(1) in now:
            raise Wrong("%s: '%s' is unknown, or given twice" % (where, pair.group(1)))
        else:
            check_value(pair.group(1), pair.group(2).rstrip(), where)
            now[pair.group(1)] = pair.group(2).rstrip()
    if now:
        finish(now, keys, path)
    return messages


def read(paths):
    """All messages of all files, sorted by id."""
    messages, seen = [], {}
    for path in paths:
        with open(path, encoding="utf-8", newline="") as f:
            messages += parse(path, f.read(), seen)
    return sorted(messages, key=lambda m: m["id"])


def quoted(text):
    """A C string. Bytes beyond ASCII are written in octal, which has a fixed length."""
    out = []
    for b in text.encode():
        if b in b'"\\?' or b < 0x20 or b > 0x7e:
            out.append("\\%03o" % b)
        else:
            out.append(chr(b))
    return '"%s"' % "".join(out)


def table(messages):
    rows = []
    for m in messages:
        rows.append("\t{%s, ERR_%s,\n\t %s,\n\t %s}," % (
            quoted(m["id"]), m["code"].upper(), quoted(m["text"]), quoted(m.get("fix", ""))))
    return ("/* Made by tools/messages.py: do not edit. */\n"
            '#include "base/catalog_table.h"\n\n'
            "const struct message CATALOG[] = {\n%s\n};\n"
            "const size_t CATALOG_N = sizeof(CATALOG) / sizeof(CATALOG[0]);\n" % "\n".join(rows))


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        made = table(read(sys.argv[2:]))
    except (Wrong, OSError, UnicodeDecodeError) as e:
        sys.exit("messages.py: %s" % e)
    with open(sys.argv[1], "w", encoding="ascii") as f:
        f.write(made)


if __name__ == "__main__":
    main()
