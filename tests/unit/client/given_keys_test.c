/* SPDX-License-Identifier: Apache-2.0 */
/* Keys with a limit, as a stranger judges them: a shift's, and a recovery's. The writer may lie. */
#include "authors_log.h"

#include "base/clock.h"
#include "core/sha256.h"
#include "domain/access/access_area.h"
#include "interop/passkey_sign.h"

enum { HOUR = 3600 * 1000, DAY = 24 * HOUR };

static const char *text64(struct log *l, struct bytes bytes)
{
	char *text = arena_alloc(&l->arena, 2 * bytes.n + 4);

	assert_non_null(text);
	base64url_encode(bytes, text);
	return text;
}

static struct bytes message_for(struct log *l, const char *principal)
{
	struct writer w = writer_of(arena_alloc(&l->arena, 512), 512);
	struct bytes out;

	assert_true(key_possession_message(bytes_text(ORIGIN), bytes_text(principal), &w, &out));
	return out;
}

static const char *when(struct log *l, uint64_t ms)
{
	char *text = arena_alloc(&l->arena, TIME_TEXT_SIZE);

	assert_non_null(text);
	time_text(MADE_MS + ms, text);
	return text;
}

/* A shift of alice's, for eight hours, with this key. */
static json_t *shift(struct log *l, const struct private_key *key, const char *permission)
{
	uint8_t signature[64];

	must(l, key_sign(key, message_for(l, "alice"), signature, &l->f));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:[{s:s}]}", "shift", "s1", "station", "st1",
			 "public_key", text64(l, public_key_spki(private_key_public(key))),
			 "possession", text64(l, bytes_of(signature, 64)), "not_after",
			 when(l, 8ull * HOUR), "permissions", "permission", permission);
}

/* alice works, with mallory's key as the browser's. */
static struct log *working(void **state)
{
	struct log *l = *state;

	private_key_close(l->mallory);
	must(l, private_key_generate(KEY_P256, &l->mallory, &l->f));
	enroll(l, "alice", l->alice);
	must(l, happens(l, "shift.opened", "alice", l->alice, OUTCOME_FOLDED,
			shift(l, l->mallory, "line.build")));
	return l;
}

static err builds(struct log *l)
{
	return happens(
		l, "unit.built", "alice", l->mallory, OUTCOME_FOLDED,
		json_pack("{s:s, s:s, s:s}", "product", "GW", "serial", "S1", "station", "st1"));
}

static void shift_signs_events_of_its_list_until_it_ends(void **state)
{
	struct log *l = working(state);

	must(l, builds(l));
	l->later_ms = 8ull * HOUR - 1;
	must(l, builds(l));
	assert_int_equal(l->keys.by_shifts, 2);
	l->later_ms = 8ull * HOUR;
	assert_wrong(l, builds(l), "its shift was over");
}

static void shift_signs_no_decision_no_vote_and_nothing_that_was_not_listed(void **state)
{
	struct log *l = working(state);
	char hex[65];
	struct hash some = sha256(bytes_text("some"));

	assert_wrong(l, speaks(l, "alice", l->mallory), "a shift's key signs events only");
	hex_encode(hash_bytes(&some), hex);
	assert_wrong(l,
		     happens(l, "approval.given", "alice", l->mallory, OUTCOME_FOLDED,
			     json_pack("{s:s}", "record", hex)),
		     "a shift's key signs events only");
	assert_wrong(l,
		     happens(l, "concern.raised", "alice", l->mallory, OUTCOME_FOLDED,
			     json_pack("{s:s, s:s, s:s, s:s, s:s}", "concern", "c1", "kind",
				       "station", "id", "st1", "station", "st1", "text", "x")),
		     "its shift was not opened for this");
	assert_wrong(l,
		     happens(l, "shift.opened", "alice", l->mallory, OUTCOME_FOLDED,
			     shift(l, l->mallory, "line.build")),
		     "a shift's key signs events only");
}

