/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/proof.h"

#include <string.h>

#include <jansson.h>

#include "core/sha256.h"
#include "crypto/crypto_internal.h"

/* ---- WebAuthn (W3C WebAuthn level 2, section 7.2) ---- */

enum { FLAG_USER_PRESENT = 0x01, FLAG_USER_VERIFIED = 0x04, AUTHENTICATOR_DATA_MIN = 37 };

static bool json_is(const json_t *json, const char *name, struct bytes expected)
{
	const json_t *member = json_object_get(json, name);

	return json_is_string(member) &&
	       bytes_equal(bytes_of(json_string_value(member), json_string_length(member)),
			   expected);
}

static bool origin_is_ours(const json_t *json, const struct proof_party *party)
{
	if (party->any_origin)
		return json_is_string(json_object_get(json, "origin"));
	for (size_t i = 0; i < party->origins_n; i++) {
		if (json_is(json, "origin", party->origins[i]))
			return true;
	}
	return false;
}

static bool inside_a_foreign_page(const json_t *json)
{
	const json_t *cross = json_object_get(json, "crossOrigin");

	return (cross != NULL && !json_is_false(cross)) ||
	       json_object_get(json, "topOrigin") != NULL;
}

const char *client_data_check(const char *type, struct hash digest, struct bytes client_data,
			      const struct proof_party *party)
{
	char challenge[64];

	if (client_data.n > CLIENT_DATA_MAX)
		return "the client data is too long";
	json_t *json = json_loadb((const char *)client_data.p, client_data.n,
				  JSON_REJECT_DUPLICATES, NULL);
	const char *why = NULL;

	base64url_encode(hash_bytes(&digest), challenge);
	if (!json_is_object(json))
		why = "the client data is not JSON";
	else if (!json_is(json, "type", bytes_text(type)))
		why = "the client data is not of an assertion";
	else if (!json_is(json, "challenge", bytes_text(challenge)))
		why = "the challenge is not this record's digest";
	else if (!origin_is_ours(json, party))
		why = "the assertion was made on another web site";
	else if (inside_a_foreign_page(json))
		why = "the assertion was made inside a foreign page";
	json_decref(json);
	return why;
}

static const char *authenticator_data_wrong(const struct proof_party *party, struct bytes data)
{
	struct hash expected = sha256(party->relying_party);

	if (data.n < AUTHENTICATOR_DATA_MIN)
		return "the authenticator data is too short";
	if (memcmp(data.p, expected.b, sizeof expected.b) != 0)
		return "the assertion is for another relying party";
	if ((data.p[32] & FLAG_USER_PRESENT) == 0 || (data.p[32] & FLAG_USER_VERIFIED) == 0)
		return "the person was not present and verified";
	return NULL;
}

const char *assertion_check(const struct public_key *key, struct hash digest,
			    struct bytes client_data, struct bytes authenticator_data,
			    struct bytes assertion, const struct proof_party *party)
{
	uint8_t message[AUTHENTICATOR_DATA_MAX + 32], signature[64];
	const char *why;

	if (party == NULL || party->relying_party.p == NULL ||
	    (!party->any_origin && party->origins_n == 0))
		return "passkey assertions are not set up here";
	why = client_data_check("webauthn.get", digest, client_data, party);
	if (why == NULL)
		why = authenticator_data_wrong(party, authenticator_data);
	if (why != NULL)
		return why;
	struct hash client = sha256(client_data);
	struct writer w = writer_of(message, sizeof message);
	struct bytes covered;
	put_bytes(&w, authenticator_data);
	put_bytes(&w, hash_bytes(&client));
	if (!writer_done(&w, &covered))
		return "the authenticator data is too long";
	if (public_key_algorithm(key) == KEY_ED25519 && assertion.n == 64)
		memcpy(signature, assertion.p, 64);
	else if (public_key_algorithm(key) == KEY_ED25519 || !ecdsa_from_der(assertion, signature))
		return "the signature is not in its algorithm's form";
	return key_verify(key, covered, signature) ? NULL : "the signature does not match";
}

/* ---- SSHSIG (OpenSSH, PROTOCOL.sshsig and PROTOCOL.u2f) ---- */

enum { SSH_STRUCTURE_MAX = 256, SSH_TOKEN_SIZE = 69 };

static bool is_token(const struct sshsig *sig)
{
	return sig->algorithm == SSH_SK_ED25519 || sig->algorithm == SSH_SK_P256;
}

