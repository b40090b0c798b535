// SPDX-License-Identifier: Apache-2.0
// The proof that a record stands in the evidence log, computed here from its tiles, step by step.
import { useState } from "preact/hooks";
import { readCheckpoint, serversKey, tileReader } from "../base/log";
import { t } from "../base/text";
import { hex } from "../verify/bytes";
import { type Inclusion, Tiles, verifyCheckpoint, verifyInclusion } from "../verify/log";
import type { Checkpoint } from "../verify/note";
import { Busy } from "./bits";
import { Trouble } from "./refusal";
import { Proved, saidOf } from "./verdict";

interface Proof {
  checkpoint: Checkpoint;
  inclusion: Inclusion;
}

async function prove(sequence: bigint, bytes: Uint8Array): Promise<Proof> {
  const [key, data] = await Promise.all([serversKey(), readCheckpoint()]);
  const checkpoint = await verifyCheckpoint(data, key);
  const proof = await new Tiles(checkpoint.head.size, tileReader()).inclusion(sequence);
  return { checkpoint, inclusion: await verifyInclusion(bytes, checkpoint, sequence, proof) };
}

function Hash(props: { of: Uint8Array<ArrayBuffer> }) {
  return <span class="long" data-raw>{hex(props.of)}</span>;
}

function Steps(props: { of: Proof; sequence: bigint }) {
  const { checkpoint, inclusion } = props.of;
  return (
    <>
      <Proved verdict="good">
        {t("entry.included", { record: String(props.sequence), size: String(checkpoint.head.size) })}
      </Proved>
      <ol class="proof-steps">
        <li>{t("entry.leaf")} <Hash of={inclusion.leaf} /></li>
        {inclusion.joined.map((one, i) => (
          <li key={i}>
            {t(one.left ? "entry.joined_left" : "entry.joined_right")} <Hash of={one.sibling} />
            <br />
            {t("entry.gives")} <Hash of={one.result} />
          </li>
        ))}
        <li>{t("entry.is_root")} <Hash of={checkpoint.head.root} /></li>
        <li>{t("entry.root_signed", { name: checkpoint.origin })}</li>
      </ol>
    </>
  );
}

export function EntryProof(props: { sequence: bigint; bytes: Uint8Array }) {
  const [proof, setProof] = useState<Proof>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    setProof(undefined);
    setError(undefined);
    try {
      setProof(await prove(props.sequence, props.bytes));
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  };
  const said = saidOf(error);
  return (
    <section aria-labelledby="proof-title" aria-busy={busy}>
      <h2 id="proof-title">{t("entry.inclusion")}</h2>
      <p>{t("entry.inclusion_means")}</p>
      <button type="button" disabled={busy} onClick={() => void run()}>{t("entry.verify")}</button>
      {busy && <Busy text={t("entry.verifying")} />}
      {said !== undefined && <Proved verdict={said.verdict}>{said.text}</Proved>}
      {error !== undefined && said === undefined && <Trouble error={error} />}
      {proof !== undefined && <Steps of={proof} sequence={props.sequence} />}
    </section>
  );
}
