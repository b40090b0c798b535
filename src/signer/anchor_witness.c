/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/anchor_witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checks.h"

enum { NONCE_SIZE = 32, NONCE_NOTE_MAX = 2048 };

static const char NONCE[] = "nonce ";

/* ---- the parts ---- */

static void put_nonce_line(struct writer *w, const uint8_t nonce[static NONCE_SIZE])
{
	char text[48];

	base64_encode(bytes_of(nonce, NONCE_SIZE), text);
	put_text(w, NONCE);
	put_text(w, text);
	put_u8(w, '\n');
}

void anchor_nonce_note(struct writer *w, struct bytes origin, struct merkle_head head,
		       const uint8_t nonce[static 32])
{
	checkpoint_put(w, origin, head);
	put_nonce_line(w, nonce);
}

/* The extension lines are exactly what this nonce makes of them, or there are none. */
static bool lines_are(struct bytes lines, const uint8_t *nonce)
{
	uint8_t buffer[64];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct bytes expected;

	if (nonce == NULL)
		return lines.n == 0;
	put_nonce_line(&w, nonce);
	return writer_done(&w, &expected) && bytes_equal(lines, expected);
}

/* A note of the log's own; its nonce is for the caller. */
static const char *open_note(struct bytes text, const struct note_key *log, struct note *note,
			     struct checkpoint *checkpoint, struct bytes *lines)
{
	const char *why;

	if (!note_parse(text, note, &why) ||
	    !checkpoint_parse_extended(note->text, checkpoint, lines, &why))
		return why;
	if (!bytes_equal(checkpoint->origin, bytes_text(log->name)))
		return "it is of another log";
	if (note_verify(note, log, ed25519_verify, NULL) != NOTE_VALID)
		return "this signer did not sign it";
	return NULL;
}

static unsigned who_cosigned(const struct note *note, const struct note_key *keys, size_t n)
{
	unsigned who = 0;

	for (size_t i = 0; i < n; i++) {
		enum note_verdict verdict = note_verify(note, &keys[i], ed25519_verify, NULL);

		if (verdict == NOTE_BAD_SIGNATURE)
			return 0;
		if (verdict == NOTE_VALID)
			who |= 1u << i;
	}
	return who;
}

unsigned anchor_note_cosigned(struct bytes text, const struct note_key *log, const uint8_t *nonce,
			      const struct note_key *keys, size_t n, struct merkle_head *head)
{
	struct note note;
	struct checkpoint checkpoint;
	struct bytes lines;

	if (open_note(text, log, &note, &checkpoint, &lines) != NULL || !lines_are(lines, nonce))
		return 0;
	*head = checkpoint.head;
	return who_cosigned(&note, keys, n);
}

/* ---- witnesses ---- */

static err key_wrong(struct bytes text, struct fault *f)
{
	char shown[128];

	(void)snprintf(shown, sizeof(shown), "%.*s", (int)(text.n < 120 ? text.n : 120),
		       (const char *)text.p);
	return fail(f, "SIGNER_WITNESS_KEY", "key", shown, NULL);
}

static bool same_witness(const struct note_key *a, const struct note_key *b)
{
	return strcmp(a->name, b->name) == 0 &&
	       memcmp(a->public_key, b->public_key, sizeof(a->public_key)) == 0;
}

/* Two keys of one name are two witnesses only if their key differs as well. */
static bool stands_twice(const struct witness_anchor *w, const struct note_key *key)
{
	for (size_t i = 0; i < w->n; i++)
		if (memcmp(w->keys[i].public_key, key->public_key, sizeof(key->public_key)) == 0)
			return true;
	return false;
}

static err take_keys(struct witness_anchor *w, const struct charter *charter, struct fault *f)
{
	for (size_t i = 0; i < charter->witnesses_n; i++) {
		struct note_key key;

		if (w->n == CHARTER_WITNESSES_MAX || !note_key_parse(charter->witnesses[i], &key) ||
		    key.type != NOTE_COSIGNATURE || stands_twice(w, &key))
			return key_wrong(charter->witnesses[i], f);
		w->keys[w->n++] = key;
	}
	if (w->n == 0)
		return fail(f, "SIGNER_WITNESS_KEY", "key", "", NULL);
	w->need = w->n / 2 + 1;
	return ERR_OK;
}

err witness_anchor_start(const struct charter *charter, const struct note_key *log,
			 struct merkle_head start, struct witness_anchor *out, struct fault *f)
{
	struct witness_anchor w = {.log = *log, .start = start};

	TRY(take_keys(&w, charter, f));
	TRY(random_bytes(w.nonce, sizeof(w.nonce), f));
	*out = w;
	return ERR_OK;
}

