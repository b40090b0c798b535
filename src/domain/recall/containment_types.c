/* SPDX-License-Identifier: Apache-2.0 */
/* One record stops whatever comes from a source; another takes all of it back. */
#include "record/type.h"

#define SOURCE_KINDS                                                     \
	"part_lot|supplier|date_code|station|operator|firmware_release|" \
	"build_authorization|unit"

struct containment_started {
	struct id containment, kind, within, id;
	struct instant since, until;
	struct text reason;
};
static const struct field containment_started[] = {
	FIELD(containment_started, containment, REQUIRED, "a new name for it"),
	CHOICE(containment_started, kind, REQUIRED, SOURCE_KINDS, "what kind of source"),
	FIELD(containment_started, within, OPTIONAL,
	      "supplier of a part lot or date code, product of a unit"),
	FIELD(containment_started, id, REQUIRED, "its number"),
	FIELD(containment_started, since, OPTIONAL,
	      "of a station or operator: only what it touched from then on"),
	FIELD(containment_started, until, OPTIONAL,
	      "of a station or operator: only what it touched before then"),
	SIZED(containment_started, reason, REQUIRED, 500, "why it is contained"),
	{0},
};

struct containment_ended {
	struct id containment;
	struct text reason;
};
static const struct field containment_ended[] = {
	FIELD(containment_ended, containment, REQUIRED, "which one"),
	SIZED(containment_ended, reason, REQUIRED, 500, "why everything may go on"),
	{0},
};

static const struct record_type containment_types[] = {
	{.name = "containment.started",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "recall.hold",
	 .origin = SIGNED,
	 .subject = {"containment", NULL, "containment"},
	 .scope = "containment.source",
	 .size = sizeof(struct containment_started),
	 .fields = containment_started,
	 .help = "Stops everything that comes from a source, at every gate, until it is ended."},
	{.name = "containment.ended",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "recall.lift",
	 .origin = SIGNED,
	 .subject = {"containment", NULL, "containment"},
	 .scope = "containment.known",
	 .size = sizeof(struct containment_ended),
	 .fields = containment_ended,
	 .help = "Takes a containment back, by another person than the one who started it."},
	{0},
};

extern const char containment_sql[];
const struct area containment_area = {"containment", containment_types, containment_sql};
