// SPDX-License-Identifier: Apache-2.0
// Which records a passport's story tells, in which section, and from which fields: as STORY_SENTENCES of
// lib/core/passport_sentences.c. The sentences themselves are texts: story.TYPE.N, or story.TYPE.LIST.N.

export const SECTIONS = [
  ...(["unit", "agreed", "parts", "device", "firmware", "tests", "custody", "start"] as const),
  ...(["holds", "containments", "withheld"] as const),
];
export type Section = (typeof SECTIONS)[number];

// Type, section, list (one line for each of its elements), and the fields of each part of the sentence: a
// part whose field is absent is left out. `field~` is a time, `=author` the author.
// prettier-ignore
const ROWS: readonly [string, Section, string, string][] = [
  ["unit.requested", "unit", "", "serial product | authorization | address | allowance"],
  ["unit.declared", "unit", "", "serial product site | built_on | version | image | address | customer"],
  ["unit.built", "unit", "", "station | operator"],
  ["step.completed", "unit", "", "step station | operator | remark"],
  ["unit.scrapped", "unit", "", "reason"],
  ["build.authorized", "agreed", "", "=author authorization quantity product | revision | site | line | valid_until~"],
  ["unit.fitted", "parts", "parts", "part quantity part_lot supplier | designators | certainty"],
  ["unit.fitted", "parts", "components", "serial product"],
  ["unit.part_removed", "parts", "", "part_lot supplier reason"],
  ["part_lot.received", "parts", "", "part_lot supplier quantity part site | date_code | packaging | manufacturer_part | seal | purchase_order"],
  ["supplier.registered", "parts", "", "supplier name class country | tier"],
  ["supplier.approved", "parts", "", "supplier expires~"],
  ["supplier.suspended", "parts", "", "supplier reason"],
  ["firmware.released", "firmware", "", "=author release version environment image security_version | configuration | sbom"],
  ["firmware.emergency", "firmware", "", "=author release version environment image security_version reason"],
  ["firmware.reviewed", "firmware", "", "release verdict reason"],
  ["firmware.withdrawn", "firmware", "", "release reason"],
  ["sbom.checked", "firmware", "", "sbom feed_at~ components unknown"],
  ["sbom.checked", "firmware", "findings", "advisory component | version | state | reason"],
  ["permit.issued", "firmware", "", ""],
  ["unit.programmed", "firmware", "", "station release image | configuration | operator"],
  ["procedure.released", "tests", "", "procedure revision document"],
  ["test.recorded", "tests", "", "verdict procedure procedure_digest sequence station | operator | attachment"],
  ["test.recorded", "tests", "measurements", "measurement value_micro"],
  ["seal.issued", "custody", "", "seal maker holder site"],
  ["seal.applied", "custody", "", "seal maker shipment site"],
  ["seal.checked", "custody", "", "seal maker site read intact"],
  ["seal.broken", "custody", "", "seal maker site authorized reason"],
  ["seal.destroyed", "custody", "", "seal maker site | seen_by"],
  ["shipment.planned", "custody", "", "shipment from_site to_site | freight_carrier | route"],
  ["shipment.packed", "custody", "", "shipment site"],
  ["shipment.dispatched", "custody", "", "shipment"],
  ["shipment.handed_over", "custody", "", "shipment =author site condition"],
  ["shipment.accepted", "custody", "", "shipment =author site condition"],
  ["shipment.counted", "custody", "", "shipment site"],
  ["shipment.received", "custody", "", "shipment site condition | protocol"],
  ["shipment.admitted", "custody", "", "shipment | reason"],
  ["boot.proved", "start", "", "image boot_count"],
  ["hold.placed", "holds", "", "kind id | within | reason"],
  ["hold.lifted", "holds", "", "raised_seq kind id | within | reason"],
  ["nonconformance.disposed", "holds", "", "raised_seq disposition reason"],
  ["containment.started", "containments", "", "containment kind id | within | reason"],
  ["containment.ended", "containments", "", "containment reason"],
];

export interface Sentence {
  type: string;
  section: Section;
  list: string;
  /** Before the number of a part. */
  name: string;
  parts: string[][];
}

export const SENTENCES: readonly Sentence[] = ROWS.map(([type, section, list, fields]) => ({
  type,
  section,
  list,
  name: list === "" ? `story.${type}` : `story.${type}.${list}`,
  parts: fields.split("|").map((part) =>
    part
      .trim()
      .split(" ")
      .filter((name) => name !== ""),
  ),
}));
