/* SPDX-License-Identifier: Apache-2.0 */
/* reply.c — replies: written by the signer, read by the client, who trusts their form no more
 * than the signer trusts a request's. */
#include <string.h>

#include "base/catalog.h"
#include "core/cbor.h"
#include "core/sha256.h"
#include "signer/protocol.h"

/* ---- writing ---- */

static struct bytes static_text(const char *text)
{
	return bytes_text(text != NULL ? text : "");
}

/* A fault's texts were made printable when they were set; the wire still only takes UTF-8. */
static void safe_text_put(struct writer *w, const char *text)
{
	struct bytes b = static_text(text);

	cbor_put_text(w, utf8_valid(b) ? b : bytes_text("?"));
}

static void fault_put(struct writer *w, const struct fault *f)
{
	cbor_put_map(w, 3);
	cbor_put_uint(w, 1);
	cbor_put_text(w, static_text(f->message));
	cbor_put_uint(w, 2);
	safe_text_put(w, f->field);
	cbor_put_uint(w, 3);
	cbor_put_array(w, f->n);
	for (size_t i = 0; i < f->n; i++) {
		cbor_put_array(w, 2);
		safe_text_put(w, f->values[i].name);
		safe_text_put(w, f->values[i].value);
	}
}

static void reply_begin(struct writer *w, bool ok)
{
	cbor_put_map(w, 2);
	cbor_put_uint(w, 1);
	cbor_put_bool(w, ok);
	cbor_put_uint(w, 2);
}

void reply_put_ok(struct writer *w)
{
	reply_begin(w, true);
}

void reply_put_fault(struct writer *w, const struct fault *f)
{
	reply_begin(w, false);
	fault_put(w, f);
}

void reply_put_public(struct writer *w, const struct signer_public *public)
{
	cbor_put_map(w, 4);
	cbor_put_uint(w, 1);
	cbor_put_text(w, bytes_text(public->checkpoint.name));
	cbor_put_uint(w, 2);
	cbor_put_bytes(w, bytes_of(public->checkpoint.public_key, 32));
	cbor_put_uint(w, 3);
	hash_put(w, public->ca_key);
	cbor_put_uint(w, 4);
	cbor_put_bytes(w, public->ca_certificate);
}

void reply_put_issued(struct writer *w, struct bytes document, struct bytes receipt,
		      const struct fault *f)
{
	cbor_put_array(w, f == NULL && receipt.p != NULL ? 3 : 2);
	cbor_put_bool(w, f == NULL);
	if (f != NULL) {
		fault_put(w, f);
		return;
	}
	cbor_put_bytes(w, document);
	if (receipt.p != NULL)
		cbor_put_bytes(w, receipt);
}

void reply_put_status(struct writer *w, const struct signer_status *s)
{
	cbor_put_array(w, 10 + SIGNER_ENVIRONMENTS + 1);
	cbor_put_bytes(w, s->charter);
	cbor_put_uint(w, s->anchor);
	cbor_put_bool(w, s->anchored);
	cbor_put_uint(w, s->anchor_value);
	cbor_put_uint(w, s->journal_size);
	cbor_put_uint(w, s->spent);
	cbor_put_uint(w, s->now_ms);
	cbor_put_uint(w, s->clock_ahead_ms);
	cbor_put_bool(w, s->keys_encrypted);
	cbor_put_bool(w, s->keys_in_hsm);
	for (size_t i = 0; i < SIGNER_ENVIRONMENTS; i++)
		cbor_put_bytes(w, s->firmware_spki[i]);
	cbor_put_bytes(w, s->permit_spki);
}

/* ---- reading ---- */

static void text_copy(char *out, size_t size, struct bytes text)
{
	size_t n = text.n < size ? text.n : size - 1;

	if (n > 0)
		memcpy(out, text.p, n);
	out[n] = 0;
}

