/* SPDX-License-Identifier: Apache-2.0 */
/* protocol.c — requests and their parts. Keys of every map are 1 to n in this order, so taking
 * them one by one is also the check that they are sorted, unique and known. */
#include "signer/protocol.h"

#include <string.h>

#include "core/cbor.h"
#include "core/entry.h"

/* What follows the name. */
enum shape { NOTHING, HEADS, RECORD, EVIDENCE, ENTRIES };
static const struct {
	const char *name;
	enum shape shape;
} TABLE[OPERATIONS] = {
	[OPERATION_PUBLIC] = {"public", NOTHING},
	[OPERATION_LAST] = {"last", NOTHING},
	[OPERATION_STATUS] = {"status", NOTHING},
	[OPERATION_NONCE] = {"nonce", NOTHING},
	[OPERATION_CHECKPOINT] = {"checkpoint", HEADS},
	[OPERATION_WITNESSED] = {"witnessed", RECORD},
	[OPERATION_DENY] = {"deny", RECORD},
	[OPERATION_POLICY] = {"policy", EVIDENCE},
	[OPERATION_AUTHORIZE] = {"authorize", EVIDENCE},
	[OPERATION_FIRMWARE] = {"firmware", EVIDENCE},
	[OPERATION_CREDENTIAL] = {"credential", EVIDENCE},
	[OPERATION_ISSUE] = {"issue", ENTRIES},
	[OPERATION_PERMIT] = {"permit", ENTRIES},
};
static const size_t KEYS[] = {
	[NOTHING] = 1, [HEADS] = 4, [RECORD] = 2, [EVIDENCE] = 2, [ENTRIES] = 3};

/* ---- items ---- */

struct bytes blob_get(struct reader *r, size_t max)
{
	struct bytes b = cbor_bytes(r);

	if (b.n > max)
		reader_fail(r, "a byte string is too long");
	return r->why != NULL ? (struct bytes){0} : b;
}

struct bytes text_get(struct reader *r, size_t max)
{
	struct bytes b = cbor_text(r);

	if (b.n > max)
		reader_fail(r, "a text is too long");
	return r->why != NULL ? (struct bytes){0} : b;
}

struct hash hash_get(struct reader *r)
{
	struct hash h = {{0}};
	struct bytes b = cbor_bytes(r);

	if (r->why == NULL && b.n != sizeof(h.b))
		reader_fail(r, "a digest has not 32 bytes");
	if (r->why == NULL)
		memcpy(h.b, b.p, sizeof(h.b));
	return h;
}

void hash_put(struct writer *w, struct hash h)
{
	cbor_put_bytes(w, hash_bytes(&h));
}

void array_get(struct reader *r, size_t n)
{
	if (cbor_array(r) != n)
		reader_fail(r, "an array has another length than expected");
}

void map_get(struct reader *r, size_t n)
{
	if (cbor_map(r) != n)
		reader_fail(r, "a map has other keys than expected");
}

void key_get(struct reader *r, uint64_t key)
{
	if (cbor_uint(r) != key)
		reader_fail(r, "a map has other keys than expected");
}

struct merkle_head head_get(struct reader *r)
{
	struct merkle_head head = {0};

	array_get(r, 2);
	head.size = cbor_uint(r);
	head.root = hash_get(r);
	return head;
}

void head_put(struct writer *w, struct merkle_head head)
{
	cbor_put_array(w, 2);
	cbor_put_uint(w, head.size);
	hash_put(w, head.root);
}

/* ---- reading a request ---- */

static enum operation operation_get(struct reader *r)
{
	struct bytes name = cbor_text(r);

	for (int i = 0; i < OPERATIONS; i++)
		if (r->why == NULL && bytes_equal(name, bytes_text(TABLE[i].name)))
			return (enum operation)i;
	reader_fail(r, "there is no such operation");
	return OPERATION_PUBLIC;
}

static void checkpoint_get(struct reader *r, struct signer_request *out)
{
	key_get(r, 2);
	out->old = head_get(r);
	key_get(r, 3);
	out->now = head_get(r);
	key_get(r, 4);
	size_t n = cbor_array(r);

	if (r->why == NULL && n > MERKLE_DEPTH_MAX)
		reader_fail(r, "a consistency proof is too long");
	for (; r->why == NULL && out->path_n < n; out->path_n++)
		out->path[out->path_n] = hash_get(r);
}

static void record_get(struct reader *r, struct signer_request *out)
{
	key_get(r, 2);
	out->record = blob_get(r, ENTRY_SIZE_MAX);
	if (r->why == NULL && out->record.n == 0)
		reader_fail(r, "a record is empty");
}

/* The hashes stay where they are: a path is only used when its entry is looked at. */
static void path_get(struct reader *r, struct proved *proved)
{
	proved->path_n = cbor_array(r);
	if (r->why == NULL && proved->path_n > MERKLE_DEPTH_MAX)
		reader_fail(r, "a path is too long");
	const uint8_t *start = r->p;
	for (size_t i = 0; r->why == NULL && i < proved->path_n; i++)
		(void)hash_get(r);
	if (r->why == NULL)
		proved->path = bytes_of(start, (size_t)(r->p - start));
}

