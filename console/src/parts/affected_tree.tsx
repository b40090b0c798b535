// SPDX-License-Identifier: Apache-2.0
// The answer about a source, and the picture of it: unit by unit while they are few, bundled by the server when not.
import { useMemo } from "preact/hooks";
import { type Cell, get, Problem, type Query, type Row, view, viewAll } from "../base/api";
import { useLoad } from "../base/load";
import { t } from "../base/text";
import { Busy, type Subject } from "./bits";
import { Certainty } from "./columns";
import { type Flow, flowOf, flowOfUnit, genealogy, SINGLY } from "./genealogy";
import { Graph } from "./graph";
import { Trouble } from "./refusal";

const FEW_LOTS = 3;

export type AffectedUnit = { path?: Subject[]; contained?: string[] } & { [name: string]: Cell | Subject[] | string[] | undefined };

export interface Answer {
  sequence: number;
  from: string;
  certain: number;
  possible: number;
  units: AffectedUnit[];
  stock: Row[];
  next?: string;
}

export function ask(of: Subject, query: Query, signal?: AbortSignal): Promise<Answer> {
  const within = of.within === "" ? undefined : of.within;
  return get<Answer>("/v1/affected", { kind: of.kind, within, id: of.id, ...query }, signal);
}

interface Bundles {
  lots: Row[];
  ways: Flow[];
  places: Flow[];
}

async function read(of: Subject, answer: Answer, signal: AbortSignal): Promise<Bundles> {
  const question = { kind: of.kind, within: of.within === "" ? undefined : of.within, id: of.id };
  const lots = (await view("recall.affected_lots", { ...question, limit: 1000 }, signal)).rows;
  // Without the way (a reader who sees a part of the house) the units are no picture: then in bundles, too.
  // A unit's way is one of perhaps many: where there are many part lots, only bundles say all of it.
  if (lots.length <= FEW_LOTS && answer.units.length <= SINGLY && answer.next === undefined && answer.units.every((u) => u.path !== undefined)) {
    const flows = answer.units.map(flowOfUnit);
    return { lots, ways: flows, places: flows };
  }
  let flows: Flow[];
  try {
    flows = (await viewAll("recall.affected_flow", question, undefined, signal)).rows.map(flowOf);
  } catch (e) {
    if (!(e instanceof Problem) || e.code !== "VIEW_TOO_SLOW") throw e;
    // A supplier of everything, in tens of thousands of units: how many are where, without what each came by.
    flows = (await viewAll("recall.affected_counts", question, undefined, signal)).rows.map(flowOf);
    return { lots: [], ways: flows, places: flows };
  }
  return {
    lots,
    ways: flows.filter((flow) => flow.via?.kind !== "any"),
    places: flows.filter((flow) => flow.via?.kind === "any"),
  };
}

export function Tree(props: { of: Subject; answer: Answer; changes: number }) {
  const { of, answer } = props;
  const loaded = useLoad(`tree ${of.kind} ${of.within} ${of.id} ${answer.sequence}`, (signal) => read(of, answer, signal));
  const picture = useMemo(
    () => loaded.value && genealogy(of, loaded.value.lots, loaded.value.ways, loaded.value.places),
    [loaded.value],
  );
  return (
    <section aria-labelledby="tree-title">
      <h2 id="tree-title">{t("affected.tree")}</h2>
      <p>
        <small>
          {t("affected.lines")} {answer.possible > 0 && <><Certainty of="possible" /> {t("affected.dashed")}</>}
        </small>
      </p>
      {loaded.problem !== undefined && <Trouble error={loaded.problem} />}
      {picture === undefined && loaded.loading && <Busy text={t("loading")} />}
      {picture !== undefined && <Graph nodes={picture.nodes} edges={picture.edges} label={t("affected.tree")} />}
    </section>
  );
}
