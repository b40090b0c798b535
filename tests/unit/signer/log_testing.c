/* SPDX-License-Identifier: Apache-2.0 */
#include "log_testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cbor.h"
#include "core/entry.h"
#include "core/sha256.h"

enum { ROOM = 40000 };

struct test_log *log_new(struct signer_test *t)
{
	struct test_log *l = arena_alloc(&t->arena, sizeof(*l));

	assert_non_null(l);
	l->t = t;
	return l;
}

static struct writer room(struct test_log *l)
{
	uint8_t *p = arena_alloc(&l->t->arena, ROOM);

	assert_non_null(p);
	return writer_of(p, ROOM);
}

static struct bytes written(const struct writer *w)
{
	struct bytes out;

	assert_true(writer_done(w, &out));
	return out;
}

/* ---- bodies ---- */

static int by_name(const void *a, const void *b)
{
	const struct put *x = a, *y = b;

	return cbor_text_key_order(bytes_text(x->name), bytes_text(y->name));
}

static void put_field(struct writer *w, const struct put *field)
{
	cbor_put_text(w, bytes_text(field->name));
	switch (field->kind) {
	case PUT_TEXT:
		cbor_put_text(w, bytes_text(field->text));
		break;
	case PUT_NUMBER:
		cbor_put_uint(w, field->number);
		break;
	case PUT_BYTES:
		cbor_put_bytes(w, field->bytes);
		break;
	case PUT_BOOL:
		cbor_put_bool(w, field->number != 0);
		break;
	case PUT_ITEM:
		put_bytes(w, field->bytes);
		break;
	}
}

struct bytes body_make(struct arena *a, const struct put *fields, size_t n)
{
	struct put sorted[24];
	uint8_t *p = arena_alloc(a, ROOM);
	struct writer w = writer_of(p, ROOM);

	assert_true(n <= 24 && p != NULL);
	memcpy(sorted, fields, n * sizeof(*fields));
	qsort(sorted, n, sizeof(*sorted), by_name);
	cbor_put_map(&w, n);
	for (size_t i = 0; i < n; i++)
		put_field(&w, &sorted[i]);
	return written(&w);
}

/* ---- entries ---- */

static struct bytes claim_make(struct test_log *l, const struct made *made)
{
	static uint64_t counter;
	struct writer w = room(l);
	struct claim claim = {
		.origin = bytes_text(made->origin != NULL ? made->origin : ORIGIN),
		.type = bytes_text(made->type),
		.version = made->version == 0 ? 1 : made->version,
		.author = bytes_text(made->author),
		.made = made->at == 0 ? test_now(l->t) : made->at,
		.body = made->body,
	};

	counter++;
	for (size_t i = 0; i < 6; i++)
		claim.id.b[i] = (uint8_t)(claim.made >> (8 * (5 - i)));
	claim.id.b[6] = 0x70;
	claim.id.b[8] = 0x80;
	memcpy(claim.id.b + 9, &counter, 7);
	if (made->key != NULL) {
		claim.has_key = true;
		claim.key = public_key_id(private_key_public(made->key));
	}
	claim_put(&w, &claim);
	return written(&w);
}

static struct bytes proof_make(struct test_log *l, const struct made *made, struct bytes claim)
{
	static const uint8_t none[] = {0xf6};
	struct bytes proof;

	if (made->key == NULL)
		return bytes_of(none, 1);
	if (made->spoiled)
		claim = bytes_text("something else");
	if (made->prove != NULL)
		return made->prove(l, made, claim);
	assert_int_equal(
		cose_sign(&l->t->arena, made->key, bytes_text(made->type), claim, &proof, NULL)
			.code,
		OK);
	return proof;
}

struct bytes record_make(struct test_log *l, const struct made *made)
{
	struct writer w = room(l);
	struct bytes claim = claim_make(l, made);

	cbor_put_array(&w, 2);
	cbor_put_bytes(&w, claim);
	put_bytes(&w, proof_make(l, made, claim));
	return written(&w);
}

uint64_t log_put_bytes(struct test_log *l, struct bytes entry)
{
	assert_true(l->n < LOG_MAX);
	l->entries[l->n] = entry;
	l->leaves[l->n] = merkle_leaf(entry);
	return l->n++;
}

uint64_t log_put(struct test_log *l, const struct made *made)
{
	struct writer w = room(l), ww = room(l);
	struct bytes claim = claim_make(l, made);
	struct witness witness = {.sequence = l->n, .at = test_now(l->t), .channel = CHANNEL_LOCAL};
	struct entry read;
	const char *why = NULL;

	witness_put(&ww, &witness);
	entry_put(&w, claim, proof_make(l, made, claim), written(&ww));
	if (!entry_parse(written(&w), &read, &why))
		stop_test("%s", why);
	l->digests[l->n] = claim_digest(claim);
	l->keys[l->n] = made->key;
	return log_put_bytes(l, written(&w));
}

