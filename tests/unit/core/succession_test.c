/* SPDX-License-Identifier: Apache-2.0 */
/* A log under another name: only by a record that says so, at its place, once, in order. */
#include "test.h"

#include "core/cbor.h"
#include "core/sha256.h"
#include "core/succession.h"

static const struct hash ROOT = {{7}};

struct said {
	const char *carries, *origin, *old_origin; /* carries: the claim's own */
	uint64_t recovered;
	const char *type;
	enum outcome outcome;
	enum proof_kind proof;
	enum channel_kind channel;
	unsigned version;
	const char *last_field; /* in place of recovered_root */
	bool cut, longer;
};

static uint8_t bodies[4][512];
static unsigned next_body;

static void put_field(struct writer *w, const char *name, struct hash value)
{
	cbor_put_text(w, bytes_text(name));
	cbor_put_bytes(w, hash_bytes(&value));
}

static struct entry entry_of(const struct said *said)
{
	struct writer w = writer_of(bodies[next_body++ % 4], sizeof bodies[0]);
	struct entry e = {.claim = {.origin = bytes_text(said->carries),
				    .type = bytes_text(said->type),
				    .version = said->version},
			  .proof = {.kind = said->proof},
			  .witness = {.outcome = said->outcome, .channel = said->channel}};
	struct bytes body;

	cbor_put_map(&w, said->cut ? 7 : 8);
	cbor_put_text(&w, bytes_text("origin"));
	cbor_put_text(&w, bytes_text(said->origin));
	cbor_put_text(&w, bytes_text("used_up"));
	cbor_put_bool(&w, true);
	put_field(&w, "old_root", ROOT);
	cbor_put_text(&w, bytes_text("old_size"));
	cbor_put_uint(&w, 900);
	cbor_put_text(&w, bytes_text("recovered"));
	cbor_put_uint(&w, said->recovered);
	cbor_put_text(&w, bytes_text("old_origin"));
	cbor_put_text(&w, bytes_text(said->old_origin));
	put_field(&w, "checkpoint_key", ROOT);
	if (!said->cut)
		put_field(&w, said->last_field, ROOT);
	if (said->longer)
		cbor_put_null(&w);
	assert_true(writer_done(&w, &body));
	e.claim.body = body;
	return e;
}

static struct said good(const char *from, const char *to, uint64_t at)
{
	return (struct said){.carries = to,
			     .origin = to,
			     .old_origin = from,
			     .recovered = at,
			     .type = SUCCESSION_TYPE,
			     .version = 1,
			     .last_field = "recovered_root"};
}

static struct entry plain(const char *origin)
{
	struct said said = good("x", origin, 0);

	said.type = "seal.applied";
	return entry_of(&said);
}

static bool follows(struct origin_line *line, uint64_t at, const struct entry *e)
{
	struct succession s;
	const char *why;
	bool may = origin_follow(line, at, e, &s, &why);

	assert_true(may == (why == NULL));
	return may;
}

static struct origin_line line_at(const char *origin, uint64_t n)
{
	struct origin_line line = {.now = ""};
	struct entry e = plain(origin);

	for (uint64_t i = 0; i < n; i++)
		assert_true(follows(&line, i, &e));
	return line;
}

static void everything_it_says_is_read(void **state)
{
	struct said said = good("a", "b", 5);
	struct entry e = entry_of(&said);
	struct succession s;
	const char *why;

	(void)state;
	assert_true(succession_read(&e.claim, &s, &why));
	assert_bytes(s.origin, bytes_text("b"));
	assert_bytes(s.old_origin, bytes_text("a"));
	assert_int_equal(s.last.size, 900);
	assert_int_equal(s.recovered.size, 5);
	assert_true(s.used_up);
	assert_true(hash_equal(s.checkpoint_key, ROOT));
}

static void one_name_goes_on_for_ever(void **state)
{
	struct origin_line line = line_at("a", 100);

	(void)state;
	assert_string_equal(line.now, "a");
	assert_int_equal(line.since, 0);
}

static void another_name_needs_a_succession(void **state)
{
	struct origin_line line = line_at("a", 5);
	struct entry other = plain("b");
	struct said said = good("a", "b", 5);
	struct entry succeeded = entry_of(&said);

	(void)state;
	assert_false(follows(&line, 5, &other));
	assert_true(follows(&line, 5, &succeeded));
	assert_true(follows(&line, 6, &other));
	assert_string_equal(line.now, "b");
	assert_int_equal(line.since, 5);
	/* The old name is over. */
	struct entry old = plain("a");
	assert_false(follows(&line, 7, &old));
}