void proved_path(const struct proved *proved, struct hash path[static MERKLE_DEPTH_MAX])
{
	for (size_t i = 0; i < proved->path_n; i++)
		memcpy(path[i].b, proved->path.p + i * PATH_ITEM + 2, sizeof(path[i].b));
}

static void proved_get(struct reader *r, struct proved *proved)
{
	size_t keys = cbor_map(r);

	if (r->why == NULL && keys != 3 && keys != 4)
		reader_fail(r, "a map has other keys than expected");
	key_get(r, 1);
	proved->sequence = cbor_uint(r);
	key_get(r, 2);
	proved->entry = blob_get(r, ENTRY_SIZE_MAX);
	key_get(r, 3);
	path_get(r, proved);
	if (keys == 4) {
		key_get(r, 4);
		proved->author_key = blob_get(r, SPKI_SIZE_MAX);
	}
}

static void all_proved_get(struct reader *r, struct signer_request *out, size_t most)
{
	size_t n = cbor_array(r);

	if (r->why == NULL && (n == 0 || n > most))
		reader_fail(r, "there are no entries, or more than 64 beside the decision");
	for (; r->why == NULL && out->n < n; out->n++)
		proved_get(r, &out->proved[out->n]);
}

static void evidence_get(struct reader *r, struct signer_request *out)
{
	key_get(r, 2);
	map_get(r, 2);
	key_get(r, 1);
	out->size = cbor_uint(r);
	key_get(r, 2);
	all_proved_get(r, out, PROVED_MAX);
}

static void entries_get(struct reader *r, struct signer_request *out)
{
	key_get(r, 2);
	out->size = cbor_uint(r);
	key_get(r, 3);
	all_proved_get(r, out, BATCH_MAX);
}

typedef void shape_get(struct reader *r, struct signer_request *out);
static shape_get *const GET[] = {
	[HEADS] = checkpoint_get,
	[RECORD] = record_get,
	[EVIDENCE] = evidence_get,
	[ENTRIES] = entries_get,
};

bool request_parse(struct bytes in, struct signer_request *out, const char **why)
{
	struct reader r = reader_of(in);
	size_t keys = cbor_map(&r);

	*out = (struct signer_request){0};
	key_get(&r, 1);
	out->operation = operation_get(&r);
	enum shape shape = TABLE[out->operation].shape;
	if (keys != KEYS[shape])
		reader_fail(&r, "a map has other keys than expected");
	if (shape != NOTHING)
		GET[shape](&r, out);
	if (r.why == NULL && r.n > 0)
		reader_fail(&r, "bytes follow the request");
	*why = r.why;
	return reader_end(&r);
}

/* ---- writing a request ---- */

static void checkpoint_request_put(struct writer *w, const struct signer_request *request)
{
	cbor_put_uint(w, 2);
	head_put(w, request->old);
	cbor_put_uint(w, 3);
	head_put(w, request->now);
	cbor_put_uint(w, 4);
	cbor_put_array(w, request->path_n);
	for (size_t i = 0; i < request->path_n; i++)
		hash_put(w, request->path[i]);
}

static void record_put(struct writer *w, const struct signer_request *request)
{
	cbor_put_uint(w, 2);
	cbor_put_bytes(w, request->record);
}

static void all_proved_put(struct writer *w, const struct signer_request *request)
{
	cbor_put_array(w, request->n);
	for (size_t i = 0; i < request->n; i++) {
		const struct proved *proved = &request->proved[i];

		cbor_put_map(w, proved->author_key.p == NULL ? 3 : 4);
		cbor_put_uint(w, 1);
		cbor_put_uint(w, proved->sequence);
		cbor_put_uint(w, 2);
		cbor_put_bytes(w, proved->entry);
		cbor_put_uint(w, 3);
		cbor_put_array(w, proved->path_n);
		put_bytes(w, proved->path);
		if (proved->author_key.p != NULL) {
			cbor_put_uint(w, 4);
			cbor_put_bytes(w, proved->author_key);
		}
	}
}

static void evidence_put(struct writer *w, const struct signer_request *request)
{
	cbor_put_uint(w, 2);
	cbor_put_map(w, 2);
	cbor_put_uint(w, 1);
	cbor_put_uint(w, request->size);
	cbor_put_uint(w, 2);
	all_proved_put(w, request);
}

static void entries_put(struct writer *w, const struct signer_request *request)
{
	cbor_put_uint(w, 2);
	cbor_put_uint(w, request->size);
	cbor_put_uint(w, 3);
	all_proved_put(w, request);
}

typedef void shape_put(struct writer *w, const struct signer_request *request);
static shape_put *const PUT[] = {
	[HEADS] = checkpoint_request_put,
	[RECORD] = record_put,
	[EVIDENCE] = evidence_put,
	[ENTRIES] = entries_put,
};

void request_put(struct writer *w, const struct signer_request *request)
{
	enum shape shape = TABLE[request->operation].shape;

	cbor_put_map(w, KEYS[shape]);
	cbor_put_uint(w, 1);
	cbor_put_text(w, bytes_text(TABLE[request->operation].name));
	if (shape != NOTHING)
		PUT[shape](w, request);
}
