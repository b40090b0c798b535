/* SPDX-License-Identifier: Apache-2.0 */
/* Boot evidence: the device itself says what it runs, over a nonce that we gave it. */
#include "record/type.h"

struct boot_proved {
	struct id product, serial;
	struct blob nonce;
	struct hash image;
	int64_t boot_count;
};
static const struct field boot_proved[] = {
	FIELD(boot_proved, product, REQUIRED, "product"),
	FIELD(boot_proved, serial, REQUIRED, "serial of the unit"),
	{FIELD_BASE_(boot_proved, nonce, REQUIRED, "the challenge that this answers"), .least = 32,
	 .most = 32},
	FIELD(boot_proved, image, REQUIRED, "SHA-256 of the firmware that was started"),
	NUMBER(boot_proved, boot_count, REQUIRED, 0, 4294967295,
	       "how often it has started; never the same twice"),
	{0},
};

static const struct record_type attestation_types[] = {
	{.name = "boot.proved",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "device.report",
	 .origin = SIGNED,
	 .subject = {"unit", "product", "serial"},
	 .scope = "attestation.unit",
	 .size = sizeof(struct boot_proved),
	 .fields = boot_proved,
	 .help = "A device proved what it runs since its last start."},
	{0},
};

extern const char attestation_sql[];
const struct area attestation_area = {"attestation", attestation_types, attestation_sql};