static void it_stands_where_it_says(void **state)
{
	struct origin_line line = line_at("a", 5);

	(void)state;
	for (uint64_t at = 0; at < 12; at++) {
		struct origin_line copy = line;
		struct said said = good("a", "b", at);
		struct entry e = entry_of(&said);
		assert_true(follows(&copy, 5, &e) == (at == 5));
	}
}

static void it_names_the_log_that_it_succeeds(void **state)
{
	struct origin_line line = line_at("a", 5);
	struct said said = good("c", "b", 5);
	struct entry e = entry_of(&said);

	(void)state;
	assert_false(follows(&line, 5, &e));
}

static void it_says_the_name_that_it_carries(void **state)
{
	struct origin_line line = line_at("a", 5);
	struct said said = good("a", "b", 5);

	(void)state;
	said.carries = "c";
	struct entry e = entry_of(&said);
	assert_false(follows(&line, 5, &e));
}

static void under_its_own_name_a_log_succeeds_nothing(void **state)
{
	struct origin_line line = line_at("a", 5);
	struct said said = good("b", "a", 5);
	struct entry e = entry_of(&said);

	(void)state;
	assert_false(follows(&line, 5, &e));
	said = good("a", "a", 5);
	e = entry_of(&said);
	assert_false(follows(&line, 5, &e));
	/* Nor does one begin with it. */
	struct origin_line empty = {.now = ""};
	assert_false(follows(&empty, 0, &e));
}

static void a_name_is_never_used_again(void **state)
{
	struct origin_line line = line_at("a", 5);
	struct said there = good("a", "b", 5), back = good("b", "a", 6);
	struct entry e = entry_of(&there);

	(void)state;
	assert_true(follows(&line, 5, &e));
	e = entry_of(&back);
	assert_false(follows(&line, 6, &e));
	back = good("b", "c", 6);
	e = entry_of(&back);
	assert_true(follows(&line, 6, &e));
}

static void there_is_an_end_to_it(void **state)
{
	struct origin_line line = line_at("a", 1);
	char from[8] = "a", to[8];

	(void)state;
	for (uint64_t i = 1; i <= SUCCESSIONS_MAX + 1; i++) {
		snprintf(to, sizeof to, "n%u", (unsigned)i);
		struct said said = good(from, to, i);
		struct entry e = entry_of(&said);
		assert_true(follows(&line, i, &e) == (i <= SUCCESSIONS_MAX));
		memcpy(from, to, sizeof to);
	}
}

static void only_the_log_itself_records_it(void **state)
{
	struct origin_line line = line_at("a", 5);
	struct said said;

	(void)state;
	for (int i = 0; i < 3; i++) {
		said = good("a", "b", 5);
		said.outcome = i == 0 ? OUTCOME_UNFOLDED : OUTCOME_FOLDED;
		said.proof = i == 1 ? PROOF_COSE : PROOF_NONE;
		said.channel = i == 2 ? CHANNEL_SESSION : CHANNEL_LOCAL;
		struct entry e = entry_of(&said);
		assert_false(follows(&line, 5, &e));
	}
}

static void other_fields_are_no_succession(void **state)
{
	struct origin_line line = line_at("a", 5);
	struct said said[6];

	(void)state;
	for (size_t i = 0; i < 6; i++)
		said[i] = good("a", "b", 5);
	said[0].version = 2;
	said[1].last_field = "recovered_rood";
	said[2].cut = true;
	said[3].longer = true;
	said[4].old_origin = "";
	said[5].type = "ledger.started";
	for (size_t i = 0; i < 6; i++) {
		struct entry e = entry_of(&said[i]);
		assert_false(follows(&line, 5, &e));
	}
}

/* Of a passport, which has not every entry: what matters is the order. */
static void gaps_do_not_matter(void **state)
{
	struct origin_line line = {.now = ""};
	struct said said = good("a", "b", 50);
	struct entry a = plain("a"), b = plain("b"), s = entry_of(&said);

	(void)state;
	assert_true(follows(&line, 0, &a));
	assert_true(follows(&line, 49, &a));
	assert_true(follows(&line, 50, &s));
	assert_true(follows(&line, 1000, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_it_says_is_read),
		cmocka_unit_test(one_name_goes_on_for_ever),
		cmocka_unit_test(another_name_needs_a_succession),
		cmocka_unit_test(it_stands_where_it_says),
		cmocka_unit_test(it_names_the_log_that_it_succeeds),
		cmocka_unit_test(it_says_the_name_that_it_carries),
		cmocka_unit_test(under_its_own_name_a_log_succeeds_nothing),
		cmocka_unit_test(a_name_is_never_used_again),
		cmocka_unit_test(there_is_an_end_to_it),
		cmocka_unit_test(only_the_log_itself_records_it),
		cmocka_unit_test(other_fields_are_no_succession),
		cmocka_unit_test(gaps_do_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
