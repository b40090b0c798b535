/* SPDX-License-Identifier: Apache-2.0 */
/* Offline allowances: a counted number of units that a station may start while it is cut off. */
#include "record/type.h"

struct allowance_granted {
	struct id allowance, authorization, station;
	int64_t quantity;
	struct instant valid_until, reconcile_by;
};
static const struct field allowance_granted[] = {
	FIELD(allowance_granted, allowance, REQUIRED, "number of the offline allowance"),
	FIELD(allowance_granted, authorization, REQUIRED, "build authorization it is taken from"),
	FIELD(allowance_granted, station, REQUIRED, "station that may build while it is cut off"),
	NUMBER(allowance_granted, quantity, REQUIRED, 1, 100000, "units at most"),
	FIELD(allowance_granted, valid_until, REQUIRED, "until when units may be started"),
	FIELD(allowance_granted, reconcile_by, REQUIRED,
	      "until when they must have been delivered to the server"),
	{0},
};

struct allowance_returned {
	struct id allowance, authorization, station;
	int64_t used;
};
static const struct field allowance_returned[] = {
	FIELD(allowance_returned, allowance, REQUIRED, "number of the offline allowance"),
	FIELD(allowance_returned, authorization, REQUIRED, "build authorization it was taken from"),
	FIELD(allowance_returned, station, REQUIRED, "station it was granted to"),
	NUMBER(allowance_returned, used, REQUIRED, 0, 100000,
	       "units that were started under it: the others are given back"),
	{0},
};

#define AUTHORIZATION                                        \
	{                                                    \
		"build_authorization", NULL, "authorization" \
	}
static const struct record_type allowance_types[] = {
	{.name = "allowance.granted",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "line.authorize",
	 .origin = SIGNED,
	 .subject = AUTHORIZATION,
	 .scope = "allowance.build",
	 .size = sizeof(struct allowance_granted),
	 .fields = allowance_granted,
	 .help = "Lets a station start so many units of a build authorization while it is cut "
		 "off."},
	{.name = "allowance.returned",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "line.build",
	 .origin = SIGNED,
	 .subject = AUTHORIZATION,
	 .scope = "allowance.station",
	 .size = sizeof(struct allowance_returned),
	 .fields = allowance_returned,
	 .help = "An offline allowance ends: what was not used of it is given back."},
	{0},
};

extern const char allowance_sql[];
const struct area allowance_area = {"allowance", allowance_types, allowance_sql};
