/* SPDX-License-Identifier: Apache-2.0 */
/* key_objects.c — the objects of a token: the one private key found and judged, its public half
 * read, and a pair made. */
#include <stdio.h>
#include <string.h>

#include "signer/key_module.h"

enum { OBJECTS_MAX = 16, ID_MAX = 64, LABEL_MAX = 256, POINT_MAX = 128, NEW_ID_SIZE = 16 };

/* ECParameters: the object identifiers of P-256 (RFC 5480) and Ed25519 (RFC 8410), and the curve's
 * name, which PKCS #11 version 3.0 section 2.3.10 allows for Edwards curves. */
static const uint8_t P256_PARAMETERS[] = {0x06, 0x08, 0x2a, 0x86, 0x48,
					  0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t ED25519_PARAMETERS[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
static const uint8_t ED25519_NAME[] = {0x13, 0x0c, 'e', 'd', 'w', 'a', 'r',
				       'd',  's',  '2', '5', '5', '1', '9'};

#define IS(value, constant) bytes_equal(value, bytes_of(constant, sizeof(constant)))

/* ---- reading ---- */

/* One attribute into `buffer`; false if it is not there, or longer. */
static bool attribute_get(struct key_module *m, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
			  void *buffer, size_t cap, struct bytes *out)
{
	CK_ATTRIBUTE a = {type, buffer, cap};

	if (m->calls->C_GetAttributeValue(m->session, object, &a, 1) != CKR_OK ||
	    a.ulValueLen > cap)
		return false;
	*out = bytes_of(buffer, a.ulValueLen);
	return true;
}

static bool flag_is(struct key_module *m, CK_ATTRIBUTE_TYPE type, CK_BBOOL wanted)
{
	CK_BBOOL value = CK_FALSE;
	struct bytes got;

	return attribute_get(m, m->key, type, &value, sizeof(value), &got) &&
	       got.n == sizeof(value) && (value != CK_FALSE) == (wanted != CK_FALSE);
}

/* Up to `cap` objects; `*n` is how many there are, counted to OBJECTS_MAX. */
static err objects_find(struct key_module *m, CK_ATTRIBUTE *wanted, size_t wanted_n,
			CK_OBJECT_HANDLE found[static OBJECTS_MAX], size_t *n, struct fault *f)
{
	CK_ULONG got = 0;

	*n = 0;
	CK_RV answer = m->calls->C_FindObjectsInit(m->session, wanted, wanted_n);
	if (answer != CKR_OK)
		return key_module_failed("C_FindObjectsInit", answer, f);
	do {
		answer = m->calls->C_FindObjects(m->session, found + *n, OBJECTS_MAX - *n, &got);
		*n += answer == CKR_OK ? got : 0;
	} while (answer == CKR_OK && got > 0 && *n < OBJECTS_MAX);
	(void)m->calls->C_FindObjectsFinal(m->session);
	return answer == CKR_OK ? ERR_OK : key_module_failed("C_FindObjects", answer, f);
}

/* Class, and label and id as the address has them. */
static size_t wanted_of(struct key_module *m, CK_OBJECT_CLASS *class, CK_ATTRIBUTE wanted[static 3])
{
	static const CK_ATTRIBUTE_TYPE types[] = {CKA_LABEL, CKA_ID};
	size_t n = 0;

	wanted[n++] = (CK_ATTRIBUTE){CKA_CLASS, class, sizeof(*class)};
	for (size_t i = 0; i < 2; i++) {
		const CK_ATTRIBUTE *a = p11_kit_uri_get_attribute(m->uri.uri, types[i]);

		if (a != NULL)
			wanted[n++] = *a;
	}
	return n;
}

static err judge(struct key_module *m, struct fault *f)
{
	uint8_t parameters[64];
	struct bytes value;

	if (!flag_is(m, CKA_SENSITIVE, CK_TRUE) || !flag_is(m, CKA_EXTRACTABLE, CK_FALSE))
		return fail(f, "KEY_EXTRACTABLE", NULL);
	m->always_authenticate = flag_is(m, CKA_ALWAYS_AUTHENTICATE, CK_TRUE);
	if (!attribute_get(m, m->key, CKA_EC_PARAMS, parameters, sizeof(parameters), &value))
		value = (struct bytes){0};
	if (IS(value, P256_PARAMETERS))
		m->algorithm = KEY_P256;
	else if (IS(value, ED25519_PARAMETERS) || IS(value, ED25519_NAME))
		m->algorithm = KEY_ED25519;
	else
		return fail(f, "KEY_HSM_UNSUPPORTED", NULL);
	return ERR_OK;
}

err key_module_find(struct key_module *m, struct fault *f)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_OBJECT_HANDLE found[OBJECTS_MAX];
	CK_ATTRIBUTE wanted[3];
	char count[24];
	size_t n = 0;

	TRY(objects_find(m, wanted, wanted_of(m, &class, wanted), found, &n, f));
	(void)snprintf(count, sizeof(count), "%zu", n);
	if (n != 1)
		return fail(f, "KEY_OBJECT_NOT_ONE", "n", count, NULL);
	m->key = found[0];
	err judged = judge(m, f);
	if (judged.code != OK)
		m->key = 0;
	return judged;
}

/* ---- the public half ---- */

/* The point inside CKA_EC_POINT: an OCTET STRING around it by the standard, a BIT STRING or nothing
 * by some modules. */
static struct bytes point_of(struct bytes value, size_t size)
{
	if (value.n == size + 2 && value.p[0] == 0x04 && value.p[1] == size)
		return bytes_of(value.p + 2, size);
	if (value.n == size + 3 && value.p[0] == 0x03 && value.p[1] == size + 1 && value.p[2] == 0)
		return bytes_of(value.p + 3, size);
	return value.n == size ? value : (struct bytes){0};
}

static err public_from(struct key_module *m, struct bytes value, struct public_key **out,
		       struct fault *f)
{
	if (m->algorithm == KEY_ED25519) {
		struct bytes point = point_of(value, 32);

		return point.n == 32 ? public_key_from_ed25519(point.p, out, f)
				     : fail(f, "KEY_HSM_UNSUPPORTED", NULL);
	}
	struct bytes point = point_of(value, 65);
	if (point.n != 65 || point.p[0] != 0x04) /* uncompressed */
		return fail(f, "KEY_HSM_UNSUPPORTED", NULL);
	return public_key_from_p256(point.p + 1, out, f);
}

/* The public object that has the private one's id. */
static err find_public(struct key_module *m, CK_OBJECT_HANDLE *out, struct fault *f)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_OBJECT_HANDLE found[OBJECTS_MAX];
	uint8_t id[ID_MAX];
	struct bytes value;
	size_t n = 0;

	if (!attribute_get(m, m->key, CKA_ID, id, sizeof(id), &value) || value.n == 0)
		return fail(f, "KEY_PUBLIC_MISSING", NULL);
	CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &class, sizeof(class)}, {CKA_ID, id, value.n}};
	TRY(objects_find(m, wanted, 2, found, &n, f));
	if (n != 1)
		return fail(f, "KEY_PUBLIC_MISSING", NULL);
	*out = found[0];
	return ERR_OK;
}

