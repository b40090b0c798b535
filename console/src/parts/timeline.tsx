// SPDX-License-Identifier: Apache-2.0
// A story: records in the sequence of the evidence log, each with what it says in a line, and the way to it.
import type { Chain, Entry } from "../base/chain";
import type { Json } from "../base/record";
import { named, plural, spoken, t } from "../base/text";
import { codeName, useSentences } from "./code";
import { EntryLink, State, type Subject, SubjectLink, Time } from "./bits";

/** What is worth a place in a line; the rest stands in the entry itself. */
const TOLD = [
  "station", "operator", "step", "procedure", "verdict", "release", "authorization", "quantity", "site", "from_site", "to_site",
  "freight_carrier", "condition", "result", "seal", "maker", "boot_count", "disposition", "state", "expires", "reason", "text",
  "parts", "components", "contents", "points", "lines", "seals", "built", "scrapped", "returned", "unused", "part", "part_lot",
  "date_code", "tier", "holder",
];

const TIME = /^\d{4}-\d\d-\d\dT/;

function Value(props: { name: string; value: Json }) {
  const { name, value } = props;
  const label = named(`told.${name}`, named(`column.${name}`, name));
  if (Array.isArray(value)) return <span class="told">{label} <b data-raw>{value.length}</b></span>;
  if (typeof value === "string" && TIME.test(value)) return <span class="told">{label} <Time at={value} /></span>;
  if (name === "verdict" || name === "condition" || name === "result" || name === "disposition") {
    return <span class="told">{label} <b>{named(`state.${String(value)}`, String(value))}</b></span>;
  }
  return <span class="told">{label} <b data-raw>{String(value)}</b></span>;
}

function Told(props: { entry: Entry }) {
  const { body } = props.entry.claim;
  const subject = props.entry.witness.subject;
  const names = TOLD.filter((name) => {
    const value = body[name];
    if (value === undefined || value === null || (typeof value === "object" && !Array.isArray(value))) return false;
    if (Array.isArray(value) && value.length === 0) return false;
    return value !== subject?.id && value !== subject?.within;
  });
  return <>{names.map((name) => <Value key={name} name={name} value={body[name] ?? null} />)}</>;
}

export function typeName(type: string): string {
  return named(`short.${type}`, spoken(`type.${type}`, type));
}

function same(a: Subject | undefined, b: Subject | undefined): boolean {
  return a?.kind === b?.kind && a?.within === b?.within && a?.id === b?.id;
}

/** `of`: whose story it is; records about something else say about what. */
export function Timeline(props: { of: Chain; about?: Subject; label: string }) {
  useSentences();
  return (
    <>
      {props.of.more && <p>{t("timeline.more")}</p>}
      <ol class="timeline" aria-label={props.label}>
        {props.of.entries.map((entry) => (
          <li key={entry.witness.sequence} class={entry.witness.raised.length > 0 ? "raised" : undefined}>
            <div class="when">
              <Time at={entry.witness.at} /> <EntryLink sequence={entry.witness.sequence} />
            </div>
            <div>
              <b>{typeName(entry.claim.type)}</b> <span class="told">{t("timeline.by")} <b data-raw>{entry.claim.author}</b></span>
              {entry.witness.outcome !== "folded" && <State of={entry.witness.outcome} />}{" "}
              {entry.claim.source !== "witnessed" && <State of={entry.claim.source} />}
              {!same(entry.witness.subject, props.about) && <SubjectLink of={entry.witness.subject} />}{" "}
              <Told entry={entry} />
              {entry.witness.raised.length > 0 && (
                <p class="bad-text">
                  {plural("timeline.raised", entry.witness.raised.length)}{" "}
                  {[...new Set(entry.witness.raised.map((one) => codeName(one.code)))].join(", ")}
                </p>
              )}
            </div>
          </li>
        ))}
      </ol>
    </>
  );
}
