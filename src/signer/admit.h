/* SPDX-License-Identifier: Apache-2.0 */
/* admit.h — decisions that people made: the charter weighs them, the journal keeps them, a signed document
 * tells everybody. */
#ifndef SIGNER_ADMIT_H
#define SIGNER_ADMIT_H

#include "signer/evidence.h"
#include "signer/spend.h"

/* What is decided, on its way through the checks. */
struct deciding {
	struct vault *vault;
	struct arena *arena;
	const struct signer_request *request;
	enum operation operation;
	struct shown target;
	const char *approval_class;
	uint64_t now;
	unsigned more; /* persons beyond the rule's need */
	struct decision decision;
};

/* The claim's own content, before anybody's approval counts: each in its file by kind. */
MUST_CHECK err judge_authorization(struct deciding *d, struct fault *f);
MUST_CHECK err judge_release(struct deciding *d, struct fault *f);
MUST_CHECK err judge_charter(struct deciding *d, struct fault *f);
MUST_CHECK err judge_credential(struct deciding *d, struct fault *f);

enum { STATIONS_MAX = 64 };

/* What credential.requested asks for. */
struct credential_asked {
	struct bytes id;
	struct credential credential;
	struct public_key *key; /* to be closed */
};
MUST_CHECK err credential_read(const struct claim *claim, uint64_t at, struct arena *a,
			       struct credential_asked *out, struct fault *f);
MUST_CHECK err credential_make(const struct vault *v, const struct claim *claim, uint64_t at,
			       struct arena *a, struct bytes *out, struct fault *f);
MUST_CHECK err manifest_read(const struct claim *claim, struct hash digest,
			     struct firmware_manifest *out, struct fault *f);

/* The approvals reach what the charter demands: fills decision.approvals with those that counted. */
MUST_CHECK err weigh_decision(struct deciding *d, struct fault *f);

/* The same for approvals that came as files, of what has no author in the log: each who agrees stands for
 * him in turn, so that they must be one more than the rule needs; or the recovery set. */
MUST_CHECK err weigh_files(struct deciding *d, const struct shown *shown, size_t n,
			   struct fault *f);

/* The document for a decision that is in the journal. */
MUST_CHECK err decision_document(const struct vault *v, const struct decision *decision,
				 const struct claim *claim, struct arena *a, struct bytes *out,
				 struct fault *f);

MUST_CHECK err vault_decide(struct vault *vault, const struct signer_request *request,
			    struct arena *a, struct writer *reply, struct fault *f);
MUST_CHECK err vault_issue(struct vault *vault, const struct signer_request *request,
			   struct arena *a, struct writer *reply, struct fault *f);
MUST_CHECK err vault_permit(struct vault *vault, const struct signer_request *request,
			    struct arena *a, struct writer *reply, struct fault *f);
MUST_CHECK err vault_deny(struct vault *vault, const struct signer_request *request,
			  struct arena *a, struct writer *reply, struct fault *f);
MUST_CHECK err vault_status(struct vault *vault, const struct signer_request *request,
			    struct arena *a, struct writer *reply, struct fault *f);

#endif