err key_module_public(struct key_module *m, struct public_key **out, struct fault *f)
{
	CK_OBJECT_HANDLE object = m->key;
	uint8_t point[POINT_MAX];
	struct bytes value;

	if (attribute_get(m, object, CKA_EC_POINT, point, sizeof(point), &value) && value.n > 0)
		return public_from(m, value, out, f);
	TRY(find_public(m, &object, f));
	if (!attribute_get(m, object, CKA_EC_POINT, point, sizeof(point), &value))
		return fail(f, "KEY_PUBLIC_MISSING", NULL);
	return public_from(m, value, out, f);
}

/* ---- making ---- */

/* Label and id of the new pair, within fixed sizes. */
struct names {
	uint8_t label[LABEL_MAX], id[ID_MAX];
	size_t label_n, id_n;
};

static err names_take(struct key_module *m, struct names *out, struct fault *f)
{
	const CK_ATTRIBUTE *label = p11_kit_uri_get_attribute(m->uri.uri, CKA_LABEL);
	const CK_ATTRIBUTE *id = p11_kit_uri_get_attribute(m->uri.uri, CKA_ID);

	if (label == NULL || label->ulValueLen == 0 || label->ulValueLen > LABEL_MAX ||
	    (id != NULL && (id->ulValueLen == 0 || id->ulValueLen > ID_MAX)))
		return fail(f, "KEY_URI_INVALID", "why",
			    "a new key needs an object of 1 to 256 "
			    "bytes, and an id of 64 at most",
			    NULL);
	out->label_n = label->ulValueLen;
	memcpy(out->label, label->pValue, out->label_n);
	out->id_n = id != NULL ? id->ulValueLen : NEW_ID_SIZE;
	if (id == NULL)
		return random_bytes(out->id, NEW_ID_SIZE, f);
	memcpy(out->id, id->pValue, out->id_n);
	return ERR_OK;
}

