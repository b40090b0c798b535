#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The policy as people set it with the program: policy_test.py PROGRAM [NAME …]."""
import json
import os
import sys

from steps import Failure, Folder, House, Program, has, run_all, same

INVALID, REFUSED = 2, 7
LATER = "2099-01-01T00:00:00Z"
DRAFT = [
    {"type": "statement.adopted", "body": {"statement": "P", "owner": "ada", "wording": "We know whom we buy from.",
                                           "review_by": LATER}},
    {"type": "control.adopted", "body": {"control": "SRC-04", "statement": "P", "owner": "ada", "review_by": LATER}},
]


def write(house, name, content):
    path = os.path.join(house.folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(content if isinstance(content, str) else json.dumps(content))
    return path


def replay(house, *words):
    return house.program.ok("policy", "replay", house.state, *words)


def decide(house, kind, *fields):
    """ada asks, ben agrees."""
    said = house.program.ok("record", kind, *fields, "--yes", "--json", *house.who("ada")).json()
    house.program.ok("approve", said["digest"], "--yes", "--reason", "seen", *house.who("ben"))


def controls_are_listed(program, _):
    rows = program.ok("policy", "controls", "--json").json()["rows"]
    same(len(rows), 48)
    by_id = {row["control"]: row for row in rows}
    same(by_id["PRG-01"]["judges"], "always")
    same(by_id["SRC-04"]["gates"], "source kit")
    has(program.ok("policy", "controls").out, "first boot proved")
    has(program.ok("policy", "controls", "--all", "--csv").out, "IA-4, SR-4(1)")


def policy_of_its_time_holds_nothing_again(_, house):
    said = replay(house, "--since", "1d")
    has(said.out, "1 passages of gates asked again: the policy of its time would have held 0 different things")


def draft_says_whom_it_would_have_held(_, house):
    draft = write(house, "draft.json", DRAFT)
    said = replay(house, "--since", "1d", "--draft", draft)
    has(said.out, "supplier acme at gate source: SRC-04 expected evidence that passed and is in date, found acme: none")
    report = replay(house, "--since", "1d", "--draft", draft, "--json").json()
    same((report["passages"], report["things"]), (1, 1))
    same([(h["gate"], h["kind"], h["id"], h["control"], h["through"]) for h in report["held"]],
         [("source", "supplier", "acme", "SRC-04", "")])
    same(replay(house, "--since", "2098-01-01T00:00:00Z", "--draft", draft, "--json").json()["passages"], 0)


def replay_leaves_nothing_behind(_, house):
    room = os.path.join(house.folder, "room")
    os.mkdir(room)
    house.program.ok("policy", "replay", house.state, env={"TMPDIR": room})
    same(os.listdir(room), [])


def nonsense_is_refused_in_words(program, house):
    program.fails(INVALID, "is no time", "policy", "replay", house.state, "--since", "soon")
    program.fails(INVALID, "is no time", "policy", "replay", house.state, "--since", "-3d")
    broken = write(house, "broken.json", "[{")
    program.fails(INVALID, "no JSON", "policy", "replay", house.state, "--draft", broken)
    unknown = write(house, "unknown.json", [dict(DRAFT[1], body=dict(DRAFT[1]["body"], control="QQQ-01"))])
    said = program.run("policy", "replay", house.state, "--draft", unknown)
    if said.status == 0 or "QQQ-01" not in said.err:
        raise Failure(f"an unknown control should be named: {said}")


def adopted_control_stops_and_its_evidence_opens(_, house):
    for step in DRAFT:
        decide(house, step["type"], *[f"{k}={v}" for k, v in step["body"].items()])
    same(house.rows("ada", "policy.controls")[0]["state"], "failed")
    house.refuses("erin", REFUSED, "SRC-04", "supplier.approved", "supplier=acme", "expires=+30d")
    house.record("ada", "control.evidence_given", "control=SRC-04", "kind=supplier", "id=acme", "result=pass",
                 "valid_until=+30d")
    house.record("erin", "supplier.approved", "supplier=acme", "expires=+30d")
    same([row["kind"] for row in house.rows("ada", "policy.passages", "gate=source")], ["supplier"] * 2)


def control_that_only_warns_says_so_in_the_receipt(program, house):
    decide(house, "control.mode_set", "control=SRC-04", "mode=warn", "reason=we are new to this")
    house.record("ada", "control.evidence_given", "control=SRC-04", "kind=supplier", "id=acme", "result=fail",
                 "valid_until=+30d")
    receipt = program.ok("record", "supplier.approved", "supplier=acme", "expires=+30d", "--yes", "--json",
                         *house.who("erin")).json()
    same([raised["code"] for raised in receipt["raised"]], ["CONTROL_WARNED"])
    same([(one["control"], one["result"]) for one in receipt["let_pass"]], [("SRC-04", "warn")])


TESTS = [
    controls_are_listed, policy_of_its_time_holds_nothing_again, draft_says_whom_it_would_have_held,
    replay_leaves_nothing_behind, nonsense_is_refused_in_words, adopted_control_stops_and_its_evidence_opens,
    control_that_only_warns_says_so_in_the_receipt,
]


def main():
    program = Program(sys.argv[1])
    with Folder() as folder:
        house = House(program, folder)
        house.start()
        try:
            house.hire("erin", "supplier.write", "supplier.approve", "supplier.read")
            house.record("erin", "supplier.registered", "supplier=acme", "class=broker", "country=DE", "name=Acme")
            house.record("erin", "supplier.approved", "supplier=acme", "expires=+30d")
            return run_all(TESTS, program, house)
        finally:
            house.stop()


if __name__ == "__main__":
    sys.exit(main())
