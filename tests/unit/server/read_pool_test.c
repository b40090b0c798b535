/* SPDX-License-Identifier: Apache-2.0 */
#include "server/read_pool.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 3, JOBS_MAX = 1100 };

struct counted {
	struct read_job job; /* first */
	atomic_uint ran, dropped;
};

static struct counted jobs[JOBS_MAX];
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static unsigned inside;
static bool open_gate;

/* Stands at the gate until it is opened. */
static void run(struct read_job *job)
{
	struct counted *c = (struct counted *)job;

	pthread_mutex_lock(&gate);
	inside++;
	pthread_cond_broadcast(&moved);
	while (!open_gate)
		pthread_cond_wait(&moved, &gate);
	inside--;
	pthread_cond_broadcast(&moved);
	pthread_mutex_unlock(&gate);
	atomic_fetch_add(&c->ran, 1);
}

static void drop(struct read_job *job)
{
	atomic_fetch_add(&((struct counted *)job)->dropped, 1);
}

static void set_gate(bool is_open)
{
	pthread_mutex_lock(&gate);
	open_gate = is_open;
	pthread_cond_broadcast(&moved);
	pthread_mutex_unlock(&gate);
}

static void wait_for(unsigned n)
{
	pthread_mutex_lock(&gate);
	while (inside != n)
		pthread_cond_wait(&moved, &gate);
	pthread_mutex_unlock(&gate);
}

static struct read_pool *pool(bool gate_open)
{
	struct read_pool *p;
	struct fault f = {0};

	for (size_t i = 0; i < JOBS_MAX; i++) {
		atomic_store(&jobs[i].ran, 0);
		atomic_store(&jobs[i].dropped, 0);
		jobs[i].job = (struct read_job){.run = run, .drop = drop};
	}
	set_gate(gate_open);
	assert_int_equal(read_pool_start(THREADS, &p, &f).code, OK);
	return p;
}

static void each_job_runs_once(void **state)
{
	struct read_pool *p = pool(true);
	struct fault f = {0};

	(void)state;
	for (size_t i = 0; i < 500; i++)
		assert_int_equal(read_pool_add(p, &jobs[i].job, &f).code, OK);
	read_pool_stop(p);
	for (size_t i = 0; i < 500; i++)
		assert_int_equal(jobs[i].ran + jobs[i].dropped, 1);
}

static void as_many_run_at_once_as_there_are_threads(void **state)
{
	struct read_pool *p = pool(false);
	struct fault f = {0};

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(read_pool_add(p, &jobs[i].job, &f).code, OK);
	wait_for(THREADS);
	set_gate(true);
	read_pool_stop(p);
}

static void too_many_are_told_so_and_what_waits_at_the_end_is_dropped(void **state)
{
	struct read_pool *p = pool(false);
	struct fault f = {0};
	size_t taken = 0;
	unsigned ran = 0, dropped = 0;

	(void)state;
	for (; taken < THREADS; taken++)
		assert_int_equal(read_pool_add(p, &jobs[taken].job, &f).code, OK);
	wait_for(THREADS);
	while (taken < JOBS_MAX && read_pool_add(p, &jobs[taken].job, &f).code == OK)
		taken++;
	assert_true(taken < JOBS_MAX);
	assert_string_equal(f.message, "API_BUSY");
	set_gate(true);
	read_pool_stop(p);
	for (size_t i = 0; i < JOBS_MAX; i++) {
		ran += jobs[i].ran;
		dropped += jobs[i].dropped;
		assert_int_equal(jobs[i].ran + jobs[i].dropped, i < taken ? 1 : 0);
	}
	assert_true(ran >= THREADS);
	assert_int_equal(ran + dropped, taken);
}

static void nothing_to_stop_is_fine(void **state)
{
	(void)state;
	read_pool_stop(NULL);
	read_pool_stop(pool(true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_job_runs_once),
		cmocka_unit_test(as_many_run_at_once_as_there_are_threads),
		cmocka_unit_test(too_many_are_told_so_and_what_waits_at_the_end_is_dropped),
		cmocka_unit_test(nothing_to_stop_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
