// SPDX-License-Identifier: Apache-2.0
// Scanners in keyboard mode: what is a scan and what is typing, other keyboard layouts, lost separators, and the labels that
// the station prints itself.
import { code128, code128Path } from "../../console/src/station/code128";
import { elements } from "../../console/src/station/gs1";
import { type Label, readLabel } from "../../console/src/station/label";
import { CALIBRATION_LABEL, calibrationOf, textsOf, usCharacter } from "../../console/src/station/layout";
import { type Press, Scanner, type Taken } from "../../console/src/station/scanner";
import { runAll, same, test } from "./suite";

const CODES = [
  ..."ABCDEFGHIJKLMNOPQRSTUVWXYZ",
].map((letter) => `Key${letter}`).concat(
  [..."0123456789"].map((digit) => `Digit${digit}`),
  ["Minus", "Equal", "BracketLeft", "BracketRight", "Backslash", "Semicolon", "Quote", "Backquote", "Comma", "Period", "Slash", "Space"],
);

/** The press of a US scanner for this character. */
function usPress(character: string): Press {
  for (const code of CODES) {
    for (const shift of [false, true]) {
      if (usCharacter(code, shift) === character) {
        return { key: character, code, shift, control: false, alt: false, graph: false, at: 0 };
      }
    }
  }
  throw new Error(`no key for ${character}`);
}

const CONTROL_KEYS: Record<string, string> = { "\x1d": "BracketRight", "\x1e": "Digit6", "\x04": "KeyD" };

function pressesOf(text: string, gap = 8): Press[] {
  return [...text].map((character, i) => {
    const code = CONTROL_KEYS[character];
    const press = code === undefined ? usPress(character) : { ...usPress("a"), key: "?", code, control: true };
    return { ...press, at: i * gap };
  });
}

const named = (key: string, at: number): Press => ({ key, code: key, shift: false, control: false, alt: false, graph: false, at });

/** What the machine made of each press, and then of the end. */
function feed(presses: Press[], end = "Enter"): { taken: Taken[]; last: Taken } {
  const scanner = new Scanner();
  const taken = presses.map((press) => scanner.take(press));
  return { taken, last: scanner.take(named(end, (presses.at(-1)?.at ?? 0) + 8)) };
}

/** A computer with the German layout, where a US scanner types. */
const GERMAN: Record<string, string> = {
  KeyY: "zZ", KeyZ: "yY", Minus: "ß?", Equal: "\u0000\u0000", BracketLeft: "üÜ", BracketRight: "+*", Semicolon: "öÖ",
  Quote: "äÄ", Backslash: "#'", Slash: "-_", Backquote: "\u0000°", Comma: ",;", Period: ".:", Digit2: '2"', Digit3: "3§",
  Digit6: "6&", Digit7: "7/", Digit8: "8(", Digit9: "9)", Digit0: "0=",
};

function onGerman(presses: Press[]): Press[] {
  return presses.map((press) => {
    const key = GERMAN[press.code]?.[press.shift ? 1 : 0];
    return key === undefined || press.control ? press : { ...press, key: key === "\u0000" ? "Dead" : key };
  });
}

// ---- what is a scan ----

test("a_fast_run_that_ends_with_enter_is_a_scan", () => {
  const { taken, last } = feed(pressesOf("S1Y99T-009"));
  same(taken.slice(0, 3), ["typing", "typing", "scanning"]);
  same(typeof last !== "string" && last.map((press) => press.key).join(""), "S1Y99T-009");
});

test("tab_ends_a_scan_too", () => {
  same(typeof feed(pressesOf("ABC"), "Tab").last, "object");
});

test("a_person_who_types_is_not_scanning", () => {
  const { taken, last } = feed(pressesOf("S1Y99T-009", 110));
  same(taken.every((one) => one === "typing"), true);
  same(last, "typing");
});

test("a_person_whose_fingers_roll_over_some_keys_is_not_scanning", () => {
  const at = [0, 20, 130, 145, 270, 285, 420, 520];
  same(feed(pressesOf("ABCDEFGH").map((press, i) => ({ ...press, at: at[i] ?? 0 }))).last, "typing");
});

test("one_late_key_does_not_break_a_scan", () => {
  const presses = pressesOf("ABCDEFGH").map((press, i) => ({ ...press, at: press.at + (i > 4 ? 120 : 0) }));
  same(typeof feed(presses).last, "object");
});

