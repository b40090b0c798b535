/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware releases, and what stations programmed. */
#include "record/type.h"

struct firmware_released {
	struct id release, product, version, environment;
	struct hash image, sbom;
	int64_t image_size, security_version;
	struct text notes;
};
static const struct field firmware_released[] = {
	FIELD(firmware_released, release, REQUIRED, "number of the firmware release"),
	FIELD(firmware_released, product, REQUIRED, "product it is for"),
	FIELD(firmware_released, version, REQUIRED, "version that people say"),
	CHOICE(firmware_released, environment, REQUIRED, "development|staging|production",
	       "where it may run"),
	FIELD(firmware_released, image, REQUIRED | STORED, "SHA-256 of the image"),
	NUMBER(firmware_released, image_size, REQUIRED, 1, 4294967296, "size of the image, bytes"),
	NUMBER(firmware_released, security_version, REQUIRED, 0, 2147483647,
	       "devices never go back below the highest one they ran"),
	FIELD(firmware_released, sbom, STORED, "digest of the software bill of materials"),
	SIZED(firmware_released, notes, OPTIONAL, 2000, "what is new"),
	{0},
};

struct firmware_withdrawn {
	struct id release;
	struct text reason;
};
static const struct field firmware_withdrawn[] = {
	FIELD(firmware_withdrawn, release, REQUIRED, "number of the firmware release"),
	SIZED(firmware_withdrawn, reason, REQUIRED, 500, "why it may not be programmed any more"),
	{0},
};

struct unit_programmed {
	struct id product, serial, station, release;
	struct hash image;
};
static const struct field unit_programmed[] = {
	FIELD(unit_programmed, product, REQUIRED, "product"),
	FIELD(unit_programmed, serial, REQUIRED, "serial of the unit"),
	FIELD(unit_programmed, station, REQUIRED, "station that programmed it"),
	FIELD(unit_programmed, release, REQUIRED, "firmware release that was to be programmed"),
	FIELD(unit_programmed, image, REQUIRED, "SHA-256 of the image read back from the unit"),
	{0},
};

#define RELEASE                                     \
	{                                           \
		"firmware_release", NULL, "release" \
	}
static const struct record_type firmware_types[] = {
	{.name = "firmware.released",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "firmware.release",
	 .origin = SIGNED,
	 .subject = RELEASE,
	 .scope = "firmware.new",
	 .approval = "firmware.release",
	 .size = sizeof(struct firmware_released),
	 .fields = firmware_released,
	 .help = "Lets an image run on a product."},
	{.name = "firmware.withdrawn",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "firmware.withdraw",
	 .origin = SIGNED,
	 .subject = RELEASE,
	 .scope = "firmware.known",
	 .size = sizeof(struct firmware_withdrawn),
	 .fields = firmware_withdrawn,
	 .help = "Ends a firmware release at once."},
	{.name = "unit.programmed",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "firmware.program",
	 .origin = SIGNED,
	 .subject = {"unit", "product", "serial"},
	 .scope = "firmware.station",
	 .size = sizeof(struct unit_programmed),
	 .fields = unit_programmed,
	 .help = "A station programmed a unit and read back what it holds."},
	{0},
};

extern const char firmware_sql[];
const struct area firmware_area = {"firmware", firmware_types, firmware_sql};
