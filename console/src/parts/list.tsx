// SPDX-License-Identifier: Apache-2.0
// A list is a view of the API. Filter, order and place stand in the address, so that it can be shared.
import type { ComponentChildren } from "preact";
import { type Cell, type Query, type Row, view, viewAll } from "../base/api";
import { useLoad } from "../base/load";
import { changed, go, type Place, usePlace } from "../base/router";
import { type Happening, useChanges } from "../base/stream";
import { named, number, plural, t } from "../base/text";
import { Busy, Digest, Empty, State, Time } from "./bits";
import { Closed } from "./closed";
import { Export } from "./export";
import { Trouble } from "./refusal";
import { Typed } from "./typed";

export interface Column {
  name: string;
  /** How a cell is drawn; else by the column's name. */
  show?: (row: Row) => ComponentChildren;
  /** Filtering: exact text, part of a text, or one of these values. */
  filter?: "is" | "has" | string[];
  sort?: boolean;
  /** Left out on narrow screens. */
  wide?: boolean;
}

export interface ListProps {
  view: string;
  columns: Column[];
  /** Parameters of the view that the page decides. */
  fixed?: Query;
  /** The order when the address names none: "column" or "-column". */
  order?: string;
  /** Which happenings make it read again. */
  concerns?: (happening: Happening) => boolean;
  empty: ComponentChildren;
  /** Lets two lists of one page keep their state apart in the address. */
  prefix?: string;
  caption: string;
}

const TIMES = /^(at|since|until|when|made|occurred|expires|issued|ended|started|not_before|not_after|last_at|first_at|closed|usable_from)$|_(at|until|by)$/;
const DIGESTS = /(^|_)(digest|key|key_id|image|sbom|evidence|certificate_digest)$/;

/** Ids up to so many characters stay on one line. */
const SHORT = 28;

/** A cell as a person reads it. `since` is a sequence in most views: views that mean a time say `at`. */
export function shownCell(name: string, value: Cell | undefined): ComponentChildren {
  if (value === null || value === undefined || value === "") return <span class="nothing">{t("none")}</span>;
  if (typeof value === "number") {
    if (TIMES.test(name) && value > 1e11) return <Time at={value} />;
    if (name === "seq" || name === "sequence" || name === "since") return <a href={`/entry/${value}`} data-raw>#{value}</a>;
    return <span data-raw>{number(value)}</span>;
  }
  if (name === "state") return <State of={value} />;
  if (DIGESTS.test(name) && /^[0-9a-f]{40,}$/.test(value)) return <Digest of={value} />;
  return <span data-raw class={value.length <= SHORT ? "id" : undefined}>{value}</span>;
}

interface Asked {
  query: Query;
  sort: string;
  cursor: string;
  filters: Map<string, string>;
}

function asked(place: Place, props: ListProps): Asked {
  const prefix = props.prefix ?? "";
  const filters = new Map<string, string>();
  const query: Query = { ...props.fixed };
  for (const column of props.columns) {
    const value = place.query.get(`${prefix}${column.name}`) ?? "";
    if (column.filter === undefined || value === "") continue;
    filters.set(column.name, value);
    query[`${column.filter === "has" ? "like" : "where"}.${column.name}`] = value;
  }
  const sort = place.query.get(`${prefix}sort`) ?? props.order ?? "";
  const cursor = place.query.get(`${prefix}cursor`) ?? "";
  return { query: { ...query, sort }, sort, cursor, filters };
}

function Filter(props: { column: Column; value: string; set: (value: string) => void }) {
  const { column } = props;
  const label = named(`column.${column.name}`, column.name);
  if (Array.isArray(column.filter)) {
    return (
      <label>
        {label}
        <select value={props.value} onChange={(e) => props.set(e.currentTarget.value)}>
          <option value="">{t("list.any")}</option>
          {column.filter.map((word) => (
            <option key={word} value={word}>{named(`state.${word}`, named(`kind.${word}`, word))}</option>
          ))}
        </select>
      </label>
    );
  }
  return (
    <label>
      {label}
      <Typed type="search" value={props.value} set={props.set} />
    </label>
  );
}

function Head(props: { columns: Column[]; sort: string; order: (sort: string) => void }) {
  return (
    <tr>
      {props.columns.map((column) => {
        const up = props.sort === column.name;
        const down = props.sort === `-${column.name}`;
        const label = named(`column.${column.name}`, column.name);
        return (
          <th key={column.name} scope="col" class={column.wide ? "wide" : undefined}
            aria-sort={up ? "ascending" : down ? "descending" : undefined}>
            {column.sort ? (
              <button type="button" class="sort" onClick={() => props.order(up ? `-${column.name}` : column.name)}>
                {label}
                <span aria-hidden="true">{up ? " ↑" : down ? " ↓" : ""}</span>
              </button>
            ) : (
              label
            )}
          </th>
        );
      })}
    </tr>
  );
}

export function List(props: ListProps) {
  const place = usePlace();
  const prefix = props.prefix ?? "";
  const { query, sort, cursor, filters } = asked(place, props);
  const changes = useChanges(props.concerns ?? (() => false));
  const loaded = useLoad(
    JSON.stringify([props.view, query, cursor]),
    (signal) => view(props.view, { ...query, cursor, limit: 50 }, signal),
    changes,
  );
  const set = (name: string, value: string) =>
    go(changed(place, { [`${prefix}${name}`]: value, [`${prefix}cursor`]: "" }));
  const rows = loaded.value?.rows ?? [];
  const filterable = props.columns.filter((c) => c.filter !== undefined);
  return (
    <section class="list" aria-busy={loaded.loading}>
      <div class="filters">
        {filterable.map((column) => (
          <Filter key={column.name} column={column} value={filters.get(column.name) ?? ""}
            set={(value) => set(column.name, value)} />
        ))}
        <Export name={props.view} rows={(progress) => viewAll(props.view, query, progress)} />
      </div>
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {loaded.away && <p class="away" role="status">{t("server.away")}</p>}
      {loaded.value !== undefined && rows.length === 0 && filters.size > 0 && <Empty title={t("list.no_match")} />}
      {loaded.value !== undefined && rows.length === 0 && filters.size === 0 && props.empty}
      {loaded.value === undefined && loaded.loading && <Busy text={t("loading")} />}
      <Closed page={loaded.value} again={loaded.again} />
      {rows.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={props.caption}>
          <table>
            <caption class="unseen">{props.caption}</caption>
            <thead>
              <Head columns={props.columns} sort={sort} order={(value) => set("sort", value)} />
            </thead>
            <tbody>
              {rows.map((row, i) => (
                <tr key={i}>
                  {props.columns.map((column) => (
                    <td key={column.name} class={column.wide ? "wide" : undefined}>
                      {column.show === undefined ? shownCell(column.name, row[column.name]) : column.show(row)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <footer>
        {rows.length > 0 && <span>{plural("list.rows", rows.length)}</span>}
        {cursor !== "" && (
          <button type="button" onClick={() => go(changed(place, { [`${prefix}cursor`]: "" }))}>{t("list.first")}</button>
        )}
        {loaded.value?.next !== undefined && (
          <button type="button" onClick={() => go(changed(place, { [`${prefix}cursor`]: loaded.value?.next ?? "" }))}>
            {t("list.next")}
          </button>
        )}
      </footer>
    </section>
  );
}
