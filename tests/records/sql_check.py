#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sql_check.py ROOT [POSTGRES_ADDRESS]: makes every derived table and prepares every statement of
the record types (docs/record-types.md) on SQLite and, when an address is given (there, or as
SEALWRIGHT_TEST_POSTGRES), on PostgreSQL, and holds the rules against the catalog of messages. Needs nothing that was built: it reads the
field tables in the C files, so that a word mistyped in SQL is seen in a second."""
import os
import re
import sqlite3
import subprocess
import sys

KINDS = {"id": "TEXT", "hash": "BLOB", "instant": "BIGINT", "int64_t": "BIGINT", "bool": "BIGINT",
         "text": "TEXT", "blob": "BLOB", "commitment": "BLOB"}
ENGINE = {"record_type": "TEXT", "seq": "BIGINT", "at": "BIGINT", "author": "TEXT", "author_key": "BLOB",
          "made": "BIGINT", "occurred": "BIGINT", "source": "BIGINT", "digest": "BLOB",
          "flagged": "BIGINT", "spool": "TEXT", "spool_counter": "BIGINT"}
CONTROL = {"kind": "TEXT", "within": "TEXT", "id": "TEXT", "author": "TEXT", "at": "BIGINT",
           "control": "TEXT"}
POLICY = dict(CONTROL, gate="TEXT", seq="BIGINT", result="TEXT", policy="BIGINT")
VIEW_KINDS = {"id": "TEXT", "text": "TEXT", "number": "BIGINT", "instant": "BIGINT",
              "hash": "BLOB", "bool": "BIGINT"}
WRONG = []
SCOPE = ("site", "line", "station", "product", "environment", "supplier")
# Kept outside the ledger; flags and views may read them.
OPERATIONAL = """
CREATE TABLE challenge (nonce BLOB, kind TEXT, within TEXT, id TEXT, issued BIGINT, expires BIGINT);
CREATE TABLE opening (commitment BLOB, value TEXT);
"""


def read_types(text):
    """Record types of one C file: name → (parameters, lists), as the SQL sees them."""
    structs, tables, types = {}, {}, {}
    for name, body in re.findall(r"struct (\w+) \{(.*?)\n\};", text, re.S):
        members = {}
        body = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
        for declared, names in re.findall(r"(?:struct )?(\w+) ([\w, \n\t]+);", body):
            for member in names.split(","):
                members[member.strip()] = declared
        structs[name] = members
    for name, body in re.findall(r"static const struct field (\w+)\[\] = \{(.*?)\n\};", text, re.S):
        fields, body = [], re.sub(r'"[^"\n]*"', '""', body)
        for macro, struct, member, rest in re.findall(
                r"(LIST|FIELD|NUMBER|SIZED|BETWEEN|CHOICE|FIELD_BASE_)\((\w+),\s*(\w+),([^;]*?)(?=\n\t[A-Z{]|\Z)",
                body, re.S):
            declared = structs[struct][member]
            if macro == "LIST":
                fields.append((member, "LIST", re.match(r"\s*[\w |]+,\s*(\w+)", rest).group(1)))
            else:
                fields.append((member, KINDS[declared], None))
        tables[name] = fields
    for row in re.findall(r'\{\.name = "([^"]+)"(.*?)\.help =', text, re.S):
        name, rest = row
        fields = re.search(r"\.fields = (\w+)", rest)
        if fields is None:
            fields = re.search(r"ROW\((\w+)", rest)
        outputs = re.search(r"\.outputs = (\w+)", rest)
        types[name] = make_type(tables, fields.group(1), outputs and outputs.group(1))
        scope = re.search(r'\.scope = "([^"]+)"', rest)
        types[name]["scope"] = scope and scope.group(1)
        types[name]["event"] = "EVENT" in rest
    return types


def make_type(tables, fields, outputs):
    parameters, lists = dict(ENGINE), {}
    for name, kind, sub in tables[fields] + (tables[outputs] if outputs else []):
        if name in parameters:
            WRONG.append("field %s of %s has a name that is taken" % (name, fields))
        if kind == "LIST":
            parameters[name + ".count"] = "BIGINT"
            lists[name] = {"%s.%s" % (name, n): k for n, k, _ in tables[sub]}
        else:
            parameters[name] = kind
    return {"parameters": parameters, "lists": lists}


def read_sections(path):
    sections, now = [], None
    for number, line in enumerate(open(path, encoding="utf-8").read().split("\n"), 1):
        if re.match(r"-- [a-z]", line):
            words = re.sub(r"\(.*", "", line[3:]).replace(",", " ").split()
            now = {"where": "%s:%d" % (path, number), "words": words, "lines": []}
            sections.append(now)
        elif now and not line.startswith("---"):
            now["lines"].append(line)
    for section in sections:
        section["sql"] = "\n".join(section["lines"]).strip().rstrip(";")
        if ";" in section["sql"]:
            raise SystemExit("%s: more than one statement" % section["where"])
    return sections


def table_sql(section):
    name, keys, columns, indexes = section["words"][1], section["words"][3:], [], []
    for line in section["sql"].split("\n"):
        words = line.split()
        if words[0] in ("index", "unique"):
            unique = "UNIQUE " if words[0] == "unique" else ""
            indexes.append("CREATE %sINDEX %s_%d ON %s (%s)" % (
                unique, name, len(indexes), name, " ".join(words[1:])))
        elif words[0] != "tally":
            columns.append(line.strip())
    create = "CREATE TABLE %s (%s, PRIMARY KEY (%s))" % (name, ", ".join(columns), ", ".join(keys))
    return [create] + indexes


class Stores:
    """One or two stores that must both accept a statement."""

    def __init__(self, address):
        self.address, self.script, self.wrong = address, [], WRONG
        self.sqlite = sqlite3.connect(":memory:")
        self.n = 0

    def make(self, where, statement):
        self.script.append((where, statement))
        try:
            self.sqlite.execute(statement)
        except sqlite3.Error as error:
            self.wrong.append("%s: SQLite: %s" % (where, error))

    def prepare(self, where, sql, parameters):
        """The names of the result's columns, or None."""
        used, self.n = [], self.n + 1

        def number(match):
            if match.group(1) not in parameters:
                self.wrong.append("%s: no parameter :%s" % (where, match.group(1)))
                return "NULL"
            if match.group(1) not in used:
                used.append(match.group(1))
            return "$%d" % (used.index(match.group(1)) + 1)

        quoted = re.split(r"('[^']*')", sql)
        text = "".join(part if part.startswith("'") else
                       re.sub(r"(?<![:\w]):([a-z_]+(?:\.[a-z_]+)?)", number, part)
                       for part in quoted)
        if '"' in sql or re.search(r"\b(LIKE|CAST)\b|::|x'", sql):
            self.wrong.append("%s: a construct that the stores do not share" % where)
        kinds = ", ".join(parameters[name] for name in used)
        self.script.append((where, "PREPARE s%d %sAS %s" % (
            self.n, "(%s) " % kinds if kinds else "", text)))
        try:
            self.sqlite.execute("EXPLAIN " + text, [None] * len(used)).fetchall()
            if sql.lstrip().upper().startswith(("SELECT", "WITH")):
                shown = self.sqlite.execute(text, [None] * len(used))
                return [column[0] for column in shown.description]
        except sqlite3.Error as error:
            self.wrong.append("%s: SQLite: %s" % (where, error))
        return None

    def postgres(self):
        schema = "sql_check_%d" % os.getpid()
        text = ["SET client_min_messages = error;", "CREATE SCHEMA %s;" % schema,
                "SET search_path = %s;" % schema, "CREATE DOMAIN blob AS bytea;"]
        for i, (_, statement) in enumerate(self.script):
            text.append("\\echo @%d\n\\warn @%d\n%s;" % (i, i, statement))
        text.append("DROP SCHEMA %s CASCADE;" % schema)
        done = subprocess.run(["psql", "-X", "-q", "-d", self.address, "-f", "-"],
                              input="\n".join(text), capture_output=True, text=True, timeout=120,
                              check=False)
        where = "?"
        for line in done.stderr.split("\n"):
            if line.startswith("@"):
                where = self.script[int(line[1:])][0]
            elif "ERROR" in line:
                self.wrong.append("%s: PostgreSQL: %s" % (where, line.split("ERROR:")[-1].strip()))
        if done.returncode != 0:
            self.wrong.append("psql: %s" % done.stderr[-300:])


