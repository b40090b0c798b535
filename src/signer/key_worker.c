/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/key_worker.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "core/sha256.h"
#include "signer/key_module.h"
#include "signer/worker.h"

enum {
	ASK_PUBLIC = 1,
	ASK_SIGN = 2,
	REPLY_MAX = 512,
	WINDOW = 2, /* requests in one worker's hands: the next lies there when one is done */
	WAIT_MS = 60000,
};

/* ---- in the worker ---- */

struct key_task {
	char address[KEY_ADDRESS_MAX + 1];
	enum key_algorithm generate; /* 0: the key is there */
};

static err open_key(const void *config, void **context, struct fault *f)
{
	const struct key_task *task = config;
	struct key_module *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a key", NULL);
	TRY(key_module_open(task->address, task->generate != 0, m, f));
	if (task->generate != 0)
		TRY(key_module_generate(m, task->generate, f));
	else
		TRY(key_module_find(m, f));
	*context = m;
	return ERR_OK;
}

static err answer_key(void *context, struct bytes request, struct writer *reply, struct fault *f)
{
	struct key_module *m = context;
	struct reader r = reader_of(request);
	struct public_key *public = NULL;
	uint8_t asked = get_u8(&r), signature[64];

	if (asked == ASK_SIGN) {
		TRY(key_module_sign(m, get_bytes(&r, r.n), signature, f));
		put_bytes(reply, bytes_of(signature, sizeof(signature)));
		return ERR_OK;
	}
	TRY(key_module_public(m, &public, f));
	put_bytes(reply, public_key_spki(public));
	public_key_close(public);
	return ERR_OK;
}

/* ---- the pool ---- */

/* One session, and which signatures it has in hand, oldest first. */
struct session {
	struct worker worker;
	size_t hand[WINDOW], n;
};

struct pool {
	struct key_task task;
	enum key_algorithm algorithm;
	unsigned sessions;
	struct session session[KEY_SESSIONS_MAX];
	struct fault
		refused; /* code not OK: the PIN does not hold any more, and nothing is asked */
};

static void pool_close(void *context)
{
	struct pool *pool = context;

	for (size_t i = 0; i < pool->sessions; i++)
		worker_stop(&pool->session[i].worker);
	free(pool);
}

static bool message_is(const struct fault *f, const char *id)
{
	return f->message != NULL && strcmp(f->message, id) == 0;
}

/* One attempt at signing many: what is done, how often each was asked, and the first failure. */
struct round {
	struct pool *pool;
	struct signing *signings;
	uint8_t *asked;
	size_t n, next, open; /* not yet sent; sent and not yet answered */
	struct fault failed;
};

static err send_one(struct round *round, struct session *s, size_t which, struct fault *f)
{
	uint8_t frame[1 + KEY_MESSAGE_MAX];
	struct writer w = writer_of(frame, sizeof(frame));
	struct bytes message = round->signings[which].message, request;

	put_u8(&w, ASK_SIGN);
	if (round->pool->algorithm == KEY_P256) {
		struct hash digest = sha256(message);

		put_bytes(&w, hash_bytes(&digest));
	} else {
		put_bytes(&w, message);
	}
	if (!writer_done(&w, &request))
		return fail(f, "CRYPTO_MESSAGE_TOO_LARGE", NULL);
	TRY(worker_send(&s->worker, request, f));
	s->hand[s->n++] = which;
	round->asked[which]++;
	round->open++;
	return ERR_OK;
}

static void round_fails(struct round *round, const struct fault *f)
{
	if (message_is(f, "KEY_PIN_WRONG") || message_is(f, "KEY_PIN_LOCKED"))
		round->pool->refused = *f;
	if (round->failed.code == OK)
		round->failed = *f;
}

/* Gives every session work, as long as nothing has failed. */
static void hand_out(struct round *round)
{
	for (size_t depth = 1; depth <= WINDOW; depth++) {
		for (size_t i = 0; i < round->pool->sessions && round->next < round->n; i++) {
			struct session *s = &round->pool->session[i];
			struct fault f = {0};

			if (round->failed.code != OK)
				return;
			if (s->n >= depth)
				continue;
			if (send_one(round, s, round->next, &f).code == OK)
				round->next++;
			else
				round_fails(round, &f);
		}
	}
}

/* The oldest in a session's hands. A worker that died over it is not its end: signing again does no
 * harm, and the HSM may be well. */
static void take_one(struct round *round, struct session *s)
{
	size_t which = s->hand[0];
	struct fault f = {0};
	struct bytes reply = {0};
	uint8_t *signature = round->signings[which].signature;

	err got = worker_receive(&s->worker, signature, 64, &reply, &f);
	s->n--;
	memmove(s->hand, s->hand + 1, s->n * sizeof(s->hand[0]));
	round->open--;
	if (got.code == OK && reply.n == 64)
		return;
	if (got.code == OK)
		(void)fail(&f, "KEY_SIGNED_WRONG", NULL);
	if (message_is(&f, "SIGNER_WORKER_FAILED") && round->asked[which] < 2 &&
	    round->failed.code == OK && send_one(round, s, which, &f).code == OK)
		return;
	round_fails(round, &f);
}

