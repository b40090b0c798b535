// SPDX-License-Identifier: Apache-2.0
// Records of the shift: one at a time, and nothing is said to be done before its receipt is there.
import { useRef, useState } from "preact/hooks";
import type { Body, Receipt } from "../base/record";
import { deliver, isUnanswered, keepPending, keptPending, type Pending } from "./outbox";
import type { Shift } from "./shift";

export type Sent = { said: "done"; receipt: Receipt } | { said: "refused" | "unsent"; error: unknown };

export interface Sending {
  busy: boolean;
  /** What the server has not answered yet. */
  pending: Pending | undefined;
  send: (shift: Shift, type: string, body: Body) => Promise<Sent | undefined>;
  /** The same record once more. */
  again: (shift: Shift) => Promise<Sent | undefined>;
}

export function useSending(origin: string, said: (sent: Sent) => void): Sending {
  const [pending, setPending] = useState(keptPending);
  const [busy, setBusy] = useState(false);
  const working = useRef(false);
  const run = async (shift: Shift, what: Pending): Promise<Sent | undefined> => {
    if (working.current) return undefined;
    working.current = true;
    setBusy(true);
    let sent: Sent;
    try {
      sent = { said: "done", receipt: await deliver(origin, shift, what) };
      setPending(undefined);
    } catch (error) {
      sent = { said: isUnanswered(error) ? "unsent" : "refused", error };
      setPending(sent.said === "unsent" ? what : undefined);
    } finally {
      working.current = false;
      setBusy(false);
    }
    said(sent);
    return sent;
  };
  return {
    busy,
    pending,
    send: (shift, type, body) => run(shift, { type, body, shift: shift.shift }),
    again: async (shift) => {
      if (pending === undefined) return undefined;
      // Never signed, and by another shift: it was never anybody's record.
      if (pending.signed === undefined && pending.shift !== shift.shift) {
        keepPending(undefined);
        setPending(undefined);
        return undefined;
      }
      return run(shift, pending);
    },
  };
}
