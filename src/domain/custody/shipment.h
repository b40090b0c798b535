/* SPDX-License-Identifier: Apache-2.0 */
/* shipment.h — the check that compares what two sides read from the same seals, and the one that
 * says which points of an arrival were gone through. */
#ifndef DOMAIN_CUSTODY_SHIPMENT_H
#define DOMAIN_CUSTODY_SHIPMENT_H

#include "record/type.h"

enum { SEAL_READINGS_MAX = 20 };

/* One seal as somebody read it. */
struct seal_reading {
	struct id maker, seal;
};

/* Both sides of a hand-over sign the same things; that they are the same is then a comparison. */
struct hand_over {
	struct id shipment, site, condition;
	struct hash manifest;
	struct list seals;
	struct hash photo;
};
/* What seal_readings_check says. */
struct seal_outputs {
	struct hash seals_digest;
};

/* SHA-256 over the readings, sorted and each once: two sides that read the same seals in another
 * sequence have the same digest. Never fails on content. */
struct hash seal_readings_digest(const struct seal_reading *readings, size_t n);
record_check seal_readings_check;

enum { ARRIVAL_POINTS_MAX = 50 };

struct arrival_point {
	struct id point, result;
	struct hash photo;
};
struct shipment_received {
	struct id shipment, site, condition;
	struct hash checklist;
	struct id protocol; /* version 2 */
	struct list points;
};
/* What arrival_points_check says: every point, each between two spaces, which no id holds; how many were
 * not right, and the first of them. */
struct arrival_outputs {
	struct text points_given;
	int64_t points_failed;
	struct id first_failed;
};
record_check arrival_points_check;

#endif
