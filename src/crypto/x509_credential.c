/* SPDX-License-Identifier: Apache-2.0 */
/* x509_credential.c — certificates that our CA makes for services, stations and persons. They end,
 * and say what they are for: none of them can be taken for a device's. */
#include <string.h>

#include <openssl/err.h>

#include "core/entry.h"
#include "crypto/x509_internal.h"

enum { DNS_NAME_MAX = 253, DNS_LABEL_MAX = 63 };

static const uint64_t DAY_MS = 86400000;

/* RFC 1034 section 3.5 with digits first allowed (RFC 1123 section 2.1), at least two labels or
 * one alone; no wildcard: a certificate is for what was approved. */
static bool dns_name_valid(const char *name)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	size_t all = strlen(name);

	if (all == 0 || all > DNS_NAME_MAX)
		return false;
	for (const char *label = name;;) {
		size_t n = strspn(label, letters);

		if (n == 0 || n > DNS_LABEL_MAX || label[0] == '-' || label[n - 1] == '-')
			return false;
		if (label[n] == 0)
			return true;
		if (label[n] != '.')
			return false;
		label += n + 1;
	}
}

/* One name must not pass for an address: the last label is not only digits. */
static bool dns_name_no_address(const char *name)
{
	const char *dot = strrchr(name, '.'), *last = dot == NULL ? name : dot + 1;

	return strspn(last, "0123456789") != strlen(last);
}

static err names_check(const struct credential *c, struct fault *f)
{
	bool service = c->profile == CREDENTIAL_SERVICE;

	if (c->names_n > CREDENTIAL_NAMES_MAX || (c->names_n > 0) != service)
		return fail_field(f, "names", "CERTIFICATE_HOST_INVALID", "name",
				  c->names_n > 0 ? c->names[0] : "", NULL);
	for (size_t i = 0; i < c->names_n; i++)
		if (!dns_name_valid(c->names[i]) || !dns_name_no_address(c->names[i]))
			return fail_field(f, "names", "CERTIFICATE_HOST_INVALID", "name",
					  c->names[i], NULL);
	return ERR_OK;
}

err credential_check(const struct credential *c, struct fault *f)
{
	AUTO(string_close) ASN1_TIME *time = ASN1_TIME_new();
	struct bytes principal = bytes_text(c->principal);

	if (c->profile < CREDENTIAL_SERVICE || c->profile > CREDENTIAL_PERSON)
		return fail_field(f, "profile", "CERTIFICATE_NAME_INVALID", "name", "profile",
				  NULL);
	if (!id_valid(principal) || principal.n > SUBJECT_TEXT_MAX)
		return fail_field(f, "principal", "CERTIFICATE_NAME_INVALID", "name", c->principal,
				  NULL);
	TRY(names_check(c, f));
	if (!serial_well_formed(c->certificate_serial))
		return fail(f, "CERTIFICATE_SERIAL_INVALID", NULL);
	if (time == NULL || c->not_after_ms <= c->not_before_ms || !time_set(time, c->not_after_ms))
		return fail_field(f, "not_after", "CERTIFICATE_TIME_INVALID", NULL);
	if (c->not_after_ms - c->not_before_ms > CREDENTIAL_DAYS_MAX * DAY_MS)
		return fail_field(f, "not_after", "CERTIFICATE_LIFE_TOO_LONG", NULL);
	return ERR_OK;
}

static bool names_add(X509 *x, const struct credential *c)
{
	AUTO(names_close) GENERAL_NAMES *list = GENERAL_NAMES_new();

	for (size_t i = 0; list != NULL && i < c->names_n; i++) {
		GENERAL_NAME *name = GENERAL_NAME_new();
		ASN1_IA5STRING *text = ASN1_IA5STRING_new();
		bool set = name != NULL && text != NULL &&
			   ASN1_STRING_set(text, c->names[i], (int)strlen(c->names[i])) == 1;

		if (set)
			GENERAL_NAME_set0_value(name, GEN_DNS, text);
		else
			ASN1_IA5STRING_free(text);
		if (!set || sk_GENERAL_NAME_push(list, name) <= 0) {
			GENERAL_NAME_free(name);
			return false;
		}
	}
	return list != NULL &&
	       (c->names_n == 0 || extension_add(x, X509V3_EXT_i2d(NID_subject_alt_name, 0, list)));
}