test("two_keys_are_too_few", () => {
  same(feed(pressesOf("AB")).last, "typing");
});

test("what_was_typed_before_a_pause_does_not_belong_to_the_scan", () => {
  const typed = pressesOf("xy", 90);
  const scan = pressesOf("SN1").map((press) => ({ ...press, at: press.at + 1000 }));
  const { last } = feed([...typed, ...scan]);
  same(typeof last !== "string" && last.map((press) => press.key).join(""), "SN1");
});

test("a_late_enter_is_no_end", () => {
  const scanner = new Scanner();
  for (const press of pressesOf("SN12345")) scanner.take(press);
  same(scanner.take(named("Enter", 5000)), "typing");
});

test("an_arrow_or_an_escape_in_between_ends_the_run", () => {
  const scanner = new Scanner();
  for (const press of pressesOf("SN12345")) scanner.take(press);
  same(scanner.take(named("ArrowLeft", 60)), "typing");
  same(scanner.take(named("Enter", 64)), "typing");
});

test("shift_keys_belong_to_nothing", () => {
  const scanner = new Scanner();
  same(scanner.take(named("Shift", 0)), "typing");
  same(scanner.length, 0);
});

test("a_run_without_end_is_given_up", () => {
  const scanner = new Scanner();
  for (let i = 0; i < 4097; i++) scanner.take({ ...usPress("A"), at: i });
  same(scanner.length, 0);
});

test("a_clock_that_goes_back_begins_anew", () => {
  const scanner = new Scanner();
  for (const press of pressesOf("SN12345")) scanner.take({ ...press, at: press.at + 1000 });
  same(scanner.take({ ...usPress("A"), at: 10 }), "typing");
});

// ---- layouts ----

test("a_us_scanner_on_a_german_computer_is_read_by_the_keys", () => {
  same(textsOf(onGerman(pressesOf("SW:PAUSE")), undefined), ["SWÖPAUSE", "SW:PAUSE"]);
  same(textsOf(onGerman(pressesOf("ZY-1/2_3")), undefined)[1], "ZY-1/2_3");
});

test("the_same_layout_on_both_sides_has_one_reading", () => {
  same(textsOf(pressesOf("S1Y99T-009"), undefined), ["S1Y99T-009"]);
});

test("the_calibration_label_undoes_a_layout", () => {
  const learned = calibrationOf(onGerman(pressesOf(CALIBRATION_LABEL)));
  if (learned === undefined || learned === "lost") throw new Error("not recognized");
  same(textsOf(onGerman(pressesOf("ZY-1/2_3:(4)")), learned), ["ZY-1/2_3:(4)"]);
});

test("a_german_scanner_on_a_us_computer_is_calibrated_as_well", () => {
  // What is typed is wrong, and so are the keys.
  const german = (text: string): Press[] =>
    [...text].map((character, i) => {
      const found = Object.entries(GERMAN).find(([, keys]) => keys.includes(character));
      const press = found === undefined ? usPress(character) : { ...usPress("a"), code: found[0], shift: found[1].indexOf(character) === 1 };
      return { ...press, key: usCharacter(press.code, press.shift) ?? "?", at: i };
    });
  // AltGr gives German keyboards what stands nowhere else.
  const label = [...CALIBRATION_LABEL].map((character, i) => {
    const third: Record<string, string> = { "[": "Digit8", "]": "Digit9", "{": "Digit7", "}": "Digit0", "@": "KeyQ", "^": "Backquote",
      "<": "IntlBackslash", ">": "IntlBackslash", "+": "BracketRight", "*": "BracketRight", "'": "Backslash", "#": "Backslash" };
    const code = third[character];
    const graph = "[]{}@".includes(character);
    return code === undefined ? { ...german(character)[0] as Press, at: i }
      : { ...usPress("a"), code, graph, shift: ">*'".includes(character), key: "Dead", at: i };
  });
  const learned = calibrationOf(label);
  if (learned === undefined || learned === "lost") throw new Error("not recognized");
  same(textsOf(german("ZY-1"), undefined).includes("ZY-1"), false, "without calibration");
  same(textsOf(german("ZY-1"), learned), ["ZY-1"]);
});

test("a_layout_that_makes_one_key_of_two_characters_is_refused", () => {
  const label = pressesOf(CALIBRATION_LABEL).map((press) => (press.key === "?" ? { ...usPress("/"), at: press.at } : press));
  same(calibrationOf(label), "lost");
});

