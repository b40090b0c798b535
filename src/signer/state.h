/* SPDX-License-Identifier: Apache-2.0 */
/* state.h — what the journal adds up to, in memory: the charter in force, what was admitted, denied and
 * spent. Rebuilt at start, and changed by nothing but records that are in the journal. A build
 * authorization takes its body (at most 16 kB, usually 300 bytes) and about 300 bytes more, a firmware release the
 * same; there are at most 65,536 of each. */
#ifndef SIGNER_STATE_H
#define SIGNER_STATE_H

#include "core/charter.h"
#include "signer/body.h"
#include "signer/known.h"
#include "signer/records.h"

/* Permits and denials are asked for with one signature: without an end, whoever has the server and a
 * station's key, or one voice, could fill the signer's memory until it never starts again. */
enum {
	ADMITTED_MAX = 65536,
	PERMITTED_MAX = 1 << 22,
	DENIED_MAX = 1 << 20, /* of what is no decision yet: one that is can be denied always */
	NOT_AN_ENVIRONMENT = -1
};

/* Spans point into the claim's body. */
struct authorization {
	struct hash digest; /* of the claim */
	struct bytes id, product, release;
	struct bytes hardware_type; /* p is NULL when absent */
	struct bytes stations;      /* a CBOR array of maps; p is NULL when absent */
	uint64_t quantity, valid_until;
	uint64_t security_version; /* permits: not below; 0 when absent */
	bool permits;
	uint64_t issued; /* units that have an intent */
	bool ended;      /* denied or closed */
	uint8_t *kept;   /* the body */
};

struct release {
	struct hash digest;
	struct bytes id, product, version;
	int environment; /* of SIGNER_ENVIRONMENT */
	struct hash image;
	uint64_t image_size, security_version;
	bool emergency;
	bool ended; /* denied or withdrawn */
	uint8_t *kept;
};

/* Fills all but what the journal adds. Fault SIGNER_BODY_WRONG. */
MUST_CHECK err authorization_read(const struct claim *claim, struct hash digest,
				  struct authorization *out, struct fault *f);
MUST_CHECK err release_read(const struct claim *claim, struct hash digest, struct release *out,
			    struct fault *f);
/* Whether the authorization names this key as that of this station. */
bool authorization_names(const struct authorization *authorization, struct bytes station,
			 struct hash key);
size_t authorization_stations(const struct authorization *authorization);
int environment_find(struct bytes name);

/* The charter in force. */
struct charter_state {
	struct charter charter;
	uint8_t bytes[CHARTER_SIZE_MAX];
	uint64_t since[CHARTER_KEYS_MAX]; /* as charter.keys; 0: since the first revision */
	char origin[ORIGIN_SIZE_MAX + 1]; /* after a succession: what the next revision must name */
};

struct signer_state {
	struct charter_state *charter;
	struct known_index known;
	struct authorization *authorizations;
	struct release *releases;
	size_t authorizations_n, authorizations_cap, releases_n, releases_cap;
	size_t permits_n, denials_n;
	uint64_t spent;                      /* records that the anchor counts */
	uint64_t latest;                     /* the journal's last time */
	bool anchored;                       /* a TPM counts along: */
	uint64_t anchor_spent, anchor_value; /* when so many were spent it showed this */
	struct hash anchor_identity;         /* which one */
	bool anchor_left;                    /* the charter let it go, */
	uint64_t anchor_left_spent;          /* by the last of so many */
};
void state_done(struct signer_state *s);

/* The first charter, or the next: what it must follow, the caller has judged. */
MUST_CHECK err state_charter(struct signer_state *s, struct bytes charter, uint64_t at,
			     struct fault *f);
/* Takes in a decision that is in the journal, at `span`. */
MUST_CHECK err state_decided(struct signer_state *s, const struct decision *decision,
			     struct journal_span span, struct fault *f);
/* Takes in a denial that is in the journal. */
MUST_CHECK err state_denied(struct signer_state *s, const struct claim *claim, struct fault *f);
/* A TPM counts from here on. */
void state_anchored(struct signer_state *s, uint64_t spent, uint64_t value, struct hash identity);
/* Everything that waits counts as used up: after a succession from a backup of the journal. */
void state_end_all(struct signer_state *s);

/* Valid until the next decision; NULL if it was not admitted. */
struct authorization *state_authorization(const struct signer_state *s, struct bytes id);
struct authorization *state_authorization_by(const struct signer_state *s, struct hash digest);
struct release *state_release(const struct signer_state *s, struct bytes id);
/* A decision or permit that is in the journal, whether its document is signed or not. */
struct known *state_promise(const struct signer_state *s, struct hash digest);
MUST_CHECK err state_permitted(struct signer_state *s, struct hash digest, struct journal_span span,
			       struct fault *f);
bool state_is_denied(const struct signer_state *s, struct hash digest);
/* Since when the charter knows its i-th key. */
uint64_t state_key_since(const struct signer_state *s, const struct charter_key *key);

#endif
