/* SPDX-License-Identifier: Apache-2.0 */
#include "core/signed_documents.h"

#include "core/cbor.h"

enum { DIGEST_HEAD = 2, DIGEST_ITEM = DIGEST_HEAD + 32, ENVIRONMENTS = 3 };

struct bytes document_name(enum document_kind kind)
{
	static const char *const NAMES[] = {
		[DOCUMENT_ADMISSION] = "sealwright admission",
		[DOCUMENT_RECEIPT] = "sealwright issue receipt",
		[DOCUMENT_MANIFEST] = "sealwright firmware manifest",
		[DOCUMENT_PERMIT] = "sealwright programming permit",
	};

	return bytes_text(NAMES[kind]);
}

/* ---- parts ---- */

static void key_is(struct reader *r, uint64_t key)
{
	if (cbor_uint(r) != key)
		reader_fail(r, "the document has other members than it should");
}

static struct hash get_digest(struct reader *r, uint64_t key)
{
	struct hash out = {{0}};

	key_is(r, key);
	struct bytes b = cbor_bytes(r);
	if (b.n != sizeof out.b)
		reader_fail(r, "a digest has 32 bytes");
	else
		__builtin_memcpy(out.b, b.p, sizeof out.b);
	return out;
}

static struct bytes get_id(struct reader *r, uint64_t key)
{
	key_is(r, key);
	struct bytes text = cbor_text(r);
	if (r->why == NULL && !id_valid(text))
		reader_fail(r, "a name in the document is no id");
	return text;
}

static struct bytes get_text(struct reader *r, uint64_t key, size_t max)
{
	key_is(r, key);
	struct bytes text = cbor_text(r);
	if (text.n == 0 || text.n > max)
		reader_fail(r, "a text in the document is empty or too long");
	return text;
}

static uint64_t get_number(struct reader *r, uint64_t key, uint64_t max)
{
	key_is(r, key);
	uint64_t number = cbor_uint(r);
	if (number > max)
		reader_fail(r, "a number in the document is too large");
	return number;
}

static uint64_t get_instant(struct reader *r, uint64_t key)
{
	return get_number(r, key, INSTANT_MS_MAX);
}

static struct bytes get_environment(struct reader *r, uint64_t key)
{
	static const char *const KNOWN[ENVIRONMENTS] = {"development", "staging", "production"};
	struct bytes text = get_id(r, key);

	for (size_t i = 0; i < ENVIRONMENTS; i++)
		if (bytes_equal(text, bytes_text(KNOWN[i])))
			return text;
	reader_fail(r, "the document names an unknown environment");
	return text;
}

/* Version and origin begin every document. */
static struct bytes get_beginning(struct reader *r)
{
	key_is(r, 1);
	if (cbor_uint(r) != DOCUMENT_VERSION)
		reader_fail(r, "this version of the document is unknown");
	return get_text(r, 2, ORIGIN_SIZE_MAX);
}

static enum charter_anchor get_anchor(struct reader *r, uint64_t key)
{
	return (enum charter_anchor)get_number(r, key, ANCHOR_WITNESS);
}

/* Takes the head of the map: its count must be one of these. */
static size_t get_map(struct reader *r, size_t least, size_t most)
{
	size_t n = cbor_map(r);

	if (n < least || n > most)
		reader_fail(r, "the document has other members than it should");
	return n;
}

/* The payload inside a COSE_Sign1 that ends with the input. */
static struct reader payload_of(struct bytes in, struct cose_sign1 *sign1, const char **why)
{
	struct reader r = reader_of(in);

	*why = NULL;
	*sign1 = (struct cose_sign1){0};
	if (in.n > DOCUMENT_SIZE_MAX)
		reader_fail(&r, "a signed document has at most 16 KiB");
	cose_get(&r, sign1);
	if (r.why == NULL && sign1->payload.p == NULL)
		reader_fail(&r, "the document is not inside its signature");
	if (!reader_end(&r))
		*why = r.why != NULL ? r.why : "bytes follow the document";
	return reader_of(*why == NULL ? sign1->payload : (struct bytes){0});
}

static bool ends_well(const struct reader *r, const char **why)
{
	if (*why == NULL && !reader_end(r))
		*why = r->why != NULL ? r->why : "bytes follow the document's members";
	return *why == NULL;
}

struct bytes document_in_body(struct bytes body, const char *name)
{
	struct reader r = reader_of(body);
	size_t n = cbor_map(&r);

	for (size_t i = 0; i < n && r.why == NULL; i++) {
		struct bytes key = cbor_text(&r);
		if (bytes_equal(key, bytes_text(name)) && cbor_peek(&r) == CBOR_BYTES)
			return cbor_bytes(&r);
		(void)cbor_item(&r);
	}
	return (struct bytes){0};
}

/* ---- admission ---- */

