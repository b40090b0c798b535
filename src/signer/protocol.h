/* SPDX-License-Identifier: Apache-2.0 */
/* protocol.h — what passes over the signer's socket, both ways. A frame is a u32 length and one
 * item of deterministic CBOR. Parsing is strict: another key, kind, order or size is refused.
 *
 *   request    {1: "public"} / {1: "last"}
 *              {1: "checkpoint", 2: head, 3: head, 4: [* hash]}     old, new, consistency proof
 *              {1: "issue", 2: [1*64 {1: hash, 2: product, 3: serial, 4: OID, 5: CSR, 6: ms}]}
 *   reply      {1: true, 2: value} / {1: false, 2: fault}
 *   value      public      {1: origin, 2: Ed25519 key, 3: CA key id, 4: CA certificate}
 *              last        head
 *              checkpoint  the note, a byte string
 *              issue       [1*64 [true, certificate] / [false, fault]]
 *   fault      {1: message id, 2: field, 3: [* [name, value]]}
 *   head       [size, root]
 *
 * Every request may be repeated: it then has the same answer. */
#ifndef SIGNER_PROTOCOL_H
#define SIGNER_PROTOCOL_H

#include "signer/signer.h"

enum {
	FRAME_MAX = 1 << 20, /* without its length */
	FRAME_HEAD = 4,
	BATCH_MAX = 64,
	PRODUCT_MAX = 64,
	HARDWARE_TYPE_MAX = 128,
};

enum operation {
	OPERATION_PUBLIC,
	OPERATION_LAST,
	OPERATION_CHECKPOINT,
	OPERATION_ISSUE,
	OPERATIONS
};

/* One request for a certificate. Spans point into the frame; texts are valid ids. */
struct issue_item {
	struct hash request;
	struct bytes product, serial, hardware_type, csr;
	uint64_t at_ms;
};

struct signer_request {
	enum operation operation;
	struct merkle_head old, now;
	struct hash path[MERKLE_DEPTH_MAX];
	size_t path_n;
	struct issue_item items[BATCH_MAX];
	size_t n;
};

/* False with `*why`, a static sentence. */
MUST_CHECK bool request_parse(struct bytes in, struct signer_request *out, const char **why);
void request_put(struct writer *w, const struct signer_request *request);

/* The beginning of a reply that went well; its value follows. */
void reply_put_ok(struct writer *w);
void reply_put_fault(struct writer *w, const struct fault *f);
void reply_put_public(struct writer *w, const struct signer_public *public);
void head_put(struct writer *w, struct merkle_head head);
/* One result of an issue reply: `f` is NULL if it went well. */
void reply_put_issued(struct writer *w, struct bytes certificate, const struct fault *f);

/* Opens a reply: OK with `value` placed on what follows, or the fault that the signer sent, or
 * SIGNER_REPLY_MALFORMED. The caller ends with reply_end. */
MUST_CHECK err reply_open(struct bytes in, struct reader *value, struct fault *f);
MUST_CHECK err reply_end(const struct reader *value, struct fault *f);
void reply_get_public(struct reader *r, struct signer_public *out);
struct merkle_head head_get(struct reader *r);
/* `f->code` is OK, or `f` is the fault of this one request. */
struct bytes reply_get_issued(struct reader *r, struct fault *f);

/* Fixed-size spans and plain items, shared with the journal. */
struct hash hash_get(struct reader *r);
void hash_put(struct writer *w, struct hash h);
struct bytes text_get(struct reader *r, size_t max);
struct bytes blob_get(struct reader *r, size_t max);
/* An array of exactly `n`, or a map of exactly `n` whose keys 1 to n the caller then takes with
 * key_get; anything else fails the reader. */
void array_get(struct reader *r, size_t n);
void map_get(struct reader *r, size_t n);
void key_get(struct reader *r, uint64_t key);

#endif
