// SPDX-License-Identifier: Apache-2.0
// What a code means: the server's sentence in the reader's language, with what the row knows in its places.
import { useEffect, useState } from "preact/hooks";
import { loadMore, named } from "../base/text";
import type { Subject } from "./bits";

/** True when the server's sentences are there; draws again when they come. */
export function useSentences(): boolean {
  const [there, setThere] = useState(false);
  useEffect(() => {
    let gone = false;
    loadMore().then(
      () => !gone && setThere(true),
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, []);
  return there;
}

/** What sentences call the halves of a subject's name. */
const HALVES: Record<string, [within: string, id: string]> = {
  unit: ["product", "serial"],
  part_lot: ["supplier", "part_lot"],
  seal: ["maker", "seal"],
  shipment: ["", "shipment"],
  supplier: ["", "supplier"],
  station: ["", "station"],
  line: ["site", "line"],
  site: ["", "site"],
};

/** The places that the row knows are filled; how many are left open. */
function filled(text: string, subject: Subject | undefined): { text: string; open: number } {
  const [within, id] = HALVES[subject?.kind ?? ""] ?? ["", ""];
  let open = 0;
  const said = text.replace(/\{([a-z][a-z0-9_.]*)\}/g, (_, name: string) => {
    if (subject !== undefined && name === within) return subject.within;
    if (subject !== undefined && name === id) return subject.id;
    open++;
    return "…";
  });
  return { text: said, open };
}

/** A few words: the code's own where nobody wrote any. */
export function codeName(code: string): string {
  return named(`code.${code}`, code.toLowerCase().replaceAll("_", " "));
}

/** Empty where so much is open that the few words say as much: the log keeps a nonconformance's code, not its values. */
export function codeSentence(code: string, subject?: Subject): { text: string; fix: string } {
  const said = filled(named(`fault.${code}`, ""), subject);
  const fix = filled(named(`fix.${code}`, ""), subject);
  return { text: said.open > 1 ? "" : said.text, fix: fix.text };
}
