// SPDX-License-Identifier: Apache-2.0
// The labels to print and hang up at a station: what an operator can say by scanner, and the one that shows how the
// scanner types.
import { t } from "../base/text";
import { Title } from "../parts/bits";
import { code128Path } from "./code128";
import { CHOICES, COMMANDS } from "./label";
import { CALIBRATION_LABEL } from "./layout";

/** Height of the bars in modules: about a sixth of a label's width. */
const HEIGHT = 30;

function Bars(props: { text: string }) {
  const { path, width } = code128Path(props.text);
  return (
    <svg class="bars" data-raw viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={props.text} shape-rendering="crispEdges">
      <rect width={width} height={HEIGHT} fill="#fff" />
      <path d={path} transform={`scale(1 ${HEIGHT})`} fill="#000" />
    </svg>
  );
}

export function Sheet() {
  return (
    <div class="station sheet">
      <Title actions={<><a href="/station">{t("station.sheet.back")}</a>
        <button type="button" class="action primary" onClick={() => print()}>{t("station.sheet.print")}</button></>}>
        {t("station.sheet.title")}
      </Title>
      <p>{t("station.sheet.how")}</p>
      <ul class="labels">
        {COMMANDS.map((name) => (
          <li key={name}>
            <h2>{t(`station.command.${name.toLowerCase()}`)}</h2>
            <Bars text={`SW:${name}`} />
            <p data-raw>SW:{name}</p>
          </li>
        ))}
        {CHOICES.map((number) => (
          <li key={number}>
            <h2>{t("station.sheet.choice")} <span data-raw>{number}</span></h2>
            <Bars text={`SW:${number}`} />
            <p data-raw>SW:{number}</p>
          </li>
        ))}
      </ul>
      <section class="calibration">
        <h2>{t("station.sheet.calibration")}</h2>
        <p>{t("station.sheet.calibration_how")}</p>
        <Bars text={CALIBRATION_LABEL} />
      </section>
    </div>
  );
}
