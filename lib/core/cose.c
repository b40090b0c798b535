/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cose.h"

#include "core/cbor.h"

/* RFC 9052 sections 2 and 3.1. */
enum { TAG_SIGN1 = 18, LABEL_ALGORITHM = 1, LABEL_KID = 4 };

/* Exactly {1: alg, 4: kid}: a label that we do not know could change what the signature means. */
static void get_protected(struct bytes in, struct reader *outer, struct cose_sign1 *out)
{
	struct reader r = reader_of(in);
	struct bytes kid = {0};

	if (cbor_map(&r) != 2 || cbor_uint(&r) != LABEL_ALGORITHM)
		reader_fail(&r, "the protected header must be algorithm and key id");
	out->algorithm = cbor_int(&r);
	if (out->algorithm != COSE_ES256 && out->algorithm != COSE_EDDSA)
		reader_fail(&r, "the signature's algorithm is not supported");
	if (cbor_uint(&r) != LABEL_KID)
		reader_fail(&r, "the protected header must be algorithm and key id");
	kid = cbor_bytes(&r);
	if (kid.n != COSE_KID_SIZE || !reader_end(&r))
		reader_fail(&r, "the key id must be 32 bytes and end the protected header");
	if (r.why)
		reader_fail(outer, r.why);
	else
		__builtin_memcpy(out->kid.b, kid.p, sizeof out->kid.b);
}

void cose_get(struct reader *r, struct cose_sign1 *out)
{
	struct cose_sign1 got = {0};

	if (cbor_tag(r) != TAG_SIGN1 || cbor_array(r) != 4)
		reader_fail(r, "it is not a COSE_Sign1");
	got.protected = cbor_bytes(r);
	if (!r->why)
		get_protected(got.protected, r, &got);
	if (cbor_map(r) != 0)
		reader_fail(r, "the unprotected header must be empty");
	if (cbor_peek(r) == CBOR_NULL)
		cbor_null(r);
	else
		got.payload = cbor_bytes(r);
	got.signature = cbor_bytes(r);
	if (got.signature.n != COSE_SIGNATURE_SIZE)
		reader_fail(r, "the signature must be 64 bytes");
	*out = r->why ? (struct cose_sign1){0} : got;
}

void cose_put(struct writer *w, const struct cose_sign1 *sign1)
{
	cbor_put_tag(w, TAG_SIGN1);
	cbor_put_array(w, 4);
	cbor_put_bytes(w, sign1->protected);
	cbor_put_map(w, 0);
	if (sign1->payload.p)
		cbor_put_bytes(w, sign1->payload);
	else
		cbor_put_null(w);
	cbor_put_bytes(w, sign1->signature);
}

void cose_put_protected(struct writer *w, int64_t algorithm, struct hash kid)
{
	cbor_put_map(w, 2);
	cbor_put_uint(w, LABEL_ALGORITHM);
	cbor_put_int(w, algorithm);
	cbor_put_uint(w, LABEL_KID);
	cbor_put_bytes(w, hash_bytes(&kid));
}

void cose_put_to_be_signed(struct writer *w, struct bytes protected, struct bytes external_aad,
			   struct bytes payload)
{
	cbor_put_array(w, 4);
	cbor_put_text(w, bytes_text("Signature1"));
	cbor_put_bytes(w, protected);
	cbor_put_bytes(w, external_aad);
	cbor_put_bytes(w, payload);
}
