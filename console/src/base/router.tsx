// SPDX-License-Identifier: Apache-2.0
// Addresses: a page's path and query say all that it shows. Links are plain links; this makes them quick.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

export interface Place {
  path: string;
  query: URLSearchParams;
}

const listeners = new Set<() => void>();

function here(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

function tell(): void {
  for (const listener of listeners) listener();
}

/** Another page begins at its top; the same one, asked something else, stays where it is. */
export function go(to: string, options: { replace?: boolean } = {}): void {
  const before = location.pathname;
  if (options.replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  if (location.pathname !== before) scrollTo(0, 0);
  tell();
}

export function usePlace(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const moved = () => setPlace(here());
    listeners.add(moved);
    return () => void listeners.delete(moved);
  }, []);
  return place;
}

/** The query with some values changed; "" takes one away. The place in a list is over when its question changes. */
export function changed(place: Place, values: Record<string, string>): string {
  const query = new URLSearchParams(place.query);
  for (const [name, value] of Object.entries(values)) {
    if (value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return text === "" ? place.path : `${place.path}?${text}`;
}

export interface Route {
  pattern: string;
  load: () => Promise<{ default: ComponentType<{ arguments: string[] }> }>;
}

/** The values of {name} in the pattern, decoded; undefined when the path does not fit. */
export function match(pattern: string, path: string): string[] | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const found: string[] = [];
  for (const [i, part] of wanted.entries()) {
    const segment = given[i] ?? "";
    if (part.startsWith("{")) {
      try {
        found.push(decodeURIComponent(segment));
      } catch {
        return undefined;
      }
      if (segment === "") return undefined;
    } else if (part !== segment) return undefined;
  }
  return found;
}

function ourLink(event: MouseEvent): string | undefined {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return undefined;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (link === null || link.target !== "" || link.hasAttribute("download")) return undefined;
  const to = new URL(link.href, location.href);
  // A place within the page is the browser's own affair.
  if (to.origin !== location.origin || to.hash !== "" || /^\/(v1|log|console|sign-in|openapi)/.test(to.pathname)) return undefined;
  return to.pathname + to.search;
}

export function startRouter(): void {
  addEventListener("popstate", tell);
  document.addEventListener("click", (event) => {
    const to = ourLink(event);
    if (to === undefined) return;
    event.preventDefault();
    go(to);
  });
}
