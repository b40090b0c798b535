// SPDX-License-Identifier: Apache-2.0
// What one firmware release changes against the last one of the same product and environment.
import type { ComponentChildren } from "preact";
import { type Row, view } from "../base/api";
import { useLoad } from "../base/load";
import { bytes, number, t } from "../base/text";
import { Busy, Digest, Raw } from "./bits";
import { Trouble } from "./refusal";
import { SbomDifference } from "./sbom_difference";

/** As much of a firmware release as is compared; digests in hexadecimal, "" for none. */
export interface Compared {
  product: string;
  environment: string;
  id: string;
  version: string;
  image: string;
  imageSize: number;
  securityVersion: number;
  configuration: string;
  sbom: string;
  /** What came before it: only entries before this one count. */
  since: number;
}

export function comparedRow(row: Row): Compared {
  const text = (name: string) => String(row[name] ?? "");
  return {
    product: text("product"),
    environment: text("environment"),
    id: text("firmware_release"),
    version: text("version"),
    image: text("image"),
    imageSize: Number(row["image_size"] ?? 0),
    securityVersion: Number(row["security_version"] ?? 0),
    configuration: text("configuration"),
    sbom: text("sbom"),
    since: Number(row["since"] ?? 0),
  };
}

async function previousOf(now: Compared, signal: AbortSignal): Promise<Compared | null> {
  const { product, environment } = now;
  const page = await view("firmware.releases", { product, environment, sort: "-since", limit: 100 }, signal);
  const before = page.rows.map(comparedRow).filter((row) => row.id !== now.id && row.since < now.since);
  return before[0] ?? null;
}

function Line(props: { name: string; from: ComponentChildren; to: ComponentChildren; same: boolean }) {
  return (
    <tr class={props.same ? "same" : "differs"}>
      <th scope="row">{props.name}</th>
      <td>{props.from}</td>
      <td>
        {props.to} {!props.same && <span class="state warn">{t("difference.changed")}</span>}
      </td>
    </tr>
  );
}

function digestOf(value: string): ComponentChildren {
  return <Digest of={value} />;
}

function Lines(props: { from: Compared; to: Compared }) {
  const { from, to } = props;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("difference.title")}>
      <table class="difference">
        <thead>
          <tr>
            <th scope="col">{t("difference.what")}</th>
            <th scope="col"><Raw>{from.id}</Raw></th>
            <th scope="col"><Raw>{to.id}</Raw></th>
          </tr>
        </thead>
        <tbody>
          <Line name={t("column.version")} from={<Raw>{from.version}</Raw>} to={<Raw>{to.version}</Raw>}
            same={from.version === to.version} />
          <Line name={t("column.image")} from={digestOf(from.image)} to={digestOf(to.image)} same={from.image === to.image} />
          <Line name={t("column.image_size")} from={<Raw>{bytes(from.imageSize)}</Raw>} to={<Raw>{bytes(to.imageSize)}</Raw>}
            same={from.imageSize === to.imageSize} />
          <Line name={t("column.security_version")} from={<Raw>{number(from.securityVersion)}</Raw>}
            to={<Raw>{number(to.securityVersion)}</Raw>} same={from.securityVersion === to.securityVersion} />
          <Line name={t("column.configuration")} from={digestOf(from.configuration)} to={digestOf(to.configuration)}
            same={from.configuration === to.configuration} />
          <Line name={t("column.sbom")} from={digestOf(from.sbom)} to={digestOf(to.sbom)} same={from.sbom === to.sbom} />
        </tbody>
      </table>
    </div>
  );
}

/** Devices never go back below the highest security version that they ran. */
function Warnings(props: { from: Compared; to: Compared }) {
  const { from, to } = props;
  return (
    <>
      {to.securityVersion < from.securityVersion && <p class="banner">{t("difference.security_lower")}</p>}
      {to.sbom === "" && <p class="banner">{t("difference.no_sbom")}</p>}
    </>
  );
}

export function FirmwareDifference(props: { of: Compared }) {
  const to = props.of;
  const key = `${to.product} ${to.environment} ${to.id}`;
  const loaded = useLoad(key, async (signal) => ({ previous: await previousOf(to, signal) }));
  return (
    <section>
      <h2>{t("difference.title")}</h2>
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {loaded.value === undefined && loaded.loading && <Busy text={t("loading")} />}
      {loaded.value?.previous === null && <p>{t("difference.first")}</p>}
      {loaded.value?.previous && (
        <>
          <Warnings from={loaded.value.previous} to={to} />
          <Lines from={loaded.value.previous} to={to} />
          {loaded.value.previous.sbom !== "" && to.sbom !== "" && (
            <>
              <h3>{t("sbom.title")}</h3>
              <SbomDifference from={loaded.value.previous.sbom} to={to.sbom} />
            </>
          )}
        </>
      )}
    </section>
  );
}
