# SPDX-License-Identifier: Apache-2.0
"""Which names messages/console/LANGUAGE/types.txt must have: of record types and their fields, views and their
columns, permissions and controls, as the sources say them."""
import glob
import os
import re
import sqlite3

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\w+|\S')
TABLE = re.compile(r"struct field (\w+)\[\] = \{")
ROWS = re.compile(r"struct record_type \w+\[\] = \{")
MACRO = re.compile(r"#define (\w*ROW)\(([\w, ]+)\)((?:[^\n]*\\\n)*[^\n]*)")
SECTION = re.compile(r"^-- (?=[a-z]+ )", re.MULTILINE)
COLUMN = re.compile(r"^[a-z_]+ (?:TEXT|BIGINT|BLOB)\b.*$", re.MULTILINE)
CONTROL = re.compile(r'^\t\{"([A-Z]+-\d+)"', re.MULTILINE)
OPEN, CLOSE = "({[", ")}]"


def tokens(text):
    return TOKEN.findall(COMMENT.sub(" ", text))


def parts(words):
    """The comma-separated parts of a list of tokens, up to the bracket that closes it."""
    out, now, depth = [], [], 0
    for word in words:
        depth += (word in OPEN) - (word in CLOSE)
        if depth < 0:
            break
        if word == "," and depth == 0:
            out.append(now)
            now = []
        else:
            now.append(word)
    return out + [now] if now else out


def said(words):
    """The string that adjacent literals make; None if it is something else."""
    if not words or not all(w.startswith('"') for w in words):
        return None
    return re.sub(r"\\(.)", r"\1", "".join(w[1:-1] for w in words))


def field_tables(text):
    """table: [(name, help, table of the elements or None)]."""
    out = {}
    for head in TABLE.finditer(text):
        fields = []
        for item in parts(tokens(text[head.end():])):
            if len(item) < 2 or item[1] != "(":
                continue
            given = parts(item[2:])
            fields.append((given[1][0], said(given[-1]), given[3][0] if item[0] == "LIST" else None))
        out[head.group(1)] = fields
    return out


def expanded(item, macros):
    """A row's tokens, with what its macros stand for."""
    out = []
    for part in parts(item):
        if part and part[0] in macros:
            names, body = macros[part[0]]
            given = dict(zip(names, parts(part[2:])))
            part = [w for word in body for w in given.get(word, [word])]
        out += part + [","]
    return out


def row(item, macros):
    """What one row of the table of types says: member -> tokens."""
    return {p[1]: p[3:] for p in parts(expanded(item[1:-1], macros)) if len(p) > 3 and p[2] == "="}


def types(paths):
    """[(name, help, permission, approval class, fields)] of every record type."""
    out = []
    for path in paths:
        with open(path, encoding="utf-8") as f:
            text = f.read()
        tables = field_tables(text)
        macros = {m.group(1): (m.group(2).split(", "), tokens(m.group(3).replace("\\", "")))
                  for m in MACRO.finditer(text)}
        for head in ROWS.finditer(text):
            for item in parts(tokens(text[head.end():])):
                r = row(item, macros)
                if "name" not in r:
                    continue
                fields = []
                for name, words, sub in tables.get(r.get("fields", [""])[0], []):
                    fields.append((name, words))
                    fields += [("%s.%s" % (name, n), w) for n, w, _ in tables.get(sub, [])]
                out.append((said(r["name"]), said(r.get("help")), said(r.get("permission")),
                            said(r.get("approval")), fields))
    return out


def sections(paths):
    """[(first line, body)] of every section of the SQL."""
    out = []
    for path in paths:
        with open(path, encoding="utf-8") as f:
            for section in SECTION.split(f.read())[1:]:
                head, _, body = section.partition("\n")
                out.append((head.split(), re.sub(r"(?m)^---.*$", "", body)))
    return out


def views(paths):
    """{view: (permission, its columns and parameters)}; the tables are made to ask the database for them."""
    found, out, db = sections(paths), {}, sqlite3.connect(":memory:")
    for head, body in found:
        if head[0] == "table":
            db.execute("CREATE TABLE %s (%s)" % (head[1], ",".join(COLUMN.findall(body))))
    for head, body in found:
        if head[0] == "view":
            rows = db.execute(body, dict.fromkeys(re.findall(r":([a-z_]+)", body)))
            given = [word.partition(":")[0] for word in head[3:] if ":" in word]
            out[head[1]] = (head[2], [d[0] for d in rows.description] + given)
    db.close()
    return out


def needed(root):
    """Two sets: names that every language must have, and those that the program itself says in English."""
    def sources(ends):
        return sorted(glob.glob(os.path.join(root, "src", "domain", "*", ends)) +
                      glob.glob(os.path.join(root, "src", "record", ends)))

    every, foreign = set(), set()
    for name, _, permission, approval, fields in types(sources("*_types.c")):
        foreign.add("type." + name)
        foreign |= {"field.%s.%s" % (name, field) for field, _ in fields}
        every |= {"permission." + permission} if permission else set()
        every |= {"permission.%s.approve" % approval} if approval else set()
    for name, (permission, columns) in views(sources("*.sql")).items():
        every |= {"view." + name, "permission." + permission} | {"column." + c for c in columns}
    with open(os.path.join(root, "src", "domain", "policy", "controls.c"), encoding="utf-8") as f:
        every |= {"control." + c for c in CONTROL.findall(f.read())}
    return every, foreign
