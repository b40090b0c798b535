/* SPDX-License-Identifier: Apache-2.0 */
/* A line behind a slow proxy that cuts connections; then three days without any line; then all of it comes,
 * nothing is lost and nothing comes twice. */
#include "station_kit.h"

#include "core/cbor.h"
#include "ledger/ledger.h"
#include "record/readers.h"
#include "server/server_internal.h"
#include "station/spool.h"
#undef fail

#include "base/files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ONLINE = 6, STEPS = 12, PER_STEP = 3, OFFLINE = STEPS * PER_STEP, CLAIMS_MAX = 1024 };
enum { DELAY_MS = 200, CUT_EVERY = 12, ANSWER_MS = 400 };

/* ---- what was spooled, what is in the log ---- */

struct claims {
	struct bytes list[CLAIMS_MAX];
	size_t n;
};

static void keep_claim(struct kit *k, struct claims *c, struct bytes claim)
{
	assert_true(c->n < CLAIMS_MAX);
	c->list[c->n] = arena_copy(&k->x->arena, claim);
	assert_non_null(c->list[c->n].p);
	c->n++;
}

static void read_segment(struct kit *k, const char *name, struct claims *c)
{
	struct segment s = {0};
	struct segment_record record;
	struct fault f = {0};

	assert_int_equal(file_read(&k->x->arena, kit_printf(k, "%s/spool/%s", k->folder, name),
				   8 << 20, &s.content, &f)
				 .code,
			 OK);
	assert_true(segment_begin(&s));
	while (segment_next(&s, &record)) {
		struct reader r = reader_of(record.payload);
		assert_int_equal(cbor_array(&r), 3);
		keep_claim(k, c, cbor_bytes(&r));
	}
	assert_int_equal(s.at, s.content.n);
}

static int segments_only(const struct dirent *d)
{
	return strlen(d->d_name) == 20 && strcmp(d->d_name + 16, ".seg") == 0;
}

static void read_spool(struct kit *k, struct claims *c)
{
	struct dirent **list = NULL;
	int n = scandir(kit_printf(k, "%s/spool", k->folder), &list, segments_only, alphasort);

	assert_true(n >= 0);
	for (int i = 0; i < n; i++) {
		read_segment(k, list[i]->d_name, c);
		free(list[i]);
	}
	free(list);
}

static void read_log(struct kit *k, struct claims *c)
{
	struct reader_session *r;
	struct merkle_head head;
	struct fault f = {0};

	assert_int_equal(reader_take(k->x->server->engine, &r, &f).code, OK);
	assert_int_equal(ledger_head(reader_ledger(r), &head, &f).code, OK);
	for (uint64_t i = 0; i < head.size; i++) {
		struct entry *entry = arena_alloc(&k->x->arena, sizeof *entry);
		struct bytes bytes;
		const char *why;
		assert_non_null(entry);
		assert_int_equal(ledger_entry(reader_ledger(r), &k->x->arena, i, &bytes, &f).code,
				 OK);
		assert_true(entry_parse(bytes, entry, &why));
		if (entry->claim.spool.p != NULL)
			keep_claim(k, c, entry->claim_bytes);
	}
	reader_give(r);
}

static uint64_t counter_of(struct bytes claim)
{
	struct claim parsed;
	const char *why;

	assert_true(claim_parse(claim, &parsed, &why));
	return parsed.spool_counter;
}

/* ---- the line ---- */

static const char *serial(struct kit *k, const char *group, size_t i)
{
	return kit_printf(k, "%s-%03zu", group, i);
}

/* Recorded now or later: both are an answer. */
static void posts(struct kit *k, const char *type, const char *body)
{
	struct said s = kit_post(k, type, body);

	if (s.status != 201 && s.status != 202)
		stop_test("%s: %d %s\n", type, s.status, s.text);
}

static void starts(struct kit *k, const char *which)
{
	posts(k, "unit.requested", kit_unit(k, "BA1", which));
}

static void builds(struct kit *k, const char *which)
{
	posts(k, "unit.fitted",
	      kit_printf(
		      k,
		      "{'product':'GW','serial':'%s','station':'st1','parts':[{'supplier':'acme',"
		      "'part_lot':'R1','part':'MCU1','quantity':2,'designators':'U1 U2'}]}",
		      which));
	posts(k, "unit.built",
	      kit_printf(k, "{'product':'GW','serial':'%s','station':'st1'}", which));
}

static void must_pass(struct kit *k, const char *gate, const char *which)
{
	struct said s =
		kit_ask(k, "GET", kit_printf(k, "/v1/gates/%s/GW/%s", gate, which), NULL, NULL);

	assert_string_equal(s.text, "PASS\n");
}

