/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing.h"

#include "base/files.h"
#include "crypto/crypto.h"
#include "signer/signer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct log_signing {
	char socket[CONFIG_PATH_SIZE];
	struct note_key key;
	pthread_mutex_t lock;
	struct signer_client *client; /* NULL until the signer was first there */
};

static err read_key(const struct server_config *config, struct note_key *out, struct fault *f)
{
	struct arena arena = {0};
	char path[CONFIG_PATH_SIZE];
	struct bytes text = {0};

	TRY(config_path(config, "log.vkey", path, f));
	err result = file_read(&arena, path, 1024, &text, f);
	while (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	if (result.code == OK && (!note_key_parse(text, out) || out->type != NOTE_ED25519 ||
				  strcmp(out->name, config->origin) != 0))
		result = fail(f, "API_LOG_KEY_WRONG", "file", path, "origin", config->origin, NULL);
	arena_done(&arena);
	return result;
}

err signing_open(const struct server_config *config, struct log_signing **out, struct fault *f)
{
	struct log_signing *s = calloc(1, sizeof *s);

	if (s == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	memcpy(s->socket, config->signer_socket, sizeof s->socket);
	(void)pthread_mutex_init(&s->lock, NULL);
	err result = read_key(config, &s->key, f);
	if (result.code != OK) {
		signing_close(s);
		return result;
	}
	*out = s;
	return ERR_OK;
}

void signing_close(struct log_signing *s)
{
	if (s == NULL)
		return;
	signer_disconnect(s->client);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

const struct note_key *signing_key(const struct log_signing *s)
{
	return &s->key;
}

static err reach(struct log_signing *s, struct fault *f)
{
	if (s->client != NULL)
		return ERR_OK;
	return signer_connect(s->socket, SIGNER_TIMEOUT_MS, &s->client, f);
}

/* A signer with another key, or none, must not have its word published as this log's. */
static err check_note(const struct log_signing *s, struct merkle_head head, struct bytes text,
		      struct arena *a, struct fault *f)
{
	struct note *note = arena_alloc(a, sizeof *note);
	struct checkpoint checkpoint;
	const char *why;

	if (note == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (!note_parse(text, note, &why) ||
	    note_verify(note, &s->key, ed25519_verify, NULL) != NOTE_VALID ||
	    !checkpoint_parse(note->text, &checkpoint, &why) || checkpoint.head.size != head.size ||
	    !hash_equal(checkpoint.head.root, head.root) ||
	    !bytes_equal(checkpoint.origin, bytes_text(s->key.name)))
		return fail(f, "API_CHECKPOINT_WRONG", "key", s->key.name, NULL);
	return ERR_OK;
}

err signing_sign(void *context, struct merkle_head old, struct merkle_head now,
		 const struct hash *path, size_t path_n, struct arena *a, struct bytes *note,
		 struct fault *f)
{
	struct log_signing *s = context;

	(void)pthread_mutex_lock(&s->lock);
	err result = reach(s, f);
	if (result.code == OK)
		result = signer_checkpoint(s->client, old, now, path, path_n, a, note, f);
	(void)pthread_mutex_unlock(&s->lock);
	TRY(result);
	return check_note(s, now, *note, a, f);
}

/* Whoever runs the signer may look, but only the server's account is served: asked for the same head again,
 * the signer says so at once, and not when the first record waits for its checkpoint. What else it may
 * say is said when there is something to sign. */
static err check_served(struct log_signing *s, struct merkle_head last, struct fault *f)
{
	struct arena arena = {0};
	struct bytes note;
	struct fault said = {0};

	if (last.size == 0)
		return ERR_OK;
	err result = signer_checkpoint(s->client, last, last, NULL, 0, &arena, &note, &said);
	arena_done(&arena);
	if (result.code == OK || said.message == NULL ||
	    strcmp(said.message, "SIGNER_PEER_REFUSED") != 0)
		return ERR_OK;
	*f = said;
	return result;
}

err signing_last(void *context, struct merkle_head *out, struct fault *f)
{
	struct log_signing *s = context;

	(void)pthread_mutex_lock(&s->lock);
	err result = reach(s, f);
	if (result.code == OK)
		result = signer_last(s->client, out, f);
	if (result.code == OK)
		result = check_served(s, *out, f);
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}
