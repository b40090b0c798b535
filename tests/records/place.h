/* SPDX-License-Identifier: Apache-2.0 */
/* place.h — a house with a small area, whose signer may lose its answers and says so of a proof
 * that starts elsewhere: what the tests of a second look stand on. */
#ifndef TESTS_RECORDS_PLACE_H
#define TESTS_RECORDS_PLACE_H

#include "records/house.h"
#include "stores.h"

#include <pthread.h>

/* The way to the signer. */
struct line {
	struct house *house;
	sign_checkpoint *sign;
	pthread_mutex_t lock;
	pthread_cond_t signs;
	bool loses; /* what the signer answers; under the lock once the engine runs */
	unsigned lost;
};

/* mo may write and read. */
struct place {
	struct store_test *store;
	struct house house;
	struct line line;
	struct actor mo;
};
int place_setup(void **state);
/* Checks that a rebuild equals the live tables, and closes. */
int place_teardown(void **state);
#define PLACE_TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

/* The code with which the view is refused, or "". */
const char *sees(struct place *p, const char *who, const char *view);

/* Several submissions on their way at once. */
struct sent {
	pthread_mutex_t lock;
	pthread_cond_t came;
	unsigned open;
};
struct item {
	struct arena arena; /* nobody else's while it is under way */
	struct submission *s;
};
/* A decision of mo's about a thing. */
void decided(struct place *p, const char *name, struct item *out);
void send_off(struct engine *e, struct sent *s, struct item *one);
void wait_for_all(struct sent *s);

/* A claim of mo's that nobody signed, written by hand. */
struct written {
	const struct hash *key;
	const char *spool;
	uint64_t counter;
	int64_t made; /* ms from now */
	enum channel_kind channel;
};
/* The code it is refused with, or "". */
const char *writes(struct place *p, struct written how);

#endif
