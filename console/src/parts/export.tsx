// SPDX-License-Identifier: Apache-2.0
// A list as a file: CSV for spreadsheets, JSON for programs.
import { useState } from "preact/hooks";
import { Problem, type Query, viewAll } from "../base/api";
import { csv, save } from "../base/download";
import { t } from "../base/text";
import { Busy } from "./bits";
import { Refusal } from "./refusal";

/** Everything that the view has for this question, page by page. */
export function Export(props: { view: string; query: Query }) {
  const [progress, setProgress] = useState<number>();
  const [problem, setProblem] = useState<Problem>();
  const run = async (form: "csv" | "json") => {
    setProblem(undefined);
    setProgress(0);
    try {
      const all = await viewAll(props.view, props.query, setProgress);
      const name = `${props.view}.${form}`;
      if (form === "csv") save(name, "text/csv;charset=utf-8", "\ufeff" + csv(all));
      else save(name, "application/json", JSON.stringify(all.rows, null, 1));
    } catch (e) {
      if (!(e instanceof Problem)) throw e;
      setProblem(e);
    } finally {
      setProgress(undefined);
    }
  };
  return (
    <span class="export">
      <button type="button" onClick={() => void run("csv")} disabled={progress !== undefined}>{t("list.csv")}</button>
      <button type="button" onClick={() => void run("json")} disabled={progress !== undefined}>{t("list.json")}</button>
      {progress !== undefined && <Busy text={t("list.exporting", { n: progress })} />}
      {problem !== undefined && <Refusal problem={problem.document} />}
    </span>
  );
}
