/* SPDX-License-Identifier: Apache-2.0 */
/* authority_check.h — whether a unit was built by right, from its passport alone: the signer's documents in
 * it are verified, and every decision that it admitted is weighed again by the charter of that time. */
#ifndef CLIENT_AUTHORITY_CHECK_H
#define CLIENT_AUTHORITY_CHECK_H

#include "client/passport_check.h"
#include "core/signed_documents.h"

/* Gathers while passport_check() runs. Zero-initialise with the unit; spans point into the passport. */
struct authority_check {
	const char *product, *serial; /* the unit */
	struct arena arena;
	struct fault fault; /* memory was short: told at the end */
	struct claim_seen *claims, *claims_last;
	struct answer_seen *answers;
	struct charter_seen *charters;
	bool requested, certified;
	struct hash request, certificate; /* digests of the claim and of the certificate */
	struct bytes origin,
		receipt; /* of the request: a log may have gone on under another name */
};
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
	size_t admitted; /* admissions that were verified and weighed again */
	size_t charters;
};
/* After the passport held. AUTHORITY_WRONG says what does not. */
MUST_CHECK err authority_check_end(struct authority_check *c, const struct note_key *log,
				   struct authority_report *out, struct fault *f);
void authority_check_done(struct authority_check *c);

#endif
