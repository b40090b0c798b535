// SPDX-License-Identifier: Apache-2.0
// Reading for a page: what was there stays on the screen while it is read again, when the server is away, or when the
// session is over.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Away, type Problem } from "./api";
import { Reader } from "./reader";

export interface Loaded<T> {
  value?: T;
  problem?: Problem;
  away: boolean;
  loading: boolean;
  at?: number;
  again: () => void;
}

interface Found<T> {
  key: string;
  value?: T;
  problem?: Problem;
  away: boolean;
  at?: number;
}

const readers = new Set<() => void>();

/** Calls `ask` after somebody signed in again. */
export function onAgain(ask: () => void): () => void {
  readers.add(ask);
  return () => void readers.delete(ask);
}

/** After somebody signed in again: whatever is on the screen is read again. */
export function readAgain(): void {
  for (const ask of readers) ask();
}

/** What a failed reading makes of what was there. */
function after<T>(before: Found<T>, key: string, error: Away | Problem): Found<T> {
  const here = before.key === key ? before : { key, away: false };
  if (error instanceof Away) return { ...here, away: true };
  return error.document.status === 401 && here.value !== undefined ? here : { key, problem: error, away: false };
}

/** Reads when `key` changes, and again when `changes` does. `read` undefined: nothing to read. */
export function useLoad<T>(key: string, read: ((signal: AbortSignal) => Promise<T>) | undefined, changes = 0): Loaded<T> {
  const [found, setFound] = useState<Found<T>>({ key, away: false });
  const [loading, setLoading] = useState(read !== undefined);
  const latest = useRef(read);
  latest.current = read;
  const nothing = read === undefined;
  const reader = useRef<Reader<T>>();
  useEffect(() => {
    const first = latest.current;
    if (first === undefined) return undefined;
    const one = new Reader<T>(
      (signal) => (latest.current ?? first)(signal),
      (told) =>
        setFound((before) =>
          "value" in told ? { key, value: told.value, away: false, at: Date.now() } : after(before, key, told.error),
        ),
      setLoading,
    );
    reader.current = one;
    const forget = onAgain(one.ask);
    one.ask();
    return () => {
      forget();
      one.end();
    };
  }, [key, nothing]);
  const seen = useRef(changes);
  useEffect(() => {
    if (seen.current === changes) return;
    seen.current = changes;
    reader.current?.ask();
  }, [changes]);
  const again = useCallback(() => reader.current?.ask(), []);
  const here: Found<T> = found.key === key ? found : { key, away: found.away };
  return {
    ...(here.value !== undefined ? { value: here.value } : {}),
    ...(here.problem !== undefined ? { problem: here.problem } : {}),
    ...(here.at !== undefined ? { at: here.at } : {}),
    away: here.away,
    loading,
    again,
  };
}
