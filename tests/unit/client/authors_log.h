/* SPDX-License-Identifier: Apache-2.0 */
/* authors_log.h — entries of a log as its writer could make them, right or wrong, and an audit of each that
 * knows whose key is whose. */
#ifndef TEST_CLIENT_AUTHORS_LOG_H
#define TEST_CLIENT_AUTHORS_LOG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "client/log.h"
#include "core/cbor.h"

#include <string.h>

#define ORIGIN "authors.example/log"
static const uint64_t MADE_MS = UINT64_C(1790000000123);

struct log {
	struct arena arena;
	struct registry *registry;
	struct audit_keys keys;
	struct private_key *ada, *alice, *mallory; /* ada founds */
	uint64_t next;
	uint64_t later_ms;      /* that the next entries come after MADE_MS */
	struct subject subject; /* of the next entries; kind without bytes: none */
	uint64_t target;        /* that the next entry executes */
	enum proof_kind form;   /* of the next signatures; PROOF_NONE: COSE */
	const char *party;      /* of passkeys */
	struct fault f;
};

void must(struct log *l, err e);
/* An entry as a log could hold it; without a key it was reported over a channel. */
struct bytes make_entry(struct log *l, const char *type, const char *author,
			const struct private_key *key, enum outcome outcome, json_t *body);
err audit_one(struct log *l, struct bytes bytes);
/* Both. */
err happens(struct log *l, const char *type, const char *author, const struct private_key *key,
	    enum outcome outcome, json_t *body);
json_t *enrolment(const char *principal, const struct private_key *key);
void enroll(struct log *l, const char *principal, const struct private_key *key);
/* Any record will do: a decision. */
err speaks(struct log *l, const char *author, const struct private_key *key);
void assert_wrong(struct log *l, err e, const char *detail);
json_t *start_by(const char *principal, const struct private_key *key, const char *party);

/* cmocka fixtures: a log that ada began; with a relying party, or without. */
int log_open(void **state);
int log_with_passkeys(void **state);
int log_close(void **state);
#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, log_open, log_close)

#endif
