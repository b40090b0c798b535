/* SPDX-License-Identifier: Apache-2.0 */
/* authority_check.h — whether a unit was built by right, from its passport alone: which number of which build
 * authorization it is, who agreed to that and to its firmware, and that what the signer signed says so. The
 * charter check weighs every decision once more. */
#ifndef CLIENT_AUTHORITY_CHECK_H
#define CLIENT_AUTHORITY_CHECK_H

#include "client/charter_check.h"
#include "client/passport_check.h"
#include "core/signed_documents.h"

enum { LOG_KEYS_MAX = 16 };

/* Gathers while passport_check() runs. Zero-initialise with the unit; spans point into the passport. */
struct authority_check {
	const char *product, *serial; /* the unit */
	struct arena arena;
	struct fault fault;                 /* memory was short: told at the end */
	uint8_t log_keys[LOG_KEYS_MAX][32]; /* that the log says it had, from its start on */
	size_t log_keys_n;
	struct claim_seen *claims, *claims_last;
	struct answer_seen *answers;
	struct charter_check *weighing; /* NULL: decisions are not weighed again */
	bool has_charter, requested, certified;
	struct hash request, certificate; /* digests of the claim and of the certificate */
	struct bytes origin,
		receipt;         /* of the request: a log may have gone on under another name */
	struct bytes programmed; /* the release that it was last programmed with */
};
/* Decisions are weighed, too. `log` must outlive the check. */
MUST_CHECK err authority_check_open(struct authority_check *c, const struct note_key *log,
				    struct fault *f);
passport_each authority_check_each; /* the context is the struct authority_check */

enum { AGREED_SIZE = 256 };

struct agreed {
	char id[ID_SIZE_MAX + 1];  /* of the authorization or the release; empty: none */
	char names[AGREED_SIZE];   /* who agreed, with commas; empty: nobody was asked */
	uint64_t charter;          /* revision that it was weighed by; 0: not weighed again here */
	struct hash signed_by;     /* key id, of a firmware manifest */
	uint64_t security_version; /* … */
};

struct authority_report {
	bool issued; /* there is an issue receipt; without one nothing below is said of it */
	uint64_t n, of;
	enum charter_anchor anchor;
	struct agreed authorization, firmware;
	/* The release that it was last programmed with, if `firmware` is the authorized one because no
	 * manifest of this one is here; otherwise empty. */
	char programmed[ID_SIZE_MAX + 1];
	struct charter_report weighed; /* whole until authority_check_done() */
};
/* After the passport held. AUTHORITY_WRONG and AUDIT_DECISION_UNAUTHORIZED say what does not. */
MUST_CHECK err authority_check_end(struct authority_check *c, const struct note_key *log,
				   struct authority_report *out, struct fault *f);
void authority_check_done(struct authority_check *c);

#endif
