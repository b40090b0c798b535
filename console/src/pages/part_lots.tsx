// SPDX-License-Identifier: Apache-2.0
// What came in: every part lot, what its conformance certificate is worth, and what is left of it.
import { t } from "../base/text";
import { Empty, Title } from "../parts/bits";
import { PART_LOT_COLUMNS } from "../parts/columns";
import { List } from "../parts/list";

export default function PartLots(_: { arguments: string[] }) {
  return (
    <>
      <Title>{t("nav.part_lots")}</Title>
      <List view="part_lot.list" columns={PART_LOT_COLUMNS} caption={t("nav.part_lots")}
        concerns={(happening) => happening.subject?.kind === "part_lot"}
        empty={<Empty title={t("part_lots.empty")}><a href="/record/part_lot.received">{t("part_lots.first")}</a></Empty>} />
    </>
  );
}
