// SPDX-License-Identifier: Apache-2.0
// A form for a record of any type, from the type's own table. What was typed survives a lost session and a reload.
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, type ProblemDocument, sentence } from "../base/api";
import { bodyOf, type Draft, pathOf, type Wrongs } from "../base/draft";
import { useMe } from "../base/me";
import { type Body, type Receipt, report } from "../base/record";
import { plural, t } from "../base/text";
import { type RecordType, typeName } from "../base/types";
import { Busy } from "./bits";
import { FieldInputs } from "./field_input";
import { Trouble } from "./refusal";
import { ReceiptSaid, Sign } from "./sign";

/** Kept in this tab only, under what the form is for. */
function useDraft(key: string, initial: Draft): [Draft, (draft: Draft) => void, () => void] {
  const [draft, setDraft] = useState<Draft>(() => {
    const kept = sessionStorage.getItem(key);
    return kept === null ? initial : (JSON.parse(kept) as Draft);
  });
  const change = (next: Draft) => {
    sessionStorage.setItem(key, JSON.stringify(next));
    setDraft(next);
  };
  const clear = () => {
    sessionStorage.removeItem(key);
    setDraft(initial);
  };
  return [draft, change, clear];
}

/** The same body is the same report, however often it is sent. */
function useReportKey(): (body: Body) => string {
  const last = useRef<{ body: string; key: string }>();
  return (body) => {
    const text = JSON.stringify(body);
    if (last.current?.body !== text) last.current = { body: text, key: crypto.randomUUID() };
    return last.current.key;
  };
}

/** The first field that is wrong gets the focus, wherever on the page it is. */
function useFocusOnWrong(wrongs: Wrongs) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    const [first] = wrongs.keys();
    if (first === undefined) return;
    const place = form.current?.querySelector(`[data-path="${CSS.escape(first)}"]`);
    const control = place?.querySelector("input, select, textarea, button");
    if (control instanceof HTMLElement) control.focus();
  }, [wrongs]);
  return form;
}

interface FormProps {
  type: RecordType;
  initial: Draft;
  /** Which draft this is. */
  place: string;
}

/** What the server refused, at the field that it names. */
function refusedAt(problem: ProblemDocument): Wrongs {
  return problem.field === undefined ? new Map() : new Map([[pathOf(problem.field), sentence(problem).text]]);
}

function useReport(type: RecordType, refused: (problem: ProblemDocument) => void, done: (receipt: Receipt) => void) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const keyOf = useReportKey();
  const run = async (body: Body) => {
    setBusy(true);
    setError(undefined);
    try {
      done(await report(type.name, body, keyOf(body)));
    } catch (e) {
      setError(e);
      if (e instanceof Problem) refused(e.document);
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run };
}

/** For who holds no passkey yet, or rather signs elsewhere. */
function InTerminal(props: { type: RecordType; body: () => Body }) {
  const [body, setBody] = useState<string>();
  return (
    <details onToggle={(e) => setBody(e.currentTarget.open ? JSON.stringify(props.body()) : undefined)}>
      <summary>{t("form.terminal")}</summary>
      <p>{t("form.terminal_how")}</p>
      <pre data-raw tabIndex={0}>
        {`sealwright record ${props.type.name} --as YOU --key FILE --server ${location.origin} --body - <<'END'\n${body ?? ""}\nEND`}
      </pre>
    </details>
  );
}

export function RecordForm(props: FormProps) {
  const { type } = props;
  const me = useMe();
  // A draft is its writer's: who signs in here next does not see it.
  const [draft, change, clear] = useDraft(`draft:${me.principal}:${props.place}`, props.initial);
  const [wrongs, setWrongs] = useState<Wrongs>(new Map());
  const [signing, setSigning] = useState<Body>();
  const [receipt, setReceipt] = useState<Receipt>();
  const form = useFocusOnWrong(wrongs);
  const finished = (done: Receipt) => {
    setReceipt(done);
    clear();
  };
  const refused = (problem: ProblemDocument) => setWrongs(refusedAt(problem));
  const sending = useReport(type, refused, finished);
  const submit = () => {
    const found: Wrongs = new Map();
    const body = bodyOf(type.fields, draft, "", found);
    setWrongs(found);
    setReceipt(undefined);
    if (found.size > 0) return;
    if (type.signed) setSigning(body);
    else void sending.run(body);
  };
  return (
    <form ref={form} noValidate onSubmit={(e) => { e.preventDefault(); submit(); }}>
      <FieldInputs type={type.name} fields={type.fields} draft={draft} change={change} path="" name="" wrongs={wrongs} />
      {wrongs.size > 0 && <p class="wrong" role="alert">{plural("form.wrongs", wrongs.size)}</p>}
      {sending.error !== undefined && <Trouble error={sending.error} />}
      {receipt !== undefined && <ReceiptSaid receipt={receipt} />}
      <div class="actions">
        <button class="primary" disabled={sending.busy}>{t(type.signed ? "form.sign" : "form.report")}</button>
        <button type="button" onClick={() => { clear(); setWrongs(new Map()); }}>{t("form.clear")}</button>
      </div>
      {sending.busy && <Busy text={t("form.reporting")} />}
      <InTerminal type={type} body={() => bodyOf(type.fields, draft, "", new Map())} />
      {signing !== undefined && (
        <Sign type={type.name} body={signing} title={typeName(type)} onClose={() => setSigning(undefined)}
          onDone={finished} onRefused={refused} />
      )}
    </form>
  );
}
