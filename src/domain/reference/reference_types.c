/* SPDX-License-Identifier: Apache-2.0 */
/* What other systems call the same thing: purchase orders, work orders, revisions of a product data system, the
 * numbers of a manufacturing execution system. Kept as they are given; nothing here rests on them. */
#include "record/type.h"

#define NAMED_KINDS                                                                        \
	"unit|part_lot|shipment|seal|supplier|site|line|station|product|firmware_release|" \
	"build_authorization|procedure|traveler|bom|part"
#define WITHIN_HELP                                                                                \
	"product of a unit or bill of material, supplier of a part lot, maker of a seal, site of " \
	"a line"

struct reference_added {
	struct id kind, within, id, system;
	struct text number;
};
static const struct field reference_added[] = {
	CHOICE(reference_added, kind, REQUIRED, NAMED_KINDS, "what kind of thing is meant"),
	FIELD(reference_added, within, OPTIONAL, WITHIN_HELP),
	FIELD(reference_added, id, REQUIRED, "its number here"),
	FIELD(reference_added, system, REQUIRED, "the other system, by the name you give it"),
	SIZED(reference_added, number, REQUIRED, 200, "its number there"),
	{0},
};

struct reference_ended {
	struct id kind, within, id, system;
	struct text number, reason;
};
static const struct field reference_ended[] = {
	CHOICE(reference_ended, kind, REQUIRED, NAMED_KINDS, "what kind of thing is meant"),
	FIELD(reference_ended, within, OPTIONAL, WITHIN_HELP),
	FIELD(reference_ended, id, REQUIRED, "its number here"),
	FIELD(reference_ended, system, REQUIRED, "the other system"),
	SIZED(reference_ended, number, REQUIRED, 200, "its number there"),
	SIZED(reference_ended, reason, REQUIRED, 500, "why it holds no more"),
	{0},
};

static const struct record_type reference_types[] = {
	{.name = "reference.added",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "reference.write",
	 .origin = SIGNED,
	 .subject = {":kind", "within", "id"},
	 .scope = "reference.named",
	 .size = sizeof(struct reference_added),
	 .fields = reference_added,
	 .help = "Another system has a number for a thing."},
	{.name = "reference.ended",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "reference.write",
	 .origin = SIGNED,
	 .subject = {":kind", "within", "id"},
	 .scope = "reference.named",
	 .size = sizeof(struct reference_ended),
	 .fields = reference_ended,
	 .help = "That number holds no more."},
	{0},
};

extern const char reference_sql[];
const struct area reference_area = {"reference", reference_types, reference_sql};
