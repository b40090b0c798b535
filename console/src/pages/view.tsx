// SPDX-License-Identifier: Apache-2.0
// Any view of the API as a list: for what no other page shows.
import { get } from "../base/api";
import { useLoad } from "../base/load";
import { named, t } from "../base/text";
import { Busy, Empty, Raw, Title } from "../parts/bits";
import { List } from "../parts/list";
import { Trouble } from "../parts/refusal";

interface ViewDescription {
  name: string;
  permission: string;
  parameters: { name: string; kind: string }[];
  columns?: { name: string; kind: string }[];
}

export default function ViewPage(props: { arguments: string[] }) {
  const name = props.arguments[0] ?? "";
  const loaded = useLoad("views", (signal) => get<{ views: ViewDescription[] }>("/v1/views", undefined, signal));
  const found = loaded.value?.views.find((v) => v.name === name);
  if (loaded.problem) return <><Title>{named(`view.${name}`, name)}</Title><Trouble error={loaded.problem} /></>;
  if (loaded.value === undefined) return <Busy text={t("loading")} />;
  if (found === undefined) return <><Title>{t("missing.title")}</Title><Empty title={t("missing.text")} /></>;
  const columns = (found.columns ?? []).map((c) => ({
    name: c.name,
    sort: true,
    ...(c.kind === "text" ? { filter: "has" as const } : {}),
  }));
  return (
    <>
      <Title>{named(`view.${name}`, name)}</Title>
      <p><small><Raw>{name}</Raw></small></p>
      <List view={name} columns={columns} caption={named(`view.${name}`, name)} empty={<Empty title={t("view.empty")} />} />
    </>
  );
}
