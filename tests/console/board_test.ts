// SPDX-License-Identifier: Apache-2.0
// What the light at the station says. usage: board_test.mjs
import "./page";
import { type Board, signalOf } from "../../console/src/station/board";
import { runAll, same, test } from "./suite";

const NEXT = { step: "look", work: "look", seq: null, planned_station: null };

function board(unit: Board["unit"], more: Partial<Board> = {}): Board {
  const none = { holds: [], containments: [], concerns: [], failures: [], parts: [] };
  return { unit: { state: "built", holds: 0, ...unit }, steps: [NEXT], next: NEXT, names: new Map(), ...none, ...more };
}

test("a_unit_without_anything_in_its_way_goes_on", () => same(signalOf(board({}), "ST-1"), "go"));

test("a_held_unit_stops_also_where_one_may_not_see_its_holds", () => same(signalOf(board({ holds: 1 }), "ST-1"), "stop"));

test("a_unit_that_is_next_at_another_station_stops", () => {
  const next = { ...NEXT, planned_station: "ST-2" };
  same(signalOf(board({}, { next, steps: [next] }), "ST-1"), "stop");
});

await runAll();
