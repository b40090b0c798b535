// SPDX-License-Identifier: Apache-2.0
// Which software came, went and changed between two bills.
import { Problem } from "../base/api";
import { useLoad } from "../base/load";
import { difference, NoSbom, readSbom } from "../base/sbom";
import { plural, t } from "../base/text";
import { Busy } from "./bits";
import { Refusal } from "./refusal";

type Read = ReturnType<typeof difference> | Problem | "no_sbom";

async function compare(from: string, to: string, signal: AbortSignal): Promise<Read> {
  try {
    return difference(await readSbom(from, signal), await readSbom(to, signal));
  } catch (e) {
    // A bill that cannot be had is one part of the page; the rest says what it says.
    if (e instanceof Problem) return e;
    if (e instanceof NoSbom) return "no_sbom";
    throw e;
  }
}

function Names(props: { title: string; rows: { name: string; text: string }[] }) {
  if (props.rows.length === 0) return null;
  return (
    <details open={props.rows.length <= 20}>
      <summary>{props.title}</summary>
      <ul class="names">
        {props.rows.map((row) => (
          <li key={row.name} data-raw>
            {row.name} {row.text}
          </li>
        ))}
      </ul>
    </details>
  );
}

export function SbomDifference(props: { from: string; to: string }) {
  const { from, to } = props;
  const loaded = useLoad(`${from} ${to}`, from === to ? undefined : (signal) => compare(from, to, signal));
  if (from === to) return <p>{t("sbom.same")}</p>;
  if (loaded.value === undefined) return <Busy text={t("sbom.comparing")} />;
  if (loaded.value === "no_sbom") return <p class="refusal">{t("sbom.unreadable")}</p>;
  if (loaded.value instanceof Problem) return <Refusal problem={loaded.value.document} />;
  const { added, removed, changed } = loaded.value;
  if (added.length + removed.length + changed.length === 0) return <p>{t("sbom.same_components")}</p>;
  return (
    <>
      <Names title={plural("sbom.added", added.length)} rows={added.map((c) => ({ name: c.name, text: c.version }))} />
      <Names title={plural("sbom.removed", removed.length)} rows={removed.map((c) => ({ name: c.name, text: c.version }))} />
      <Names title={plural("sbom.changed", changed.length)}
        rows={changed.map((c) => ({ name: c.name, text: `${c.from} → ${c.to}` }))} />
    </>
  );
}
