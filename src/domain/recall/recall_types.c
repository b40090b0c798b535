/* SPDX-License-Identifier: Apache-2.0 */
/* Containment: holds placed and lifted, nonconformances disposed of, and where part lots went. */
#include "record/type.h"

#define HELD_KINDS                                                                         \
	"unit|part_lot|shipment|seal|supplier|site|line|station|product|firmware_release|" \
	"build_authorization"

struct hold_placed {
	struct id kind, within, id;
	struct text reason;
};
static const struct field hold_placed[] = {
	CHOICE(hold_placed, kind, REQUIRED, HELD_KINDS, "what kind of thing is held"),
	FIELD(hold_placed, within, OPTIONAL,
	      "product of a unit, supplier of a part lot, maker of a seal, site of a line"),
	FIELD(hold_placed, id, REQUIRED, "its number"),
	SIZED(hold_placed, reason, REQUIRED, 500, "why it is held"),
	{0},
};

struct hold_lifted {
	struct id kind, within, id;
	int64_t raised_seq, raised_n;
	struct text reason;
};
static const struct field hold_lifted[] = {
	CHOICE(hold_lifted, kind, REQUIRED, HELD_KINDS, "what kind of thing is held"),
	FIELD(hold_lifted, within, OPTIONAL,
	      "product of a unit, supplier of a part lot, maker of a seal, site of a line"),
	FIELD(hold_lifted, id, REQUIRED, "its number"),
	NUMBER(hold_lifted, raised_seq, REQUIRED, 0, INT64_MAX,
	       "sequence of the record that raised the nonconformance"),
	NUMBER(hold_lifted, raised_n, REQUIRED, 0, ENTRY_RAISED_MAX,
	       "which nonconformance of that record"),
	SIZED(hold_lifted, reason, REQUIRED, 500, "why it may go on"),
	{0},
};

struct nonconformance_disposed {
	int64_t raised_seq, raised_n;
	struct id disposition;
	struct text reason;
	struct hash evidence;
};
static const struct field nonconformance_disposed[] = {
	NUMBER(nonconformance_disposed, raised_seq, REQUIRED, 0, INT64_MAX,
	       "sequence of the record that raised it"),
	NUMBER(nonconformance_disposed, raised_n, REQUIRED, 0, ENTRY_RAISED_MAX,
	       "which one of that record"),
	CHOICE(nonconformance_disposed, disposition, REQUIRED, "use_as_is|rework|scrap|return",
	       "what is done with the thing"),
	SIZED(nonconformance_disposed, reason, REQUIRED, 500, "why"),
	FIELD(nonconformance_disposed, evidence, STORED, "digest of the report it rests on"),
	{0},
};

static const struct record_type recall_types[] = {
	{.name = "hold.placed",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "recall.hold",
	 .origin = SIGNED,
	 .subject = {":kind", "within", "id"},
	 .scope = "recall.held",
	 .size = sizeof(struct hold_placed),
	 .fields = hold_placed,
	 .help = "Somebody stopped a thing."},
	{.name = "hold.lifted",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "recall.lift",
	 .origin = SIGNED,
	 .subject = {":kind", "within", "id"},
	 .scope = "recall.held",
	 .size = sizeof(struct hold_lifted),
	 .fields = hold_lifted,
	 .help = "Ends one hold, after its nonconformance was disposed of."},
	{.name = "nonconformance.disposed",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "recall.dispose",
	 .origin = SIGNED,
	 .subject = {"nonconformance", "raised_seq", "raised_n"},
	 .scope = "recall.raised",
	 .size = sizeof(struct nonconformance_disposed),
	 .fields = nonconformance_disposed,
	 .help = "Decides what is done about a nonconformance."},
	{0},
};

extern const char recall_sql[];
const struct area recall_area = {"recall", recall_types, recall_sql};
