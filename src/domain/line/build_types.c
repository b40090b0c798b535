/* SPDX-License-Identifier: Apache-2.0 */
/* Build authorizations: given to a line and its stations, and closed when they balance. */
#include "record/type.h"

struct authorized_station {
	struct id station;
	struct hash key;
};
static const struct field authorized_station[] = {
	FIELD(authorized_station, station, REQUIRED, "station that may build"),
	FIELD(authorized_station, key, REQUIRED, "SHA-256 of the public key it signs with"),
	{0},
};

struct build_authorized {
	struct id authorization, product, revision, release, site, line;
	struct id purchase_order, work_order, hardware_type;
	int64_t quantity, security_version;
	struct instant valid_until;
	struct list stations;
	bool permits;
};
static const struct field build_authorized[] = {
	FIELD(build_authorized, authorization, REQUIRED, "number of the build authorization"),
	FIELD(build_authorized, product, REQUIRED, "product that may be built"),
	FIELD(build_authorized, revision, REQUIRED, "revision of its bill of material"),
	FIELD(build_authorized, release, REQUIRED, "firmware release to be programmed"),
	FIELD(build_authorized, site, REQUIRED, "site that may build"),
	FIELD(build_authorized, line, REQUIRED, "line that may build"),
	NUMBER(build_authorized, quantity, REQUIRED, 1, 10000000, "units at most"),
	FIELD(build_authorized, valid_until, REQUIRED, "until when"),
	FIELD(build_authorized, purchase_order, OPTIONAL, "number of our purchase order"),
	FIELD(build_authorized, work_order, OPTIONAL, "the contract manufacturer's work order"),
	/* version 2 */
	FIELD(build_authorized, hardware_type, OPTIONAL,
	      "object identifier of the hardware: the product's (needed since version 2)"),
	NUMBER(build_authorized, security_version, OPTIONAL, 0, 2147483647,
	       "no firmware with a lower security version is programmed"),
	LIST(build_authorized, stations, OPTIONAL, authorized_station, struct authorized_station,
	     64, "which stations may build, and by which key (needed since version 2)"),
	FIELD(build_authorized, permits, OPTIONAL, "each programming needs a permit of its own"),
	{0},
};

struct build_closed {
	struct id authorization;
	int64_t built, scrapped, returned, unused;
};
static const struct field build_closed[] = {
	FIELD(build_closed, authorization, REQUIRED, "number of the build authorization"),
	NUMBER(build_closed, built, REQUIRED, 0, 10000000, "units that were built and are out"),
	NUMBER(build_closed, scrapped, REQUIRED, 0, 10000000, "units that were destroyed"),
	NUMBER(build_closed, returned, REQUIRED, 0, 10000000,
	       "units that left and came back to the site that built them"),
	NUMBER(build_closed, unused, REQUIRED, 0, 10000000, "units that were never started"),
	{0},
};

static const struct record_type build_types[] = {
	{.name = "build.authorized",
	 .version = 2,
	 .nature = DECISION,
	 .permission = "line.authorize",
	 .origin = SIGNED,
	 .subject = {"build_authorization", NULL, "authorization"},
	 .scope = "build.new",
	 .flags = WEIGHED,
	 .approval = "build.authorize",
	 .size = sizeof(struct build_authorized),
	 .fields = build_authorized,
	 .help = "Lets a line build at most so many units of a product until a date."},
	{.name = "build.closed",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "line.close",
	 .origin = SIGNED,
	 .subject = {"build_authorization", NULL, "authorization"},
	 .scope = "build.known",
	 .size = sizeof(struct build_closed),
	 .fields = build_closed,
	 .help = "Ends a build authorization whose units are all accounted for, for good."},
	{0},
};

extern const char build_sql[];
const struct area build_area = {"build", build_types, build_sql};
