/* SPDX-License-Identifier: Apache-2.0 */
#include "sample_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/files.h"
#include "core/cbor.h"
#include "core/entry.h"
#include "core/sha256.h"
#include "ledger/ledger.h"
#include "ssh_sign.h"

enum { BATCH = 100, AUTHORS = 2, SUBJECTS = 7, FIRST_AT_MS = 1000 };
static const uint64_t START_MS = 1790000000000;

static const char *const plant_names[PLANT_KINDS] = {
	"none",
	"sequence",
	"time",
	"forged",
	"unknown_key",
	"origin",
	"previous",
	"no_previous",
	"false_previous",
	"target",
	"twice",
	"later",
	"malformed",
	"succeeded",
	"succeeded_root",
	"succeeded_place",
	"succeeded_silently",
	"succeeded_twice",
};
static const char OLD_ORIGIN[] = "old.example/log";

enum plant plant_of(const char *name)
{
	int i = 0;

	while (i < PLANT_KINDS && strcmp(plant_names[i], name) != 0)
		i++;
	return (enum plant)i;
}

struct maker {
	const struct sample_options *o;
	const char *origin;
	struct private_key *log_key, *stranger, *author[AUTHORS];
	struct merkle tree; /* of what was made */
	struct arena arena;
	bool has_last[SUBJECTS];
	uint64_t last[SUBJECTS];
	char body[512], text[64];
	struct fault *f;
};

static bool planted(const struct maker *m, uint64_t i, enum plant plant)
{
	return m->o->plant == plant && m->o->plant_at == i;
}

/* ---- under another name ---- */

/* The entry with which the log changes its name; 0: none. */
static uint64_t renamed_at(const struct maker *m)
{
	if (m->o->plant == PLANT_SUCCEEDED_TWICE)
		return m->o->plant_at - 10;
	return m->o->plant >= PLANT_SUCCEEDED && m->o->plant < PLANT_KINDS ? m->o->plant_at : 0;
}

static bool succeeds(const struct maker *m, uint64_t i)
{
	return i > 0 && m->o->plant != PLANT_SUCCEEDED_SILENTLY &&
	       (i == renamed_at(m) || planted(m, i, PLANT_SUCCEEDED_TWICE));
}

static const char *origin_of(const struct maker *m, uint64_t i)
{
	if (planted(m, i, PLANT_ORIGIN))
		return "other.example/log";
	return i < renamed_at(m) ? OLD_ORIGIN : m->origin;
}

static void put_name(struct writer *w, const char *name)
{
	cbor_put_text(w, bytes_text(name));
}

/* As `ledger.succeeded` has it. */
static struct bytes succession_of(struct maker *m, uint64_t i)
{
	struct writer w = writer_of(m->body, sizeof(m->body));
	struct merkle_head head = merkle_head(&m->tree);
	struct bytes out = {0};

	head.root.b[0] ^= planted(m, i, PLANT_SUCCEEDED_ROOT);
	cbor_put_map(&w, 8);
	put_name(&w, "origin");
	cbor_put_text(&w, bytes_text(m->origin));
	put_name(&w, "used_up");
	cbor_put_bool(&w, false);
	put_name(&w, "old_root");
	cbor_put_bytes(&w, hash_bytes(&head.root));
	put_name(&w, "old_size");
	cbor_put_uint(&w, i + 5);
	put_name(&w, "recovered");
	cbor_put_uint(&w, i + planted(m, i, PLANT_SUCCEEDED_PLACE));
	put_name(&w, "old_origin");
	cbor_put_text(&w, bytes_text(OLD_ORIGIN));
	put_name(&w, "checkpoint_key");
	cbor_put_bytes(&w, hash_bytes(&head.root));
	put_name(&w, "recovered_root");
	cbor_put_bytes(&w, hash_bytes(&head.root));
	return writer_done(&w, &out) ? out : (struct bytes){0};
}

/* ---- the claim ---- */

static void put_pair(struct writer *w, const char *name, struct bytes value, bool binary)
{
	cbor_put_text(w, bytes_text(name));
	if (binary)
		cbor_put_bytes(w, value);
	else
		cbor_put_text(w, value);
}

static const char *author_name(size_t i)
{
	return i == 0 ? "station-1" : "station-2";
}

