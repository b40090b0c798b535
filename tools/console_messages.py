# SPDX-License-Identifier: Apache-2.0
"""The console's texts: messages/console/LANGUAGE/*.txt, `name = text {value}` a line, # comments; and how the
pseudo-language of the tests is made of them."""
import os
import re

import messages

LINE = re.compile(r"([a-z][A-Za-z0-9_.-]*) = (\S.*)")
PLACE = re.compile(r"(\{[a-z][a-z0-9_.]*\})")
LANGUAGES = ("en", "zh")
PSEUDO = "xx"
# Letters that no English text has, one for one.
LETTERS = str.maketrans("AEIOUYaeiouycnsz", "ÅÉÎÖÛÝåéîöûýçñšž")


class Wrong(Exception):
    """What is wrong, with file and line."""


# The files whose texts the first page needs; those of the others come with the first page that is no Now.
FIRST = ("console.txt", "now.txt", "words.txt", "short.txt", "codes.txt")


def parse(path, text, seen):
    for number, line in enumerate(text.split("\n"), 1):
        if line == "" or line.startswith("#"):
            continue
        pair = LINE.fullmatch(line)
        if not pair:
            raise Wrong("%s:%d: not `name = text`" % (path, number))
        if pair.group(1) in seen:
            raise Wrong("%s:%d: %s stands already in %s" % (path, number, pair.group(1), seen[pair.group(1)]))
        seen[pair.group(1)] = "%s:%d" % (path, number)
        yield pair.group(1), pair.group(2).rstrip()


def read(root, language, wanted=lambda name: True):
    """Every text of the pages in this language, by name, of the files that are wanted."""
    folder, texts, seen = os.path.join(root, "messages", "console", language), {}, {}
    for name in sorted(filter(wanted, os.listdir(folder))) if os.path.isdir(folder) else []:
        path = os.path.join(folder, name)
        with open(path, encoding="utf-8", newline="") as f:
            texts.update(parse(path, f.read(), seen))
    return texts


def sentences(root, language):
    """The server's messages in this language: text, and fix where there is one, by id."""
    folder, out = os.path.join(root, "messages", language), {}
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        path = os.path.join(folder, name)
        with open(path, encoding="utf-8", newline="") as f:
            text = f.read()
        for m in messages.parse(path, text, {}, messages.KEYS if language == "en" else messages.TRANSLATED):
            out["fault.%s" % m["id"]] = m["text"]
            if m.get("fix"):
                out["fix.%s" % m["id"]] = m["fix"]
    return out


def pseudo(text):
    """In brackets, longer by two fifths, with other letters; places stay."""
    parts = PLACE.split(text)
    changed = "".join(p if PLACE.fullmatch(p) else p.translate(LETTERS) for p in parts)
    return "[%s%s]" % (changed, "·" * max(1, len(text) * 2 // 5))


def is_late(name):
    return name.startswith(("type.", "field."))


def bundles(root):
    """language: {text: of the first page, pages: of all others, more: what is loaded when it is needed}"""
    out = {}
    english = read(root, "en")
    first = set(read(root, "en", lambda name: name in FIRST)) | set(read(root, "zh", lambda name: name in FIRST))
    for language in LANGUAGES:
        texts = {**english, **read(root, language)}
        late = {**sentences(root, "en"), **sentences(root, language)}
        late.update({k: v for k, v in texts.items() if is_late(k)})
        out[language] = {"text": {k: v for k, v in texts.items() if k in first},
                         "pages": {k: v for k, v in texts.items() if k not in first and not is_late(k)},
                         "more": late}
    out[PSEUDO] = {kind: {k: pseudo(v) for k, v in part.items()} for kind, part in out["en"].items()}
    return out
