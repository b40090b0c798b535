// SPDX-License-Identifier: Apache-2.0
// Tests are sentences; the last line is `N passed, M failed`.
import "./webcrypto";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type StepId, type Verified, verifyPassport } from "../../console/src/verify/passport";
import type { Bytes } from "../../console/src/verify/bytes";
import { Unable, Wrong } from "../../console/src/verify/wrong";

const tests: [string, () => Promise<void> | void][] = [];

export function test(name: string, run: () => Promise<void> | void): void {
  tests.push([name.replaceAll("_", " "), run]);
}

export function same(found: unknown, wanted: unknown, what = ""): void {
  const told = (value: unknown): string =>
    JSON.stringify(value, (_, v) => (typeof v === "bigint" ? `${v}n` : v));
  if (told(found) !== told(wanted)) throw new Error(`${what}: ${told(found)} is not ${told(wanted)}`);
}

export async function runAll(): Promise<void> {
  let failed = 0;
  for (const [name, run] of tests) {
    try {
      await run();
    } catch (error) {
      failed++;
      console.log(`FAILED ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  console.log(`${tests.length - failed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || tests.length === 0 ? 1 : 0;
}

export async function refused(code: string, work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Wrong || error instanceof Unable) {
      same(error.code, code, "code");
      return;
    }
    throw error;
  }
  throw new Error(`it was taken; ${code} was expected`);
}

// ---- the stand-alone verifier beside ours ----

/** The first step that does not hold, in the words of `sealwright-verify`; "none" if the passport does. */
const SAYS: Record<StepId, string> = {
  parse: "file",
  checkpoint: "checkpoint",
  inclusion: "inclusion",
  chain: "chain",
  openings: "opening",
  authors: "signature",
  certificate: "device",
  approvals: "agreement",
  receipt: "agreement",
  witnesses: "none",
};

export interface Said {
  step: string;
  /** The record, where it is about one. */
  record: string;
}

export function said(verified: Verified): Said {
  const bad = verified.steps.find((step) => step.verdict === "bad");
  if (verified.verdict === "unknown") throw new Error("the verifier could not tell");
  if (bad === undefined) return { step: "none", record: "" };
  return { step: SAYS[bad.id], record: String(bad.at?.sequence ?? "") };
}

export class StandAlone {
  private readonly folder = mkdtempSync(join(tmpdir(), "console-verify-"));

  constructor(private readonly program: string) {}

  verify(data: Bytes, key: string, ...more: string[]): { said: Said; text: string } {
    const file = join(this.folder, "passport");
    writeFileSync(file, data);
    const done = spawnSync(this.program, [file, "--key", key, ...more], { encoding: "utf8" });
    if (done.status === 0) return { said: { step: "none", record: "" }, text: done.stdout };
    const [, step, record] = /^FAIL at step (\w+)(?:, record (\d+))?:/m.exec(done.stdout) ?? [];
    if (done.status !== 1 || step === undefined) throw new Error(`${this.program} ended with ${done.status}`);
    return { said: { step, record: record ?? "" }, text: done.stdout };
  }

  done(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Which step does not hold is the same, and at which record where the other one says it. */
export async function bothSay(other: StandAlone, data: Bytes, key: string, step?: string): Promise<Said> {
  const ours = said(await verifyPassport(data, { logKey: key }));
  if (step !== undefined) same(ours.step, step, "step");
  const theirs = other.verify(data, key, "--quiet").said;
  const sameRecord = theirs.record === "" || theirs.record === ours.record;
  if (ours.step !== theirs.step || !sameRecord) same(ours, theirs, "both");
  return ours;
}

/** Where several things may be wrong, which of them is told first is not the same: that it is wrong, is. */
export async function bothJudge(other: StandAlone, data: Bytes, key: string): Promise<Said> {
  const ours = said(await verifyPassport(data, { logKey: key }));
  const theirs = other.verify(data, key, "--quiet").said;
  if ((ours.step === "none") !== (theirs.step === "none")) same(ours, theirs, "both");
  return ours;
}
