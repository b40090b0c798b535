/* SPDX-License-Identifier: Apache-2.0 */
/* x509_parts.c — names, times, extensions and encodings that issuing and checking share. */
#include <limits.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "core/entry.h"
#include "crypto/x509_internal.h"

static const uint64_t TIME_LAST_MS = 253402300799000; /* 9999-12-31T23:59:59Z */

/* ---- names ---- */

/* X.680 section 41.4: letters, digits, space and a few marks. */
static bool printable(struct bytes value)
{
	for (size_t i = 0; i < value.n; i++)
		if (!ASN1_PRINTABLE_type(value.p + i, 1) ||
		    ASN1_PRINTABLE_type(value.p + i, 1) != V_ASN1_PRINTABLESTRING)
			return false;
	return true;
}

bool name_add(X509_NAME *name, int nid, struct bytes value)
{
	int type = printable(value) ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING;

	return X509_NAME_add_entry_by_NID(name, nid, type, value.p, (int)value.n, -1, 0) == 1;
}

bool name_value(const X509_NAME *name, int nid, struct bytes *value)
{
	int at = X509_NAME_get_index_by_NID(name, nid, -1);

	if (at < 0 || X509_NAME_get_index_by_NID(name, nid, at) >= 0)
		return false;
	const ASN1_STRING *data = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	*value = bytes_of(ASN1_STRING_get0_data(data), (size_t)ASN1_STRING_length(data));
	return true;
}

X509_NAME *device_subject(struct bytes product, struct bytes serial)
{
	X509_NAME *name = X509_NAME_new();

	if (name != NULL && name_add(name, NID_organizationalUnitName, product) &&
	    name_add(name, NID_serialNumber, serial))
		return name;
	X509_NAME_free(name);
	return NULL;
}

/* ---- times and object identifiers ---- */

bool time_set(ASN1_TIME *out, uint64_t unix_ms)
{
	return unix_ms <= TIME_LAST_MS && ASN1_TIME_set(out, (time_t)(unix_ms / 1000)) != NULL;
}

ASN1_OBJECT *object_of(const char *dotted)
{
	char again[OID_TEXT_MAX + 1];

	if (strlen(dotted) > OID_TEXT_MAX || strchr(dotted, '.') == NULL)
		return NULL;
	ASN1_OBJECT *object = OBJ_txt2obj(dotted, 1);
	if (object == NULL) {
		ERR_clear_error();
		return NULL;
	}
	int n = OBJ_obj2txt(again, sizeof(again), object, 1);
	if (n > 0 && (size_t)n < sizeof(again) && strcmp(again, dotted) == 0)
		return object;
	ASN1_OBJECT_free(object);
	return NULL;
}

static bool object_is(const ASN1_OBJECT *object, const char *dotted)
{
	AUTO(object_close) ASN1_OBJECT *wanted = object_of(dotted);

	return wanted != NULL && OBJ_cmp(object, wanted) == 0;
}

/* ---- hardwareModuleName ---- */

static ASN1_STRING *hardware_name_encode(const ASN1_OBJECT *type, struct bytes serial)
{
	AUTO(string_close) ASN1_STRING *octets = ASN1_OCTET_STRING_new();
	ASN1_STRING *out = ASN1_STRING_type_new(V_ASN1_SEQUENCE);

	if (octets != NULL && out != NULL &&
	    ASN1_OCTET_STRING_set(octets, serial.p, (int)serial.n) == 1) {
		int inner = i2d_ASN1_OBJECT(type, NULL) + i2d_ASN1_OCTET_STRING(octets, NULL);
		int whole = ASN1_object_size(1, inner, V_ASN1_SEQUENCE);
		uint8_t *der = OPENSSL_malloc((size_t)whole), *p = der;

		if (der != NULL) {
			ASN1_put_object(&p, 1, inner, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
			(void)i2d_ASN1_OBJECT(type, &p);
			(void)i2d_ASN1_OCTET_STRING(octets, &p);
			ASN1_STRING_set0(out, der, whole);
			return out;
		}
	}
	ASN1_STRING_free(out);
	return NULL;
}

/* Only the type: the checker makes the whole extension again from it and compares. */
static ASN1_OBJECT *hardware_name_type(const ASN1_STRING *sequence)
{
	const uint8_t *p = ASN1_STRING_get0_data(sequence);
	long n = 0, all = ASN1_STRING_length(sequence);
	int tag = 0, class = 0;

	if ((ASN1_get_object(&p, &n, &tag, &class, all) & 0x80) != 0 || tag != V_ASN1_SEQUENCE ||
	    class != V_ASN1_UNIVERSAL)
		return NULL;
	return d2i_ASN1_OBJECT(NULL, &p, n);
}

ASN1_OBJECT *hardware_type_of(const X509 *certificate)
{
	AUTO(names_close)
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	ASN1_OBJECT *type = NULL;

	if (names != NULL && sk_GENERAL_NAME_num(names) == 1) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, 0);

		if (name->type == GEN_OTHERNAME &&
		    object_is(name->d.otherName->type_id, OID_HARDWARE_MODULE_NAME) &&
		    name->d.otherName->value->type == V_ASN1_SEQUENCE)
			type = hardware_name_type(name->d.otherName->value->value.sequence);
	}
	ERR_clear_error();
	return type;
}