struct bytes proof_application(const struct proof *proof)
{
	struct sshsig sig;
	const char *why;

	if (proof->kind != PROOF_SSHSIG || !sshsig_parse(proof->sshsig, &sig, &why))
		return (struct bytes){0};
	return sig.application;
}

err sshsig_key(const struct sshsig *sig, struct public_key **out, struct fault *f)
{
	if (sig->algorithm == SSH_ED25519 || sig->algorithm == SSH_SK_ED25519)
		return public_key_from_ed25519(sig->public_key.p, out, f);
	return public_key_from_p256(sig->public_key.p, out, f);
}

static bool made_with(const struct sshsig *sig, const struct public_key *key)
{
	AUTO(public_key_auto) struct public_key *inside = NULL;

	return sshsig_key(sig, &inside, NULL).code == OK &&
	       hash_equal(public_key_id(inside), public_key_id(key));
}

static const char *token_wrong(const struct sshsig *sig, struct bytes application)
{
	if (application.p == NULL && !is_token(sig))
		return NULL;
	if (!is_token(sig))
		return "the key lives in a token, and the signature does not come from one";
	if (!bytes_equal(sig->application,
			 application.p == NULL ? bytes_text("ssh:") : application))
		return "the signature is for another application of the token";
	if ((sig->flags & FLAG_USER_PRESENT) == 0)
		return "nobody touched the token";
	return NULL;
}

static bool message_digest(const struct sshsig *sig, struct bytes message, uint8_t out[64],
			   struct bytes *digest)
{
	unsigned n = 0;
	const EVP_MD *algorithm = sig->hash == SSH_SHA512 ? EVP_sha512() : EVP_sha256();

	if (EVP_Digest(message.p, message.n, out, &n, algorithm, NULL) != 1)
		return false;
	*digest = bytes_of(out, n);
	return true;
}

static bool ssh_signature_holds(const struct sshsig *sig, struct bytes message,
				const struct public_key *key)
{
	uint8_t digest[64], structure[SSH_STRUCTURE_MAX], token[SSH_TOKEN_SIZE];
	struct writer w = writer_of(structure, sizeof structure);
	struct bytes hashed, covered;

	if (!message_digest(sig, message, digest, &hashed))
		return false;
	sshsig_put_signed(&w, sig, hashed);
	if (!writer_done(&w, &covered))
		return false;
	if (is_token(sig)) {
		w = writer_of(token, sizeof token);
		sshsig_put_token(&w, sig, sha256(covered));
		if (!writer_done(&w, &covered))
			return false;
	}
	return key_verify(key, covered, sig->signature);
}

const char *sshsig_wrong(struct bytes blob, struct bytes message, const struct public_key *key,
			 struct bytes application)
{
	struct sshsig sig;
	const char *why;

	if (!sshsig_parse(blob, &sig, &why))
		return why;
	if (!bytes_equal(sig.name_space, bytes_text(SSHSIG_NAMESPACE)))
		return "the SSH signature was made for another purpose than an approval";
	if (!made_with(&sig, key))
		return "the SSH signature was made with another key";
	why = token_wrong(&sig, application);
	if (why != NULL)
		return why;
	return ssh_signature_holds(&sig, message, key) ? NULL : "the signature does not match";
}

/* ---- any of them ---- */

static const char *proof_wrong(const struct proof *proof, const struct claim *claim,
			       struct bytes claim_bytes, const struct public_key *key,
			       struct bytes application, const struct proof_party *party)
{
	switch (proof->kind) {
	case PROOF_COSE:
		return cose_verify(&proof->cose, key, claim->type, claim_bytes)
			       ? NULL
			       : "the signature does not match the claim and its key";
	case PROOF_WEBAUTHN:
		return assertion_check(key, claim_digest(claim_bytes), proof->client_data,
				       proof->authenticator_data, proof->signature, party);
	case PROOF_SSHSIG:
		return sshsig_wrong(proof->sshsig, claim_bytes, key, application);
	case PROOF_NONE:
		break;
	}
	return "there is none";
}

err proof_check(const struct proof *proof, const struct claim *claim, struct bytes claim_bytes,
		const struct public_key *key, struct bytes application,
		const struct proof_party *party, struct fault *f)
{
	const char *why = proof_wrong(proof, claim, claim_bytes, key, application, party);

	return why == NULL ? ERR_OK : fail_field(f, "proof", "PROOF_WRONG", "detail", why, NULL);
}
