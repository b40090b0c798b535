// SPDX-License-Identifier: Apache-2.0
// Every text that a person reads comes from the catalog, by name; values stand in {places}.

export type Values = Record<string, string | number>;

declare global {
  var sealwright_text: Record<string, string> | undefined;
  var sealwright_pages: Record<string, string> | undefined;
  var sealwright_more: Record<string, string> | undefined;
}

export const language = document.documentElement.lang;

/** What dates and numbers look like: the pseudo-language's as in English. */
export const locale = language === "zh" ? "zh-CN" : "en-US";

function fill(text: string, values: Values | undefined): string {
  return text.replace(/\{([a-z][a-z0-9_.]*)\}/g, (place, name: string) => {
    const value = values?.[name];
    return value === undefined ? place : typeof value === "number" ? number(value) : value;
  });
}

function find(name: string): string | undefined {
  return (
    globalThis.sealwright_text?.[name] ?? globalThis.sealwright_pages?.[name] ?? globalThis.sealwright_more?.[name]
  );
}

/** The text with this name; a name that has none shows itself, for the tests to find. */
export function t(name: string, values?: Values): string {
  const text = find(name);
  return text === undefined ? `⟦${name}⟧` : fill(text, values);
}

/** The text with this name, or else what somebody wrote: for names that users may make, like columns of a view. */
export function named(name: string, otherwise: string): string {
  return find(name) ?? otherwise;
}

const counting = new Intl.PluralRules(locale);

/** One of `name.one` and `name.other`, with {n}. */
export function plural(name: string, n: number, values?: Values): string {
  const one = counting.select(n) === "one" && find(`${name}.one`) !== undefined;
  return t(`${name}.${one ? "one" : "other"}`, { ...values, n });
}

const numbers = new Intl.NumberFormat(locale);
export function number(n: number): string {
  return numbers.format(n);
}

const sizes = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
export function bytes(n: number): string {
  let unit = 0;
  for (; n >= 1024 && unit < UNITS.length - 1; unit++) n /= 1024;
  return `${sizes.format(n)} ${UNITS[unit] ?? ""}`;
}

const loading = new Map<string, Promise<void>>();

function load(kind: "pages" | "more"): Promise<void> {
  const path = document.documentElement.dataset[kind] ?? "";
  const found = loading.get(kind) ?? import(path).then(() => undefined);
  loading.set(kind, found);
  found.catch(() => loading.delete(kind));
  return found;
}

/** The texts of every page but the first: with the first such page. */
export const loadPages = () => load("pages");

/** Help of record types and sentences of the server: loaded when they are needed, once. */
export const loadMore = () => load("more");

const PSEUDO = ["AEIOUYaeiouycnsz", "ÅÉÎÖÛÝåéîöûýçñšž"] as const;

/** English that comes from the program itself (help of types and fields): translated, where the language is another. */
export function spoken(name: string, english: string): string {
  if (language === "xx" && !english.startsWith("[")) {
    const changed = [...english].map((c) => PSEUDO[1][PSEUDO[0].indexOf(c)] ?? c).join("");
    return `[${changed}]`;
  }
  return find(name) ?? english;
}

export function chooseLanguage(name: string): void {
  document.cookie = `language=${name}; Path=/; Max-Age=31536000; SameSite=Strict`;
  location.reload();
}
