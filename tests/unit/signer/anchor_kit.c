/* SPDX-License-Identifier: Apache-2.0 */
#include "anchor_kit.h"

#include <stdlib.h>
#include <string.h>

void pin(struct house *h, size_t n)
{
	h->charter = (struct charter){.anchor = ANCHOR_WITNESS, .witnesses_n = n};
	for (size_t i = 0; i < n; i++) {
		struct writer w = writer_of(h->vkeys[i], sizeof(h->vkeys[i]));

		note_key_put(&w, witness_key(h->x[i].w));
		assert_true(writer_done(&w, &h->charter.witnesses[i]));
	}
}

void begin(struct house *h, uint64_t size)
{
	kit_must(witness_anchor_start(&h->charter, &h->x[0].logs[0], kit_head(size), &h->anchor,
				      &h->f),
		 &h->f);
}

struct house *house_open(size_t n, uint64_t size)
{
	struct house *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	for (size_t i = 0; i < WITNESSES; i++) {
		struct fixture *x = &h->x[i];

		fixture_open(x);
		if (i == 0)
			continue;
		/* All watch the first one's log. */
		witness_close(x->w);
		kit_must(witness_open(x->k.db, i == 1 ? "witness.example/w2" : "witness.example/w3",
				      x->key, h->x[0].logs, 2, &x->w, &x->k.f),
			 &x->k.f);
	}
	pin(h, n);
	begin(h, size);
	return h;
}

void house_close(struct house *h)
{
	for (size_t i = 0; i < WITNESSES; i++)
		fixture_close(&h->x[i]);
	arena_done(&h->arena);
	free(h);
}

struct bytes nonce_note(struct house *h)
{
	struct bytes note;

	kit_must(witness_anchor_note(&h->anchor, h->x[0].log_key, &h->arena, &note, &h->f), &h->f);
	return note;
}

struct bytes plain_note(struct house *h, uint64_t size)
{
	return arena_copy(&h->arena, note_of(&h->x[0], h->x[0].log_key, ORIGIN, kit_head(size)));
}

/* Brings a note to a witness as the server does; the status, and the note with what came back. */
unsigned bring(struct house *h, size_t witness, uint64_t old, struct bytes note, uint64_t size,
	       struct bytes *cosigned)
{
	struct fixture *x = &h->x[witness];
	char *buffer = arena_alloc(&h->arena, 4096);
	struct writer w = writer_of(buffer, 4096);
	unsigned status = post(x, request_of(x, old, note, size), NOW);

	put_bytes(&w, note);
	if (status == 200)
		put_bytes(&w, x->reply.body);
	assert_true(writer_done(&w, cosigned));
	return status;
}

bool take(struct house *h, struct bytes note)
{
	struct merkle_head head;

	h->f = (struct fault){0};
	return witness_anchor_take(&h->anchor, note, &head, &h->f).code == OK;
}

/* The whole way of one note to one witness and back. */
unsigned pass(struct house *h, size_t witness, uint64_t old, struct bytes note, uint64_t size)
{
	struct bytes cosigned;
	unsigned status = bring(h, witness, old, note, size, &cosigned);

	if (status == 200)
		assert_true(take(h, cosigned));
	return status;
}

/* The nonce note with one more cosignature line that `key` makes over `text`. */
struct bytes cosigned_by(struct house *h, struct bytes note, const struct private_key *key,
			 const struct note_key *as)
{
	uint8_t message_text[4096], blob[8 + 64];
	char *buffer = arena_alloc(&h->arena, 4096);
	struct writer m = writer_of(message_text, sizeof(message_text)), b = writer_of(blob, 8),
		      w = writer_of(buffer, 4096);
	struct bytes message, out;
	struct note parsed;
	const char *why;

	assert_true(note_parse(note, &parsed, &why));
	cosignature_put_message(&m, NOW, parsed.text);
	put_u64(&b, NOW);
	assert_true(writer_done(&m, &message));
	kit_must(key_sign(key, message, blob + 8, &h->f), &h->f);
	put_bytes(&w, note);
	note_put_signature(&w, as->name, as->id, bytes_of(blob, sizeof(blob)));
	assert_true(writer_done(&w, &out));
	return out;
}
