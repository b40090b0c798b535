/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that wait for something: the connection is given up by its thread and taken up again
 * when whoever holds the ticket says so. */
#include "server/http_internal.h"

#include <assert.h>

struct http_ticket *http_suspend(struct http_request *r, http_continue *finish, void *context)
{
	struct http_exchange *x = http_exchange_of(r);
	struct http_ticket *t = &x->ticket;

	(void)pthread_mutex_lock(&x->lock);
	/* One ticket at a time: a second would lose the first. */
	assert(!t->waiting && !t->runnable);
	t->next = (struct http_continue_at){finish, context};
	t->exchange = x;
	t->waiting = true;
	atomic_fetch_add(&x->references, 1);
	(void)pthread_mutex_unlock(&x->lock);
	return t;
}

void http_finish(struct http_ticket *ticket)
{
	struct http_exchange *x = ticket->exchange;

	(void)pthread_mutex_lock(&x->lock);
	assert(ticket->waiting);
	ticket->waiting = false;
	ticket->runnable = true;
	if (ticket->parked) {
		ticket->parked = false;
		MHD_resume_connection(x->mhd);
	}
	(void)pthread_mutex_unlock(&x->lock);
	http_exchange_release(x);
}

static void list_add(struct http_server *s, struct http_exchange *x)
{
	x->in_parked = true;
	x->parked_previous = NULL;
	x->parked_next = s->parked;
	if (x->parked_next)
		x->parked_next->parked_previous = x;
	s->parked = x;
}

static void list_remove(struct http_server *s, struct http_exchange *x)
{
	if (!x->in_parked)
		return;
	x->in_parked = false;
	if (x->parked_previous)
		x->parked_previous->parked_next = x->parked_next;
	else
		s->parked = x->parked_next;
	if (x->parked_next)
		x->parked_next->parked_previous = x->parked_previous;
}

/* Called by the connection's thread when a handler has returned without a reply, and again when
 * libmicrohttpd resumed the connection. */
enum http_parking http_park(struct http_exchange *x)
{
	struct http_server *s = x->server;
	struct http_ticket *t = &x->ticket;
	enum http_parking result = PARKED;

	(void)pthread_mutex_lock(&s->lock);
	list_remove(s, x);
	(void)pthread_mutex_lock(&x->lock);
	if (t->runnable) {
		t->runnable = false;
		result = RUNNABLE;
	} else if (s->stopping) {
		result = STOPPING;
	} else {
		MHD_suspend_connection(x->mhd);
		t->parked = true;
		list_add(s, x);
	}
	(void)pthread_mutex_unlock(&x->lock);
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

void http_lend(struct http_exchange *x)
{
	x->stand_in = x->request;
	x->stand_in.arena = &x->spare;
	x->lent = true;
}

void http_unpark_all(struct http_server *s)
{
	for (struct http_exchange *x = s->parked; x; x = x->parked_next) {
		(void)pthread_mutex_lock(&x->lock);
		if (x->ticket.parked) {
			x->ticket.parked = false;
			MHD_resume_connection(x->mhd);
		}
		(void)pthread_mutex_unlock(&x->lock);
	}
}

void http_detach(struct http_exchange *x)
{
	struct http_server *s = x->server;

	(void)pthread_mutex_lock(&s->lock);
	list_remove(s, x);
	if (x->counted) {
		x->counted = false;
		s->active--;
		(void)pthread_cond_broadcast(&s->drained);
	}
	(void)pthread_mutex_lock(&x->lock);
	x->ticket.parked = false;
	x->mhd = NULL;
	x->connection = NULL;
	(void)pthread_mutex_unlock(&x->lock);
	(void)pthread_mutex_unlock(&s->lock);
}
