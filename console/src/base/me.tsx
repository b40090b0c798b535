// SPDX-License-Identifier: Apache-2.0
// Who looks, and what they may do: read once, and again when the session changes.
import { type ComponentChildren, createContext } from "preact";
import { useCallback, useContext, useEffect, useState } from "preact/hooks";
import { Away, get, Problem } from "./api";
import type { Web } from "./passkey";

export interface Authenticator {
  key: string;
  form: "passkey" | "key" | "shift";
  label?: string;
  credential?: string;
  since?: string;
}

export interface Right {
  permission: string;
  scope: Record<string, string>;
  until?: string;
}

export interface Me {
  principal: string;
  kind: string;
  key: string;
  origin: string;
  permissions: Right[];
  expires?: string;
  session?: {
    strength: "link" | "invitation" | "passkey" | "program";
    issued: string;
    expires: string;
    longest: string;
    stepped_up_until?: string;
  };
  set_up?: boolean;
  authenticators?: Authenticator[];
  /** How it stands with an app for codes. */
  totp?: "none" | "unconfirmed" | "on" | "locked";
  web?: Web;
  /** A demo runs this server, and can be attacked. */
  demo?: boolean;
}

export type Known = { state: "loading" | "nobody" | "away" } | { state: "known"; me: Me };

interface Context {
  known: Known;
  reload: () => Promise<void>;
}

const AGAIN_MS = 5000;

const MeContext = createContext<Context>({ known: { state: "loading" }, reload: async () => undefined });

export function MeProvider(props: { children: ComponentChildren }) {
  const [known, setKnown] = useState<Known>({ state: "loading" });
  const reload = useCallback(async () => {
    try {
      setKnown({ state: "known", me: await get<Me>("/v1/me") });
    } catch (e) {
      if (e instanceof Problem && (e.document.status === 401 || e.document.status === 403)) {
        setKnown({ state: "nobody" });
      } else if (e instanceof Away || e instanceof Problem) {
        setKnown((before) => (before.state === "known" ? before : { state: "away" }));
      } else throw e;
    }
  }, []);
  useEffect(() => void reload(), [reload]);
  useEffect(() => {
    if (known.state !== "away") return undefined;
    const timer = window.setInterval(() => void reload(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [known.state, reload]);
  return <MeContext.Provider value={{ known, reload }}>{props.children}</MeContext.Provider>;
}

export function useKnown(): Context {
  return useContext(MeContext);
}

/** Within pages: there is somebody. */
export function useMe(): Me {
  const { known } = useContext(MeContext);
  if (known.state !== "known") throw new Error("a page was drawn for nobody");
  return known.me;
}

/** True if the permission is held anywhere; the server asks again, with the scope. */
export function may(me: Me, permission: string): boolean {
  return me.permissions.some((right) => right.permission === permission);
}

/** The own passkeys that can sign a record in this browser. */
export function passkeys(me: Me): Authenticator[] {
  return (me.authenticators ?? []).filter((a) => a.form === "passkey" && a.credential !== undefined);
}
