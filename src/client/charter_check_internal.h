/* SPDX-License-Identifier: Apache-2.0 */
/* charter_check_internal.h — what is kept of a log to weigh its decisions. */
#ifndef CLIENT_CHARTER_CHECK_INTERNAL_H
#define CLIENT_CHARTER_CHECK_INTERNAL_H

#include "client/charter_check.h"
#include "core/signed_documents.h"

/* An entry of the log, kept while its decision is open. */
struct kept {
	struct kept *next;
	uint64_t sequence;
	struct hash digest; /* of its claim */
	struct entry entry; /* spans point into `bytes` */
	uint8_t bytes[];
};

struct open_decision {
	struct open_decision *next;
	size_t class;  /* place in CLASSES */
	bool in_force; /* on the server: it waits for the signer's answer */
	struct kept *decision, *votes, *denials;
};

struct charter_kept {
	struct charter_kept *before;
	uint64_t from; /* by the signer's time; 0: from the beginning */
	struct charter charter;
	uint64_t since[CHARTER_KEYS_MAX]; /* as charter.keys */
	uint8_t bytes[CHARTER_SIZE_MAX];
};

/* Digests spread evenly: by their first bytes. */
enum { BUCKETS = 4096 };

struct answered {
	struct answered *next;
	struct hash digest;
};

struct charter_check {
	const struct note_key *log;
	struct public_key *key; /* of the log */
	struct charter_kept *last;
	struct open_decision *open[BUCKETS];
	struct answered *answered[BUCKETS]; /* decisions that are not open any more */
	struct succeeding *succeeding; /* the last time that the log went on under another name */
	struct denied_late *denied;
	size_t denied_n, denied_room;
	struct charter_report report;
};

struct class
{
	const char *type, *approval_class;
	enum document_kind document;
};
extern const struct class CLASSES[];

/* NULL if the charter agrees to what the document says was decided, otherwise why not. */
const char *charter_check_admission(struct charter_check *c, const struct open_decision *d,
				    struct bytes document, uint64_t *at);
const char *charter_check_manifest(struct charter_check *c, const struct open_decision *d,
				   struct bytes document, uint64_t *at);
/* The same for approvals that came as files, of what has no author in the log: one of those who agreed
 * stands for him. */
const char *charter_check_files(const struct charter_kept *by, const char *approval_class,
				const struct kept *votes);
/* charter_denials.c: `*why` is NULL if nobody whom the charter names had denied it before `at`, the
 * signer's time; denials that came too late for the signer are noted. */
MUST_CHECK err charter_check_denials(struct charter_check *c, const struct open_decision *d,
				     uint64_t at, const char **why, struct fault *f);
/* charter_succession.c: NULL or what is wrong. */
const char *charter_take_succession(struct charter_check *c, uint64_t sequence,
				    const struct entry *entry);
const char *charter_take_succession_vote(struct charter_check *c, const struct entry *entry);
/* Before any other entry: whether enough had agreed, if one waits; `*sequence` is its entry. */
const char *charter_weigh_succession(struct charter_check *c, uint64_t *sequence);
void charter_succession_close(struct charter_check *c);
/* Whether the body of an answer holds an admission or a manifest: answers to denials do not. */
bool charter_check_document(struct bytes body);
/* The number that a body holds under this name; 0 if there is none. */
uint64_t number_in_body(struct bytes body, const char *name);

#endif
