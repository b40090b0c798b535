/* SPDX-License-Identifier: Apache-2.0 */
#include "line_world.h"

#include <inttypes.h>
#include <stdio.h>

struct world *line_ready(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("", w, "anna", "station.defined",
		    "{'station':'st2','site':'VN','line':'L1','environment':'production'}");
	world_enroll(w, "st2", "station", NULL);
	house_must(&w->house, &w->house.ada, "role.granted",
		   "{'grant_id':'g-st2','principal':'st2','role':'station','station':'st2'}");
	house_must(&w->house, &w->house.ada, "role.defined",
		   "{'role':'agrees','permissions':[{'permission':'test.procedure.approve'}]}");
	house_must(&w->house, &w->house.ada, "role.granted",
		   "{'grant_id':'agrees','principal':'ben','role':'agrees'}");
	world_later(w, 25ull * 3600 * 1000); /* ben is no newcomer to it any more */
	return w;
}

const char *traveler(struct world *w, const char *name, const char *steps)
{
	return says(w, "anna", "traveler.released",
		    "{'traveler':'%s','product':'GW','revision':'A','steps':[%.*s]}", name,
		    (int)(*steps == '\0' ? 0 : strlen(steps) - 1), steps);
}

void line_started(struct world *w, const char *serial)
{
	world_request(w, serial);
	world_certify(w, serial);
}

const char *procedure(struct world *w, const char *name, const char *revision, const char *more)
{
	assert_says("(waits)", w, "anna", "procedure.released",
		    "{'procedure':'%s','product':'GW','revision':'%s','document':'%s'%s}", name,
		    revision, IMAGE, more);
	const char *digest = arena_printf(&w->house.arena, "%s", w->digest);
	assert_non_null(digest);
	assert_string_equal(approved(w), "");
	return digest;
}

const char *tested(struct world *w, const struct tested *t)
{
	static int64_t counter;
	enum { BEGAN_MS = 1700000000 };
	const char *station = t->station != NULL ? t->station : "st1";
	int64_t sequence = t->sequence;
	char own[160], began[TIME_TEXT_SIZE], ended[TIME_TEXT_SIZE];

	if (sequence == 0) {
		const char *last =
			shows(w, "test.counters", "sequence",
			      strcmp(station, "st1") == 0 ? "station=st1" : "station=st2");
		sequence = strcmp(last, "(none)") == 0 ? 1 : strtoll(last, NULL, 10) + 1;
	}
	counter++;
	snprintf(own, sizeof own,
		 "{'measurement':'V1','value_micro':%" PRId64
		 "},{'measurement':'V2','value_micro':2000000}",
		 3300000 + counter);
	time_text(BEGAN_MS * 1000ull, began);
	time_text(BEGAN_MS * 1000ull + (uint64_t)(t->lasted_ms == 0 ? 10000 : t->lasted_ms), ended);
	const char *values = t->measurements != NULL ? t->measurements : own;
	return says(w, station, "test.recorded",
		    "{'product':'GW','serial':'%s','station':'%s','procedure':'%s',"
		    "'procedure_digest':'%s','sequence':%" PRId64
		    ",'started':'%s','ended':'%s','verdict':'%s'%s%s%s%s}",
		    t->serial, station, t->procedure, t->digest, sequence, began, ended,
		    t->verdict != NULL ? t->verdict : "pass",
		    *values != '\0' ? ",'measurements':[" : "", values, *values != '\0' ? "]" : "",
		    t->more != NULL ? t->more : "");
}

const char *fitted(struct world *w, const char *serial, const char *station)
{
	return says(w, station, "unit.fitted",
		    "{'product':'GW','serial':'%s','station':'%s','parts':[{'supplier':'acme',"
		    "'part_lot':'R1','part':'MCU1','quantity':2}]}",
		    serial, station);
}

const char *built(struct world *w, const char *serial, const char *station)
{
	return says(w, station, "unit.built", "{'product':'GW','serial':'%s','station':'%s'}",
		    serial, station);
}

const char *programmed(struct world *w, const char *serial, const char *station)
{
	return says(w, station, "unit.programmed",
		    "{'product':'GW','serial':'%s','station':'%s','release':'%s','image':'%s'}",
		    serial, station, w->release, w->image);
}

const char *inspected(struct world *w, const char *serial, const char *station, const char *step)
{
	return says(w, station, "step.completed",
		    "{'product':'GW','serial':'%s','station':'%s','step':'%s'}", serial, station,
		    step);
}

const char *gate_tells(struct world *w, const char *who, const char *gate, const char *serial)
{
	struct caller caller = {.channel = CHANNEL_KEY};
	struct control_failure *failures = NULL;
	struct reader_session *r;

	snprintf(caller.principal, sizeof caller.principal, "%s", who);
	ok(reader_take(w->house.engine, &r, &w->fault), &w->fault);
	ok(gate_ask(w->house.engine, r, &w->house.arena, &caller, gate, "unit", "GW", serial,
		    &failures, &w->fault),
	   &w->fault);
	reader_give(r);
	w->said[0] = '\0';
	if (failures != NULL)
		snprintf(w->said, sizeof w->said, "%s: %s", failures->control, failures->found);
	return w->said;
}

const char *step_of(struct world *w, const char *serial, const char *step)
{
	char query[200];

	snprintf(query, sizeof query, "product=GW&serial=%s", serial);
	json_t *page = house_view(&w->house, "anna", "unit.steps", query), *row;
	const char *found = "(none)";
	size_t i;

	json_array_foreach(json_object_get(page, "rows"), i, row)
	{
		if (strcmp(json_string_value(json_object_get(row, "step")), step) == 0)
			found = json_is_integer(json_object_get(row, "seq")) ? "done" : "open";
	}
	json_decref(page);
	return found;
}
