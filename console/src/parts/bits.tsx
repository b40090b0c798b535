// SPDX-License-Identifier: Apache-2.0
// The small things: times, digests, states, links to what a record is about.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { path } from "../base/api";
import { named, t } from "../base/text";
import { ago, instant, shown, utc } from "../base/time";

/** In the viewer's zone; UTC in the title and for screen readers. */
export function Time(props: { at: string | number | null | undefined; relative?: boolean }) {
  if (props.at === null || props.at === undefined || props.at === 0) return <span class="nothing">{t("time.none")}</span>;
  const date = instant(props.at);
  return (
    <time dateTime={Number.isNaN(date.getTime()) ? "" : date.toISOString()} title={utc(date)} data-raw>
      {shown(date)}
      {props.relative && <small> ({ago(date)})</small>}
    </time>
  );
}

/** A digest, shortened; whole in the title and on copying. */
export function Digest(props: { of: string | null | undefined }) {
  if (!props.of) return <span class="nothing">{t("none")}</span>;
  const whole = props.of;
  return (
    <button type="button" class="digest" data-raw title={t("digest.copy", { digest: whole })}
      onClick={() => void navigator.clipboard.writeText(whole)}>
      {whole.slice(0, 12)}…
    </button>
  );
}

const GOOD = new Set(["ok", "pass", "passed", "good", "active", "approved", "commissioned", "admitted", "folded", "balanced", "released", "effective", "done", "executed"]);
const BAD = new Set(["fail", "failed", "bad", "refused", "held", "suspended", "withdrawn", "broken", "lost", "scrapped", "unfolded", "revoked", "denied"]);
const WARN = new Set(["warn", "degraded", "next", "expired"]);

/** A state word, with its color; the word itself from the catalog. */
export function State(props: { of: string | null | undefined }) {
  const word = props.of ?? "";
  if (word === "") return <span class="nothing">{t("none")}</span>;
  const tone = GOOD.has(word) ? "good" : BAD.has(word) ? "bad" : WARN.has(word) ? "warn" : "plain";
  return <span class={`state ${tone}`}>{named(`state.${word}`, word)}</span>;
}

/** Data as it stands in the log: never translated. */
export function Raw(props: { children: ComponentChildren }) {
  return <span data-raw>{props.children}</span>;
}

export interface Subject {
  kind: string;
  within: string;
  id: string;
}

/** Where a thing is shown, if it has a page. */
export function addressOf(subject: Subject): string | undefined {
  const { kind, within, id } = subject;
  if (kind === "unit") return path("unit", within, id);
  if (kind === "part_lot") return path("part-lot", within, id);
  if (kind === "supplier") return path("supplier", id);
  if (kind === "shipment") return path("shipment", id);
  if (kind === "build_authorization") return path("authorization", id);
  if (kind === "firmware_release" && within !== "") return path("firmware", within, id);
  return undefined;
}

export function SubjectLink(props: { of: Subject | undefined }) {
  if (props.of === undefined) return <span class="nothing">{t("none")}</span>;
  const to = addressOf(props.of);
  const text = props.of.within === "" ? props.of.id : `${props.of.within} ${props.of.id}`;
  return (
    <span>
      <small>{named(`kind.${props.of.kind}`, props.of.kind)}</small>{" "}
      {to === undefined ? <Raw>{text}</Raw> : <a href={to} data-raw>{text}</a>}
    </span>
  );
}

/** The record behind something. */
export function EntryLink(props: { sequence: number }) {
  return <a href={path("entry", String(props.sequence))} data-raw>#{props.sequence}</a>;
}

export function Empty(props: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p>{props.title}</p>
      {props.children}
    </div>
  );
}

/** Work under way, told to screen readers too. */
export function Busy(props: { text: string; done?: number; of?: number }) {
  return (
    <p class="busy" role="status">
      {props.of !== undefined && <progress value={props.done ?? 0} max={props.of} aria-label={props.text} />} {props.text}
    </p>
  );
}

/** A page's heading, which names the window, too. Who came by a link hears where he is: it gets the focus. */
export function Title(props: { children: ComponentChildren; actions?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    document.title = `${heading.current?.textContent ?? ""} · Sealwright`;
  });
  return (
    <header class="title">
      <h1 ref={heading} tabIndex={-1}>{props.children}</h1>
      {props.actions !== undefined && <div class="actions">{props.actions}</div>}
    </header>
  );
}

/** Name and value, one a line. */
export function Facts(props: { of: [name: string, value: ComponentChildren][] }) {
  return (
    <dl class="facts">
      {props.of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
