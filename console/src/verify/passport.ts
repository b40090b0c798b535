// SPDX-License-Identifier: Apache-2.0
// A unit's passport verified step by step. Each step says what it found, and at which record; a step that
// rests on one that does not hold is left out, not guessed.
import { Agreement } from "./agreement";
import { type Authors, verifyAuthors } from "./authors";
import type { Bytes } from "./bytes";
import { Issue, verifyDevice } from "./issue";
import { type Checkpoint, type Note, noteVerdict, parseCheckpoint, parseNote, parseNoteKey } from "./note";
import type { NoteKey } from "./note";
import { type PassportFile, parsePassport } from "./passport_file";
import { type Found, verifyCa, verifyChains, verifyInLog, verifyOpenings } from "./walk";
import { Unable, type Values, Wrong, need } from "./wrong";

export const STEPS = [
  "parse",
  "checkpoint",
  "inclusion",
  "chain",
  "openings",
  "authors",
  "certificate",
  "approvals",
  "receipt",
  "witnesses",
] as const;
export type StepId = (typeof STEPS)[number];
export type StepVerdict = "good" | "bad" | "unknown" | "skipped";

export interface Step {
  id: StepId;
  verdict: StepVerdict;
  at?: { sequence: bigint };
  /** Name of a text in messages/console. */
  code: string;
  values: Values;
}

/** What holds, and is worth knowing all the same. */
export interface Remark {
  code: string;
  values: Values;
}

export interface Passport {
  file: PassportFile;
  note: Note;
  checkpoint: Checkpoint;
  found: Found[];
  authors: Authors;
  agreement: Agreement;
  issue: Issue;
}

export interface Verified {
  steps: Step[];
  verdict: "good" | "bad" | "unknown";
  remarks: Remark[];
  /** As far as it could be verified. */
  passport: Partial<Passport>;
}

export interface Trusted {
  /** Verifier key of the log: get it from somebody whom you trust, not with the passport. */
  logKey?: string;
}

interface Done {
  code?: string;
  values?: Values;
  verdict?: "skipped";
}

// What each step rests on.
const RESTS_ON: Record<StepId, readonly StepId[]> = {
  parse: [],
  checkpoint: ["parse"],
  inclusion: ["checkpoint"],
  chain: ["inclusion"],
  openings: ["inclusion"],
  authors: ["inclusion", "chain"],
  certificate: ["authors"],
  approvals: ["authors"],
  receipt: ["certificate", "approvals"],
  witnesses: ["approvals"],
};

class Run {
  readonly steps: Step[] = [];
  readonly remarks: Remark[] = [];
  readonly passport: Partial<Passport> = {};
  private key: NoteKey | null = null;

  constructor(
    private readonly data: Bytes,
    private readonly trusted: Trusted,
    private readonly onStep: ((step: Step) => void) | undefined,
  ) {}

  private blocker(id: StepId): StepId | null {
    const failed = this.steps.filter((step) => step.verdict !== "good").map((step) => step.id);
    return RESTS_ON[id].find((one) => failed.includes(one)) ?? null;
  }

  private failure(id: StepId, error: unknown): Step {
    if (error instanceof Unable) return { id, verdict: "unknown", code: error.code, values: {} };
    if (!(error instanceof Wrong)) throw error;
    const at = error.at === null ? {} : { at: { sequence: error.at } };
    return { id, verdict: "bad", ...at, code: error.code, values: error.values };
  }

  private async step(id: StepId): Promise<Step> {
    const blocker = this.blocker(id);
    if (blocker !== null) return { id, verdict: "skipped", code: `verify.skipped.${blocker}`, values: {} };
    try {
      const { verdict = "good", code = `verify.good.${id}`, values = {} } = await this[id]();
      return { id, verdict, code, values };
    } catch (error) {
      return this.failure(id, error);
    }
  }

  async all(): Promise<Verified> {
    for (const id of STEPS) {
      const step = await this.step(id);
      this.steps.push(step);
      this.onStep?.(step);
    }
    const has = (verdict: StepVerdict): boolean => this.steps.some((step) => step.verdict === verdict);
    const verdict = has("bad") ? "bad" : has("unknown") ? "unknown" : "good";
    return { steps: this.steps, verdict, remarks: this.remarks, passport: this.passport };
  }

  /** What an earlier step made: a step runs only if those that it rests on were good. */
  private made<K extends keyof Passport>(name: K): Passport[K] {
    const value = this.passport[name];
    if (value === undefined) throw new Error(`${name} was not made`);
    return value;
  }

  private get logKey(): NoteKey {
    if (this.key === null) throw new Error("the log's key was not read");
    return this.key;
  }

  // ---- the steps ----