err witness_anchor_revise(struct witness_anchor *w, const struct charter *charter, struct fault *f)
{
	struct witness_anchor next = {.log = w->log, .start = w->start, .believed = w->believed};

	TRY(take_keys(&next, charter, f));
	memcpy(next.nonce, w->nonce, sizeof(next.nonce));
	for (size_t i = 0; i < next.n; i++)
		for (size_t j = 0; j < w->n; j++)
			if (same_witness(&next.keys[i], &w->keys[j])) {
				next.cosigned[i] = w->cosigned[j];
				next.nonced[i] = w->nonced[j];
			}
	*w = next;
	return ERR_OK;
}

/* ---- the nonce ---- */

err witness_anchor_note(const struct witness_anchor *w, const struct private_key *key,
			struct arena *a, struct bytes *note, struct fault *f)
{
	uint8_t signature[64];
	uint8_t *buffer = arena_alloc(a, NONCE_NOTE_MAX);
	struct writer out = writer_of(buffer, buffer == NULL ? 0 : NONCE_NOTE_MAX);
	struct bytes text;

	if (w->believed) {
		*note = (struct bytes){0};
		return ERR_OK;
	}
	anchor_nonce_note(&out, bytes_text(w->log.name), w->start, w->nonce);
	if (!writer_done(&out, &text))
		return fail(f, "MEMORY_EXHAUSTED", "what", "a checkpoint", NULL);
	TRY(key_sign(key, text, signature, f));
	put_u8(&out, '\n');
	note_put_signature(&out, w->log.name, w->log.id, bytes_of(signature, sizeof(signature)));
	if (!writer_done(&out, note))
		return fail(f, "MEMORY_EXHAUSTED", "what", "a checkpoint", NULL);
	return ERR_OK;
}

/* ---- what comes back ---- */

static err note_wrong(const char *why, struct fault *f)
{
	return fail(f, "SIGNER_WITNESS_NOTE", "why", why, NULL);
}

static void take_nonced(struct witness_anchor *w, unsigned who)
{
	size_t nonced = 0;

	for (size_t i = 0; i < w->n; i++) {
		if ((who & 1u << i) != 0) {
			w->nonced[i] = true;
			if (w->cosigned[i] < w->start.size)
				w->cosigned[i] = w->start.size;
		}
		nonced += w->nonced[i];
	}
	w->believed |= nonced >= w->need;
}

static void take_cosigned(struct witness_anchor *w, unsigned who, uint64_t size)
{
	for (size_t i = 0; i < w->n; i++)
		if ((who & 1u << i) != 0 && w->cosigned[i] < size)
			w->cosigned[i] = size;
}

static bool head_equal(struct merkle_head a, struct merkle_head b)
{
	return a.size == b.size && hash_equal(a.root, b.root);
}

err witness_anchor_take(struct witness_anchor *w, struct bytes text, struct merkle_head *head,
			struct fault *f)
{
	struct note note;
	struct checkpoint checkpoint;
	struct bytes lines;
	const char *why = open_note(text, &w->log, &note, &checkpoint, &lines);

	if (why != NULL)
		return note_wrong(why, f);
	bool nonced = lines.n > 0;
	/* Also what is signed under its own nonce is compared: the key may serve elsewhere. */
	if (nonced && (!lines_are(lines, w->nonce) || !head_equal(checkpoint.head, w->start)))
		return note_wrong("its nonce is of another start", f);
	unsigned who = who_cosigned(&note, w->keys, w->n);
	if (who == 0)
		return note_wrong("none of the charter's witnesses cosigned it", f);
	if (nonced)
		take_nonced(w, who);
	else
		take_cosigned(w, who, checkpoint.head.size);
	*head = checkpoint.head;
	return ERR_OK;
}

/* ---- what follows from it ---- */

err witness_anchor_check(const struct witness_anchor *w, struct fault *f)
{
	char size[24];

	if (w->believed || check_left_out(CHECK_SIGNER_TURNED_BACK))
		return ERR_OK;
	(void)snprintf(size, sizeof(size), "%" PRIu64, w->start.size);
	return fail(f, "SIGNER_NOT_WITNESSED", "size", size, NULL);
}

/* The largest size that a majority has reached: a witness that cosigned a later head vouches for every
 * earlier one that it extends. */
uint64_t witness_anchor_counts(const struct witness_anchor *w)
{
	uint64_t best = 0;

	if (check_left_out(CHECK_SIGNER_TURNED_BACK))
		return UINT64_MAX;
	for (size_t i = 0; w->believed && i < w->n; i++) {
		size_t reached = 0;

		for (size_t j = 0; j < w->n; j++)
			reached += w->cosigned[j] >= w->cosigned[i];
		if (reached >= w->need && w->cosigned[i] > best)
			best = w->cosigned[i];
	}
	return best;
}

bool witness_anchor_fresh(const struct witness_anchor *w, uint64_t newest)
{
	return newest >= w->start.size || check_left_out(CHECK_SIGNER_TURNED_BACK);
}
