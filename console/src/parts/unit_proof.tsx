// SPDX-License-Identifier: Apache-2.0
// What proves a unit: its device certificate, how much of its story a checkpoint covers, and its passport to take along.
import { useState } from "preact/hooks";
import { getBytes, path, view } from "../base/api";
import { fromHex } from "../base/base64";
import type { Chain } from "../base/chain";
import { save } from "../base/download";
import { useLoad } from "../base/load";
import { may, useMe } from "../base/me";
import { plural, t } from "../base/text";
import { textOf } from "../verify/bytes";
import { openCheckpoint } from "../verify/note";
import { parseCertificate } from "../verify/x509";
import { Busy, Digest, Facts, Raw, Time } from "./bits";
import { Trouble } from "./refusal";

const COMMON_NAME = "550403";
/** RFC 5280 section 4.1.2.5: no date is known at which it ends. */
const NO_END = "9999-12-31T23:59:59Z";

interface Shown {
  issuer: string;
  number: string;
  from: string;
  until: string;
}

function opened(certificate: string): Shown | undefined {
  try {
    const found = parseCertificate(fromHex(certificate));
    const name = found.issuerAttributes.find((a) => a.oid === COMMON_NAME)?.value;
    const issuer = name === undefined ? "" : (textOf(name) ?? "");
    return { issuer, number: found.number, from: found.notBefore, until: found.notAfter };
  } catch {
    return undefined;
  }
}

export function DeviceCertificate(props: { product: string; serial: string; changes: number }) {
  const { product, serial, changes } = props;
  const loaded = useLoad(`certificate ${product} ${serial}`,
    (signal) => view("unit.certificate", { product, serial }, signal), changes);
  const row = loaded.value?.rows[0];
  const shown = typeof row?.["certificate"] === "string" ? opened(row["certificate"]) : undefined;
  return (
    <section aria-labelledby="certificate-title">
      <h2 id="certificate-title">{t("unit.certificate")}</h2>
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {loaded.value !== undefined && row === undefined && <p>{t("unit.no_certificate")}</p>}
      {row !== undefined && shown === undefined && <p class="away">{t("unit.certificate_unread")}</p>}
      {row !== undefined && shown !== undefined && (
        <Facts of={[
          [t("unit.issuer"), <Raw>{shown.issuer}</Raw>],
          [t("unit.number"), <span class="long" data-raw>{shown.number}</span>],
          [t("unit.from"), <Time at={shown.from} />],
          [t("unit.until"), shown.until === NO_END ? t("unit.no_end") : <Time at={shown.until} />],
          [t("column.key_id"), <Digest of={row["key_id"] as string | null} />],
          [t("column.certificate_digest"), <Digest of={row["certificate_digest"] as string | null} />],
        ]} />
      )}
    </section>
  );
}

export function Proofs(props: { of: Chain | undefined; product: string; serial: string }) {
  const records = props.of?.entries ?? [];
  const last = records.at(-1)?.witness.sequence ?? 0;
  const loaded = useLoad(`checkpoint ${last}`, async (signal) =>
    openCheckpoint(await getBytes("/log/checkpoint", undefined, signal)).checkpoint);
  const size = loaded.value === undefined ? undefined : Number(loaded.value.head.size);
  const covered = records.filter((e) => size !== undefined && e.witness.sequence < size).length;
  const query = new URLSearchParams({ product: props.product, serial: props.serial });
  return (
    <section aria-labelledby="proofs-title">
      <h2 id="proofs-title">{t("unit.proofs")}</h2>
      {size === undefined && loaded.loading && <Busy text={t("loading")} />}
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {size !== undefined && (
        <p>
          {covered === records.length
            ? plural("unit.covered", covered, { size })
            : plural("unit.waiting", records.length - covered, { size })}
        </p>
      )}
      <p><a href={`/verify?${query.toString()}`}>{t("unit.verify")}</a></p>
    </section>
  );
}

export function Passport(props: { product: string; serial: string }) {
  const me = useMe();
  const { product, serial } = props;
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const take = async (show: "confidential" | undefined) => {
    setBusy(true);
    setError(undefined);
    try {
      const file = await getBytes("/v1/passport" + path(product, serial), { show });
      save(`${product}-${serial}.passport`, "application/vnd.sealwright.passport+cbor", file);
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  };
  if (!may(me, "passport.read")) return null;
  return (
    <section aria-labelledby="passport-title">
      <h2 id="passport-title">{t("unit.passport")}</h2>
      <p>{t("unit.passport_means")}</p>
      <div class="actions">
        <button type="button" class="primary" disabled={busy} onClick={() => void take(undefined)}>{t("unit.download")}</button>
        {may(me, "passport.confidential") && (
          <button type="button" disabled={busy} onClick={() => void take("confidential")}>{t("unit.download_all")}</button>
        )}
      </div>
      {busy && <Busy text={t("unit.gathering")} />}
      {error !== undefined && <Trouble error={error} />}
    </section>
  );
}
