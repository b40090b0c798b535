/* SPDX-License-Identifier: Apache-2.0 */
#include "witness_kit.h"

#include <stdio.h>
#include <string.h>

static struct note_key key_of(struct fixture *x, const struct private_key *key, const char *name,
			      uint8_t type)
{
	uint8_t raw[32];
	struct note_key out;

	assert_true(public_key_ed25519(private_key_public(key), raw));
	assert_true(note_key_make(name, type, raw, &out));
	(void)x;
	return out;
}

void fixture_open(struct fixture *x)
{
	memset(x, 0, sizeof(*x));
	kit_open(&x->k);
	kit_must(db_run(x->k.db, WITNESS_SCHEMA, &x->k.f), &x->k.f);
	kit_must(private_key_generate(KEY_ED25519, &x->key, &x->k.f), &x->k.f);
	kit_must(private_key_generate(KEY_ED25519, &x->log_key, &x->k.f), &x->k.f);
	kit_must(private_key_generate(KEY_ED25519, &x->other_key, &x->k.f), &x->k.f);
	x->logs[0] = key_of(x, x->log_key, ORIGIN, NOTE_ED25519);
	x->logs[1] = key_of(x, x->log_key, "second.example/log", NOTE_ED25519);
	kit_must(witness_open(x->k.db, "witness.example/w1", x->key, x->logs, 2, &x->w, &x->k.f),
		 &x->k.f);
	x->l = kit_ledger(&x->k, x->k.db, false);
	kit_append(&x->k, x->l, 0, 300);
}

void fixture_close(struct fixture *x)
{
	arena_done(&x->a);
	witness_close(x->w);
	ledger_close(x->l);
	private_key_close(x->key);
	private_key_close(x->log_key);
	private_key_close(x->other_key);
	kit_close(&x->k);
}

/* The log's signed note over a head. */
struct bytes note_of(struct fixture *x, const struct private_key *key, const char *origin,
		     struct merkle_head head)
{
	struct writer w = writer_of(x->note_text, sizeof(x->note_text));
	struct bytes note;

	kit_must(sample_sign(key, origin, head, &w, &x->k.f), &x->k.f);
	assert_true(writer_done(&w, &note));
	return note;
}

/* A request from `old` to the head, with the true proof. */
struct bytes request_of(struct fixture *x, uint64_t old, struct bytes note, uint64_t size)
{
	struct writer w = writer_of(x->body_text, sizeof(x->body_text));
	struct hash path[MERKLE_DEPTH_MAX * 2];
	struct bytes body;
	size_t n = 0;

	if (old <= size)
		kit_must(ledger_consistency(x->l, old, size, path, &n, &x->k.f), &x->k.f);
	witness_request_put(&w, old, path, n, note);
	assert_true(writer_done(&w, &body));
	return body;
}

unsigned post(struct fixture *x, struct bytes body, uint64_t now)
{
	kit_must(witness_add_checkpoint(x->w, &x->a, body, now, &x->reply, &x->k.f), &x->k.f);
	assert_non_null(x->reply.content_type);
	assert_true(x->reply.body.n > 0);
	return x->reply.status;
}

unsigned step(struct fixture *x, uint64_t old, uint64_t size)
{
	struct bytes note = note_of(x, x->log_key, ORIGIN, kit_head(size));

	return post(x, request_of(x, old, note, size), NOW);
}

void assert_stored(struct fixture *x, uint64_t size)
{
	/* Old sizes above it are refused with what is stored. */
	struct bytes note = note_of(x, x->log_key, ORIGIN, kit_head(300));
	char expected[32];

	snprintf(expected, sizeof(expected), "%llu\n", (unsigned long long)size);
	assert_int_equal(post(x, request_of(x, size == 299 ? 298 : 299, note, 300), NOW), 409);
	assert_string_equal(x->reply.content_type, "text/x.tlog.size");
	assert_true(bytes_equal(x->reply.body, bytes_text(expected)));
}

/* The reply's cosignature verifies over the note that was sent. */
void assert_cosigned(struct fixture *x, uint64_t time)
{
	char all[4096];
	struct writer w = writer_of(all, sizeof(all));
	struct bytes text;
	struct note note;
	const char *why;
	uint64_t at = 0;

	put_text(&w, x->note_text);
	put_bytes(&w, x->reply.body);
	assert_true(writer_done(&w, &text));
	assert_true(note_parse(text, &note, &why));
	assert_int_equal(note_verify(&note, witness_key(x->w), ed25519_verify, &at), NOTE_VALID);
	assert_int_equal(at, time);
}