static bool credential_fill(X509 *x, const struct issuer *issuer, const struct public_key *subject,
			    const struct credential *c)
{
	const char *purpose = c->profile == CREDENTIAL_SERVICE ? "serverAuth" : "clientAuth";

	return X509_set_version(x, X509_VERSION_3) == 1 && serial_set(x, c->certificate_serial) &&
	       X509_set_issuer_name(x, X509_get_subject_name(issuer->certificate)) == 1 &&
	       time_set(X509_getm_notBefore(x), c->not_before_ms) &&
	       time_set(X509_getm_notAfter(x), c->not_after_ms) &&
	       subject_common_name(x, bytes_text(c->principal)) &&
	       subject_key_set(X509_get_X509_PUBKEY(x), subject) && leaf_extensions(x, purpose) &&
	       extension_add(x, authority_key_id(X509_get0_subject_key_id(issuer->certificate))) &&
	       names_add(x, c);
}

static err prepare(struct arena *a, const struct issuer *issuer, const struct public_key *subject,
		   const struct credential *c, struct certificate_body *out, struct fault *f)
{
	AUTO(certificate_close) X509 *x = X509_new();

	if (x == NULL || !credential_fill(x, issuer, subject, c))
		return crypto_failed(f);
	return certificate_body_of(a, x, issuer->key->algorithm, out, f);
}

/* With `ca` (may be NULL) also whether it is the issuer's key. */
static err prepare_for(struct arena *a, const struct private_key *ca, struct bytes ca_certificate,
		       const struct public_key *subject, const struct credential *credential,
		       struct certificate_body *out, struct fault *f)
{
	struct issuer issuer;

	TRY(credential_check(credential, f));
	TRY(issuer_open(ca_certificate, &issuer, f));
	err prepared = ca != NULL && !hash_equal(issuer.key->id, ca->public->id)
			       ? fail(f, "CERTIFICATE_CA_KEY_DIFFERS", NULL)
			       : prepare(a, &issuer, subject, credential, out, f);
	issuer_close(&issuer);
	return prepared;
}

err certificate_credential_prepare(struct arena *a, struct bytes ca_certificate,
				   const struct public_key *subject,
				   const struct credential *credential,
				   struct certificate_body *out, struct fault *f)
{
	return prepare_for(a, NULL, ca_certificate, subject, credential, out, f);
}

err certificate_check_issued(struct bytes der, struct bytes ca_certificate, struct fault *f)
{
	AUTO(certificate_close) X509 *x = certificate_parse(der);
	const X509_ALGOR *outer = NULL;
	struct issuer issuer;

	if (x == NULL)
		return fail(f, "CERTIFICATE_MALFORMED", NULL);
	TRY(issuer_open(ca_certificate, &issuer, f));
	X509_get0_signature(NULL, &outer, x);
	bool holds = signature_algorithm_is(outer, issuer.key->algorithm) &&
		     X509_ALGOR_cmp(outer, X509_get0_tbs_sigalg(x)) == 0 &&
		     X509_NAME_cmp(X509_get_issuer_name(x),
				   X509_get_subject_name(issuer.certificate)) == 0 &&
		     X509_verify(x, issuer.key->pkey) == 1;
	ERR_clear_error();
	issuer_close(&issuer);
	return holds ? ERR_OK
		     : fail(f, "CERTIFICATE_NOT_OURS", "detail",
			    "its signature is not the issuer's", NULL);
}

err certificate_issue_credential(struct arena *a, const struct private_key *ca,
				 struct bytes ca_certificate, const struct public_key *subject,
				 const struct credential *credential, struct bytes *der,
				 struct fault *f)
{
	struct certificate_body body;
	uint8_t signature[SIGNATURE_SIZE];

	TRY(prepare_for(a, ca, ca_certificate, subject, credential, &body, f));
	TRY(key_sign(ca, body.body, signature, f));
	TRY(certificate_assemble(a, &body, signature, der, f));
	return certificate_check_issued(*der, ca_certificate, f);
}
