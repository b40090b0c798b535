// SPDX-License-Identifier: Apache-2.0
// What is recorded about a thing: entries as the log has them, newest first from the server, oldest first here.
import { get, path } from "./api";
import type { Json } from "./record";

export interface Entry {
  claim: { type: string; author: string; made: string; occurred?: string; source: string; body: Record<string, Json> };
  proof: string;
  witness: {
    sequence: number;
    at: string;
    outcome: string;
    raised: { code: string; kind?: string; within?: string; id?: string }[];
    previous?: number;
    subject?: { kind: string; within: string; id: string };
  };
}

export interface Chain {
  /** Oldest first. */
  entries: Entry[];
  /** More lies before them. */
  more: boolean;
}

interface Page {
  entries: Entry[];
  next?: number;
}

const PAGE = 200;

export async function chain(kind: string, within: string, id: string, signal?: AbortSignal): Promise<Chain> {
  const page = await get<Page>("/v1/chains" + path(kind, within === "" ? "-" : within, id), { limit: PAGE }, signal);
  return { entries: [...page.entries].reverse(), more: page.next !== undefined };
}

/** Several things' records as one story. */
export function merged(chains: Chain[]): Chain {
  const found = new Map<number, Entry>();
  for (const one of chains) for (const entry of one.entries) found.set(entry.witness.sequence, entry);
  const entries = [...found.values()].sort((a, b) => a.witness.sequence - b.witness.sequence);
  return { entries, more: chains.some((one) => one.more) };
}
