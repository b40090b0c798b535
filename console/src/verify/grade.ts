// SPDX-License-Identifier: Apache-2.0
// What a part lot's conformance certificate is worth is never claimed: it follows from who brought it.
import { type Entry } from "./entry";
import { bytesField, textField } from "./fields";
import type { Found } from "./walk";

export type Grade = "missing" | "vouched" | "uploaded" | "signed";

const ORDER: readonly Grade[] = ["missing", "vouched", "uploaded", "signed"];
/** A file may say that two were split off each other. */
const SPLITS_MAX = 16;

export interface Graded {
  grade: Grade;
  /** The record that says so. */
  sequence: bigint | null;
}

/** Whether the author was registered as a principal of kind supplier that belongs to this supplier. */
function isOfSupplier(found: readonly Found[], author: string, supplier: string): boolean {
  return found.some(
    ({ entry: { claim, witness } }) =>
      claim.type === "principal.registered" &&
      witness.outcome === "folded" &&
      textField(claim.body, "principal") === author &&
      textField(claim.body, "kind") === "supplier" &&
      textField(claim.body, "supplier") === supplier,
  );
}

/** What was out of order brought nothing: paper for a part lot that is not there, a link that was over. */
function hasRaised(entry: Entry, code: string): boolean {
  return entry.witness.raised.some((raised) => raised.code === code);
}

function gradeOf(found: readonly Found[], entry: Entry, supplier: string): Grade {
  const { type, body, author } = entry.claim;
  const unless = (code: string, grade: Grade): Grade => (hasRaised(entry, code) ? "missing" : grade);
  if (entry.witness.outcome !== "folded") return "missing";
  if (type === "conformance.vouched") return unless("PART_LOT_UNKNOWN", "vouched");
  if (type === "conformance.uploaded") return unless("CONFORMANCE_LINK_NOT_OPEN", "uploaded");
  if (type === "part_lot.received" && (bytesField(body, "conformance_certificate")?.length ?? 0) > 0) {
    return unless("PART_LOT_RECEIVED_TWICE", "vouched");
  }
  const signs = type === "conformance.declared" && entry.proof.kind !== "none";
  return signs && isOfSupplier(found, author, supplier) ? "signed" : "missing";
}

/** The best of this part lot, or of those that it was split from. */
export function gradePartLot(found: readonly Found[], supplier: string, partLot: string): Graded {
  let best: Graded = { grade: "missing", sequence: null };
  for (let i = 0; i < SPLITS_MAX && partLot !== ""; i++) {
    let origin = "";
    for (const { sequence, entry } of found) {
      const { subject } = entry.witness;
      if (subject?.kind !== "part_lot" || subject.within !== supplier || subject.id !== partLot) continue;
      if (entry.claim.type === "part_lot.split" && !hasRaised(entry, "PART_LOT_RECEIVED_TWICE")) {
        origin = textField(entry.claim.body, "from_part_lot");
      }
      const grade = gradeOf(found, entry, supplier);
      if (ORDER.indexOf(grade) > ORDER.indexOf(best.grade)) best = { grade, sequence };
    }
    partLot = origin;
  }
  return best;
}