/* The first entries enroll the authors' keys; the others apply seals. */
static struct bytes body_of(struct maker *m, uint64_t i)
{
	struct writer w = writer_of(m->body, sizeof(m->body));
	struct bytes out = {0};

	cbor_put_map(&w, 2);
	if (i < AUTHORS) {
		put_pair(&w, "principal", bytes_text(author_name(i)), false);
		put_pair(&w, "public_key", public_key_spki(private_key_public(m->author[i])), true);
	} else {
		snprintf(m->text, sizeof(m->text), "S-%u", (unsigned)(i % SUBJECTS));
		put_pair(&w, "seal", bytes_text(m->text), false);
		put_pair(&w, "shipment", bytes_text("SH-1"), false);
	}
	return writer_done(&w, &out) ? out : (struct bytes){0};
}

static struct uuid uuid_of(uint64_t i, uint64_t ms)
{
	struct uuid id = {{0}};

	for (unsigned at = 0; at < 6; at++)
		id.b[at] = (uint8_t)(ms >> (40 - 8 * at));
	id.b[6] = 0x70;
	id.b[8] = 0x80;
	for (unsigned at = 0; at < 4; at++)
		id.b[12 + at] = (uint8_t)(i >> (24 - 8 * at));
	return id;
}

/* Which author signs entry `i`; NULL when it is only reported. */
static const struct private_key *signer_of(const struct maker *m, uint64_t i)
{
	if (i < AUTHORS || i % 5 == 0 || succeeds(m, i))
		return NULL;
	return planted(m, i, PLANT_UNKNOWN_KEY) ? m->stranger : m->author[i % AUTHORS];
}

static err put_claim(struct maker *m, uint64_t i, struct bytes *out)
{
	const struct private_key *key = signer_of(m, i);
	uint8_t *buffer = arena_alloc(&m->arena, 2048);
	struct writer w = writer_of(buffer, buffer ? 2048 : 0);
	struct claim claim = {
		.origin = bytes_text(origin_of(m, i)),
		.type = bytes_text(i < AUTHORS ? "key.enrolled" : "seal.applied"),
		.version = 1,
		.author = bytes_text(i < AUTHORS ? "founder-1" : author_name(i % AUTHORS)),
		.has_key = key != NULL,
		.id = uuid_of(i, START_MS + i),
		.made = START_MS + i,
		.source = CLAIM_WITNESSED,
		.body = succeeds(m, i) ? succession_of(m, i) : body_of(m, i),
	};

	if (succeeds(m, i)) {
		claim.type = bytes_text("ledger.succeeded");
		claim.author = bytes_text("sealwright");
	}
	if (key)
		claim.key = public_key_id(private_key_public(key));
	claim_put(&w, &claim);
	if (!writer_done(&w, out))
		return fail(m->f, "MEMORY_EXHAUSTED", "what", "a claim", NULL);
	return ERR_OK;
}

/* Most with COSE; of each eight one with an SSH key, and one with a token. */
static err sign_over(struct maker *m, uint64_t i, const struct private_key *key, struct bytes claim,
		     struct bytes *out)
{
	if (i % 8 == 3)
		return ssh_prove(&m->arena, key, NULL, claim, out, m->f);
	if (i % 8 == 4)
		return ssh_prove(&m->arena, key, "ssh:sample", claim, out, m->f);
	return cose_sign(&m->arena, key, bytes_text("seal.applied"), claim, out, m->f);
}

static err put_proof(struct maker *m, uint64_t i, struct bytes claim, struct bytes *out)
{
	static const uint8_t null[] = {0xf6};
	const struct private_key *key = signer_of(m, i);

	*out = bytes_of(null, sizeof(null));
	if (!key)
		return ERR_OK;
	if (planted(m, i, PLANT_FORGED))
		claim.n--;
	return sign_over(m, i, key, claim, out);
}

/* ---- the witness ---- */

