// SPDX-License-Identifier: Apache-2.0
// One field of a form: its label, what it expects, the control that its kind needs, and what is wrong with it.
import { useId, useState } from "preact/hooks";
import { view } from "../base/api";
import { type Draft, expects, utf8Length, type Wrongs } from "../base/draft";
import { number, t } from "../base/text";
import { fromInput, instant, toInput, utc } from "../base/time";
import { type Field, fieldHelp, fieldName, wordName } from "../base/types";
import { FileInput } from "./file_input";

/** Where the ids that a field may name are found: view and column. */
const KNOWN: Record<string, [view: string, column: string]> = {
  product: ["product.list", "product"],
  site: ["site.list", "site"],
  to_site: ["site.list", "site"],
  from_site: ["site.list", "site"],
  line: ["line.list", "line"],
  station: ["station.list", "station"],
  supplier: ["supplier.list", "supplier"],
  part: ["part.list", "part"],
  principal: ["access.principals", "id"],
  role: ["access.roles", "role"],
  authorization: ["build.list", "build_authorization"],
  firmware_release: ["firmware.releases", "firmware_release"],
  control: ["policy.controls", "control"],
};

/** Read when the field is first entered; without the right to see them there are none, which hinders nobody. */
function useKnownIds(field: Field): { ids: string[]; read: () => void } {
  const [ids, setIds] = useState<string[]>();
  const known = field.kind === "id" ? KNOWN[field.name] : undefined;
  const read = () => {
    if (known === undefined || ids !== undefined) return;
    setIds([]);
    view(known[0], { limit: 200 }).then(
      (page) => setIds([...new Set(page.rows.map((row) => String(row[known[1]] ?? "")))]),
      () => undefined,
    );
  };
  return { ids: ids ?? [], read };
}

export interface InputProps {
  field: Field;
  value: string;
  set: (value: string) => void;
  id: string;
  described: string;
  wrong: boolean;
  label: string;
}

function InstantInput(props: InputProps) {
  const date = instant(props.value);
  return (
    <>
      <input id={props.id} type="datetime-local" step={1} value={toInput(date)} aria-invalid={props.wrong}
        aria-describedby={props.described} onInput={(e) => props.set(fromInput(e.currentTarget.value) ?? "")} />
      {props.value !== "" && !Number.isNaN(date.getTime()) && <small data-raw>{utc(date)}</small>}
    </>
  );
}

function ChoiceInput(props: InputProps & { words: string[]; word: (word: string) => string }) {
  return (
    <select id={props.id} value={props.value} aria-invalid={props.wrong} aria-describedby={props.described}
      onChange={(e) => props.set(e.currentTarget.value)}>
      <option value="">{t(props.field.required ? "form.choose" : "form.without")}</option>
      {props.words.map((word) => <option key={word} value={word}>{props.word(word)}</option>)}
    </select>
  );
}

function TextInput(props: InputProps) {
  const { field } = props;
  const { ids, read } = useKnownIds(field);
  const common = {
    id: props.id,
    value: props.value,
    "aria-invalid": props.wrong,
    "aria-describedby": props.described,
    autocomplete: "off",
    spellcheck: field.kind === "text",
  } as const;
  if ((field.kind === "text" || field.kind === "commitment") && (field.most ?? 0) > 200) {
    return <textarea rows={3} {...common} onInput={(e) => props.set(e.currentTarget.value)} />;
  }
  return (
    <>
      <input type="text" {...common} inputMode={field.kind === "number" ? "numeric" : "text"} onFocus={read}
        {...(ids.length > 0 ? { list: `${props.id}-known` } : {})} onInput={(e) => props.set(e.currentTarget.value)} />
      {ids.length > 0 && (
        <datalist id={`${props.id}-known`}>{ids.map((id) => <option key={id} value={id} />)}</datalist>
      )}
    </>
  );
}

function Control(props: InputProps) {
  const { field } = props;
  if (field.kind === "instant") return <InstantInput {...props} />;
  if (field.kind === "bool") {
    return <ChoiceInput {...props} words={["true", "false"]} word={(word) => t(`form.${word}`)} />;
  }
  if (field.choices !== undefined) {
    const words = field.choices.split("|");
    return <ChoiceInput {...props} words={words} word={wordName} />;
  }
  return <TextInput {...props} />;
}

