/* SPDX-License-Identifier: Apache-2.0 */
#include "server/passkey.h"

#include "base/files.h"
#include "core/cbor.h"
#include "core/sha256.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <string.h>

/* WebAuthn level 2, section 6.1. */
enum {
	FLAG_PRESENT = 0x01,
	FLAG_VERIFIED = 0x04,
	FLAG_CREDENTIAL = 0x40,
	FLAG_EXTENSIONS = 0x80,
	COUNTER_OFFSET = 33,
	AUTHENTICATOR_DATA_MIN = 37,
	AAGUID_SIZE = 16,
};

static void cred_free(fido_cred_t **cred)
{
	fido_cred_free(cred);
}

static void assert_free(fido_assert_t **assertion)
{
	fido_assert_free(assertion);
}

static err wrong(struct fault *f, const char *field, const char *why)
{
	return fail_field(f, field, "API_PASSKEY_REGISTRATION_WRONG", "detail", why, NULL);
}

/* ---- the attestation object (section 6.5.4) ---- */

struct attestation {
	struct bytes format, statement, authenticator_data;
	struct bytes credential, cose_key;
	uint8_t flags;
	uint32_t counter;
	int protection; /* extension credProtect; 0: none */
};

/* The three members, in the one order that there is (CTAP2 canonical CBOR). */
static bool object_read(struct bytes in, struct attestation *out)
{
	struct reader r = reader_of(in);

	if (cbor_map(&r) != 3 || !bytes_equal(cbor_text(&r), bytes_text("fmt")))
		return false;
	out->format = cbor_text(&r);
	if (!bytes_equal(cbor_text(&r), bytes_text("attStmt")))
		return false;
	out->statement = cbor_item(&r);
	if (!bytes_equal(cbor_text(&r), bytes_text("authData")))
		return false;
	out->authenticator_data = cbor_bytes(&r);
	return reader_end(&r);
}

/* What an authenticator says of itself without being asked: how it guards the credential. */
static bool extensions_read(struct reader *r, struct attestation *out)
{
	if (cbor_map(r) != 1 || !bytes_equal(cbor_text(r), bytes_text("credProtect")))
		return false;
	uint64_t protection = cbor_uint(r);
	out->protection = (int)(protection <= 3 ? protection : 0);
	return out->protection != 0;
}

/* Section 6.1: rpIdHash, flags, counter, AAGUID, the credential's id and its key. */
static const char *data_read(struct attestation *out)
{
	struct reader r = reader_of(out->authenticator_data);

	(void)get_bytes(&r, sizeof(struct hash));
	out->flags = get_u8(&r);
	out->counter = get_u32(&r);
	if ((out->flags & FLAG_CREDENTIAL) == 0)
		return "there is no credential in it";
	(void)get_bytes(&r, AAGUID_SIZE);
	size_t n = get_u16(&r);
	if (n < CREDENTIAL_MIN || n > CREDENTIAL_MAX)
		return "the id of its credential is not between 16 and 255 bytes long";
	out->credential = get_bytes(&r, n);
	out->cose_key = cbor_item(&r);
	if ((out->flags & FLAG_EXTENSIONS) != 0 && !extensions_read(&r, out))
		return "it brings an extension that was not asked for";
	return reader_end(&r) ? NULL : "its authenticator data is not well-formed";
}

/* ---- the key (RFC 9053, sections 7.1 and 7.2) ---- */

static bool members_are(struct reader *r, const int64_t (*members)[2], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (cbor_int(r) != members[i][0] || cbor_int(r) != members[i][1])
			return false;
	return true;
}

static bool p256_read(struct reader *r, uint8_t xy[static 64])
{
	static const int64_t members[][2] = {{1, 2}, {3, -7}, {-1, 1}};

	if (!members_are(r, members, 3))
		return false;
	for (int64_t i = 0; i < 2; i++) {
		if (cbor_int(r) != -2 - i)
			return false;
		struct bytes half = cbor_bytes(r);
		if (half.n != 32)
			return false;
		memcpy(xy + 32 * i, half.p, 32);
	}
	return reader_end(r);
}

static bool ed25519_read(struct reader *r, uint8_t raw[static 32])
{
	static const int64_t members[][2] = {{1, 1}, {3, -8}, {-1, 6}};

	if (!members_are(r, members, 3) || cbor_int(r) != -2)
		return false;
	struct bytes point = cbor_bytes(r);
	if (point.n != 32)
		return false;
	memcpy(raw, point.p, 32);
	return reader_end(r);
}

static const char *key_read(struct bytes cose_key, struct public_key **out)
{
	struct reader r = reader_of(cose_key);
	uint8_t raw[64];
	err result = {ERR_INVALID};
	size_t n = cbor_map(&r);

	if (n == 5 && p256_read(&r, raw))
		result = public_key_from_p256(raw, out, NULL);
	else if (n == 4 && ed25519_read(&r, raw))
		result = public_key_from_ed25519(raw, out, NULL);
	return result.code == OK ? NULL : "its key is not one of ES256 or EdDSA";
}

