// SPDX-License-Identifier: Apache-2.0
// The operator's screen: one unit at a time, by scanner or keyboard alone.
import { usePlace } from "../base/router";
import { Sheet } from "../station/sheet";
import { Floor } from "../station/floor";

export default function Station() {
  const { query } = usePlace();
  return query.has("sheet") ? <Sheet /> : <Floor />;
}