/* ---- what people and stations say ---- */

static struct private_key *one_key(struct private_key **key, enum key_algorithm algorithm)
{
	if (*key == NULL)
		assert_int_equal(private_key_generate(algorithm, key, NULL).code, OK);
	return *key;
}

struct private_key *station_key(size_t i)
{
	static struct private_key *keys[STATIONS];

	assert_true(i < STATIONS);
	return one_key(&keys[i], i == 1 ? KEY_ED25519 : KEY_P256);
}

const char *station_name(size_t i)
{
	static const char *const names[STATIONS] = {"station-1", "station-2", "station-3"};

	assert_true(i < STATIONS);
	return names[i];
}

struct bytes stations_item(struct arena *a, size_t n)
{
	uint8_t *p = arena_alloc(a, ROOM);
	struct writer w = writer_of(p, ROOM);

	cbor_put_array(&w, n);
	for (size_t i = 0; i < n; i++) {
		struct hash key = public_key_id(private_key_public(station_key(i)));
		struct put fields[] = {TEXT("station", station_name(i)),
				       BYTES("key", hash_bytes(&key))};

		put_bytes(&w, body_make(a, fields, 2));
	}
	return written(&w);
}

#define BODY(l, fields) body_make(&(l)->t->arena, (fields), sizeof(fields) / sizeof((fields)[0]))

static uint64_t put_by(struct test_log *l, enum person who, const char *type, uint32_t version,
		       struct bytes body)
{
	struct made made = {.key = person_key(who),
			    .author = PERSON_NAME[who],
			    .type = type,
			    .version = version,
			    .body = body};

	return log_put(l, &made);
}

uint64_t put_release(struct test_log *l, const char *id, const char *environment,
		     uint64_t security_version)
{
	struct hash image = sha256(bytes_text(id));
	struct put fields[] = {
		TEXT("release", id),
		TEXT("product", PRODUCT),
		TEXT("version", "1.0"),
		TEXT("environment", environment),
		BYTES("image", hash_bytes(&image)),
		NUMBER("image_size", 4096),
		NUMBER("security_version", security_version),
	};

	return put_by(l, ERIN, "firmware.released", 2, BODY(l, fields));
}

uint64_t put_authorization(struct test_log *l, const char *id, const char *release,
			   uint64_t quantity)
{
	struct put fields[] = {
		TEXT("authorization", id),
		TEXT("product", PRODUCT),
		TEXT("revision", "A"),
		TEXT("release", release),
		TEXT("site", "berlin"),
		TEXT("line", "smt1"),
		NUMBER("quantity", quantity),
		NUMBER("valid_until", test_now(l->t) + 3600000),
		TEXT("hardware_type", HARDWARE_TYPE),
		ITEM("stations", stations_item(&l->t->arena, 2)),
	};

	return put_by(l, ERIN, "build.authorized", 2, BODY(l, fields));
}

uint64_t put_approval(struct test_log *l, enum person who, uint64_t of)
{
	struct put fields[] = {BYTES("record", hash_bytes(&l->digests[of]))};

	return put_by(l, who, "approval.given", 1, BODY(l, fields));
}

uint64_t put_denial(struct test_log *l, enum person who, uint64_t of)
{
	struct put fields[] = {BYTES("record", hash_bytes(&l->digests[of])), TEXT("reason", "no")};

	return put_by(l, who, "approval.denied", 1, BODY(l, fields));
}

uint64_t put_charter(struct test_log *l, enum person author, struct bytes charter,
		     uint64_t revision)
{
	struct put fields[] = {BYTES("charter", charter), NUMBER("revision", revision)};

	return put_by(l, author, "charter.revised", 1, BODY(l, fields));
}

uint64_t put_unit(struct test_log *l, size_t station, const char *authorization, size_t unit)
{
	struct put fields[] = {
		TEXT("product", PRODUCT),
		TEXT("serial", unit_serial(unit)),
		TEXT("authorization", authorization),
		BYTES("csr", unit_csr(unit, unit)),
	};
	struct made made = {.key = station_key(station),
			    .author = station_name(station),
			    .type = "unit.requested",
			    .body = BODY(l, fields)};

	return log_put(l, &made);
}

uint64_t put_permit(struct test_log *l, size_t station, size_t unit, const char *release,
		    uint8_t nonce)
{
	uint8_t bytes[16];
	struct put fields[] = {
		TEXT("product", PRODUCT),
		TEXT("serial", unit_serial(unit)),
		TEXT("release", release),
		BYTES("nonce", bytes_of(bytes, sizeof(bytes))),
	};

	memset(bytes, nonce, sizeof(bytes));
	struct made made = {.key = station_key(station),
			    .author = station_name(station),
			    .type = "permit.requested",
			    .body = BODY(l, fields)};
	return log_put(l, &made);
}