static void shift_ends_when_it_is_closed_or_its_opener_is_revoked(void **state)
{
	struct log *l = working(state);
	struct hash id = public_key_id(private_key_public(l->alice));
	char hex[65];

	must(l, happens(l, "shift.closed", "ada", l->ada, OUTCOME_FOLDED,
			json_pack("{s:s}", "shift", "s1")));
	must(l, builds(l)); /* it is not ada's */
	hex_encode(hash_bytes(&id), hex);
	must(l, happens(l, "key.revoked", "ada", l->ada, OUTCOME_FOLDED,
			json_pack("{s:s, s:s}", "key_id", hex, "reason", "lost")));
	assert_wrong(l, builds(l), "its key had ended before");
}

static void shift_closes_itself_and_nothing_else(void **state)
{
	struct log *l = working(state);

	l->subject = (struct subject){bytes_text("shift"), bytes_of("", 0), bytes_text("s2")};
	assert_wrong(l,
		     happens(l, "shift.closed", "alice", l->mallory, OUTCOME_FOLDED,
			     json_pack("{s:s}", "shift", "s2")),
		     "its shift was not opened for this");
	l->subject.id = bytes_text("s1");
	must(l, happens(l, "shift.closed", "alice", l->mallory, OUTCOME_FOLDED,
			json_pack("{s:s}", "shift", "s1")));
	assert_wrong(l, builds(l), "its key had ended before");
}

static void shift_whose_key_was_not_held_is_a_lie(void **state)
{
	struct log *l = *state;

	enroll(l, "alice", l->alice);
	json_t *body = shift(l, l->alice, "line.build");
	json_object_set_new(body, "public_key",
			    json_string(text64(l, public_key_spki(private_key_public(l->ada)))));
	assert_wrong(l, happens(l, "shift.opened", "alice", l->alice, OUTCOME_FOLDED, body),
		     "it does not show that the key is held by whom it is given to");
}

/* ---- passkeys ---- */

static json_t *passkey(struct log *l, const struct private_key *key, const char *party,
		       const char *principal, const char *said_of)
{
	const struct passkey_wish wish = {.party = party,
					  .origin = "https://anywhere.example",
					  .challenge = sha256(message_for(l, said_of))};
	struct passkey_words words;

	must(l, passkey_assert(&l->arena, key, &wish, &words, &l->f));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "principal", principal, "public_key",
			 text64(l, public_key_spki(private_key_public(key))), "possession",
			 text64(l, words.signature), "credential", "AAAA", "authenticator_data",
			 text64(l, words.authenticator_data), "client_data",
			 text64(l, words.client_data));
}

static err enrolls(struct log *l, json_t *body)
{
	return happens(l, "key.enrolled", "ada", l->ada, OUTCOME_FOLDED, body);
}

static void passkey_that_was_not_shown_to_be_held_is_a_lie(void **state)
{
	struct log *l = *state;
	static const char lie[] = "it does not show that the key is held by whom it is given to";

	assert_wrong(l, enrolls(l, passkey(l, l->alice, "evil.example", "alice", "alice")), lie);
	assert_wrong(l, enrolls(l, passkey(l, l->alice, "relying.example", "alice", "ada")), lie);
	must(l, enrolls(l, passkey(l, l->alice, "relying.example", "alice", "alice")));
	must(l, speaks(l, "alice", l->alice));
}

static void passkey_is_believed_where_the_log_names_no_party(void **state)
{
	struct log *l = *state;

	must(l, enrolls(l, passkey(l, l->alice, "any.example", "alice", "alice")));
	must(l, speaks(l, "alice", l->alice));
}

/* ---- recoveries ---- */

/* A key for alice that waits until this long after MADE_MS. */
static json_t *recovery(struct log *l, const struct private_key *key, uint64_t from_ms)
{
	uint8_t signature[64];

	must(l, key_sign(key, message_for(l, "alice"), signature, &l->f));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "recovery", "r1", "principal", "alice",
			 "public_key", text64(l, public_key_spki(private_key_public(key))),
			 "possession", text64(l, bytes_of(signature, 64)), "usable_from",
			 when(l, from_ms), "reason", "lost");
}

