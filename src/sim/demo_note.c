/* SPDX-License-Identifier: Apache-2.0 */
/* demo_note.c — what is told of a run to whoever watches: each record that was tried, by whom, at which
 * station, and what came back, with the record that stays behind it. */
#include "sim/demo_live.h"

#include "base/catalog.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum { LOOK_BACK = 16 }; /* entries that others may have written meanwhile */

/* ---- what a record is about ---- */

static const struct about {
	const char *kind, *within, *id; /* names of members; within: NULL if the id stands alone */
} ABOUT[] = {
	{"unit", "product", "serial"},
	{"shipment", NULL, "shipment"},
	{"part_lot", "supplier", "part_lot"},
	{"seal", "maker", "seal"},
	{"firmware_release", "product", "release"},
	{"build_authorization", NULL, "authorization"},
	{"supplier", NULL, "supplier"},
	{"station", NULL, "station"},
	{"principal", NULL, "principal"},
};

static json_t *subject_json(const char *kind, const char *within, const char *id)
{
	return json_pack("{s:s, s:s, s:s}", "kind", kind, "within", within, "id", id);
}

static json_t *subject_of(const json_t *body)
{
	for (size_t i = 0; i < sizeof ABOUT / sizeof ABOUT[0]; i++) {
		const struct about *a = &ABOUT[i];
		const char *id = json_string_value(json_object_get(body, a->id));
		const char *within = a->within == NULL
					     ? ""
					     : json_string_value(json_object_get(body, a->within));
		if (id != NULL && within != NULL)
			return subject_json(a->kind, within, id);
	}
	return NULL;
}

/* ---- one step ---- */

json_t *demo_step_json(struct demo *d, const char *act, const char *who)
{
	char now[TIME_TEXT_SIZE];
	json_t *step;

	time_text(clock_wall_ms(&clock_system), now);
	step = json_pack("{s:s, s:s, s:b}", "act", act, "at", now, "copy", d->is_copy);
	if (who != NULL)
		json_object_set_new(step, "who", json_string(who));
	return step;
}

static json_t *record_step(struct demo *d, const char *who, const char *type, const json_t *body)
{
	json_t *step = demo_step_json(d, "record", who);
	json_t *station = json_object_get(body, "station"), *subject = subject_of(body);

	json_object_set_new(step, "type", json_string(type));
	if (json_is_string(station))
		json_object_set(step, "station", station);
	else if (strcmp(who, STATION) == 0)
		json_object_set_new(step, "station", json_string(STATION));
	if (subject != NULL)
		json_object_set_new(step, "subject", subject);
	return step;
}

static void set_receipt(struct demo *d, json_t *step, const json_t *receipt)
{
	static const char *const MEMBERS[] = {"sequence", "outcome", "executes"};
	json_t *raised = json_object_get(receipt, "raised");

	for (size_t i = 0; i < sizeof MEMBERS / sizeof MEMBERS[0]; i++) {
		json_t *one = json_object_get(receipt, MEMBERS[i]);
		if (one != NULL)
			json_object_set(step, MEMBERS[i], one);
	}
	if (json_array_size(raised) > 0)
		json_object_set(step, "raised", raised);
	d->last_sequence = (uint64_t)json_integer_value(json_object_get(receipt, "sequence"));
}

/* ---- attempts ---- */

void demo_attempt(struct demo *d, const char *who, const char *type, const json_t *body)
{
	if (d->live == NULL)
		return;
	json_decref(d->attempt);
	d->attempt = record_step(d, who, type, body);
}

void demo_attempt_recorded(struct demo *d, const json_t *receipt)
{
	json_t *step = d->attempt;

	d->attempt = NULL;
	if (step == NULL)
		return;
	set_receipt(d, step, receipt);
	demo_live_step(d->live, step);
}

json_t *demo_batch_step(struct demo *d, const char *who, const char *type, const json_t *body)
{
	return d->live == NULL ? NULL : record_step(d, who, type, body);
}

