/* SPDX-License-Identifier: Apache-2.0 */
/* (d), (i), (j) in the server itself: who may, here, now, and with which key. */
#include "engine_attack.h"

#include <stdio.h>

#include "core/cbor.h"
#include "record/claim_make.h"

/* Zoe, who has maya's role with these limits, decides about an item at VN. */
static const char *decides_with(struct trial *t, const char *limits)
{
	struct actor zoe = house_actor(&t->house, "zoe", "person", NULL);

	trial_item(t, "a", "VN");
	if (limits != NULL)
		trial_grants(t, "g1", "zoe", "role-maya", limits);
	const char *answer = asks(t, &zoe, "trial.decided", "{'item':'a'}");
	actor_done(&zoe);
	return answer;
}

static const char *limits(struct trial *t, const char *name, int64_t ms)
{
	return arena_printf(&t->house.arena, ",'%s':'%s'", name, trial_time(t, ms));
}

/* ---- (d) ---- */

static const char *no_grant(void)
{
	struct trial *t = trial_new();

	return trial_over(t, decides_with(t, NULL), "");
}

static const char *grant_of_the_future(void)
{
	struct trial *t = trial_new();

	return trial_over(t, decides_with(t, limits(t, "not_before", HOUR_MS)), "");
}

static const char *grant_of_another_site(void)
{
	struct trial *t = trial_new();

	return trial_over(t, decides_with(t, ",'site':'HH'"), "");
}

/* Zoe's right ends in an hour; two hours pass, and the wall clock moves by so much beside. */
static const char *decides_late(struct trial *t, int64_t wall)
{
	struct actor zoe = house_actor(&t->house, "zoe", "person", NULL);

	trial_item(t, "a", "VN");
	trial_grants(t, "g1", "zoe", "role-maya", limits(t, "not_after", HOUR_MS));
	house_step(&t->house, 2 * HOUR_MS, 2 * HOUR_MS);
	house_step(&t->house, wall, 0);
	const char *answer = asks(t, &zoe, "trial.decided", "{'item':'a'}");
	actor_done(&zoe);
	return answer;
}

static const char *grant_that_is_over(void)
{
	struct trial *t = trial_new();

	return trial_over(t, decides_late(t, 0), "");
}

/* ---- (j) ---- */

static const char *clock_back_for_a_grant(void)
{
	struct trial *t = trial_new();

	return trial_over(t, decides_late(t, -2 * HOUR_MS + 60000), "");
}

static const char *clock_forward_for_a_grant(void)
{
	struct trial *t = trial_new();
	struct actor zoe = house_actor(&t->house, "zoe", "person", NULL);

	trial_item(t, "a", "VN");
	trial_grants(t, "g1", "zoe", "role-maya", limits(t, "not_before", HOUR_MS));
	house_step(&t->house, 2 * HOUR_MS, 0);
	const char *answer = asks(t, &zoe, "trial.decided", "{'item':'a'}");
	actor_done(&zoe);
	return trial_over(t, answer, "");
}

/* Signed on a machine whose clock said the day before yesterday: as if it had been then. */
static const char *record_of_the_day_before(void)
{
	struct trial *t = trial_new();
	char id[37];
	struct fault f = {0};

	house_step(&t->house, -2 * DAY_MS, 0);
	house_id(&t->house, id);
	house_step(&t->house, 2 * DAY_MS, 0);
	return trial_over(t,
			  submits(t,
				  house_make(&t->house, &t->house.arena, &t->maya, "trial.ruled",
					     "{'item':'a'}", id, &f),
				  &f),
			  "");
}

/* ---- keys and signatures ---- */

struct forgery {
	const char *origin;         /* NULL: this log's */
	const struct actor *key;    /* named in the claim */
	const struct actor *signer; /* who has only his own */
};