/* ---- showing ---- */

static struct hash subtree_of(const struct test_log *l, unsigned level, uint64_t index)
{
	if (level == 0)
		return l->leaves[index];
	return merkle_node(subtree_of(l, level - 1, 2 * index),
			   subtree_of(l, level - 1, 2 * index + 1));
}

static bool fetch_of(void *context, struct merkle_place place, struct hash *out)
{
	*out = subtree_of(context, place.level, place.index);
	return true;
}

struct merkle_head log_head(const struct test_log *l, uint64_t size)
{
	struct merkle tree = {0};

	for (uint64_t i = 0; i < size; i++)
		merkle_append(&tree, l->leaves[i]);
	return merkle_head(&tree);
}

err log_grow(struct test_log *l, uint64_t size, struct bytes *note, struct fault *f)
{
	struct hash path[MERKLE_DEPTH_MAX];
	size_t n = 0;

	assert_true(merkle_consistency_path(l->asked, size, fetch_of, l, path, &n));
	TRY(signer_checkpoint(l->t->client, log_head(l, l->asked), log_head(l, size), path, n,
			      &l->t->arena, note, f));
	l->asked = size;
	return ERR_OK;
}

void log_sign(struct test_log *l)
{
	struct bytes note;
	struct fault f = {0};

	if (l->asked < l->n && log_grow(l, l->n, &note, &f).code != OK)
		stop_test("%s", f.message);
}

struct proved_entry log_prove(struct test_log *l, uint64_t sequence)
{
	struct hash *path = arena_array(&l->t->arena, MERKLE_DEPTH_MAX, sizeof(*path));
	struct proved_entry proved = {
		.sequence = sequence, .entry = l->entries[sequence], .path = path};

	assert_true(merkle_inclusion_path(l->asked, sequence, fetch_of, l, path, &proved.path_n));
	if (l->keys[sequence] != NULL)
		proved.author_key = public_key_spki(private_key_public(l->keys[sequence]));
	return proved;
}

struct evidence log_show(struct test_log *l, const uint64_t *sequences, size_t n)
{
	struct proved_entry *entries = arena_array(&l->t->arena, n, sizeof(*entries));

	assert_non_null(entries);
	for (size_t i = 0; i < n; i++)
		entries[i] = log_prove(l, sequences[i]);
	return (struct evidence){.size = l->asked, .entries = entries, .n = n};
}

/* ---- asking ---- */

err decide(struct test_log *l, enum signer_decision decision, const uint64_t *sequences, size_t n,
	   struct bytes *document, struct fault *f)
{
	log_sign(l);
	struct evidence evidence = log_show(l, sequences, n);
	return signer_decide(l->t->client, decision, &evidence, &l->t->arena, document, f);
}

struct bytes decided(struct test_log *l, enum signer_decision decision, const uint64_t *sequences,
		     size_t n)
{
	struct bytes document = {0};
	struct fault f = {0};

	if (decide(l, decision, sequences, n, &document, &f).code != OK)
		stop_test("%s %s %s", f.message, f.field, f.n > 0 ? f.values[f.n - 1].value : "");
	assert_true(document.n > 0);
	return document;
}

void refused(struct test_log *l, enum signer_decision decision, const uint64_t *sequences, size_t n,
	     const char *message)
{
	struct bytes document = {0};
	struct fault f = {0};

	assert_int_not_equal(decide(l, decision, sequences, n, &document, &f).code, OK);
	assert_null(document.p);
	assert_string_equal(f.message, message);
}

void house_builds(struct test_log *l, uint64_t quantity)
{
	uint64_t release = put_release(l, "R1", "production", 1);

	(void)decided(l, DECISION_FIRMWARE, AT(release, put_approval(l, BEN, release)));
	uint64_t build = put_authorization(l, "A1", "R1", quantity);
	(void)decided(l, DECISION_AUTHORIZE, AT(build, put_approval(l, BEN, build)));
}

struct issued_unit issue_one(struct test_log *l, uint64_t sequence)
{
	struct issued_unit unit = {0};
	struct fault f = {0};

	log_sign(l);
	struct evidence evidence = log_show(l, &sequence, 1);
	if (signer_issue_units(l->t->client, &evidence, &l->t->arena, &unit, &f).code != OK)
		stop_test("%s", f.message);
	return unit;
}

struct bytes permit_one(struct test_log *l, uint64_t sequence, struct fault *why_not)
{
	struct bytes permit = {0};
	struct fault f = {0};

	log_sign(l);
	struct evidence evidence = log_show(l, &sequence, 1);
	if (signer_permit(l->t->client, &evidence, &l->t->arena, &permit, why_not, &f).code != OK)
		stop_test("%s", f.message);
	return permit;
}