/** Kinds whose limits are worth a line before anything is wrong. */
const TOLD = new Set<Field["kind"]>(["hash", "number", "text", "blob", "commitment"]);

/** What is expected, and how much of it is used up. */
function Help(props: { id: string; field: Field; help: string; value: string }) {
  const { field } = props;
  const counted = (field.kind === "text" || field.kind === "commitment") && field.most !== undefined;
  return (
    <small id={props.id} class="help">
      {props.help}. {TOLD.has(field.kind) && expects(field)}
      {counted && props.value !== "" && (
        <span data-raw> {number(utf8Length(props.value))} / {number(field.most ?? 0)}</span>
      )}
      {field.personal === true && <> {t("form.personal")}</>}
      {field.confidential === true && <> {t("form.confidential")}</>}
    </small>
  );
}

function Label(props: { field: Field; id?: string }) {
  const inside = (
    <>
      {fieldName(props.field)} {props.field.required && <span class="required">{t("form.required")}</span>}
    </>
  );
  return props.id === undefined ? <legend>{inside}</legend> : <label for={props.id}>{inside}</label>;
}

export interface FieldProps {
  type: string;
  field: Field;
  /** As the server names it; and without the numbers, as its text is named. */
  path: string;
  name: string;
  value: string | Draft[];
  set: (value: string | Draft[]) => void;
  wrongs: Wrongs;
}

function Wrong(props: { wrongs: Wrongs; path: string; id: string }) {
  const wrong = props.wrongs.get(props.path);
  return wrong === undefined ? null : <p id={props.id} class="wrong" role="alert">{wrong}</p>;
}

function Single(props: FieldProps & { value: string }) {
  const { field, wrongs, path } = props;
  const id = useId();
  const described = `${id}-help ${id}-wrong`;
  const help = fieldHelp(props.type, props.name, field);
  const label = fieldName(field);
  return (
    <div class="field" data-path={path}>
      <Label field={field} id={id} />
      <Wrong wrongs={wrongs} path={path} id={`${id}-wrong`} />
      <Control field={field} value={props.value} set={props.set} id={id} described={described}
        wrong={wrongs.has(path)} label={label} />
      {(field.kind === "hash" || field.kind === "blob") && <FileInput field={field} label={label} set={props.set} />}
      <Help id={`${id}-help`} field={field} help={help} value={props.value} />
    </div>
  );
}

/** Rows of a list: each a group of fields, which can be taken away again. */
function Rows(props: FieldProps & { value: Draft[] }) {
  const { field, value, wrongs, path } = props;
  const change = (i: number, row: Draft) => props.set(value.map((before, k) => (k === i ? row : before)));
  return (
    <fieldset class="field rows" data-path={path}>
      <Label field={field} />
      <p class="help">{fieldHelp(props.type, props.name, field)}. {expects(field)}</p>
      <Wrong wrongs={wrongs} path={path} id={`${path}-wrong`} />
      {value.map((row, i) => (
        <fieldset key={i}>
          <legend data-raw>{i + 1}</legend>
          <FieldInputs type={props.type} fields={field.of ?? []} draft={row} change={(next) => change(i, next)}
            path={`${path}[${i}].`} name={`${props.name}.`} wrongs={wrongs} />
          <button type="button" onClick={() => props.set(value.filter((_, k) => k !== i))}>
            {t("form.remove", { n: i + 1 })}
          </button>
        </fieldset>
      ))}
      <button type="button" disabled={value.length >= (field.most ?? Infinity)} onClick={() => props.set([...value, {}])}>
        {t("form.add")}
      </button>
    </fieldset>
  );
}

export interface FieldsProps {
  type: string;
  fields: Field[];
  draft: Draft;
  change: (draft: Draft) => void;
  path: string;
  name: string;
  wrongs: Wrongs;
}

export function FieldInputs(props: FieldsProps) {
  return (
    <>
      {props.fields.map((field) => {
        const value = props.draft[field.name];
        const set = (next: string | Draft[]) => props.change({ ...props.draft, [field.name]: next });
        const common = { type: props.type, field, path: props.path + field.name, name: props.name + field.name,
          set, wrongs: props.wrongs };
        return field.kind === "list" ? (
          <Rows key={field.name} {...common} value={Array.isArray(value) ? value : []} />
        ) : (
          <Single key={field.name} {...common} value={typeof value === "string" ? value : ""} />
        );
      })}
    </>
  );
}