/* Every eleventh entry is pending, and the next one executes it. */
static void set_outcome(const struct maker *m, uint64_t i, struct witness *w)
{
	if (i >= 11 && i % 11 == 0)
		w->outcome = OUTCOME_PENDING;
	if (i >= 12 && i % 11 == 1) {
		w->outcome = OUTCOME_EXECUTES;
		w->target = i - 1;
	}
	if (planted(m, i, PLANT_TARGET) || planted(m, i, PLANT_LATER)) {
		w->outcome = OUTCOME_EXECUTES;
		w->target = planted(m, i, PLANT_TARGET) ? i - 1 : i + 1;
	}
	if (planted(m, i, PLANT_TWICE)) {
		w->outcome = OUTCOME_EXECUTES;
		w->target = 11;
	}
}

static void set_subject(struct maker *m, uint64_t i, struct witness *w)
{
	size_t which = (size_t)(i % SUBJECTS);

	if (i < AUTHORS || i % 13 == 0)
		return;
	w->has_subject = true;
	w->subject =
		(struct subject){bytes_text("seal"), bytes_text("maker-1"), bytes_text(m->text)};
	w->has_previous = m->has_last[which] && !planted(m, i, PLANT_NO_PREVIOUS);
	w->previous = m->last[which];
	if (planted(m, i, PLANT_PREVIOUS) || planted(m, i, PLANT_FALSE_PREVIOUS)) {
		w->has_previous = true;
		w->previous = planted(m, i, PLANT_PREVIOUS) ? w->previous + 1 : 0;
	}
	m->has_last[which] = true;
	m->last[which] = i;
}

static err put_witness(struct maker *m, uint64_t i, struct bytes *out)
{
	static const uint8_t reference[32] = {7};
	uint8_t *buffer = arena_alloc(&m->arena, 1024);
	struct writer writer = writer_of(buffer, buffer ? 1024 : 0);
	struct witness w = {
		.sequence = planted(m, i, PLANT_SEQUENCE) ? i + 1 : i,
		.at = START_MS + FIRST_AT_MS + i / 2 - (planted(m, i, PLANT_TIME) ? 500 : 0),
		.channel = i < AUTHORS ? CHANNEL_LOCAL : CHANNEL_KEY,
		.reference = bytes_of(reference, i < AUTHORS ? 0 : sizeof(reference)),
	};

	if (succeeds(m, i)) {
		w.channel = CHANNEL_LOCAL;
		w.reference = (struct bytes){0};
	} else {
		set_outcome(m, i, &w);
		set_subject(m, i, &w);
	}
	witness_put(&writer, &w);
	if (!writer_done(&writer, out))
		return fail(m->f, "MEMORY_EXHAUSTED", "what", "a witness", NULL);
	return ERR_OK;
}

static err put_entry(struct maker *m, uint64_t i, struct bytes *out)
{
	uint8_t *buffer = arena_alloc(&m->arena, 8192);
	struct writer w = writer_of(buffer, buffer ? 8192 : 0);
	struct bytes claim, proof, witness;

	TRY(put_claim(m, i, &claim));
	TRY(put_proof(m, i, claim, &proof));
	TRY(put_witness(m, i, &witness));
	entry_put(&w, claim, proof, witness);
	if (planted(m, i, PLANT_MALFORMED))
		put_u8(&w, 0xf6);
	if (!writer_done(&w, out))
		return fail(m->f, "MEMORY_EXHAUSTED", "what", "an entry", NULL);
	return ERR_OK;
}

/* ---- the log ---- */

err sample_sign(const struct private_key *key, const char *origin, struct merkle_head head,
		struct writer *out, struct fault *f)
{
	char buffer[512];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct bytes text;
	uint8_t raw[32], signature[64];

	checkpoint_put(&w, bytes_text(origin), head);
	if (!writer_done(&w, &text) || !public_key_ed25519(private_key_public(key), raw))
		return fail(f, "MEMORY_EXHAUSTED", "what", "a checkpoint", NULL);
	TRY(key_sign(key, text, signature, f));
	put_bytes(out, text);
	put_text(out, "\n");
	note_put_signature(out, origin, note_key_id(origin, NOTE_ED25519, raw),
			   bytes_of(signature, sizeof(signature)));
	return ERR_OK;
}

