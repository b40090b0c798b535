/* SPDX-License-Identifier: Apache-2.0 */
#include "server/server_internal.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 2048, EVENT_SIZE_MAX = 1024 };

struct event {
	uint64_t sequence;
	char *text; /* as it goes over the wire */
};

struct listener {
	struct listener *next, **at;
	struct streams *streams;
	struct http_stream *stream;
	struct caller caller;
	uint64_t position;
	bool greeted; /* its first bytes went out: a client knows at once that it listens */
	bool ended;   /* told that it hears no more */
};

struct streams {
	struct server *server;
	pthread_mutex_t lock; /* of all below; before the locks of http_stream_wake() */
	struct listener *listeners;
	uint64_t told;           /* the next sequence that will be told */
	struct event kept[KEPT]; /* by sequence % KEPT */
};

err streams_open(struct server *s, uint64_t told, struct streams **out, struct fault *f)
{
	struct streams *t = calloc(1, sizeof *t);

	if (t == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	t->server = s;
	t->told = told;
	(void)pthread_mutex_init(&t->lock, NULL);
	*out = t;
	return ERR_OK;
}

void streams_close(struct streams *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < KEPT; i++)
		free(t->kept[i].text);
	(void)pthread_mutex_destroy(&t->lock);
	free(t);
}

uint64_t streams_next(struct streams *t)
{
	(void)pthread_mutex_lock(&t->lock);
	uint64_t next = t->told;
	(void)pthread_mutex_unlock(&t->lock);
	return next;
}

size_t streams_open_now(struct streams *t)
{
	size_t n = 0;

	(void)pthread_mutex_lock(&t->lock);
	for (const struct listener *l = t->listeners; l != NULL; l = l->next)
		n++;
	(void)pthread_mutex_unlock(&t->lock);
	return n;
}

/* ---- one event ---- */

static const char *outcome_word(enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_FOLDED:
		return "folded";
	case OUTCOME_PENDING:
		return "pending";
	case OUTCOME_EXECUTES:
		return "executes";
	case OUTCOME_UNFOLDED:
		return "unfolded";
	case OUTCOME_UNVERIFIED:
		break;
	}
	return "unverified";
}

static json_t *event_json(const struct happening *h)
{
	char at[TIME_TEXT_SIZE];

	time_text(h->at, at);
	json_t *json = json_pack("{s:I, s:s, s:s, s:s, s:I}", "sequence", (json_int_t)h->sequence,
				 "at", at, "type", h->type, "outcome", outcome_word(h->outcome),
				 "raised", (json_int_t)h->raised_n);
	if (json != NULL && h->kind != NULL)
		json_object_set_new(json, "subject",
				    json_pack("{s:s, s:s, s:s}", "kind", h->kind, "within",
					      h->within == NULL ? "" : h->within, "id", h->id));
	return json;
}

/* A line feed cannot stand in it: JSON escapes them, and type names have none. Freed by free(). */
static char *event_text(const struct happening *h)
{
	json_t *json = event_json(h);
	char *data = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
	char *text = malloc(EVENT_SIZE_MAX);

	json_decref(json);
	int n = data == NULL || text == NULL
			? -1
			: snprintf(text, EVENT_SIZE_MAX, "id: %" PRIu64 "\nevent: %s\ndata: %s\n\n",
				   h->sequence, h->type, data);
	free(data);
	if (n > 0 && n < EVENT_SIZE_MAX)
		return text;
	free(text);
	return NULL;
}

void streams_tell(struct streams *t, const struct happening *happening)
{
	char *text = event_text(happening);

	(void)pthread_mutex_lock(&t->lock);
	struct event *e = &t->kept[happening->sequence % KEPT];
	free(e->text);
	*e = (struct event){happening->sequence, text};
	if (happening->sequence >= t->told)
		t->told = happening->sequence + 1;
	for (struct listener *l = t->listeners; l != NULL; l = l->next)
		if (l->stream != NULL)
			http_stream_wake(l->stream);
	(void)pthread_mutex_unlock(&t->lock);
}

/* ---- from the ledger ---- */

static const char *span_text(struct arena *a, struct bytes span)
{
	const char *text = arena_text(a, span);

	return text == NULL ? "" : text;
}

static err event_of_entry(struct reader_session *r, struct arena *a, uint64_t sequence, char **out,
			  struct fault *f)
{
	struct entry *entry = arena_alloc(a, sizeof *entry);
	struct happening h = {.sequence = sequence};
	struct bytes bytes;
	const char *why;

