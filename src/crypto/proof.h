/* SPDX-License-Identifier: Apache-2.0 */
/* proof.h — whether the proof in an entry is the author's over the claim: COSE_Sign1, WebAuthn in
 * full, SSHSIG in its four forms. One judge for server, signer, audit and passport. */
#ifndef CRYPTO_PROOF_H
#define CRYPTO_PROOF_H

#include "core/entry.h"
#include "core/sshsig.h"
#include "crypto/crypto.h"

/* What WebAuthn assertions must be bound to. */
struct proof_party {
	struct bytes relying_party;  /* p is NULL: assertions are refused */
	const struct bytes *origins; /* of web pages; any of them */
	size_t origins_n;
	bool any_origin; /* offline tools that know only the relying party */
};

/* OK, or PROOF_WRONG (field "proof") with the reason. `claim_bytes` is the claim as signed, `claim` the
 * same parsed. `application`: the FIDO application that an SSHSIG must be of; p NULL: a plain key's
 * or "ssh:". Whose key it is, the caller asks. `party` may be NULL: no assertions. */
MUST_CHECK err proof_check(const struct proof *proof, const struct claim *claim,
			   struct bytes claim_bytes, const struct public_key *key,
			   struct bytes application, const struct proof_party *party,
			   struct fault *f);
/* The FIDO application that an SSHSIG names, for those who know of no other; p is NULL when it names
 * none or is no SSHSIG. */
struct bytes proof_application(const struct proof *proof);
/* NULL if `blob` is an SSHSIG over the message by this key, in our namespace; otherwise why not.
 * `application` as in proof_check. */
const char *sshsig_wrong(struct bytes blob, struct bytes message, const struct public_key *key,
			 struct bytes application);
/* NULL if these are a WebAuthn assertion by this key whose challenge is `digest`; otherwise why not
 * (W3C WebAuthn level 2, section 7.2; the counter and the credential's id, the caller asks). The
 * signature is in DER for P-256 and 64 bytes for Ed25519. */
const char *assertion_check(const struct public_key *key, struct hash digest,
			    struct bytes client_data, struct bytes authenticator_data,
			    struct bytes assertion, const struct proof_party *party);
/* NULL if this is what a browser signs (type "webauthn.get" or "webauthn.create") about `challenge`, on a page of
 * the party's and in no foreign one; otherwise why not. */
const char *client_data_check(const char *type, struct hash challenge, struct bytes client_data,
			      const struct proof_party *party);
/* The public key inside an SSHSIG. */
MUST_CHECK err sshsig_key(const struct sshsig *sig, struct public_key **out, struct fault *f);

#endif