/* ---- the extensions of a device certificate ---- */

static X509_EXTENSION *key_usage(const struct device_parts *parts)
{
	AUTO(string_close) ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();

	(void)parts;
	if (bits == NULL || ASN1_BIT_STRING_set_bit(bits, 0, 1) != 1) /* digitalSignature */
		return NULL;
	return X509V3_EXT_i2d(NID_key_usage, 1, bits);
}

X509_EXTENSION *authority_key_id(const ASN1_OCTET_STRING *ca_key_id)
{
	AUTHORITY_KEYID *authority = AUTHORITY_KEYID_new();
	X509_EXTENSION *extension = NULL;

	if (authority != NULL) {
		authority->keyid = ASN1_OCTET_STRING_dup(ca_key_id);
		if (authority->keyid != NULL)
			extension = X509V3_EXT_i2d(NID_authority_key_identifier, 0, authority);
	}
	AUTHORITY_KEYID_free(authority);
	return extension;
}

static X509_EXTENSION *device_authority(const struct device_parts *parts)
{
	return authority_key_id(parts->ca_key_id);
}

static X509_EXTENSION *policies(const struct device_parts *parts)
{
	CERTIFICATEPOLICIES *list = sk_POLICYINFO_new_null();
	POLICYINFO *policy = POLICYINFO_new();
	ASN1_OBJECT *object = object_of(OID_POLICY_DEVICE);
	X509_EXTENSION *extension = NULL;

	(void)parts;
	if (list != NULL && policy != NULL && object != NULL &&
	    sk_POLICYINFO_push(list, policy) > 0) {
		ASN1_OBJECT_free(policy->policyid);
		policy->policyid = object;
		policy = NULL;
		object = NULL;
		extension = X509V3_EXT_i2d(NID_certificate_policies, 0, list);
	}
	ASN1_OBJECT_free(object);
	POLICYINFO_free(policy);
	CERTIFICATEPOLICIES_free(list);
	return extension;
}

static X509_EXTENSION *hardware_name(const struct device_parts *parts)
{
	AUTO(names_close) GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_OBJECT *id = object_of(OID_HARDWARE_MODULE_NAME);
	ASN1_STRING *sequence = hardware_name_encode(parts->hardware_type, parts->serial);
	ASN1_TYPE *value = ASN1_TYPE_new();

	if (names == NULL || name == NULL || id == NULL || sequence == NULL || value == NULL)
		goto failed;
	ASN1_TYPE_set(value, V_ASN1_SEQUENCE, sequence);
	sequence = NULL;
	if (GENERAL_NAME_set0_othername(name, id, value) != 1)
		goto failed;
	id = NULL;
	value = NULL;
	if (sk_GENERAL_NAME_push(names, name) <= 0)
		goto failed;
	return X509V3_EXT_i2d(NID_subject_alt_name, 0, names);
failed:
	ASN1_TYPE_free(value);
	ASN1_STRING_free(sequence);
	ASN1_OBJECT_free(id);
	GENERAL_NAME_free(name);
	return NULL;
}

