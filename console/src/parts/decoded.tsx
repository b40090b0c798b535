// SPDX-License-Identifier: Apache-2.0
// A record's body, read from its own bytes, in the words of its type. What the type does not know is shown all the same.
import type { ComponentChildren } from "preact";
import type { Opened } from "../base/opened";
import type { Field, RecordType } from "../base/types";
import { fieldHelp, fieldName, wordName } from "../base/types";
import { number, t } from "../base/text";
import { base64url, hex } from "../verify/bytes";
import type { Item } from "../verify/cbor";
import { Time } from "./bits";

/** What takes no place or turns the writing round is named: no text can look like another (Unicode 15, section 23.2). */
export function plain(text: string): string {
  return text.replace(/[\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, (hidden) => {
    return `<U+${hidden.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}>`;
  });
}

function Committed(props: { commitment: string; opened: Opened }) {
  const value = props.opened.get(props.commitment);
  return (
    <>
      {value !== undefined && <div data-raw class="text">{plain(value)}</div>}
      <small>{t(value === undefined ? "decoded.withheld" : "decoded.committed")} <span data-raw class="long">{props.commitment}</span></small>
    </>
  );
}

function bytesShown(field: Field | undefined, value: Uint8Array<ArrayBuffer>, opened: Opened): ComponentChildren {
  if (field?.kind === "commitment") return <Committed commitment={hex(value)} opened={opened} />;
  if (field?.kind === "hash" || value.length <= 32) return <span data-raw class="long">{hex(value)}</span>;
  return <span data-raw class="long">{base64url(value)}</span>;
}

interface Inside {
  type: string;
  name: string;
  opened: Opened;
}

function shownItem(field: Field | undefined, item: Item, inside: Inside): ComponentChildren {
  switch (item.kind) {
    case "uint":
    case "nint":
      if (field?.kind === "instant") return <Time at={Number(item.value)} />;
      return <span data-raw>{number(Number(item.value))}</span>;
    case "bool":
      return t(item.value ? "form.true" : "form.false");
    case "text":
      if (field?.choices !== undefined) return wordName(item.value);
      return <span data-raw class="text">{plain(item.value)}</span>;
    case "bytes":
      return bytesShown(field, item.value, inside.opened);
    case "array":
      return (
        <ol class="inside">
          {item.items.map((one, i) => <li key={i}>{shownItem(field, one, inside)}</li>)}
        </ol>
      );
    case "map":
      return <Pairs fields={field?.of ?? []} item={item} inside={inside} />;
    default:
      return <span class="nothing">{t("none")}</span>;
  }
}

function Pairs(props: { fields: Field[]; item: Item; inside: Inside }) {
  const { fields, item, inside } = props;
  if (item.kind !== "map") return null;
  // In the order of the type, as in its form; then what the type does not know.
  const order = (name: string) => {
    const i = fields.findIndex((f) => f.name === name);
    return i < 0 ? fields.length : i;
  };
  const pairs = item.pairs.flatMap(([key, value]) => (key.kind === "text" ? [{ name: key.value, value }] : []));
  pairs.sort((a, b) => order(a.name) - order(b.name));
  return (
    <dl class="decoded">
      {pairs.map(({ name, value }) => {
        const field = fields.find((f) => f.name === name);
        const path = inside.name === "" ? name : `${inside.name}.${name}`;
        return (
          <div key={name}>
            <dt title={field === undefined ? undefined : fieldHelp(inside.type, path, field)}>
              {field === undefined ? <span data-raw>{name}</span> : fieldName(field)}
            </dt>
            <dd>{shownItem(field, value, { ...inside, name: path })}</dd>
          </div>
        );
      })}
    </dl>
  );
}

export function Decoded(props: { type: RecordType; body: Item; opened: Opened }) {
  return (
    <Pairs fields={props.type.fields} item={props.body}
      inside={{ type: props.type.name, name: "", opened: props.opened }} />
  );
}
