// SPDX-License-Identifier: Apache-2.0
// One part lot: what came, what proves it, what is left of it, and where the rest went.
import { get, type Row, view } from "../base/api";
import { chain } from "../base/chain";
import { useLoad } from "../base/load";
import { useChanges } from "../base/stream";
import { number, t } from "../base/text";
import { Digest, Empty, EntryLink, Facts, Raw, type Subject, Time, Title } from "../parts/bits";
import { Grade, Holds, shipmentLink, supplierLink } from "../parts/columns";
import { Gates } from "../parts/gates";
import { HeldBy, HoldAct } from "../parts/held";
import { Trouble } from "../parts/refusal";
import { Share } from "../parts/share";
import { Story } from "../parts/chain_story";

function Certificates(props: { rows: Row[] }) {
  if (props.rows.length === 0) return <p>{t("part_lot.no_certificate")}</p>;
  const heads = ["grade", "document", "name", "quantity", "date_code", "author", "at"];
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("part_lot.certificates")}>
      <table>
        <thead>
          <tr>{heads.map((name) => <th key={name} scope="col">{t(`column.${name}`)}</th>)}<th scope="col">{t("column.seq")}</th></tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={String(row["seq"])}>
              <td><Grade of={row["grade"]} /></td>
              <td><Digest of={row["document"] as string | null} /></td>
              <td><Raw>{row["name"] ?? ""}</Raw></td>
              <td><Raw>{row["quantity"] ?? ""}</Raw></td>
              <td><Raw>{row["date_code"] ?? ""}</Raw></td>
              <td><Raw>{row["author"]}</Raw></td>
              <td><Time at={row["at"]} /></td>
              <td><EntryLink sequence={Number(row["seq"])} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** received = consumed + scrapped + split off + remaining; of what remains, some is at the line. */
function Balance(props: { row: Row }) {
  const n = (name: string) => Number(props.row[name] ?? 0);
  const atLine = Math.max(0, n("issued") - n("consumed"));
  return (
    <section aria-labelledby="balance-title">
      <h2 id="balance-title">{t("part_lot.balance")}</h2>
      <Share label={t("part_lot.balance")} whole={n("received")} parts={[
        { name: t("column.consumed"), n: n("consumed"), tone: "good" },
        { name: t("column.at_line"), n: atLine, tone: "accent" },
        { name: t("column.in_stock"), n: n("remaining") - atLine, tone: "plain" },
        { name: t("column.split"), n: n("split"), tone: "edge" },
        { name: t("column.scrapped"), n: n("scrapped"), tone: "bad" },
      ]} />
    </section>
  );
}

interface Reached {
  certain: number;
  possible: number;
}

function Affected(props: { of: Subject; changes: number }) {
  const { kind, within, id } = props.of;
  const loaded = useLoad(`reach ${within} ${id}`, (signal) =>
    get<Reached>("/v1/affected", { kind, within, id, limit: 1 }, signal), props.changes);
  const query = new URLSearchParams({ kind, within, id });
  return (
    <section aria-labelledby="reach-title">
      <h2 id="reach-title">{t("nav.affected")}</h2>
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {loaded.value !== undefined && (
        <p>
          <a href={`/affected?${query.toString()}`}>
            {t("part_lot.reached", { certain: number(loaded.value.certain), possible: number(loaded.value.possible) })}
          </a>
        </p>
      )}
    </section>
  );
}

export default function PartLot(props: { arguments: string[] }) {
  const [supplier = "", id = ""] = props.arguments;
  const subject: Subject = { kind: "part_lot", within: supplier, id };
  const changes = useChanges(({ subject: s }) => s?.kind === "part_lot" && s.within === supplier && s.id === id);
  const key = `part_lot ${supplier} ${id}`;
  const one = useLoad(key, (signal) => view("part_lot.list", { supplier, part_lot: id }, signal), changes);
  const certificates = useLoad(key, (signal) => view("conformance.of", { supplier, part_lot: id, limit: 1000 }, signal), changes);
  const told = useLoad(key, (signal) => chain("part_lot", supplier, id, signal), changes);
  const row = one.value?.rows[0];
  return (
    <>
      <Title actions={<HoldAct of={subject} onDone={one.again} />}>
        <span data-raw>{id}</span> <small data-raw>{supplier}</small>
      </Title>
      {one.problem !== undefined && <Trouble error={one.problem} />}
      {one.value !== undefined && row === undefined && (
        <Empty title={t("part_lot.unknown")}><a href="/part-lots">{t("nav.part_lots")}</a></Empty>
      )}
      {row !== undefined && (
        <>
          <Facts of={[
            [t("column.part"), <Raw>{row["part"]}</Raw>],
            [t("column.supplier"), supplierLink(row)],
            [t("column.grade"), <Grade of={row["grade"]} />],
            [t("column.holds"), <Holds n={row["holds"]} />],
            [t("column.site"), <Raw>{row["site"]}</Raw>],
            [t("column.date_code"), <Raw>{row["date_code"] ?? t("none")}</Raw>],
            [t("column.manufacturer_part"), <Raw>{row["manufacturer_part"] ?? t("none")}</Raw>],
            [t("column.purchase_order"), <Raw>{row["purchase_order"] ?? t("none")}</Raw>],
            [t("column.seal"), <Raw>{row["seal"] ?? t("none")}</Raw>],
            [t("column.shipment"), shipmentLink(row)],
          ]} />
          <HeldBy of={subject} changes={changes} />
          <Balance row={row} />
          <Affected of={subject} changes={changes} />
          <section aria-labelledby="certificates-title">
            <h2 id="certificates-title">{t("part_lot.certificates")}</h2>
            {certificates.problem !== undefined && <Trouble error={certificates.problem} />}
            {certificates.value !== undefined && <Certificates rows={certificates.value.rows} />}
          </section>
          <Gates of={subject} gates={["kit"]} />
          <Story of={told} about={subject} />
        </>
      )}
    </>
  );
}
