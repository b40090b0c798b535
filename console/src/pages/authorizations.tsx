// SPDX-License-Identifier: Apache-2.0
// How many units may be built, where, and until when.
import { t } from "../base/text";
import { Empty, State, Title } from "../parts/bits";
import { authorizationLink } from "../parts/columns";
import { List } from "../parts/list";

export default function Authorizations(_: { arguments: string[] }) {
  return (
    <>
      <Title actions={<a href="/record/build.authorized">{t("authorizations.ask")}</a>}>
        {t("nav.authorizations")}
      </Title>
      <List view="build.list" caption={t("nav.authorizations")} order="-since"
        concerns={({ subject }) => subject?.kind === "build_authorization" || subject?.kind === "unit"}
        columns={[
          { name: "build_authorization", filter: "has", sort: true, show: authorizationLink },
          { name: "product", filter: "is", sort: true },
          { name: "state", filter: ["open", "closed"], sort: true, show: (row) => <State of={String(row["state"])} /> },
          { name: "quantity", sort: true },
          { name: "requested", sort: true },
          { name: "site", filter: "is", wide: true },
          { name: "line", filter: "is", wide: true },
          { name: "valid_until", sort: true },
          { name: "purchase_order", filter: "is", wide: true },
          { name: "since", sort: true, wide: true },
        ]}
        empty={<Empty title={t("authorizations.empty")}><a href="/record/build.authorized">{t("authorizations.ask")}</a></Empty>} />
    </>
  );
}
