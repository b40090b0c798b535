/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks that are set, and machines that are put back to yesterday. */
#include "signer_attack.h"

#include <stdio.h>
#include <string.h>

/* ---- (j) ---- */

/* The authorization ended an hour ago: the machine's owner puts the clock back. */
static const char *clock_back_for_an_authorization(void)
{
	struct test_log *l = taken_over(3);

	time_passes(l, 2 * HOUR_MS);
	clock_is_put(l, -2 * HOUR_MS);
	return ended(l, wins_certificate(l, put_unit(l, 0, "A1", 0), 0));
}

/* … and starts the signer again, which then has no other clock to compare with, but its journal. */
static const char *clock_back_and_a_new_start(void)
{
	struct test_log *l = taken_over(3);

	time_passes(l, HOUR_MS / 2);
	is_released(l, "R2", "production", 1); /* the journal has seen that time */
	clock_is_put(l, -HOUR_MS / 2);
	starts_again(l);
	return ended(l, wins_certificate(l, put_unit(l, 0, "A1", 0), 0));
}

/* A key of a minute ago is made a day old. */
static const char *clock_forward_for_a_newcomer(void)
{
	struct test_log *l = taken_over(0);
	struct charter *c = charter_in_force(l);

	key_of(c, 2, station_key(2), CHARTER_COSE);
	charter_is_revised(l, c);
	clock_is_put(l, DAY_MS + MINUTE_MS);
	uint64_t release = put_release(l, "R1", "production", 1);
	struct made vote = {.key = station_key(2), .author = "cleo"};
	return ended(l,
		     wins_decision(l, DECISION_FIRMWARE, AT(release, says_yes(l, &vote, release))));
}

/* ---- (g) the ledger alone is put back ---- */

/* The server goes on from an older copy, with other entries where some were signed, and pretends that it
 * all follows: NULL if the signer signs that. */
static const char *goes_on_from_a_copy(struct test_log *l, size_t kept)
{
	struct merkle_head last = log_head(l, l->asked);
	struct hash path[MERKLE_DEPTH_MAX] = {{{0}}};
	struct bytes note = {0};
	struct fault f = {0};
	static char message[64];

	l->n = kept;
	while (l->n < last.size + 2)
		(void)put_release(l, "R7", "production", 1);
	err e = signer_checkpoint(l->t->client, last, log_head(l, l->n), path, 1, &l->t->arena,
				  &note, &f);
	(void)snprintf(message, sizeof(message), "%s", e.code == OK ? "" : f.message);
	if (e.code != OK)
		return message;
	assert_true(note_signed(l->t, note, log_head(l, l->n)));
	l->asked = l->n;
	return NULL;
}

static const char *ledger_is_put_back(void)
{
	struct test_log *l = taken_over(3);
	size_t kept = l->n;

	assert_null(wins_certificate(l, put_unit(l, 0, "A1", 0), 0));
	return ended(l, goes_on_from_a_copy(l, kept));
}

/* The log forgot that unit; the signer counted it. */
static const char *unit_that_a_put_back_ledger_forgot(void)
{
	struct test_log *l = taken_over(1);
	size_t kept = l->n;

	assert_null(wins_certificate(l, put_unit(l, 0, "A1", 0), 0));
	assert_null(goes_on_from_a_copy(l, kept));
	return ended(l, wins_certificate(l, put_unit(l, 0, "A1", 1), 1));
}

const struct attack TIME_ATTACKS[] = {
	{'g', "the ledger alone is put back", ledger_is_put_back, "SIGNER_FORK", CHECK_SIGNER_FORK,
	 NULL, 0, NULL},
	{'g', "a unit beyond the quota after the ledger was put back",
	 unit_that_a_put_back_ledger_forgot, "SIGNER_QUOTA_SPENT", CHECK_SIGNER_QUOTA, NULL,
	 CHECK_SIGNER_FORK, NULL},
	{'j', "the clock put back, for an authorization that is over",
	 clock_back_for_an_authorization, "SIGNER_CLOCK_STEPPED", CHECK_SIGNER_CLOCK, NULL, 0,
	 NULL},
	{'j', "the clock put back before a start", clock_back_and_a_new_start, "SIGNER_CLOCK_BACK",
	 CHECK_SIGNER_CLOCK, NULL, 0, NULL},
	{'j', "the clock put forward, for a key of a minute ago", clock_forward_for_a_newcomer,
	 "SIGNER_CLOCK_STEPPED", CHECK_SIGNER_CLOCK, NULL, 0, NULL},
	{0},
};
