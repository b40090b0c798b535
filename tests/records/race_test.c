/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions of the product that contradict each other, asked for at the same moment by many: never do
 * more of them pass than may. */
#include "world.h"

#include <pthread.h>
#include <stdio.h>

#include "crypto/x509.h"

enum { RACERS = 8, ROUNDS = 4, UNITS = 5 };

struct racer {
	struct world *w;
	pthread_barrier_t *start;
	const struct actor *who;
	const char *type;
	char body[4096];
	struct arena arena;
	enum result_state state;
	struct fault fault;
};

static void *race(void *context)
{
	struct racer *r = context;
	struct house *h = &r->w->house;
	struct submission *s = house_make(h, &r->arena, r->who, r->type, r->body, NULL, &r->fault);

	(void)pthread_barrier_wait(r->start);
	if (s == NULL || record_submit_wait(h->engine, &s, 1, false, &r->fault).code != OK)
		return NULL;
	r->state = submission_result(s)->state;
	r->fault = submission_result(s)->fault;
	return NULL;
}

/* How many were recorded; the others must have been refused with this code. */
static size_t run_all(struct racer racers[static RACERS], const char *code)
{
	pthread_t threads[RACERS];
	pthread_barrier_t start;
	size_t recorded = 0;

	assert_int_equal(pthread_barrier_init(&start, NULL, RACERS), 0);
	for (size_t i = 0; i < RACERS; i++) {
		racers[i].start = &start;
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (size_t i = 0; i < RACERS; i++) {
		pthread_join(threads[i], NULL);
		recorded += racers[i].state == RESULT_CERTIFIED;
		if (racers[i].state != RESULT_CERTIFIED)
			assert_string_equal(racers[i].fault.message, code);
		arena_done(&racers[i].arena);
	}
	(void)pthread_barrier_destroy(&start);
	return recorded;
}

static void one_seal_is_issued_once(void **state)
{
	static const char *const names[] = {"anna", "bert", "dora", "qa"};
	static struct racer racers[RACERS];
	struct world *w = *state;

	world_seals(w);
	for (int round = 1; round <= ROUNDS; round++) {
		for (size_t i = 0; i < RACERS; i++) {
			racers[i] = (struct racer){
				.w = w, .who = world_actor(w, names[i % 4]), .type = "seal.issued"};
			snprintf(racers[i].body, sizeof racers[i].body,
				 "{'maker':'M','seal':'%d','holder':'carl','site':'VN'}", round);
		}
		assert_int_equal(run_all(racers, "SEAL_ALREADY_ISSUED"), 1);
	}
}

static void an_authorization_of_five_units_is_for_five(void **state)
{
	static struct racer racers[RACERS];
	struct world *w = *state;

	world_ready_to_build(w);
	for (size_t i = 0; i < RACERS; i++) {
		char name[ID_SIZE_MAX + 1], serial[16], text[3072];
		struct bytes der;
		struct arena a = {0};
		struct fault f = {0};
		snprintf(serial, sizeof serial, "R%zu", i);
		snprintf(name, sizeof name, "GW/%s", serial);
		ok(csr_make(&a, world_actor(w, name)->key, serial, &der, &f), &f);
		assert_true(base64_size(der.n) < sizeof text);
		base64url_encode(der, text);
		arena_done(&a);
		racers[i] = (struct racer){
			.w = w, .who = world_actor(w, "st1"), .type = "unit.requested"};
		snprintf(racers[i].body, sizeof racers[i].body,
			 "{'product':'GW','serial':'%s','authorization':'BA1','csr':'%s'}", serial,
			 text);
	}
	assert_int_equal(run_all(racers, "BUILD_QUOTA_EXCEEDED"), UNITS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(one_seal_is_issued_once),
		WORLD_TEST(an_authorization_of_five_units_is_for_five),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
