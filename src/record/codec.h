/* SPDX-License-Identifier: Apache-2.0 */
/* codec.h — a record's body between CBOR, JSON, the C struct and SQL values, all through the
 * field table. Strict: unknown, missing, duplicate, over-long or out of range is an error that
 * names the field. */
#ifndef RECORD_CODEC_H
#define RECORD_CODEC_H

#include "db/db.h"
#include "record/registry.h"

#include <jansson.h>

enum { SALT_SIZE = 16, OPENINGS_MAX = 256 };

/* The value behind a commitment: SHA-256(salt ‖ value) stands in the claim. */
struct opening {
	struct hash commitment;
	uint8_t salt[SALT_SIZE];
	struct bytes value;
	bool personal;
	const char *field; /* path */
};

/* Makes commitments while JSON is read. With a `secret`, salts follow from (secret, author, id,
 * field), so that a repeated submission gives the same claim. */
struct opener {
	struct bytes secret; /* 32 bytes; empty: commitments in JSON are refused */
	struct bytes author;
	struct uuid id;
	struct opening *openings; /* OPENINGS_MAX of them */
	size_t n;
};

/* A decoded body. Bit i of `present` is field i. */
struct body {
	void *p;
	uint64_t present;
};

MUST_CHECK err body_from_cbor(struct arena *a, const struct field *fields, size_t size,
			      struct bytes cbor, struct body *out, struct fault *f);
MUST_CHECK err body_from_json(struct arena *a, const struct field *fields, size_t size,
			      const json_t *json, struct opener *opener, struct body *out,
			      struct fault *f);
/* Deterministic CBOR: one map with text keys, absent fields left out. */
void body_to_cbor(struct writer *w, const struct field *fields, const struct body *body);
/* A new reference, or NULL without memory. Commitments are shown as {"commitment": hex} with
 * "value" where `openings` knows it. */
json_t *body_to_json(const struct field *fields, const struct body *body,
		     const struct opening *openings, size_t openings_n);

/* Fills values[0..fields_count) for SQL: absent fields and lists are NULL. */
void body_values(const struct field *fields, const struct body *body, struct value *values);
/* One element of a list as a body of its own. */
struct body list_element(const struct field *field, const struct body *body, size_t i);
const struct list *body_list(const struct field *field, const struct body *body);
/* The values of a rule that runs for each element of a list, for element i: the record's, the
 * element's members, i itself. NULL without memory. */
struct value *each_values(struct arena *a, const struct rule *rule, const struct value *values,
			  const struct body *body, size_t i);
/* How many elements: 0 if the list is absent. */
size_t each_count(const struct rule *rule, const struct body *body);

/* Checks openings against the body's commitments: each must be one that stands in the body, and
 * its value must be what was committed to. Says of each whether it is about a person. */
MUST_CHECK err openings_check(const struct field *fields, const struct body *body,
			      struct opening *openings, size_t n, struct fault *f);
struct hash commitment_of(const uint8_t salt[static SALT_SIZE], struct bytes value);

/* Reads one value as its field kind from text: query parameters, command line, CSV. */
MUST_CHECK err value_from_text(struct arena *a, enum field_kind kind, const char *name,
			       struct bytes text, struct value *out, struct fault *f);

/* Limits of a kind where the row names none. */
int64_t field_most(const struct field *field);
bool choice_allows(const char *choices, struct bytes word);
/* UTF-8 without control characters but line feed and tab, not empty. */
bool text_valid(struct bytes text);

#endif
