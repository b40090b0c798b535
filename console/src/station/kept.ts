// SPDX-License-Identifier: Apache-2.0
// State that a reload of the page keeps: the unit in work, what was scanned for it, and how the scanner types.
import { useCallback, useState } from "preact/hooks";

function read<T>(storage: Storage, name: string): T | undefined {
  try {
    return (JSON.parse(storage.getItem(name) ?? "null") as T | null) ?? undefined;
  } catch {
    return undefined;
  }
}

/** `storage`: the tab's own, or the browser's. */
export function useKept<T>(storage: Storage, name: string): [T | undefined, (value: T | undefined) => void] {
  const [value, setValue] = useState<T | undefined>(() => read<T>(storage, name));
  const set = useCallback((next: T | undefined) => {
    if (next === undefined) storage.removeItem(name);
    else storage.setItem(name, JSON.stringify(next));
    setValue(next);
  }, [storage, name]);
  return [value, set];
}
