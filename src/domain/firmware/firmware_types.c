/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware releases, and what stations programmed. */
#include "record/type.h"

struct fitting_revision {
	struct id revision;
};
static const struct field fitting_revision[] = {
	FIELD(fitting_revision, revision, REQUIRED, "revision of the bill of material"),
	{0},
};

/* An emergency release is the same thing, released by fewer and looked at afterwards. */
struct firmware_released {
	struct id release, product, version, environment;
	struct hash image, sbom, configuration, conformance;
	int64_t image_size, security_version;
	struct text notes, reason;
	struct list hardware_revisions;
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
	/* version 2 */
	FIELD(firmware_released, configuration, STORED,
	      "digest of the configuration that goes with the image"),
	FIELD(firmware_released, conformance, STORED,
	      "digest of the declaration of conformity and its evidence"),
	LIST(firmware_released, hardware_revisions, OPTIONAL, fitting_revision,
	     struct fitting_revision, 16, "hardware revisions that it fits; none: all"),
	{0},
};
static const struct field firmware_emergency[] = {
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
	FIELD(firmware_released, configuration, STORED,
	      "digest of the configuration that goes with the image"),
	FIELD(firmware_released, conformance, STORED,
	      "digest of the declaration of conformity and its evidence"),
	LIST(firmware_released, hardware_revisions, OPTIONAL, fitting_revision,
	     struct fitting_revision, 16, "hardware revisions that it fits; none: all"),
	SIZED(firmware_released, reason, REQUIRED, 500, "why it cannot wait"),
	{0},
};

struct firmware_reviewed {
	struct id release, verdict;
	struct text reason;
};
static const struct field firmware_reviewed[] = {
	FIELD(firmware_reviewed, release, REQUIRED, "number of the emergency release"),
	CHOICE(firmware_reviewed, verdict, REQUIRED, "accepted|rejected",
	       "rejected: it may not be programmed any more"),
	SIZED(firmware_reviewed, reason, REQUIRED, 500, "what was found"),
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
	struct id product, serial, station, release, operator;
	struct hash image, configuration;
};
static const struct field unit_programmed[] = {
	FIELD(unit_programmed, product, REQUIRED, "product"),
	FIELD(unit_programmed, serial, REQUIRED, "serial of the unit"),
	FIELD(unit_programmed, station, REQUIRED, "station that programmed it"),
	FIELD(unit_programmed, release, REQUIRED, "firmware release that was to be programmed"),
	FIELD(unit_programmed, image, REQUIRED, "SHA-256 of the image read back from the unit"),
	/* version 2 */
	FIELD(unit_programmed, configuration, OPTIONAL,
	      "SHA-256 of the configuration read back from the unit"),
	/* version 3 */
	FIELD(unit_programmed, operator, OPTIONAL, "person who did it"),
	{0},
};

#define RELEASE                                     \
	{                                           \
		"firmware_release", NULL, "release" \
	}
static const struct record_type firmware_types[] = {
	{.name = "firmware.released",
	 .version = 2,
	 .nature = DECISION,
	 .permission = "firmware.release",
	 .origin = SIGNED,
	 .subject = RELEASE,
	 .scope = "firmware.new",
	 .flags = WEIGHED,
	 .approval = "firmware.release",
	 .size = sizeof(struct firmware_released),
	 .fields = firmware_released,
	 .help = "Lets an image run on a product."},
	{.name = "firmware.emergency",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "firmware.release",
	 .origin = SIGNED,
	 .subject = RELEASE,
	 .scope = "firmware.new",
	 .flags = WEIGHED,
	 .approval = "firmware.emergency",
	 .size = sizeof(struct firmware_released),
	 .fields = firmware_emergency,
	 .help = "Lets an image run on a product at once; others look at it within 24 hours."},
	{.name = "firmware.reviewed",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "firmware.release",
	 .origin = SIGNED,
	 .subject = RELEASE,
	 .scope = "firmware.known",
	 .approval = "firmware.release",
	 .size = sizeof(struct firmware_reviewed),
	 .fields = firmware_reviewed,
	 .help = "What was found about an emergency release."},
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
	 .version = 3,
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
