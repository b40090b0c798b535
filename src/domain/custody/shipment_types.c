/* SPDX-License-Identifier: Apache-2.0 */
/* Shipments: who had what, and who says so on both sides of every hand-over. What leaves the
 * building or enters use is a decision; all else is seen and recorded, and never refused. */
#include "domain/custody/shipment.h"

struct shipment_planned {
	struct id shipment, from_site, to_site, freight_carrier;
	struct text route;
};
static const struct field shipment_planned[] = {
	FIELD(shipment_planned, shipment, REQUIRED, "number of the shipment (an SSCC will do)"),
	FIELD(shipment_planned, from_site, REQUIRED, "site where it is packed"),
	FIELD(shipment_planned, to_site, REQUIRED, "site where it must arrive"),
	FIELD(shipment_planned, freight_carrier, OPTIONAL, "who transports it"),
	SIZED(shipment_planned, route, OPTIONAL, 500, "the way it is to take"),
	{0},
};

struct shipment_line {
	struct id kind, within, id;
	int64_t quantity;
};
static const struct field shipment_line[] = {
	CHOICE(shipment_line, kind, REQUIRED, "unit|part_lot|item", "what kind of thing it is"),
	FIELD(shipment_line, within, OPTIONAL, "product of a unit, supplier of a part lot"),
	FIELD(shipment_line, id, REQUIRED, "serial, part lot or item number"),
	NUMBER(shipment_line, quantity, REQUIRED, 1, 1000000000, "how many"),
	{0},
};

struct shipment_packed {
	struct id shipment, site;
	struct hash previous;
	struct list contents;
};
static const struct field shipment_packed[] = {
	FIELD(shipment_packed, shipment, REQUIRED, "shipment that is packed"),
	FIELD(shipment_packed, site, REQUIRED, "site where it is packed"),
	FIELD(shipment_packed, previous, OPTIONAL,
	      "manifest so far (digest of the packing record before this one); none for the first"),
	LIST(shipment_packed, contents, REQUIRED, shipment_line, struct shipment_line, 500,
	     "lines of the manifest"),
	{0},
};

struct shipment_dispatched {
	struct id shipment;
	struct hash manifest;
};
static const struct field shipment_dispatched[] = {
	FIELD(shipment_dispatched, shipment, REQUIRED, "shipment that may leave"),
	FIELD(shipment_dispatched, manifest, REQUIRED,
	      "manifest: digest of the last packing record"),
	{0},
};

static const struct field seal_reading[] = {
	FIELD(seal_reading, maker, REQUIRED, "who made the seal"),
	FIELD(seal_reading, seal, REQUIRED, "number read from the seal"),
	{0},
};
static const struct field hand_over[] = {
	FIELD(hand_over, shipment, REQUIRED, "shipment that changes hands"),
	FIELD(hand_over, site, REQUIRED, "where it changes hands"),
	FIELD(hand_over, manifest, REQUIRED, "manifest: digest of the last packing record"),
	LIST(hand_over, seals, REQUIRED, seal_reading, struct seal_reading, SEAL_READINGS_MAX,
	     "every seal as this side read it"),
	CHOICE(hand_over, condition, REQUIRED, "good|damaged|wet|opened", "its outside condition"),
	FIELD(hand_over, photo, OPTIONAL, "digest of a picture"),
	{0},
};
static const struct field seal_outputs[] = {
	FIELD(seal_outputs, seals_digest, OPTIONAL, "digest over the readings in sorted sequence"),
	{0},
};

struct shipment_counted {
	struct id shipment, site;
	bool again;
	struct list lines;
};
static const struct field shipment_counted[] = {
	FIELD(shipment_counted, shipment, REQUIRED, "shipment that is opened and counted"),
	FIELD(shipment_counted, site, REQUIRED, "site where it is counted"),
	FIELD(shipment_counted, again, OPTIONAL, "start over: earlier counts no longer hold"),
	LIST(shipment_counted, lines, REQUIRED, shipment_line, struct shipment_line, 500,
	     "what was found in it, without looking at the manifest"),
	{0},
};

static const struct field arrival_point[] = {
	FIELD(arrival_point, point, REQUIRED, "point of the site's arrival protocol"),
	CHOICE(arrival_point, result, REQUIRED, "ok|not_ok", "what was found there"),
	FIELD(arrival_point, photo, OPTIONAL, "digest of a picture"),
	{0},
};
static const struct field shipment_received[] = {
	FIELD(shipment_received, shipment, REQUIRED, "shipment that was counted to the end"),
	FIELD(shipment_received, site, REQUIRED, "site that receives it"),
	CHOICE(shipment_received, condition, REQUIRED, "good|damaged|wet|opened",
	       "condition of the goods"),
	FIELD(shipment_received, checklist, STORED, "digest of the site's completed checklist"),
	FIELD(shipment_received, protocol, OPTIONAL, "arrival protocol that was gone through"),
	LIST(shipment_received, points, OPTIONAL, arrival_point, struct arrival_point,
	     ARRIVAL_POINTS_MAX, "its points"),
	{0},
};

