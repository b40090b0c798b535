/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/demo_live.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS_KEPT = 64, STEPS_MAX = 2000, SUBJECTS_MAX = 200 };
/* The units that one attack makes at most. */
enum { ATTACK_NEEDS = 2 };

struct demo_run {
	unsigned number; /* from 1; 0: none */
	enum run_kind kind;
	size_t which;
	const char *state;
	uint64_t began, ended;
	struct attack_outcome outcome;
	json_t *steps, *subjects, *slipped, *problem;
};

struct demo_live {
	struct demo *demo;
	pthread_t thread;
	pthread_mutex_t lock;   /* of all below */
	pthread_cond_t changed; /* a run waits, or the end has come */
	bool ends;
	struct demo_run *runs[RUNS_KEPT];
	unsigned last;         /* number of the newest */
	struct demo_run *work; /* waits or runs */
	size_t units_left;     /* of the build authorization for all this */
};

static const char *const KINDS[] = {
	[RUN_ATTACK] = "attack", [RUN_WITHOUT] = "without", [RUN_BUILD] = "build"};

static void run_free(struct demo_run *r)
{
	if (r == NULL)
		return;
	json_decref(r->steps);
	json_decref(r->subjects);
	json_decref(r->slipped);
	json_decref(r->problem);
	free(r);
}

/* ---- one run ---- */

static err without(struct demo *copy, struct demo_run *r, struct fault *f)
{
	const struct attack *a = &ATTACKS[r->which];
	const char *tag = demo_text(copy, "%uL%u", copy->run, r->number);

	TRY(demo_set_mode(copy, a->control, "observe", f));
	uint64_t from = copy->last_sequence;
	TRY(a->run(copy, tag, &r->outcome, f));
	TRY(demo_slipped(copy, a->control, from, f));
	return demo_slipped_states(copy, r->slipped, f);
}

static err on_copy(struct demo *d, struct demo_run *r, struct fault *f)
{
	struct demo *copy = NULL;
	err e;

	demo_live_step(d->live, demo_step_json(d, "copy", NULL));
	TRY(demo_copy_open(d, &copy, f));
	if (r->kind == RUN_WITHOUT)
		e = without(copy, r, f);
	else
		e = ATTACKS[r->which].run(copy, demo_text(copy, "%uL%u", copy->run, r->number),
					  &r->outcome, f);
	return demo_copy_close(copy, e, f);
}

static err perform(struct demo_live *l, struct demo_run *r, struct fault *f)
{
	struct demo *d = l->demo;
	const char *tag = demo_text(d, "%uL%u", d->run, r->number);
	size_t known = d->actors_n;
	err e;

	/* Sessions end after an hour, and whoever may can end them sooner. */
	demo_sign_out(d);
	TRY(demo_sign_in(d, f));
	snprintf(d->authorization, sizeof d->authorization, "%s", d->spare);
	d->odd_part = NULL;
	if (r->kind == RUN_BUILD)
		e = demo_build(d, tag, r->which, f);
	else if (r->kind == RUN_WITHOUT || ATTACKS[r->which].stopped_house)
		e = on_copy(d, r, f);
	else
		e = ATTACKS[r->which].run(d, tag, &r->outcome, f);
	demo_dismiss(d, known);
	json_decref(d->attempt);
	d->attempt = NULL;
	return e;
}

