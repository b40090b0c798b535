// SPDX-License-Identifier: Apache-2.0
// Every unit, how far it is and where. What is typed or scanned above leads straight to a unit.
import { useState } from "preact/hooks";
import { path, type Row, view } from "../base/api";
import { changed, go, usePlace } from "../base/router";
import { t } from "../base/text";
import { Empty, Title } from "../parts/bits";
import { UNIT_COLUMNS } from "../parts/columns";
import { List } from "../parts/list";
import { Trouble } from "../parts/refusal";

/** A serial may have a slash of its own; what is no serial as a whole is a product and a serial. */
async function unitsCalled(said: string): Promise<Row[]> {
  const whole = (await view("unit.list", { serial: said, limit: 2 })).rows;
  const slash = said.indexOf("/");
  if (whole.length > 0 || slash < 1) return whole;
  return (await view("unit.list", { product: said.slice(0, slash), serial: said.slice(slash + 1), limit: 2 })).rows;
}

function Find() {
  const place = usePlace();
  const [nothing, setNothing] = useState("");
  const [error, setError] = useState<unknown>();
  const find = async (said: string) => {
    setNothing("");
    setError(undefined);
    try {
      const [row, ...more] = await unitsCalled(said);
      if (row !== undefined && more.length === 0) go(path("unit", String(row["product"]), String(row["serial"])));
      else if (row !== undefined) go(changed(place, { serial: said, cursor: "" }));
      else setNothing(said);
    } catch (e) {
      setError(e);
    }
  };
  return (
    <>
      <form class="find" role="search"
        onSubmit={(e) => {
          e.preventDefault();
          const said = String(new FormData(e.currentTarget).get("unit") ?? "").trim();
          if (said !== "") void find(said);
        }}>
        <label>
          {t("units.find")}
          <input name="unit" type="search" autocomplete="off" maxLength={129} placeholder="S1Y99T-001" />
        </label>
        <button>{t("units.go")}</button>
      </form>
      {nothing !== "" && <p class="away" role="alert">{t("units.unknown", { serial: nothing })}</p>}
      {error !== undefined && <Trouble error={error} />}
    </>
  );
}

export default function Units(_: { arguments: string[] }) {
  return (
    <>
      <Title>{t("nav.units")}</Title>
      <Find />
      <List view="unit.list" columns={UNIT_COLUMNS} caption={t("nav.units")}
        concerns={(happening) => happening.subject?.kind === "unit"}
        empty={<Empty title={t("units.empty")}><a href="/authorizations">{t("nav.authorizations")}</a></Empty>} />
    </>
  );
}