/* Maya's record, as somebody else makes it. */
static const char *forges(struct trial *t, const struct forgery *how)
{
	struct arena *a = &t->house.arena;
	struct hash key = public_key_id(private_key_public(how->key->key));
	struct claim_maker maker = {.registry = engine_registry(t->house.engine),
				    .origin = how->origin == NULL ? HOUSE_ORIGIN : how->origin,
				    .author = "maya",
				    .key = &key,
				    .now_ms = clock_wall_ms(&t->house.clock)};
	uint8_t *room = arena_alloc(a, ENTRY_SIZE_MAX);
	struct writer w = writer_of(room, ENTRY_SIZE_MAX);
	struct caller caller = {.principal = "maya", .channel = CHANNEL_KEY};
	struct submission *s = NULL;
	struct prepared made;
	struct fault f = {0};
	struct bytes proof, out;
	char id[37];

	house_id(&t->house, id);
	json_t *json = json_pack("{s:s, s:{s:s}}", "id", id, "body", "item", "a");
	ok(claim_make(&maker, a, bytes_text("trial.ruled"), json, &made, &f), &f);
	json_decref(json);
	ok(cose_sign(a, how->signer->key, bytes_text("trial.ruled"), made.claim, &proof, &f), &f);
	cbor_put_array(&w, 3);
	cbor_put_bytes(&w, made.claim);
	put_bytes(&w, proof);
	cbor_put_map(&w, 0);
	assert_true(writer_done(&w, &out));
	if (submission_from_cbor(t->house.engine, a, &caller, bytes_of("", 0), out, &s, &f).code !=
	    OK)
		s = NULL;
	return submits(t, s, &f);
}

static const char *signature_of_somebody_else(void)
{
	struct trial *t = trial_new();
	struct forgery how = {.key = &t->maya, .signer = &t->nils};

	return trial_over(t, forges(t, &how), "");
}

static const char *key_of_somebody_else(void)
{
	struct trial *t = trial_new();
	struct forgery how = {.key = &t->nils, .signer = &t->nils};

	return trial_over(t, forges(t, &how), "");
}

/* Maya practised in the trial log: what she signed there is brought here. */
static const char *record_of_the_trial_log(void)
{
	struct trial *t = trial_new();
	struct forgery how = {.origin = "test.example/trial", .key = &t->maya, .signer = &t->maya};
	const char *answer = forges(t, &how);

	trial_item(t, "b", "VN");
	return trial_over(t, answer, "");
}

const struct attack RIGHT_ATTACKS[] = {
	{'d', "a decision without any grant", no_grant, "NOT_ALLOWED", CHECK_ENGINE_RIGHT, NULL, 0,
	 NULL},
	{'d', "a grant that is over", grant_that_is_over, "NOT_ALLOWED", CHECK_ENGINE_GRANT_TIME,
	 NULL, 0, NULL},
	{'d', "a grant of the future", grant_of_the_future, "NOT_ALLOWED", CHECK_ENGINE_GRANT_TIME,
	 NULL, 0, NULL},
	{'d', "a grant of another site", grant_of_another_site, "NOT_ALLOWED",
	 CHECK_ENGINE_GRANT_SCOPE, NULL, 0, NULL},
	{'e', "a signature by another key than it names", signature_of_somebody_else, "PROOF_WRONG",
	 CHECK_ENGINE_PROOF, NULL, 0, NULL},
	{'e', "somebody else's name over one's own key", key_of_somebody_else, "KEY_NOT_AUTHORS",
	 CHECK_ENGINE_KEY, NULL, 0, NULL},
	{'i', "a record of the trial log, brought to the server", record_of_the_trial_log,
	 "ORIGIN_WRONG", CHECK_ENGINE_ORIGIN, NULL, 0, NULL},
	{'j', "the server's clock put back, for a grant that is over", clock_back_for_a_grant,
	 "NOT_ALLOWED", CHECK_ENGINE_CLOCK, NULL, 0, NULL},
	{'j', "the server's clock put forward, for a grant of the future",
	 clock_forward_for_a_grant, "NOT_ALLOWED", CHECK_ENGINE_CLOCK, NULL, 0, NULL},
	{'j', "a record that is dated back", record_of_the_day_before, "MADE_OUT_OF_WINDOW",
	 CHECK_ENGINE_ID_WINDOW, NULL, 0, NULL},
	{0},
};
