/* SPDX-License-Identifier: Apache-2.0 */
/* Programming permits: a station asks for one with the device's nonce; the signer gives it for this unit,
 * this image and an hour; the device programs nothing without it. */
#include "record/type.h"

enum { PERMIT_BYTES_MAX = 1024, NONCE_BYTES_LEAST = 16, NONCE_BYTES_MAX = 32 };

struct permit_requested {
	struct id product, serial, release;
	struct blob nonce;
};
static const struct field permit_requested[] = {
	FIELD(permit_requested, product, REQUIRED, "product"),
	FIELD(permit_requested, serial, REQUIRED, "serial of the unit"),
	FIELD(permit_requested, release, REQUIRED, "firmware release that is to be programmed"),
	BETWEEN(permit_requested, nonce, REQUIRED, NONCE_BYTES_LEAST, NONCE_BYTES_MAX,
		"the device's nonce, new for each permit"),
	{0},
};

struct permit_issued {
	struct id product, serial;
	struct blob permit;
	struct hash request;
};
static const struct field permit_issued[] = {
	FIELD(permit_issued, product, REQUIRED, "product"),
	FIELD(permit_issued, serial, REQUIRED, "serial of the unit"),
	SIZED(permit_issued, permit, REQUIRED, PERMIT_BYTES_MAX,
	      "programming permit (docs/formats/signer.cddl)"),
	FIELD(permit_issued, request, REQUIRED, "digest of the claim permit.requested"),
	{0},
};

struct permit_refused {
	struct id product, serial, code;
	struct hash request;
};
static const struct field permit_refused[] = {
	FIELD(permit_refused, product, REQUIRED, "product"),
	FIELD(permit_refused, serial, REQUIRED, "serial of the unit"),
	FIELD(permit_refused, request, REQUIRED, "digest of the claim permit.requested"),
	FIELD(permit_refused, code, REQUIRED, "message id of the signer's reason"),
	{0},
};

#define UNIT                                \
	{                                   \
		"unit", "product", "serial" \
	}
static const struct record_type permit_types[] = {
	{.name = "permit.requested",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "firmware.program",
	 .origin = SIGNED,
	 .subject = UNIT,
	 .scope = "permit.station",
	 .gate = "program",
	 .size = sizeof(struct permit_requested),
	 .fields = permit_requested,
	 .help = "A station asks for the permit to program a unit."},
	{.name = "permit.issued",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "identity.issue",
	 .origin = REPORTED,
	 .flags = SYSTEM,
	 .subject = UNIT,
	 .size = sizeof(struct permit_issued),
	 .fields = permit_issued,
	 .help = "The signer lets a unit be programmed once."},
	{.name = "permit.refused",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "identity.issue",
	 .origin = REPORTED,
	 .flags = SYSTEM,
	 .subject = UNIT,
	 .size = sizeof(struct permit_refused),
	 .fields = permit_refused,
	 .help = "The signer will never give this permit."},
	{0},
};

extern const char permit_sql[];
const struct area permit_area = {"permit", permit_types, permit_sql};
