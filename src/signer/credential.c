/* SPDX-License-Identifier: Apache-2.0 */
/* credential.c — certificates for services, stations and persons: what was asked for, and the certificate. */
#include <string.h>

#include "core/cbor.h"
#include "core/sha256.h"
#include "signer/admit.h"

static enum credential_profile profile_of(struct bytes name)
{
	static const char *const NAMES[] = {"service", "station", "person"};

	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
		if (bytes_equal(name, bytes_text(NAMES[i])))
			return (enum credential_profile)(CREDENTIAL_SERVICE + i);
	return 0;
}

/* DNS names, each {name: text}. */
static err read_names(struct bytes item, struct arena *a, struct credential *out, struct fault *f)
{
	struct reader r = reader_of(item);
	size_t n = item.p == NULL ? 0 : cbor_array(&r);
	const char **names = arena_array(a, CREDENTIAL_NAMES_MAX, sizeof(*names));

	if (names == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a credential", NULL);
	out->names = names;
	for (; r.why == NULL && out->names_n < n; out->names_n++) {
		struct body b = {.map = cbor_item(&r)};
		struct bytes name = body_text(&b, "name", 253);

		if (b.wrong != NULL || out->names_n == CREDENTIAL_NAMES_MAX)
			return fail(f, "SIGNER_BODY_WRONG", "field", "names", NULL);
		names[out->names_n] = arena_text(a, name);
		if (names[out->names_n] == NULL)
			return fail(f, "MEMORY_EXHAUSTED", "what", "a credential", NULL);
	}
	if (item.p != NULL && !reader_end(&r))
		return fail(f, "SIGNER_BODY_WRONG", "field", "names", NULL);
	return ERR_OK;
}

err credential_read(const struct claim *claim, uint64_t at, struct arena *a,
		    struct credential_asked *out, struct fault *f)
{
	struct body b = body_of(claim);
	struct hash digest = claim_digest(claim->body);
	struct bytes unused;

	*out = (struct credential_asked){.id = body_id(&b, "credential")};
	out->credential.profile = profile_of(body_id(&b, "profile"));
	struct bytes principal = body_id(&b, "principal"),
		     csr = body_blob(&b, "csr", 1, CSR_SIZE_MAX);
	out->credential.not_before_ms = at;
	out->credential.not_after_ms = body_number(&b, "not_after", INSTANT_MS_MAX);
	if (b.wrong == NULL && out->credential.profile == 0)
		b.wrong = "profile";
	if (b.wrong != NULL)
		return fail(f, "SIGNER_BODY_WRONG", "field", b.wrong, NULL);
	TRY(read_names(body_item(&b, "names"), a, &out->credential, f));
	out->credential.principal = arena_text(a, principal);
	if (out->credential.principal == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a credential", NULL);
	/* The request's proof of possession makes the body nobody else's: so is its digest. */
	memcpy(out->credential.certificate_serial, digest.b, CERTIFICATE_SERIAL_SIZE);
	out->credential.certificate_serial[0] =
		(uint8_t)((out->credential.certificate_serial[0] & 0x3f) | 0x40);
	return csr_check(a, csr, &out->key, &unused, f);
}

err credential_make(const struct vault *v, const struct claim *claim, uint64_t at, struct arena *a,
		    struct bytes *out, struct fault *f)
{
	struct credential_asked asked;

	TRY(credential_read(claim, at, a, &asked, f));
	err made = certificate_issue_credential(a, v->keys[SIGNER_KEY_CA], v->public.ca_certificate,
						asked.key, &asked.credential, out, f);
	public_key_close(asked.key);
	return made;
}
