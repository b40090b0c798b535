// SPDX-License-Identifier: Apache-2.0
// What a passport tells, in the sequence in which people ask: from its records alone, one line for each thing
// that is said. For a passport that holds; nothing is verified here.
import { NO_BYTES, hex } from "./bytes";
import type { Item } from "./cbor";
import { sha256Hex } from "./crypto";
import type { Claim, Entry } from "./entry";
import { bytesField, digestField, field, listField, textField } from "./fields";
import { gradePartLot } from "./grade";
import type { PassportFile } from "./passport_file";
import { SECTIONS, SENTENCES, type Section, type Sentence } from "./story_table";
import type { Found } from "./walk";

/** How it is known: signed by its author; over a channel; said afterwards; said of the file itself. */
export type StorySource = "signed" | "reported" | "declared" | "file";

export type StoryValue =
  | { kind: "text"; value: string }
  | { kind: "number"; value: bigint }
  | { kind: "time"; value: bigint }
  | { kind: "flag"; value: boolean }
  | { kind: "digest"; value: string };

/** A piece of a sentence: the name of its text, and what stands in it. Pieces follow each other. */
export interface StoryPart {
  code: string;
  values: Record<string, StoryValue>;
}

export interface StoryLine {
  section: Section;
  /** Of its record; null: said of the file. */
  sequence: bigint | null;
  at: number | null;
  source: StorySource;
  parts: StoryPart[];
}

const text = (value: string): StoryValue => ({ kind: "text", value });
const number = (value: bigint): StoryValue => ({ kind: "number", value });
const digest = (value: string): StoryValue => ({ kind: "digest", value });
const part = (code: string, values: Record<string, StoryValue> = {}): StoryPart => ({ code, values });

function sourceOf(entry: Entry): StorySource {
  const { source, type } = entry.claim;
  const isDeclared = type === "unit.declared" || type === "certificate.declared";
  if (source !== "witnessed" || isDeclared) return "declared";
  return entry.proof.kind === "none" ? "reported" : "signed";
}

/** Not everything that stands in the log took effect. */
function outcomeParts(entry: Entry): StoryPart[] {
  const { outcome } = entry.witness;
  return outcome === "folded" || outcome === "executes" ? [] : [part(`story.outcome.${outcome}`)];
}

const VOTES = new Map([
  ["approval.given", "story.vote.given"],
  ["approval.denied", "story.vote.denied"],
  ["signer.admitted", "story.vote.admitted"],
  ["signer.refused", "story.vote.refused"],
]);
const VOTED_SECTION = new Map<string, Section>([
  ["build.authorized", "agreed"],
  ["firmware.released", "firmware"],
  ["firmware.emergency", "firmware"],
]);

class Telling {
  readonly lines: StoryLine[] = [];
  private readonly opened: Map<string, string>;
  private readonly byDigest = new Map<string, Found>();
  /** By our own CA. */
  private certified = false;

  constructor(
    private readonly file: PassportFile,
    private readonly found: readonly Found[],
  ) {
    this.opened = new Map(file.openings.map((opening) => [opening.commitment, opening.value]));
    for (const one of found) if (!this.byDigest.has(one.digest)) this.byDigest.set(one.digest, one);
  }

  private tell(section: Section, { sequence, entry }: Found, parts: StoryPart[]): void {
    this.lines.push({ section, sequence, at: entry.witness.at, source: sourceOf(entry), parts });
  }

  private tellOfFile(section: Section, one: StoryPart): void {
    this.lines.push({ section, sequence: null, at: null, source: "file", parts: [one] });
  }

  // ---- sentences ----

  /** A digest, or the value that it commits to where the passport shows it. */
  private valueOf(item: Item, isTime: boolean): StoryValue | null {
    switch (item.kind) {
      case "text":
        return text(item.value);
      case "uint":
        return { kind: isTime ? "time" : "number", value: item.value };
      case "nint":
        return number(item.value);
      case "bool":
        return { kind: "flag", value: item.value };
      case "bytes": {
        if (item.value.length !== 32) return null;
        const shown = this.opened.get(hex(item.value));
        return shown === undefined ? digest(hex(item.value)) : text(shown);
      }
      default:
        return null;
    }
  }

  private fieldOf(claim: Claim, element: Item | null, name: string): StoryValue | null {
    if (name === "=author") return text(claim.author);
    const isTime = name.endsWith("~");
    const plain = isTime ? name.slice(0, -1) : name;
    const item = (element === null ? undefined : field(element, plain)) ?? field(claim.body, plain);
    return item === undefined ? null : this.valueOf(item, isTime);
  }