def check_columns(stores, section, columns):
    kind, where = section["words"][0], section["where"]
    if columns is None:
        return
    if kind == "flag":
        held = [c for c in ("kind", "within", "id") if c in columns]
        if held and len(held) != 3:
            stores.wrong.append("%s: kind, within and id go together" % where)
    if kind == "control" and columns != ["expected", "found"]:
        stores.wrong.append("%s: a control returns expected and found" % where)
    if kind == "view" and "global" not in section["words"] and not set(columns) & set(SCOPE):
        stores.wrong.append("%s: a view without a scope column" % where)
    if kind == "view" and len(columns) != len(set(columns)):
        stores.wrong.append("%s: two columns of one name" % where)


def check_section(stores, section, types, messages):
    words, where = section["words"], section["where"]
    if words[0] == "table":
        return
    if words[0] == "view":
        parameters = {w.split(":")[0]: VIEW_KINDS[w.split(":")[1]] for w in words[3:] if ":" in w}
        check_columns(stores, section, stores.prepare(where, section["sql"], parameters))
        return
    if words[0] == "control":
        for name in [word for word in words[1:] if word not in ("adopted", "evidence", "always")]:
            if not name.startswith("gate:") and "CONTROL_" + name.replace("-", "_") not in messages:
                stores.wrong.append("%s: no message for control %s" % (where, name))
        sql = section["sql"]
        if words[-1] == "evidence":
            sql = "WITH need (kind, within, id) AS (\n%s\n)\n%s" % (sql, stores.evidence)
        check_columns(stores, section, stores.prepare(where, sql, CONTROL))
        return
    if words[:2] == ["policy", "evidence"]:
        return  # half a statement: it is looked at with each control on evidence
    if words[0] == "policy":
        stores.prepare(where, section["sql"], POLICY)
        return
    if words[0] == "scope":
        users = [t for t in types.values() if t["scope"] == words[1]]
        if not users:
            stores.wrong.append("%s: no type uses this scope" % where)
        for user in users:
            stores.prepare(where, section["sql"], user["parameters"])
        return
    named = [word for word in words[1:] if "." in word]
    for name in named:
        check_rule(stores, section, name, words[1 + len(named):], types, messages)


