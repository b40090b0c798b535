/* SPDX-License-Identifier: Apache-2.0 */
#include "server/read_pool.h"

#include <pthread.h>
#include <stdlib.h>

enum { WAITING_MAX = 1000, THREADS_MAX = 128 };

struct read_pool {
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	struct read_job *first, **last;
	size_t waiting;
	bool ends;
	size_t threads_n;
	pthread_t threads[THREADS_MAX];
};

/* The next job, or NULL when the pool ends. */
static struct read_job *take(struct read_pool *p)
{
	struct read_job *job = NULL;

	(void)pthread_mutex_lock(&p->lock);
	while (!p->ends && p->first == NULL)
		(void)pthread_cond_wait(&p->changed, &p->lock);
	if (!p->ends) {
		job = p->first;
		p->first = job->next;
		if (p->first == NULL)
			p->last = &p->first;
		p->waiting--;
	}
	(void)pthread_mutex_unlock(&p->lock);
	return job;
}

static void *pool_main(void *context)
{
	struct read_job *job;

	while ((job = take(context)) != NULL)
		job->run(job);
	return NULL;
}

err read_pool_start(unsigned threads, struct read_pool **out, struct fault *f)
{
	struct read_pool *p = calloc(1, sizeof *p);

	if (p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	p->last = &p->first;
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_cond_init(&p->changed, NULL);
	threads = threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : threads;
	for (; p->threads_n < threads; p->threads_n++) {
		if (pthread_create(&p->threads[p->threads_n], NULL, pool_main, p) != 0) {
			read_pool_stop(p);
			return fail(f, "OUT_OF_MEMORY", NULL);
		}
	}
	*out = p;
	return ERR_OK;
}

err read_pool_add(struct read_pool *p, struct read_job *job, struct fault *f)
{
	(void)pthread_mutex_lock(&p->lock);
	bool room = p->waiting < WAITING_MAX;
	if (room) {
		job->next = NULL;
		*p->last = job;
		p->last = &job->next;
		p->waiting++;
		(void)pthread_cond_signal(&p->changed);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return room ? ERR_OK : fail(f, "API_BUSY", NULL);
}

void read_pool_stop(struct read_pool *p)
{
	if (p == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	p->ends = true;
	(void)pthread_cond_broadcast(&p->changed);
	(void)pthread_mutex_unlock(&p->lock);
	for (size_t i = 0; i < p->threads_n; i++)
		(void)pthread_join(p->threads[i], NULL);
	while (p->first != NULL) {
		struct read_job *job = p->first;
		p->first = job->next;
		job->drop(job);
	}
	(void)pthread_cond_destroy(&p->changed);
	(void)pthread_mutex_destroy(&p->lock);
	free(p);
}
