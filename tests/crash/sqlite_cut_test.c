/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's process ends at every single change that it makes to a file, one after the other, and
 * at random moments: nothing that was answered is lost, and nothing is half done.
 * CRASH_ROUNDS (3) and CRASH_KILLS (40) ask for more. */
#include "crash/crash_kit.h"
#include "crash/cut.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CUTS_MIN = 300, CUTS_MAX = 4000 };

static unsigned long wanted(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text == NULL ? otherwise : strtoul(text, NULL, 10);
}

/* Memory is enough: a cut keeps what the kernel has. */
static void name_copies(struct crash *c)
{
	const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	snprintf(c->folder, sizeof c->folder, "%s/sealwright-crash-%ld", parent, (long)getpid());
	snprintf(c->store, sizeof c->store, "sqlite:%s/store/store", c->folder);
	snprintf(c->tiles, sizeof c->tiles, "%s/tiles", c->folder);
	c->config.store = c->store;
	c->config.tiles = c->tiles;
}

/* The store as it was before the first cut, and nobody remembers anything else. */
static void copy_anew(struct crash *c)
{
	char store[KIT_PATH + 32];

	remove_folder(c->folder);
	assert_int_equal(mkdir(c->folder, 0700), 0);
	snprintf(store, sizeof store, "%s/store", c->folder);
	copy_folder(c->trial->store->folder, store);
	copy_folder(c->trial->house.tiles, c->tiles);
	*c->others = (struct ledger_of_others){.signed_heads = {c->began}};
}

static void nothing_is_lost_whichever_change_is_the_last(void **state)
{
	struct crash *c = crash_new(*state);
	unsigned long cut = 0;
	int status;

	crash_steps(c, "i", wanted("CRASH_ROUNDS", 3));
	crash_begin(c);
	name_copies(c);
	do {
		copy_anew(c);
		status = crash_run(c, ++cut, 0);
		if (status != 0 && status != CUT_STATUS)
			fail_msg("at cut %lu the child ended with %d", cut, status);
		crash_verify(c);
	} while (status == CUT_STATUS && cut < CUTS_MAX);
	print_message("%lu cuts\n", cut - 1);
	assert_in_range(cut, CUTS_MIN, CUTS_MAX - 1);
	crash_free(c);
}

static void nothing_is_lost_whenever_it_is_killed(void **state)
{
	struct crash *c = crash_new(*state);
	unsigned long kills = wanted("CRASH_KILLS", 40);
	unsigned random = (unsigned)wanted("SEED", (unsigned long)getpid());

	print_message("SEED=%u\n", random);
	crash_steps(c, "i", 4);
	crash_begin(c);
	name_copies(c);
	for (unsigned long i = 0; i < kills; i++) {
		copy_anew(c);
		random = random * 1664525u + 1013904223u; /* Numerical Recipes: enough to choose */
		int status = crash_run(c, 0, 1 + (random >> 8) % 60000);
		if (status != 0 && status != 128 + SIGALRM)
			fail_msg("kill %lu: the child ended with %d", i, status);
		crash_verify(c);
	}
	crash_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRIAL_TEST(nothing_is_lost_whichever_change_is_the_last),
		TRIAL_TEST(nothing_is_lost_whenever_it_is_killed),
	};

	return run_on_sqlite(tests, sizeof tests / sizeof tests[0]);
}