/* What libfido2 calls a key: the raw bytes that end our SubjectPublicKeyInfo. */
static struct bytes key_raw(const struct public_key *key)
{
	struct bytes spki = public_key_spki(key);
	size_t n = public_key_algorithm(key) == KEY_P256 ? 64 : 32;

	return bytes_of(spki.p + spki.n - n, n);
}

static int key_type(const struct public_key *key)
{
	return public_key_algorithm(key) == KEY_P256 ? COSE_ES256 : COSE_EDDSA;
}

/* ---- what libfido2 says of a registration ---- */

static bool fido_reads_the_same(const fido_cred_t *cred, const struct attestation *a,
				const struct public_key *key)
{
	return bytes_equal(bytes_of(fido_cred_pubkey_ptr(cred), fido_cred_pubkey_len(cred)),
			   key_raw(key)) &&
	       bytes_equal(bytes_of(fido_cred_id_ptr(cred), fido_cred_id_len(cred)),
			   a->credential) &&
	       fido_cred_flags(cred) == a->flags && fido_cred_sigcount(cred) == a->counter;
}

static bool packed_holds(fido_cred_t *cred, const struct attestation *a)
{
	if (a->protection != 0 &&
	    (fido_cred_set_extensions(cred, FIDO_EXT_CRED_PROTECT) != FIDO_OK ||
	     fido_cred_set_prot(cred, a->protection) != FIDO_OK))
		return false;
	if (fido_cred_set_attstmt(cred, a->statement.p, a->statement.n) != FIDO_OK)
		return false;
	return (fido_cred_x5c_len(cred) > 0 ? fido_cred_verify(cred)
					    : fido_cred_verify_self(cred)) == FIDO_OK;
}

/* The judge of section 7.1 that others use, too: the statement, where there is one, and the key. */
static const char *fido_wrong(const struct proof_party *party, const struct attestation *a,
			      struct bytes client_data, const struct public_key *key)
{
	AUTO(cred_free) fido_cred_t *cred = fido_cred_new();
	struct hash client = sha256(client_data);
	char id[254];
	bool packed = bytes_equal(a->format, bytes_text("packed"));

	if (!packed && !bytes_equal(a->format, bytes_text("none")))
		return "its attestation is neither none nor packed";
	if (!packed && (a->statement.n != 1 || a->statement.p[0] != 0xa0))
		return "an attestation of none says nothing";
	if (cred == NULL || party->relying_party.n >= sizeof id)
		return "there is no memory";
	memcpy(id, party->relying_party.p, party->relying_party.n);
	id[party->relying_party.n] = '\0';
	if (fido_cred_set_type(cred, key_type(key)) != FIDO_OK ||
	    fido_cred_set_rp(cred, id, NULL) != FIDO_OK ||
	    fido_cred_set_uv(cred, FIDO_OPT_TRUE) != FIDO_OK ||
	    fido_cred_set_clientdata_hash(cred, client.b, sizeof client.b) != FIDO_OK ||
	    fido_cred_set_fmt(cred, packed ? "packed" : "none") != FIDO_OK ||
	    fido_cred_set_authdata_raw(cred, a->authenticator_data.p, a->authenticator_data.n) !=
		    FIDO_OK ||
	    !fido_reads_the_same(cred, a, key))
		return "libfido2 does not read its authenticator data as we do";
	return packed && !packed_holds(cred, a) ? "its attestation does not hold" : NULL;
}

/* ---- registering ---- */

static const char *party_wrong(const struct proof_party *party, const struct attestation *a)
{
	struct hash expected = sha256(party->relying_party);

	if (memcmp(a->authenticator_data.p, expected.b, sizeof expected.b) != 0)
		return "it is for another relying party";
	if ((a->flags & FLAG_PRESENT) == 0 || (a->flags & FLAG_VERIFIED) == 0)
		return "the person was not present and verified";
	return NULL;
}

static const char *attestation_read(const struct proof_party *party, struct bytes client_data,
				    struct bytes in, struct attestation *a, struct public_key **key)
{
	if (in.n > ATTESTATION_MAX)
		return "it is too long";
	if (!object_read(in, a))
		return "it is not an attestation object";
	if (a->authenticator_data.n > AUTHENTICATOR_DATA_MAX)
		return "its authenticator data is too long";
	const char *why = data_read(a);
	if (why == NULL)
		why = party_wrong(party, a);
	if (why == NULL)
		why = key_read(a->cose_key, key);
	return why == NULL ? fido_wrong(party, a, client_data, *key) : why;
}

err passkey_registration_check(const struct proof_party *party, struct hash challenge,
			       struct bytes client_data, struct bytes attestation,
			       struct passkey *out, struct fault *f)
{
	struct attestation a = {0};
	struct public_key *key = NULL;
	const char *why = client_data_check("webauthn.create", challenge, client_data, party);

