/* SPDX-License-Identifier: Apache-2.0 */
/* concern_types.c — "pause and verify": an operator has a doubt, and what it is about waits until
 * somebody has looked. */
#include "record/type.h"

struct concern_raised {
	struct id concern, kind, within, id, station, step;
	struct text text;
};
static const struct field concern_raised[] = {
	FIELD(concern_raised, concern, REQUIRED, "id of this concern"),
	CHOICE(concern_raised, kind, REQUIRED, "unit|part_lot|shipment|station",
	       "what it is about"),
	FIELD(concern_raised, within, OPTIONAL, "product of the unit, or supplier of the part lot"),
	FIELD(concern_raised, id, REQUIRED, "serial, part lot, shipment or station"),
	FIELD(concern_raised, station, REQUIRED, "where it was seen"),
	SIZED(concern_raised, text, REQUIRED, 500, "what is not as it should be"),
	FIELD(concern_raised, step, OPTIONAL, "step of the traveler at which it was seen"),
	{0},
};

static const struct record_type types[] = {
	{.name = "concern.raised",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "line.concern",
	 .origin = SIGNED,
	 .flags = REPORT,
	 .subject = {":kind", "within", "id"},
	 .scope = "concern.station",
	 .size = sizeof(struct concern_raised),
	 .fields = concern_raised,
	 .help = "somebody at a station has a doubt: what it is about waits until somebody looked"},
	{0},
};

extern const char concern_sql[];
const struct area concern_area = {.name = "concern", .types = types, .sql = concern_sql};