/* The message is looked up here: a signer of another version may know ids that we do not. */
static void fault_get(struct reader *r, struct fault *f)
{
	char id[64], field[FAULT_FIELD_SIZE], name[FAULT_NAME_SIZE], value[FAULT_VALUE_SIZE];

	map_get(r, 3);
	key_get(r, 1);
	text_copy(id, sizeof(id), text_get(r, sizeof(id) - 1));
	key_get(r, 2);
	text_copy(field, sizeof(field), text_get(r, sizeof(field) - 1));
	const struct message *message = r->why == NULL ? catalog_find(id) : NULL;
	if (message == NULL) {
		reader_fail(r, "it names an unknown message");
		return;
	}
	(void)fail_field(f, field, message->id, NULL);
	key_get(r, 3);
	size_t n = cbor_array(r);
	if (n > FAULT_VALUES_MAX)
		reader_fail(r, "a fault has too many values");
	for (size_t i = 0; r->why == NULL && i < n; i++) {
		array_get(r, 2);
		text_copy(name, sizeof(name), text_get(r, sizeof(name) - 1));
		text_copy(value, sizeof(value), text_get(r, sizeof(value) - 1));
		if (r->why == NULL)
			fault_add(f, name, value);
	}
}

err reply_end(const struct reader *value, struct fault *f)
{
	if (reader_end(value))
		return ERR_OK;
	return fail(f, "SIGNER_REPLY_MALFORMED", "why",
		    value->why != NULL ? value->why : "bytes follow the reply", NULL);
}

err reply_open(struct bytes in, struct reader *value, struct fault *f)
{
	struct reader r = reader_of(in);
	struct fault sent = {0};

	map_get(&r, 2);
	key_get(&r, 1);
	bool ok = cbor_bool(&r);
	key_get(&r, 2);
	if (r.why == NULL && ok) {
		*value = r;
		return ERR_OK;
	}
	if (r.why == NULL)
		fault_get(&r, &sent);
	TRY(reply_end(&r, f));
	if (f != NULL)
		*f = sent;
	return (err){sent.code};
}

void reply_get_public(struct reader *r, struct signer_public *out)
{
	char origin[NOTE_NAME_MAX + 1];

	map_get(r, 4);
	key_get(r, 1);
	text_copy(origin, sizeof(origin), text_get(r, NOTE_NAME_MAX));
	key_get(r, 2);
	struct bytes key = cbor_bytes(r);
	if (r->why == NULL &&
	    (key.n != 32 || !note_key_make(origin, NOTE_ED25519, key.p, &out->checkpoint)))
		reader_fail(r, "the checkpoint key is not one");
	key_get(r, 3);
	out->ca_key = hash_get(r);
	key_get(r, 4);
	out->ca_certificate = blob_get(r, CERTIFICATE_SIZE_MAX);
}

struct bytes reply_get_issued(struct reader *r, struct bytes *receipt, struct fault *f)
{
	struct bytes document = {0};

	*f = (struct fault){0};
	size_t parts = cbor_array(r);
	bool went_well = cbor_bool(r);
	if (parts != (went_well && receipt != NULL ? 3 : 2))
		reader_fail(r, "an array has another length than expected");
	if (went_well) {
		document = blob_get(r, CERTIFICATE_SIZE_MAX);
		if (receipt != NULL)
			*receipt = blob_get(r, CERTIFICATE_SIZE_MAX);
	} else if (r->why == NULL) {
		fault_get(r, f);
	}
	return document;
}

static struct bytes spki_get(struct reader *r, struct hash *id)
{
	struct bytes spki = blob_get(r, SPKI_SIZE_MAX);

	*id = sha256(spki);
	return spki;
}

void reply_get_status(struct reader *r, struct signer_status *out)
{
	array_get(r, 10 + SIGNER_ENVIRONMENTS + 1);
	out->charter = blob_get(r, CHARTER_SIZE_MAX);
	uint64_t anchor = cbor_uint(r);
	if (anchor > ANCHOR_WITNESS)
		reader_fail(r, "it names an unknown anchor");
	out->anchor = (enum charter_anchor)anchor;
	out->anchored = cbor_bool(r);
	out->anchor_value = cbor_uint(r);
	out->journal_size = cbor_uint(r);
	out->spent = cbor_uint(r);
	out->now_ms = cbor_uint(r);
	out->clock_ahead_ms = cbor_uint(r);
	out->keys_encrypted = cbor_bool(r);
	out->keys_in_hsm = cbor_bool(r);
	for (size_t i = 0; i < SIGNER_ENVIRONMENTS; i++)
		out->firmware_spki[i] = spki_get(r, &out->firmware_keys[i]);
	out->permit_spki = spki_get(r, &out->permit_key);
}