static const struct field arrival_outputs[] = {
	SIZED(arrival_outputs, points_given, OPTIONAL, ARRIVAL_POINTS_MAX *(ID_SIZE_MAX + 1) + 1,
	      "the points, each between two spaces"),
	NUMBER(arrival_outputs, points_failed, OPTIONAL, 0, ARRIVAL_POINTS_MAX, "not right"),
	FIELD(arrival_outputs, first_failed, OPTIONAL, "the first that is not right"),
	{0},
};

struct shipment_admitted {
	struct id shipment;
	struct text reason;
};
static const struct field shipment_admitted[] = {
	FIELD(shipment_admitted, shipment, REQUIRED, "shipment whose contents may be used"),
	SIZED(shipment_admitted, reason, OPTIONAL, 500, "remarks"),
	{0},
};

#define SHIPMENT                             \
	{                                    \
		"shipment", NULL, "shipment" \
	}
static const struct record_type shipment_types[] = {
	{.name = "shipment.planned",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "custody.write",
	 .origin = SIGNED,
	 .subject = SHIPMENT,
	 .scope = "shipment.planned",
	 .size = sizeof(struct shipment_planned),
	 .fields = shipment_planned,
	 .help = "Opens a shipment from one site to another."},
	{.name = "shipment.packed",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "custody.write",
	 .origin = SIGNED,
	 .subject = SHIPMENT,
	 .scope = "shipment.at_site",
	 .size = sizeof(struct shipment_packed),
	 .fields = shipment_packed,
	 .help = "Things were packed: lines of the shipment's manifest."},
	{.name = "shipment.dispatched",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "custody.ship",
	 .origin = SIGNED,
	 .subject = SHIPMENT,
	 .scope = "shipment.origin",
	 .gate = "ship",
	 .size = sizeof(struct shipment_dispatched),
	 .fields = shipment_dispatched,
	 .help = "Lets a sealed shipment leave the site."},
	{.name = "shipment.handed_over",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "custody.ship",
	 .origin = SIGNED,
	 .subject = SHIPMENT,
	 .scope = "shipment.at_site",
	 .size = sizeof(struct hand_over),
	 .fields = hand_over,
	 .outputs_size = sizeof(struct seal_outputs),
	 .outputs = seal_outputs,
	 .check = seal_readings_check,
	 .help = "The giving side's signature of a hand-over."},
	{.name = "shipment.accepted",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "custody.receive",
	 .origin = SIGNED,
	 .subject = SHIPMENT,
	 .scope = "shipment.at_site",
	 .size = sizeof(struct hand_over),
	 .fields = hand_over,
	 .outputs_size = sizeof(struct seal_outputs),
	 .outputs = seal_outputs,
	 .check = seal_readings_check,
	 .help = "The taking side's signature of a hand-over."},
	{.name = "shipment.counted",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "custody.receive",
	 .origin = SIGNED,
	 .subject = SHIPMENT,
	 .scope = "shipment.at_site",
	 .size = sizeof(struct shipment_counted),
	 .fields = shipment_counted,
	 .help = "What was found in an opened shipment."},
	{.name = "shipment.received",
	 .version = 2,
	 .nature = EVENT,
	 .permission = "custody.receive",
	 .origin = SIGNED,
	 .subject = SHIPMENT,
	 .scope = "shipment.at_site",
	 .size = sizeof(struct shipment_received),
	 .fields = shipment_received,
	 .outputs_size = sizeof(struct arrival_outputs),
	 .outputs = arrival_outputs,
	 .check = arrival_points_check,
	 .help = "Ends the arrival: seals and counts are compared with the manifest."},
	{.name = "shipment.admitted",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "custody.receive",
	 .origin = SIGNED,
	 .subject = SHIPMENT,
	 .scope = "shipment.destination",
	 .gate = "receive",
	 .size = sizeof(struct shipment_admitted),
	 .fields = shipment_admitted,
	 .help = "Takes a received shipment's contents into use."},
	{0},
};

extern const char shipment_sql[];
const struct area shipment_area = {"shipment", shipment_types, shipment_sql};
