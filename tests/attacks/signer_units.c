/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and permits, asked for by a taken-over server or with a stolen station's key. */
#include "signer_attack.h"

#include <string.h>

#include "core/sha256.h"

enum { QUOTA = 3 };

/* A request that says what the attacker likes, with the station's key or another. */
static uint64_t asks_unit(struct test_log *l, const struct made *how, const char *authorization,
			  size_t key, size_t serial)
{
	struct put fields[] = {TEXT("product", PRODUCT), TEXT("serial", unit_serial(serial)),
			       TEXT("authorization", authorization),
			       BYTES("csr", unit_csr(key, serial))};
	struct made made = *how;

	made.type = "unit.requested";
	made.body = body_make(&l->t->arena, fields, 4);
	return log_put(l, &made);
}

static void builds(struct test_log *l, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		assert_null(wins_certificate(l, put_unit(l, 0, "A1", i), i));
}

/* ---- (a) ---- */

static const char *one_more_unit(void)
{
	struct test_log *l = taken_over(QUOTA);

	builds(l, 0, QUOTA);
	return ended(l, wins_certificate(l, put_unit(l, 0, "A1", QUOTA), QUOTA));
}

/* All at once, so that none is counted when the others are judged. */
static const char *one_more_unit_in_one_batch(void)
{
	struct test_log *l = taken_over(QUOTA);
	struct issued_unit units[QUOTA + 1];
	uint64_t requests[QUOTA + 1];
	const char *outcome = NULL;
	size_t won = 0;

	for (size_t i = 0; i <= QUOTA; i++)
		requests[i] = put_unit(l, 0, "A1", i);
	log_sign(l);
	struct evidence evidence = log_show(l, requests, QUOTA + 1);
	assert_int_equal(
		signer_issue_units(l->t->client, &evidence, &l->t->arena, units, NULL).code, OK);
	for (size_t i = 0; i <= QUOTA; i++) {
		won += units[i].certificate.n > 0;
		if (units[i].why_not.code != OK)
			outcome = "SIGNER_QUOTA_SPENT";
		if (units[i].why_not.code != OK)
			assert_string_equal(units[i].why_not.message, outcome);
	}
	assert_int_equal(won, outcome == NULL ? QUOTA + 1 : QUOTA);
	return ended(l, outcome);
}

static const char *unit_after_the_end(void)
{
	struct test_log *l = taken_over(QUOTA);

	time_passes(l, 2 * HOUR_MS);
	return ended(l, wins_certificate(l, put_unit(l, 0, "A1", 0), 0));
}

/* ---- (c) ---- */

static struct test_log *with_a_unit(void)
{
	struct test_log *l = taken_over(QUOTA);

	builds(l, 0, 1);
	return l;
}

static const char *older_image(void)
{
	struct test_log *l = with_a_unit();

	is_released(l, "R0", "production", 0);
	return ended(l, wins_permit(l, put_permit(l, 0, 0, "R0", 1), "R0"));
}

static const char *image_of_another_environment(void)
{
	struct test_log *l = with_a_unit();

	is_released(l, "R2", "development", 1);
	return ended(l, wins_permit(l, put_permit(l, 0, 0, "R2", 1), "R2"));
}

static const char *withdrawn_image(void)
{
	struct test_log *l = with_a_unit();
	struct put fields[] = {TEXT("release", "R1"), TEXT("reason", "a hole")};
	struct made made = {.key = person_key(ERIN),
			    .author = "erin",
			    .type = "firmware.withdrawn",
			    .body = body_make(&l->t->arena, fields, 2)};
	struct hash digest;
	uint64_t count;

	assert_int_equal(
		signer_deny(l->t->client, record_make(l, &made), &digest, &count, NULL).code, OK);
	return ended(l, wins_permit(l, put_permit(l, 0, 0, "R1", 1), "R1"));
}

/* Everything is in order but that nobody agreed: the permit is asked for with a forged approval. */
static const char *image_that_nobody_released(void)
{
	struct test_log *l = with_a_unit();
	struct made forged = {.key = person_key(BEN), .author = "ben", .spoiled = true};
	uint64_t release = put_release(l, "R9", "production", 1);
	const char *outcome =
		wins_decision(l, DECISION_FIRMWARE, AT(release, says_yes(l, &forged, release)));

	if (outcome != NULL)
		assert_string_equal(outcome, "PROOF_WRONG");
	return ended(l, wins_permit(l, put_permit(l, 0, 0, "R9", 1), "R9"));
}

/* ---- (e) ---- */

static const char *unit_of_an_authorization_that_is_none(void)
{
	struct test_log *l = taken_over(QUOTA);

	return ended(l, wins_certificate(l, put_unit(l, 0, "A9", 0), 0));
}

/* The server asks for itself, with a key of its own for a station's. */
static const char *certificate_for_its_own_key(void)
{
	struct test_log *l = taken_over(QUOTA);
	struct made made = {.key = person_key(RUTH), .author = station_name(0)};

	return ended(l, wins_certificate(l, asks_unit(l, &made, "A1", 7, 7), 7));
}

/* … or with the station's own key's name, and no signature of it. */
static const char *request_that_no_station_signed(void)
{
	struct test_log *l = taken_over(QUOTA);
	struct made made = {.key = station_key(0), .author = station_name(0), .spoiled = true};

	return ended(l, wins_certificate(l, asks_unit(l, &made, "A1", 7, 7), 7));
}

static const char *second_unit_of_one_serial(void)
{
	struct test_log *l = with_a_unit();
	struct made made = {.key = station_key(0), .author = station_name(0)};

	return ended(l, wins_certificate(l, asks_unit(l, &made, "A1", 9, 0), 0));
}

