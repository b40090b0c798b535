/* SPDX-License-Identifier: Apache-2.0 */
/* charter_log.h — a small log with a charter, told entry by entry to the check: ann, bob and cid are
 * founders (bob signs on the server's screen), dee may ask, eve is nobody yet, keeper is of the recovery set. */
#ifndef TESTS_CLIENT_CHARTER_LOG_H
#define TESTS_CLIENT_CHARTER_LOG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail /* cmocka's macro would hide ours */

#include "client/charter_check.h"
#include "core/cbor.h"
#include "core/signed_documents.h"
#include "crypto/crypto.h"

#define ORIGIN "charter.example/log"

enum { ANN, BOB, CID, DEE, EVE, KEEPER, PEOPLE };

static const uint64_t HOUR = 3600000;

extern struct private_key *keys[PEOPLE], *log_private, *other_log;
extern struct note_key log_key;
extern struct charter_check *check;
extern struct charter first; /* as the log began with it */
extern uint64_t now, next_sequence;
extern struct hash last_digest; /* of the claim of the last entry */
extern struct fault fault;

/* Each test begins with a log that has its first entry. */
int log_begins(void **state);
int log_ends(void **state);
#define CHECK_TEST(name) cmocka_unit_test_setup_teardown(name, log_begins, log_ends)

struct writer room(size_t n);
struct bytes made(const struct writer *w);

struct said {
	const char *type;
	int by; /* -1: the server, unsigned */
	struct bytes body;
	enum outcome outcome;
	uint64_t target;
	int forged; /* signed with this person's key in by's name; 0: nobody's */
};

/* Tells one more entry to the check; each takes a minute. */
err tell(const struct said *s);
void holds(err e);
void assert_unauthorized(err e, const char *sequence, const char *detail);
struct bytes body_with(const char *name, struct bytes bytes);
/* A body that names a record. */
struct bytes naming(const struct hash *digest);

struct charter first_charter(void);
void add_key(struct charter *c, uint8_t person, int whose, bool outside);
void add_person(struct charter *c, int who, const char *group);
struct bytes written(const struct charter *c);
err start_with(const struct charter *c);

/* Each returns the digest of the claim. */
struct hash asks(const char *type, int by, struct bytes body, enum outcome outcome);
struct hash asks_to_build(int by);
struct hash approves(int by, struct hash decision);

/* What is not said is as it should be. */
struct admitted {
	struct hash decision;
	const struct hash *approvals;
	size_t approvals_n;
	const char *approval_class; /* NULL: build.authorize */
	const struct hash *claim;
	const struct private_key *key;
	const char *origin;
	uint64_t charter, at;
};

err tell_admitted(const struct admitted *how);
#define ADMITTED(decision_, votes_, n_, ...) \
	tell_admitted(&(struct admitted){    \
		.decision = decision_, .approvals = votes_, .approvals_n = n_, __VA_ARGS__})

/* The signer's answer to a firmware release. */
err tell_manifest(struct hash decision, uint64_t at);

/* The approvals' digests, in order, as an admission holds them. */
struct bytes approvals_of(const struct admitted *a);
/* A document of the signer's around its payload. */
struct bytes sealed(const struct private_key *key, enum document_kind kind, struct bytes payload);
struct bytes answer_body(struct hash decision, struct bytes document);
struct charter_report report(void);

#endif
