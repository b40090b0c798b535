# SPDX-License-Identifier: Apache-2.0
"""sbom_licenses.py: reads tools/licenses_allow.txt, says under which license a package comes, and
refuses what nobody has looked at."""
import re

import sbom_debian

SPDX = re.compile(r"^[A-Za-z0-9.+-]+$")
KINDS = {"license": 4, "tool": 4, "source": 5, "beside": 4}


class Wrong(Exception):
    """A license that nobody allowed, or a list that cannot be read."""


class Allowed:
    """The lines of the list, and which of them were used."""

    def __init__(self, text):
        self.license, self.tool, self.source, self.beside = {}, {}, {}, {}
        self.unused = {}
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip() and not line.startswith("#"):
                self.add(number, [part.strip() for part in line.split("|")])

    def add(self, number, parts):
        kind = parts[0]
        if len(parts) != KINDS.get(kind) or not all(parts):
            raise Wrong("licenses_allow.txt:%d: not a line of this list" % number)
        table = getattr(self, kind)
        if parts[1] in table:
            raise Wrong("licenses_allow.txt:%d: %s stands there twice" % (number, parts[1]))
        if kind == "beside":
            table[parts[1]] = [name.strip() for name in parts[2].split(";")]
            for name in table[parts[1]]:
                self.unused[("beside", parts[1], name)] = number
            return
        expression_names(parts[2])
        table[parts[1]] = parts[2:]
        self.unused[(kind, parts[1])] = number

    def use(self, *key):
        self.unused.pop(key, None)

    def spdx_names(self):
        """Every identifier that an expression of ours may hold."""
        names = {"Apache-2.0"}
        for table in (self.license, self.tool, self.source):
            for value in table.values():
                names |= set(expression_names(value[0]))
        return names


def expression_names(expression):
    """The identifiers of an SPDX expression: NAME [WITH NAME] joined by AND, OR, brackets."""
    words = re.sub(r"([()])", r" \1 ", expression).split()
    names, depth, want = [], 0, True
    for word in words:
        if word == "(" and want:
            depth += 1
        elif word == ")" and not want and depth:
            depth -= 1
        elif word in ("AND", "OR", "WITH") and not want:
            want = True
        elif want and SPDX.match(word) and word not in ("AND", "OR", "WITH"):
            names.append(word)
            want = False
        else:
            raise Wrong("'%s' is no SPDX expression" % expression)
    if want or depth:
        raise Wrong("'%s' is no SPDX expression" % expression)
    return names


def alternatives(name):
    """Debian's `A and B or C` as [[A, B], [C]]."""
    return [[part.strip(" ,") for part in re.split(r",?\s+and\s+", choice)]
            for choice in re.split(r",?\s+or\s+", name)]


def translate(name, tables):
    """The SPDX expression of one of Debian's names; None if a part of every choice is unknown."""
    choices = []
    for choice in alternatives(name):
        parts = [next((t[p][0] for t in tables if p in t), None) for p in choice]
        if all(parts):
            text = " AND ".join(dict.fromkeys(parts))
            choices.append("(%s)" % text if len(parts) > 1 and " or " in name else text)
    return " OR ".join(dict.fromkeys(choices)) if choices else None


def use_all(allowed, name):
    for choice in alternatives(name):
        for part in choice:
            for kind in ("license", "tool"):
                if part in getattr(allowed, kind):
                    allowed.use(kind, part)
                    break


def source_key(allowed, package, source):
    """The line for a package: its own, or that of its source."""
    return next((key for key in (package, source) if key in allowed.source), None)


def concluded(allowed, package, source, found, tool, text):
    """The license of what we use of a package, as an SPDX expression."""
    key = source_key(allowed, package, source)
    if key:
        expression, phrase, _ = allowed.source[key]
        if " ".join(phrase.split()) not in " ".join(text.split()):
            raise Wrong("%s: its copyright file no longer says '%s'" % (package, phrase))
        allowed.use("source", key)
        return expression
    if found is None:
        raise Wrong("%s: its copyright file is not machine-readable; look at it, then give %s a "
                    "line in tools/licenses_allow.txt" % (package, source))
    whole = [name for files, name in found if files == "*"]
    if len(whole) != 1:
        raise Wrong("%s: its copyright file says no license for the whole" % package)
    tables = [allowed.license] + ([allowed.tool] if tool else [])
    expression = translate(whole[0], tables)
    if expression is None:
        raise Wrong("%s: nobody allowed the license %s for %s" %
                    (package, whole[0], "a tool" if tool else "what we link"))
    use_all(allowed, whole[0])
    return expression


def judge(allowed, package, source, tool):
    """(SPDX expression, names that the copyright file holds). In what we link, every name must be
    allowed, or be one of files that do not come into the library."""
    text = sbom_debian.copyright_text(package)
    found = sbom_debian.stanzas(text)
    expression = concluded(allowed, package, source, found, tool, text)
    names = sorted({name for files, name in found or [] if not files.startswith("debian/")})
    if tool:
        return expression, []
    for name in names:
        if not any(all(known(allowed, source, part) for part in choice)
                   for choice in alternatives(name)):
            raise Wrong("%s: nobody allowed the license %s, which some of its files have" %
                        (package, name))
    return expression, names


def known(allowed, source, part):
    """Is one name allowed, for everything or beside what we use of this source?"""
    if part in allowed.license:
        allowed.use("license", part)
        return True
    if part in allowed.beside.get(source, []):
        allowed.use("beside", source, part)
        return True
    return False
