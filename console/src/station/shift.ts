// SPDX-License-Identifier: Apache-2.0
// A shift: a key of this browser speaks for one person, about one station, until it ends. The key cannot leave the browser;
// it is kept so that a reload keeps the shift, and forgotten when the shift ends.
import { type Row, viewAll, view } from "../base/api";
import { type Bytes, fromHex, sha256, toBase64url, toHex } from "../base/base64";
import type { Me, Right } from "../base/me";
import { type Body, newId } from "../base/record";

export interface Shift {
  shift: string;
  principal: string;
  station: string;
  /** Unix milliseconds. */
  until: number;
  permissions: string[];
  keyId: string;
  key: CryptoKey;
}

/** What an operator does by hand; a shift asks for those of them that the person has at the station. */
const WANTED = ["line.build", "line.concern", "test.record"];
export const HOURS = [4, 8, 12] as const;
/** The longest shift ends a little early: its record is made before it is signed. */
const LONGEST_MS = 12 * 3600_000 - 120_000;

// ---- where the key is kept ----

const DATABASE = "sealwright-station";
const STORE = "shift";
const CURRENT = "current";

function open(): Promise<IDBDatabase> {
  return new Promise((found, failed) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => void request.result.createObjectStore(STORE);
    request.onsuccess = () => found(request.result);
    request.onerror = () => failed(request.error ?? new Error("no database"));
  });
}

async function inStore<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((found, failed) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => found(request.result);
      transaction.onabort = () => failed(transaction.error ?? new Error("not kept"));
    });
  } finally {
    database.close();
  }
}

export function keptShift(): Promise<Shift | undefined> {
  return inStore("readonly", (store) => store.get(CURRENT) as IDBRequest<Shift | undefined>);
}

export async function keepShift(shift: Shift): Promise<void> {
  await inStore("readwrite", (store) => store.put(shift, CURRENT));
}

export async function forgetShift(): Promise<void> {
  await inStore("readwrite", (store) => store.delete(CURRENT));
}

/** Whether the evidence log still knows it as open; nobody's answer is no reason to throw a key away. */
export async function isOpen(shift: Shift): Promise<boolean> {
  if (shift.until <= Date.now()) return false;
  const page = await view("shift.list", { principal: shift.principal, station: shift.station, limit: 1000 });
  const row = page.rows.find((one) => one["id"] === shift.shift);
  return row !== undefined && row["until"] === null;
}

// ---- stations ----

function reaches(right: Right, station: Row): boolean {
  return ["site", "line", "station"].every((name) => right.scope[name] === undefined || right.scope[name] === station[name]);
}

export interface Station {
  station: string;
  site: string;
  line: string;
}

/** Where the person may open a shift. */
export async function stationsOf(me: Me, signal: AbortSignal): Promise<Station[]> {
  const rights = me.permissions.filter((right) => right.permission === "line.shift");
  const { rows } = await viewAll("station.list", {}, undefined, signal);
  return rows
    .filter((row) => rights.some((right) => reaches(right, row)))
    .map((row) => ({ station: String(row["station"]), site: String(row["site"]), line: String(row["line"]) }));
}

export function permissionsAt(me: Me, station: Station): string[] {
  const row: Row = { ...station };
  return WANTED.filter((name) => me.permissions.some((right) => right.permission === name && reaches(right, row)));
}

// ---- opening ----

export interface Opening {
  shift: Shift;
  body: Body;
}

/** A new key, and the record that delegates to it. Its possession is shown as for every key (src/domain/access). */
export async function opening(me: Me, station: Station, hours: number): Promise<Opening> {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  const spki: Bytes = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
  const message = new TextEncoder().encode(`sealwright key possession\n${me.origin}\n${me.principal}\n`);
  const possession = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, message);
  const until = Date.now() + Math.min(hours * 3600_000, LONGEST_MS);
  const shift: Shift = {
    shift: newId("SH"),
    principal: me.principal,
    station: station.station,
    until,
    permissions: permissionsAt(me, station),
    keyId: toHex(await sha256(spki)),
    key: pair.privateKey,
  };
  const body: Body = {
    shift: shift.shift,
    station: shift.station,
    public_key: toBase64url(spki),
    possession: toBase64url(new Uint8Array(possession)),
    not_after: new Date(until).toISOString(),
    permissions: shift.permissions.map((permission) => ({ permission })),
  };
  return { shift, body };
}

export function keyIdBytes(shift: Shift): Bytes {
  return fromHex(shift.keyId);
}
