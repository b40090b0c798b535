/* SPDX-License-Identifier: Apache-2.0 */
/* bell.h — what a thread in the background waits by: somebody rings, a time is over, or it is to
 * end. */
#ifndef BASE_BELL_H
#define BASE_BELL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct bell {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool rung, ending;
};

void bell_open(struct bell *bell);
void bell_close(struct bell *bell);
/* Ends a wait, or the next one. */
void bell_ring(struct bell *bell);
/* Ends every wait from now on: then join the thread. */
void bell_end(struct bell *bell);
bool bell_ending(struct bell *bell);
/* Until it rings, `ms` are over, or it ends: then false. */
bool bell_wait(struct bell *bell, uint64_t ms);
/* The same, but ringing does not shorten it; what rang is heard by the next bell_wait. */
bool bell_pause(struct bell *bell, uint64_t ms);

#endif
