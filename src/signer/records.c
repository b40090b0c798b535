/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/records.h"

#include <string.h>

#include "core/cbor.h"
#include "core/sha256.h"

const char JOURNAL_IS_OLD[] = "it is of version 1, from before there was a charter";

void genesis_put(struct writer *w, const struct genesis *genesis)
{
	cbor_put_array(w, 7);
	cbor_put_uint(w, RECORD_GENESIS);
	cbor_put_uint(w, genesis->at);
	cbor_put_uint(w, JOURNAL_VERSION);
	cbor_put_text(w, genesis->origin);
	hash_put(w, genesis->ca_certificate);
	cbor_put_array(w, SIGNER_KEYS);
	for (size_t i = 0; i < SIGNER_KEYS; i++)
		hash_put(w, genesis->keys[i]);
	cbor_put_bytes(w, genesis->charter);
}

/* Version 1 began [0, 1, origin, …], and had 5 parts. */
static void genesis_head_get(struct reader *r, struct genesis *out)
{
	size_t parts = cbor_array(r);

	if (cbor_uint(r) != RECORD_GENESIS)
		reader_fail(r, "its first record is not the first");
	if (r->why == NULL && parts == 5)
		reader_fail(r, JOURNAL_IS_OLD);
	if (r->why == NULL && parts != 7)
		reader_fail(r, "its first record has another length than expected");
	out->at = cbor_uint(r);
	if (cbor_uint(r) != JOURNAL_VERSION)
		reader_fail(r, "it is of a later version than this signer");
}

void genesis_get(struct reader *r, struct genesis *out)
{
	genesis_head_get(r, out);
	out->origin = text_get(r, NOTE_NAME_MAX);
	out->ca_certificate = hash_get(r);
	array_get(r, SIGNER_KEYS);
	for (size_t i = 0; i < SIGNER_KEYS; i++)
		out->keys[i] = hash_get(r);
	out->charter = blob_get(r, CHARTER_SIZE_MAX);
	if (r->why == NULL && (out->origin.n == 0 || memchr(out->origin.p, 0, out->origin.n)))
		reader_fail(r, "its origin does not hold");
}

struct hash unit_digest(struct bytes product, struct bytes serial)
{
	uint8_t buffer[2 * PRODUCT_MAX + 16];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct bytes both = {0};

	cbor_put_array(&w, 2);
	cbor_put_text(&w, product);
	cbor_put_text(&w, serial);
	if (!writer_done(&w, &both))
		both = (struct bytes){0}; /* ids are bounded: never */
	return sha256(both);
}

void intent_put(struct writer *w, const struct intent *intent)
{
	cbor_put_array(w, 10);
	hash_put(w, intent->request);
	cbor_put_text(w, intent->product);
	cbor_put_text(w, intent->serial);
	cbor_put_text(w, intent->hardware_type);
	hash_put(w, intent->key);
	cbor_put_bytes(w, bytes_of(intent->certificate_serial, CERTIFICATE_SERIAL_SIZE));
	cbor_put_uint(w, intent->at_ms);
	hash_put(w, intent->authorization);
	cbor_put_uint(w, intent->n);
	cbor_put_uint(w, intent->of);
}

void intent_get(struct reader *r, struct intent *out)
{
	array_get(r, 10);
	out->request = hash_get(r);
	out->product = text_get(r, PRODUCT_MAX);
	out->serial = text_get(r, PRODUCT_MAX);
	out->hardware_type = text_get(r, HARDWARE_TYPE_MAX);
	out->key = hash_get(r);
	struct bytes serial = cbor_bytes(r);
	if (r->why == NULL && serial.n != CERTIFICATE_SERIAL_SIZE)
		reader_fail(r, "a certificate serial has not 16 bytes");
	if (r->why == NULL)
		memcpy(out->certificate_serial, serial.p, CERTIFICATE_SERIAL_SIZE);
	out->at_ms = cbor_uint(r);
	out->authorization = hash_get(r);
	out->n = cbor_uint(r);
	out->of = cbor_uint(r);
}

void decision_put(struct writer *w, const struct decision *decision)
{
	cbor_put_array(w, 8);
	cbor_put_uint(w, RECORD_DECISION);
	cbor_put_uint(w, decision->at);
	cbor_put_uint(w, decision->counter);
	cbor_put_uint(w, decision->spent);
	cbor_put_uint(w, decision->charter);
	cbor_put_uint(w, decision->anchor);
	cbor_put_array(w, decision->approvals_n);
	for (size_t i = 0; i < decision->approvals_n; i++)
		hash_put(w, decision->approvals[i]);
	cbor_put_bytes(w, decision->claim);
}

void decision_get(struct reader *r, struct decision *out)
{
	out->counter = cbor_uint(r);
	out->spent = cbor_uint(r);
	out->charter = cbor_uint(r);
	uint64_t anchor = cbor_uint(r);
	if (anchor > ANCHOR_WITNESS)
		reader_fail(r, "a decision has an unknown anchor");
	out->anchor = anchor > ANCHOR_WITNESS ? ANCHOR_NONE : (enum charter_anchor)anchor;
	size_t n = cbor_array(r);
	if (r->why == NULL && n > CHARTER_VOTES_MAX)
		reader_fail(r, "a decision has too many approvals");
	for (out->approvals_n = 0; r->why == NULL && out->approvals_n < n; out->approvals_n++)
		out->approvals[out->approvals_n] = hash_get(r);
	out->claim = blob_get(r, ENTRY_SIZE_MAX);
}

uint64_t record_open(struct reader *r, enum record_kind kind)
{
	(void)cbor_array(r);
	if (cbor_uint(r) != kind)
		reader_fail(r, "a record is of another kind");
	return cbor_uint(r);
}

void anchor_record_put(struct writer *w, uint64_t at, uint64_t spent, uint64_t value,
		       struct hash identity)
{
	cbor_put_array(w, 5);
	cbor_put_uint(w, RECORD_ANCHOR);
	cbor_put_uint(w, at);
	cbor_put_uint(w, spent);
	cbor_put_uint(w, value);
	hash_put(w, identity);
}