	if (entry == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(ledger_entry(reader_ledger(r), a, sequence, &bytes, f));
	if (!entry_parse(bytes, entry, &why))
		return fail(f, "ENTRY_BAD", "detail", why, NULL);
	const struct witness *w = &entry->witness;
	h.at = w->at;
	h.outcome = w->outcome;
	h.type = span_text(a, entry->claim.type);
	(void)witness_raised(w, &h.raised_n);
	if (w->has_subject) {
		h.kind = span_text(a, w->subject.kind);
		h.within = span_text(a, w->subject.within);
		h.id = span_text(a, w->subject.id);
	}
	*out = event_text(&h);
	return *out == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : ERR_OK;
}

static char *read_event(struct streams *t, uint64_t sequence)
{
	struct arena a = {0};
	struct reader_session *r;
	struct fault f;
	char *text = NULL;

	if (reader_take(t->server->engine, &r, &f).code != OK)
		return NULL;
	if (event_of_entry(r, &a, sequence, &text, &f).code != OK)
		text = NULL;
	reader_give(r);
	arena_done(&a);
	return text;
}

/* ---- a listener ---- */

/* A copy of the event, from memory or else from the ledger; NULL if there is none yet. */
static char *next_event(struct listener *l)
{
	struct streams *t = l->streams;
	char *text = NULL;

	(void)pthread_mutex_lock(&t->lock);
	bool due = l->position < t->told;
	const struct event *e = &t->kept[l->position % KEPT];
	if (due && e->text != NULL && e->sequence == l->position)
		text = strdup(e->text);
	(void)pthread_mutex_unlock(&t->lock);
	return due && text == NULL ? read_event(t, l->position) : text;
}

/* Rights may end while a stream is open, and so may a session. */
static bool may_still(struct listener *l)
{
	struct server *s = l->streams->server;
	struct call c = {.server = s, .known = true};
	struct reader_session *r;
	struct fault f;
	bool may = false;

	if (!caller_is_known(s, &l->caller))
		return false;
	c.caller = l->caller;
	if (reader_take(s->engine, &r, &f).code != OK)
		return false;
	if (call_may(&c, r, "ledger.read", NULL, &may, &f).code != OK)
		may = false;
	reader_give(r);
	return may;
}

/* The last that a listener hears. */
static size_t put_end(struct listener *l, char *buffer, size_t cap)
{
	struct fault f;

	l->ended = true;
	(void)fail(&f, "API_STREAM_ENDED", NULL);
	json_t *json = problem_json(&f, NULL);
	char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
	int n = snprintf(buffer, cap, "event: ended\ndata: %s\n\n", text == NULL ? "{}" : text);
	json_decref(json);
	free(text);
	return n > 0 && (size_t)n < cap ? (size_t)n : 0;
}

/* A comment, which readers pass over. Headers wait for the first bytes: without it a client of a quiet house would
 * not know whether it listens until the first heartbeat. */
static size_t put_greeting(struct listener *l, char *buffer, size_t cap)
{
	static const char GREETING[] = ": listening\n\n";

	if (l->greeted || sizeof GREETING > cap)
		return 0;
	l->greeted = true;
	memcpy(buffer, GREETING, sizeof GREETING - 1);
	return sizeof GREETING - 1;
}

static size_t pull(void *context, char *buffer, size_t cap)
{
	struct listener *l = context;
	size_t n = put_greeting(l, buffer, cap);
	bool asked = false;

	for (char *text; !l->ended && (text = next_event(l)) != NULL; l->position++) {
		size_t length = strlen(text);
		bool fits = n + length <= cap;
		bool may = !fits || asked || may_still(l);
		if (fits && may)
			memcpy(buffer + n, text, length);
		free(text);
		if (!may)
			return put_end(l, buffer, cap);
		if (!fits)
			break;
		asked = true;
		n += length;
	}
	return n;
}

static void closed(void *context)
{
	struct listener *l = context;
	struct streams *t = l->streams;

	(void)pthread_mutex_lock(&t->lock);
	*l->at = l->next;
	if (l->next != NULL)
		l->next->at = l->at;
	(void)pthread_mutex_unlock(&t->lock);
	atomic_fetch_sub(&t->server->metrics.streams, 1);
	free(l);
}

/* Whoever turns pages leaves a stream at each: they must not fill his share until the heartbeats notice. */
static bool has_left(const struct listener *l)
{
	return l->stream != NULL && http_stream_left(l->stream);
}

static bool add(struct streams *t, struct listener *l)
{
	uint64_t open = 0;

	(void)pthread_mutex_lock(&t->lock);
	for (const struct listener *o = t->listeners; o != NULL; o = o->next)
		open += strcmp(o->caller.principal, l->caller.principal) == 0 && !has_left(o);
	bool room = open < t->server->config.streams_per_principal;
	if (room) {
		l->next = t->listeners;
		l->at = &t->listeners;
		if (l->next != NULL)
			l->next->at = &l->next;
		t->listeners = l;
	}
	(void)pthread_mutex_unlock(&t->lock);
	return room;
}

err streams_listen(struct streams *t, struct http_request *r, const struct caller *caller,
		   uint64_t from, struct fault *f)
{
	struct listener *l = calloc(1, sizeof *l);

	if (l == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	l->streams = t;
	l->position = from;
	l->caller = *caller;
	if (!add(t, l)) {
		free(l);
		return fail(f, "API_STREAMS_TOO_MANY", NULL);
	}
	atomic_fetch_add(&t->server->metrics.streams, 1);
	struct http_stream *stream = http_reply_stream(r, pull, closed, l);
	if (stream == NULL) /* `closed` has run */
		return ERR_OK;
	/* Nothing is pulled before this handler returns, so nothing that is told now is missed. */
	(void)pthread_mutex_lock(&t->lock);
	l->stream = stream;
	(void)pthread_mutex_unlock(&t->lock);
	return ERR_OK;
}
