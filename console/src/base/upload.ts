// SPDX-License-Identifier: Apache-2.0
// Evidence files: hashed in the browser, sent in pieces that can be repeated. The server keeps what has the digest.
import { path, upload } from "./api";
import { sha256, toHex } from "./base64";

const PIECE = 4 << 20;
/** The browser's SHA-256 takes a file as a whole. */
export const HASHED_MAX = 1 << 30;

export async function digestOf(file: Blob): Promise<string> {
  return toHex(await sha256(new Uint8Array(await file.arrayBuffer())));
}

/** Sends it; `progress` hears how many bytes are there. Done at once if the server has it already. */
export async function store(digest: string, file: Blob, progress: (n: number) => void): Promise<void> {
  const to = `/v1/blobs${path(digest)}`;
  for (let from = 0; from < file.size; from += PIECE) {
    const end = Math.min(from + PIECE, file.size);
    const range = `bytes ${from}-${end - 1}/${file.size}`;
    const answer = await upload(to, file.slice(from, end), { "Content-Range": range });
    const { size } = (await answer.json()) as { size: number };
    progress(size);
    if (size === file.size) return;
  }
}
