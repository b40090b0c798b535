// SPDX-License-Identifier: Apache-2.0
// Who had to agree and did: every decision that the signer answered is weighed again, by the charters that
// stand in the log.
import { type Bytes, equal, hex, utf8 } from "./bytes";
import type { Authors } from "./authors";
import { type Charter, type CharterKey, type KeyKind, parseCharter } from "./charter";
import { charterKey, charterRule, follows, staysFrom } from "./charter_rules";
import type { Sign1 } from "./cose";
import { sign1Holds } from "./cose";
import { spkiOfEd25519 } from "./crypto";
import { DOCUMENT_NAMES, parseAdmission, parseManifest } from "./documents";
import { type Entry, type Proof, hasEffect } from "./entry";
import { bytesField, digestField, numberField } from "./fields";
import { proofWrong } from "./proof";
import { parseSshsig } from "./sshsig";
import type { Found } from "./walk";
import { VOTES_MAX, type Vote, weigh } from "./weigh";
import { Wrong, about, need } from "./wrong";

const CLOCKS = 120000;

interface Class {
  type: string;
  name: string;
  manifest: boolean;
}

const CLASSES: readonly Class[] = [
  { type: "charter.revised", name: "charter", manifest: false },
  { type: "build.authorized", name: "build.authorize", manifest: false },
  { type: "firmware.released", name: "firmware.release", manifest: true },
  { type: "firmware.emergency", name: "firmware.emergency", manifest: true },
];

interface Revision {
  charter: Charter;
  /** By the signer's time. */
  from: number;
  /** Of each key: since when it is known; 0: since the first revision. */
  since: number[];
}

/** Every key that the log says it had may have signed a document of the signer. */
export async function signedByLog(
  logKey: Bytes,
  authors: Authors,
  document: { sign1: Sign1; payload: Bytes },
  name: string,
): Promise<boolean> {
  for (const raw of [logKey, ...authors.logKeys]) {
    if (await sign1Holds(document.sign1, spkiOfEd25519(raw), name, document.payload)) return true;
  }
  return false;
}

/** The digest of the record that a vote or an answer is about. */
function namedRecord(entry: Entry): string | null {
  const digest = digestField(entry.claim.body, "record");
  return digest === null ? null : hex(digest);
}

const PROOF_OF: Record<KeyKind, Proof["kind"]> = { cose: "cose", webauthn: "webauthn", sshsig: "sshsig" };

/** In the form that counts with the key, by the charter's own terms. */
async function holdsByCharter(c: Charter, key: CharterKey, entry: Entry): Promise<boolean> {
  const { proof } = entry;
  if (proof.kind !== PROOF_OF[key.kind]) return false;
  if ((await proofWrong(entry, key.spki, c.relyingParty ?? "")) !== null) return false;
  if (proof.kind !== "sshsig") return true;
  const sig = parseSshsig(proof.blob);
  if (key.application === null) return !sig.isToken || equal(sig.application, utf8("ssh:"));
  return sig.isToken && equal(sig.application, utf8(key.application));
}

function keeperInTime(c: Charter, vote: Vote, now: number): boolean {
  const rule = charterRule(c, "charter");
  return (
    rule !== null &&
    vote.made <= now + CLOCKS &&
    (vote.made >= now || now - vote.made <= rule.voteLife) &&
    (vote.notAfter === 0n || BigInt(now) <= vote.notAfter)
  );
}

/** One decision that the signer answered, and what counts for it. */
class Weighing {
  private readonly votes: Vote[] = [];
  private readonly keepers = new Set<number>();

  constructor(
    private readonly by: Revision,
    private readonly at: number,
    private readonly approvalClass: string,
    private readonly decision: Entry,
  ) {}

  /** False if it is of nobody whom the charter names, or does not hold. */
  async takeVote(entry: Entry): Promise<boolean> {
    const c = this.by.charter;
    if (this.votes.length === VOTES_MAX) return true;
    const id = entry.claim.key === null ? "" : hex(entry.claim.key);
    const key = charterKey(c, id);
    const keeper = c.recovery.find((one) => one.key.id === id)?.key ?? null;
    const holder = key ?? keeper;
    if (holder === null || !(await holdsByCharter(c, holder, entry))) return false;
    const vote: Vote = {
      key,
      made: entry.claim.made,
      notAfter: numberField(entry.claim.body, "not_after"),
      keySince: key === null ? 0 : (this.by.since[c.keys.indexOf(key)] ?? 0),
    };
    if (key === null && keeper !== null && keeperInTime(c, vote, this.at)) this.keepers.add(keeper.person);
    this.votes.push(vote);
    return true;
  }

  /** Throws Wrong unless those agreed who must. */
  async judge(): Promise<void> {
    const c = this.by.charter;
    const { claim } = this.decision;
    let more = false;
    if (this.approvalClass === "charter") {
      const next = await parseCharter(charterIn(this.decision) ?? new Uint8Array(0));
      const following = follows(c, next);
      need(following.wrong === null, following.wrong ?? "");
      more = following.more;
      if (c.recoveryNeed > 0 && this.keepers.size >= c.recoveryNeed) return;
    }
    const author = claim.key === null ? null : charterKey(c, hex(claim.key));
    const holds = author === null || (await holdsByCharter(c, author, this.decision));
    need(holds, "verify.wrong.agreement.proof");
    const { verdict } = weigh(c, {
      approvalClass: this.approvalClass,
      author,
      authorMade: claim.made,
      votes: this.votes,
      now: this.at,
      more: more ? 1 : 0,
    });
    need(verdict === "agreed", `verify.wrong.agreement.${verdict}`);
  }
}

function charterIn(entry: Entry): Bytes | null {
  const found = bytesField(entry.claim.body, "charter");
  return found === null || found.length === 0 ? null : found;
}

