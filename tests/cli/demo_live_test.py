#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demo while it stays up: attacked again and again, without a control in a copy, building more, in a browser's way
and through its socket. usage: demo_live_test.py PROGRAM SOURCES [TEST …]"""
import json
import os
import stat
import subprocess
import sys
import threading

from live import Browser, Demo
from steps import Failure, Folder, Program, has, run_all, same

ROUNDS = int(os.environ.get("SEALWRIGHT_DEMO_ROUNDS", "4"))
CONTROLS = {"skipped_step": "SHP-01", "suspended_supplier": "SRC-01", "below_grade": "SRC-02", "broken_seal": "RCV-01",
            "used_seal": "RCV-01", "unknown_seal": "RCV-01", "swapped_box": "RCV-01", "replayed_challenge": "COM-01",
            "counterfeit_reel": "COM-01"}
# Gate and state of each unit that slips through when the control only observes.
SLIPPED = {"skipped_step": [("ship", "shipped")], "suspended_supplier": [("kit", "commissioned")],
           "below_grade": [("kit", "commissioned")], "broken_seal": [("receive", "commissioned")],
           "used_seal": [("receive", "commissioned")], "unknown_seal": [("receive", "commissioned")],
           "swapped_box": [("receive", "shipped")], "replayed_challenge": [("commission", "commissioned")],
           "counterfeit_reel": [("commission", "commissioned")] * 2}


# ---- the address


def link_signs_in_once_under_the_name_localhost(demo, program):
    has(demo.url, "https://localhost:")
    has("".join(demo.said), f"certutil -d sql:$HOME/.pki/nssdb -A -t P,, -n sealwright-demo -i {demo.certificate}")
    if not os.path.exists(demo.certificate):
        raise Failure("the certificate that is to be trusted is not there")
    browser, path = Browser(demo), demo.link[len(demo.url):]
    same(browser.ask(path, b"", "https://elsewhere.example")[0], 403, "from another page")
    same(browser.ask(path, b"")[0], 200)
    has(browser.ask("/v1/me")[1], '"quinn"')
    same(Browser(demo).ask(path, b"")[0], 403, "a link that was used")
    another = program.ok("sign-in-link", *demo.who("olga")).out.splitlines()[0]
    browser = Browser(demo)
    same(browser.ask(another[len(demo.url):], b"")[0], 200)
    has(browser.ask("/v1/me")[1], '"olga"')


def everybody_may_read_what_their_pages_show(demo, _):
    views = {
        "quinn": ["unit.list", "unit.states", "hold.open", "nonconformance.open", "nonconformance.all", "hold.all",
                  "approval.pending", "policy.controls", "policy.coverage", "supplier.list", "shipment.inbound",
                  "inventory.running", "build.list", "containment.list", "traveler.list"],
        "ada": ["access.principals", "access.grants", "access.roles", "access.keys", "access.recoveries", "approval.pending",
                "approval.rules", "policy.controls", "policy.modes", "unit.list", "charter.list", "credential.list"],
        "ben": ["approval.pending", "firmware.releases"], "cleo": ["approval.pending", "firmware.releases"],
        "fred": ["firmware.releases", "approval.pending", "unit.list", "policy.controls", "build.list"],
        "erin": ["build.list", "part.list", "approval.pending", "traveler.list", "unit.list"],
        "olga": ["unit.list", "unit.steps", "traveler.list", "station.list", "hold.open", "shift.list"],
        "wim": ["shipment.outbound", "seal.stock"], "rita": ["shipment.inbound"],
    }
    for name, wanted in views.items():
        for view in wanted:
            demo.rows(view, name=name)


def server_tells_only_who_may_look(demo, program):
    browser = Browser(demo)
    same(browser.ask("/v1/demo")[0], 401, "nobody")
    link = program.ok("sign-in-link", *demo.who("quinn")).out.splitlines()[0]
    browser.ask(link[len(demo.url):], b"")
    status, text = browser.ask("/v1/demo")
    same(status, 200)
    same(len(json.loads(text)["attacks"]), 19)
    has(browser.ask("/v1/me")[1], '"demo":true')
    status, text = browser.ask("/v1/demo/attacks/cloned_key", b"")
    same(status, 403, "a link is for looking: " + text)
    same(browser.ask("/v1/demo/runs/99999")[0], 404)


# ---- attacks


def stopped(run, attack, ends):
    outcome = run["outcome"]
    if not outcome["stopped"] or not outcome["expected"]:
        raise Failure(f"{attack} was not stopped as it should be: {json.dumps(run)[-3000:]}")
    last = run["steps"][-1]
    if ends == "refused" and attack not in ("author_approves", "one_person_twice"):
        has(json.dumps(last), '"problem"')


def attacks_are_withstood_twenty_times_in_a_row(demo, _):
    table = [a for a in demo.ask(do="list")["body"]["attacks"] if not a["on_copy"]]
    same(len(table), 17)
    for _ in range(ROUNDS):
        for attack in table:
            stopped(demo.run(do="attack", attack=attack["id"]), attack["id"], attack["ends"])


def steps_say_who_tried_what_where_and_what_came_back(demo, program):
    run = demo.run(do="attack", attack="skipped_step")
    for act, who, kind in (("record", "ST-1", "unit.requested"), ("record", "ST-1", "unit.built"),
                           ("record", "sara", "shipment.dispatched")):
        if not any((s["act"], s.get("who"), s.get("type")) == (act, who, kind) for s in run["steps"]):
            raise Failure(f"{who} did not try {kind}: {run['steps']}")
    built = next(s for s in run["steps"] if s.get("type") == "unit.built")
    same(built["station"], "ST-1")
    refused = run["steps"][-1]
    same(refused["problem"]["failures"][0]["control"], "SHP-01")
    has(refused["problem"]["fix"], "failures")
    same(refused["sequence"], run["outcome"]["sequence"])
    browser = Browser(demo)
    browser.ask(program.ok("sign-in-link", *demo.who("quinn")).out.splitlines()[0][len(demo.url):], b"")
    has(browser.ask(f"/v1/entries/{refused['sequence']}")[1], "decision.refused")
    kinds = [s["kind"] for s in run["subjects"]]
    same(kinds, ["unit", "shipment"])
    for step in run["steps"]:
        same(step["copy"], False)


def record_behind_a_detected_attack_raised_the_nonconformance(demo, _):
    run = demo.run(do="attack", attack="changed_image")
    raised = {row["seq"] for row in demo.rows("nonconformance.all")}
    if run["outcome"]["sequence"] not in raised:
        raise Failure(f"nothing was raised by {run['outcome']}")


def attacks_on_a_stopped_house_run_on_a_copy(demo, _):
    for attack in ("turned_back", "changed_bytes"):
        run = demo.run(do="attack", attack=attack)
        stopped(run, attack, "detected")
        same(run["steps"][0]["act"], "copy")
    if os.path.exists(demo.state + "/copy"):
        raise Failure("the copy is still there")


def without_its_control_each_attack_gets_through_in_the_copy_while_the_house_serves(demo, program):
    """Somebody writes into the house all the time: what the copy is made of must be of one moment."""
    over, wrote = threading.Event(), []

    def write():
        while not over.is_set():
            wrote.append(program.ok("record", "supplier.registered", f"supplier=BUSY-{len(wrote)}", "class=broker",
                                    "country=US", "name=busy", "--yes", *demo.who("paul")))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for attack, control in CONTROLS.items():
            run = demo.run(do="without", attack=attack)
            if run["outcome"]["stopped"]:
                raise Failure(f"{attack} was stopped although {control} only observes: {run['outcome']}")
            same([(s["gate"], s["state"]) for s in run["slipped"]], SLIPPED[attack], attack)
            for unit in run["slipped"]:
                same(unit["product"], "SENSOR-1")
                if unit["sequence"] <= 0:
                    raise Failure(f"{attack}: no record says so: {unit}")
                same(demo.rows("unit.one", "product=SENSOR-1", f"serial={unit['serial']}"), [],
                     "the house knows the unit of the copy")
    finally:
        over.set()
        writer.join()
    if len(wrote) < 5:
        raise Failure("hardly anything was written meanwhile")


def what_has_no_switch_is_not_tried_without_it(demo, _):
    for attack in demo.ask(do="list")["body"]["attacks"]:
        if attack["control"] is None:
            demo.refuses("DEMO_NO_SWITCH", do="without", attack=attack["id"])
        else:
            same(attack["control"], CONTROLS[attack["id"]])


# ---- building


def more_units_are_built_on_request(demo, _):
    before = demo.ask(do="list")["body"]["units_left"]
    run = demo.run(do="build", units=4)
    units = [s["id"] for s in run["subjects"] if s["kind"] == "unit"]
    same(len(units), 4)
    for serial in units:
        row = demo.rows("unit.one", "product=SENSOR-1", f"serial={serial}")[0]
        same((row["state"], row["holds"]), ("commissioned", 0))
    same(demo.ask(do="list")["body"]["units_left"], before - 4)


def numbers_of_units_that_are_none_are_refused(demo, _):
    for units in (0, -1, 26, 2**63 - 1, "3", 2.5, None, [1], True):
        demo.refuses("DEMO_UNITS_WRONG", do="build", units=units)


# ---- the socket


def requests_that_make_no_sense_are_refused(demo, _):
    for request in ({}, {"do": "dance"}, {"do": 1}, {"do": "list", "more": 1}, {"do": "attack"},
                    {"do": "show"}, {"do": "build"}, {"do": "attack", "attack": "cloned_key", "units": 1},
                    {"do": "attack", "attack": 7}):
        demo.refuses("DEMO_REQUEST_WRONG", **request)
    demo.refuses("DEMO_NO_ATTACK", do="attack", attack="no_such")
    demo.refuses("DEMO_NO_ATTACK", do="without", attack="")
    for run in ("", "0", "-1", "01", "1 ", "4294967297", "999999999", "x"):
        demo.refuses("DEMO_RUN_UNKNOWN", do="show", run=run)
    for line in (b"\n", b"[]\n", b"hello\n", b'{"do":"list"} x\n', b'{"do":"list","do":"list"}\n', b"\xff\xfe\n",
                 b'{"do":"li\\u0000st"}\n', b"[" * 400 + b"\n"):
        same(json.loads(demo.knock(line))["problem"]["code"], "DEMO_REQUEST_WRONG", str(line))


def what_is_no_line_gets_no_answer(demo, _):
    for line in (b"", b'{"do":"list"}', b'{"do":"list"}\n\n', b'{"do":"list"}\n{"do":"list"}\n', b" " * 511 + b"\n\n",
                 b"x" * 4096):
        try:
            same(demo.knock(line), b"", str(line))
        except OSError:
            pass  # it hung up before all was said
    same("body" in demo.ask(do="list"), True)


def socket_is_this_accounts_alone(demo, _):
    path = demo.state + "/demo.sock"
    same(stat.S_IMODE(os.stat(path).st_mode), 0o600)
    if os.getuid() != 0:
        return  # only root can be somebody else
    script = "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n" \
             "try:\n s.sendall(b'{\"do\":\"list\"}\\n')\n said = s.recv(1)\nexcept OSError:\n said = b''\n" \
             "sys.exit(3 if said else 4)\n"
    # First with every file's permission in the way, then with none.
    folders = [demo.state, os.path.dirname(demo.state)]
    before = [os.stat(f).st_mode for f in folders]
    for way_is_open in (False, True):
        if way_is_open:
            for one in folders:
                os.chmod(one, 0o755)
            os.chmod(path, 0o666)
        done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", sys.executable, "-c", script, path],
                              capture_output=True, text=True, check=False)
        same(done.returncode, 4 if way_is_open else 1, done.stderr)
    for one, mode in zip(folders, before):
        os.chmod(one, stat.S_IMODE(mode))
    os.chmod(path, 0o600)


# ---- and the house


def house_is_sound_after_all_that(demo, program):
    run = demo.run(do="build", units=2)
    same(run["steps"][-1].get("raised"), None)
    modes = demo.rows("policy.modes", name="ada")
    same(modes, [], "a control of the house itself was switched off")
    demo.end()
    if os.path.exists(demo.state + "/demo.sock"):
        raise Failure("it left its socket behind")
    said = program.ok("ledger", "audit", demo.state + "/state/tiles", "--log", demo.state + "/state/log.vkey")
    has(said.out, "The log holds")
    program.ok("ledger", "rebuild", demo.state + "/state", "--check")


SHARED = [
    link_signs_in_once_under_the_name_localhost, everybody_may_read_what_their_pages_show,
    server_tells_only_who_may_look, steps_say_who_tried_what_where_and_what_came_back,
    record_behind_a_detected_attack_raised_the_nonconformance, attacks_on_a_stopped_house_run_on_a_copy,
    without_its_control_each_attack_gets_through_in_the_copy_while_the_house_serves,
    what_has_no_switch_is_not_tried_without_it, more_units_are_built_on_request,
    numbers_of_units_that_are_none_are_refused, requests_that_make_no_sense_are_refused,
    what_is_no_line_gets_no_answer, socket_is_this_accounts_alone, attacks_are_withstood_twenty_times_in_a_row,
    house_is_sound_after_all_that,
]


# ---- each with a demo of its own


def one_thing_is_tried_at_a_time_and_can_be_watched(program, folder, _):
    with Demo(program, folder + "/watched", "--pace", "20") as demo:
        number = demo.begin(do="build", units=3)
        demo.refuses("DEMO_BUSY", do="attack", attack="cloned_key")
        same(demo.ask(do="attack", attack="cloned_key")["problem"]["values"]["run"], number)
        same(demo.ask(do="list")["body"]["running"], number)
        seen = set()
        while (run := demo.ask(do="show", run=number)["body"])["state"] == "running":
            seen.add(len(run["steps"]))
        if len(seen) < 10:
            raise Failure(f"nobody could watch it: {sorted(seen)}")
        same(demo.ask(do="list")["body"]["running"], None)
        demo.end()


def ending_it_ends_what_is_under_way(program, folder, _):
    with Demo(program, folder + "/ended", "--pace", "60000") as demo:
        demo.begin(do="build", units=25)
        demo.end()
    # And it goes on where it was, on another port.
    with Demo(program, folder + "/ended", "--pace", "0") as demo:
        demo.run(do="build", units=1)
        demo.end()


def without_tls_it_is_http_on_localhost_and_machines_have_theirs(program, folder, _):
    with Demo(program, folder + "/plain", "--http", "--pace", "0") as demo:
        has(demo.url, "http://localhost:")
        for part in ("certutil", "TLS certificate"):
            if part in "".join(demo.said):
                raise Failure("it speaks of certificates: " + "".join(demo.said))
        browser, path = Browser(demo), demo.link[len(demo.url):]
        same(browser.ask(path, b"", "http://localhost:1")[0], 403, "from another page")
        same(browser.ask(path, b"")[0], 200)
        has(browser.ask("/v1/me")[1], '"quinn"')
        machines = next(line for line in demo.said if "(machines: " in line).split("(machines: ")[1].split(")")[0]
        has(machines, "https://localhost:")
        demo.run(do="build", units=1)  # the station builds over the machines' port
        demo.run(do="attack", attack="foreign_station")
        run = demo.run(do="without", attack="broken_seal")
        same([(s["gate"], s["state"]) for s in run["slipped"]], SLIPPED["broken_seal"])
        demo.end()


def settings_that_are_none_do_not_start_a_server(program, folder, _):
    for part in ("tls ", "machines: the people port without it", "demo_socket"):
        has(program.ok("serve", "--help").out, part)
    state = folder + "/ended/state"
    for words, text in ((("tls",), "is no setting"), (("=on",), "is no setting"), (("tls=maybe",), "on|off|machines"),
                        (("nonsense=1",), "no setting named nonsense"), (("tls=",), "must be a value")):
        program.fails(2, text, "serve", state, "--no-signer", "--set", *words)


def only_this_machine_is_spoken_to_without_tls(program, folder, _):
    state = folder + "/ended"
    for server in ("http://example.com:80", "http://localhost.example.com:80", "http://localhost:80@example.com",
                   "http://localhost:8443/elsewhere", "http://localhost", "HTTP://localhost:1", "ftp://localhost:1",
                   "http://127.0.0.1.example.com:1", "http://127.0.0.2:1"):
        program.fails(2, "is no address of a server", "view", "unit.list", "--profile", state + "/state/profile",
                      "--server", server, "--as", "quinn", "--key", state + "/people/quinn.key")


OWN = [one_thing_is_tried_at_a_time_and_can_be_watched, ending_it_ends_what_is_under_way,
       without_tls_it_is_http_on_localhost_and_machines_have_theirs, settings_that_are_none_do_not_start_a_server,
       only_this_machine_is_spoken_to_without_tls]


def main():
    program, sources = Program(os.path.abspath(sys.argv[1])), os.path.abspath(sys.argv.pop(2))
    os.chdir(sources)  # where examples/bom.csv is found, wherever the program was built
    with Folder() as folder:
        with Demo(program, folder + "/demo", "--pace", "0") as demo:
            status = run_all(SHARED, demo, program)
        return run_all(OWN, program, folder, sources) or status


if __name__ == "__main__":
    sys.exit(main())
