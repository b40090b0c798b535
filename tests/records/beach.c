/* SPDX-License-Identifier: Apache-2.0 */
#include "records/beach.h"

#include "record/evidence.h"
#include "record/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- an area of one table, filled by hand ---- */

static const char PEBBLE_SQL[] =
	"-- table pebble key id\n"
	"site TEXT NOT NULL\n"
	"id TEXT NOT NULL\n"
	"color TEXT\n"
	"weight BIGINT\n"
	"stamp BLOB\n"
	"-- view pebble.list pebble.read color_shown=text\n"
	"SELECT p.site, p.id, p.color, p.weight, p.stamp,\n"
	"	(SELECT count(*) FROM pebble q WHERE q.color = p.color AND q.id = p.id) AS "
	"colored,\n"
	"	coalesce(p.color, 'none') AS color_shown\n"
	"FROM pebble p ORDER BY p.id;\n"
	"-- view pebble.declared pebble.read shown=text held=bytes\n"
	"SELECT p.site, p.id, coalesce(p.color, 'none') AS shown, coalesce(p.stamp, p.stamp) AS "
	"held\n"
	"FROM pebble p ORDER BY p.id;\n"
	"-- view pebble.endless pebble.read most:number\n"
	"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n\n"
	"	WHERE :most IS NULL OR i < :most)\n"
	"SELECT p.site, p.id, (SELECT count(*) FROM n) AS steps FROM pebble p ORDER BY p.id;\n";

static const struct record_type NO_TYPES[] = {{0}};
extern const struct area access_area;
static const struct area pebble_area = {.name = "pebble", .types = NO_TYPES, .sql = PEBBLE_SQL};
static const struct area *const PEBBLE_AREAS[] = {&evidence_area, &access_area, &pebble_area, NULL};

static const struct parameter INSERT[] = {{"site", VALUE_TEXT},
					  {"id", VALUE_TEXT},
					  {"color", VALUE_TEXT},
					  {"weight", VALUE_INT},
					  {"stamp", VALUE_BLOB}};

/* Few values and many ties; a fifth of each column is NULL, and both extremes of numbers are there. */
static struct pebble pebble_at(size_t i)
{
	static const char *const COLORS[] = {"Red", "red", "green", "%", "_x", "bl!ue", ""};
	static const int64_t WEIGHTS[] = {INT64_MIN + 1, -1, 0, 7, 7000, INT64_MAX - 1};
	uint32_t dice = (uint32_t)i * 2654435761u;
	struct pebble p = {.has_color = dice % 5 != 0,
			   .has_weight = dice / 5 % 5 != 0,
			   .has_stamp = dice / 25 % 5 != 0,
			   .weight = WEIGHTS[dice / 125 % 6],
			   .stamp = {0xff, (uint8_t)(dice / 750 % 3)}};

	snprintf(p.id, sizeof p.id, "p%04u", (unsigned)(i * 7919 % PEBBLES));
	snprintf(p.color, sizeof p.color, "%s", COLORS[dice / 2250 % 7]);
	return p;
}

static void fill(struct beach *b)
{
	struct db *db = b->store->db;
	struct fault f = {0};
	struct statement *s = prepared(db,
				       "INSERT INTO pebble (site, id, color, weight, stamp)"
				       " VALUES (:site, :id, :color, :weight, :stamp)",
				       INSERT, 5);

	ok(db_begin(db, &f), &f);
	for (b->n = 0; b->n < PEBBLES; b->n++) {
		struct pebble *p = &b->pebbles[b->n];
		*p = pebble_at(b->n);
		struct value values[] = {
			value_text(bytes_text(b->n % 2 == 0 ? "HH" : "VN")),
			value_text(bytes_text(p->id)),
			p->has_color ? value_text(bytes_text(p->color)) : value_null,
			p->has_weight ? value_int(p->weight) : value_null,
			p->has_stamp ? value_blob(bytes_of(p->stamp, 2)) : value_null};
		ok(db_query(db, s, values, NULL, NULL, NULL, &f), &f);
	}
	ok(db_commit(db, &f), &f);
	statement_close(s);
}

int beach_setup(void **state)
{
	struct beach *b;

	if (store_setup(state) != 0)
		return -1;
	b = calloc(1, sizeof *b);
	assert_non_null(b);
	b->store = *state;
	*state = b;
	house_open_with(&b->house, b->store->address, PEBBLE_AREAS);
	b->maya = house_actor(&b->house, "maya", "person", "pebble.read");
	b->nils = house_actor(&b->house, "nils", "person", "access.read");
	fill(b);
	return 0;
}

int beach_teardown(void **state)
{
	struct beach *b = *state;
	struct store_test *store = b->store;

	actor_done(&b->maya);
	actor_done(&b->nils);
	house_close(&b->house);
	free(b);
	*state = store;
	return store_teardown(state);
}

/* ---- asking ---- */

struct fault refusal;

const char *asks_view(struct house *h, const char *who, const char *view, const char *const *words,
		      json_t **out)
{
	const char *names[32], *values[32];
	struct caller caller = {.channel = CHANNEL_SESSION};
	struct view_request request = {
		.name = bytes_text(view), .caller = &caller, .names = names, .values = values};
	struct reader_session *r;
	struct arena a = {0};
	json_t *page = NULL;

	for (; words[request.n] != NULL; request.n++) {
		const char *equals = strchr(words[request.n], '=');
		names[request.n] = arena_text(
			&a, bytes_of(words[request.n], (size_t)(equals - words[request.n])));
		values[request.n] = equals + 1;
	}
	refusal = (struct fault){0};
	snprintf(caller.principal, sizeof caller.principal, "%s", who);
	ok(reader_take(h->engine, &r, &refusal), &refusal);
	err result = view_read(h->engine, r, &a, &request, &page, &refusal);
	reader_give(r);
	arena_done(&a);
	if (out != NULL)
		*out = page;
	else
		json_decref(page);
	return result.code == OK ? "" : refusal.message;
}

void must_refuse_with(struct beach *b, const char *view, const char *word, const char *code)
{
	const char *got = asks_view(&b->house, "maya", view, WORDS(word), NULL);

	if (strcmp(got, code) != 0)
		fail_msg("%s?%s: %s instead of %s", view, word, got, code);
}
