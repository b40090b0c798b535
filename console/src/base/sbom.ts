// SPDX-License-Identifier: Apache-2.0
// What a software bill names, and how two of them differ. CycloneDX and SPDX, both as JSON.
import { getBytes, path } from "./api";
import { sha256, toHex } from "./base64";

/** Larger ones are compared elsewhere: sealwright blob get, and any tool for software bills. */
const SBOM_MAX = 32 << 20;

/** Versions by the component's name; a name may come in several. */
export type Components = Map<string, string[]>;

export interface Difference {
  added: { name: string; version: string }[];
  removed: { name: string; version: string }[];
  changed: { name: string; from: string; to: string }[];
}

export class NoSbom extends Error {}

function member(json: unknown, name: string): unknown {
  return typeof json === "object" && json !== null ? (json as Record<string, unknown>)[name] : undefined;
}

function textOf(json: unknown, name: string): string {
  const found = member(json, name);
  return typeof found === "string" ? found : "";
}

function add(into: Components, name: string, version: string): void {
  if (name === "") return;
  const versions = into.get(name) ?? [];
  if (!versions.includes(version)) versions.push(version);
  into.set(name, versions);
}

/** CycloneDX nests components in components. */
function cyclone(list: unknown, into: Components): void {
  const waiting = [list];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (!Array.isArray(next)) continue;
    for (const component of next as unknown[]) {
      const group = textOf(component, "group");
      const name = textOf(component, "name");
      add(into, group === "" ? name : `${group}/${name}`, textOf(component, "version"));
      waiting.push(member(component, "components"));
    }
  }
}

/** Throws NoSbom. */
export function componentsOf(text: string): Components {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new NoSbom();
  }
  const into: Components = new Map();
  if (textOf(json, "bomFormat") === "CycloneDX") {
    cyclone(member(json, "components"), into);
    return into;
  }
  const packages = member(json, "packages");
  if (textOf(json, "spdxVersion") === "" || !Array.isArray(packages)) throw new NoSbom();
  for (const one of packages as unknown[]) add(into, textOf(one, "name"), textOf(one, "versionInfo"));
  return into;
}

export function difference(from: Components, to: Components): Difference {
  const out: Difference = { added: [], removed: [], changed: [] };
  for (const name of [...new Set([...from.keys(), ...to.keys()])].sort()) {
    const before = [...(from.get(name) ?? [])].sort();
    const after = [...(to.get(name) ?? [])].sort();
    if (before.join("\n") === after.join("\n")) continue;
    if (before.length === 0) out.added.push({ name, version: after.join(", ") });
    else if (after.length === 0) out.removed.push({ name, version: before.join(", ") });
    else out.changed.push({ name, from: before.join(", "), to: after.join(", ") });
  }
  return out;
}

/** A stored software bill; its digest is computed here. Throws Problem, or NoSbom. */
export async function readSbom(digest: string, signal: AbortSignal): Promise<Components> {
  const content = await getBytes(`/v1/blobs${path(digest)}`, undefined, signal);
  if (content.length > SBOM_MAX || toHex(await sha256(content)) !== digest) throw new NoSbom();
  return componentsOf(new TextDecoder().decode(content));
}
