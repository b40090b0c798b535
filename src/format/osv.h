/* SPDX-License-Identifier: Apache-2.0 */
/* osv.h — advisories in the Open Source Vulnerability format (schema 1.x), one at a time, from one
 * object, a list, {"vulns": […]}, or one object a line; and whether a version is affected. A feed
 * of which anything is wrong is refused: half of it would look like good news. */
#ifndef FORMAT_OSV_H
#define FORMAT_OSV_H

#include "base/arena.h"
#include "format/version.h"

enum {
	OSV_FEED_MAX = 64 << 20,
	OSV_ADVISORY_MAX = 8 << 20,
	OSV_ID_MAX = 64,
	OSV_IDS_MAX = 256, /* aliases, and upstream ids, of one advisory */
};

enum osv_event_kind { OSV_INTRODUCED, OSV_FIXED, OSV_LAST_AFFECTED, OSV_LIMIT };
struct osv_event {
	enum osv_event_kind kind;
	struct bytes version;
	size_t index; /* in the list */
};

enum osv_range_type { OSV_SEMVER, OSV_ECOSYSTEM, OSV_GIT };
struct osv_range {
	enum osv_range_type type;
	struct bytes repository;
	struct osv_event *events;
	size_t n;
};

/* One package that it is about; ecosystem and name are empty where only a repository is named. */
struct osv_affected {
	struct bytes ecosystem, name, severity;
	struct osv_range *ranges;
	size_t ranges_n;
	struct bytes *versions;
	size_t versions_n;
};

struct osv_advisory {
	struct bytes id, severity;
	uint64_t modified; /* unix ms */
	bool withdrawn;
	struct bytes *aliases, *upstream;
	size_t aliases_n, upstream_n;
	struct osv_affected *affected;
	size_t affected_n;
};

/* What the advisory points to lives until the call returns. */
typedef err osv_each(void *context, const struct osv_advisory *advisory, struct fault *f);

struct osv_feed {
	size_t advisories, withdrawn;
	uint64_t newest; /* unix ms of the last change; 0 without advisories */
};
/* OSV_… with the advisory's number, the line it begins on and the path; JSON_TEXT_…; what `each` returns. */
MUST_CHECK err osv_read(struct bytes feed, osv_each *each, void *context, struct osv_feed *out,
			struct fault *f);

/* ---- is this version affected? ---- */

enum osv_answer { OSV_NOT_AFFECTED, OSV_UNKNOWN, OSV_AFFECTED };
/* What would have to be known to say it. */
enum osv_missing {
	OSV_NOTHING,
	OSV_VERSION_ORDER,   /* the rules of the family */
	OSV_VERSION_FOLLOWS, /* a version that follows them */
	OSV_RANGE_FOLLOWS,   /* a range whose versions do */
	OSV_COMMITS,         /* the repository's history */
	OSV_RANGES,          /* any version that the advisory is about */
};
struct osv_verdict {
	enum osv_answer answer;
	enum osv_missing missing;
	struct bytes fixed; /* the first later version that is not affected; empty: none is named */
};
/* Sorts the events of its ranges. */
struct osv_verdict osv_evaluate(const struct osv_affected *affected, enum version_family family,
				struct bytes version);

#endif
