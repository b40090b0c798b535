#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""words.py [ROOT]: finds words that docs/glossary.md replaces, in every text that people read:
the messages, the console's pages, the help of record types and commands, README.md and docs/*.md.

tools/words_allow.txt names what may stand nevertheless, `path: phrase` by line; a phrase that no
longer occurs there is an error, so that the list does not outlive its reasons."""
import os
import re
import sys

CERTIFICATES = ("conformance", "device", "calibration", "training", "client", "server", "CA", "TLS",
                "root", "issuer", "X.509", "author's", "site's", "station", "signing", "EK",
                "attestation")
# What is wrong, what to say instead, and whether it holds in documents for engineers too.
RULES = [
    (r"(?<!part )\blots?\b", "part lot, or production batch", True),
    (r"\bproduction orders?\b|\bbuild orders?\b", "build authorization", True),
    (r"\b(?:an|this|that|each|every|open|new|no) orders?\b(?! of| in)", "build authorization, or "
     "purchase order", True),
    (r"\bflash tickets?\b", "programming permit", True),
    (r"\bcredits\b", "offline allowance", True),
    (r"\bmass balance\b", "reconciliation", True),
    (r"(?<!TPM )(?<!single )(?<!double )\bquotes?\b", "boot evidence, or TPM quote", True),
    (r"\breference values?\b", "known-good value", True),
    (r"\bobservations?\b", "event", True),
    (r"(?<!audit )\bfindings?\b", "nonconformance, or audit finding", True),
    (r"\balarms?\b", "nonconformance", True),
    (r"\breleas(?:e|es|ed|ing) (?:of )?(?:an? |the |this |its |all |any )?(?:open )?holds?\b|"
     r"\bholds? (?:is|are|was|were) released\b", "lift a hold", True),
    (r"\b(?:a|the|this|that|each|every|no|of|which|another|approved|withdrawn|any|one|older|newer) "
     r"releases?\b|(?<!firmware )\breleases? \{", "firmware release", False),
    (r"".join("(?<!\\b%s )" % re.escape(c) for c in CERTIFICATES) + r"\bcertificates?\b",
     "which certificate? (%s …)" % ", ".join(CERTIFICATES[:5]), True),
    (r"(?<!freight )\bcarriers?\b", "freight carrier", True),
    (r"\brouters?\b|\btravel\b", "traveler", True),
    (r"\bledgers?\b", "evidence log", False),
    (r"\bfold(?:s|ed|ing)?\b|\bunfolded\b|\bprojections?\b", "say what happens to the state", False),
    (r"\b(?:un)?authoris\w*|\bserialis\w*|\borganis\w*|\bcolours?\b|\bbehaviours?\b|"
     r"\bcentres?\b|\blicences?\b|\brecognis\w*|\bcatalogues?\b|\binitialis\w*|\bcancelled\b",
     "American spelling", True),
]
RULES = [(re.compile(rule, re.IGNORECASE), say, all_texts) for rule, say, all_texts in RULES]
# For engineers: these may speak of the ledger and of folds.
ENGINEERS = ("docs/", "CONTRIBUTING.md", "CHANGELOG.md")
HELP = re.compile(r'\b(?:FIELD|NUMBER|SIZED|CHOICE|LIST)\s*\((.*?)\)\s*,\s*\n|'
                  r'\.help\s*=\s*((?:\s*"(?:[^"\\]|\\.)*")+)', re.DOTALL)
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def message_texts(text):
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r"(?:text|fix) = (.*)", line)
        if match:
            yield number, match.group(1)


def page_texts(text):
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r"[a-z][A-Za-z0-9_.-]* = (.*)", line)
        if match:
            yield number, match.group(1)


def help_texts(text):
    for match in HELP.finditer(text):
        if match.group(2):
            said = "".join(STRING.findall(match.group(2)))
        else:
            said = " ".join(STRING.findall(match.group(1))[-1:])
        yield line_of(text, match.start()), said


def command_texts(text):
    """What the command line prints: every string with a space in it, in tables and elsewhere."""
    text = re.sub(r"^[ \t]*#[ \t]*include.*$", "", text, flags=re.MULTILINE)
    for match in re.finditer(r'(?:"(?:[^"\\\n]|\\.)*"\s*)+', text):
        said = "".join(STRING.findall(match.group(0)))
        if " " in said:
            yield line_of(text, match.start()), re.sub(r"%[a-z0-9.*-]+|\\.", " ", said)


def document_texts(text):
    """Paragraphs and table rows, without code."""
    text = re.sub(r"^```.*?^```", lambda m: "\n" * m.group(0).count("\n"), text,
                  flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"<!--.*?-->", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.DOTALL)
    text = re.sub(r"`[^`]*`", "`code`", text)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    for match in re.finditer(r"[^\n]+(?:\n(?![\n|#*-])[^\n]+)*", text):
        yield line_of(text, match.start()), match.group(0)


def texts(root):
    """(path, line, text, for engineers)"""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "build", "state",
                                                                    "node_modules")))
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), root)
            reader = reader_of(path)
            if reader:
                with open(os.path.join(root, path), encoding="utf-8") as f:
                    for line, text in reader(f.read()):
                        yield path, line, text, path.startswith(ENGINEERS)


def reader_of(path):
    if re.fullmatch(r"messages/en/[a-z0-9_]+\.txt", path):
        return message_texts
    if re.fullmatch(r"messages/console/en/[a-z0-9_]+\.txt", path):
        return page_texts
    if re.fullmatch(r"src/domain/.*_types\.c", path):
        return help_texts
    if re.fullmatch(r"src/cli/.*\.c", path):
        return command_texts
    if path == "docs/glossary.md":
        return None
    if re.fullmatch(r"[A-Z]+\.md|docs/[a-z-]+\.md|examples/[A-Za-z]+\.md", path):
        return document_texts
    return None


def read_allowed(path):
    allowed = {}
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        line = line.rstrip("\n")
        if not line or line.startswith("#"):
            continue
        name, mark, phrase = line.partition(": ")
        if not mark:
            sys.exit("%s:%d: not `path: phrase`" % (path, number))
        allowed.setdefault(name, {})[phrase] = number
    return allowed


def wrong_words(text, engineers):
    """(word, what to say instead) for each word that stands bare in `text`."""
    text = re.sub(r"\s+", " ", text)
    for rule, say, all_texts in RULES:
        if engineers and not all_texts:
            continue
        for match in rule.finditer(text):
            yield match.group(0), say


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..")
    root = os.path.abspath(root)
    allowed = read_allowed(os.path.join(root, "tools", "words_allow.txt"))
    looked = wrong = 0
    for path, line, text, engineers in texts(root):
        looked += 1
        text = re.sub(r"\s+", " ", text)
        for phrase in list(allowed.get(path, {})):
            if phrase in text:
                text = text.replace(phrase, "…")
                allowed[path][phrase] = 0
        for word, say in wrong_words(text, engineers):
            wrong += 1
            print("%s:%d: '%s': say %s" % (path, line, word, say))
    for path, phrases in allowed.items():
        for phrase, number in phrases.items():
            if number:
                wrong += 1
                print("tools/words_allow.txt:%d: %s no longer says '%s'" % (number, path, phrase))
    print("words: %d texts looked at, %d wrong words" % (looked, wrong))
    sys.exit(1 if wrong or not looked else 0)


if __name__ == "__main__":
    main()
