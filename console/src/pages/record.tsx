// SPDX-License-Identifier: Apache-2.0
// A form for one record type; the address may bring values: /record/line.defined?site=berlin.
import { useLoad } from "../base/load";
import { draftOf } from "../base/draft";
import { may, useMe } from "../base/me";
import { usePlace } from "../base/router";
import { named, t } from "../base/text";
import { readType, type RecordType, typeName } from "../base/types";
import { Busy, Raw, Title } from "../parts/bits";
import { RecordForm } from "../parts/form";
import { Trouble } from "../parts/refusal";

/** What happens to it, before anybody types anything. */
function About(props: { type: RecordType }) {
  const me = useMe();
  const { type } = props;
  const allowed = type.permission === undefined || may(me, type.permission);
  return (
    <>
      {!allowed && (
        <p class="banner" role="status">
          {t("record.not_allowed", { permission: named(`permission.${type.permission ?? ""}`, type.permission ?? "") })}
        </p>
      )}
      {type.system === true && <p class="banner" role="status">{t("record.system")}</p>}
      <p>
        <Raw>{type.name}</Raw> · {t(`record.${type.nature}`)} · {t(type.signed ? "record.signed" : "record.reported")}
        {type.approval !== undefined && <> · {t("record.approval")} (<Raw>{type.approval}</Raw>)</>}
        {type.gate !== undefined && <> · {t("record.gate")} <Raw>{type.gate}</Raw></>}
      </p>
    </>
  );
}

export default function RecordPage(props: { arguments: string[] }) {
  const name = props.arguments[0] ?? "";
  const place = usePlace();
  const loaded = useLoad(name, (signal) => readType(name, signal));
  if (loaded.problem) return <><Title>{t("nav.records")}</Title><Trouble error={loaded.problem} /></>;
  if (loaded.value === undefined) return <Busy text={t("loading")} />;
  const type = loaded.value;
  const from = `${name}?${place.query.toString()}`;
  return (
    <>
      <Title actions={<a href="/records">{t("record.all")}</a>}>{typeName(type)}</Title>
      <About type={type} />
      {type.fields.length === 0 && <p>{t("record.no_fields")}</p>}
      <RecordForm key={from} type={type} initial={draftOf(type.fields, place.query)} place={from} />
    </>
  );
}
