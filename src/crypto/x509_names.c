/* SPDX-License-Identifier: Apache-2.0 */
/* x509_names.c — which device a certificate of any issuer is about. */
#include <openssl/err.h>

#include "core/entry.h"
#include "crypto/x509_internal.h"

enum { HARDWARE_SERIAL_MAX = 32 };

/* The octets of hwSerialNum (RFC 4108 section 5): SEQUENCE { OBJECT IDENTIFIER, OCTET STRING }. */
static bool octets_of(const ASN1_STRING *sequence, struct bytes *out)
{
	const uint8_t *p = ASN1_STRING_get0_data(sequence);
	const uint8_t *end = p + ASN1_STRING_length(sequence);
	static const int tags[] = {V_ASN1_SEQUENCE, V_ASN1_OBJECT, V_ASN1_OCTET_STRING};
	long n = 0;

	for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
		int tag = 0, class = 0;
		int flags = ASN1_get_object(&p, &n, &tag, &class, end - p);

		if ((flags & 0x80) != 0 || tag != tags[i] || class != V_ASN1_UNIVERSAL)
			return false;
		if (tag == V_ASN1_OBJECT)
			p += n;
	}
	*out = bytes_of(p, (size_t)n);
	return p + n == end && n > 0 && n <= HARDWARE_SERIAL_MAX;
}

/* Octets that are no id are written in hexadecimal digits. */
static err hardware_serial(struct arena *a, const X509 *x, struct bytes *out, struct fault *f)
{
	AUTO(names_close)
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	AUTO(object_close) ASN1_OBJECT *wanted = object_of(OID_HARDWARE_MODULE_NAME);
	char hex[2 * HARDWARE_SERIAL_MAX + 1];
	struct bytes octets;

	for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_OTHERNAME ||
		    OBJ_cmp(name->d.otherName->type_id, wanted) != 0 ||
		    name->d.otherName->value->type != V_ASN1_SEQUENCE ||
		    !octets_of(name->d.otherName->value->value.sequence, &octets))
			continue;
		if (!id_valid(octets)) {
			hex_encode(octets, hex);
			octets = bytes_text(hex);
		}
		*out = arena_copy(a, octets);
		return out->p != NULL ? ERR_OK
				      : fail(f, "MEMORY_EXHAUSTED", "what", "a certificate", NULL);
	}
	return ERR_OK;
}

err certificate_names(struct arena *a, struct bytes der, struct bytes *product,
		      struct bytes *serial, struct fault *f)
{
	const uint8_t *p = der.p;
	struct bytes unit = {0}, number = {0};

	*product = *serial = (struct bytes){0};
	if (der.n == 0 || der.n > CERTIFICATE_SIZE_MAX)
		return fail(f, "CERTIFICATE_MALFORMED", NULL);
	AUTO(certificate_close) X509 *x = d2i_X509(NULL, &p, (long)der.n);
	ERR_clear_error();
	if (x == NULL || p != der.p + der.n)
		return fail(f, "CERTIFICATE_MALFORMED", NULL);
	if (name_value(X509_get_subject_name(x), NID_organizationalUnitName, &unit))
		*product = arena_copy(a, unit);
	if (name_value(X509_get_subject_name(x), NID_serialNumber, &number))
		*serial = arena_copy(a, number);
	if ((unit.n > 0 && product->p == NULL) || (number.n > 0 && serial->p == NULL))
		return fail(f, "MEMORY_EXHAUSTED", "what", "a certificate", NULL);
	return serial->n > 0 ? ERR_OK : hardware_serial(a, x, serial, f);
}
