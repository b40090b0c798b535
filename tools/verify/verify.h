/* SPDX-License-Identifier: Apache-2.0 */
/* verify.h — a unit's passport verified by nothing but lib/ and libcrypto: a second opinion beside
 * `sealwright verify passport`, for whoever builds it from its source. */
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include "core/passport.h"

enum { AUTHOR_KEYS_MAX = 4200, EARLIER_KEYS_MAX = 16 };

struct author_key {
	struct hash id;
	struct bytes spki;
	struct bytes owner, rest; /* a principal; or a unit: product and serial */
	bool ended;
	uint64_t usable_from; /* ms, of a recovery's; UINT64_MAX: others have to agree */
	uint64_t asked, asked_for;
	struct bytes given_by; /* id of the shift or the recovery */
	bool is_shifts;
	uint64_t opened, not_after; /* of a shift's: its record, and its end in ms */
	struct hash opened_by;
};

/* A record that was signed with a shift's key, and the record that opened the shift. */
struct by_shift {
	uint64_t sequence, opened;
};

/* About 1.5 MiB: not for a stack. Spans point into the file. */
struct verification {
	struct passport passport;
	struct merkle_head head;
	const struct note_key *log;
	struct passport_failure failure;
	struct author_key keys[AUTHOR_KEYS_MAX];
	size_t keys_n;
	uint8_t log_keys[EARLIER_KEYS_MAX][32]; /* that the log says it had */
	size_t log_keys_n;
	struct bytes mode, party; /* of the log, by its first entry */
	struct by_shift by_shifts[PASSPORT_ENTRIES_MAX];
	size_t by_shifts_n;
	size_t entries, signed_by_author, reported, passkeys, agreed;
	bool succeeded; /* the log went on under another name: who agreed to that is not weighed */
};

/* Zero-initialise `v`. True if the passport holds; otherwise v->failure says at which step and why. */
MUST_CHECK bool verify_passport(struct bytes file, const struct note_key *log,
				struct verification *v);

/* After that, with a copy of the whole log in a folder: nothing about the unit is missing, to this day. */
MUST_CHECK bool verify_whole_log(struct verification *v, const char *folder);
/* Reads a whole file of at most `cap` bytes. */
MUST_CHECK bool verify_read_file(const char *path, uint8_t *room, size_t cap, struct bytes *out);

/* ---- between the parts ---- */

bool verify_fails(struct verification *v, enum passport_step step, uint64_t sequence,
		  const char *why);
/* The steps behind passport_verify(). */
MUST_CHECK bool verify_authors(struct verification *v);
MUST_CHECK bool verify_device(struct verification *v);
/* agreement.c: every decision that the signer admitted is weighed again, and the unit's own. */
MUST_CHECK bool verify_agreement(struct verification *v);
/* issue.c: what the signer signed for this unit says so. */
MUST_CHECK bool verify_issue(struct verification *v, bool has_charter);
/* Every key that the log says it had may have signed a document of the signer. */
MUST_CHECK bool verify_signed_by_log(const struct verification *v, const struct cose_sign1 *sign1,
				     struct bytes name);
extern const char *const UNSIGNED_TYPES[]; /* ended by NULL */

/* What a body holds under a name: empty, 0 or false if it does not. */
struct bytes body_text(struct bytes body, const char *name);
uint64_t body_number(struct bytes body, const char *name);
bool body_hash(struct bytes body, const char *name, struct hash *out);
/* A reader on the first element of a list of maps, each to be taken with cbor_item(). */
struct reader body_maps(struct bytes body, const char *name, size_t *n);
bool entry_is(const struct entry *entry, const char *type);
bool entry_is_of_unit(const struct verification *v, const struct entry *entry);

#endif
