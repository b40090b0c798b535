// SPDX-License-Identifier: Apache-2.0
// That the unit was issued by right: its certificate is for its key, the signer's receipt names its request,
// its certificate and a build authorization that was admitted; and the firmware that it was given has its
// manifest.
import { signedByLog } from "./agreement";
import type { Authors } from "./authors";
import { type Bytes, NO_BYTES, hex } from "./bytes";
import { sha256Hex } from "./crypto";
import {
  DOCUMENT_NAMES,
  type Manifest,
  type Receipt,
  parseAdmission,
  parseManifest,
  parseReceipt,
} from "./documents";
import { sameSubject } from "./entry";
import { bytesField, digestField, numberField, textField } from "./fields";
import type { PassportFile } from "./passport_file";
import type { Found } from "./walk";
import { about, need, needAt } from "./wrong";
import { certificateWrong } from "./x509";

function ofUnit(file: PassportFile, found: readonly Found[]): Found[] {
  return found.filter((one) => sameSubject(one.entry.witness.subject, file.subject));
}

/** Throws Wrong at a certificate that is not this unit's. Returns how many there are. */
export async function verifyDevice(file: PassportFile, found: readonly Found[]): Promise<number> {
  let spki: Bytes = NO_BYTES;
  let n = 0;
  for (const { sequence, entry } of ofUnit(file, found)) {
    if (entry.witness.outcome !== "folded") continue;
    if (entry.claim.type === "unit.requested") {
      const key = entry.witness.outputs.findLast((output) => output.name === "spki")?.value;
      if (key !== undefined) spki = key instanceof Uint8Array ? key : NO_BYTES;
    }
    if (entry.claim.type !== "certificate.issued") continue;
    const certificate = bytesField(entry.claim.body, "certificate") ?? NO_BYTES;
    const wrong = await certificateWrong(certificate, file.ca, spki, file.subject);
    needAt(wrong === null, wrong ?? "", sequence);
    n++;
  }
  return n;
}

interface Unit {
  request: Found | null;
  issued: Found | null;
  receipt: Bytes;
  certificate: string;
  /** Number of the firmware release that it was programmed with. */
  programmed: string;
}

async function gather(file: PassportFile, found: readonly Found[]): Promise<Unit> {
  const unit: Unit = { request: null, issued: null, receipt: NO_BYTES, certificate: "", programmed: "" };
  for (const one of ofUnit(file, found)) {
    const { claim, witness } = one.entry;
    if (claim.type === "unit.requested") {
      unit.request = one;
    } else if (claim.type === "certificate.issued") {
      unit.issued = one;
      unit.certificate = await sha256Hex(bytesField(claim.body, "certificate") ?? NO_BYTES);
      unit.receipt = bytesField(claim.body, "receipt") ?? NO_BYTES;
    } else if (claim.type === "unit.programmed" && witness.outcome === "folded") {
      unit.programmed = textField(claim.body, "release");
    }
  }
  return unit;
}

function recordNamed(one: Found): string {
  const digest = digestField(one.entry.claim.body, "record");
  return digest === null ? "" : hex(digest);
}

export class Issue {
  receipt: Receipt | null = null;
  manifest: Manifest | null = null;

  constructor(
    private readonly file: PassportFile,
    private readonly found: readonly Found[],
    private readonly authors: Authors,
    private readonly logKey: Bytes,
    private readonly hasCharter: boolean,
  ) {}

  /** The answer of the signer to this record; the last one stands. */
  private answerTo(digest: string): Bytes {
    const answer = this.found.findLast(
      (one) => one.entry.claim.type === "signer.admitted" && recordNamed(one) === digest,
    );
    return answer === undefined ? NO_BYTES : (bytesField(answer.entry.claim.body, "document") ?? NO_BYTES);
  }

  private byDigest(digest: string): Found | null {
    return this.found.find((one) => one.digest === digest) ?? null;
  }

  private release(number: string): Found | null {
    const isIt = (one: Found): boolean =>
      ["firmware.released", "firmware.emergency"].includes(one.entry.claim.type) &&
      textField(one.entry.claim.body, "release") === number &&
      this.answerTo(one.digest).length > 0;
    return this.found.find(isIt) ?? null;
  }

  private signed(document: Parameters<typeof signedByLog>[2], name: string): Promise<boolean> {
    return signedByLog(this.logKey, this.authors, document, name);
  }

  private async checkReceipt(unit: Unit): Promise<Receipt> {
    const receipt = parseReceipt(unit.receipt);
    need(await this.signed(receipt, DOCUMENT_NAMES.receipt), "verify.wrong.receipt.not_log");
    const isOfUnit =
      unit.request !== null &&
      receipt.origin === unit.request.entry.claim.origin &&
      receipt.request === unit.request.digest &&
      receipt.certificate === unit.certificate;
    need(isOfUnit, "verify.wrong.receipt.other_unit");
    return receipt;
  }

  private async checkBuild(receipt: Receipt): Promise<Found> {
    const build = this.byDigest(receipt.authorization);
    need(build?.entry.claim.type === "build.authorized", "verify.wrong.receipt.no_build");
    const { body, origin } = build.entry.claim;
    need(numberField(body, "quantity") === BigInt(receipt.of), "verify.wrong.receipt.quantity");
    const document = this.answerTo(build.digest);
    need(document.length > 0, "verify.wrong.receipt.no_admission");
    const a = parseAdmission(document);
    const isOfIt = a.claim === build.digest && a.origin === origin && a.approvalClass === "build.authorize";
    const holds = isOfIt && (await this.signed(a, DOCUMENT_NAMES.admission));
    need(holds, "verify.wrong.receipt.other_admission");
    for (const approval of a.approvals) {
      const vote = this.byDigest(approval);
      const stands = vote?.entry.claim.type === "approval.given" && recordNamed(vote) === a.claim;
      need(stands, "verify.wrong.receipt.no_approval");
    }
    need(receipt.at >= a.at, "verify.wrong.receipt.early");
    return build;
  }

  /** What runs: by a permit that may be a later release than the authorized one. */
  private checkFirmware(unit: Unit, build: Found): Manifest {
    const authorized = textField(build.entry.claim.body, "release");
    const release = this.release(unit.programmed) ?? this.release(authorized);
    need(release !== null, "verify.wrong.firmware.not_here");
    const m = parseManifest(this.answerTo(release.digest));
    const { body, origin, type } = release.entry.claim;
    const image = digestField(body, "image");
    const says =
      m.claim === release.digest &&
      m.origin === origin &&
      image !== null &&
      hex(image) === m.image &&
      numberField(body, "image_size") === m.imageSize &&
      numberField(body, "security_version") === m.securityVersion &&
      textField(body, "release") === m.release &&
      textField(body, "product") === m.product &&
      textField(body, "environment") === m.environment &&
      textField(body, "version") === m.version &&
      m.emergency === (type === "firmware.emergency");
    needAt(says, "verify.wrong.firmware.other", release.sequence);
    return m;
  }

  /**
   * Throws Wrong unless the unit was issued by right; a log from before there were charters has no receipts.
   */
  async verify(): Promise<void> {
    const unit = await gather(this.file, this.found);
    if (unit.receipt.length === 0) {
      need(!this.hasCharter || unit.issued === null, "verify.wrong.receipt.missing");
      return;
    }
    await about(unit.issued?.sequence ?? 0n, async () => {
      this.receipt = await this.checkReceipt(unit);
      const build = await this.checkBuild(this.receipt);
      this.manifest = this.checkFirmware(unit, build);
    });
  }
}
