// SPDX-License-Identifier: Apache-2.0
// Reading while things happen, and the one line to the server that all pages share. usage: live_test.mjs
import "./page";
import { Away, Problem } from "../../console/src/base/api";
import { Reader } from "../../console/src/base/reader";
import { runAll, same, test } from "./suite";

/** Timers that run when they are told to. */
const timers: (() => void)[] = [];
Object.assign(globalThis, {
  setTimeout: (work: () => void) => timers.push(work),
  clearTimeout: (n: number | undefined) => n !== undefined && delete timers[n - 1],
  reportError: () => undefined,
});
const settle = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};
const runTimers = () => timers.splice(0).forEach((work) => (work as (() => void) | undefined)?.());

// ---- reading ----

class Source {
  readonly asked: { give: (value: string) => void; fail: (e: unknown) => void; signal: AbortSignal }[] = [];
  readonly told: unknown[] = [];
  readonly reader = new Reader<string>(
    (signal) => new Promise((give, fail) => this.asked.push({ give, fail, signal })),
    (found) => this.told.push("value" in found ? found.value : found.error),
    () => undefined,
  );
}

test("events_that_come_faster_than_answers_end_no_reading", async () => {
  const s = new Source();
  for (let i = 0; i < 10; i++) s.reader.ask();
  same([s.asked.length, s.asked[0]?.signal.aborted], [1, false], "one reading");
  s.asked[0]?.give("first");
  await settle();
  same(s.told, ["first"], "its answer");
  s.reader.ask();
  same(s.asked.length, 1, "a rest");
  runTimers();
  same(s.asked.length, 2, "once more for all that was asked meanwhile");
  s.asked[1]?.give("second");
  await settle();
  runTimers();
  same([s.asked.length, s.told], [2, ["first", "second"]], "and no more");
});

test("a_server_that_is_away_is_asked_again_and_a_refusal_is_not", async () => {
  const s = new Source();
  s.reader.ask();
  s.asked[0]?.fail(new Away());
  await settle();
  same(s.told[0] instanceof Away, true, "away");
  runTimers();
  s.asked[1]?.fail(new Problem({ status: 403, code: "VIEW_NOT_ALLOWED" }));
  await settle();
  runTimers();
  same(s.asked.length, 2, "readings");
});

test("a_fault_of_the_page_is_told_as_one_and_not_as_a_server_that_is_away", async () => {
  const s = new Source();
  s.reader.ask();
  s.asked[0]?.fail(new TypeError("x is none"));
  await settle();
  const told = s.told[0];
  same(told instanceof Problem && [told.code, told.document.values], ["CONSOLE_FAULT", { error: "TypeError: x is none" }], "told");
});

test("who_left_hears_nothing_more", async () => {
  const s = new Source();
  s.reader.ask();
  s.reader.ask();
  s.reader.end();
  s.asked[0]?.give("late");
  await settle();
  runTimers();
  same([s.told, s.asked.length], [[], 1], "told");
});

// ---- the line that all pages share ----

interface Line {
  headers: Record<string, string>;
  signal?: AbortSignal | undefined;
  say: (text: string) => void;
  end: () => void;
}

const lines: Line[] = [];
let now = 1_000_000;
Date.now = () => now;
const scope = globalThis as unknown as { onconnect: (event: unknown) => void; fetch: unknown };
scope.fetch = (address: string, init: { headers: Record<string, string>; signal?: AbortSignal }) => {
  if (address === "/log/checkpoint") return Promise.resolve({ text: () => Promise.resolve("log\n5\nroot\n") });
  let to: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (c) => void (to = c) });
  const say = (text: string) => to.enqueue(new TextEncoder().encode(text));
  lines.push({ headers: init.headers, signal: init.signal, say, end: () => to.close() });
  return Promise.resolve({ status: 200, ok: true, body });
};

interface Port {
  told: Record<string, unknown>[];
  onmessage?: (message: { data: string }) => void;
}

function page(): Port {
  const told: Record<string, unknown>[] = [];
  const port = { told, postMessage: (m: Record<string, unknown>) => told.push(m), start: () => undefined };
  scope.onconnect({ ports: [port] });
  return port;
}

const event = (n: number) => `id: ${n}\ndata: {"sequence":${n}}\n\n`;
const missed = (port: Port) => port.told.some((m) => m["missed"] === true);
const heard = (port: Port) => port.told.flatMap((m) => (m["event"] === undefined ? [] : [m["event"]]));

/** Streams of Node answer in turns of their own. */
const turns = async () => {
  for (let i = 0; i < 20; i++) await new Promise((done) => setImmediate(done));
};

test("a_line_that_was_lost_goes_on_after_the_last_record_or_else_pages_are_told_that_some_were_missed", async () => {
  await import("../../console/src/base/stream_worker");
  const one = page();
  await turns();
  lines[0]?.end();
  await turns();
  runTimers();
  await turns();
  same(missed(one), true, "nothing was heard before: what came meanwhile was missed");
  one.told.length = 0;
  lines[1]?.say(event(7));
  await turns();
  lines[1]?.end();
  await turns();
  runTimers();
  await turns();
  same([lines[2]?.headers["Last-Event-ID"], missed(one)], ["7", false], "resumed");
  lines[2]?.end();
  await turns();
  now += 600_000;
  runTimers();
  await turns();
  same([lines[3]?.headers["Last-Event-ID"], missed(one)], [undefined, true], "too long ago");
});

test("a_page_that_comes_back_hears_again", async () => {
  const one = page();
  one.onmessage?.({ data: "leave" });
  one.onmessage?.({ data: "again" });
  lines.at(-1)?.say(event(8));
  await turns();
  same(heard(one).at(-1), { sequence: 8, past: false }, "heard");
});

test("who_signs_out_leaves_nothing_behind_for_whoever_comes_next", async () => {
  const one = page();
  await turns();
  same(heard(one).length > 0, true, "what happened last is told to a page that opens");
  one.onmessage?.({ data: "over" });
  await turns();
  same(lines.at(-1)?.signal?.aborted, true, "the line of who left");
  same(heard(page()), [], "what the next one is told");
});

await runAll();