def check_rule(stores, section, name, rest, types, messages):
    """One rule for one of the types in its header; `rest` is what follows these."""
    words, where = section["words"], section["where"]
    if name not in types:
        stores.wrong.append("%s: no record type %s" % (where, name))
        return
    record = types[name]
    parameters = dict(record["parameters"])
    if rest[-2:-1] == ["each"]:
        parameters.update(record["lists"].get(words[-1], {}))
        parameters["i"] = "BIGINT"
    if words[0] == "refuse" and record["event"]:
        stores.wrong.append("%s: an event is not refused" % where)
    if words[0] != "fold" and rest[0] not in messages:
        stores.wrong.append("%s: no message %s" % (where, rest[0]))
    check_columns(stores, section, stores.prepare(where, section["sql"], parameters))


def read_all(root):
    areas = open(root + "/src/domain/meson.build", encoding="utf-8").read()
    paths = re.findall(r"^\t'(\w+/\w+)',$", areas, re.M)
    files = [root + "/src/record/evidence"] + [root + "/src/domain/" + p for p in paths]
    sections, types, messages = [], {}, set()
    for path in files:
        sections += read_sections(path + ".sql")
        text = open(path + "_types.c", encoding="utf-8").read()
        for header in re.findall(r'#include "(domain/\w+/\w+\.h)"', text):
            text = open(root + "/src/" + header, encoding="utf-8").read() + text
        types.update(read_types(text))
    listed = open(root + "/messages/meson.build", encoding="utf-8").read()
    for path in re.findall(r"'(en/\w+\.txt)'", listed):
        text = open(root + "/messages/" + path, encoding="utf-8").read()
        messages.update(re.findall(r"^\[(\w+)\]$", text, re.M))
    return sections, types, messages


def main():
    sections, types, messages = read_all(sys.argv[1])
    stores = Stores(sys.argv[2] if len(sys.argv) > 2 else os.environ.get("SEALWRIGHT_TEST_POSTGRES"))
    for statement in OPERATIONAL.strip().split(";\n"):
        stores.make("operational", statement.rstrip(";"))
    for section in sections:
        if section["words"][0] == "table":
            for statement in table_sql(section):
                stores.make(section["where"], statement)
    stores.evidence = next((s["sql"] for s in sections
                            if s["words"] == ["policy", "evidence"]), "")
    for section in sections:
        check_section(stores, section, types, messages)
    if stores.address:
        stores.postgres()
    for line in stores.wrong:
        print(line)
    print("%d types, %d sections, %d statements prepared on %s: %s" % (
        len(types), len(sections), stores.n,
        "SQLite and PostgreSQL" if stores.address else "SQLite",
        "%d wrong" % len(stores.wrong) if stores.wrong else "all right"))
    return 1 if stores.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
