/* SPDX-License-Identifier: Apache-2.0 */
/* Device identities: a station asks for one, with a key that was made in the device; the signer
 * issues; the record of the certificate makes the unit somebody who can sign. */
#include "core/sha256.h"
#include "crypto/x509.h"
#include "record/check.h"

/* Smaller than what x509.h can parse: a record must fit in an entry. */
enum { REQUEST_BYTES_MAX = 2048, CERTIFICATE_BYTES_MAX = 2048, RECEIPT_BYTES_MAX = 1024 };

struct unit_requested {
	struct id product, serial, authorization, address, allowance;
	struct blob csr;
};
static const struct field unit_requested[] = {
	FIELD(unit_requested, product, REQUIRED, "product"),
	FIELD(unit_requested, serial, REQUIRED, "serial that the unit gets"),
	FIELD(unit_requested, authorization, REQUIRED, "build authorization it counts against"),
	SIZED(unit_requested, csr, REQUIRED, REQUEST_BYTES_MAX,
	      "the request that the device made and signed with its new key (PKCS #10, DER)"),
	/* version 2 */
	FIELD(unit_requested, address, OPTIONAL,
	      "its hardware address (EUI-48 or EUI-64): 12 or 16 upper-case hexadecimal digits"),
	FIELD(unit_requested, allowance, OPTIONAL,
	      "offline allowance that it was started under, while the station was cut off"),
	{0},
};
struct unit_requested_outputs {
	struct hash key_id;
	struct blob spki;
};
static const struct field unit_requested_outputs[] = {
	FIELD(unit_requested_outputs, key_id, REQUIRED, "SHA-256 of the device's public key"),
	SIZED(unit_requested_outputs, spki, REQUIRED, SPKI_SIZE_MAX, "the device's public key"),
	{0},
};

struct certificate_issued {
	struct id product, serial;
	struct blob certificate, receipt;
};
static const struct field certificate_issued[] = {
	FIELD(certificate_issued, product, REQUIRED, "product"),
	FIELD(certificate_issued, serial, REQUIRED, "serial of the unit"),
	SIZED(certificate_issued, certificate, REQUIRED, CERTIFICATE_BYTES_MAX,
	      "device certificate (X.509, DER)"),
	/* version 2 */
	SIZED(certificate_issued, receipt, OPTIONAL, RECEIPT_BYTES_MAX,
	      "the signer's issue receipt (docs/formats/signer.cddl)"),
	{0},
};

struct certificate_refused {
	struct id product, serial, code;
};
static const struct field certificate_refused[] = {
	FIELD(certificate_refused, product, REQUIRED, "product"),
	FIELD(certificate_refused, serial, REQUIRED, "serial of the unit"),
	FIELD(certificate_refused, code, REQUIRED, "message id of the signer's reason"),
	{0},
};
struct certificate_issued_outputs {
	struct hash key_id, certificate_digest;
};
static const struct field certificate_issued_outputs[] = {
	FIELD(certificate_issued_outputs, key_id, OPTIONAL,
	      "SHA-256 of the certified public key; absent if it cannot be read"),
	FIELD(certificate_issued_outputs, certificate_digest, REQUIRED,
	      "SHA-256 of the device certificate"),
	{0},
};

/* The device proved that it holds the key, and asks for the serial that the station says. */
static err check_unit_requested(struct check_context *context, const void *body, uint64_t present,
				void *outputs, uint64_t *outputs_present, struct fault *f)
{
	const struct unit_requested *b = body;
	struct unit_requested_outputs *out = outputs;
	struct public_key *key = NULL;
	struct bytes serial;

	(void)present;
	TRY(csr_check(context->arena, b->csr.bytes, &key, &serial, f));
	out->key_id = public_key_id(key);
	out->spki.bytes = arena_copy(context->arena, public_key_spki(key));
	public_key_close(key);
	if (out->spki.bytes.p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (serial.n != 0 && !bytes_equal(serial, bytes_of(b->serial.text, b->serial.n)))
		return fail_field(f, "csr", "REQUEST_FOR_OTHER_SERIAL", "serial", b->serial.text,
				  NULL);
	*outputs_present = 3;
	return ERR_OK;
}

/* What cannot be read is said so in the outputs: the certificate exists all the same. */
static err check_certificate_issued(struct check_context *context, const void *body,
				    uint64_t present, void *outputs, uint64_t *outputs_present,
				    struct fault *f)
{
	const struct certificate_issued *b = body;
	struct certificate_issued_outputs *out = outputs;
	struct fault unreadable;

	(void)context;
	(void)present;
	(void)f;
	out->certificate_digest = sha256(b->certificate.bytes);
	*outputs_present = 2;
	if (certificate_key_id(b->certificate.bytes, &out->key_id, &unreadable).code == OK)
		*outputs_present |= 1;
	return ERR_OK;
}

#define UNIT                                \
	{                                   \
		"unit", "product", "serial" \
	}
static const struct record_type identity_types[] = {
	{.name = "unit.requested",
	 .version = 2,
	 .nature = DECISION,
	 .permission = "identity.request",
	 .origin = SIGNED,
	 .subject = UNIT,
	 .scope = "identity.station",
	 .gate = "build",
	 .size = sizeof(struct unit_requested),
	 .fields = unit_requested,
	 .outputs_size = sizeof(struct unit_requested_outputs),
	 .outputs = unit_requested_outputs,
	 .check = check_unit_requested,
	 .help = "A station starts a unit and asks for its device certificate."},
	{.name = "certificate.refused",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "identity.issue",
	 .origin = REPORTED,
	 .flags = SYSTEM,
	 .subject = UNIT,
	 .size = sizeof(struct certificate_refused),
	 .fields = certificate_refused,
	 .help = "The signer will never issue this unit's device certificate."},
	{.name = "certificate.issued",
	 .version = 2,
	 .nature = EVENT,
	 .permission = "identity.issue",
	 .origin = REPORTED,
	 .flags = SYSTEM,
	 .subject = UNIT,
	 .size = sizeof(struct certificate_issued),
	 .fields = certificate_issued,
	 .outputs_size = sizeof(struct certificate_issued_outputs),
	 .outputs = certificate_issued_outputs,
	 .check = check_certificate_issued,
	 .help = "The signer issued a unit's device certificate."},
	{0},
};

extern const char identity_sql[];
const struct area identity_area = {"identity", identity_types, identity_sql};