static void get_approvals(struct reader *r, struct admission *out)
{
	struct bytes last = {0};

	key_is(r, 6);
	size_t n = cbor_array(r);
	if (n > DOCUMENT_APPROVALS_MAX)
		reader_fail(r, "an admission names at most 64 approvals");
	const uint8_t *start = r->p;
	for (size_t i = 0; i < n && r->why == NULL; i++) {
		struct bytes digest = cbor_bytes(r);
		if (digest.n != sizeof(struct hash))
			reader_fail(r, "a digest has 32 bytes");
		else if (i > 0 && bytes_compare(last, digest) >= 0)
			reader_fail(r, "the approvals of an admission ascend");
		last = digest;
	}
	if (r->why != NULL)
		return;
	out->approvals_n = n;
	out->approvals = bytes_of(start, n * DIGEST_ITEM);
}

bool admission_parse(struct bytes in, struct cose_sign1 *sign1, struct admission *out,
		     const char **why)
{
	struct reader r = payload_of(in, sign1, why);

	*out = (struct admission){0};
	if (*why != NULL)
		return false;
	out->has_value = get_map(&r, 8, 9) == 9;
	out->origin = get_beginning(&r);
	out->claim = get_digest(&r, 3);
	out->approval_class = get_id(&r, 4);
	out->charter = get_number(&r, 5, SEQUENCE_MAX);
	get_approvals(&r, out);
	out->at = get_instant(&r, 7);
	out->anchor = get_anchor(&r, 8);
	if (out->has_value)
		out->value = get_number(&r, 9, UINT64_MAX);
	return ends_well(&r, why);
}

struct hash admission_approval(const struct admission *admission, size_t i)
{
	struct hash out = {{0}};

	if (i < admission->approvals_n)
		__builtin_memcpy(out.b, admission->approvals.p + i * DIGEST_ITEM + DIGEST_HEAD,
				 sizeof out.b);
	return out;
}

/* ---- issue receipt ---- */

bool issue_receipt_parse(struct bytes in, struct cose_sign1 *sign1, struct issue_receipt *out,
			 const char **why)
{
	struct reader r = payload_of(in, sign1, why);

	*out = (struct issue_receipt){0};
	if (*why != NULL)
		return false;
	out->has_value = get_map(&r, 9, 10) == 10;
	out->origin = get_beginning(&r);
	out->request = get_digest(&r, 3);
	out->authorization = get_digest(&r, 4);
	out->n = get_number(&r, 5, DOCUMENT_UNITS_MAX);
	out->of = get_number(&r, 6, DOCUMENT_UNITS_MAX);
	if (out->n == 0 || out->n > out->of)
		reader_fail(&r, "a receipt is for unit 1 to the last of its authorization");
	out->certificate = get_digest(&r, 7);
	out->at = get_instant(&r, 8);
	out->anchor = get_anchor(&r, 9);
	if (out->has_value)
		out->value = get_number(&r, 10, UINT64_MAX);
	return ends_well(&r, why);
}

/* ---- firmware manifest ---- */

static void get_revisions(struct reader *r, struct firmware_manifest *out)
{
	key_is(r, 12);
	out->revisions_n = cbor_array(r);
	if (out->revisions_n > DOCUMENT_REVISIONS_MAX) {
		reader_fail(r, "a manifest names at most 64 hardware revisions");
		out->revisions_n = 0;
	}
	for (size_t i = 0; i < out->revisions_n && r->why == NULL; i++) {
		out->revisions[i] = cbor_text(r);
		if (r->why == NULL && !id_valid(out->revisions[i]))
			reader_fail(r, "a name in the document is no id");
	}
}

/* With one member more than the twelve that are always there, the next key tells which. */
static void get_manifest_end(struct reader *r, size_t n, struct firmware_manifest *out)
{
	struct reader ahead = *r;

	out->has_configuration = n == 14 || (n == 13 && cbor_uint(&ahead) == 11);
	out->emergency = n == 14 || (n == 13 && !out->has_configuration);
	if (out->has_configuration)
		out->configuration = get_digest(r, 11);
	get_revisions(r, out);
	out->at = get_instant(r, 13);
	if (!out->emergency)
		return;
	key_is(r, 14);
	if (!cbor_bool(r))
		reader_fail(r, "an emergency release says so, or nothing");
}

bool firmware_manifest_parse(struct bytes in, struct cose_sign1 *sign1,
			     struct firmware_manifest *out, const char **why)
{
	struct reader r = payload_of(in, sign1, why);

	*out = (struct firmware_manifest){0};
	if (*why != NULL)
		return false;
	size_t n = get_map(&r, 12, 14);
	out->origin = get_beginning(&r);
	out->claim = get_digest(&r, 3);
	out->release = get_id(&r, 4);
	out->product = get_id(&r, 5);
	out->environment = get_environment(&r, 6);
	out->version = get_text(&r, 7, DOCUMENT_TEXT_MAX);
	out->image = get_digest(&r, 8);
	out->image_size = get_number(&r, 9, SEQUENCE_MAX);
	out->security_version = get_number(&r, 10, SEQUENCE_MAX);
	get_manifest_end(&r, n, out);
	return ends_well(&r, why);
}

