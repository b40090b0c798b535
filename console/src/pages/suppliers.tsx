// SPDX-License-Identifier: Apache-2.0
// Who we buy from, and whose approval ends soon: first what somebody must renew.
import { path, view } from "../base/api";
import { useLoad } from "../base/load";
import { t } from "../base/text";
import { Empty, Time, Title } from "../parts/bits";
import { supplierLink } from "../parts/columns";
import { List } from "../parts/list";

const SOON_MS = 90 * 86400_000;

function Ending() {
  const loaded = useLoad("ending", (signal) =>
    view("supplier.ending", { before: new Date(Date.now() + SOON_MS).toISOString(), limit: 1000 }, signal));
  const rows = [...(loaded.value?.rows ?? [])].sort((a, b) => Number(a["expires"]) - Number(b["expires"]));
  if (rows.length === 0) return null;
  return (
    <section aria-labelledby="ending-title" class="trouble">
      <h2 id="ending-title">{t("suppliers.ending")}</h2>
      <ul>
        {rows.map((row) => (
          <li key={String(row["supplier"])}>
            <a href={path("supplier", String(row["supplier"]))} data-raw>{row["supplier"]}</a>{" "}
            {t("suppliers.ends")} <Time at={row["expires"]} relative />
          </li>
        ))}
      </ul>
    </section>
  );
}

export default function Suppliers(_: { arguments: string[] }) {
  return (
    <>
      <Title actions={<a href="/record/supplier.registered">{t("suppliers.register")}</a>}>{t("nav.suppliers")}</Title>
      <Ending />
      <List view="supplier.list" caption={t("nav.suppliers")} concerns={({ subject }) => subject?.kind === "supplier"}
        columns={[
          { name: "supplier", filter: "has", sort: true, show: supplierLink },
          { name: "name", filter: "has", sort: true },
          { name: "state", filter: ["registered", "approved", "suspended"], sort: true },
          { name: "tier", sort: true },
          { name: "class", filter: "is", sort: true },
          { name: "country", filter: "is", sort: true },
          { name: "expires", sort: true },
          { name: "approver", wide: true },
          { name: "since", wide: true },
        ]}
        empty={<Empty title={t("suppliers.empty")}><a href="/record/supplier.registered">{t("suppliers.register")}</a></Empty>} />
    </>
  );
}
