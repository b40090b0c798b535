/* SPDX-License-Identifier: Apache-2.0 */
#include "records/history.h"
#include "stores.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/catalog.h"

/* What is told, and how often of a hundred. */
static const struct {
	const char *type;
	unsigned weight;
} TOLD[] = {
	{"seal.received", 10},       {"seal.issued", 14},         {"seal.applied", 12},
	{"seal.checked", 10},        {"seal.broken", 4},          {"seal.destroyed", 4},
	{"shipment.planned", 4},     {"shipment.packed", 5},      {"shipment.dispatched", 4},
	{"shipment.accepted", 3},    {"shipment.counted", 3},     {"shipment.received", 3},
	{"role.granted", 4},         {"grant.revoked", 3},        {"role.defined", 2},
	{"duty.separated", 1},       {"principal.registered", 2}, {"principal.suspended", 1},
	{"principal.reinstated", 5}, {"approval.rule_set", 1},    {"approval.given", 4},
	{"approval.withdrawn", 1},
};

static void *grow(void *list, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return list;
	*cap = *cap == 0 ? 1024 : *cap * 2;
	list = realloc(list, *cap * size);
	assert_non_null(list);
	return list;
}

void history_new(struct history *h, uint64_t seed)
{
	static const char *const names[] = {"ada", "ben", "cleo"};
	struct fault f = {0};

	*h = (struct history){
		.random = seed | 1,
		.begin = {.wall = UINT64_C(1790000000000), .steady = 1000000, .frozen = true},
		.arena = {.limit = 256u << 20}};
	for (size_t i = 0; i < 3; i++) {
		snprintf(h->founders[i].id, sizeof h->founders[i].id, "%s", names[i]);
		ok(private_key_generate(KEY_ED25519, &h->founders[i].key, &f), &f);
	}
}

void history_free(struct history *h)
{
	for (size_t i = 0; i < 3; i++)
		actor_done(&h->founders[i]);
	for (size_t i = 0; i < AUTHORS; i++)
		actor_done(&h->authors[i]);
	free(h->submissions);
	free(h->turns);
	arena_done(&h->arena);
}

/* ---- keeping ---- */

static void keep(void *context, struct bytes cbor)
{
	struct history *h = context;

	h->submissions =
		grow(h->submissions, h->submissions_n, &h->submissions_cap, sizeof(struct bytes));
	struct bytes kept = arena_copy(&h->arena, cbor);
	assert_non_null(kept.p);
	h->submissions[h->submissions_n++] = kept;
}

static struct turn *next_turn(struct history *h)
{
	h->turns = grow(h->turns, h->turns_n, &h->turns_cap, sizeof(struct turn));
	h->turns[h->turns_n] = (struct turn){0};
	return &h->turns[h->turns_n++];
}

/* ---- telling ---- */

/* Codes live in the registry, which a restart ends: kept by their text. */
static void count_refusal(struct telling *t, const char *code)
{
	size_t i = 0;

	t->refused++;
	while (i < CODES_MAX - 1 && t->codes[i].n > 0 && strcmp(t->codes[i].code, code) != 0)
		i++;
	snprintf(t->codes[i].code, sizeof t->codes[i].code, "%s", code);
	t->codes[i].n++;
}

/* A refusal is fine; a failure of ours is not. */
static void count(const struct submission *s, struct telling *t, size_t place)
{
	const struct result *r = submission_result(s);

	t->sequences[place] = UINT64_MAX;
	if (r->state == RESULT_REFUSED) {
		count_refusal(t, r->fault.message);
		if (r->fault.code == ERR_INTERNAL || r->fault.code == ERR_IO ||
		    r->fault.code == ERR_CORRUPT || r->fault.code == ERR_MEMORY)
			ok((err){r->fault.code}, &r->fault);
		return;
	}
	assert_int_equal(r->state, RESULT_CERTIFIED);
	assert_int_not_equal(r->outcome, OUTCOME_UNFOLDED);
	t->recorded++;
	t->raised += r->raised != NULL;
	t->sequences[place] = r->sequence;
}

static void take_turn(struct house *house, const struct turn *turn)
{
	house_step(house, turn->wall_ms, turn->steady_ms);
	if (!turn->restart)
		return;
	house_stop(house);
	house_start(house);
}

/* Submits `n` of them in one go. Returns what was submitted, by place; NULL for what is unreadable. */
static void tell_group(struct house *house, const struct bytes *cbor, size_t n, bool whole,
		       struct arena *a, struct submission **out, struct telling *t, size_t place)
{
	struct submission *sent[GROUP_MAX];
	struct caller caller = {.principal = "ada", .channel = CHANNEL_KEY};
	struct fault f = {0};
	size_t sent_n = 0;

	for (size_t i = 0; i < n; i++) {
		out[i] = NULL;
		t->sequences[place + i] = UINT64_MAX;
		if (submission_from_cbor(house->engine, a, &caller, bytes_of("", 0), cbor[i],
					 &out[i], &f)
			    .code == OK)
			sent[sent_n++] = out[i];
		else
			count_refusal(t, f.message);
	}
	if (sent_n == 0)
		return;
	ok(record_submit_wait(house->engine, sent, sent_n, whole, &f), &f);
	for (size_t i = 0; i < n; i++)
		if (out[i] != NULL)
			count(out[i], t, place + i);
}

