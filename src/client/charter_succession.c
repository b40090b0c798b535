/* SPDX-License-Identifier: Apache-2.0 */
/* A succession, weighed by the charter that was in force before it: those who agreed stand in the entries
 * right behind it. */
#include "client/charter_check_internal.h"

#include "core/cbor.h"
#include "core/succession.h"

#include <stdlib.h>
#include <string.h>

enum { APPROVAL_MAX = 4096 };

struct succeeding {
	struct succeeding *before;
	uint64_t sequence;
	struct hash statement;
	char origin[ORIGIN_SIZE_MAX + 1];
	const struct charter_kept *by; /* the charter that weighs it; NULL once it did */
	struct kept *votes;
};

/* From here on the charter's next revision names the new log. */
const char *charter_take_succession(struct charter_check *c, uint64_t sequence,
				    const struct entry *entry)
{
	struct succeeding *s = calloc(1, sizeof *s);

	if (s == NULL)
		return "there is no memory for it";
	memcpy(s->origin, entry->claim.origin.p, entry->claim.origin.n);
	s->sequence = sequence;
	s->statement = claim_digest(entry->claim_bytes);
	s->by = c->last;
	s->before = c->succeeding;
	c->succeeding = s;
	c->last->charter.origin = bytes_text(s->origin);
	return NULL;
}

static struct kept *keep_vote(struct bytes approval)
{
	struct kept *one = malloc(sizeof *one + approval.n);
	struct bytes claim, proof;
	const char *why;

	if (one == NULL)
		return NULL;
	memcpy(one->bytes, approval.p, approval.n);
	struct reader r = reader_of(bytes_of(one->bytes, approval.n));
	bool good = cbor_array(&r) == 2;

	claim = cbor_bytes(&r);
	proof = cbor_item(&r);
	one->entry = (struct entry){.claim_bytes = claim};
	if (!good || !reader_end(&r) || !claim_parse(claim, &one->entry.claim, &why) ||
	    !proof_parse(proof, &one->entry.proof, &why)) {
		free(one);
		return NULL;
	}
	one->digest = claim_digest(claim);
	return one;
}

const char *charter_take_succession_vote(struct charter_check *c, const struct entry *entry)
{
	struct succeeding *s = c->succeeding;
	struct bytes statement = document_in_body(entry->claim.body, "statement");
	struct bytes approval = document_in_body(entry->claim.body, "approval");

	if (s == NULL || s->by == NULL || !bytes_equal(statement, hash_bytes(&s->statement)) ||
	    approval.n == 0 || approval.n > APPROVAL_MAX)
		return "it approves no succession that stands right before it";
	struct kept *vote = keep_vote(approval);
	if (vote == NULL)
		return "it is no approval";
	struct bytes record = document_in_body(vote->entry.claim.body, "record");
	if (!bytes_equal(vote->entry.claim.type, bytes_text("approval.given")) ||
	    !bytes_equal(vote->entry.claim.origin, bytes_text(s->origin)) ||
	    !bytes_equal(record, hash_bytes(&s->statement))) {
		free(vote);
		return "its approval is of something else";
	}
	vote->next = s->votes;
	s->votes = vote;
	return NULL;
}

/* Once another entry follows, nobody can agree to it any more. */
const char *charter_weigh_succession(struct charter_check *c, uint64_t *sequence)
{
	struct succeeding *s = c->succeeding;

	if (s == NULL || s->by == NULL)
		return NULL;
	*sequence = s->sequence;
	const char *why = charter_check_files(s->by, "succession", s->votes);
	s->by = NULL;
	return why;
}

void charter_succession_close(struct charter_check *c)
{
	while (c->succeeding != NULL) {
		struct succeeding *before = c->succeeding->before;

		while (c->succeeding->votes != NULL) {
			struct kept *next = c->succeeding->votes->next;
			free(c->succeeding->votes);
			c->succeeding->votes = next;
		}
		free(c->succeeding);
		c->succeeding = before;
	}
}
