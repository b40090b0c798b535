// SPDX-License-Identifier: Apache-2.0
// Every record type, by area: what one may write first, then the others with what is missing.
import { useState } from "preact/hooks";
import { useLoad } from "../base/load";
import { may, type Me, useMe } from "../base/me";
import { named, t } from "../base/text";
import { readTypes, type RecordType, typeName } from "../base/types";
import { Busy, Empty, Raw, Title } from "../parts/bits";
import { Trouble } from "../parts/refusal";

/** Why not; undefined if one may. */
function obstacle(me: Me, type: RecordType): string | undefined {
  if (type.system === true) return t("record.system");
  if (type.permission === undefined || may(me, type.permission)) return undefined;
  return t("records.lacks", { permission: named(`permission.${type.permission}`, type.permission) });
}

function fits(type: RecordType, search: string): boolean {
  const words = `${type.name} ${typeName(type)} ${named(`area.${type.area}`, type.area)}`.toLowerCase();
  return search.toLowerCase().split(/\s+/).every((word) => words.includes(word));
}

function Entry(props: { type: RecordType; why: string | undefined }) {
  const { type, why } = props;
  return (
    <li class={why === undefined ? undefined : "dim"}>
      <a href={`/record/${encodeURIComponent(type.name)}`}>{typeName(type)}</a>{" "}
      <small><Raw>{type.name}</Raw></small>
      {why !== undefined && <div><small>{why}</small></div>}
    </li>
  );
}

function Area(props: { area: string; types: RecordType[]; me: Me }) {
  const reasons = props.types.map((type) => ({ type, why: obstacle(props.me, type) }));
  const sorted = [...reasons.filter((r) => r.why === undefined), ...reasons.filter((r) => r.why !== undefined)];
  return (
    <section>
      <h2>{named(`area.${props.area}`, props.area)}</h2>
      <ul class="types">
        {sorted.map(({ type, why }) => <Entry key={type.name} type={type} why={why} />)}
      </ul>
    </section>
  );
}

export default function RecordsPage() {
  const me = useMe();
  const [search, setSearch] = useState("");
  const loaded = useLoad("types", readTypes);
  const types = (loaded.value ?? []).filter((type) => fits(type, search.trim()));
  const areas = [...new Set(types.map((type) => type.area))];
  // Areas in which one may do something come first.
  const open = (area: string) => types.some((type) => type.area === area && obstacle(me, type) === undefined);
  const ordered = [...areas.filter(open), ...areas.filter((area) => !open(area))];
  return (
    <>
      <Title>{t("nav.records")}</Title>
      <p>{t("records.why")}</p>
      <label>
        {t("records.search")}
        <input type="search" value={search} onInput={(e) => setSearch(e.currentTarget.value)} />
      </label>
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {loaded.value === undefined && loaded.loading && <Busy text={t("loading")} />}
      {loaded.value !== undefined && types.length === 0 && <Empty title={t("records.none")} />}
      {ordered.map((area) => (
        <Area key={area} area={area} types={types.filter((type) => type.area === area)} me={me} />
      ))}
    </>
  );
}
