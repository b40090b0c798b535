#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""message_languages.py [ROOT]: every language says what English says, with the same places: the server's
sentences (messages/LANGUAGE) and the console's (messages/console/LANGUAGE), which also have a text for every
record type, field, view, column, permission and control there is."""
import os
import re
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import console_messages  # noqa: E402
import console_names  # noqa: E402
import messages  # noqa: E402

CODE = re.compile(r"`[^`]*`")
# A word, and no abbreviation such as JSON, which stays as it is.
WORD = re.compile(r"\b[A-Za-z][a-z]{3,}\b")
NAMES = {"Sealwright"}
# A letter that shows that a text is in the language.
LETTERS = {"zh": re.compile("[\u3400-\u9fff]")}
# The program says these in English itself.
FOREIGN = ("type.", "field.")
# Of these, only those may stand there that the sources have.
KNOWN = FOREIGN + ("view.", "column.", "control.")


def bare(text):
    """The text without places and code."""
    return CODE.sub(" ", messages.PLACE.sub(" ", text))


def compared(where, name, language, english, text):
    """What is wrong with one text beside the English one."""
    places, expected = (set(messages.PLACE.findall(t)) for t in (text, english))
    if places != expected:
        yield "%s: %s has the places %s, and English has %s" % (
            where, name, " ".join(sorted(places)) or "-", " ".join(sorted(expected)) or "-")
    words = set(WORD.findall(bare(english))) - NAMES
    if language in LETTERS and words and not LETTERS[language].search(text):
        yield "%s: %s is not translated" % (where, name)


def differences(where, language, english, other):
    """Names that only one of the two has, then what differs in those that both have."""
    for name in sorted(set(english) - set(other)):
        if not only_english(name, english):
            yield "%s lacks %s" % (where, name)
    for name in sorted(set(other) - set(english)):
        yield "%s has %s, which English has not" % (where, name)
    for name in sorted(set(english) & set(other)):
        yield from compared(where, name, language, english[name], other[name])


def only_english(name, english):
    """English has `name.one` beside `name.other`; a language that counts otherwise has not."""
    return name.endswith(".one") and name[:-len("one")] + "other" in english


def sentences(path, keys, seen):
    """The messages of one file by id; none if there is no such file."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8", newline="") as f:
        return {m["id"]: m for m in messages.parse(path, f.read(), seen, keys)}


def server_texts(root, language):
    """What is wrong with the server's sentences in this language."""
    def folder(name):
        return os.path.join(root, "messages", name)

    seen, english_seen = {}, {}
    for name in sorted(set(os.listdir(folder("en"))) | set(os.listdir(folder(language)))):
        where = "messages/%s/%s" % (language, name)
        english = sentences(os.path.join(folder("en"), name), messages.KEYS, english_seen)
        other = sentences(os.path.join(folder(language), name), messages.TRANSLATED, seen)
        yield from differences(where, language, dict.fromkeys(english, ""), dict.fromkeys(other, ""))
        for id_ in sorted(set(english) & set(other)):
            one, two = ({"%s %s" % (id_, key): m[key] for key in messages.TRANSLATED if key in m}
                        for m in (english[id_], other[id_]))
            yield from differences(where, language, one, two)


def console_texts(root, language, english, foreign):
    """What is wrong with the console's texts in this language."""
    where, texts = "messages/console/%s" % language, console_messages.read(root, language)
    for name in sorted(foreign - set(texts)):
        yield "%s lacks %s" % (where, name)
    shared = {name: text for name, text in texts.items() if not name.startswith(FOREIGN)}
    yield from differences(where, language, english, shared)


def own_texts(root, language, there_are):
    """What is wrong with the console's texts in this language by themselves."""
    where = "messages/console/%s" % language
    for name, text in sorted(console_messages.read(root, language).items()):
        if re.search(r"[{}]", messages.PLACE.sub("", text)):
            yield "%s: %s has a brace that is no {name}" % (where, name)
    path = os.path.join(root, where, "types.txt")
    with open(path, encoding="utf-8", newline="") as f:
        names = {name for name, _ in console_messages.parse(path, f.read(), {})}
    for name in sorted(names - there_are):
        if name.startswith(KNOWN):
            yield "%s/types.txt has %s, which there is not" % (where, name)


def check(root):
    """What is wrong, and the languages beside English."""
    languages = sorted(n for n in os.listdir(os.path.join(root, "messages"))
                       if re.fullmatch("[a-z]{2}", n) and n != "en")
    english = console_messages.read(root, "en")
    every, foreign = console_names.needed(root)
    wrong = ["messages/console/en lacks %s" % name for name in sorted(every - set(english))]
    wrong += own_texts(root, "en", every)
    for language in languages:
        wrong += server_texts(root, language)
        wrong += console_texts(root, language, english, foreign)
        wrong += own_texts(root, language, every | foreign)
    return wrong, languages


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..")
    try:
        wrong, languages = check(os.path.abspath(root))
    except (messages.Wrong, console_messages.Wrong, sqlite3.Error, OSError, UnicodeDecodeError) as e:
        sys.exit("message_languages.py: %s" % e)
    last = "languages: %s beside English, %d wrong" % (" ".join(languages) or "none", len(wrong))
    print("\n".join(wrong + [last]))
    sys.exit(1 if wrong or not languages else 0)


if __name__ == "__main__":
    main()
