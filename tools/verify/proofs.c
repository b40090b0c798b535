/* SPDX-License-Identifier: Apache-2.0 */
#include "proofs.h"

#include "core/sha256.h"
#include "keys.h"

#include <string.h>

enum {
	USER_PRESENT = 1,
	USER_VERIFIED = 4,
	ASSERTION_LEAST = 37,
	MESSAGE_MAX = ENTRY_SIZE_MAX + 512
};

static bool cose_signed(const struct cose_sign1 *sign1, struct bytes spki, struct bytes name,
			struct bytes payload)
{
	static uint8_t message[MESSAGE_MAX];
	struct writer w = writer_of(message, sizeof message);
	struct hash id = sha256(spki);
	struct bytes covered;

	cose_put_to_be_signed(&w, sign1->protected, name, payload);
	return sign1->algorithm == (key_is_p256(spki) ? COSE_ES256 : COSE_EDDSA) &&
	       hash_equal(sign1->kid, id) && sign1->signature.n == 64 &&
	       writer_done(&w, &covered) && key_signed(spki, covered, sign1->signature.p);
}

bool document_signed(const struct cose_sign1 *sign1, struct bytes name,
		     const uint8_t key[static 32])
{
	uint8_t spki[44] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

	memcpy(spki + 12, key, 32);
	return cose_signed(sign1, bytes_of(spki, sizeof spki), name, sign1->payload);
}

/* ---- passkeys: WebAuthn level 2, section 7.2, with the limited verification of 5.8.1.2 ---- */

static bool has(struct bytes text, struct bytes word)
{
	for (size_t i = 0; i + word.n <= text.n; i++)
		if (bytes_equal(bytes_of(text.p + i, word.n), word))
			return true;
	return false;
}

static const char *client_data_wrong(struct bytes data, struct hash digest)
{
	char start[128];
	struct writer w = writer_of(start, sizeof start);
	char challenge[64];
	struct bytes expected;

	base64url_encode(hash_bytes(&digest), challenge);
	put_text(&w, "{\"type\":\"webauthn.get\",\"challenge\":\"");
	put_text(&w, challenge);
	put_text(&w, "\",\"origin\":\"");
	if (!writer_done(&w, &expected) || data.n < expected.n ||
	    !bytes_equal(bytes_of(data.p, expected.n), expected))
		return "the assertion is not for this record";
	return has(data, bytes_text("\"crossOrigin\":true"))
		       ? "the assertion was made inside a foreign page"
		       : NULL;
}

static const char *assertion_wrong(const struct entry *entry, struct bytes spki, struct bytes party)
{
	const struct proof *p = &entry->proof;
	struct bytes data = p->authenticator_data;
	struct hash bound = sha256(party), client = sha256(p->client_data);
	uint8_t message[AUTHENTICATOR_DATA_MAX + 32], signature[64];
	const char *why = client_data_wrong(p->client_data, claim_digest(entry->claim_bytes));

	if (why != NULL)
		return why;
	if (data.n < ASSERTION_LEAST || memcmp(data.p, bound.b, 32) != 0)
		return "the assertion is for another relying party";
	if ((data.p[32] & USER_PRESENT) == 0 || (data.p[32] & USER_VERIFIED) == 0)
		return "the person was not present and verified";
	memcpy(message, data.p, data.n);
	memcpy(message + data.n, client.b, 32);
	if (key_is_p256(spki) ? !key_signature_from_der(p->signature, signature)
			      : p->signature.n != 64)
		return "the signature is not in its algorithm's form";
	if (!key_is_p256(spki))
		memcpy(signature, p->signature.p, 64);
	return key_signed(spki, bytes_of(message, data.n + 32), signature)
		       ? NULL
		       : "the signature does not match";
}

/* ---- OpenSSH: PROTOCOL.sshsig, PROTOCOL.u2f ---- */

static const char *ssh_wrong(const struct entry *entry, struct bytes spki)
{
	uint8_t digest[64], structure[256], token[69];
	struct sshsig sig;
	struct bytes covered;
	struct hash short_digest = sha256(entry->claim_bytes);
	const char *why;

	if (!sshsig_parse(entry->proof.sshsig, &sig, &why))
		return why;
	bool of_token = sig.algorithm == SSH_SK_ED25519 || sig.algorithm == SSH_SK_P256;
	bool p256 = sig.algorithm == SSH_P256 || sig.algorithm == SSH_SK_P256;
	if (!bytes_equal(sig.name_space, bytes_text(SSHSIG_NAMESPACE)))
		return "the SSH signature was made for another purpose than an approval";
	if (p256 != key_is_p256(spki) || !bytes_equal(key_raw(spki), sig.public_key))
		return "the SSH signature was made with another key";
	if (of_token && (sig.flags & USER_PRESENT) == 0)
		return "nobody touched the token";
	if (!sha512_of(entry->claim_bytes, digest))
		return "the signature does not match";
	struct writer w = writer_of(structure, sizeof structure);
	sshsig_put_signed(&w, &sig,
			  sig.hash == SSH_SHA512 ? bytes_of(digest, 64)
						 : hash_bytes(&short_digest));
	if (!writer_done(&w, &covered))
		return "the signature does not match";
	if (of_token) {
		w = writer_of(token, sizeof token);
		sshsig_put_token(&w, &sig, sha256(covered));
		if (!writer_done(&w, &covered))
			return "the signature does not match";
	}
	return key_signed(spki, covered, sig.signature) ? NULL : "the signature does not match";
}

const char *proof_wrong(const struct entry *entry, struct bytes spki, struct bytes party)
{
	switch (entry->proof.kind) {
	case PROOF_COSE:
		return cose_signed(&entry->proof.cose, spki, entry->claim.type, entry->claim_bytes)
			       ? NULL
			       : "the signature does not match the claim and its key";
	case PROOF_WEBAUTHN:
		return assertion_wrong(entry, spki, party);
	case PROOF_SSHSIG:
		return ssh_wrong(entry, spki);
	case PROOF_NONE:
		break;
	}
	return "there is none";
}
