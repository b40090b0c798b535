// SPDX-License-Identifier: Apache-2.0
// What can be wrong with a passport whose log was signed all the same, and at which step that must be seen.
import { base64, utf8 } from "../../console/src/verify/bytes";
import type { Value } from "./encode";
import { AGREEMENT } from "./fault_agreement";
import { at, body, claim, drop, file, outcome, prove, set, succession, witness } from "./fault_kit";
import { type Change, DAY, KEYS, LOG_KEY, ORIGIN, PEOPLE, START } from "./forge_log";
import { Key, assertion, certificate, noteLine, sha256, sign1, sshsig } from "./keys";

const { ann, ben, cleo, dora, erin } = PEOPLE;

// Approvals in the log: of the charter by ann (passkey), ben (SSH), cleo (COSE); of the firmware by ben, dora
// (token), ann; of the build by cleo, ben.
const ANN = 0;
const BEN = 1;
const CLEO = 2;
const DORA = 4;

export const HOLDS: Record<string, Change> = {
  nothing_is_wrong: {},
  the_ca_is_not_in_the_file: file(set(8, new Uint8Array(0))),
  a_log_that_went_on_under_another_name: succession(),
  no_value_is_shown: file(set(5, [])),
  a_token_without_an_application_of_its_own: prove("approval.given", BEN, (data) =>
    sshsig(ben.key, data, { application: "ssh:" }),
  ),
  an_ssh_signature_over_sha_256: prove("approval.given", BEN, (data) =>
    sshsig(ben.key, data, { hash: "sha256" }),
  ),
  two_algorithms_where_nobody_can_ask_the_ca: {
    certificate: { said: "ed25519" },
    file: set(8, new Uint8Array(0)),
  },
  a_device_ca_of_another_kind: {
    ca: certificate({
      ...{
        product: "CA",
        serial: "1",
        subject: KEYS.foreign,
        issuer: KEYS.foreign,
        issuerName: "CA",
        twice: false,
      },
    }),
    certificate: { issuer: KEYS.foreign },
  },
  a_recovery_that_needed_nobody: outcome("recovery.requested", 0),
  an_approval_that_ends_later: body("approval.given", (b) => (b["not_after"] = 1900000000000), CLEO),
};