  /** A record without the fields of its first part is told by its type. */
  private fill(sentence: Sentence, claim: Claim, element: Item | null): StoryPart[] {
    const out: StoryPart[] = [];
    sentence.parts.forEach((names, i) => {
      const values: Record<string, StoryValue> = {};
      for (const name of names) {
        const value = this.fieldOf(claim, element, name);
        if (value === null) {
          if (i === 0) out.push(part("story.record", { type: text(claim.type) }));
          return;
        }
        values[name.replace(/^=|~$/g, "")] = value;
      }
      out.push(part(`${sentence.name}.${i}`, values));
    });
    return out;
  }

  /** A part is told with what its part lot's conformance certificate is worth. */
  private gradeParts(element: Item): StoryPart[] {
    const partLot = textField(element, "part_lot");
    if (partLot === "") return [];
    const { grade, sequence } = gradePartLot(this.found, textField(element, "supplier"), partLot);
    return [part(`story.grade.${grade}`, sequence === null ? {} : { record: number(sequence) })];
  }

  private tellSentence(sentence: Sentence, one: Found): void {
    const { claim } = one.entry;
    const after = outcomeParts(one.entry);
    if (sentence.list === "") {
      this.tell(sentence.section, one, [...this.fill(sentence, claim, null), ...after]);
      return;
    }
    for (const element of listField(claim.body, sentence.list)) {
      const parts = [...this.fill(sentence, claim, element), ...this.gradeParts(element), ...after];
      this.tell(sentence.section, one, parts);
    }
  }

  /** Where a vote, or the signer's answer, belongs: to what it is about. */
  private tellVote(section: Section, one: Found): void {
    const { claim } = one.entry;
    const code = VOTES.get(claim.type);
    const named = digestField(claim.body, "record");
    const decision = named === null ? undefined : this.byDigest.get(hex(named));
    if (code === undefined || decision === undefined) return;
    if (VOTED_SECTION.get(decision.entry.claim.type) !== section) return;
    const values = { author: text(claim.author), record: number(decision.entry.witness.sequence) };
    this.tell(section, one, [part(code, values), ...outcomeParts(one.entry)]);
  }

  private tellRaised(one: Found): void {
    for (const { code, subject } of one.entry.witness.raised) {
      const parts = [part("story.raised.0", { type: text(one.entry.claim.type), code: text(code) })];
      if (subject !== null)
        parts.push(part("story.raised.1", { kind: text(subject.kind), id: text(subject.id) }));
      if (subject !== null && subject.within !== "") {
        parts.push(part("story.raised.2", { within: text(subject.within) }));
      }
      this.tell("holds", one, parts);
    }
  }

  private async tellCertificate(one: Found): Promise<void> {
    const { claim, witness } = one.entry;
    const issued = claim.type === "certificate.issued";
    if (!issued && claim.type !== "certificate.declared") return;
    if (issued && witness.outcome === "folded") this.certified = true;
    const certificate = bytesField(claim.body, "certificate") ?? NO_BYTES;
    const parts = [part("story.certificate.0", { digest: digest(await sha256Hex(certificate)) })];
    for (const { name, value } of witness.outputs) {
      if (name !== "key_id" || !(value instanceof Uint8Array) || value.length !== 32) continue;
      parts.push(part("story.certificate.1", { key: digest(hex(value)) }));
    }
    this.tell("device", one, [...parts, ...outcomeParts(one.entry)]);
  }

  private async tellEntry(section: Section, one: Found): Promise<void> {
    const { type } = one.entry.claim;
    for (const sentence of SENTENCES) {
      if (sentence.section === section && sentence.type === type) this.tellSentence(sentence, one);
    }
    if (section === "agreed" || section === "firmware") this.tellVote(section, one);
    if (section === "holds") this.tellRaised(one);
    if (section === "device") await this.tellCertificate(one);
  }

  // ---- what the file says of itself ----

  private async tellCa(): Promise<void> {
    const { ca } = this.file;
    if (!this.certified) return;
    const named = ca.length > 0;
    const values: Record<string, StoryValue> = named ? { digest: digest(await sha256Hex(ca)) } : {};
    this.tellOfFile("device", part(named ? "story.ca" : "story.ca.none", values));
  }

  private tellWithheld(): void {
    for (const kind of this.file.withheld)
      this.tellOfFile("withheld", part("story.withheld", { kind: text(kind) }));
    const shown = number(BigInt(this.file.openings.length));
    this.tellOfFile("withheld", part("story.openings", { shown }));
  }

  async all(): Promise<StoryLine[]> {
    for (const section of SECTIONS) {
      for (const one of this.found) await this.tellEntry(section, one);
      if (section === "device") await this.tellCa();
      if (section === "withheld") this.tellWithheld();
    }
    return this.lines;
  }
}

export function tellStory(file: PassportFile, found: readonly Found[]): Promise<StoryLine[]> {
  return new Telling(file, found).all();
}
