// SPDX-License-Identifier: Apache-2.0
// What can be wrong with who agreed, and with what the signer signed.
import { utf8 } from "../../console/src/verify/bytes";
import type { Value } from "./encode";
import { at, body, charter, document, outcome, prove, set } from "./fault_kit";
import { type Body, type Change, KEYS, PEOPLE, person, rule } from "./forge_log";
import { assertion, sha256, sshsig } from "./keys";

const DAY = 86400000;
const { ann, ben, cleo } = PEOPLE;

export const AGREEMENT: Record<string, Change> = {
  a_first_charter_of_another_log: charter(set(3, "other.example/log")),
  a_first_charter_of_revision_2: charter((c) => {
    c.set(1, 2);
    c.set(2, sha256(utf8("x")));
  }),
  a_charter_with_an_unknown_member: charter(set(13, 0)),
  a_charter_whose_rule_needs_too_many: charter(set(8, [rule("*", 4)])),
  a_charter_without_a_rule_for_itself: charter(set(8, [rule("build.authorize", 1)])),
  a_charter_with_a_person_twice: charter((c) => c.set(7, [...(c.get(7) as Value[]), person("ann", ["all"])])),
  a_revision_that_skips_one: { revised: set(1, 3) },
  a_revision_that_follows_another: { revised: set(2, sha256(utf8("x"))) },
  a_revision_that_goes_back_to_trial: { revised: set(4, 2) },
  too_few_agreed: document("admission", (a) => void a.set(6, (a.get(6) as Value[]).slice(1)), 1),
  nobody_of_security_agreed: charter((c) =>
    c.set(7, [
      person("ann", ["all"]),
      person("ben", ["all"]),
      person("cleo", ["all"]),
      person("erin", ["all", "security"]),
    ]),
  ),
  the_revision_lacks_one_more: document("admission", (a) => void a.set(6, (a.get(6) as Value[]).slice(1))),
  an_approval_that_is_not_here: document(
    "admission",
    (a) => void a.set(6, [...(a.get(6) as Value[]).slice(1), new Uint8Array(32).fill(255)]),
    1,
  ),
  approvals_out_of_order: document("admission", (a) => void (a.get(6) as Value[]).reverse(), 1),
  an_approval_of_something_else: body("approval.given", (b) => (b["record"] = sha256(utf8("x"))), 6),
  an_approval_without_effect: outcome("approval.given", 3, 6),
  an_approval_that_had_ended: body("approval.given", (b) => (b["not_after"] = 1800000000001), 6),
  an_approval_that_was_too_old: document("admission", set(7, 1800000000000 + 8 * DAY), 1),
  an_approval_in_a_form_that_does_not_count: prove("approval.given", 6, (data) => assertion(cleo.key, data)),
  an_approval_by_a_token_that_the_charter_does_not_know: prove("approval.given", 7, (data) =>
    sshsig(ben.key, data, { application: "ssh:other" }),
  ),
  a_token_of_another_application_than_the_charter_says: {
    ...prove("approval.given", 4, (data) => sshsig(PEOPLE.dora.key, data, { application: "ssh:other" })),
    skip: at("approval.given", 5),
  },
  a_newcomer_who_counts_too_early: {
    charter: (c) => {
      c.set(8, [rule("charter", 2), rule("*", 2, DAY)]);
      c.set(7, [
        person("ann", ["all"]),
        person("ben", ["all", "security"]),
        person("cleo", ["all"]),
        person("erin", ["all"]),
      ]);
    },
    skip: at("approval.given", 5),
  },
  an_author_whom_the_charter_does_not_know: charter((c) =>
    c.set(7, [person("ann", ["all"]), person("ben", ["all", "security"]), person("cleo", ["all"])]),
  ),
  an_admission_of_something_else: document("admission", set(3, sha256(utf8("x"))), 1),
  an_admission_of_another_class: document("admission", set(4, "firmware.release"), 1),
  an_admission_of_another_log: document("admission", set(2, "other.example/log"), 1),
  an_admission_by_a_charter_that_never_was: document("admission", set(5, 9), 1),
  an_admission_of_version_2: document("admission", set(1, 2), 1),
  an_admission_that_the_log_did_not_sign: {
    signDocument: (name) =>
      name === "admission" ? KEYS.foreign : name.startsWith("f") ? KEYS.firmware : KEYS.log,
  },
  an_answer_that_names_no_decision: body("signer.admitted", (b) => delete b["record"]),
  an_answer_to_a_decision_that_is_not_here: body("signer.admitted", (b) => (b["record"] = sha256(utf8("x")))),
  a_decision_without_effect: outcome("build.authorized", 3),
  a_manifest_of_something_else: document("firmware manifest", set(3, sha256(utf8("x")))),
  a_manifest_of_another_environment: document("firmware manifest", set(6, "elsewhere")),
  a_manifest_of_another_image: document("firmware manifest", set(8, sha256(utf8("x")))),
  a_manifest_of_another_security_version: document("firmware manifest", set(10, 2)),
  a_manifest_of_an_emergency: document("firmware manifest", set(14, true)),
  a_manifest_that_denies_an_emergency: document("firmware manifest", set(14, false)),
  firmware_that_only_one_agreed_to: { skip: (type, n) => type === "approval.given" && (n === 4 || n === 5) },
  no_receipt: body("certificate.issued", (b) => delete b["receipt"]),
  a_receipt_of_another_request: document("issue receipt", set(3, sha256(utf8("x")))),
  a_receipt_of_another_certificate: document("issue receipt", set(7, sha256(utf8("x")))),
  a_receipt_beyond_its_authorization: document("issue receipt", set(5, 6)),
  a_receipt_of_more_units_than_authorized: document("issue receipt", set(6, 6)),
  a_receipt_of_another_authorization: document("issue receipt", set(4, sha256(utf8("x")))),
  a_receipt_from_before_the_admission: document("issue receipt", set(8, 1800000000000)),
  a_receipt_that_the_log_did_not_sign: {
    signDocument: (name) =>
      name === "issue receipt" ? KEYS.foreign : name.startsWith("f") ? KEYS.firmware : KEYS.log,
  },
  the_admission_of_the_build_is_missing: { skip: at("signer.admitted", 2) },
  the_firmware_release_is_missing: { skip: at("signer.admitted", 1) },
  the_build_is_for_another_number: body("build.authorized", (b) => (b["quantity"] = 4)),
  somebody_had_denied_it: {
    claim: (type, value, n) => {
      if (at("approval.given", 5)(type, n)) value.set(2, "approval.denied");
      if (at("approval.given", 5)(type, n)) value.set(10, { record: (value.get(10) as Body)["record"] ?? 0 });
    },
    prove: (type, data, n) => (at("approval.given", 5)(type, n) ? assertion(ann.key, data) : undefined),
    document: (name, payload) => {
      if (name === "firmware manifest") payload.set(13, 1800000000000 + 3600000);
    },
  },
};
