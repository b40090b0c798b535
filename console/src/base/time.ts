// SPDX-License-Identifier: Apache-2.0
// Instants as people read them: in the viewer's zone; UTC with seconds for whoever asks.
import { locale, t } from "./text";

const local = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const localExact = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });

/** Unix ms, or RFC 3339. */
export function instant(value: string | number): Date {
  return new Date(value);
}

export function shown(date: Date): string {
  return Number.isNaN(date.getTime()) ? t("time.none") : local.format(date);
}

export function shownExactly(date: Date): string {
  return Number.isNaN(date.getTime()) ? t("time.none") : localExact.format(date);
}

export function utc(date: Date): string {
  return Number.isNaN(date.getTime()) ? t("time.none") : date.toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC");
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86400_000],
  ["hour", 3600_000],
  ["minute", 60_000],
  ["second", 1000],
];

/** "3 minutes ago", always beside the time itself. */
export function ago(date: Date, now = Date.now()): string {
  const difference = date.getTime() - now;
  for (const [unit, ms] of STEPS) {
    if (Math.abs(difference) >= ms) return relative.format(Math.trunc(difference / ms), unit);
  }
  return relative.format(0, "second");
}

/** The value of a <input type="datetime-local">: the instant in the viewer's zone. */
export function toInput(date: Date): string {
  if (Number.isNaN(date.getTime())) return "";
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** RFC 3339 of a <input type="datetime-local"> value, which is in the viewer's zone; undefined if it is none. */
export function fromInput(value: string): string | undefined {
  const date = new Date(value);
  return value === "" || Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