/* ---- programming permit ---- */

static struct bytes get_nonce(struct reader *r, uint64_t key)
{
	key_is(r, key);
	struct bytes nonce = cbor_bytes(r);
	if (nonce.n < DOCUMENT_NONCE_LEAST || nonce.n > DOCUMENT_NONCE_MAX)
		reader_fail(r, "a nonce has 16 to 32 bytes");
	return nonce;
}

bool programming_permit_parse(struct bytes in, struct cose_sign1 *sign1,
			      struct programming_permit *out, const char **why)
{
	struct reader r = payload_of(in, sign1, why);

	*out = (struct programming_permit){0};
	if (*why != NULL)
		return false;
	(void)get_map(&r, 13, 13);
	out->origin = get_beginning(&r);
	out->claim = get_digest(&r, 3);
	out->product = get_id(&r, 4);
	out->serial = get_id(&r, 5);
	out->unit_key = get_digest(&r, 6);
	out->nonce = get_nonce(&r, 7);
	out->image = get_digest(&r, 8);
	out->security_version = get_number(&r, 9, SEQUENCE_MAX);
	out->environment = get_environment(&r, 10);
	out->station_key = get_digest(&r, 11);
	out->from = get_instant(&r, 12);
	out->until = get_instant(&r, 13);
	if (out->until <= out->from || out->until - out->from > PERMIT_LIFE_MS)
		reader_fail(&r, "a permit lasts an hour at most");
	return ends_well(&r, why);
}

/* ---- writing ---- */

static void put_digest(struct writer *w, uint64_t key, struct hash digest)
{
	cbor_put_uint(w, key);
	cbor_put_bytes(w, hash_bytes(&digest));
}

static void put_string(struct writer *w, uint64_t key, struct bytes text)
{
	cbor_put_uint(w, key);
	cbor_put_text(w, text);
}

static void put_number(struct writer *w, uint64_t key, uint64_t number)
{
	cbor_put_uint(w, key);
	cbor_put_uint(w, number);
}

static void put_beginning(struct writer *w, size_t members, struct bytes origin)
{
	cbor_put_map(w, members);
	put_number(w, 1, DOCUMENT_VERSION);
	put_string(w, 2, origin);
}

void admission_put(struct writer *w, const struct admission *admission)
{
	put_beginning(w, admission->has_value ? 9 : 8, admission->origin);
	put_digest(w, 3, admission->claim);
	put_string(w, 4, admission->approval_class);
	put_number(w, 5, admission->charter);
	cbor_put_uint(w, 6);
	cbor_put_array(w, admission->approvals_n);
	put_bytes(w, admission->approvals);
	put_number(w, 7, admission->at);
	put_number(w, 8, (uint64_t)admission->anchor);
	if (admission->has_value)
		put_number(w, 9, admission->value);
}

void issue_receipt_put(struct writer *w, const struct issue_receipt *receipt)
{
	put_beginning(w, receipt->has_value ? 10 : 9, receipt->origin);
	put_digest(w, 3, receipt->request);
	put_digest(w, 4, receipt->authorization);
	put_number(w, 5, receipt->n);
	put_number(w, 6, receipt->of);
	put_digest(w, 7, receipt->certificate);
	put_number(w, 8, receipt->at);
	put_number(w, 9, (uint64_t)receipt->anchor);
	if (receipt->has_value)
		put_number(w, 10, receipt->value);
}

void firmware_manifest_put(struct writer *w, const struct firmware_manifest *m)
{
	put_beginning(w, 12u + m->has_configuration + m->emergency, m->origin);
	put_digest(w, 3, m->claim);
	put_string(w, 4, m->release);
	put_string(w, 5, m->product);
	put_string(w, 6, m->environment);
	put_string(w, 7, m->version);
	put_digest(w, 8, m->image);
	put_number(w, 9, m->image_size);
	put_number(w, 10, m->security_version);
	if (m->has_configuration)
		put_digest(w, 11, m->configuration);
	cbor_put_uint(w, 12);
	cbor_put_array(w, m->revisions_n);
	for (size_t i = 0; i < m->revisions_n; i++)
		cbor_put_text(w, m->revisions[i]);
	put_number(w, 13, m->at);
	if (m->emergency) {
		cbor_put_uint(w, 14);
		cbor_put_bool(w, true);
	}
}

void programming_permit_put(struct writer *w, const struct programming_permit *permit)
{
	put_beginning(w, 13, permit->origin);
	put_digest(w, 3, permit->claim);
	put_string(w, 4, permit->product);
	put_string(w, 5, permit->serial);
	put_digest(w, 6, permit->unit_key);
	cbor_put_uint(w, 7);
	cbor_put_bytes(w, permit->nonce);
	put_digest(w, 8, permit->image);
	put_number(w, 9, permit->security_version);
	put_string(w, 10, permit->environment);
	put_digest(w, 11, permit->station_key);
	put_number(w, 12, permit->from);
	put_number(w, 13, permit->until);
}
