/* SPDX-License-Identifier: Apache-2.0 */
/* (h) with a witness: it stands elsewhere, and cosigns no head that is older than one it has seen. */
#include "signer_attack.h"

#include <stdio.h>
#include <string.h>

enum { NOTE_ROOM = 4096, COSIGNATURE_SIZE = 8 + 64 };

/* Elsewhere: what is put back here is not put back there. */
struct observer {
	struct private_key *key;
	struct note_key name;
	uint64_t seen; /* size */
};

static void observer_open(struct observer *o)
{
	uint8_t raw[32];

	assert_int_equal(private_key_generate(KEY_ED25519, &o->key, NULL).code, OK);
	assert_true(public_key_ed25519(private_key_public(o->key), raw));
	assert_true(note_key_make("w.example/1", NOTE_COSIGNATURE, raw, &o->name));
}

static struct writer paper(struct test_log *l)
{
	uint8_t *p = arena_alloc(&l->t->arena, NOTE_ROOM);

	assert_non_null(p);
	return writer_of(p, NOTE_ROOM);
}

static struct bytes written(const struct writer *w)
{
	struct bytes out;

	assert_true(writer_done(w, &out));
	return out;
}

/* The second line of a checkpoint, whatever follows the third: a nonce is an extension line. */
static uint64_t size_of(struct bytes text)
{
	const uint8_t *at = memchr(text.p, '\n', text.n);
	uint64_t size = 0;

	assert_non_null(at);
	for (at++; at < text.p + text.n && *at >= '0' && *at <= '9'; at++)
		size = 10 * size + (uint64_t)(*at - '0');
	return size;
}

/* Cosigns the note, and the signer takes it; not if the observer has seen later. */
static void shown_to(struct observer *o, struct test_log *l, struct bytes text)
{
	const uint64_t seconds = test_now(l->t) / 1000;
	uint8_t cosignature[COSIGNATURE_SIZE];
	struct writer message = paper(l), time = writer_of(cosignature, 8), w = paper(l);
	struct fault f = {0};
	const char *why = NULL;
	struct note note;

	assert_true(note_parse(text, &note, &why));
	cosignature_put_message(&message, seconds, note.text);
	put_u64(&time, seconds);
	assert_int_equal(key_sign(o->key, written(&message), cosignature + 8, NULL).code, OK);
	put_bytes(&w, text);
	note_put_signature(&w, o->name.name, o->name.id, bytes_of(cosignature, COSIGNATURE_SIZE));
	uint64_t size = size_of(note.text);
	if (size < o->seen)
		return;
	o->seen = size;
	if (signer_witnessed(l->t->client, written(&w), &f).code != OK)
		stop_test("%s", f.message);
}

static void starts_seen_by(struct observer *o, struct test_log *l)
{
	struct bytes note = {0};
	struct fault f = {0};

	signer_start(l->t);
	if (signer_nonce(l->t->client, &l->t->arena, &note, &f).code != OK)
		stop_test("%s", f.message);
	if (note.n > 0)
		shown_to(o, l, note);
}

/* NULL: signed, and cosigned if the observer does so. */
static const char *grows_seen_by(struct observer *o, struct test_log *l)
{
	struct bytes note = {0};
	struct fault f = {0};

	if (log_grow(l, l->n, &note, &f).code != OK)
		return f.message;
	shown_to(o, l, note);
	return NULL;
}

/* Founded anew with that witness in the charter. */
static void found_with(struct observer *o, struct signer_test *t)
{
	struct charter *c = arena_alloc(&t->arena, sizeof(*c));
	uint8_t *room = arena_alloc(&t->arena, CHARTER_SIZE_MAX), text[256];
	struct writer w = writer_of(room, CHARTER_SIZE_MAX), key = writer_of(text, sizeof(text));
	const char *why = NULL;
	struct fault f = {0};

	observer_open(o);
	note_key_put(&key, &o->name);
	assert_true(charter_parse(t->founding.charter, c, &why));
	c->anchor = ANCHOR_WITNESS;
	c->witnesses_n = 1;
	c->witnesses[0] = written(&key);
	charter_put(&w, c);
	t->founding.charter = written(&w);
	(void)snprintf(t->vault, sizeof(t->vault), "%s/witnessed", t->folder);
	if (signer_create(t->vault, &t->founding, &t->arena, &t->public, &f).code != OK)
		stop_test("%s", f.message);
}

static void builds_one(struct observer *o, struct test_log *l)
{
	uint64_t release = put_release(l, "R1", "production", 1),
		 vote = put_approval(l, BEN, release);

	assert_null(grows_seen_by(o, l));
	(void)decided(l, DECISION_FIRMWARE, AT(release, vote));
	uint64_t build = put_authorization(l, "A1", "R1", 1), yes = put_approval(l, BEN, build);
	assert_null(grows_seen_by(o, l));
	(void)decided(l, DECISION_AUTHORIZE, AT(build, yes));
}

const char *put_back_under_a_witness(void)
{
	struct signer_test *t = signer_test_new();
	struct test_log *l = log_new(t);
	struct observer o = {0};
	static char message[64];

	found_with(&o, t);
	starts_seen_by(&o, l);
	builds_one(&o, l);
	assert_int_equal(signer_stop(t), 0);
	struct bytes journal = vault_file(t, FILE_JOURNAL), slots = vault_file(t, FILE_SLOTS);
	size_t kept = l->n;

	starts_seen_by(&o, l);
	uint64_t request = put_unit(l, 0, "A1", 0);
	assert_null(grows_seen_by(&o, l));
	assert_null(wins_certificate(l, request, 0));
	assert_int_equal(signer_stop(t), 0);
	put_vault_file(t, FILE_JOURNAL, journal);
	put_vault_file(t, FILE_SLOTS, slots);
	l->n = l->asked = kept;
	starts_seen_by(&o, l);
	request = put_unit(l, 0, "A1", 1);
	const char *refused_head = grows_seen_by(&o, l);
	(void)snprintf(message, sizeof(message), "%s", refused_head != NULL ? refused_head : "");
	const char *outcome = refused_head != NULL ? message : wins_certificate(l, request, 1);
	private_key_close(o.key);
	return ended(l, outcome);
}
