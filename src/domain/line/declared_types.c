/* SPDX-License-Identifier: Apache-2.0 */
/* What was there before the log: units built elsewhere or earlier, and their device certificates.
 * Somebody says so; nobody witnessed it. */
#include "core/sha256.h"
#include "crypto/x509.h"
#include "record/check.h"

struct unit_declared {
	struct id product, serial, site, address;
	struct instant built_on;
	struct text version;
	struct hash image;
	struct commitment customer;
};
static const struct field unit_declared[] = {
	FIELD(unit_declared, product, REQUIRED, "product"),
	FIELD(unit_declared, serial, REQUIRED, "serial of the unit"),
	FIELD(unit_declared, site, REQUIRED, "site that answers for it"),
	FIELD(unit_declared, built_on, OPTIONAL, "when it was built"),
	SIZED(unit_declared, version, OPTIONAL, 64,
	      "version of the firmware it was last seen with"),
	FIELD(unit_declared, image, OPTIONAL, "digest of the image it was last seen with"),
	FIELD(unit_declared, address, OPTIONAL,
	      "its hardware address (EUI-48 or EUI-64): 12 or 16 upper-case hexadecimal digits"),
	SIZED(unit_declared, customer, CONFIDENTIAL, 200, "who has it"),
	{0},
};

struct certificate_declared {
	struct id product, serial;
	struct blob certificate;
};
static const struct field certificate_declared[] = {
	FIELD(certificate_declared, product, REQUIRED, "product"),
	FIELD(certificate_declared, serial, REQUIRED, "serial of the unit"),
	SIZED(certificate_declared, certificate, REQUIRED, CERTIFICATE_SIZE_MAX,
	      "device certificate that it carries, whoever issued it (X.509, DER)"),
	{0},
};
struct certificate_declared_outputs {
	struct hash key_id, certificate_digest;
};
static const struct field certificate_declared_outputs[] = {
	FIELD(certificate_declared_outputs, key_id, REQUIRED,
	      "SHA-256 of the certified public key"),
	FIELD(certificate_declared_outputs, certificate_digest, REQUIRED,
	      "SHA-256 of the device certificate"),
	{0},
};

/* Who issued it is not judged: that its key is nobody else's is what counts here. */
static err check_certificate_declared(struct check_context *context, const void *body,
				      uint64_t present, void *outputs, uint64_t *outputs_present,
				      struct fault *f)
{
	const struct certificate_declared *b = body;
	struct certificate_declared_outputs *out = outputs;

	(void)context;
	(void)present;
	TRY(certificate_key_id(b->certificate.bytes, &out->key_id, f));
	out->certificate_digest = sha256(b->certificate.bytes);
	*outputs_present = 3;
	return ERR_OK;
}

#define UNIT                                \
	{                                   \
		"unit", "product", "serial" \
	}
static const struct record_type declared_types[] = {
	{.name = "unit.declared",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "line.import",
	 .origin = SIGNED,
	 .subject = UNIT,
	 .scope = "declared.unit",
	 .size = sizeof(struct unit_declared),
	 .fields = unit_declared,
	 .help = "Enters a unit that exists already: declared, not witnessed."},
	{.name = "certificate.declared",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "line.import",
	 .origin = SIGNED,
	 .subject = UNIT,
	 .scope = "declared.certificate",
	 .size = sizeof(struct certificate_declared),
	 .fields = certificate_declared,
	 .outputs_size = sizeof(struct certificate_declared_outputs),
	 .outputs = certificate_declared_outputs,
	 .check = check_certificate_declared,
	 .help = "Enters the device certificate of a declared unit: its key is taken from now on."},
	{0},
};

extern const char declared_sql[];
const struct area declared_area = {"declared", declared_types, declared_sql};
