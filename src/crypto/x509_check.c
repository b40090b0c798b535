/* SPDX-License-Identifier: Apache-2.0 */
/* x509_check.c — the strict reader of our own device certificates: whatever differs from the
 * profile by one byte is refused, with a sentence that names it. */
#include <string.h>

#include <openssl/err.h>

#include "core/entry.h"
#include "core/sha256.h"
#include "crypto/x509_internal.h"

enum { SERIAL_BYTES_MIN = 8, SERIAL_BYTES_MAX = 20 };

/* A certificate under examination. Spans point into `x`. */
struct candidate {
	X509 *x;
	const struct issuer *issuer;
	struct bytes product, serial;
};

static bool version_and_serial(const struct candidate *c)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(c->x);
	int n = ASN1_STRING_length(serial);

	return X509_get_version(c->x) == X509_VERSION_3 &&
	       ASN1_STRING_type(serial) == V_ASN1_INTEGER && n >= SERIAL_BYTES_MIN &&
	       n <= SERIAL_BYTES_MAX;
}

static bool issuer_matches(const struct candidate *c)
{
	const uint8_t *ours = NULL, *theirs = NULL;
	size_t ours_n = 0, theirs_n = 0;

	return X509_NAME_get0_der(X509_get_subject_name(c->issuer->certificate), &ours, &ours_n) &&
	       X509_NAME_get0_der(X509_get_issuer_name(c->x), &theirs, &theirs_n) &&
	       bytes_equal(bytes_of(ours, ours_n), bytes_of(theirs, theirs_n));
}

static bool signature_holds(const struct candidate *c)
{
	const X509_ALGOR *outer = NULL;

	X509_get0_signature(NULL, &outer, c->x);
	return signature_algorithm_is(outer, c->issuer->key->algorithm) &&
	       X509_ALGOR_cmp(outer, X509_get0_tbs_sigalg(c->x)) == 0 &&
	       X509_verify(c->x, c->issuer->key->pkey) == 1;
}

