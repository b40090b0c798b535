// SPDX-License-Identifier: Apache-2.0
// What forms make of what was typed, software bills that are compared, and QR codes. usage: forms_test.mjs
import "./page";
import { bodyOf, draftOf, type Draft, type Wrongs } from "../../console/src/base/draft";
import { openedIn } from "../../console/src/base/opened";
import { componentsOf, difference, NoSbom } from "../../console/src/base/sbom";
import type { Field } from "../../console/src/base/types";
import { readQr } from "./qr_reader";
import { qrCode } from "../../console/src/base/qr";
import { runAll, same, test } from "./suite";

// ---- forms ----

function field(name: string, kind: Field["kind"], more: Partial<Field> = {}): Field {
  return { name, kind, required: false, help: "", ...more };
}

/** What became of one field: its value, or the name of the text that says what was expected. */
function read(one: Field, typed: string | Draft[]): unknown {
  const wrongs: Wrongs = new Map();
  const body = bodyOf([one], { [one.name]: typed }, "", wrongs);
  return wrongs.size > 0 ? Object.fromEntries(wrongs) : body[one.name];
}

const WRONG: [string, Field, string][] = [
  ["an id with a space", field("x", "id"), "a b"],
  ["an id of 65 characters", field("x", "id"), "a".repeat(65)],
  ["an id with a letter that GS1 has not", field("x", "id"), "ä"],
  ["an id that is not among the choices", field("x", "id", { choices: "H|S" }), "I"],
  ["a digest of 63 digits", field("x", "hash"), "0".repeat(63)],
  ["a digest with another letter", field("x", "hash"), "g".repeat(64)],
  ["a time that is none", field("x", "instant"), "yesterday"],
  ["a number with a fraction", field("x", "number", { least: 0, most: 9 }), "1.5"],
  ["a number with a sign too many", field("x", "number", { least: 0, most: 9 }), "--1"],
  ["a number with a zero before it", field("x", "number", { least: 0, most: 99 }), "01"],
  ["a number with an exponent", field("x", "number", { least: 0, most: 9999 }), "1e3"],
  ["a number above its range", field("x", "number", { least: 0, most: 9 }), "10"],
  ["a number below its range", field("x", "number", { least: 1, most: 9 }), "0"],
  ["a number that a program would round", field("x", "number"), "9007199254740993"],
  ["a truth that is neither", field("x", "bool"), "maybe"],
  ["a text of too many bytes, though not of too many letters", field("x", "text", { least: 1, most: 5 }), "封签"],
  ["base64url with padding", field("x", "blob", { least: 1, most: 9 }), "QUI="],
  ["base64url of an impossible length", field("x", "blob", { least: 1, most: 9 }), "QUJDQ"],
  ["more bytes than fit", field("x", "blob", { least: 1, most: 2 }), "QUJD"],
];
for (const [name, one, typed] of WRONG) {
  test(`a form does not take ${name}`, () => same(typeof (read(one, typed) as { x?: unknown })?.x, "string", name));
}

test("a form takes what is right, as the record wants it", () => {
  same(read(field("x", "id"), " A-1 "), "A-1");
  same(read(field("x", "hash"), "AB".repeat(32)), "ab".repeat(32));
  same(read(field("x", "instant"), "2027-01-15T13:00:00+01:00"), "2027-01-15T12:00:00.000Z");
  same(read(field("x", "number", { least: -5, most: 5 }), "-5"), -5);
  same(read(field("x", "bool"), "false"), false);
  same(read(field("x", "text", { least: 1, most: 6 }), "封签"), "封签");
  same(read(field("x", "text", { least: 1, most: 9 }), " kept "), " kept ");
});

test("what is empty is left out, and what is needed is missed", () => {
  const wrongs: Wrongs = new Map();
  same(bodyOf([field("x", "id"), field("y", "id", { required: true })], { x: "", z: "1" }, "", wrongs), {});
  same([...wrongs.keys()], ["y"]);
});

const PARTS = field("parts", "list", { least: 1, most: 2, of: [field("lot", "id", { required: true }), field("n", "number")] });

test("what is wrong in a list is named by its place", () => {
  const wrongs: Wrongs = new Map();
  bodyOf([PARTS], { parts: [{ lot: "A" }, { lot: "a b", n: "x" }] }, "", wrongs);
  same([...wrongs.keys()], ["parts[1].lot", "parts[1].n"]);
});

