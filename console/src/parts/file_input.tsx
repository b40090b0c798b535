// SPDX-License-Identifier: Apache-2.0
// A digest, or a small binary value, from a file: chosen or dropped. Stored evidence is uploaded, too.
import { useState } from "preact/hooks";
import { toBase64url } from "../base/base64";
import { bytes, t } from "../base/text";
import type { Field } from "../base/types";
import { digestOf, HASHED_MAX, store } from "../base/upload";
import { Busy } from "./bits";
import { Trouble } from "./refusal";

type Work = { what: "hashing" } | { what: "sending"; sent: number; of: number } | { what: "done"; name: string; size: number };

async function take(field: Field, file: File, set: (value: string) => void, show: (work: Work) => void): Promise<boolean> {
  if (field.kind === "blob") {
    if (file.size > (field.most ?? 0)) return false;
    set(toBase64url(new Uint8Array(await file.arrayBuffer())));
  } else {
    if (file.size > HASHED_MAX) return false;
    show({ what: "hashing" });
    const digest = await digestOf(file);
    if (field.stored === true) {
      show({ what: "sending", sent: 0, of: file.size });
      await store(digest, file, (sent) => show({ what: "sending", sent, of: file.size }));
    }
    set(digest);
  }
  show({ what: "done", name: file.name, size: file.size });
  return true;
}

export function FileInput(props: { field: Field; label: string; set: (value: string) => void }) {
  const { field } = props;
  const [work, setWork] = useState<Work>();
  const [error, setError] = useState<unknown>();
  const [large, setLarge] = useState(false);
  const run = async (file: File | undefined) => {
    if (file === undefined) return;
    setError(undefined);
    setWork(undefined);
    try {
      setLarge(!(await take(field, file, props.set, setWork)));
    } catch (e) {
      setWork(undefined);
      setError(e);
    }
  };
  const most = field.kind === "blob" ? (field.most ?? 0) : HASHED_MAX;
  return (
    <div class="drop" onDragOver={(e) => e.preventDefault()}
      onDrop={(e) => { e.preventDefault(); void run(e.dataTransfer?.files[0]); }}>
      <label>
        {t(field.stored === true ? "form.file_stored" : field.kind === "blob" ? "form.file_bytes" : "form.file_hash")}
        <input type="file" aria-label={`${props.label}: ${t("form.file")}`}
          onChange={(e) => void run(e.currentTarget.files?.[0])} />
      </label>
      {work?.what === "hashing" && <Busy text={t("form.hashing")} />}
      {work?.what === "sending" && (
        <Busy text={t("form.sending", { sent: bytes(work.sent), of: bytes(work.of) })} done={work.sent} of={work.of} />
      )}
      {work?.what === "done" && (
        <p role="status">
          {t(field.stored === true ? "form.stored" : "form.taken")} <span data-raw>{work.name} ({bytes(work.size)})</span>
        </p>
      )}
      {large && <p class="refusal" role="alert">{t("form.file_large", { most: bytes(most) })}</p>}
      {error !== undefined && <Trouble error={error} />}
    </div>
  );
}
