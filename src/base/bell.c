/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bell.h"

#include <time.h>

void bell_open(struct bell *bell)
{
	pthread_condattr_t attributes;

	*bell = (struct bell){.rung = false};
	(void)pthread_mutex_init(&bell->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&bell->changed, &attributes);
	(void)pthread_condattr_destroy(&attributes);
}

void bell_close(struct bell *bell)
{
	(void)pthread_cond_destroy(&bell->changed);
	(void)pthread_mutex_destroy(&bell->lock);
}

static void tell(struct bell *bell, bool *what)
{
	(void)pthread_mutex_lock(&bell->lock);
	*what = true;
	(void)pthread_cond_signal(&bell->changed);
	(void)pthread_mutex_unlock(&bell->lock);
}

void bell_ring(struct bell *bell)
{
	tell(bell, &bell->rung);
}

void bell_end(struct bell *bell)
{
	tell(bell, &bell->ending);
}

bool bell_ending(struct bell *bell)
{
	(void)pthread_mutex_lock(&bell->lock);
	bool ending = bell->ending;
	(void)pthread_mutex_unlock(&bell->lock);
	return ending;
}

static struct timespec in_ms(uint64_t ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	return until;
}

static bool wait(struct bell *bell, uint64_t ms, bool hears)
{
	struct timespec until = in_ms(ms);

	(void)pthread_mutex_lock(&bell->lock);
	while (!bell->ending && !(hears && bell->rung))
		if (pthread_cond_timedwait(&bell->changed, &bell->lock, &until) != 0)
			break;
	if (hears)
		bell->rung = false;
	bool go_on = !bell->ending;
	(void)pthread_mutex_unlock(&bell->lock);
	return go_on;
}

bool bell_wait(struct bell *bell, uint64_t ms)
{
	return wait(bell, ms, true);
}

bool bell_pause(struct bell *bell, uint64_t ms)
{
	return wait(bell, ms, false);
}
