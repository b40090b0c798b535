/* SPDX-License-Identifier: Apache-2.0 */
/* What a site goes through with everything that arrives there. */
#include "record/type.h"

struct protocol_point {
	struct id point;
	struct text text;
};
static const struct field protocol_point[] = {
	FIELD(protocol_point, point, REQUIRED, "short name of the point"),
	SIZED(protocol_point, text, REQUIRED, 300, "what is to be looked at, and what is right"),
	{0},
};

struct arrival_protocol_set {
	struct id site, protocol;
	struct list points;
};
static const struct field arrival_protocol_set[] = {
	FIELD(arrival_protocol_set, site, REQUIRED, "site where it holds"),
	FIELD(arrival_protocol_set, protocol, REQUIRED,
	      "name of this protocol; a changed one gets a new name"),
	LIST(arrival_protocol_set, points, REQUIRED, protocol_point, struct protocol_point, 50,
	     "its points, in the sequence in which they are gone through"),
	{0},
};

static const struct record_type arrival_types[] = {
	{.name = "arrival.protocol_set",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "custody.define",
	 .origin = SIGNED,
	 .subject = {"site", NULL, "site"},
	 .scope = "arrival.at_site",
	 .size = sizeof(struct arrival_protocol_set),
	 .fields = arrival_protocol_set,
	 .help = "What a site goes through with everything that arrives, from now on."},
	{0},
};

extern const char arrival_sql[];
const struct area arrival_area = {"arrival", arrival_types, arrival_sql};