export class Agreement {
  /** Decisions that were weighed and hold. */
  weighed = 0;
  private readonly revisions: Revision[] = [];
  private readonly byDigest = new Map<string, Found>();

  constructor(
    private readonly found: readonly Found[],
    private readonly authors: Authors,
    private readonly logKey: Bytes,
  ) {
    for (const one of found) if (!this.byDigest.has(one.digest)) this.byDigest.set(one.digest, one);
  }

  get charter(): Charter | null {
    return this.revisions.at(-1)?.charter ?? null;
  }

  private claimBefore(digest: string, sequence: bigint): Entry | null {
    const one = this.byDigest.get(digest);
    return one !== undefined && one.sequence < sequence ? one.entry : null;
  }

  /** Entries of this type before `sequence` that name the decision. */
  private naming(type: string, digest: string, sequence: bigint): Entry[] {
    return this.found
      .filter((one) => one.sequence < sequence && one.entry.claim.type === type && hasEffect(one.entry))
      .map((one) => one.entry)
      .filter((entry) => namedRecord(entry) === digest);
  }

  private async takeCharter(document: Bytes | null, from: number): Promise<void> {
    const charter = await parseCharter(document ?? new Uint8Array(0));
    const last = this.revisions.at(-1);
    const since = charter.keys.map((key) => {
      if (last === undefined) return 0;
      const place = staysFrom(last.charter, charter, key);
      return place === null ? from : (last.since[place] ?? 0);
    });
    this.revisions.push({ charter, from, since });
  }

  private async takeFirst(document: Bytes, origin: string): Promise<void> {
    await this.takeCharter(document, 0);
    const { charter } = this;
    need(charter?.origin === origin && charter.revision === 1n, "verify.wrong.agreement.first_charter");
  }

  private async weighAdmission(document: Bytes, digest: string, decision: Entry, name: string, here: bigint) {
    const a = parseAdmission(document);
    const isOfIt = a.claim === digest && a.origin === decision.claim.origin && a.approvalClass === name;
    need(isOfIt, "verify.wrong.agreement.other_answer");
    const by = this.revisions.findLast((one) => one.charter.revision === a.charter);
    need(by !== undefined, "verify.wrong.agreement.charter_never");
    const signed = await signedByLog(this.logKey, this.authors, a, DOCUMENT_NAMES.admission);
    need(signed, "verify.wrong.agreement.not_log");
    const weighing = new Weighing(by, a.at, name, decision);
    for (const approval of a.approvals) {
      const vote = this.claimBefore(approval, here);
      const stands = vote?.claim.type === "approval.given" && hasEffect(vote) && namedRecord(vote) === digest;
      need(stands && (await weighing.takeVote(vote)), "verify.wrong.agreement.approval");
    }
    await weighing.judge();
    return a.at;
  }

  private async weighManifest(document: Bytes, digest: string, decision: Entry, name: string, here: bigint) {
    const m = parseManifest(document);
    need(m.claim === digest && m.origin === decision.claim.origin, "verify.wrong.agreement.other_answer");
    const by = this.revisions.findLast((one) => one.from <= m.at) ?? this.revisions[0];
    need(by !== undefined, "verify.wrong.agreement.charter_never");
    const weighing = new Weighing(by, m.at, name, decision);
    // Those whom the charter does not know are passed over.
    for (const vote of this.naming("approval.given", digest, here)) await weighing.takeVote(vote);
    await weighing.judge();
    return m.at;
  }

  private checkDenials(digest: string, here: bigint, at: number): void {
    const { charter } = this;
    const denied = this.naming("approval.denied", digest, here).some(
      ({ claim, witness }) =>
        claim.key !== null &&
        witness.at + CLOCKS < at &&
        charter !== null &&
        charterKey(charter, hex(claim.key)) !== null,
    );
    need(!denied, "verify.wrong.agreement.denied");
  }

  private wasAnswered(digest: string, here: bigint): boolean {
    return ["signer.admitted", "signer.refused"].some((type) => this.naming(type, digest, here).length > 0);
  }

  private async weighAnswer(answer: Found): Promise<void> {
    const here = answer.sequence;
    const document = bytesField(answer.entry.claim.body, "document") ?? new Uint8Array(0);
    const digest = namedRecord(answer.entry);
    need(digest !== null, "verify.wrong.agreement.names_none");
    if (this.wasAnswered(digest, here)) return;
    const decision = this.claimBefore(digest, here);
    const found = CLASSES.find((one) => one.type === decision?.claim.type);
    if (decision === null || found === undefined || !hasEffect(decision)) {
      need(!isDecided(document), "verify.wrong.agreement.no_decision");
      return;
    }
    const at = found.manifest
      ? await this.weighManifest(document, digest, decision, found.name, here)
      : await this.weighAdmission(document, digest, decision, found.name, here);
    this.checkDenials(digest, here, at);
    this.weighed++;
    if (found.name === "charter") await this.takeCharter(charterIn(decision), at);
  }

  /** Throws Wrong at the first answer of the signer that should not have been given. */
  async verify(): Promise<void> {
    for (const [i, one] of this.found.entries()) {
      if (!hasEffect(one.entry)) continue;
      const { claim } = one.entry;
      const first = i === 0 ? charterIn(one.entry) : null;
      await about(one.sequence, async () => {
        if (first !== null) await this.takeFirst(first, claim.origin);
        else if (this.charter !== null && claim.type === "signer.admitted") await this.weighAnswer(one);
      });
    }
  }
}

/** Whether it is the signer's answer to a decision at all: others are not weighed. */
function isDecided(document: Bytes): boolean {
  for (const parse of [parseAdmission, parseManifest]) {
    try {
      parse(document);
      return true;
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
    }
  }
  return false;
}