  private async parse(): Promise<Done> {
    const file = await parsePassport(this.data);
    this.passport.file = file;
    return { values: { entries: String(file.entries.length), bytes: String(this.data.length) } };
  }

  private async checkpoint(): Promise<Done> {
    const { logKey } = this.trusted;
    if (logKey === undefined || logKey.trim() === "") throw new Unable("verify.unable.no_key");
    this.key = await parseNoteKey(logKey.trim());
    if (this.key === null) throw new Unable("verify.unable.bad_key");
    const note = parseNote(this.made("file").note);
    const { verdict } = await noteVerdict(note, this.key);
    need(verdict === "good", `verify.wrong.checkpoint.${verdict}`, { name: this.key.name });
    const checkpoint = parseCheckpoint(note.text);
    Object.assign(this.passport, { note, checkpoint });
    return { values: { name: this.key.name, size: String(checkpoint.head.size) } };
  }

  private async inclusion(): Promise<Done> {
    const found = await verifyInLog(this.made("file"), this.made("checkpoint"));
    this.passport.found = found;
    return { values: { entries: String(found.length) } };
  }

  private async chain(): Promise<Done> {
    verifyChains(this.made("file"), this.made("found"));
    const { last, withheld } = this.made("file");
    for (const kind of withheld) this.remarks.push({ code: "verify.remark.withheld", values: { kind } });
    return last === null ? { code: "verify.good.chain.version1" } : { values: { last: String(last) } };
  }

  private async openings(): Promise<Done> {
    const { openings } = this.made("file");
    verifyOpenings(openings, this.made("found"));
    return openings.length === 0
      ? { code: "verify.good.openings.none" }
      : { values: { openings: String(openings.length) } };
  }

  private async authors(): Promise<Done> {
    const authors = await verifyAuthors(this.made("found"));
    this.passport.authors = authors;
    const { signed, reported, passkeys, succeeded, mode } = authors;
    if (passkeys > 0)
      this.remarks.push({ code: "verify.remark.passkeys", values: { passkeys: String(passkeys) } });
    if (succeeded) this.remarks.push({ code: "verify.remark.succeeded", values: {} });
    if (mode !== "founded") this.remarks.push({ code: "verify.remark.not_founded", values: {} });
    return { values: { signed: String(signed), reported: String(reported) } };
  }

  private async certificate(): Promise<Done> {
    const file = this.made("file");
    await verifyCa(file, this.made("found"));
    const n = await verifyDevice(file, this.made("found"));
    if (n === 0) return { code: "verify.good.certificate.none" };
    return file.ca.length === 0 ? { code: "verify.good.certificate.no_ca" } : {};
  }

  private async approvals(): Promise<Done> {
    const agreement = new Agreement(this.made("found"), this.made("authors"), this.logKey.raw);
    await agreement.verify();
    this.passport.agreement = agreement;
    return agreement.charter === null
      ? { code: "verify.good.approvals.no_charter" }
      : { values: { decisions: String(agreement.weighed), revision: String(agreement.charter.revision) } };
  }

  private async receipt(): Promise<Done> {
    const hasCharter = this.made("agreement").charter !== null;
    const issue = new Issue(
      this.made("file"),
      this.made("found"),
      this.made("authors"),
      this.logKey.raw,
      hasCharter,
    );
    await issue.verify();
    this.passport.issue = issue;
    const { receipt, manifest } = issue;
    if (receipt === null || manifest === null) return { code: "verify.good.receipt.none" };
    const { release, version } = manifest;
    return { values: { n: String(receipt.n), of: String(receipt.of), release, version } };
  }

  /**
   * Witnesses whom the charter names. A cosignature that does not hold proves nothing, and takes nothing
   * away.
   */
  private async witnesses(): Promise<Done> {
    const named = this.made("agreement").charter?.witnesses ?? [];
    const names: string[] = [];
    let time = 0n;
    for (const text of named) {
      const key = await parseNoteKey(text);
      const found = key === null ? null : await noteVerdict(this.made("note"), key);
      if (key === null || found?.verdict !== "good") continue;
      names.push(key.name);
      if (found.time > time) time = found.time;
    }
    if (named.length === 0) return { verdict: "skipped", code: "verify.skipped.no_witnesses" };
    if (names.length === 0) return { verdict: "skipped", code: "verify.skipped.not_cosigned" };
    return { values: { names: names.join(", "), time: new Date(Number(time) * 1000).toISOString() } };
  }
}

/** Verifies a passport; `onStep` is told of each step as it is made. Never throws for what a file says. */
export function verifyPassport(
  data: Uint8Array,
  trusted: Trusted,
  onStep?: (step: Step) => void,
): Promise<Verified> {
  return new Run(new Uint8Array(data), trusted, onStep).all();
}