/* Waits for any session that has work in hand. */
static void take_some(struct round *round)
{
	struct pollfd fds[KEY_SESSIONS_MAX];
	struct pool *pool = round->pool;
	int ready = 0;

	for (size_t i = 0; i < pool->sessions; i++)
		fds[i] = (struct pollfd){.fd = pool->session[i].n > 0 ? pool->session[i].worker.fd
								      : -1,
					 .events = POLLIN};
	do
		ready = poll(fds, pool->sessions, WAIT_MS);
	while (ready < 0 && errno == EINTR);
	/* With none ready each is asked, and says itself that it does not answer. */
	for (size_t i = 0; i < pool->sessions; i++)
		if (pool->session[i].n > 0 && (ready <= 0 || fds[i].revents != 0))
			take_one(round, &pool->session[i]);
}

static err sign_in_pool(void *context, struct signing *signings, size_t n, struct fault *f)
{
	struct pool *pool = context;
	struct round round = {.pool = pool, .signings = signings, .n = n};

	if (pool->refused.code != OK) {
		if (f != NULL)
			*f = pool->refused;
		return (err){pool->refused.code};
	}
	round.asked = calloc(n, 1);
	if (round.asked == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "signatures", NULL);
	do {
		hand_out(&round);
		if (round.open > 0)
			take_some(&round);
	} while (round.open > 0 || (round.next < n && round.failed.code == OK));
	free(round.asked);
	if (round.failed.code != OK && f != NULL)
		*f = round.failed;
	return (err){round.failed.code};
}

/* ---- opening ---- */

static err public_of(struct worker *w, struct public_key **out, struct fault *f)
{
	static const uint8_t ask[] = {ASK_PUBLIC};
	uint8_t buffer[REPLY_MAX];
	struct bytes spki;

	TRY(worker_ask(w, bytes_of(ask, sizeof(ask)), buffer, sizeof(buffer), &spki, f));
	return public_key_parse(spki, out, f);
}

/* Every session must find the same key. A wrong PIN stops at the first. */
static err pool_start(struct pool *pool, unsigned wanted, bool network, struct public_key **out,
		      struct fault *f)
{
	for (unsigned i = 0; i < wanted; i++) {
		struct worker *w = &pool->session[i].worker;
		struct public_key *public = NULL;

		w->fd = -1;
		TRY(worker_start(open_key, answer_key, &pool->task, network, w, f));
		pool->sessions++;
		TRY(public_of(w, &public, f));
		bool same = *out == NULL || hash_equal(public_key_id(public), public_key_id(*out));
		if (*out == NULL)
			*out = public;
		else
			public_key_close(public);
		if (!same)
			return fail(f, "KEY_OBJECT_NOT_ONE", "n", "2", NULL);
	}
	pool->algorithm = public_key_algorithm(*out);
	return ERR_OK;
}

static err rehearse(const struct private_key *key, unsigned sessions, struct fault *f)
{
	struct signing signings[KEY_SESSIONS_MAX];

	for (size_t i = 0; i < sessions; i++)
		signings[i] = (struct signing){
			.message = bytes_text("sealwright: a rehearsal, which signs nothing")};
	return key_sign_many(key, signings, sessions, f);
}

static err pool_open(struct pool *pool, unsigned sessions, bool network, struct private_key **out,
		     struct fault *f)
{
	struct public_key *public = NULL;
	struct private_key *key = NULL;

	err opened = pool_start(pool, sessions, network, &public, f);
	if (opened.code == OK)
		opened = private_key_outside(public, sign_in_pool, pool_close, pool, &key, f);
	public_key_close(public);
	if (opened.code != OK) {
		pool_close(pool);
		return opened;
	}
	opened = rehearse(key, sessions, f);
	if (opened.code != OK)
		private_key_close(key);
	else
		*out = key;
	return opened;
}

err key_address_open(const char *address, struct bytes passphrase, unsigned sessions,
		     struct private_key **out, struct fault *f)
{
	struct key_uri uri;

	if (!key_address_is_uri(address))
		return private_key_load(address, passphrase, out, f);
	TRY(key_uri_parse(address, &uri, f));
	unsigned wanted = sessions == 0 ? uri.sessions : sessions;
	bool network = uri.network;
	key_uri_done(&uri);
	struct pool *pool = calloc(1, sizeof(*pool));
	if (pool == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a key", NULL);
	memcpy(pool->task.address, address, strlen(address)); /* its length was judged */
	return pool_open(pool, wanted < KEY_SESSIONS_MAX ? wanted : KEY_SESSIONS_MAX, network, out,
			 f);
}

err key_hsm_generate(const char *uri, enum key_algorithm algorithm, struct public_key **out,
		     struct fault *f)
{
	struct key_task task = {.generate = algorithm};
	struct worker w = {.fd = -1};
	struct key_uri parsed;

	TRY(key_uri_parse(uri, &parsed, f));
	bool network = parsed.network;
	key_uri_done(&parsed);
	memcpy(task.address, uri, strlen(uri));
	TRY(worker_start(open_key, answer_key, &task, network, &w, f));
	struct public_key *public = NULL;
	err made = public_of(&w, &public, f);
	worker_stop(&w);
	if (made.code == OK && out != NULL)
		*out = public;
	else
		public_key_close(public);
	return made;
}