static void *work(void *context)
{
	struct demo_live *l = context;

	pthread_mutex_lock(&l->lock);
	while (!l->ends) {
		if (l->work == NULL) {
			pthread_cond_wait(&l->changed, &l->lock);
			continue;
		}
		struct demo_run *r = l->work;
		struct fault f = {0};
		pthread_mutex_unlock(&l->lock);
		err e = perform(l, r, &f);
		pthread_mutex_lock(&l->lock);
		if (e.code != OK)
			r->problem = demo_fault_json(&f);
		r->state = e.code == OK ? "done" : "failed";
		r->ended = clock_wall_ms(&clock_system);
		l->work = NULL;
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* ---- what a run says ---- */

static void remember_subject(struct demo_run *r, const json_t *step)
{
	static const char *const KEPT[] = {"unit", "shipment", "part_lot"};
	json_t *subject = json_object_get(step, "subject"), *one;
	const char *kind = json_string_value(json_object_get(subject, "kind"));
	bool kept = false;
	size_t i;

	for (i = 0; kind != NULL && i < sizeof KEPT / sizeof KEPT[0]; i++)
		kept = kept || strcmp(kind, KEPT[i]) == 0;
	json_array_foreach(r->subjects, i, one)
	{
		kept = kept && !json_equal(one, subject);
	}
	if (kept && json_array_size(r->subjects) < SUBJECTS_MAX)
		json_array_append(r->subjects, subject);
}

/* Ends at once when the demo is to end. */
static void pause_for(struct demo_live *l, uint64_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	uint64_t ns = (uint64_t)until.tv_nsec + ms % 1000 * 1000000;
	until.tv_sec += (time_t)(ms / 1000 + ns / 1000000000);
	until.tv_nsec = (long)(ns % 1000000000);
	while (!l->ends && pthread_cond_timedwait(&l->changed, &l->lock, &until) == 0)
		continue;
}

void demo_live_step(struct demo_live *l, json_t *step)
{
	if (l == NULL) {
		json_decref(step);
		return;
	}
	pthread_mutex_lock(&l->lock);
	struct demo_run *r = l->work;
	if (r != NULL) {
		remember_subject(r, step);
		if (json_array_size(r->steps) < STEPS_MAX)
			json_array_append(r->steps, step);
		pause_for(l, l->demo->options.pace_ms);
	}
	pthread_mutex_unlock(&l->lock);
	json_decref(step);
}

void demo_live_slipped(struct demo_live *l, const char *serial, const char *gate, uint64_t sequence)
{
	json_t *one = json_pack("{s:s, s:s, s:s, s:I}", "product", PRODUCT, "serial", serial,
				"gate", gate, "sequence", (json_int_t)sequence);

	pthread_mutex_lock(&l->lock);
	if (l->work != NULL && json_array_size(l->work->slipped) < SUBJECTS_MAX)
		json_array_append(l->work->slipped, one);
	pthread_mutex_unlock(&l->lock);
	json_decref(one);
}

bool demo_live_ends(struct demo_live *l)
{
	pthread_mutex_lock(&l->lock);
	bool ends = l->ends;
	pthread_mutex_unlock(&l->lock);
	return ends;
}

/* ---- requests ---- */

static size_t needs(enum run_kind kind, size_t which)
{
	return kind == RUN_BUILD ? which : ATTACK_NEEDS;
}

static err begin(struct demo_live *l, enum run_kind kind, size_t which, unsigned *number,
		 struct fault *f)
{
	char text[16];
	struct demo_run *r;

	if (l->work != NULL) {
		snprintf(text, sizeof text, "%u", l->work->number);
		return fail(f, "DEMO_BUSY", "run", text, NULL);
	}
	if (l->units_left < needs(kind, which))
		return fail(f, "DEMO_USED_UP", NULL);
	r = calloc(1, sizeof *r);
	if (r == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*r = (struct demo_run){.number = ++l->last,
			       .kind = kind,
			       .which = which,
			       .state = "running",
			       .began = clock_wall_ms(&clock_system),
			       .steps = json_array(),
			       .subjects = json_array(),
			       .slipped = json_array()};
	run_free(l->runs[r->number % RUNS_KEPT]);
	l->runs[r->number % RUNS_KEPT] = r;
	/* What is built in a copy uses up nothing here. */
	if (kind != RUN_WITHOUT)
		l->units_left -= needs(kind, which);
	l->work = r;
	*number = r->number;
	pthread_cond_broadcast(&l->changed);
	return ERR_OK;
}

err demo_live_begin(struct demo_live *l, enum run_kind kind, size_t which, unsigned *number,
		    struct fault *f)
{
	pthread_mutex_lock(&l->lock);
	err e = begin(l, kind, which, number, f);
	pthread_mutex_unlock(&l->lock);
	return e;
}

json_t *demo_live_list(struct demo_live *l)
{
	json_t *attacks = json_array(), *list;

	for (size_t i = 0; i < demo_attacks_n(); i++) {
		const struct attack *a = &ATTACKS[i];
		json_array_append_new(attacks,
				      json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:b}", "id",
						a->id, "name", a->name, "ends",
						a->kind == ATTACK_REFUSED ? "refused" : "detected",
						"by", a->by, "control", a->control, "no_switch",
						a->no_switch, "on_copy", a->stopped_house));
	}
	pthread_mutex_lock(&l->lock);
	list = json_pack("{s:o, s:I, s:I, s:o}", "attacks", attacks, "units_left",
			 (json_int_t)l->units_left, "pace_ms", (json_int_t)l->demo->options.pace_ms,
			 "running",
			 l->work == NULL ? json_null() : json_sprintf("%u", l->work->number));
	pthread_mutex_unlock(&l->lock);
	return list;
}

static void set_time(json_t *json, const char *name, uint64_t ms)
{
	char text[TIME_TEXT_SIZE];

	if (ms == 0)
		return;
	time_text(ms, text);
	json_object_set_new(json, name, json_string(text));
}

static json_t *outcome_json(const struct attack *a, const struct attack_outcome *o)
{
	json_t *json = json_pack("{s:b, s:b, s:s, s:s, s:s}", "stopped", o->stopped, "expected",
				 o->stopped && strcmp(o->by, a->by) == 0, "by", o->by, "said",
				 o->said, "through", o->through);

	if (o->sequence > 0)
		json_object_set_new(json, "sequence", json_integer((json_int_t)o->sequence));
	return json;
}

static json_t *run_json(const struct demo_run *r)
{
	json_t *json = json_pack("{s:o, s:s, s:s, s:o, s:o}", "run", json_sprintf("%u", r->number),
				 "kind", KINDS[r->kind], "state", r->state, "steps",
				 json_deep_copy(r->steps), "subjects", json_deep_copy(r->subjects));
	bool done = strcmp(r->state, "done") == 0;

	set_time(json, "began", r->began);
	set_time(json, "ended", r->ended);
	if (r->problem != NULL)
		json_object_set(json, "problem", r->problem);
	if (r->kind == RUN_BUILD) {
		json_object_set_new(json, "units", json_integer((json_int_t)r->which));
		return json;
	}
	json_object_set_new(json, "attack", json_string(ATTACKS[r->which].id));
	if (done)
		json_object_set_new(json, "outcome", outcome_json(&ATTACKS[r->which], &r->outcome));
	if (done && r->kind == RUN_WITHOUT)
		json_object_set_new(json, "slipped", json_deep_copy(r->slipped));
	return json;
}

err demo_live_show(struct demo_live *l, unsigned number, json_t **out, struct fault *f)
{
	char text[16];

	pthread_mutex_lock(&l->lock);
	const struct demo_run *r = l->runs[number % RUNS_KEPT];
	*out = r != NULL && r->number == number ? run_json(r) : NULL;
	pthread_mutex_unlock(&l->lock);
	if (*out != NULL)
		return ERR_OK;
	snprintf(text, sizeof text, "%u", number);
	return fail(f, "DEMO_RUN_UNKNOWN", "run", text, NULL);
}

/* ---- beginning and end ---- */

static err make_locks(struct demo_live *l, struct fault *f)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return pthread_create(&l->thread, NULL, work, l) == 0 ? ERR_OK
							      : fail(f, "OUT_OF_MEMORY", NULL);
}

err demo_live_open(struct demo *d, struct demo_live **out, struct fault *f)
{
	struct demo_live *l = calloc(1, sizeof *l);

	if (l == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	l->demo = d;
	l->units_left = LIVE_UNITS;
	err e = make_locks(l, f);
	if (e.code != OK) {
		free(l);
		return e;
	}
	d->live = l;
	*out = l;
	return ERR_OK;
}

void demo_live_close(struct demo_live *l)
{
	if (l == NULL)
		return;
	pthread_mutex_lock(&l->lock);
	l->ends = true;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	l->demo->live = NULL;
	pthread_cond_destroy(&l->changed);
	pthread_mutex_destroy(&l->lock);
	for (size_t i = 0; i < RUNS_KEPT; i++)
		run_free(l->runs[i]);
	free(l);
}