/* ada's vote on entry `target` makes it take effect. */
static err executes(struct log *l, uint64_t target)
{
	char hex[65];
	struct hash some = sha256(bytes_text("some"));

	hex_encode(hash_bytes(&some), hex);
	l->target = target;
	return happens(l, "approval.given", "ada", l->ada, OUTCOME_EXECUTES,
		       json_pack("{s:s}", "record", hex));
}

static void recovered_key_speaks_after_its_waiting_time(void **state)
{
	struct log *l = *state;
	uint64_t asked = l->next;

	must(l, happens(l, "recovery.requested", "ada", l->ada, OUTCOME_PENDING,
			recovery(l, l->alice, 2ull * DAY)));
	l->later_ms = 3ull * DAY;
	assert_wrong(l, speaks(l, "alice", l->alice), "nobody had enrolled its key");
	l->later_ms = HOUR;
	must(l, executes(l, asked - 1)); /* something else */
	assert_wrong(l, speaks(l, "alice", l->alice), "nobody had enrolled its key");
	must(l, executes(l, asked));
	l->later_ms = 2ull * DAY - 1;
	assert_wrong(l, speaks(l, "alice", l->alice),
		     "its key was made in a recovery and had to wait");
	l->later_ms = 2ull * DAY;
	must(l, speaks(l, "alice", l->alice));
}

static void waiting_time_is_a_day_from_when_it_took_effect(void **state)
{
	struct log *l = *state;
	uint64_t asked = l->next;

	must(l, happens(l, "recovery.requested", "ada", l->ada, OUTCOME_PENDING,
			recovery(l, l->alice, DAY)));
	l->later_ms = DAY - HOUR;
	must(l, executes(l, asked));
	l->later_ms = 2ull * DAY - HOUR - 1;
	assert_wrong(l, speaks(l, "alice", l->alice),
		     "its key was made in a recovery and had to wait");
	l->later_ms++;
	must(l, speaks(l, "alice", l->alice));
}

static void recovery_that_nobody_had_to_agree_to_waits_as_well(void **state)
{
	struct log *l = *state;

	must(l, happens(l, "recovery.requested", "ada", l->ada, OUTCOME_FOLDED,
			recovery(l, l->alice, HOUR)));
	l->later_ms = DAY - 1;
	assert_wrong(l, speaks(l, "alice", l->alice),
		     "its key was made in a recovery and had to wait");
	l->later_ms = DAY;
	must(l, speaks(l, "alice", l->alice));
}

static void recovery_that_was_stopped_gives_no_key(void **state)
{
	struct log *l = *state;

	must(l, happens(l, "recovery.requested", "ada", l->ada, OUTCOME_FOLDED,
			recovery(l, l->alice, DAY)));
	must(l, happens(l, "recovery.stopped", "ada", l->ada, OUTCOME_FOLDED,
			json_pack("{s:s, s:s}", "recovery", "r1", "reason", "no")));
	l->later_ms = 9ull * DAY;
	assert_wrong(l, speaks(l, "alice", l->alice), "its key had ended before");
}

#define PARTY_TEST(name) cmocka_unit_test_setup_teardown(name, log_with_passkeys, log_close)
int main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_TEST(shift_signs_events_of_its_list_until_it_ends),
		LOG_TEST(shift_signs_no_decision_no_vote_and_nothing_that_was_not_listed),
		LOG_TEST(shift_ends_when_it_is_closed_or_its_opener_is_revoked),
		LOG_TEST(shift_closes_itself_and_nothing_else),
		LOG_TEST(shift_whose_key_was_not_held_is_a_lie),
		PARTY_TEST(passkey_that_was_not_shown_to_be_held_is_a_lie),
		LOG_TEST(passkey_is_believed_where_the_log_names_no_party),
		LOG_TEST(recovered_key_speaks_after_its_waiting_time),
		LOG_TEST(waiting_time_is_a_day_from_when_it_took_effect),
		LOG_TEST(recovery_that_nobody_had_to_agree_to_waits_as_well),
		LOG_TEST(recovery_that_was_stopped_gives_no_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
