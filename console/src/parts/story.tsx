// SPDX-License-Identifier: Apache-2.0
// What a passport tells, section by section; each line with its time, its record, and how it is known.
import { t, type Values } from "../base/text";
import { instant, shownExactly } from "../base/time";
import { type StoryLine, type StoryPart, type StoryValue } from "../verify/story";
import { SECTIONS } from "../verify/story_table";
import { Raw, Time } from "./bits";

function said(value: StoryValue): string {
  if (value.kind === "time") return shownExactly(instant(Number(value.value)));
  return String(value.value);
}

function sentence(part: StoryPart): string {
  const values: Values = {};
  for (const [name, value] of Object.entries(part.values)) values[name] = said(value);
  return t(part.code, values);
}

function Line(props: { of: StoryLine; shift: bigint | undefined }) {
  const { of, shift } = props;
  return (
    <li>
      <div class="when">
        {of.at !== null && <Time at={of.at} />} {of.sequence !== null && <Raw>#{String(of.sequence)}</Raw>}
      </div>
      <div>
        {of.parts.map(sentence).join(" ")}{" "}
        <small>
          {t(`story.source.${of.source}`)}
          {shift !== undefined && <>; {t("verify.by_shift", { record: String(shift) })}</>}
        </small>
      </div>
    </li>
  );
}

/** `byShift`: records that a shift's key signed, and which record opened the shift. */
export function Story(props: { lines: StoryLine[]; byShift: Map<bigint, bigint> }) {
  return (
    <>
      {SECTIONS.map((section) => {
        const lines = props.lines.filter((line) => line.section === section);
        return lines.length === 0 ? null : (
          <section key={section}>
            <h3>{t(`story.section.${section}`)}</h3>
            <ol class="timeline">
              {lines.map((line, i) => (
                <Line key={i} of={line}
                  shift={line.sequence === null ? undefined : props.byShift.get(line.sequence)} />
              ))}
            </ol>
          </section>
        );
      })}
    </>
  );
}