/* In the one form that RFC 5280 allows for its year. */
static bool time_canonical(const ASN1_TIME *time)
{
	AUTO(string_close) ASN1_TIME *again = ASN1_TIME_new();
	struct tm tm;

	if (again == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
		return false;
	time_t seconds = timegm(&tm);

	return seconds >= 0 && time_set(again, (uint64_t)seconds * 1000) &&
	       ASN1_STRING_type(again) == ASN1_STRING_type(time) &&
	       ASN1_STRING_cmp(again, time) == 0;
}

static bool validity_open(const struct candidate *c)
{
	const ASN1_TIME *end = X509_get0_notAfter(c->x);

	return time_canonical(X509_get0_notBefore(c->x)) &&
	       ASN1_STRING_type(end) == V_ASN1_GENERALIZEDTIME &&
	       bytes_equal(bytes_of(ASN1_STRING_get0_data(end), (size_t)ASN1_STRING_length(end)),
			   bytes_text(NOT_AFTER_NEVER));
}

static bool subject_ours(const struct candidate *c)
{
	AUTO(name_close) X509_NAME *name = NULL;
	const uint8_t *ours = NULL, *theirs = NULL;
	size_t ours_n = 0, theirs_n = 0;

	if (!id_valid(c->product) || !id_valid(c->serial))
		return false;
	name = device_subject(c->product, c->serial);
	return name != NULL && X509_NAME_get0_der(name, &ours, &ours_n) &&
	       X509_NAME_get0_der(X509_get_subject_name(c->x), &theirs, &theirs_n) &&
	       bytes_equal(bytes_of(ours, ours_n), bytes_of(theirs, theirs_n));
}

/* The same object, critical flag and content, byte for byte. */
static bool extension_same(const X509_EXTENSION *a, const X509_EXTENSION *b)
{
	uint8_t *a_der = NULL, *b_der = NULL;
	int a_n = i2d_X509_EXTENSION(a, &a_der), b_n = i2d_X509_EXTENSION(b, &b_der);
	bool same = a_n > 0 && b_n > 0 &&
		    bytes_equal(bytes_of(a_der, (size_t)a_n), bytes_of(b_der, (size_t)b_n));

	OPENSSL_free(a_der);
	OPENSSL_free(b_der);
	return same;
}

static bool extensions_ours(const struct candidate *c)
{
	AUTO(object_close) ASN1_OBJECT *type = hardware_type_of(c->x);
	struct device_parts parts = {X509_get0_subject_key_id(c->issuer->certificate), type,
				     c->serial};
	const ASN1_BIT_STRING *issuer_id = NULL, *subject_id = NULL;

	X509_get0_uids(c->x, &issuer_id, &subject_id);
	if (type == NULL || issuer_id != NULL || subject_id != NULL ||
	    X509_get_ext_count(c->x) != DEVICE_EXTENSIONS)
		return false;
	for (int i = 0; i < DEVICE_EXTENSIONS; i++) {
		AUTO(extension_close) X509_EXTENSION *wanted = device_extension((size_t)i, &parts);

		if (wanted == NULL || !extension_same(wanted, X509_get_ext(c->x, i)))
			return false;
	}
	return true;
}

static const struct {
	bool (*holds)(const struct candidate *c);
	const char *otherwise;
} RULES[] = {
	{version_and_serial,
	 "its version is not 3, or its serial not positive with 64 to 160 bits"},
	{issuer_matches, "another issuer made it"},
	{signature_holds, "its signature is not the issuer's"},
	{validity_open, "it does not end at 99991231235959Z, or its start is not well written"},
	{subject_ours, "its subject is not a product and a serial"},
	{extensions_ours, "its extensions are not those of a device certificate"},
};

static err judge(const struct candidate *c, struct fault *f)
{
	for (size_t i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++) {
		if (RULES[i].holds(c))
			continue;
		ERR_clear_error();
		return fail(f, "CERTIFICATE_NOT_OURS", "detail", RULES[i].otherwise, NULL);
	}
	return ERR_OK;
}

static err read_out(struct arena *a, const struct candidate *c, struct bytes der,
		    struct device_certificate *out, struct fault *f)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(c->x);
	AUTO(public_key_auto) struct public_key *key = NULL;
	uint8_t *spki = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(c->x), &spki);

	if (n <= 0)
		return crypto_failed(f);
	err parsed = public_key_parse(bytes_of(spki, (size_t)n), &key, f);
	OPENSSL_free(spki);
	TRY(parsed);
	struct device_certificate read = {
		.key_id = key->id,
		.spki = arena_copy(a, public_key_spki(key)),
		.product = arena_copy(a, c->product),
		.serial = arena_copy(a, c->serial),
		.certificate_serial = arena_copy(a, bytes_of(ASN1_STRING_get0_data(serial),
							     (size_t)ASN1_STRING_length(serial))),
		.digest = sha256(der),
	};
	if (read.spki.p == NULL || read.product.p == NULL || read.serial.p == NULL ||
	    read.certificate_serial.p == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a certificate", NULL);
	*out = read;
	return ERR_OK;
}

err device_check(struct arena *a, struct bytes der, const struct issuer *issuer,
		 struct device_certificate *out, struct fault *f)
{
	AUTO(certificate_close) X509 *x = certificate_parse(der);
	struct candidate c = {.x = x, .issuer = issuer};

	if (x == NULL)
		return fail(f, "CERTIFICATE_MALFORMED", NULL);
	const X509_NAME *subject = X509_get_subject_name(x);
	/* Left empty where absent: the rule on the subject then refuses. */
	(void)!name_value(subject, NID_organizationalUnitName, &c.product);
	(void)!name_value(subject, NID_serialNumber, &c.serial);
	TRY(judge(&c, f));
	return read_out(a, &c, der, out, f);
}

err certificate_check_device(struct arena *a, struct bytes der, struct bytes ca,
			     struct device_certificate *out, struct fault *f)
{
	struct issuer issuer;

	TRY(issuer_open(ca, &issuer, f));
	err checked = device_check(a, der, &issuer, out, f);
	issuer_close(&issuer);
	return checked;
}

err certificate_key_id(struct bytes der, struct hash *out, struct fault *f)
{
	const uint8_t *p = der.p;
	uint8_t *spki = NULL;

	if (der.n == 0 || der.n > CERTIFICATE_SIZE_MAX)
		return fail(f, "CERTIFICATE_MALFORMED", NULL);
	AUTO(certificate_close) X509 *x = d2i_X509(NULL, &p, (long)der.n);
	int n = x != NULL && p == der.p + der.n ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki)
						: 0;
	ERR_clear_error();
	if (n <= 0)
		return fail(f, "CERTIFICATE_MALFORMED", NULL);
	*out = sha256(bytes_of(spki, (size_t)n));
	OPENSSL_free(spki);
	return ERR_OK;
}
