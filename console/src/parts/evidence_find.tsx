// SPDX-License-Identifier: Apache-2.0
// Looking a record up: by its place, by the digest of its claim, or by what it is about.
import { useState } from "preact/hooks";
import { path, view } from "../base/api";
import { chain } from "../base/chain";
import { useLoad } from "../base/load";
import { changed, go, usePlace } from "../base/router";
import { named, t } from "../base/text";
import { Empty } from "./bits";
import { Trouble } from "./refusal";
import { Timeline } from "./timeline";

/** The page of the record with this claim; undefined if there is none. */
async function byDigest(digest: string): Promise<string | undefined> {
  const page = await view("log.by_digest", { digest });
  const sequence = page.rows[0]?.["seq"];
  return typeof sequence === "number" ? path("entry", String(sequence)) : undefined;
}

export function FindRecord() {
  const [text, setText] = useState("");
  const [said, setSaid] = useState("");
  const [error, setError] = useState<unknown>();
  const find = async () => {
    const wanted = text.trim().replace(/^#/, "").toLowerCase();
    setSaid("");
    setError(undefined);
    if (/^[0-9]{1,15}$/.test(wanted)) return go(path("entry", String(Number(wanted))));
    if (!/^[0-9a-f]{64}$/.test(wanted)) return setSaid(t("evidence.find_wrong"));
    try {
      const to = await byDigest(wanted);
      if (to === undefined) setSaid(t("evidence.find_none"));
      else go(to);
    } catch (e) {
      setError(e);
    }
  };
  return (
    <form class="find" onSubmit={(e) => { e.preventDefault(); void find(); }}>
      <label>
        {t("evidence.find")}
        <input type="search" value={text} onInput={(e) => setText(e.currentTarget.value)} />
      </label>
      <button type="submit">{t("evidence.find_go")}</button>
      {said !== "" && <p role="alert">{said}</p>}
      {error !== undefined && <Trouble error={error} />}
    </form>
  );
}

const KINDS = [
  ...["unit", "part_lot", "supplier", "shipment", "seal", "build_authorization", "firmware_release", "site", "line"],
  ...["station", "product", "principal", "key", "role", "bom"],
];

function Found(props: { kind: string; within: string; id: string }) {
  const { kind, within, id } = props;
  const loaded = useLoad(`chain ${kind} ${within} ${id}`, (signal) => chain(kind, within, id, signal));
  const thing = [within, id].filter((word) => word !== "").join(" ");
  if (loaded.problem !== undefined) return <Trouble error={loaded.problem} />;
  if (loaded.value === undefined) return null;
  if (loaded.value.entries.length === 0) return <Empty title={t("evidence.thing_none")} />;
  return <Timeline of={loaded.value} about={{ kind, within, id }} label={t("evidence.thing_label", { kind: named(`kind.${kind}`, kind), thing })} />;
}

export function FindByThing() {
  const place = usePlace();
  const given = (name: string) => place.query.get(name) ?? "";
  const [kind, setKind] = useState(given("kind") || "unit");
  const [within, setWithin] = useState(given("within"));
  const [id, setId] = useState(given("id"));
  const find = () => go(changed(place, { kind: id === "" ? "" : kind, within, id }));
  return (
    <section aria-labelledby="thing-title">
      <h2 id="thing-title">{t("evidence.thing")}</h2>
      <form class="find" onSubmit={(e) => { e.preventDefault(); find(); }}>
        <label>
          {t("evidence.kind")}
          <select value={kind} onChange={(e) => setKind(e.currentTarget.value)}>
            {KINDS.map((one) => <option key={one} value={one}>{named(`kind.${one}`, one)}</option>)}
          </select>
        </label>
        <label>
          {t("evidence.within")}
          <input type="text" value={within} onInput={(e) => setWithin(e.currentTarget.value.trim())} />
        </label>
        <label>
          {t("evidence.id")}
          <input type="text" value={id} onInput={(e) => setId(e.currentTarget.value.trim())} />
        </label>
        <button type="submit">{t("evidence.find_go")}</button>
      </form>
      {given("id") !== "" && <Found kind={given("kind")} within={given("within")} id={given("id")} />}
    </section>
  );
}
