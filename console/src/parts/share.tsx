// SPDX-License-Identifier: Apache-2.0
// A whole and what it is made of: as a bar for the eye, and in numbers for everybody.
import { number } from "../base/text";

export interface SharePart {
  name: string;
  n: number;
  tone: "good" | "bad" | "warn" | "accent" | "plain" | "edge";
  note?: string;
}

const WIDTH = 1000;
const HEIGHT = 26;

export function Share(props: { label: string; whole: number; parts: SharePart[] }) {
  const shown = props.parts.filter((part) => part.n > 0);
  const whole = Math.max(props.whole, shown.reduce((sum, part) => sum + part.n, 0), 1);
  let at = 0;
  return (
    <div class="share">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={props.label}>
        <rect class="whole" width={WIDTH} height={HEIGHT} />
        {shown.map((part) => {
          const x = at;
          const width = (part.n / whole) * WIDTH;
          at += width;
          return <rect key={part.name} class={part.tone} x={x} width={Math.max(0, width - 1)} height={HEIGHT} />;
        })}
      </svg>
      <ul>
        {props.parts.map((part) => (
          <li key={part.name}>
            <span class={`swatch ${part.tone}`} aria-hidden="true" /> {part.name} <b data-raw>{number(part.n)}</b>
            {part.note !== undefined && <small> {part.note}</small>}
          </li>
        ))}
      </ul>
    </div>
  );
}