/* By label or by id: a second key under either would make an address mean two. */
static err names_free(struct key_module *m, struct names *names, struct fault *f)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_OBJECT_HANDLE found[OBJECTS_MAX];
	CK_ATTRIBUTE by_label[] = {{CKA_CLASS, &class, sizeof(class)},
				   {CKA_LABEL, names->label, names->label_n}};
	CK_ATTRIBUTE by_id[] = {{CKA_CLASS, &class, sizeof(class)},
				{CKA_ID, names->id, names->id_n}};
	size_t n = 0, more = 0;

	TRY(objects_find(m, by_label, 2, found, &n, f));
	TRY(objects_find(m, by_id, 2, found, &more, f));
	return n + more == 0 ? ERR_OK : fail(f, "KEY_HSM_EXISTS", NULL);
}

static CK_RV make_pair(struct key_module *m, enum key_algorithm algorithm, struct names *names)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	uint8_t parameters[sizeof(P256_PARAMETERS)];
	size_t n = algorithm == KEY_P256 ? sizeof(P256_PARAMETERS) : sizeof(ED25519_PARAMETERS);
	CK_MECHANISM mechanism = {.mechanism = algorithm == KEY_P256 ? CKM_EC_KEY_PAIR_GEN
								     : CKM_EC_EDWARDS_KEY_PAIR_GEN};
	CK_OBJECT_HANDLE public = 0, private = 0;

	memcpy(parameters, algorithm == KEY_P256 ? P256_PARAMETERS : ED25519_PARAMETERS, n);
	CK_ATTRIBUTE of_public[] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_VERIFY, &yes, sizeof(yes)},
		{CKA_EC_PARAMS, parameters, n},
		{CKA_ID, names->id, names->id_n},
		{CKA_LABEL, names->label, names->label_n},
	};
	CK_ATTRIBUTE of_private[] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_PRIVATE, &yes, sizeof(yes)},
		{CKA_SENSITIVE, &yes, sizeof(yes)},
		{CKA_EXTRACTABLE, &no, sizeof(no)},
		{CKA_SIGN, &yes, sizeof(yes)},
		{CKA_ID, names->id, names->id_n},
		{CKA_LABEL, names->label, names->label_n},
	};
	return m->calls->C_GenerateKeyPair(
		m->session, &mechanism, of_public, sizeof(of_public) / sizeof(of_public[0]),
		of_private, sizeof(of_private) / sizeof(of_private[0]), &public, &private);
}

err key_module_generate(struct key_module *m, enum key_algorithm algorithm, struct fault *f)
{
	struct names names = {0};

	TRY(names_take(m, &names, f));
	TRY(names_free(m, &names, f));
	CK_RV answer = make_pair(m, algorithm, &names);
	if (answer != CKR_OK)
		return key_module_failed("C_GenerateKeyPair", answer, f);
	return key_module_find(m, f);
}
