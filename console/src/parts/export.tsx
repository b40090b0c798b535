// SPDX-License-Identifier: Apache-2.0
// Every row of a list as a file, page by page, with how far it is.
import { useState } from "preact/hooks";
import type { Page } from "../base/api";
import { csv, save } from "../base/download";
import { t } from "../base/text";
import { Busy } from "./bits";
import { Trouble } from "./refusal";

export interface ExportProps {
  /** Of the file, without what says its form. */
  name: string;
  rows: (progress: (n: number) => void) => Promise<Page>;
  /** How many there are, where that is known. */
  total?: number;
}

export function Export(props: ExportProps) {
  const { name, rows, total } = props;
  const [done, setDone] = useState<number>();
  const [error, setError] = useState<unknown>();
  const run = async (form: "csv" | "json") => {
    setError(undefined);
    setDone(0);
    try {
      const all = await rows(setDone);
      // A spreadsheet takes UTF-8 for what it is only with a byte order mark.
      if (form === "csv") save(`${name}.csv`, "text/csv;charset=utf-8", "\ufeff" + csv(all));
      else save(`${name}.json`, "application/json", JSON.stringify(all.rows, null, 1));
    } catch (e) {
      setError(e);
    } finally {
      setDone(undefined);
    }
  };
  return (
    <span class="export">
      <button type="button" disabled={done !== undefined} onClick={() => void run("csv")}>{t("list.csv")}</button>
      <button type="button" disabled={done !== undefined} onClick={() => void run("json")}>{t("list.json")}</button>
      {done !== undefined && (
        <Busy text={t("list.exporting", { n: done })} {...(total === undefined ? {} : { done, of: total })} />
      )}
      {error !== undefined && <Trouble error={error} />}
    </span>
  );
}
