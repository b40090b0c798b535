/* SPDX-License-Identifier: Apache-2.0 */
/* x509_device.c — device identities (IEEE 802.1AR-2018) made, one or many. Every one is checked
 * before it leaves. */
#include <openssl/err.h>

#include "core/entry.h"
#include "crypto/x509_internal.h"

err device_profile_check(const struct device_profile *profile, struct fault *f)
{
	AUTO(object_close) ASN1_OBJECT *hardware_type = object_of(profile->hardware_type);
	AUTO(string_close) ASN1_TIME *not_before = ASN1_TIME_new();

	if (!id_valid(bytes_text(profile->product)))
		return fail_field(f, "product", "CERTIFICATE_NAME_INVALID", "name",
				  profile->product, NULL);
	if (!id_valid(bytes_text(profile->serial)))
		return fail_field(f, "serial", "CERTIFICATE_NAME_INVALID", "name", profile->serial,
				  NULL);
	if (hardware_type == NULL)
		return fail_field(f, "hardware_type", "CERTIFICATE_OID_INVALID", "oid",
				  profile->hardware_type, NULL);
	if (!serial_well_formed(profile->certificate_serial))
		return fail(f, "CERTIFICATE_SERIAL_INVALID", NULL);
	if (not_before == NULL || !time_set(not_before, profile->not_before_ms))
		return fail(f, "CERTIFICATE_TIME_INVALID", NULL);
	return ERR_OK;
}

static bool device_extensions(X509 *x, const struct device_parts *parts)
{
	for (size_t i = 0; i < DEVICE_EXTENSIONS; i++)
		if (!extension_add(x, device_extension(i, parts)))
			return false;
	return true;
}

static bool device_fill(X509 *x, const struct issuer *issuer, const struct public_key *subject,
			const struct device_profile *profile, const ASN1_OBJECT *hardware_type)
{
	struct bytes serial = bytes_text(profile->serial);
	struct device_parts parts = {X509_get0_subject_key_id(issuer->certificate), hardware_type,
				     serial};
	AUTO(name_close) X509_NAME *name = device_subject(bytes_text(profile->product), serial);

	return name != NULL && X509_set_version(x, X509_VERSION_3) == 1 &&
	       serial_set(x, profile->certificate_serial) &&
	       X509_set_issuer_name(x, X509_get_subject_name(issuer->certificate)) == 1 &&
	       without_end(x, profile->not_before_ms) && X509_set_subject_name(x, name) == 1 &&
	       subject_key_set(X509_get_X509_PUBKEY(x), subject) && device_extensions(x, &parts);
}

static err prepare(struct arena *a, const struct issuer *issuer, const struct public_key *subject,
		   const struct device_profile *profile, struct certificate_body *out,
		   struct fault *f)
{
	TRY(device_profile_check(profile, f));
	AUTO(object_close) ASN1_OBJECT *hardware_type = object_of(profile->hardware_type);
	AUTO(certificate_close) X509 *x = X509_new();
	if (hardware_type == NULL || x == NULL ||
	    !device_fill(x, issuer, subject, profile, hardware_type))
		return crypto_failed(f);
	return certificate_body_of(a, x, issuer->key->algorithm, out, f);
}

err certificate_device_prepare(struct arena *a, struct bytes ca_certificate,
			       const struct public_key *subject,
			       const struct device_profile *profile, struct certificate_body *out,
			       struct fault *f)
{
	struct issuer issuer;

	TRY(issuer_open(ca_certificate, &issuer, f));
	err prepared = prepare(a, &issuer, subject, profile, out, f);
	issuer_close(&issuer);
	return prepared;
}

/* Nothing leaves that does not verify; what a key outside made has been verified already. One of
 * each batch is read back as strictly as others read it: the same code made them all, and reading
 * costs more than signing. */
static err check_all(struct arena *a, const struct private_key *ca, const struct issuer *issuer,
		     const struct device_issue *devices, const struct signing *signings, size_t n,
		     struct fault *f)
{
	struct device_certificate read;

	for (size_t i = 0; i < n && !private_key_is_outside(ca); i++)
		if (!key_verify(issuer->key, signings[i].message, signings[i].signature))
			return fail(f, "KEY_SIGNED_WRONG", NULL);
	return n > 0 ? device_check(a, devices[0].der, issuer, &read, f) : ERR_OK;
}

static err issue_all(struct arena *a, const struct private_key *ca, const struct issuer *issuer,
		     struct device_issue *devices, size_t n, struct fault *f)
{
	struct certificate_body *bodies = arena_array(a, n, sizeof(*bodies));
	struct signing *signings = arena_array(a, n, sizeof(*signings));

	if (bodies == NULL || signings == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "certificates", NULL);
	if (!hash_equal(issuer->key->id, ca->public->id))
		return fail(f, "CERTIFICATE_CA_KEY_DIFFERS", NULL);
	for (size_t i = 0; i < n; i++) {
		struct device_issue *d = &devices[i];

		TRY(prepare(a, issuer, d->subject, &d->profile, &bodies[i], f));
		signings[i].message = bodies[i].body;
	}
	TRY(key_sign_many(ca, signings, n, f));
	for (size_t i = 0; i < n; i++)
		TRY(certificate_assemble(a, &bodies[i], signings[i].signature, &devices[i].der, f));
	return check_all(a, ca, issuer, devices, signings, n, f);
}

err certificate_issue_devices(struct arena *a, const struct private_key *ca,
			      struct bytes ca_certificate, struct device_issue *devices, size_t n,
			      struct fault *f)
{
	struct issuer issuer;

	TRY(issuer_open(ca_certificate, &issuer, f));
	err issued = issue_all(a, ca, &issuer, devices, n, f);
	issuer_close(&issuer);
	return issued;
}

err certificate_issue_device(struct arena *a, const struct private_key *ca,
			     struct bytes ca_certificate, const struct public_key *subject,
			     const struct device_profile *profile, struct bytes *der,
			     struct fault *f)
{
	struct device_issue one = {.subject = subject, .profile = *profile};

	TRY(certificate_issue_devices(a, ca, ca_certificate, &one, 1, f));
	*der = one.der;
	return ERR_OK;
}
