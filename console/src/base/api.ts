// SPDX-License-Identifier: Apache-2.0
// The API's other end. A refusal is a Problem: the server's words by code and values, never only a status.
import { loadMore, named, type Values } from "./text";

export interface Failure {
  control: string;
  expected: string;
  found: string;
  result?: string;
}

export interface ProblemDocument {
  status: number;
  code: string;
  detail?: string;
  fix?: string;
  field?: string;
  values?: Record<string, string>;
  failures?: Failure[];
}

export class Problem extends Error {
  readonly document: ProblemDocument;
  constructor(document: ProblemDocument) {
    super(document.code);
    this.document = document;
  }
  get code(): string {
    return this.document.code;
  }
}

/** No answer at all: the server is away, or the browser is offline. */
export class Away extends Error {}

/** What is no refusal is a fault of this page, and says so. */
export function problemFrom(error: unknown): Problem {
  if (error instanceof Problem) return error;
  reportError(error);
  return new Problem({ status: 0, code: "CONSOLE_FAULT", values: { error: String(error) } });
}

export type Query = Record<string, string | number | undefined>;

export function address(path: string, query?: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** A path of segments, each encoded. */
export function path(...segments: string[]): string {
  return segments.map((s) => "/" + encodeURIComponent(s)).join("");
}

async function problemOf(response: Response): Promise<Problem> {
  await loadMore().catch(() => undefined);
  try {
    const document = (await response.json()) as ProblemDocument;
    if (typeof document.code === "string") return new Problem({ ...document, status: response.status });
  } catch {
    /* not ours: a proxy's page, perhaps */
  }
  return new Problem({ status: response.status, code: "CONSOLE_NOT_OURS", values: { status: String(response.status) } });
}

type Watcher = (problem: Problem) => void;
const watchers = new Set<Watcher>();

/** Called for every refusal: who draws the dialogs to sign in again and to step up listens. */
export function onProblem(watcher: Watcher): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Opens the dialog in which somebody proves again to be there. */
export function askWhoIsThere(): void {
  const problem = new Problem({ status: 403, code: "API_STEP_UP_NEEDED" });
  for (const watcher of watchers) watcher(problem);
}

async function send(method: string, to: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(to, { method, credentials: "same-origin", redirect: "error", ...init });
  } catch (e) {
    if (e instanceof DOMException && e.name === "AbortError") throw e;
    throw new Away();
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  for (const watcher of watchers) watcher(problem);
  throw problem;
}

export async function get<T>(to: string, query?: Query, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { headers: { Accept: "application/json" }, ...(signal ? { signal } : {}) };
  return (await (await send("GET", address(to, query), init)).json()) as T;
}

/** Bytes, as they are. */
export async function getBytes(
  to: string,
  query?: Query,
  signal?: AbortSignal,
  type = "*/*",
): Promise<Uint8Array<ArrayBuffer>> {
  const init: RequestInit = { headers: { Accept: type }, ...(signal ? { signal } : {}) };
  return new Uint8Array(await (await send("GET", address(to, query), init)).arrayBuffer());
}

async function write<T>(method: string, to: string, body: unknown, key?: string): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key !== undefined) headers["Idempotency-Key"] = key;
  const init: RequestInit = { headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await send(method, to, init);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export function post<T>(to: string, body?: unknown, key?: string): Promise<T> {
  return write<T>("POST", to, body, key);
}

export function remove(to: string): Promise<void> {
  return write<void>("DELETE", to, undefined);
}

export function upload(to: string, content: Blob, headers: Record<string, string> = {}): Promise<Response> {
  return send("PUT", to, { body: content, headers: { "Content-Type": "application/octet-stream", ...headers } });
}

/* ---- what a problem says ---- */

function filled(text: string, values: Values): string {
  return text.replace(/\{([a-z][a-z0-9_.]*)\}/g, (place, name: string) => String(values[name] ?? place));
}

/** The sentence in the reader's language; the server's own where the catalog has none. */
export function sentence(problem: ProblemDocument): { text: string; fix?: string } {
  const values = problem.values ?? {};
  const text = filled(named(`fault.${problem.code}`, problem.detail ?? problem.code), values);
  const fix = named(`fix.${problem.code}`, problem.fix ?? "");
  return fix === "" ? { text } : { text, fix: filled(fix, values) };
}

/** A control that failed, in words, and what lifts it. */
export function failureSentence(failure: Failure): { text: string; fix?: string } {
  return sentence({
    status: 0,
    code: `CONTROL_${failure.control.replace("-", "_")}`,
    detail: `${failure.expected} / ${failure.found}`,
    values: { control: failure.control, expected: failure.expected, found: failure.found },
  });
}

/* ---- views ---- */

export type Cell = string | number | null;
export type Row = Record<string, Cell>;
export interface Page {
  columns: string[];
  rows: Row[];
  next?: string;
  /** Values are left out until the person proves again to be there. */
  closed?: boolean;
}

export function view(name: string, query?: Query, signal?: AbortSignal): Promise<Page> {
  return get<Page>(`/v1/views/${encodeURIComponent(name)}`, query, signal);
}

/** Every row, page by page; `progress` hears how many there are so far. */
export async function viewAll(
  name: string,
  query?: Query,
  progress?: (n: number) => void,
  signal?: AbortSignal,
): Promise<Page> {
  const all: Page = { columns: [], rows: [] };
  let cursor: string | undefined;
  do {
    const page: Page = await view(name, { ...query, limit: 1000, cursor }, signal);
    all.columns = page.columns;
    all.rows.push(...page.rows);
    cursor = page.next;
    progress?.(all.rows.length);
  } while (cursor !== undefined);
  return all;
}
