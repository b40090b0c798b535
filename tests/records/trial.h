/* SPDX-License-Identifier: Apache-2.0 */
/* trial.h — a small area with one type for each thing that the engine can do, and the people who
 * use it: what the engine's own tests stand on. */
#ifndef TEST_RECORDS_TRIAL_H
#define TEST_RECORDS_TRIAL_H

#include "records/house.h"
#include "stores.h"

#include <string.h>

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };

/* Evidence, access and the trial area. */
extern const struct area *const TRIAL_AREAS[];
extern const struct record_type trial_types[];
extern const char trial_sql[];

/* maya writes and decides everywhere; nils, olga and pia approve (their votes count from the start:
 * the clocks have gone on by more than a day); olga2 is another account of olga's. */
struct trial {
	struct store_test *store;
	struct house house;
	struct actor maya, nils, olga, olga2, pia;
	struct hash digest;          /* of the last claim */
	const struct result *result; /* the last */
};
int trial_setup(void **state);
/* Checks that a rebuild equals the live tables, and closes. */
int trial_teardown(void **state);
#define TRIAL_TEST(name) cmocka_unit_test_setup_teardown(name, trial_setup, trial_teardown)

/* Signs and submits. "" when recorded and folded; "!CODE" refused; "pending", "executes",
 * "unverified CODE", "unfolded CODE"; "blocked CODE" for a vote that stands but cannot execute; else
 * the first code that was raised. */
const char *asks(struct trial *t, const struct actor *who, const char *type, const char *body, ...)
	__attribute__((format(printf, 4, 5)));
/* The same, reported without a signature. */
const char *reports(struct trial *t, const struct actor *who, const char *type, const char *body,
		    ...) __attribute__((format(printf, 4, 5)));
/* The same for a submission that was made by hand; NULL stands for a fault of decoding. */
const char *submits(struct trial *t, struct submission *s, struct fault *f);
/* A vote on the claim with this digest. */
const char *votes(struct trial *t, const struct actor *who, const char *kind, struct hash digest);
/* An item at a site, written by maya. */
void trial_item(struct trial *t, const char *item, const char *site);
/* Sets the rule of approval for trial.release: how many, and for how long requests and votes. */
void trial_rule(struct trial *t, unsigned need, uint64_t request_ttl_ms, uint64_t vote_ttl_ms);
/* One number out of the store by a connection of its own. */
int64_t trial_number(struct trial *t, const char *sql);
/* How many entries of this type the log holds, pending ones too. */
size_t trial_entries(struct trial *t, const char *type);
uint64_t trial_size(struct trial *t);

#endif