test("another_label_of_the_same_length_is_no_calibration", () => {
  same(calibrationOf(pressesOf("A".repeat(CALIBRATION_LABEL.length))), undefined);
  same(calibrationOf(pressesOf(CALIBRATION_LABEL.slice(1))), undefined);
  const other = [...CALIBRATION_LABEL].reverse().join("");
  same(calibrationOf(pressesOf(other)), undefined);
});

test("control_characters_are_read_from_their_keys", () => {
  same(textsOf(pressesOf("]d2\x1d21A\x1e\x04"), undefined)[0], "]d2\x1d21A\x1e\x04");
  const pad = ["0", "0", "2", "9"].map((digit, i) => ({ ...usPress("a"), key: digit, code: `Numpad${digit}`, alt: true, at: i }));
  same(textsOf([usPress("A"), ...pad, usPress("B")], undefined), ["A\x1dB"]);
});

// ---- labels ----

const readingsOf = (label: Label): unknown => (label.kind === "readings" ? label.readings : label);

test("commands_are_read_whatever_the_case", () => {
  same(readLabel("SW:PAUSE"), { kind: "command", command: "PAUSE" });
  same(readLabel("sw:next"), { kind: "command", command: "NEXT" });
  same(readLabel("SW:7"), { kind: "command", command: "7" });
  same(readLabel("SW:0").kind, "readings");
  same(readLabel("SW:RELEASE").kind, "readings");
});

test("a_bare_number_may_be_a_unit_or_a_part_lot", () => {
  same(readingsOf(readLabel(" S1Y99T-009 ")), [{ serial: "S1Y99T-009", part_lot: "S1Y99T-009" }]);
  same(readingsOf(readLabel("SENSOR-1/S1")), [{ product: "SENSOR-1", serial: "S1" }, { serial: "SENSOR-1/S1", part_lot: "SENSOR-1/S1" }]);
});

test("our_own_links_are_read", () => {
  same(readingsOf(readLabel("https://house.example/unit/SENSOR-1/S%2F1")), [{ product: "SENSOR-1", serial: "S/1" }]);
  same(readingsOf(readLabel("https://house.example/part-lot/Mouser/L1?x")), [{ supplier: "Mouser", part_lot: "L1" }]);
  same(readLabel("https://house.example/unit/SENSOR-1/%zz").kind, "readings");
});

test("an_envelope_is_read_however_its_separators_came", () => {
  const wanted = [{ manufacturer_part: "ABC-1", part_lot: "L77", quantity: 3000 }];
  const parts = (gs: string, rs: string, eot: string) => `[)>${rs}06${gs}1PABC-1${gs}1TL77${gs}Q3000${rs}${eot}`;
  same(readingsOf(readLabel(parts("\x1d", "\x1e", "\x04"))), wanted);
  same(readingsOf(readLabel(parts("^]", "^^", "^D"))), wanted);
  same(readingsOf(readLabel(parts("{GS}", "{RS}", "{EOT}"))), wanted);
  same(readingsOf(readLabel(`]d1${parts("\x1d", "\x1e", "\x04")}`)), wanted);
});

test("an_envelope_without_separators_is_read_where_that_is_possible_in_few_ways", () => {
  const label = readLabel("[)>06SX1A-ONE");
  const found = label.kind === "readings" ? label.readings : [];
  same(found.some((reading) => reading.serial === "X1A-ONE"), true);
  same(readLabel(`[)>06${"1PQ12K34S".repeat(12)}`), { kind: "refused", why: "separators" });
});

test("an_envelope_that_names_nothing_of_ours_is_refused", () => {
  same(readLabel("[)>\x1e06\x1dK123\x1e\x04"), { kind: "refused", why: "format" });
  same(readLabel("[)>\x1e05\x1d21A\x1e\x04"), { kind: "refused", why: "format" });
  same(readLabel("[)>\x1e06\x1dSA\x1dSB\x1e\x04"), { kind: "refused", why: "format" });
});

const GTIN = "0109506000134352";

test("gs1_elements_are_read_with_their_separators", () => {
  same(readingsOf(readLabel(`]d2${GTIN}21A10B\x1d10L77`))?.[0 as never], { serial: "A10B", part_lot: "L77" });
  same(readingsOf(readLabel(`(01)09506000134352(21)S1(10)L7`)), [{ serial: "S1", part_lot: "L7" }]);
});