void history_tell(const struct history *h, struct house *house, struct telling *t)
{
	struct submission *out[GROUP_MAX];
	size_t place = 0;

	t->sequences = calloc(h->submissions_n, sizeof *t->sequences);
	assert_non_null(t->sequences);
	for (size_t i = 0; i < h->turns_n; i++) {
		struct arena a = {.limit = 512u << 20};
		const struct turn *turn = &h->turns[i];
		take_turn(house, turn);
		tell_group(house, &h->submissions[place], turn->n, turn->whole, &a, out, t, place);
		place += turn->n;
		arena_done(&a);
	}
	assert_int_equal(place, h->submissions_n);
}

/* ---- making ---- */

static const char *choose_type(struct history *h)
{
	size_t n = history_choose(h, 100);

	for (size_t i = 0; i < sizeof TOLD / sizeof TOLD[0]; i++) {
		if (n < TOLD[i].weight)
			return TOLD[i].type;
		n -= TOLD[i].weight;
	}
	return TOLD[0].type;
}

static bool is_about(const char *type, const char *area)
{
	return strncmp(type, area, strlen(area)) == 0;
}

/* Mostly somebody who may; sometimes anybody. */
static const struct actor *choose_author(struct history *h, const char *type)
{
	bool founder = !is_about(type, "seal") && !is_about(type, "shipment");

	if (history_choose(h, 12) == 0)
		founder = !founder;
	if (founder)
		return &h->founders[history_choose(h, 3)];
	return &h->authors[history_choose(h, AUTHORS)];
}

static void learn(struct history *h, const struct submission *s)
{
	const struct result *r = submission_result(s);

	if (r->state != RESULT_CERTIFIED)
		return;
	if (r->outcome == OUTCOME_PENDING)
		h->pending[h->pending_n < 32 ? h->pending_n++ : history_choose(h, 32)] = r->digest;
	if (strcmp(submission_type(s)->type->name, "shipment.packed") == 0)
		h->manifest = r->digest;
}

static struct turn choose_turn(struct history *h)
{
	struct turn turn = {.wall_ms = (int64_t)history_choose(h, 20000)};

	turn.steady_ms = turn.wall_ms;
	if (history_choose(h, 60) == 0) /* a day passes: newcomers no more */
		turn.wall_ms = turn.steady_ms = 25 * 3600 * 1000;
	if (history_choose(h, 80) == 0) /* somebody turns the clock */
		turn.wall_ms -= 3600 * 1000;
	turn.restart = history_choose(h, 100) == 0;
	turn.whole = history_choose(h, 6) == 0;
	turn.n = 1 + history_choose(h, turn.whole ? 4 : GROUP_MAX);
	return turn;
}

static void make_one(struct history *h, struct arena *a, struct turn *turn)
{
	const char *type = choose_type(h);
	const struct compiled_type *t =
		registry_type(engine_registry(h->house->engine), bytes_text(type));
	struct fault f = {0};

	assert_non_null(t);
	if (turn->whole && (t->type->flags & VOTE) != 0)
		return;
	/* NULL: the author's own program refuses it, too. */
	(void)house_make(h->house, a, choose_author(h, type), type, history_body(h, a, t->type),
			 NULL, &f);
}

static void make_turn(struct history *h, struct telling *t)
{
	struct submission *out[GROUP_MAX];
	struct arena a = {.limit = 512u << 20};
	size_t place = h->submissions_n;
	struct turn *turn = next_turn(h);

	*turn = choose_turn(h);
	take_turn(h->house, turn);
	for (size_t i = 0; i < turn->n; i++)
		make_one(h, &a, turn);
	turn->n = h->submissions_n - place;
	t->sequences = realloc(t->sequences, (h->submissions_n + 1) * sizeof *t->sequences);
	assert_non_null(t->sequences);
	tell_group(h->house, &h->submissions[place], turn->n, turn->whole, &a, out, t, place);
	for (size_t i = 0; i < turn->n; i++)
		if (out[i] != NULL)
			learn(h, out[i]);
	arena_done(&a);
}

/* Everybody is introduced in turns of one, which the house itself tells. */
static void introduce(struct history *h, struct telling *t)
{
	static const char all[] = "custody.write,custody.check,custody.issue,custody.ship,"
				  "custody.receive,report.hold,line.define";
	char id[8];

	for (size_t i = 0; i < AUTHORS; i++) {
		snprintf(id, sizeof id, "a%zu", i);
		h->authors[i] = house_actor(h->house, id, "person", i == 7 ? "access.read" : all);
	}
	house_must(h->house, &h->authors[0], "site.defined",
		   "{'site':'VN','country':'VN','name':'Hanoi'}");
	house_must(h->house, &h->authors[0], "site.defined",
		   "{'site':'HH','country':'DE','name':'Hamburg'}");
	t->sequences = calloc(h->submissions_n, sizeof *t->sequences);
	assert_non_null(t->sequences);
	for (size_t i = 0; i < h->submissions_n; i++) {
		next_turn(h)->n = 1;
		t->sequences[i] = i + 1; /* after the log's own start */
		t->recorded++;
	}
}

void history_make(struct history *h, struct house *house, size_t records, struct telling *t)
{
	h->house = house;
	house->on_signed = keep;
	house->on_signed_context = h;
	introduce(h, t);
	while (h->submissions_n < records)
		make_turn(h, t);
	house->on_signed = NULL;
}
