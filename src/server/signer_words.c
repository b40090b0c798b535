/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sha256.h"
#include "server/signer_work_internal.h"

#include <string.h>

const char *words_text(struct arena *a, struct bytes bytes)
{
	char *text = arena_alloc(a, base64_size(bytes.n) + 1);

	if (text != NULL)
		base64url_encode(bytes, text);
	return text;
}

const char *words_hex(struct arena *a, struct hash digest)
{
	char *text = arena_alloc(a, 2 * sizeof digest + 1);

	if (text != NULL)
		hex_encode(hash_bytes(&digest), text);
	return text;
}

/* The same question gives the same id, so that its answer is recorded once. */
static struct uuid record_id(const char *type, const struct wanted *about)
{
	uint8_t buffer[TYPE_SIZE_MAX + sizeof about->digest];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes written;
	struct uuid id = {0};

	put_text(&w, type);
	put_bytes(&w, hash_bytes(&about->digest));
	if (writer_done(&w, &written)) {
		struct hash digest = sha256(written);
		memcpy(id.b, digest.b, sizeof id.b);
	}
	for (size_t i = 0; i < 6; i++)
		id.b[i] = (uint8_t)(about->at >> (8 * (5 - i)));
	id.b[6] = (uint8_t)(0x70 | (id.b[6] & 0x0f));
	id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f));
	return id;
}

err words_add(struct signer_work *w, struct arena *a, struct words *words,
	      const struct wanted *about, const char *type, json_t *body, struct fault *f)
{
	if (body == NULL || words->n == sizeof words->made / sizeof words->made[0]) {
		json_decref(body);
		return fail(f, "OUT_OF_MEMORY", NULL);
	}
	err result = submission_system(w->server->engine, a, type, record_id(type, about), body,
				       &words->made[words->n], f);
	json_decref(body);
	if (result.code == OK)
		words->about[words->n++] = about;
	return result;
}

err words_record(struct signer_work *w, const struct words *words, struct fault *f)
{
	if (words->n == 0)
		return ERR_OK;
	TRY(record_submit_wait(w->server->engine, words->made, words->n, false, f));
	for (size_t i = 0; i < words->n; i++) {
		const struct result *result = submission_result(words->made[i]);
		if (result->state == RESULT_REFUSED)
			work_postpone(w, words->about[i], &result->fault);
		else
			work_done(w, words->about[i]);
	}
	return ERR_OK;
}
