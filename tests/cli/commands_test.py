#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line from end to end: a house is founded, people sign, approve and look, and
everything that is wrong is said with its own exit status. usage: commands_test.py PROGRAM SOURCES
[TEST …]"""
import json
import os
import shutil
import stat
import subprocess
import sys

from steps import Failure, Folder, House, Program, change_byte, has, run_all, same

INVALID, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, CONFLICT, REFUSED = 2, 3, 4, 5, 6, 7
UNAVAILABLE, CORRUPT, IO = 11, 12, 13
SOURCES = sys.argv.pop(2)


# ---- what was said ----

def no_command_shows_the_commands(program, _):
    said = program.run()
    same(said.status, INVALID)
    has(said.out, "ledger audit")


def every_command_has_help(program, _):
    for line in program.ok("completion").out.splitlines():
        name = line.split(" --")[0]
        said = program.ok(*name.split(), "--help")
        has(said.out, f"usage: sealwright {name}")


def manual_page_says_what_the_table_says(program, _):
    written = open(SOURCES + "/docs/man/sealwright.1", encoding="utf-8").read()
    if written != program.ok("help", "--man").out:
        raise Failure("write it again: sealwright help --man > docs/man/sealwright.1")


def a_page_for_each_command_is_written(program, house):
    folder = house.folder + "/man"
    os.mkdir(folder)
    program.ok("help", "--man-pages", folder)
    names = [line.split(" --")[0].replace(" ", "-") for line in program.ok("completion").out.splitlines()]
    same(sorted(os.listdir(folder)), sorted(["sealwright.1", *(f"sealwright-{n}.1" for n in names)]))
    for name in os.listdir(folder):
        said = subprocess.run(["man", "--warnings", "-l", f"{folder}/{name}"], capture_output=True, text=True,
                              check=False, env={**os.environ, "MANPAGER": "cat"}) if shutil.which("man") else None
        if said is not None and said.stderr:
            raise Failure(f"{name}: {said.stderr}")
    program.fails(IO, "cannot be written", "help", "--man-pages", house.folder + "/nowhere")


def bash_completes_what_the_table_has(program, _):
    script = program.ok("completion", "bash").out
    for said, wanted, never in (
            (["sealwright", ""], ["init", "demo", "ledger"], ["audit"]),
            (["sealwright", "led"], ["ledger"], ["init"]),
            (["sealwright", "ledger", ""], ["audit", "rebuild"], ["init"]),
            (["sealwright", "ledger", "audit", "--"], ["--since", "--witness", "--server"], ["--units"]),
            (["sealwright", "signer", ""], ["anchor", "rotate", "--peer"], ["init"]),
            (["sealwright", "demo", "--u"], ["--units"], ["--once"])):
        words = " ".join(f"'{w}'" for w in said)
        done = subprocess.run(["bash", "-c", f"{script}\nCOMP_WORDS=({words}); COMP_CWORD={len(said) - 1}\n"
                               "_sealwright; printf '%s\\n' \"${COMPREPLY[@]}\""],
                              capture_output=True, text=True, check=False)
        offered = done.stdout.split()
        if done.stderr or not set(wanted) <= set(offered) or set(never) & set(offered):
            raise Failure(f"{said}: {offered} {done.stderr}")
    program.fails(INVALID, "no completion for fish", "completion", "fish")


def unknown_command_is_refused(program, _):
    program.fails(INVALID, "no command frobnicate", "frobnicate")


def unknown_option_is_refused(program, _):
    program.fails(INVALID, "knows no --frob", "view", "unit.list", "--frob")


def option_without_its_value_is_refused(program, _):
    program.fails(INVALID, "--limit needs N", "view", "unit.list", "--limit")


def flag_with_a_value_is_refused(program, _):
    program.fails(INVALID, "takes no value", "view", "unit.list", "--all=yes")


def too_few_words_are_refused(program, _):
    program.fails(INVALID, "sealwright init DIR", "init")


def too_many_words_are_refused(program, _):
    program.fails(INVALID, "sealwright init DIR", "init", "a", "b")


def number_that_is_none_is_refused(program, house):
    program.fails(INVALID, "is no number", "init", house.folder + "/other", "--port", "12x")


# ---- keys ----

def key_is_closed_to_others_and_never_overwritten(program, house):
    same(stat.S_IMODE(os.stat(house.key("ada")).st_mode), 0o600)
    program.fails(CONFLICT, "already", "keys", "make", house.key("ada"), "--no-passphrase")


def key_with_a_passphrase_needs_it(program, house):
    secret, wrong = house.folder + "/secret", house.folder + "/wrong"
    with open(secret, "w", encoding="utf-8") as f:
        f.write("correct horse battery staple\n")
    with open(wrong, "w", encoding="utf-8") as f:
        f.write("correct horse battery stable\n")
    path = house.folder + "/locked.key"
    program.ok("keys", "make", path, "--passphrase-file", secret)
    has(open(path, encoding="utf-8").read(), "ENCRYPTED")
    program.ok("keys", "show", path, "--passphrase-file", secret)
    said = program.run("keys", "show", path, "--passphrase-file", wrong)
    if said.status == 0:
        raise Failure("a wrong passphrase opened the key")


def key_that_others_may_read_is_refused(program, house):
    path = house.folder + "/open.key"
    program.ok("keys", "make", path, "--no-passphrase")
    os.chmod(path, 0o644)
    said = program.run("view", "access.keys", *house.where(), "--as", "ada", "--key", path)
    if said.status == 0 or "open.key" not in said.err:
        raise Failure(f"a key that others may read was used: {said}")


def public_and_private_file_show_the_same_key(program, house):
    same(program.ok("keys", "show", house.key("ada"), "--json").json(),
         program.ok("keys", "show", house.key("ada") + ".pub", "--json").json())


def unknown_algorithm_is_refused(program, house):
    program.fails(INVALID, "no algorithm", "keys", "make", house.folder + "/x.key", "--no-passphrase",
                  "--algorithm", "rsa")


def somebody_becomes_known_in_one_go(program, house):
    for name in ("olga", "otto"):
        program.ok("keys", "make", house.key(name), "--no-passphrase")

    def words(name, key):
        proof = program.ok("keys", "possession", "--as", name, "--key", house.key(key), "--log",
                           f"{house.state}/log.vkey").out.strip()
        return ["principal", "add", name, "--public", house.key(key) + ".pub", "--possession", proof,
                "--may", "line.read, part.read", "--until", "2099-01-01T00:00:00Z", *house.who("ada")]

    said = program.ok(*words("olga", "olga"))
    same([line.split()[-1] for line in said.out.splitlines()], ["recorded"] * 4)
    said = program.ok(*words("olga", "olga"))
    same(said.out.count("there already"), 3)
    results = program.ok(*words("olga", "olga"), "--json").json()
    same([one.get("there") for one in results], [True, True, None, True])
    same(results[0]["type"], "principal.registered")
    same(results[2]["outcome"], "folded")
    has(program.ok("view", "part.list", *house.who("olga")).out, "part")
    program.fails(CONFLICT, "This key is or was olga's already", *words("otto", "olga"))
    program.fails(INVALID, "possession", *[w for w in words("otto", "otto") if w != "--possession"][:5],
                  *house.who("ada"))


def missing_right_to_upload_is_named(program, house):
    program.fails(FORBIDDEN, "blob.write", "blob", "put", SOURCES + "/README.md", *house.who("olga"))


# ---- founding ----

def state_is_never_founded_twice(program, house):
    program.fails(CONFLICT, "something at", "init", house.state, "--founder",
                  f"ada={house.key('ada')}.pub")


def nobody_founds_nothing(program, house):
    program.fails(INVALID, "Nobody founds", "init", house.folder + "/none")
    same(os.path.exists(house.folder + "/none"), False)
    same(os.path.exists(house.folder + "/none.new"), False, "left-over")


def founder_without_a_key_is_refused(program, house):
    program.fails(NOT_FOUND, "nothere.pub", "init", house.folder + "/none", "--founder", "ada=nothere.pub")
    same(os.path.exists(house.folder + "/none.new"), False, "left-over")


def founder_without_a_name_is_refused(program, house):
    program.fails(INVALID, "does not say who has which key", "init", house.folder + "/none", "--founder",
                  house.key("ada") + ".pub")


def one_founder_twice_is_refused(program, house):
    said = program.run("init", house.folder + "/none", "--founder", f"ada={house.key('ada')}.pub",
                       "--founder", f"ada={house.key('ada')}.pub")
    if said.status == 0 or "twice" not in said.err.lower():
        raise Failure(f"one founder counted as two: {said}")


def one_founder_makes_a_bootstrap_log(program, house):
    state = house.folder + "/alone"
    program.ok("init", state, "--founder", f"ada={house.key('ada')}.pub", "--port", "0")
    has(program.ok("ledger", "audit", state, "--log", state + "/log.vkey").out, "1 entries")


def passkeys_of_a_trial_are_those_of_this_machine(program, house):
    def settings(name, *words):
        folder = f"{house.folder}/{name}"
        program.ok("init", folder, "--origin", f"test.example/{name}", "--founder", f"ada={house.key('ada')}.pub", *words)
        with open(folder + "/sealwright.conf", encoding="utf-8") as f:
            return f.read()

    said = settings("trial", "--mode", "trial", "--port", "9443")
    has(said, "relying_party = localhost\n")
    has(said, "web_origin = https://localhost:9443\n")
    said = settings("trial-of-its-own", "--mode", "trial", "--relying-party", "own.example", "--web-origin",
                    "https://own.example")
    has(said, "relying_party = own.example\n")
    has(said, "web_origin = https://own.example\n")
    same("relying_party" in settings("no-trial", "--port", "9443"), False)


def keys_of_the_signer_are_encrypted_or_said_not_to_be(program, house):
    secret, state = house.folder + "/founding-secret", house.folder + "/locked"
    with open(secret, "w", encoding="utf-8") as f:
        f.write("correct horse battery staple\n")
    said = program.ok("init", house.folder + "/open", "--founder", f"ada={house.key('ada')}.pub", "--port", "0")
    has(said.out, "keys are not encrypted")
    said = program.ok("init", state, "--founder", f"ada={house.key('ada')}.pub", "--port", "0",
                      "--passphrase-file", secret)
    same("not encrypted" in said.out, False)
    for name in ("ca.key", "checkpoint.key"):
        has(open(f"{state}/signer/{name}", encoding="ascii").read(), "ENCRYPTED")
    has(program.run("doctor", state).out, "keys are encrypted")
    has(program.run("doctor", house.folder + "/open").out, "keys are not encrypted")
    same(program.run("signer", state).status, UNAUTHENTICATED, "without its passphrase")


def secrets_of_the_state_are_closed_to_others(_, house):
    for name in ("salts.key", "blob.key", "tls.key"):
        same(stat.S_IMODE(os.stat(f"{house.state}/{name}").st_mode), 0o600, name)
    same(stat.S_IMODE(os.stat(f"{house.state}/signer").st_mode) & 0o077, 0, "signer")


# ---- who and where ----

def server_with_another_certificate_is_not_believed(program, house):
    program.fails(UNAVAILABLE, "cannot be reached", "view", "access.keys", "--server", house.people,
                  "--ca", house.folder + "/alone/tls.crt", "--log", f"{house.state}/log.vkey", "--as", "ada",
                  "--key", house.key("ada"))


def plain_http_is_refused(program, house):
    program.fails(INVALID, "is no address", "view", "access.keys", "--server",
                  house.people.replace("https://localhost", "http://elsewhere.example"), *house.who("ada")[2:])


def nobody_is_told_to_say_who(program, house):
    program.fails(UNAUTHENTICATED, "who you are", "view", "access.keys", *house.where())


def stranger_does_not_get_in(program, house):
    program.ok("keys", "make", house.key("stranger"), "--no-passphrase")
    said = program.run("view", "access.keys", *house.who("stranger"))
    if said.status not in (UNAUTHENTICATED, FORBIDDEN):
        raise Failure(f"a stranger got in: {said}")


def link_is_for_oneself_and_an_invitation_for_another(program, house):
    said = program.ok("sign-in-link", *house.who("ada"))
    has(said.out, house.people + "/sign-in/")
    said = program.ok("sign-in-link", *house.who("ada"), "--for", "erin")
    has(said.out, house.people + "/sign-in/")
    has(said.out, "registers passkeys")
    program.fails(INVALID, "no active person", "sign-in-link", *house.who("ada"), "--for", "nobody-here")
    program.fails(INVALID, "an id", "sign-in-link", *house.who("ada"), "--for", "no body")
    program.fails(FORBIDDEN, "access.admin", "sign-in-link", *house.who("erin"), "--for", "ada")


def key_of_another_does_not_get_in(program, house):
    said = program.run("view", "access.keys", *house.where(), "--as", "ada", "--key", house.key("ben"))
    if said.status not in (UNAUTHENTICATED, FORBIDDEN):
        raise Failure(f"ben got in as ada: {said}")


def profile_says_what_the_command_line_does_not(program, house):
    path = house.folder + "/profile"
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"server = {house.people}\nca = state/tls.crt\nlog = state/log.vkey\nas = ada\nkey = ada.key\n")
    program.ok("view", "access.keys", "--profile", path)
    program.ok("view", "access.keys", env={"SEALWRIGHT_PROFILE": path})


def profile_with_an_unknown_name_is_refused(program, house):
    path = house.folder + "/bad-profile"
    with open(path, "w", encoding="utf-8") as f:
        f.write("server = https://localhost:1\nsrever = https://localhost:1\n")
    program.fails(INVALID, "srever is no setting", "view", "access.keys", "--profile", path)


# ---- records and approvals ----

def record_is_shown_signed_and_its_receipt_verified(_, house):
    said = house.record("erin", "site.defined", "site=FAB", "country=VN", "name=Hanoi")
    has(said.out, "site: FAB")
    has(said.out, "receipt verified")
    same(house.rows("erin", "nonconformance.all"), [])


def record_is_not_signed_without_being_asked(program, house):
    program.fails(INVALID, "nobody to ask", "record", "site.defined", "site=X", "country=VN", "name=X",
                  *house.who("erin"))


def unknown_type_is_refused(_, house):
    house.refuses("erin", NOT_FOUND, "site.destroyed", "site.destroyed", "site=X")


def unknown_field_is_refused(_, house):
    house.refuses("erin", INVALID, "no field", "site.defined", "size=X")


def missing_field_is_named(_, house):
    house.refuses("erin", INVALID, "country", "site.defined", "site=X", "name=X")


def field_said_twice_is_refused(_, house):
    house.refuses("erin", INVALID, "twice", "site.defined", "site=X", "site=Y", "country=VN", "name=X")


def word_that_is_no_field_is_refused(_, house):
    house.refuses("erin", INVALID, "NAME=VALUE", "site.defined", "X")


def number_field_that_is_none_is_refused(_, house):
    house.refuses("erin", INVALID, "must be", "build.authorized", "quantity=many")


def rule_that_says_no_is_shown(_, house):
    house.refuses("erin", CONFLICT, "FAB", "site.defined", "site=FAB", "country=VN", "name=Hanoi")


def who_may_not_is_refused(_, house):
    house.refuses("ben", FORBIDDEN, "", "site.defined", "site=HUB", "country=DE", "name=Hamburg")


def personal_value_is_shown_but_only_its_commitment_is_signed(_, house):
    said = house.record("ada", "principal.registered", "principal=zoe", "kind=person",
                        "natural_person=P-zoe", "name=Zoe Müller")
    has(said.out, "Zoe Müller")
    has(said.out, "commitment")
    names = [row["name"] for row in house.rows("ada", "access.principals") if row["id"] == "zoe"]
    same(names, ["Zoe Müller"])


def text_that_would_draw_on_the_screen_is_escaped(program, house):
    said = house.record("erin", "site.defined", "site=TRICK", "country=DE",
                        "name=Good \u202edoog ton\u2066 site")
    has(said.out, "\\xe2\\x80\\xae")
    if "\u202e" in said.out or "\u2066" in said.out:
        raise Failure("a mark that turns the direction of writing reached the screen")
    said = program.run("record", "site.defined", "site=X2", "country=DE", "name=a\x1b[2Jb", "--yes",
                       *house.who("erin"))
    if said.status == 0 or "\x1b" in said.out + said.err:
        raise Failure("an escape sequence reached the log or the screen")
    said = program.run("view", "unit.list", "a\u202eb=1", *house.who("erin"))
    has(said.err, "\\xe2\\x80\\xae")
    same("\u202e" in said.err, False)


def body_comes_from_a_file_or_standard_input(program, house):
    body = json.dumps({"site": "HUB", "country": "DE", "name": "Hamburg"})
    program.ok("record", "site.defined", "--body", "-", "--yes", *house.who("erin"), stdin=body)
    program.fails(INVALID, "no JSON object", "record", "site.defined", "--body", "-", "--yes",
                  *house.who("erin"), stdin="[]")


def second_person_agrees_after_seeing_it(program, house):
    house.record("erin", "product.defined", "product=P1", "hardware_type=1.3.6.1.4.1.32473.9", "name=P1")
    house.record("erin", "firmware.released", "release=FW1", "product=P1", "version=1", "environment=production",
                 f"image=@{house.key('ada')}.pub", "image_size=113", "security_version=1")
    waiting = house.rows("ben", "approval.pending")
    same(len(waiting), 1)
    same(house.rows("erin", "firmware.releases"), [])
    digest = waiting[0]["digest"]
    program.fails(INVALID, "nobody to ask", "approve", digest, *house.who("ben"))
    said = program.ok("approve", digest, "--yes", *house.who("ben"))
    has(said.out, "release: FW1")
    has(said.out, digest)
    same([row["state"] for row in house.rows("erin", "firmware.releases")], ["released"])


def nobody_agrees_to_what_does_not_wait(program, house):
    program.fails(NOT_FOUND, "Nothing that waits", "approve", "0" * 64, "--yes", *house.who("ben"))


def author_does_not_agree_to_himself(program, house):
    house.record("erin", "firmware.released", "release=FW2", "product=P1", "version=2", "environment=production",
                 f"image=@{house.key('ben')}.pub", "image_size=113", "security_version=1")
    row = house.rows("ben", "approval.pending")[0]
    said = program.run("approve", str(row["seq"]), "--yes", *house.who("erin"))
    if said.status == 0:
        raise Failure("the author agreed to what he asked for himself")


def refusal_of_an_approval_needs_a_reason_and_is_final(program, house):
    row = house.rows("ben", "approval.pending")[0]
    program.fails(INVALID, "not said why", "approve", str(row["seq"]), "--deny", "--yes", *house.who("ben"))
    program.ok("approve", str(row["seq"]), "--deny", "--reason", "not tested", "--yes", *house.who("ben"))
    same(house.rows("ben", "approval.pending"), [])
    said = program.run("approve", str(row["seq"]), "--yes", *house.who("cleo"))
    if said.status == 0:
        raise Failure("what was refused for good was approved all the same")


# ---- views and blobs ----

def views_come_as_table_csv_and_json(program, house):
    table = program.ok("view", "firmware.releases", *house.who("erin")).out
    has(table.splitlines()[0], "firmware_release")
    has(table, "1 row")
    rows = program.ok("view", "firmware.releases", "--csv", *house.who("erin")).out.splitlines()
    same(len(rows[0].split(",")), len(rows[1].split(",")))


def unknown_view_is_refused(program, house):
    program.fails(NOT_FOUND, "unit.lost", "view", "unit.lost", *house.who("erin"))


def unknown_parameter_of_a_view_is_refused(program, house):
    said = program.run("view", "unit.list", "colour=red", *house.who("erin"))
    same(said.status, INVALID, str(said))


def view_that_one_may_not_see_is_refused(program, house):
    said = program.run("view", "access.grants", *house.who("erin"))
    if said.status == 0 and said.out.splitlines()[-1] != "0 rows":
        raise Failure(f"erin saw all grants: {said}")


def file_goes_up_and_comes_back_the_same(program, house):
    path = house.folder + "/file.bin"
    with open(path, "wb") as f:
        f.write(bytes(range(256)) * 1000)
    digest = program.ok("blob", "put", path, *house.who("erin")).out.strip()
    program.ok("blob", "get", digest, "--to", path + ".back", *house.who("erin"))
    same(open(path, "rb").read(), open(path + ".back", "rb").read())
    has(program.ok("blob", "show", digest, *house.who("erin")).out, "256000 bytes")


def file_that_is_there_already_is_not_sent_again(program, house):
    path = house.folder + "/large.bin"
    with open(path, "wb") as f:
        f.write(os.urandom(5 << 20))
    first = program.ok("blob", "put", path, *house.who("erin")).out
    for _ in range(3):
        same(program.ok("blob", "put", path, *house.who("erin")).out, first)


def empty_file_goes_up_or_is_refused_in_words(program, house):
    path = house.folder + "/empty.bin"
    with open(path, "wb"):
        pass
    said = program.run("blob", "put", path, *house.who("erin"))
    if said.status not in (0, INVALID):
        raise Failure(str(said))


def digest_that_is_none_is_refused(program, house):
    program.fails(INVALID, "is no digest", "blob", "get", "abc", *house.who("erin"))


def file_that_is_not_there_is_not_found(program, house):
    program.fails(NOT_FOUND, "", "blob", "get", "0" * 64, *house.who("erin"))


# ---- the log ----

def receipt_verifies_offline_until_it_is_changed(program, house):
    said = program.ok("record", "site.defined", "site=DEPOT", "country=DE", "name=Depot", "--yes", "--json",
                      *house.who("erin"))
    path = house.folder + "/receipt.json"
    receipt = said.json()
    with open(path, "w", encoding="utf-8") as f:
        json.dump(receipt, f)
    program.ok("verify", "receipt", path, "--log", f"{house.state}/log.vkey")
    for field, value in (("leaf", "0" * 64), ("sequence", 1), ("checkpoint", "x"), ("proof", {"index": 0})):
        with open(path, "w", encoding="utf-8") as f:
            json.dump({**receipt, field: value}, f)
        program.fails(CORRUPT, "does not hold", "verify", "receipt", path, "--log", f"{house.state}/log.vkey")


def receipt_of_another_log_does_not_verify(program, house):
    said = program.ok("record", "site.defined", "site=DEPOT2", "country=DE", "name=Depot", "--yes", "--json",
                      *house.who("erin"))
    path = house.folder + "/receipt.json"
    with open(path, "w", encoding="utf-8") as f:
        f.write(said.out)
    program.fails(CORRUPT, "does not hold", "verify", "receipt", path, "--log", house.folder + "/alone/log.vkey")


def log_is_audited_from_disk_and_from_the_server(program, house):
    # A refusal before this may still be on its way into the log: then the two see two sizes.
    for _ in range(10):
        here = program.ok("ledger", "audit", house.state, "--log", f"{house.state}/log.vkey", "--json").json()
        there = program.ok("ledger", "audit", house.people, "--json", *house.who("ada")[2:]).json()
        if here["size"] == there["size"]:
            break
    same((here["size"], here["root"]), (there["size"], there["root"]))
    same(here["signatures"] > 10, True, "signatures of authors")


def log_must_extend_an_older_checkpoint(program, house):
    old = house.folder + "/old.checkpoint"
    with open(old, "w", encoding="utf-8") as f:
        f.write(program.ok("ledger", "checkpoint", *house.where()).out)
    house.record("erin", "site.defined", "site=LATER", "country=DE", "name=Later")
    program.ok("ledger", "audit", house.state, "--log", f"{house.state}/log.vkey", "--since", old)
    said = program.run("ledger", "audit", house.folder + "/alone", "--log", house.folder + "/alone/log.vkey",
                       "--since", old)
    if said.status == 0:
        raise Failure("a log passed as the continuation of another")


class Witness:
    """Somebody else who watches our log."""

    def __init__(self, program, folder, log):
        ready, child = os.pipe()
        self.process = subprocess.Popen(
            [program.path, "witness", "serve", folder, "--name", "witness.example/w1", "--log", log, "--port",
             "0", "--ready-fd", str(child)], pass_fds=[child])
        os.close(child)
        with os.fdopen(ready) as pipe:
            self.url = "https://localhost:" + pipe.readline().strip()
        self.words = [self.url, "--witness-key", folder + "/witness.vkey", "--witness-ca", folder + "/tls.crt"]

    def stop(self):
        self.process.terminate()
        return self.process.wait(60)


def witness_cosigns_what_extends_what_it_knows(program, house):
    folder, log = house.folder + "/witness", f"{house.state}/log.vkey"
    witness = Witness(program, folder, log)
    try:
        note = program.ok("witness", "ask", *witness.words, *house.where()).out
        has(note, "witness.example/w1")
        house.record("erin", "site.defined", "site=SEEN", "country=DE", "name=Seen")
        same(len(program.ok("witness", "ask", *witness.words, *house.where()).out.splitlines()), 6)
    finally:
        same(witness.stop(), 0)
    witness = Witness(program, folder, log)
    try:
        house.record("erin", "site.defined", "site=SEEN2", "country=DE", "name=Seen")
        cosigned = house.folder + "/cosigned"
        program.ok("witness", "ask", *witness.words, *house.where(), "--to", cosigned)
        has(open(cosigned, encoding="utf-8").read(), "witness.example/w1")
    finally:
        witness.stop()


def witness_does_not_cosign_a_log_it_does_not_watch(program, house):
    witness = Witness(program, house.folder + "/other-witness", house.folder + "/alone/log.vkey")
    try:
        program.fails(REFUSED, "did not cosign", "witness", "ask", *witness.words, *house.where())
    finally:
        witness.stop()


def audit_wants_the_witnesses_it_was_given(program, house):
    program.fails(CORRUPT, "witness", "ledger", "audit", house.state, "--log", f"{house.state}/log.vkey",
                  "--witness", house.folder + "/witness/witness.vkey")


def house_in_order_has_nothing_wrong(program, house):
    said = program.ok("doctor", house.state, *house.who("ada"))
    has(said.out, "0 wrong")


def doctor_finds_a_key_that_others_may_read(program, house):
    os.chmod(f"{house.state}/blob.key", 0o644)
    said = program.run("doctor", house.state, *house.who("ada"))
    os.chmod(f"{house.state}/blob.key", 0o600)
    same(said.status, 1)
    has(said.out, "others may read")


def live_tables_are_not_replaced_under_a_running_server(program, house):
    program.fails(CONFLICT, "The signer runs", "ledger", "rebuild", house.state)


def server_ends_well_and_the_copy_can_be_audited(program, house):
    same(house.stop(), 0, "exit status of the server")
    copy = house.folder + "/copy"
    program.ok("ledger", "export", house.state, copy)
    program.ok("ledger", "audit", copy, "--log", f"{house.state}/log.vkey")
    program.ok("ledger", "audit", copy, "--key", f"{house.state}/log.vkey")
    with open(f"{house.state}/log.vkey", encoding="utf-8") as file:
        program.ok("ledger", "audit", copy, "--key", file.read().strip())
    program.ok("ledger", "rebuild", house.state, "--check")
    bundle = f"{copy}/tile/entries"
    name = sorted(os.path.join(at, n) for at, _, names in os.walk(bundle) for n in names)[-1]
    change_byte(name, os.path.getsize(name) // 2)
    program.fails(CORRUPT, "was changed", "ledger", "audit", copy, "--log", f"{house.state}/log.vkey")


def server_that_is_away_is_said_to_be_away(program, house):
    program.fails(UNAVAILABLE, "cannot be reached", "view", "unit.list", *house.who("erin"))


def signer_serves_no_other_account_than_it_was_told(program, house):
    program.fails(INVALID, "is no number", "signer", house.state, "--peer", "no-such-account")
    ready, child = os.pipe()
    signer = subprocess.Popen(
        [program.path, "signer", house.state, "--peer", str(os.getuid() + 1), "--ready-fd", str(child)],
        pass_fds=[child], stderr=subprocess.DEVNULL)
    os.close(child)
    try:
        same(len(os.read(ready, 1)), 1, "the signer is ready")
        program.fails(FORBIDDEN, "serves another user", "serve", house.state, "--no-signer", "--port", "0")
    finally:
        os.close(ready)
        signer.terminate()
        signer.wait()


def server_starts_again_on_what_it_left(_, house):
    house.start()
    same([row["site"] for row in house.rows("erin", "part_lot.list")], [])
    house.record("erin", "site.defined", "site=AGAIN", "country=DE", "name=Again")


def server_leaves_no_core_file(_, house):
    with open(f"/proc/{house.server.pid}/limits", encoding="ascii") as f:
        limit = next(line for line in f if line.startswith("Max core file size"))
    same(limit.split()[4:6], ["0", "0"])


TESTS = [
    no_command_shows_the_commands, every_command_has_help,
    manual_page_says_what_the_table_says,
    a_page_for_each_command_is_written,
    bash_completes_what_the_table_has, unknown_command_is_refused,
    unknown_option_is_refused, option_without_its_value_is_refused, flag_with_a_value_is_refused,
    too_few_words_are_refused, too_many_words_are_refused, number_that_is_none_is_refused,
    key_is_closed_to_others_and_never_overwritten, key_with_a_passphrase_needs_it,
    key_that_others_may_read_is_refused, public_and_private_file_show_the_same_key,
    unknown_algorithm_is_refused, somebody_becomes_known_in_one_go,
    missing_right_to_upload_is_named, state_is_never_founded_twice, nobody_founds_nothing,
    founder_without_a_key_is_refused, founder_without_a_name_is_refused, one_founder_twice_is_refused,
    one_founder_makes_a_bootstrap_log, passkeys_of_a_trial_are_those_of_this_machine,
    keys_of_the_signer_are_encrypted_or_said_not_to_be,
    secrets_of_the_state_are_closed_to_others,
    server_with_another_certificate_is_not_believed, plain_http_is_refused, nobody_is_told_to_say_who,
    stranger_does_not_get_in, link_is_for_oneself_and_an_invitation_for_another,
    key_of_another_does_not_get_in, profile_says_what_the_command_line_does_not,
    profile_with_an_unknown_name_is_refused, record_is_shown_signed_and_its_receipt_verified,
    record_is_not_signed_without_being_asked, unknown_type_is_refused, unknown_field_is_refused,
    missing_field_is_named, field_said_twice_is_refused, word_that_is_no_field_is_refused,
    number_field_that_is_none_is_refused, rule_that_says_no_is_shown, who_may_not_is_refused,
    personal_value_is_shown_but_only_its_commitment_is_signed, body_comes_from_a_file_or_standard_input,
    text_that_would_draw_on_the_screen_is_escaped, second_person_agrees_after_seeing_it,
    nobody_agrees_to_what_does_not_wait,
    author_does_not_agree_to_himself, refusal_of_an_approval_needs_a_reason_and_is_final,
    views_come_as_table_csv_and_json, unknown_view_is_refused, unknown_parameter_of_a_view_is_refused,
    view_that_one_may_not_see_is_refused, file_goes_up_and_comes_back_the_same,
    file_that_is_there_already_is_not_sent_again, empty_file_goes_up_or_is_refused_in_words,
    digest_that_is_none_is_refused, file_that_is_not_there_is_not_found,
    receipt_verifies_offline_until_it_is_changed, receipt_of_another_log_does_not_verify,
    log_is_audited_from_disk_and_from_the_server, log_must_extend_an_older_checkpoint,
    witness_cosigns_what_extends_what_it_knows, witness_does_not_cosign_a_log_it_does_not_watch,
    audit_wants_the_witnesses_it_was_given, house_in_order_has_nothing_wrong, doctor_finds_a_key_that_others_may_read,
    live_tables_are_not_replaced_under_a_running_server, server_ends_well_and_the_copy_can_be_audited,
    server_that_is_away_is_said_to_be_away, signer_serves_no_other_account_than_it_was_told,
    server_starts_again_on_what_it_left, server_leaves_no_core_file,
]


def main():
    program = Program(sys.argv[1])
    with Folder() as folder:
        house = House(program, folder)
        house.start()
        house.hire("erin", "line.define", "firmware.release", "firmware.read", "identity.read", "part.read",
                   "blob.write", "blob.read", "nonconformance.read", "approval.read", "ledger.read")
        try:
            return run_all(TESTS, program, house)
        finally:
            house.stop()


if __name__ == "__main__":
    sys.exit(main())
