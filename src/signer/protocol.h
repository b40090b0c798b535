/* SPDX-License-Identifier: Apache-2.0 */
/* protocol.h — what passes over the signer's socket, both ways. A frame is a u32 length and one
 * item of deterministic CBOR. Parsing is strict: another key, kind, order or size is refused.
 *
 * The whole of it is written down in docs/formats/signer.cddl. Every request may be repeated: it then
 * has the same answer. */
#ifndef SIGNER_PROTOCOL_H
#define SIGNER_PROTOCOL_H

#include "signer/signer.h"

enum {
	FRAME_MAX = 1 << 20, /* without its length */
	FRAME_HEAD = 4,
	BATCH_MAX = 64,
	PRODUCT_MAX = 64,
	HARDWARE_TYPE_MAX = 128,
	PROVED_MAX = 65, /* a decision and 64 approvals */
	PATH_ITEM = 34,  /* one hash of a path, encoded */
};

enum operation {
	OPERATION_PUBLIC,
	OPERATION_LAST,
	OPERATION_STATUS,
	OPERATION_NONCE,
	OPERATION_CHECKPOINT,
	OPERATION_WITNESSED,
	OPERATION_DENY,
	OPERATION_POLICY,
	OPERATION_AUTHORIZE,
	OPERATION_FIRMWARE,
	OPERATION_CREDENTIAL,
	OPERATION_ISSUE,
	OPERATION_PERMIT,
	OPERATIONS
};

/* One entry with its way into a head. Spans point into the frame. */
struct proved {
	uint64_t sequence;
	struct bytes entry;
	struct bytes path; /* PATH_ITEM bytes for each of the hashes, as they travel */
	size_t path_n;
	struct bytes author_key; /* p is NULL when absent */
};
void proved_path(const struct proved *proved, struct hash path[static MERKLE_DEPTH_MAX]);

struct signer_request {
	enum operation operation;
	struct merkle_head old, now;
	struct hash path[MERKLE_DEPTH_MAX];
	size_t path_n;
	struct bytes record; /* deny: entry or [claim, proof]; witnessed: the note */
	uint64_t size;       /* of the head that the entries are in */
	struct proved proved[PROVED_MAX];
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
/* One result of a batch: `f` is NULL if it went well. A receipt whose p is NULL is left out. */
void reply_put_issued(struct writer *w, struct bytes document, struct bytes receipt,
		      const struct fault *f);
void reply_put_status(struct writer *w, const struct signer_status *status);

/* Opens a reply: OK with `value` placed on what follows, or the fault that the signer sent, or
 * SIGNER_REPLY_MALFORMED. The caller ends with reply_end. */
MUST_CHECK err reply_open(struct bytes in, struct reader *value, struct fault *f);
MUST_CHECK err reply_end(const struct reader *value, struct fault *f);
void reply_get_public(struct reader *r, struct signer_public *out);
struct merkle_head head_get(struct reader *r);
/* `f->code` is OK, or `f` is the fault of this one request. `receipt` NULL: there is none. */
struct bytes reply_get_issued(struct reader *r, struct bytes *receipt, struct fault *f);
void reply_get_status(struct reader *r, struct signer_status *out);

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