static const char *second_unit_with_one_key(void)
{
	struct test_log *l = with_a_unit();
	struct made made = {.key = station_key(0), .author = station_name(0)};

	return ended(l, wins_certificate(l, asks_unit(l, &made, "A1", 0, 9), 9));
}

static const char *unit_after_a_denial_that_was_withheld(void)
{
	struct test_log *l = taken_over(QUOTA);
	uint64_t build = 2; /* release, approval, build */
	struct put fields[] = {BYTES("record", hash_bytes(&l->digests[build])),
			       TEXT("reason", "the line is lost")};
	struct made made = {.key = person_key(CLEO),
			    .author = "cleo",
			    .type = "approval.denied",
			    .body = body_make(&l->t->arena, fields, 2)};
	struct hash digest;
	uint64_t count;

	builds(l, 0, 1);
	assert_int_equal(
		signer_deny(l->t->client, record_make(l, &made), &digest, &count, NULL).code, OK);
	assert_int_equal(count, 1);
	return ended(l, wins_certificate(l, put_unit(l, 0, "A1", 1), 1));
}

static const char *unit_of_the_trial_log(void)
{
	struct test_log *l = taken_over(QUOTA);
	struct made made = {.key = station_key(0),
			    .author = station_name(0),
			    .origin = "trial.example.com/log"};

	return ended(l, wins_certificate(l, asks_unit(l, &made, "A1", 0, 0), 0));
}

/* ---- (k) a stolen station's key ---- */

/* It is not named in this authorization. */
static const char *station_of_another_authorization(void)
{
	struct test_log *l = taken_over(QUOTA);

	return ended(l, wins_certificate(l, put_unit(l, 2, "A1", 0), 0));
}

static const char *permit_from_another_station(void)
{
	struct test_log *l = with_a_unit();

	return ended(l, wins_permit(l, put_permit(l, 2, 0, "R1", 1), "R1"));
}

/* What the thief still can: so many as were agreed, and not one more. */
static const char *all_that_a_thief_can_have(void)
{
	struct test_log *l = taken_over(QUOTA);
	const char *outcome = NULL;
	size_t won = 0;

	while (outcome == NULL && won < QUOTA + 5) {
		outcome = wins_certificate(l, put_unit(l, 1, "A1", won), won);
		won += outcome == NULL;
	}
	assert_int_equal(won, outcome == NULL ? QUOTA + 5 : QUOTA);
	return ended(l, outcome);
}

const struct attack UNIT_ATTACKS[] = {
	{'a', "a unit beyond the quota", one_more_unit, "SIGNER_QUOTA_SPENT", CHECK_SIGNER_QUOTA,
	 NULL, 0, NULL},
	{'a', "a unit beyond the quota, in one batch", one_more_unit_in_one_batch,
	 "SIGNER_QUOTA_SPENT", CHECK_SIGNER_QUOTA, NULL, 0, NULL},
	{'a', "a unit after the authorization's end", unit_after_the_end,
	 "SIGNER_AUTHORIZATION_OVER", CHECK_SIGNER_VALIDITY, NULL, 0, NULL},
	{'c', "a permit for an older image", older_image, "SIGNER_RELEASE_OLDER",
	 CHECK_SIGNER_OLDER, NULL, 0, NULL},
	{'c', "a permit for a development image", image_of_another_environment,
	 "SIGNER_OTHER_ENVIRONMENT", CHECK_SIGNER_ENVIRONMENT, NULL, 0, NULL},
	{'c', "a permit for a withdrawn image", withdrawn_image, "SIGNER_ENDED",
	 CHECK_SIGNER_DENIED, NULL, 0, NULL},
	{'c', "a permit for an image that nobody released", image_that_nobody_released,
	 "SIGNER_NOT_ADMITTED", CHECK_SIGNER_PROOF, NULL, 0, NULL},
	{'e', "a unit of an authorization that is none", unit_of_an_authorization_that_is_none,
	 "SIGNER_NOT_ADMITTED", CHECK_SIGNER_ADMITTED, NULL, 0, NULL},
	{'e', "a certificate for the server's own key", certificate_for_its_own_key,
	 "SIGNER_STATION_UNKNOWN", CHECK_SIGNER_STATION, NULL, 0, NULL},
	{'e', "a request that no station signed", request_that_no_station_signed, "PROOF_WRONG",
	 CHECK_SIGNER_PROOF, NULL, 0, NULL},
	{'e', "a second unit of one serial", second_unit_of_one_serial, "SIGNER_ALREADY_ISSUED",
	 CHECK_SIGNER_SERIAL, NULL, 0, NULL},
	{'e', "a second unit with one key", second_unit_with_one_key, "SIGNER_ALREADY_ISSUED",
	 CHECK_SIGNER_KEY, NULL, 0, NULL},
	{'e', "a unit after a denial that was withheld", unit_after_a_denial_that_was_withheld,
	 "SIGNER_ENDED", CHECK_SIGNER_DENIED, NULL, 0, NULL},
	{'i', "a station's request of the trial log", unit_of_the_trial_log, "SIGNER_OTHER_LOG",
	 CHECK_SIGNER_ORIGIN, NULL, 0, NULL},
	{'k', "a stolen key of a station that the authorization does not name",
	 station_of_another_authorization, "SIGNER_STATION_UNKNOWN", CHECK_SIGNER_STATION, NULL, 0,
	 NULL},
	{'k', "a permit with a stolen key of another station", permit_from_another_station,
	 "SIGNER_STATION_UNKNOWN", CHECK_SIGNER_STATION, NULL, 0, NULL},
	{'k', "a stolen station's key has what was agreed and no more", all_that_a_thief_can_have,
	 "SIGNER_QUOTA_SPENT", CHECK_SIGNER_QUOTA, NULL, 0, NULL},
	{0},
};