static void online(struct kit *k)
{
	for (size_t i = 0; i < ONLINE; i++)
		starts(k, serial(k, "on", i));
	for (size_t i = 0; i < ONLINE; i++)
		builds(k, serial(k, "on", i));
	kit_await_delivered(k);
}

static void three_days(struct kit *k)
{
	for (size_t step = 0; step < STEPS; step++) {
		for (size_t i = step * PER_STEP; i < (step + 1) * PER_STEP; i++) {
			starts(k, serial(k, "off", i));
			must_pass(k, "build", serial(k, "off", i));
			builds(k, serial(k, "off", i));
			must_pass(k, "test", serial(k, "off", i));
		}
		kit_later(k, 72 / STEPS);
	}
}

/* ---- afterwards ---- */

static int64_t counted(struct kit *k, const char *path, const char *column)
{
	json_t *row = company_row(&k->company, path);

	assert_non_null(row);
	return json_integer_value(json_object_get(row, column));
}

static void all_are_built_and_certified(struct kit *k, const char *group, size_t n)
{
	time_t end = time(NULL) + 60;

	for (size_t i = 0; i < n; i++) {
		const char *path = kit_printf(k, "/v1/views/unit.one?product=GW&serial=%s",
					      serial(k, group, i));
		json_t *row = company_row(&k->company, path);
		while (strcmp(json_string_value(json_object_get(row, "state")), "built") != 0) {
			if (time(NULL) > end)
				stop_test("%s: %s\n", path,
					  json_string_value(json_object_get(row, "state")));
			row = company_row(&k->company, path);
		}
		assert_true(json_is_string(json_object_get(row, "certificate_digest")));
		assert_int_equal(json_integer_value(json_object_get(row, "holds")), 0);
	}
}

static void nothing_is_lost_and_nothing_comes_twice(struct kit *k, const struct claims *spooled)
{
	struct claims *log = arena_alloc(&k->x->arena, sizeof *log);

	assert_non_null(log);
	read_log(k, log);
	assert_int_equal(log->n, 3 * (ONLINE + OFFLINE));
	for (size_t i = 0; i < log->n; i++)
		assert_int_equal(counter_of(log->list[i]), i + 1);
	assert_true(spooled->n >= 3 * OFFLINE);
	for (size_t i = 0; i < spooled->n; i++) {
		uint64_t counter = counter_of(spooled->list[i]);
		assert_true(bytes_equal(spooled->list[i], log->list[counter - 1]));
	}
}

static void a_line_goes_on_for_three_days_without_a_line_to_the_server(void **state)
{
	static struct claims spooled;
	struct kit *k = *state;

	(void)api_must(k->x, &k->x->erin, "part_lot.issued",
		       "{'supplier':'acme','part_lot':'R1','authorization':'BA1','site':'VN',"
		       "'line':'L1','quantity':900}");
	/* A unit that is started in the moment of a cut counts, too. */
	kit_allow(k, "OA1", ONLINE + OFFLINE, 80);
	kit_box(k);
	kit_whole(k);
	k->proxy.delay_ms = DELAY_MS;
	k->proxy.cut_every = CUT_EVERY;
	online(k);
	kit_cut(k);
	three_days(k);
	read_spool(k, &spooled);
	kit_whole(k);
	kit_await_delivered(k);
	k->proxy.cut_every = 0;
	k->proxy.delay_ms = 0;
	all_are_built_and_certified(k, "on", ONLINE);
	all_are_built_and_certified(k, "off", OFFLINE);
	nothing_is_lost_and_nothing_comes_twice(k, &spooled);
	assert_true(k->proxy.cuts > 0);
	int64_t used = counted(k, "/v1/views/allowance.list?station=st1", "used");
	assert_in_range(used, OFFLINE, OFFLINE + ONLINE);
	struct said s = kit_post(k, "allowance.returned",
				 kit_printf(k,
					    "{'allowance':'OA1','authorization':'BA1','station':"
					    "'st1','used':%d}",
					    (int)used));
	must_say(&s, 201, NULL);
	const char *path = "/v1/views/build.reconciliation?authorization=BA1";
	assert_int_equal(counted(k, path, "built"), ONLINE + OFFLINE);
	assert_int_equal(counted(k, path, "unused"), 100 - ONLINE - OFFLINE);
	assert_int_equal(counted(k, path, "reserved"), 0);
	assert_int_equal(counted(k, path, "unexplained"), 0);
}

static int open_kit(void **state)
{
	struct kit *k = test_malloc(sizeof *k);

	kit_open(k);
	k->config.answer_ms = ANSWER_MS;
	*state = k;
	return 0;
}

static int close_kit(void **state)
{
	kit_close(*state);
	test_free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_line_goes_on_for_three_days_without_a_line_to_the_server, open_kit,
			close_kit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
