/* SPDX-License-Identifier: Apache-2.0 */
/* log_testing.h — a log in memory, of entries that people and stations signed, and what a server would show
 * of it to the signer of `t`. Every helper asserts that it worked. */
#ifndef TESTS_LOG_TESTING_H
#define TESTS_LOG_TESTING_H

#include "core/signed_documents.h"
#include "signer_testing.h"

enum { LOG_MAX = 512, SHOW_MAX = 66, STATIONS = 3 };
#define PRODUCT "GW-100"

struct test_log {
	struct signer_test *t;
	size_t n;
	struct bytes entries[LOG_MAX];
	struct hash digests[LOG_MAX]; /* of the claims */
	const struct private_key *keys[LOG_MAX];
	uint64_t asked; /* size of the last head that was signed */
	struct hash leaves[LOG_MAX];
};
struct test_log *log_new(struct signer_test *t); /* lives in t's arena */

/* ---- making entries ---- */

enum put_kind { PUT_TEXT, PUT_NUMBER, PUT_BYTES, PUT_BOOL, PUT_ITEM };
struct put {
	const char *name;
	enum put_kind kind;
	const char *text;
	uint64_t number;
	struct bytes bytes;
};
#define TEXT(field, value)                                         \
	{                                                          \
		.name = (field), .kind = PUT_TEXT, .text = (value) \
	}
#define NUMBER(field, value)                                           \
	{                                                              \
		.name = (field), .kind = PUT_NUMBER, .number = (value) \
	}
#define BYTES(field, value)                                          \
	{                                                            \
		.name = (field), .kind = PUT_BYTES, .bytes = (value) \
	}
#define BOOL(field, value)                                           \
	{                                                            \
		.name = (field), .kind = PUT_BOOL, .number = (value) \
	}
#define ITEM(field, value)                                          \
	{                                                           \
		.name = (field), .kind = PUT_ITEM, .bytes = (value) \
	}
/* A map in the deterministic order, whatever the order given. */
struct bytes body_make(struct arena *a, const struct put *fields, size_t n);

struct made;
typedef struct bytes prove_fn(struct test_log *l, const struct made *made, struct bytes claim);
struct made {
	const struct private_key *key; /* NULL: unsigned */
	const char *author, *type;
	uint32_t version;   /* 0: 1 */
	uint64_t at;        /* 0: now */
	const char *origin; /* NULL: ORIGIN */
	struct bytes body;
	bool spoiled;    /* the proof is of something else */
	prove_fn *prove; /* NULL: COSE */
};
/* Both return where it stands. */
uint64_t log_put(struct test_log *l, const struct made *made);
uint64_t log_put_bytes(struct test_log *l, struct bytes entry);
/* [claim, proof], in no log. */
struct bytes record_make(struct test_log *l, const struct made *made);

struct private_key *station_key(size_t i);
const char *station_name(size_t i);
/* A stations list of the first `n`. */
struct bytes stations_item(struct arena *a, size_t n);

uint64_t put_release(struct test_log *l, const char *id, const char *environment,
		     uint64_t security_version);
uint64_t put_authorization(struct test_log *l, const char *id, const char *release,
			   uint64_t quantity);
uint64_t put_approval(struct test_log *l, enum person who, uint64_t of);
uint64_t put_denial(struct test_log *l, enum person who, uint64_t of);
uint64_t put_unit(struct test_log *l, size_t station, const char *authorization, size_t unit);
uint64_t put_permit(struct test_log *l, size_t station, size_t unit, const char *release,
		    uint8_t nonce);
uint64_t put_charter(struct test_log *l, enum person author, struct bytes charter,
		     uint64_t revision);

/* ---- showing them ---- */

/* The signer signs the log as it is. */
void log_sign(struct test_log *l);
/* … as far as `size`. */
err log_grow(struct test_log *l, uint64_t size, struct bytes *note, struct fault *f);
struct merkle_head log_head(const struct test_log *l, uint64_t size);
struct proved_entry log_prove(struct test_log *l, uint64_t sequence);
/* All in the last head: `n` sequences. */
struct evidence log_show(struct test_log *l, const uint64_t *sequences, size_t n);

/* The signer is asked; log_sign first where the log has grown. */
err decide(struct test_log *l, enum signer_decision decision, const uint64_t *sequences, size_t n,
	   struct bytes *document, struct fault *f);
/* … and admits it. */
struct bytes decided(struct test_log *l, enum signer_decision decision, const uint64_t *sequences,
		     size_t n);
/* … and refuses with that message. */
void refused(struct test_log *l, enum signer_decision decision, const uint64_t *sequences, size_t n,
	     const char *message);
#define AT(...) \
	(const uint64_t[]){__VA_ARGS__}, sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t)

/* A release and an authorization with BEN's approvals, admitted. */
void house_builds(struct test_log *l, uint64_t quantity);
struct issued_unit issue_one(struct test_log *l, uint64_t sequence);
struct bytes permit_one(struct test_log *l, uint64_t sequence, struct fault *f);

#endif