static err append_batch(struct maker *m, struct db *db, struct ledger *l, uint64_t first,
			uint64_t end)
{
	uint64_t sequence;
	struct bytes entry;

	TRY(db_begin(db, m->f));
	TRY(ledger_begin(l, m->f));
	for (uint64_t i = first; i < end; i++) {
		arena_reset(&m->arena);
		TRY(put_entry(m, i, &entry));
		TRY(ledger_append(l, entry, &sequence, m->f));
		merkle_append(&m->tree, merkle_leaf(entry));
	}
	TRY(ledger_store(l, START_MS + FIRST_AT_MS + end, m->f));
	return db_commit(db, m->f);
}

static err publish(struct maker *m, struct ledger *l, char *text, size_t cap)
{
	struct writer w = writer_of(text, cap - 1);
	struct merkle_head head;
	struct bytes note;

	TRY(ledger_head(l, &head, m->f));
	TRY(ledger_write_tiles(l, head.size, m->f));
	TRY(sample_sign(m->log_key, m->origin, head, &w, m->f));
	if (!writer_done(&w, &note))
		return fail(m->f, "MEMORY_EXHAUSTED", "what", "a checkpoint", NULL);
	text[note.n] = 0;
	return ledger_publish(l, head, note, m->f);
}

/* Batches end at hundreds, and at the older checkpoint. */
static uint64_t batch_end(const struct sample_options *o, uint64_t first)
{
	uint64_t end = first + BATCH - first % BATCH;

	if (first < o->checkpoint_at && o->checkpoint_at < end)
		end = o->checkpoint_at;
	return end < o->entries ? end : o->entries;
}

static err fill(struct maker *m, struct db *db, struct ledger *l, struct sample *out)
{
	char last[SAMPLE_NOTE_SIZE];

	for (uint64_t first = 0, end; first < m->o->entries; first = end) {
		end = batch_end(m->o, first);
		TRY(append_batch(m, db, l, first, end));
		if (end == m->o->checkpoint_at)
			TRY(publish(m, l, out->older, sizeof(out->older)));
	}
	return publish(m, l, last, sizeof(last));
}

static err open_and_fill(struct maker *m, struct sample *out)
{
	char address[4096], tiles[4096];
	struct db *db = NULL;
	struct ledger *l = NULL;

	snprintf(address, sizeof(address), "sqlite:%s/log.db", m->o->folder);
	snprintf(tiles, sizeof(tiles), "%s/tiles", m->o->folder);
	TRY(folder_make(m->o->folder, m->f));
	TRY(db_open(address, &db, m->f));
	err e = db_run(db, LEDGER_SCHEMA, m->f);

	if (e.code == OK)
		e = ledger_open(db, tiles, &l, m->f);
	if (e.code == OK)
		e = fill(m, db, l, out);
	ledger_close(l);
	db_close(db);
	return e;
}

static err make_keys(struct maker *m, struct sample *out)
{
	uint8_t raw[32];
	struct writer w = writer_of(out->key_text, sizeof(out->key_text) - 1);
	struct bytes text;

	TRY(private_key_generate(KEY_ED25519, &m->log_key, m->f));
	TRY(private_key_generate(KEY_ED25519, &m->author[0], m->f));
	TRY(private_key_generate(KEY_P256, &m->author[1], m->f));
	TRY(private_key_generate(KEY_ED25519, &m->stranger, m->f));
	if (!public_key_ed25519(private_key_public(m->log_key), raw) ||
	    !note_key_make(m->origin, NOTE_ED25519, raw, &out->key))
		return fail(m->f, "MEMORY_EXHAUSTED", "what", "a key", NULL);
	note_key_put(&w, &out->key);
	if (!writer_done(&w, &text))
		return fail(m->f, "MEMORY_EXHAUSTED", "what", "a key", NULL);
	out->key_text[text.n] = 0;
	return ERR_OK;
}

err sample_log_make(const struct sample_options *options, struct sample *out, struct fault *f)
{
	struct maker m = {.o = options, .f = f, .origin = options->origin};

	*out = (struct sample){0};
	if (!m.origin)
		m.origin = "test.example/log";
	err e = make_keys(&m, out);

	if (e.code == OK)
		e = open_and_fill(&m, out);
	arena_done(&m.arena);
	private_key_close(m.log_key);
	private_key_close(m.stranger);
	for (size_t i = 0; i < AUTHORS; i++)
		private_key_close(m.author[i]);
	return e;
}