void demo_batch_recorded(struct demo *d, json_t *steps, const json_t *receipts)
{
	json_t *step;
	size_t i;

	if (steps == NULL)
		return;
	json_array_foreach(steps, i, step)
	{
		set_receipt(d, step, json_array_get(receipts, i));
		demo_live_step(d->live, json_incref(step));
	}
	json_array_clear(steps);
}

/* ---- refusals ---- */

json_t *demo_fault_json(const struct fault *f)
{
	const struct message *m = f->message == NULL ? NULL : catalog_find(f->message);
	json_t *values = json_object(), *problem;
	char text[1024];

	for (size_t i = 0; i < f->n; i++)
		json_object_set_new(values, f->values[i].name, json_string(f->values[i].value));
	catalog_render(m == NULL ? err_info(f->code)->sentence : m->text, f, text, sizeof text);
	problem = json_pack("{s:s, s:s, s:o}", "code", f->message == NULL ? "UNKNOWN" : f->message,
			    "detail", text, "values", values);
	if (m != NULL && m->fix[0] != '\0') {
		catalog_render(m->fix, f, text, sizeof text);
		json_object_set_new(problem, "fix", json_string(text));
	}
	return problem;
}

static bool is_this_refusal(const json_t *entry, const char *who, const char *code)
{
	const json_t *claim = json_object_get(entry, "claim");
	const json_t *body = json_object_get(claim, "body");
	const char *type = json_string_value(json_object_get(claim, "type"));
	const char *asked_by = json_string_value(json_object_get(body, "asked_by"));
	const char *why = json_string_value(json_object_get(body, "code"));

	return type != NULL && strcmp(type, "decision.refused") == 0 && asked_by != NULL &&
	       strcmp(asked_by, who) == 0 && why != NULL && strcmp(why, code) == 0;
}

/* The first refusal of its kind a day is evidence: it stands right behind what we wrote last. 0: none. */
static uint64_t find_refusal(struct demo *d, const char *who, const char *code)
{
	struct client *reader = demo_actor(d, "quinn")->client;
	uint64_t found = 0;

	for (uint64_t at = d->last_sequence + 1; found == 0 && at <= d->last_sequence + LOOK_BACK;
	     at++) {
		char path[64];
		json_t *entry = NULL;
		struct fault spare = {0};
		snprintf(path, sizeof path, "/v1/entries/%llu", (unsigned long long)at);
		if (client_json(reader, "GET", path, NULL, &entry, &spare).code != OK)
			break;
		if (is_this_refusal(entry, who, code))
			found = at;
		json_decref(entry);
	}
	return found;
}

void demo_attempt_refused(struct demo *d, const char *who, const json_t *problem,
			  const struct fault *f, struct attack_outcome *out)
{
	json_t *step = d->attempt != NULL ? d->attempt : demo_step_json(d, "device", who);
	bool recorded = d->attempt != NULL;

	d->attempt = NULL;
	if (d->live == NULL) {
		json_decref(step);
		return;
	}
	out->sequence = recorded ? find_refusal(d, who, f->message) : 0;
	json_object_set_new(step, "problem",
			    recorded && problem != NULL ? json_deep_copy(problem)
							: demo_fault_json(f));
	if (out->sequence > 0)
		json_object_set_new(step, "sequence", json_integer((json_int_t)out->sequence));
	demo_live_step(d->live, step);
}

/* ---- a gate was asked ---- */

void demo_gate_answered(struct demo *d, const char *gate, const char *serial, const json_t *reply,
			const struct told *told, struct attack_outcome *out)
{
	json_t *step;

	if (d->live == NULL)
		return;
	step = demo_step_json(d, "gate", "quinn");
	json_object_set_new(step, "gate", json_string(gate));
	json_object_set_new(step, "subject", subject_json("unit", PRODUCT, serial));
	json_object_set(step, "verdict", json_object_get(reply, "verdict"));
	if (json_object_get(reply, "failures") != NULL)
		json_object_set(step, "failures", json_object_get(reply, "failures"));
	if (told->sequence > 0)
		json_object_set_new(step, "sequence", json_integer((json_int_t)told->sequence));
	if (out->stopped)
		out->sequence = told->sequence;
	else
		demo_live_slipped(d->live, serial, gate, told->sequence);
	demo_live_step(d->live, step);
}