X509_EXTENSION *device_extension(size_t i, const struct device_parts *parts)
{
	static X509_EXTENSION *(*const make[DEVICE_EXTENSIONS])(const struct device_parts *) = {
		key_usage, device_authority, policies, hardware_name};

	return make[i](parts);
}

/* ---- whole certificates ---- */

int signature_nid(enum key_algorithm algorithm)
{
	return algorithm == KEY_P256 ? NID_ecdsa_with_SHA256 : NID_ED25519;
}

bool signature_algorithm_is(const X509_ALGOR *signature, enum key_algorithm algorithm)
{
	const ASN1_OBJECT *object = NULL;
	int parameters = 0;

	X509_ALGOR_get0(&object, &parameters, NULL, signature);
	return parameters == V_ASN1_UNDEF && OBJ_obj2nid(object) == signature_nid(algorithm);
}

/* OpenSSL keeps the bytes it parsed; asking for the body to be made again drops them. */
static bool reencodes(X509 *certificate, struct bytes der)
{
	uint8_t *again = NULL;

	if (i2d_re_X509_tbs(certificate, NULL) <= 0)
		return false;
	int n = i2d_X509(certificate, &again);
	bool same = n > 0 && bytes_equal(bytes_of(again, (size_t)n), der);

	OPENSSL_free(again);
	return same;
}

X509 *certificate_parse(struct bytes der)
{
	const uint8_t *p = der.p;

	if (der.n == 0 || der.n > CERTIFICATE_SIZE_MAX)
		return NULL;
	X509 *certificate = d2i_X509(NULL, &p, (long)der.n);
	if (certificate != NULL && p == der.p + der.n && reencodes(certificate, der))
		return certificate;
	ERR_clear_error();
	X509_free(certificate);
	return NULL;
}

err issuer_open(struct bytes der, struct issuer *out, struct fault *f)
{
	const uint32_t may_issue = EXFLAG_CA, bad = EXFLAG_INVALID;
	uint8_t *spki = NULL;

	*out = (struct issuer){.certificate = certificate_parse(der)};
	X509 *x = out->certificate;
	if (x == NULL)
		return fail(f, "CERTIFICATE_MALFORMED", NULL);
	uint32_t flags = X509_get_extension_flags(x);
	if ((flags & may_issue) == 0 || (flags & bad) != 0 ||
	    (X509_get_key_usage(x) & KU_KEY_CERT_SIGN) == 0 ||
	    X509_get0_subject_key_id(x) == NULL ||
	    X509_NAME_entry_count(X509_get_subject_name(x)) == 0) {
		issuer_close(out);
		return fail(f, "CERTIFICATE_NOT_A_CA", NULL);
	}
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);
	err parsed = n > 0 ? public_key_parse(bytes_of(spki, (size_t)n), &out->key, f)
			   : crypto_failed(f);
	OPENSSL_free(spki);
	if (parsed.code != OK)
		issuer_close(out);
	return parsed;
}

void issuer_close(struct issuer *issuer)
{
	X509_free(issuer->certificate);
	public_key_close(issuer->key);
	*issuer = (struct issuer){0};
}

void pem_put(struct writer *w, const char *label, struct bytes der)
{
	enum { LINE_BYTES = 48 };

	put_text(w, "-----BEGIN ");
	put_text(w, label);
	put_text(w, "-----\n");
	for (size_t at = 0; at < der.n; at += LINE_BYTES) {
		size_t n = der.n - at < LINE_BYTES ? der.n - at : LINE_BYTES;
		char line[LINE_BYTES / 3 * 4 + 1];

		base64_encode(bytes_of(der.p + at, n), line);
		put_text(w, line);
		put_text(w, "\n");
	}
	put_text(w, "-----END ");
	put_text(w, label);
	put_text(w, "-----\n");
}

bool certificate_pem_ends(struct bytes pem, uint64_t *not_after_ms)
{
	BIO *bio = pem.n == 0 || pem.n > INT_MAX ? NULL : BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *certificate = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
	struct tm end;
	bool good =
		certificate != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) == 1;
	time_t seconds = good ? timegm(&end) : -1;

	if (seconds >= 0)
		*not_after_ms = (uint64_t)seconds * 1000;
	X509_free(certificate);
	BIO_free(bio);
	return seconds >= 0;
}
