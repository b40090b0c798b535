// SPDX-License-Identifier: Apache-2.0
// Every control that this version knows: what a policy made of it, what does not hold first.
import { get, type Row, view } from "../base/api";
import { useLoad } from "../base/load";
import { may, useMe } from "../base/me";
import { type Happening, useChanges } from "../base/stream";
import { named, t } from "../base/text";
import { Busy, Raw, State } from "./bits";
import { Trouble } from "./refusal";

function text(row: Row, name: string): string {
  return String(row[name] ?? "");
}

export function concernsPolicy(happening: Happening): boolean {
  return /^(statement|control|exception|glass)\./.test(happening.type) || happening.outcome === "executes";
}

/** A form with what the page knows already. */
export function form(type: string, values: Record<string, string>): string {
  return `/record/${type}?${new URLSearchParams(values).toString()}`;
}

export function ControlName(props: { id: string; title?: string }) {
  return (
    <>
      <b data-raw>{props.id}</b> {named(`control.${props.id}`, props.title ?? "")}
    </>
  );
}

interface Control {
  control: string;
  title: string;
  judges: "always" | "built_in" | "adopted" | "nothing";
  gates: string[];
}

function Acting(props: { control: Control; adopted: Row | undefined }) {
  const me = useMe();
  const { control, adopted } = props;
  const id = control.control;
  if (control.judges === "nothing" || !may(me, "policy.write")) return null;
  return (
    <span class="actions">
      {adopted === undefined && <a href={form("control.adopted", { control: id })}>{t("policy.adopt")}</a>}
      {control.judges !== "always" && <a href={form("control.mode_set", { control: id })}>{t("policy.set_mode")}</a>}
      <a href={form("exception.granted", { control: id })}>{t("policy.except")}</a>
    </span>
  );
}

/** How it stands: what a policy made of it, or what it does by itself. */
function Standing(props: { control: Control; adopted: Row | undefined }) {
  const { control, adopted } = props;
  if (adopted !== undefined) return <State of={text(adopted, "state")} />;
  return <span class="state">{t(`policy.judges.${control.judges}`)}</span>;
}

function ControlRow(props: { control: Control; adopted: Row | undefined; modes: Row[] }) {
  const { control, adopted, modes } = props;
  const judgesNow = adopted !== undefined || control.judges === "always" || control.judges === "built_in";
  // The last one of each site is in force.
  const latest = new Map(modes.map((row) => [text(row, "site"), row]));
  return (
    <tr>
      <td><ControlName id={control.control} title={control.title} /></td>
      <td><Standing control={control} adopted={adopted} /></td>
      <td>
        {latest.size === 0 && judgesNow && <State of="enforce" />}
        {[...latest].map(([site, row]) => (
          <div key={site}>
            <State of={text(row, "mode")} /> {site === "" ? t("policy.all_sites") : <Raw>{site}</Raw>}
          </div>
        ))}
      </td>
      <td class="wide"><Raw>{control.gates.join(", ")}</Raw></td>
      <td><Acting control={control} adopted={adopted} /></td>
    </tr>
  );
}

export function Controls() {
  const changes = useChanges(concernsPolicy);
  const catalog = useLoad("catalog", (signal) => get<{ controls: Control[] }>("/v1/controls", undefined, signal));
  const adopted = useLoad("controls", (signal) => view("policy.controls", { limit: 1000 }, signal), changes);
  const modes = useLoad("modes", (signal) => view("policy.modes", { limit: 1000 }, signal), changes);
  if (catalog.problem !== undefined) return <Trouble error={catalog.problem} />;
  if (catalog.value === undefined) return <Busy text={t("loading")} />;
  const of = (page: typeof adopted, id: string) => (page.value?.rows ?? []).filter((row) => row["control"] === id);
  const weight = (control: Control) => {
    const state = of(adopted, control.control)[0]?.["state"];
    return state === "failed" ? 0 : state === "degraded" ? 1 : state !== undefined ? 2 : control.judges === "nothing" ? 4 : 3;
  };
  const ordered = [...catalog.value.controls].sort((a, b) => weight(a) - weight(b));
  return (
    <>
      <p>{t("policy.controls_how")}</p>
      {adopted.problem !== undefined && <Trouble error={adopted.problem} />}
      {modes.problem !== undefined && <Trouble error={modes.problem} />}
      <div class="scroll" tabIndex={0} role="region" aria-label={t("policy.controls")}>
        <table class="controls">
          <thead>
            <tr>
              <th scope="col">{t("column.control")}</th>
              <th scope="col">{t("column.state")}</th>
              <th scope="col">{t("column.mode")}</th>
              <th scope="col" class="wide">{t("column.gates")}</th>
              <th scope="col">{t("column.actions")}</th>
            </tr>
          </thead>
          <tbody>
            {ordered.map((control) => (
              <ControlRow key={control.control} control={control} adopted={of(adopted, control.control)[0]}
                modes={of(modes, control.control)} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
