// SPDX-License-Identifier: Apache-2.0
// Every firmware release, the newest first.
import type { Row } from "../base/api";
import { path } from "../base/api";
import type { Happening } from "../base/stream";
import { t } from "../base/text";
import { may, useMe } from "../base/me";
import { wordName } from "../base/types";
import { Empty, State, Title } from "../parts/bits";
import { type Column, List } from "../parts/list";

function text(row: Row, name: string): string {
  return String(row[name] ?? "");
}

function Standing(props: { row: Row }) {
  const { row } = props;
  const review = row["reviewed"] === null ? "firmware.unreviewed" : "firmware.reviewed";
  return (
    <>
      <State of={text(row, "state")} /> {Number(row["emergency"]) === 1 && <span class="state warn">{t(review)}</span>}
    </>
  );
}

const COLUMNS: Column[] = [
  {
    name: "firmware_release",
    sort: true,
    filter: "has",
    show: (row) => <a href={path("firmware", text(row, "product"), text(row, "firmware_release"))} data-raw>{text(row, "firmware_release")}</a>,
  },
  { name: "version", sort: true, filter: "has" },
  { name: "product", sort: true, filter: "is" },
  { name: "environment", filter: ["development", "staging", "production"], show: (row) => wordName(text(row, "environment")) },
  { name: "state", filter: ["released", "withdrawn"], show: (row) => <Standing row={row} /> },
  { name: "security_version", sort: true, wide: true },
  { name: "at", sort: true, wide: true },
];

export function concernsFirmware(happening: Happening): boolean {
  return happening.type.startsWith("firmware.") || happening.type === "sbom.checked" || happening.outcome === "executes";
}

export default function FirmwarePage() {
  const me = useMe();
  const make = may(me, "firmware.release") ? <a href="/record/firmware.released">{t("firmware.make")}</a> : undefined;
  return (
    <>
      <Title actions={make}>{t("nav.firmware")}</Title>
      <List view="firmware.releases" columns={COLUMNS} order="-since" caption={t("nav.firmware")} concerns={concernsFirmware}
        empty={<Empty title={t("firmware.none")}><a href="/record/firmware.released">{t("firmware.make")}</a></Empty>} />
    </>
  );
}