test("a_dropped_separator_gives_every_reading_and_no_silent_one", () => {
  const found = elements(`${GTIN}21S110L77`) ?? [];
  same(found.some((one) => one.serial === "S1" && one.part_lot === "L77"), true);
  same(found.some((one) => one.serial === "S110L77" && one.part_lot === undefined), true);
});

test("fixed_lengths_need_no_separator", () => {
  same(elements(`${GTIN}1126010121S-X`), [{ serial: "S-X" }]);
});

test("what_no_gs1_string_says_is_refused", () => {
  same(elements("0109506000134353"), undefined, "check digit");
  same(elements("11261301"), undefined, "a thirteenth month");
  same(elements("8999"), undefined, "identifier");
  same(elements("21"), undefined, "no value");
  same(readLabel("]C18999"), { kind: "refused", why: "separators" });
  same(readLabel(`]C1${GTIN}`), { kind: "refused", why: "format" });
});

test("many_ways_to_read_end_in_a_refusal_and_in_time", () => {
  same(elements(`21${"10211022".repeat(10)}`), undefined);
  same(readLabel(`]d2${"9091929394959697".repeat(40)}`).kind, "refused");
});

test("what_no_label_holds_is_refused", () => {
  same(readLabel(""), { kind: "refused", why: "empty" });
  same(readLabel("]C1"), { kind: "refused", why: "empty" });
  same(readLabel("A".repeat(1001)), { kind: "refused", why: "long" });
  same(readLabel("SNÖ1"), { kind: "refused", why: "characters" });
});

test("whatever_is_scanned_is_read_or_refused", () => {
  const pieces = ["[)>", "\x1e", "06", "\x1d", "\x04", "1P", "1T", "Q", "S", "01", "21", "10", "]d2", "^]", "^^", "SW:", "(21)", "/", "http://a/unit/", "%",
    "ü", "0109506000134352", "A", "7", " "];
  let state = 1;
  const random = (n: number): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % n;
  for (let i = 0; i < 20_000; i++) {
    const text = Array.from({ length: random(24) }, () => pieces[random(pieces.length)] ?? "").join("");
    const label = readLabel(text);
    if (label.kind === "readings") same(label.readings.length > 0 && label.readings.length <= 40, true, text);
  }
});

// ---- our own labels ----

test("code_128_has_a_start_a_check_and_a_stop", () => {
  // ISO/IEC 15417, annex A: set B, check (104 + 1·48 + 2·42 …) mod 103.
  const widths = code128("PJJ123C");
  same(widths.length, 10 * 6 + 7 - 6);
  same(widths.slice(0, 6).join(""), "211214", "start B");
  same(widths.slice(-7).join(""), "2331112", "stop");
  // By hand: 104+48+2*42+3*42+4*17+5*18+6*19+7*35 = 879, 879 mod 103 = 55.
  same(widths.slice(-13, -7).join(""), "311321", "check 55");
});

test("every_symbol_is_eleven_modules_wide_with_an_even_number_of_black_ones", () => {
  const text = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join("");
  const widths = code128(text).slice(0, -7);
  for (let at = 0; at < widths.length; at += 6) {
    const one = widths.slice(at, at + 6);
    same(one.reduce((sum, width) => sum + width, 0), 11, `modules at ${at}`);
    same(((one[0] ?? 0) + (one[2] ?? 0) + (one[4] ?? 0)) % 2, 0, `bars at ${at}`);
  }
});

test("runs_of_digits_take_half_the_place", () => {
  same(code128("12345678").length, 6 * (1 + 4 + 1) + 7);
  same(code128("12345678").slice(0, 6).join(""), "211232", "start C");
  same(code128("A1").length, 6 * (1 + 2 + 1) + 7);
});

test("what_code_128_b_cannot_say_is_refused", () => {
  for (const text of ["", "ü", "\n"]) {
    let refused = false;
    try {
      code128(text);
    } catch (error) {
      refused = error instanceof RangeError;
    }
    same(refused, true, JSON.stringify(text));
  }
});

test("the_picture_has_quiet_zones", () => {
  const { path, width } = code128Path("SW:PASS");
  same(path.startsWith("M10 0h"), true);
  same(width, 20 + code128("SW:PASS").reduce((sum, one) => sum + one, 0));
});

await runAll();