test("a list of too many rows is wrong as a whole", () => {
  const wrongs: Wrongs = new Map();
  bodyOf([PARTS], { parts: [{ lot: "A" }, { lot: "B" }, { lot: "C" }] }, "", wrongs);
  same([...wrongs.keys()], ["parts"]);
});

test("an address brings values, and nothing that the type has not", () => {
  const query = new URLSearchParams("x=1&nonsense=2&parts[1].lot=B&parts[0].wrong=C&parts=3&__proto__=4");
  same(draftOf([field("x", "id"), PARTS], query), { x: "1", parts: [{}, { lot: "B" }] });
});

test("an address cannot make a list longer than the type has it", () => {
  same(draftOf([PARTS], new URLSearchParams("parts[999].lot=B")), { parts: [{}, {}] });
});

test("values of commitments are found wherever they stand", () => {
  const json = { claim: { body: { a: { commitment: "c1", value: "v1" }, l: [{ b: { commitment: "c2" } }] } } };
  same([...openedIn(json)], [["c1", "v1"]]);
});

// ---- software bills ----

const CYCLONE = (components: unknown) => JSON.stringify({ bomFormat: "CycloneDX", components });

test("components of CycloneDX are found in components, too", () => {
  const inner = { type: "library", name: "b", version: "2" };
  same([...componentsOf(CYCLONE([{ group: "g", name: "a", version: "1", components: [inner] }]))], [
    ["g/a", ["1"]],
    ["b", ["2"]],
  ]);
});

test("packages of SPDX are components", () => {
  const spdx = JSON.stringify({ spdxVersion: "SPDX-2.3", packages: [{ name: "a", versionInfo: "1" }, { name: "b" }] });
  same([...componentsOf(spdx)], [["a", ["1"]], ["b", [""]]]);
});

for (const text of ["", "[", "null", "7", "[]", "{}", '{"bomFormat":"x"}', '{"spdxVersion":"SPDX-2.3"}', '{"spdxVersion":"SPDX-2.3","packages":{}}']) {
  test(`no software bill is made of ${text === "" ? "nothing" : text}`, () => {
    try {
      componentsOf(text);
    } catch (e) {
      if (e instanceof NoSbom) return;
      throw e;
    }
    throw new Error("it was taken");
  });
}

test("a software bill full of nonsense names nothing, and breaks nothing", () => {
  same([...componentsOf(CYCLONE([null, 7, "x", {}, { name: 7 }, { name: "" }, { name: "a", version: 3, components: 9 }]))], [["a", [""]]]);
  same([...componentsOf(CYCLONE(9))], []);
});

test("what came, went and changed is told apart, whatever the sequence", () => {
  const from = componentsOf(CYCLONE([{ name: "a", version: "1" }, { name: "b", version: "1" }, { name: "c", version: "1" }, { name: "c", version: "2" }]));
  const to = componentsOf(CYCLONE([{ name: "c", version: "2" }, { name: "c", version: "1" }, { name: "b", version: "2" }, { name: "d", version: "1" }]));
  same(difference(from, to), {
    added: [{ name: "d", version: "1" }],
    removed: [{ name: "a", version: "1" }],
    changed: [{ name: "b", from: "1", to: "2" }],
  });
  same(difference(from, from), { added: [], removed: [], changed: [] });
});

// ---- QR codes ----

/** Data bytes of level M by version (ISO/IEC 18004:2015 table 7). */
const DATA = [16, 28, 44, 64, 86, 108, 124, 154, 182, 216, 254, 290, 334, 365, 415, 453, 507, 563, 627, 669];

/** Mode and length take 12 bits, or 20 from version 10 on. */
const roomOf = (version: number) => (DATA[version - 1] ?? 0) - (version < 10 ? 2 : 3);

for (let version = 1; version <= DATA.length; version++) {
  test(`a QR code of version ${version} holds as much as the standard says, and is read back`, () => {
    const text = Array.from({ length: roomOf(version) }, (_, i) => String.fromCharCode(33 + ((i * 7) % 90))).join("");
    const rows = qrCode(text);
    same(rows?.length, 17 + 4 * version, "side");
    same(readQr(rows ?? []), text, "text");
    if (version < DATA.length) same(qrCode(text + "x")?.length, 21 + 4 * version, "side of one byte more");
  });
}

test("letters of every writing are bytes in a QR code", () => same(readQr(qrCode("封签 é") ?? []), "封签 é"));
test("a text that is too long has no QR code", () => same(qrCode("x".repeat(roomOf(20) + 1)), null));

await runAll();