export const FAULTS: Record<string, Record<string, Change>> = {
  file: {
    another_version: file(set(1, 3)),
    version_1_with_members_of_version_2: file(set(1, 1)),
    an_unknown_member: file(set(10, 0)),
    a_missing_member: file(drop(9)),
    a_chain_withheld_that_it_cannot_do_without: file(set(7, ["key"])),
    shifts_withheld: file(set(7, ["shift"])),
    withheld_kinds_out_of_order: file(set(7, ["shipment", "seal"])),
    a_salt_that_is_too_short: file(set(5, [[new Uint8Array(15), "x"]])),
    entries_out_of_order: file((f) => void (f.get(4) as Value[]).reverse()),
    an_entry_twice: file((f) => void (f.get(4) as Value[]).splice(1, 0, (f.get(4) as Value[])[1] ?? 0)),
    no_entries: file(set(4, [])),
    too_many_notices: file(
      set(
        6,
        Array.from({ length: 33 }, () => "X"),
      ),
    ),
  },
  checkpoint: {
    signed_by_somebody_else: {
      note: (text) => text.split("\n\n")[0] + "\n\n" + noteLine(ORIGIN, KEYS.foreign, "x"),
    },
    an_extension_line: {
      note: (text) => {
        const longer = `${text.split("\n\n")[0] ?? ""}\nmore\n`;
        return `${longer}\n${noteLine(ORIGIN, KEYS.log, longer)}`;
      },
    },
    a_size_with_a_leading_zero: {
      note: (text) => {
        const changed = (text.split("\n\n")[0] ?? "").replace(/\n(\d+)\n/, "\n0$1\n") + "\n";
        return `${changed}\n${noteLine(ORIGIN, KEYS.log, changed)}`;
      },
    },
    a_second_signature_of_the_log_that_does_not_hold: {
      note: (text) => text + noteLine(ORIGIN, KEYS.log, "another text"),
    },
    no_empty_line: { note: (text) => text.replace("\n\n", "\n") },
    no_line_feed_at_the_end: { note: (text) => text.slice(0, -1) },
  },
  inclusion: {
    another_root: {
      note: (text) => {
        const root = base64(sha256(utf8("x")));
        const changed = `${text.split("\n").slice(0, 2).join("\n")}\n${root}\n`;
        return `${changed}\n${noteLine(ORIGIN, KEYS.log, changed)}`;
      },
    },
    a_record_of_another_log: claim("boot.proved", set(1, "other.example/log")),
    a_succession_that_succeeds_nothing: claim("boot.proved", set(2, "ledger.succeeded")),
    a_succession_without_its_checkpoint: { ...succession(), note: (text) => text },
    a_succession_of_another_log: succession((b) => (b["old_origin"] = "other.example/log")),
    a_succession_to_another_name_than_it_carries: succession((b) => (b["origin"] = "other.example/log")),
    a_succession_that_stands_elsewhere: succession((b) => (b["recovered"] = 3)),
    a_succession_with_a_field_more: succession((b) => (b["lost"] = 3)),
    a_succession_with_a_short_digest: succession((b) => (b["old_root"] = new Uint8Array(31))),
    a_succession_that_somebody_signed: {
      ...succession(),
      prove: (type, data) => (type === "ledger.succeeded" ? sign1(erin.key, type, data, false) : undefined),
    },
    a_succession_that_only_waits: { ...succession(), ...outcome("ledger.succeeded", 1) },
    a_record_that_says_another_place: witness("boot.proved", set(1, 77)),
    a_claim_with_an_unknown_member: claim("boot.proved", set(12, 0)),
    a_claim_without_its_time: claim("boot.proved", drop(7)),
    a_claim_of_version_0: claim("boot.proved", set(3, 0)),
    an_author_that_is_no_id: claim("boot.proved", set(4, "a b")),
    a_type_that_is_no_name: claim("boot.proved", set(2, "boot.proved.twice")),
    an_id_of_another_uuid: claim("boot.proved", set(6, new Uint8Array(16))),
    a_time_beyond_the_year_9999: claim("boot.proved", set(7, 253402300800000)),
    a_body_with_numbers_as_keys: claim("boot.proved", set(10, new Map([[1, 1]]))),
    a_witness_with_an_unknown_member: witness("boot.proved", set(10, 0)),
    an_outcome_that_is_unknown: witness("boot.proved", set(4, [5])),
    a_target_without_its_outcome: witness("boot.proved", set(4, [0, 3])),
    a_gate_that_is_none: witness("boot.proved", set(5, [1])),
    an_empty_list_of_what_was_raised: witness("boot.proved", set(6, [])),
    a_record_that_points_ahead: witness("boot.proved", set(8, 30)),
    a_cose_signature_with_its_payload_inside: prove("boot.proved", 0, (data) =>
      sign1(KEYS.unit, "boot.proved", data, true),
    ),
    a_proof_of_no_known_kind: prove("boot.proved", 0, () => "x"),
    an_assertion_in_two_parts: prove("boot.proved", 0, () => [Uint8Array.of(1), Uint8Array.of(2)]),
  },
  chain: {
    a_record_of_the_unit_left_out: { omit: at("unit.programmed") },
    an_approval_left_out: { omit: at("approval.given", ANN) },
    the_first_of_a_chain_left_out: { omit: at("unit.requested") },
    nothing_about_the_unit: file(set(3, ["unit", "GW", "SN2"])),
    another_last_record: file(set(9, 3)),
    a_record_about_another_unit: witness("unit.programmed", set(9, ["unit", "GW", "SN2"])),
    a_kind_withheld_that_is_here: {
      ...witness("boot.proved", set(9, ["seal", "", "S1"])),
      file: set(7, ["seal"]),
    },
    a_previous_that_is_not_the_last: witness("boot.proved", set(8, 3)),
  },
  opening: {
    a_value_that_no_record_commits_to: file(set(5, [[new Uint8Array(16), "anything"]])),
    the_commitment_deeper_than_openings_reach: body("boot.proved", (b) => (b["measurements"] = [[1]])),
  },
  signature: {
    a_log_that_does_not_begin: { skip: at("ledger.started"), file: set(8, new Uint8Array(0)) },
    a_log_that_begins_twice: {
      ...claim("unit.programmed", set(2, "ledger.started")),
      prove: (type, _, n) => (at("unit.programmed")(type, n) ? null : undefined),
    },
    a_record_that_should_be_signed: {
      prove: (type, _, n) => (at("key.enrolled")(type, n) ? null : undefined),
    },
    a_key_that_nobody_enrolled: {
      ...claim("unit.programmed", set(5, KEYS.foreign.id)),
      ...prove("unit.programmed", 0, (data) => sign1(KEYS.foreign, "unit.programmed", data, false)),
    },
    a_key_that_is_anothers: claim("boot.proved", set(4, "GW/SN2")),
    a_unit_that_speaks_as_a_principal: claim("boot.proved", set(4, "GW")),
    a_signature_of_another_key: prove("unit.programmed", 0, (data) =>
      sign1(KEYS.unit, "unit.programmed", data, false),
    ),
    a_signature_that_names_another_key: prove("unit.programmed", 0, (data) =>
      sign1(KEYS.station, "unit.programmed", data, false, KEYS.unit),
    ),
    a_signature_for_another_type: prove("unit.programmed", 0, (data) =>
      sign1(KEYS.station, "unit.scrapped", data, false),
    ),
    a_signature_over_another_claim: prove("unit.programmed", 0, () =>
      sign1(KEYS.station, "unit.programmed", utf8("x"), false),
    ),
    an_enrolled_key_that_is_none: body("key.enrolled", (b) => (b["public_key"] = new Uint8Array(91))),
    an_enrolled_point_off_the_curve: body("key.enrolled", (b) => {
      const spki = new Key("p256", "x").spki.slice();
      spki[90] = (spki[90] ?? 0) ^ 1;
      b["public_key"] = spki;
    }),
    a_key_whose_enrolment_only_waits: outcome("key.enrolled", 1),
    a_key_whose_enrolment_had_no_effect: outcome("key.enrolled", 3),
    a_unit_key_that_is_none: witness("unit.requested", set(7, { spki: new Uint8Array(3) })),
    an_assertion_for_another_record: prove("approval.given", ANN, () => assertion(ann.key, utf8("x"))),
    an_assertion_without_the_person_verified: prove("approval.given", ANN, (data) =>
      assertion(ann.key, data, { flags: 1 }),
    ),
    an_assertion_without_the_person_present: prove("approval.given", ANN, (data) =>
      assertion(ann.key, data, { flags: 4 }),
    ),
    an_assertion_for_another_party: prove("approval.given", ANN, (data) =>
      assertion(ann.key, data, { party: "evil.example" }),
    ),
    an_assertion_inside_a_foreign_page: prove("approval.given", ANN, (data) =>
      assertion(ann.key, data, { crossOrigin: true }),
    ),
    an_assertion_signed_by_another: prove("approval.given", ANN, (data) => assertion(cleo.key, data)),
    an_assertion_whose_signature_is_not_der: prove("approval.given", ANN, (data) => {
      const [authenticator = 0, client = 0] = assertion(ann.key, data) as Value[];
      return [authenticator, client, new Uint8Array(64)];
    }),
    an_ssh_signature_for_another_purpose: prove("approval.given", BEN, (data) =>
      sshsig(ben.key, data, { namespace: "git" }),
    ),
    an_ssh_signature_that_shows_another_key: prove("approval.given", BEN, (data) =>
      sshsig(ben.key, data, { key: KEYS.foreign }),
    ),
    an_ssh_signature_over_another_record: prove("approval.given", BEN, () => sshsig(ben.key, utf8("x"))),
    an_ssh_signature_with_bytes_behind: prove("approval.given", BEN, (data) => {
      const blob = sshsig(ben.key, data) as Uint8Array<ArrayBuffer>;
      return Uint8Array.from([...blob, 0]);
    }),
    a_token_that_nobody_touched: prove("approval.given", DORA, (data) =>
      sshsig(dora.key, data, { application: "ssh:approve", flags: 0 }),
    ),
    a_shift_that_was_over: body("shift.opened", (b) => (b["not_after"] = START)),
    a_shift_that_was_closed: { more: "shift_after_its_end" },
    a_shift_whose_opener_was_revoked: { more: "opener_revoked" },
    a_shift_that_votes: claim("test.recorded", set(2, "approval.given")),
    a_shift_that_opens_another: claim("test.recorded", set(2, "shift.opened")),
    a_shift_of_somebody_else: claim("test.recorded", set(4, "ben")),
    a_recovery_that_had_to_wait: body("recovery.requested", (b) => (b["usable_from"] = START + 9 * DAY)),
    a_recovery_that_others_had_not_agreed_to: outcome("approval.given", 0, 8),
    a_recovery_that_asked_for_no_wait: {
      ...body("recovery.requested", (b) => (b["usable_from"] = 0)),
      more: "recovery_at_once",
    },
    a_recovery_that_was_stopped: { more: "recovery_stopped" },
    a_person_who_left: {
      ...claim("key.enrolled", set(2, "principal.left")),
      body: (type, b, n) => {
        if (at("key.enrolled")(type, n)) b["principal"] = "cleo";
      },
      prove: (type, data, n) =>
        at("key.enrolled")(type, n) ? sign1(erin.key, "principal.left", data, false) : undefined,
    },
    a_key_that_was_revoked: {
      ...claim("key.enrolled", set(2, "key.revoked")),
      body: (type, b, n) => {
        if (at("key.enrolled")(type, n)) b["key_id"] = cleo.key.id;
      },
      prove: (type, data, n) =>
        at("key.enrolled")(type, n) ? sign1(erin.key, "key.revoked", data, false) : undefined,
    },
  },
  device: {
    another_ca_in_the_file: file(set(8, utf8("x"))),
    a_ca_that_is_no_certificate: { ca: utf8("x") },
    a_certificate_for_another_key: { certificate: { subject: KEYS.station } },
    a_certificate_of_another_unit: { certificate: { serial: "SN2" } },
    a_certificate_of_another_product: { certificate: { product: "GX" } },
    a_certificate_that_names_two_units: { certificate: { twice: true } },
    a_certificate_made_by_somebody_else: { certificate: { issuer: KEYS.station } },
    a_certificate_that_names_two_algorithms: { certificate: { said: "ed25519" } },
    a_certificate_that_names_another_issuer: { certificate: { issuerName: "CB" } },
    a_certificate_that_is_none: body("certificate.issued", (b) => (b["certificate"] = utf8("x"))),
    a_certificate_with_bytes_behind: body("certificate.issued", (b) => {
      b["certificate"] = Uint8Array.from([...(b["certificate"] as Uint8Array), 0]);
    }),
    a_request_that_noted_no_key: {
      ...witness("unit.requested", drop(7)),
      skip: at("boot.proved"),
      file: set(5, []),
    },
  },
  agreement: AGREEMENT,
};

export const KEY = LOG_KEY;
