// SPDX-License-Identifier: Apache-2.0
// The story of a thing, as far as it is read by now.
import type { Chain } from "../base/chain";
import type { Loaded } from "../base/load";
import { t } from "../base/text";
import { Busy, type Subject } from "./bits";
import { Trouble } from "./refusal";
import { Timeline } from "./timeline";

export function Story(props: { of: Loaded<Chain>; about: Subject }) {
  const { of } = props;
  return (
    <section aria-labelledby="story-title">
      <h2 id="story-title">{t("unit.story")}</h2>
      {of.problem !== undefined && <Trouble error={of.problem} />}
      {of.away && <p class="away" role="status">{t("server.away")}</p>}
      {of.value === undefined && of.loading && <Busy text={t("loading")} />}
      {of.value !== undefined && <Timeline of={of.value} about={props.about} label={t("unit.story")} />}
    </section>
  );
}
