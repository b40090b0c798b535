/* SPDX-License-Identifier: Apache-2.0 */
/* type.h — a record type is a struct, a row and some SQL. From the row come JSON and CBOR
 * coding, limits, SQL parameters, command-line help, GET /v1/types and OpenAPI. */
#ifndef RECORD_TYPE_H
#define RECORD_TYPE_H

#include "base/arena.h"
#include "core/entry.h"

/* ---- what a field can be: chosen by the member's C type ---- */

struct id { /* 1–64 characters of GS1 set 82 */
	uint8_t n;
	char text[ID_SIZE_MAX + 1];
};
struct instant { /* unix milliseconds; RFC 3339 in JSON */
	uint64_t ms;
};
struct text { /* UTF-8, no control characters but line feed and tab */
	struct bytes bytes;
};
struct blob { /* small binary, base64url in JSON; larger things are named by digest */
	struct bytes bytes;
};
struct commitment { /* SHA-256(16-byte salt ‖ value): stands in for a value that can be erased */
	struct hash hash;
};
struct list { /* of a sub-struct; `present` has one word of presence bits per element */
	size_t n;
	void *items;
	uint64_t *present;
};

enum field_kind {
	FIELD_ID = 1,
	FIELD_HASH, /* 32 bytes, hexadecimal in JSON */
	FIELD_INSTANT,
	FIELD_NUMBER, /* int64_t; limits in the row */
	FIELD_BOOL,
	FIELD_TEXT,
	FIELD_BLOB,
	FIELD_COMMITMENT, /* JSON carries the value; the claim carries the commitment */
	FIELD_LIST,
};

enum field_flags {
	OPTIONAL = 0,
	REQUIRED = 1,
	CONFIDENTIAL = 2, /* business secret: a commitment in the claim */
	PERSONAL = 4,     /* about a person: a commitment, erased on request */
	STORED = 8,       /* FIELD_HASH: names a blob, which is kept while a record names it */
};

struct field {
	const char *name;
	enum field_kind kind;
	unsigned flags;
	size_t offset;
	int64_t least, most;     /* FIELD_NUMBER: the range; TEXT, BLOB: bytes; LIST: elements */
	const char *choices;     /* FIELD_ID: "H|S|I", or NULL for any */
	const struct field *sub; /* FIELD_LIST */
	size_t sub_size;
	const char *help;
};

#define FIELD_KIND_(member)                      \
	_Generic((member), struct id             \
		 : FIELD_ID, struct hash         \
		 : FIELD_HASH, struct instant    \
		 : FIELD_INSTANT, int64_t        \
		 : FIELD_NUMBER, bool            \
		 : FIELD_BOOL, struct text       \
		 : FIELD_TEXT, struct blob       \
		 : FIELD_BLOB, struct commitment \
		 : FIELD_COMMITMENT)
#define FIELD_BASE_(type, member, flag_bits, text)                                              \
	.name = #member, .kind = FIELD_KIND_(((struct type *)0)->member), .flags = (flag_bits), \
	.offset = offsetof(struct type, member), .help = (text)

/* FIELD(seal_applied, maker, REQUIRED, "who made the seal") */
#define FIELD(type, member, flag_bits, text)               \
	{                                                  \
		FIELD_BASE_(type, member, flag_bits, text) \
	}
/* NUMBER(lot_received, quantity, REQUIRED, 1, 1000000, "how many pieces") */
#define NUMBER(type, member, flag_bits, low, high, text)                                   \
	{                                                                                  \
		FIELD_BASE_(type, member, flag_bits, text), .least = (low), .most = (high) \
	}
/* SIZED(…, 200, …): TEXT or BLOB or COMMITMENT of at most that many bytes */
#define SIZED(type, member, flag_bits, bytes_max, text)                                     \
	{                                                                                   \
		FIELD_BASE_(type, member, flag_bits, text), .least = 1, .most = (bytes_max) \
	}
/* BETWEEN(…, 16, 32, …): TEXT or BLOB of so many bytes */
#define BETWEEN(type, member, flag_bits, bytes_least, bytes_max, text)              \
	{                                                                           \
		FIELD_BASE_(type, member, flag_bits, text), .least = (bytes_least), \
							    .most = (bytes_max)     \
	}
/* CHOICE(seal_made, class, REQUIRED, "H|S|I", "ISO 17712 class") */
#define CHOICE(type, member, flag_bits, words, text)                           \
	{                                                                      \
		FIELD_BASE_(type, member, flag_bits, text), .choices = (words) \
	}
/* LIST(unit_built, parts, REQUIRED, part_fields, struct built_part, 200, "what was fitted") */
#define LIST(type, member, flag_bits, sub_fields, sub_struct, count_max, text)            \
	{                                                                                 \
		.name = #member, .kind = FIELD_LIST, .flags = (flag_bits),                \
		.offset = offsetof(struct type, member), .least = 1, .most = (count_max), \
		.sub = (sub_fields), .sub_size = sizeof(sub_struct), .help = (text)       \
	}

/* ---- the row ---- */

enum nature { EVENT = 1, DECISION = 2 };
enum origin_rule {
	SIGNED = 1, /* needs a proof by the author's own key */
	REPORTED,   /* an authenticated channel is enough; a proof is welcome */
};
enum type_flags {
	REPORT = 1, /* outside the author's permission it enters as unverified */
	SYSTEM = 2, /* only the server's own services author it */
	VOTE = 4,   /* about a waiting record: the permission is that of its approval class */
	WEIGHED =
		8, /* the signer weighs its approvals again: votes may follow after it took effect */
};

/* How a type names what it is about: kind, and the fields that hold the two halves of the key.
 * `within` is NULL when the id is unique by itself. A kind of the form ":field" is that field's value:
 * for records about things of any kind. */
struct subject_rule {
	const char *kind, *within, *id;
};

struct decoded; /* record.h */
struct check_context;
/* A C check: decides what shape and SQL cannot. Runs in a worker, before the writer; sees only
 * the record. Fills the outputs struct of the row; may refuse a decision. For an event it must
 * not fail on content: it says so in an output. */
typedef err record_check(struct check_context *context, const void *body, uint64_t present,
			 void *outputs, uint64_t *outputs_present, struct fault *f);

struct record_type {
	const char *name;
	unsigned version;
	enum nature nature;
	const char *permission;
	enum origin_rule origin;
	unsigned flags;
	struct subject_rule subject;
	const char *scope;    /* name of a scope section; NULL: only an unlimited grant will do */
	const char *approval; /* approval class, or NULL */
	const char *gate;     /* gate it must pass, or NULL */
	size_t size;
	const struct field *fields;
	size_t outputs_size;
	const struct field *outputs; /* FIELD_ID, HASH, NUMBER, TEXT or BLOB; SQL sees :name */
	record_check *check;
	const char *help;
};

/* One area of the domain: its types, its SQL, registered in domain/registry.c. */
struct area {
	const char *name;
	const struct record_type *types; /* ended by a row without a name */
	const char *sql;                 /* embedded <area>.sql */
};
extern const struct area *const AREAS[]; /* ended by NULL */

#endif
