/* SPDX-License-Identifier: Apache-2.0 */
/* anchor_tpm.c — the anchor's end of the worker that holds the TPM. */
#include <stdlib.h>
#include <string.h>

#include "signer/anchor.h"
#include "signer/anchor_counter.h"
#include "signer/worker.h"

enum { ASK_READ = 'r', ASK_ADVANCE = 'a', ASK_IDENTITY = 'i', REPLY_MAX = 64 };

struct anchor {
	struct counter_config config; /* the worker may be started again, and read it again */
	char *tcti;
	struct worker worker;
};

/* ---- in the worker ---- */

static err open_counter(const void *config, void **context, struct fault *f)
{
	struct counter *c = NULL;

	TRY(counter_open(config, &c, f));
	*context = c;
	return ERR_OK;
}

static err answer(void *context, struct bytes request, struct writer *reply, struct fault *f)
{
	struct counter *c = context;
	struct hash identity;
	uint64_t value = 0;

	if (request.n != 1)
		return fail(f, "SIGNER_REQUEST_MALFORMED", "why", "not one byte", NULL);
	if (request.p[0] == ASK_IDENTITY) {
		TRY(counter_identity(c, &identity, f));
		put_bytes(reply, hash_bytes(&identity));
		return ERR_OK;
	}
	if (request.p[0] == ASK_ADVANCE)
		TRY(counter_advance(c, &value, f));
	else
		TRY(counter_read(c, &value, f));
	put_u64(reply, value);
	return ERR_OK;
}

/* ---- in the signer ---- */

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Emulators and D-Bus are reached over sockets; a TPM is a device. */
static bool needs_network(const char *tcti)
{
	return !starts_with(tcti, "device");
}

err anchor_open_tpm_owned(const char *tcti, uint32_t index, bool create, struct bytes owner_auth,
			  struct anchor **out, struct fault *f)
{
	struct anchor *a = calloc(1, sizeof(*a));

	if (a == NULL || (a->tcti = strdup(tcti)) == NULL) {
		free(a);
		return fail(f, "MEMORY_EXHAUSTED", "what", "the anchor", NULL);
	}
	a->config = (struct counter_config){a->tcti, index, create, owner_auth};
	a->worker.fd = -1;
	err started =
		worker_start(open_counter, answer, &a->config, needs_network(tcti), &a->worker, f);
	if (started.code != OK) {
		anchor_close(a);
		return started;
	}
	*out = a;
	if (!create)
		return ERR_OK;
	/* The worker that made the index must not be started again with the order to make it. */
	worker_stop(&a->worker);
	a->config.create = false;
	a->config.owner_auth = (struct bytes){0};
	started =
		worker_start(open_counter, answer, &a->config, needs_network(tcti), &a->worker, f);
	if (started.code != OK)
		anchor_close(a);
	return started;
}

err anchor_open_tpm(const char *tcti, uint32_t index, bool create, struct anchor **out,
		    struct fault *f)
{
	return anchor_open_tpm_owned(tcti, index, create, (struct bytes){0}, out, f);
}

void anchor_close(struct anchor *a)
{
	if (a == NULL)
		return;
	worker_stop(&a->worker);
	free(a->tcti);
	free(a);
}

static err ask(struct anchor *a, uint8_t what, struct reader *reply, uint8_t buffer[static 64],
	       struct fault *f)
{
	struct bytes got;

	TRY(worker_ask(&a->worker, bytes_of(&what, 1), buffer, REPLY_MAX, &got, f));
	*reply = reader_of(got);
	return ERR_OK;
}

static err ask_value(struct anchor *a, uint8_t what, uint64_t *value, struct fault *f)
{
	uint8_t buffer[REPLY_MAX];
	struct reader r;

	TRY(ask(a, what, &r, buffer, f));
	uint64_t got = get_u64(&r);
	if (!reader_end(&r))
		return fail(f, "SIGNER_WORKER_FAILED", "why", "a malformed answer", NULL);
	*value = got;
	return ERR_OK;
}

err anchor_read(struct anchor *a, uint64_t *value, struct fault *f)
{
	return ask_value(a, ASK_READ, value, f);
}

err anchor_advance(struct anchor *a, uint64_t *value, struct fault *f)
{
	return ask_value(a, ASK_ADVANCE, value, f);
}

err anchor_identity(struct anchor *a, struct hash *out, struct fault *f)
{
	uint8_t buffer[REPLY_MAX];
	struct reader r;

	TRY(ask(a, ASK_IDENTITY, &r, buffer, f));
	struct bytes got = get_bytes(&r, sizeof(out->b));
	if (!reader_end(&r))
		return fail(f, "SIGNER_WORKER_FAILED", "why", "a malformed answer", NULL);
	memcpy(out->b, got.p, sizeof(out->b));
	return ERR_OK;
}
