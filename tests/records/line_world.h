/* SPDX-License-Identifier: Apache-2.0 */
/* line_world.h — the company of world.h with a second station, test procedures and travelers. */
#ifndef TEST_RECORDS_LINE_WORLD_H
#define TEST_RECORDS_LINE_WORLD_H

#include "world.h"

#include <string.h>

/* One step of a traveler, and the comma after it; `more` is further JSON with a comma before it. */
#define STEP(step, work, more) "{'step':'" step "','work':'" work "'" more "},"
#define AT(station)            ",'station':'" station "'"
#define BY(procedure)          ",'procedure':'" procedure "'"

/* Ready to build; station st2 stands beside st1. */
struct world *line_ready(void **state);
/* anna releases a traveler of GW's revision A; `steps` is one STEP after another. */
const char *traveler(struct world *w, const char *name, const char *steps);
/* Asked for and certified. */
void line_started(struct world *w, const char *serial);

/* Measurement V1 in volts between 3 and 3.6, V2 above 1: what `procedure` measures unless another list
 * is given. Returns the digest that results name; valid while the world is. */
const char *procedure(struct world *w, const char *name, const char *revision, const char *more);
#define LIMITS                                                                                 \
	",'limits':[{'measurement':'V1','unit':'V','low_micro':3000000,'high_micro':3600000}," \
	"{'measurement':'V2','unit':'V','low_micro':1000000}]"

/* A result as station st1 records it. Zero: its next number, ten seconds, pass, values within LIMITS that
 * no other result has. */
struct tested {
	const char *serial, *procedure, *digest, *verdict, *measurements, *station, *more;
	int64_t sequence, lasted_ms;
};
const char *tested(struct world *w, const struct tested *t);
#define TESTED(w, ...) tested(w, &(struct tested){__VA_ARGS__})

/* The record by which a unit comes on: parts, built, programmed, or a step by hand. */
const char *fitted(struct world *w, const char *serial, const char *station);
const char *built(struct world *w, const char *serial, const char *station);
const char *programmed(struct world *w, const char *serial, const char *station);
const char *inspected(struct world *w, const char *serial, const char *station, const char *step);

/* What the gate says to somebody about a unit of GW: "" or "CONTROL: found" of the first failure. */
const char *gate_tells(struct world *w, const char *who, const char *gate, const char *serial);
/* "done" or "open". */
const char *step_of(struct world *w, const char *serial, const char *step);

#endif
