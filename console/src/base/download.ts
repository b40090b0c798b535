// SPDX-License-Identifier: Apache-2.0
// Files that a page hands to its reader.
import type { Page } from "./api";

export function save(name: string, type: string, content: BlobPart): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** RFC 4180. A text that a spreadsheet would run as a formula gets an apostrophe before it. */
export function csv(page: Page): string {
  const cell = (value: unknown): string => {
    const text = value === null || value === undefined ? "" : String(value);
    const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const lines = [page.columns.map(cell), ...page.rows.map((row) => page.columns.map((c) => cell(row[c])))];
  return lines.map((line) => line.join(",")).join("\r\n") + "\r\n";
}
