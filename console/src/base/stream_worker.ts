// SPDX-License-Identifier: Apache-2.0
// One event stream for all tabs of a browser: a SharedWorker that reads /v1/stream and tells every page.
// Messages to pages: {event} for each record, {state} when the line comes, goes, or is not for this person, {missed} when
// records may have come that nobody was told of.

interface Port {
  postMessage(message: unknown): void;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
/** What happened in a longer time is not told one by one: pages read again. */
const RESUMED_MS = 300_000;

/** So many records from before are told first, so that nobody begins before an empty screen. */
const BEFORE = 12;

const ports = new Set<Port>();
let state = "asking";
let last: string | undefined;
/** Records before this one had happened when this began to listen. */
let begin: number | undefined;
let recent: object[] = [];
/** When the line was lost. */
let lost: number | undefined;
let pause = FIRST_PAUSE_MS;
let running = false;
let stop = new AbortController();

function tell(message: unknown): void {
  for (const port of ports) port.postMessage(message);
}

function become(next: string): void {
  state = next;
  tell({ state });
}

/** One event of the stream (WHATWG HTML, section 9.2): lines until an empty one. */
function take(block: string): void {
  let data = "";
  let name = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("id: ")) last = line.slice(4);
    else if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (name === "ended") become("ended");
  else if (data !== "") {
    const event = JSON.parse(data) as { sequence: number };
    recent = [...recent, event].slice(-BEFORE);
    tell({ event: { ...event, past: event.sequence < (begin ?? 0) } });
  }
}

/** The size in the last checkpoint (C2SP tlog-checkpoint: its second line). */
async function size(): Promise<number> {
  const text = await (await fetch("/log/checkpoint", { cache: "no-store" })).text();
  const found = Number(text.split("\n")[1]);
  return Number.isSafeInteger(found) ? found : 0;
}

async function read(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) take(block);
  }
}

async function listen(): Promise<"again" | "stop"> {
  const headers: Record<string, string> = { Accept: "text/event-stream" };
  if (lost !== undefined && Date.now() - lost > RESUMED_MS) last = undefined;
  if (begin === undefined) {
    begin = await size();
    if (begin > BEFORE) last = String(begin - BEFORE - 1);
  }
  if (last !== undefined) headers["Last-Event-ID"] = last;
  const response = await fetch("/v1/stream", { headers, credentials: "same-origin", cache: "no-store", signal: stop.signal });
  if (response.status === 401 || response.status === 403) {
    become("refused");
    return "stop";
  }
  if (!response.ok || response.body === null) return "again";
  pause = FIRST_PAUSE_MS;
  become("live");
  if (lost !== undefined && last === undefined) tell({ missed: true });
  lost = undefined;
  await read(response.body);
  return "again";
}

async function run(): Promise<void> {
  if (running) return;
  running = true;
  for (;;) {
    const next = await listen().catch(() => "again" as const);
    lost ??= Date.now();
    if (next === "stop" || ports.size === 0) break;
    become("away");
    await new Promise((done) => setTimeout(done, pause));
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  }
  running = false;
}

function join(port: MessagePort): void {
  ports.add(port);
  port.onmessage = (message: MessageEvent<string>) => {
    // A page that was opened signs in later, or says good-bye and comes back.
    if (message.data === "leave") {
      ports.delete(port);
      return;
    }
    if (message.data === "over") {
      // Whoever signs in next hears what is his to hear.
      recent = [];
      stop.abort();
      stop = new AbortController();
      return;
    }
    ports.add(port);
    void run();
  };
  port.start();
  port.postMessage({ state });
  for (const event of recent) port.postMessage({ event: { ...event, past: true } });
  void run();
}

const scope = globalThis as unknown as { onconnect: (event: MessageEvent) => void };
scope.onconnect = (event) => {
  const port = event.ports[0];
  if (port !== undefined) join(port);
};

export {};
