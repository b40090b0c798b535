// SPDX-License-Identifier: Apache-2.0
// What happens, as it happens: pages listen here; the worker holds the one line to the server.
import { useEffect, useRef, useState } from "preact/hooks";

export interface Happening {
  sequence: number;
  at: string;
  type: string;
  outcome: string;
  raised: number;
  /** It had happened when this browser began to listen. */
  past?: boolean;
  subject?: { kind: string; within: string; id: string };
}

export type StreamState = "asking" | "live" | "away" | "ended" | "refused";

type Message = { event?: Happening; state?: StreamState; missed?: true };

const listeners = new Set<(message: Message) => void>();
let port: MessagePort | undefined;
let state: StreamState = "asking";

/** The newest first. */
let heard: Happening[] = [];
const KEPT = 50;

/** What was heard so far, for a page that opens only now. */
export function heardSoFar(): Happening[] {
  return heard;
}

function open(): void {
  const path = document.documentElement.dataset["worker"];
  if (port !== undefined || path === undefined || !("SharedWorker" in window)) return;
  port = new SharedWorker(path, { type: "module", name: "sealwright" }).port;
  port.onmessage = (message: MessageEvent<Message>) => {
    state = message.data.state ?? state;
    if (message.data.event !== undefined) heard = [message.data.event, ...heard].slice(0, KEPT);
    for (const listener of listeners) listener(message.data);
  };
  port.start();
  addEventListener("pagehide", () => port?.postMessage("leave"));
  addEventListener("pageshow", () => port?.postMessage("again"));
}

/** At signing out: what was heard was for who leaves. */
export function endStream(): void {
  heard = [];
  port?.postMessage("over");
}

/** After signing in: the line may be for this person now. */
export function askAgain(): void {
  port?.postMessage("again");
}

/** Calls `hear` for every record, and `miss` when some were not told; returns how the line stands. */
export function useStream(hear: (happening: Happening) => void, miss?: () => void): StreamState {
  const [now, setNow] = useState(state);
  const latest = useRef({ hear, miss });
  latest.current = { hear, miss };
  useEffect(() => {
    const listener = (message: Message) => {
      if (message.state !== undefined) setNow(message.state);
      if (message.event !== undefined) latest.current.hear(message.event);
      if (message.missed === true) latest.current.miss?.();
    };
    listeners.add(listener);
    open();
    setNow(state);
    return () => void listeners.delete(listener);
  }, []);
  return now;
}

const GATHER_MS = 400;

/** A number that grows, at most every 400 ms, when something happened that `concerns`: what reads again on it is live. */
export function useChanges(concerns: (happening: Happening) => boolean): number {
  const [n, setN] = useState(0);
  const waiting = useRef<number | undefined>(undefined);
  const gather = () => {
    waiting.current ??= window.setTimeout(() => {
      waiting.current = undefined;
      setN((before) => before + 1);
    }, GATHER_MS);
  };
  useStream((happening) => {
    if (happening.past !== true && concerns(happening)) gather();
  }, gather);
  useEffect(() => () => clearTimeout(waiting.current), []);
  return n;
}
