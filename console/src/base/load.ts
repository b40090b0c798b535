// SPDX-License-Identifier: Apache-2.0
// Reading for a page: what was there stays on the screen while it is read again, or when the server is away.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Away, Problem } from "./api";

export interface Loaded<T> {
  value?: T;
  problem?: Problem;
  away: boolean;
  loading: boolean;
  at?: number;
  again: () => void;
}

const AGAIN_MS = 5000;

/** Reads when `key` changes, and again when `changes` does. `read` undefined: nothing to read. */
export function useLoad<T>(key: string, read: ((signal: AbortSignal) => Promise<T>) | undefined, changes = 0): Loaded<T> {
  const [found, setFound] = useState<{ key: string; value?: T; problem?: Problem; away: boolean; at?: number }>({
    key,
    away: false,
  });
  const [loading, setLoading] = useState(read !== undefined);
  const [turn, setTurn] = useState(0);
  const latest = useRef(read);
  latest.current = read;
  useEffect(() => {
    const wanted = latest.current;
    if (wanted === undefined) return;
    const stop = new AbortController();
    let later: number | undefined;
    setLoading(true);
    wanted(stop.signal).then(
      (value) => {
        setFound({ key, value, away: false, at: Date.now() });
        setLoading(false);
      },
      (e: unknown) => {
        if (stop.signal.aborted) return;
        setLoading(false);
        if (e instanceof Away) {
          setFound((before) => ({ ...(before.key === key ? before : { key }), away: true }));
          later = window.setTimeout(() => setTurn((n) => n + 1), AGAIN_MS);
        } else if (e instanceof Problem) setFound({ key, problem: e, away: false });
        else throw e;
      },
    );
    return () => {
      stop.abort();
      clearTimeout(later);
    };
  }, [key, changes, turn, read === undefined]);
  const again = useCallback(() => setTurn((n) => n + 1), []);
  const here = found.key === key ? found : { away: found.away };
  return {
    ...("value" in here && here.value !== undefined ? { value: here.value } : {}),
    ...("problem" in here && here.problem !== undefined ? { problem: here.problem } : {}),
    ...("at" in here && here.at !== undefined ? { at: here.at } : {}),
    away: here.away,
    loading,
    again,
  };
}