	if (why != NULL)
		return wrong(f, "client_data", why);
	why = attestation_read(party, client_data, attestation, &a, &key);
	if (why != NULL) {
		public_key_close(key);
		return wrong(f, "attestation", why);
	}
	*out = (struct passkey){.key = key, .credential = a.credential, .counter = a.counter};
	return ERR_OK;
}

/* ---- asserting ---- */

static int fido_verify(const fido_assert_t *assertion, const struct public_key *key)
{
	struct bytes raw = key_raw(key);
	es256_pk_t *p256 = key_type(key) == COSE_ES256 ? es256_pk_new() : NULL;
	eddsa_pk_t *ed25519 = key_type(key) == COSE_EDDSA ? eddsa_pk_new() : NULL;
	int result = FIDO_ERR_INTERNAL;

	if (p256 != NULL && es256_pk_from_ptr(p256, raw.p, raw.n) == FIDO_OK)
		result = fido_assert_verify(assertion, 0, COSE_ES256, p256);
	if (ed25519 != NULL && eddsa_pk_from_ptr(ed25519, raw.p, raw.n) == FIDO_OK)
		result = fido_assert_verify(assertion, 0, COSE_EDDSA, ed25519);
	es256_pk_free(&p256);
	eddsa_pk_free(&ed25519);
	return result;
}

/* libcbor takes the memory that a count promises before it looks at the bytes: what it reads, we have read before. */
static bool is_assertion_data(struct bytes data)
{
	struct reader r = reader_of(data);
	enum cbor_kind kind = CBOR_MAP;

	if (data.n < AUTHENTICATOR_DATA_MIN || data.n > AUTHENTICATOR_DATA_MAX)
		return false;
	(void)get_bytes(&r, AUTHENTICATOR_DATA_MIN);
	if ((data.p[COUNTER_OFFSET - 1] & FLAG_EXTENSIONS) != 0) {
		kind = cbor_peek(&r);
		(void)cbor_item(&r);
	}
	return kind == CBOR_MAP && reader_end(&r);
}

bool passkey_fido_agrees(struct bytes relying_party, const struct public_key *key,
			 const struct passkey_assertion *a)
{
	AUTO(assert_free) fido_assert_t *assertion = fido_assert_new();
	struct hash client = sha256(a->client_data);
	char id[254];

	if (assertion == NULL || relying_party.n >= sizeof id ||
	    !is_assertion_data(a->authenticator_data) || a->signature.n == 0 ||
	    a->signature.n > ASSERTION_SIGNATURE_MAX)
		return false;
	memcpy(id, relying_party.p, relying_party.n);
	id[relying_party.n] = '\0';
	return fido_assert_set_rp(assertion, id) == FIDO_OK &&
	       fido_assert_set_clientdata_hash(assertion, client.b, sizeof client.b) == FIDO_OK &&
	       fido_assert_set_count(assertion, 1) == FIDO_OK &&
	       fido_assert_set_up(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
	       fido_assert_set_uv(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
	       fido_assert_set_authdata_raw(assertion, 0, a->authenticator_data.p,
					    a->authenticator_data.n) == FIDO_OK &&
	       fido_assert_set_sig(assertion, 0, a->signature.p, a->signature.n) == FIDO_OK &&
	       fido_verify(assertion, key) == FIDO_OK;
}

err passkey_assertion_check(const struct proof_party *party, struct hash challenge,
			    const struct public_key *key, const struct passkey_assertion *a,
			    uint32_t *counter, struct fault *f)
{
	const char *why = assertion_check(key, challenge, a->client_data, a->authenticator_data,
					  a->signature, party);

	if (why == NULL && !passkey_fido_agrees(party->relying_party, key, a))
		why = "libfido2 does not accept it";
	if (why != NULL)
		return fail(f, "API_PASSKEY_WRONG", "detail", why, NULL);
	struct reader r = reader_of(a->authenticator_data);
	(void)get_bytes(&r, COUNTER_OFFSET);
	*counter = get_u32(&r);
	return ERR_OK;
}

/* ---- comparing ---- */

void passkey_code(struct bytes spki, char out[static OFFER_CODE_SIZE])
{
	static const char LABEL[] = "sealwright passkey offer\n";
	uint8_t message[sizeof LABEL - 1 + SPKI_SIZE_MAX];
	struct writer w = writer_of(message, sizeof message);
	struct bytes whole;
	char hex[65], *to = out;

	put_text(&w, LABEL);
	put_bytes(&w, spki);
	out[0] = '\0';
	if (!writer_done(&w, &whole))
		return;
	struct hash digest = sha256(whole);
	hex_encode(hash_bytes(&digest), hex);
	for (size_t group = 0; group < 6; group++) {
		memcpy(to, hex + 4 * group, 4);
		to[4] = ' ';
		to += 5;
	}
	to[-1] = '\0';
}
