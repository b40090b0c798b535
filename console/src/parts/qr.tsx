// SPDX-License-Identifier: Apache-2.0
// A QR code as a picture: dark on light in both lights, with the quiet zone of four modules that readers want.
import { qrCode } from "../base/qr";

const QUIET = 4;

export function Code(props: { text: string; label: string }) {
  const rows = qrCode(props.text);
  if (rows === null) return null;
  const size = rows.length + 2 * QUIET;
  const path = rows.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x + QUIET} ${y + QUIET}h1v1h-1z`] : [])));
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={props.label} shape-rendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path.join("")} fill="#000" />
    </svg>
  );
}
