/* SPDX-License-Identifier: Apache-2.0 */
/* Seals from their maker until they are destroyed. What leaves the locked stock is a decision;
 * all else is seen and recorded, and never refused. */
#include "record/type.h"

struct received_seal {
	struct id seal;
};
static const struct field received_seal[] = {
	FIELD(received_seal, seal, REQUIRED, "number printed on the seal"),
	{0},
};

struct seal_received {
	struct id maker, purchase_lot, class, site;
	struct hash test_report;
	struct list seals;
};
static const struct field seal_received[] = {
	FIELD(seal_received, maker, REQUIRED, "who made the seals"),
	FIELD(seal_received, purchase_lot, REQUIRED, "number under which they were bought"),
	CHOICE(seal_received, class, REQUIRED, "H|S|I",
	       "ISO 17712 class: high security, security, indicative"),
	FIELD(seal_received, site, REQUIRED, "site whose locked stock they enter"),
	FIELD(seal_received, test_report, STORED, "digest of the maker's ISO 17712 test report"),
	LIST(seal_received, seals, REQUIRED, received_seal, struct received_seal, 500,
	     "the numbers received"),
	{0},
};

struct seal_issued {
	struct id maker, seal, holder, site;
};
static const struct field seal_issued[] = {
	FIELD(seal_issued, maker, REQUIRED, "who made the seal"),
	FIELD(seal_issued, seal, REQUIRED, "number printed on the seal"),
	FIELD(seal_issued, holder, REQUIRED, "person who takes the seal out of the stock"),
	FIELD(seal_issued, site, REQUIRED, "site whose stock it leaves"),
	{0},
};

struct seal_applied {
	struct id maker, seal, shipment, site;
	struct hash photo;
};
static const struct field seal_applied[] = {
	FIELD(seal_applied, maker, REQUIRED, "who made the seal"),
	FIELD(seal_applied, seal, REQUIRED, "number printed on the seal"),
	FIELD(seal_applied, shipment, REQUIRED, "shipment that it closes"),
	FIELD(seal_applied, site, REQUIRED, "site where it was applied"),
	FIELD(seal_applied, photo, STORED, "digest of the picture taken when it was applied"),
	{0},
};

struct seal_checked {
	struct id maker, seal, read, shipment, site;
	bool viewed, tugged, twisted, intact;
	struct hash photo;
};
static const struct field seal_checked[] = {
	FIELD(seal_checked, maker, REQUIRED, "who made the seal"),
	FIELD(seal_checked, seal, REQUIRED, "number that the papers say"),
	FIELD(seal_checked, read, REQUIRED, "number read from the seal itself"),
	FIELD(seal_checked, shipment, REQUIRED, "shipment that it closes"),
	FIELD(seal_checked, site, REQUIRED, "site where it was checked"),
	FIELD(seal_checked, viewed, REQUIRED, "seal and locking mechanism were viewed"),
	FIELD(seal_checked, tugged, REQUIRED, "the seal was tugged and held"),
	FIELD(seal_checked, twisted, REQUIRED, "the seal was twisted and turned and held"),
	FIELD(seal_checked, intact, REQUIRED, "no sign of opening or tampering"),
	FIELD(seal_checked, photo, STORED, "digest of the picture taken at the check"),
	{0},
};

struct seal_broken {
	struct id maker, seal, site, shipment;
	bool authorized;
	struct text reason;
	struct hash photo;
};
static const struct field seal_broken[] = {
	FIELD(seal_broken, maker, REQUIRED, "who made the seal"),
	FIELD(seal_broken, seal, REQUIRED, "number printed on the seal"),
	FIELD(seal_broken, site, REQUIRED, "site where it was broken or found broken"),
	FIELD(seal_broken, shipment, OPTIONAL, "shipment that it closed"),
	FIELD(seal_broken, authorized, REQUIRED, "broken on purpose by those who may; else found"),
	SIZED(seal_broken, reason, REQUIRED, 500, "why it was broken, or how it was found"),
	FIELD(seal_broken, photo, STORED, "digest of a picture of the parts, which are kept"),
	{0},
};

struct seal_destroyed {
	struct id maker, seal, site, seen_by;
};
static const struct field seal_destroyed[] = {
	FIELD(seal_destroyed, maker, REQUIRED, "who made the seal"),
	FIELD(seal_destroyed, seal, REQUIRED, "number printed on the seal"),
	FIELD(seal_destroyed, site, REQUIRED, "site where its parts were destroyed"),
	FIELD(seal_destroyed, seen_by, REQUIRED, "second person who saw it"),
	{0},
};

#define SEAL                            \
	{                               \
		"seal", "maker", "seal" \
	}
static const struct record_type seal_types[] = {
	{.name = "seal.received",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "custody.write",
	 .origin = SIGNED,
	 .subject = {"seal_purchase", "maker", "purchase_lot"},
	 .scope = "seal.at_site",
	 .size = sizeof(struct seal_received),
	 .fields = seal_received,
	 .help = "Seals came from their maker and were locked away."},
	{.name = "seal.issued",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "custody.issue",
	 .origin = SIGNED,
	 .subject = SEAL,
	 .scope = "seal.at_site",
	 .size = sizeof(struct seal_issued),
	 .fields = seal_issued,
	 .help = "Gives one seal out of the stock to a person."},
	{.name = "seal.applied",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "custody.write",
	 .origin = SIGNED,
	 .subject = SEAL,
	 .scope = "seal.at_site",
	 .size = sizeof(struct seal_applied),
	 .fields = seal_applied,
	 .help = "A seal was closed on a shipment."},
	{.name = "seal.checked",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "custody.check",
	 .origin = SIGNED,
	 .subject = SEAL,
	 .scope = "seal.at_site",
	 .size = sizeof(struct seal_checked),
	 .fields = seal_checked,
	 .help = "A seal was viewed, its number read, tugged and twisted."},
	{.name = "seal.broken",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "custody.check",
	 .origin = SIGNED,
	 .flags = REPORT,
	 .subject = SEAL,
	 .scope = "seal.at_site",
	 .size = sizeof(struct seal_broken),
	 .fields = seal_broken,
	 .help = "A seal was broken, or was found broken."},
	{.name = "seal.destroyed",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "custody.write",
	 .origin = SIGNED,
	 .subject = SEAL,
	 .scope = "seal.at_site",
	 .size = sizeof(struct seal_destroyed),
	 .fields = seal_destroyed,
	 .help = "The kept parts of a broken seal were destroyed before a second person."},
	{0},
};

extern const char seal_sql[];
const struct area seal_area = {"seal", seal_types, seal_sql};
