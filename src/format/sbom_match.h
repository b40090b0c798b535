/* SPDX-License-Identifier: Apache-2.0 */
/* sbom_match.h — a software bill against advisories: for each component whether something is known
 * to be wrong with it. There are three answers, and what cannot be said is never good news. */
#ifndef FORMAT_SBOM_MATCH_H
#define FORMAT_SBOM_MATCH_H

#include "format/cyclonedx.h"
#include "format/osv.h"

enum { SBOM_MATCHES_MAX = 100000 };

/* Why it cannot be said. */
enum sbom_missing {
	SBOM_NOTHING,
	SBOM_PACKAGE_URL,
	SBOM_VERSION,
	SBOM_ONE_VERSION,    /* component and package URL say different ones */
	SBOM_ECOSYSTEM,      /* the package's type is none that has advisories */
	SBOM_FEED,           /* the feed says nothing about the ecosystem, or its release */
	SBOM_RELEASE,        /* of the distribution */
	SBOM_SOURCE_PACKAGE, /* advisories name it, the bill does not */
	SBOM_VERSION_ORDER,  /* from here on as enum osv_missing */
	SBOM_VERSION_FOLLOWS,
	SBOM_RANGE_FOLLOWS,
	SBOM_COMMITS,
	SBOM_RANGES,
	SBOM_MISSING_N
};
/* What is missing, in words. */
const char *sbom_missing_text(enum sbom_missing missing);

/* One component and one advisory, or several that are the same by their aliases. */
struct sbom_finding {
	size_t component;
	enum osv_answer answer; /* affected or unknown */
	enum sbom_missing missing;
	struct bytes advisory; /* a CVE number where there is one */
	struct bytes *ids;     /* every number it is known by */
	size_t ids_n;
	struct bytes severity, fixed;
};

struct sbom_match {
	struct cyclonedx bill;
	struct osv_feed feed;
	enum osv_answer *answers;      /* by component */
	enum sbom_missing *missing;    /* by component, where the answer is unknown */
	bool *looked_at;               /* by component: false for what is no part of the product */
	struct sbom_finding *findings; /* by component, affected before unknown, then by advisory */
	size_t findings_n;
	size_t components, affected, unknown; /* of those that were looked at */
};

/* Reads both and compares them. Everything lives in the arena, which needs room for both.
 * CYCLONEDX_…, OSV_…, JSON_TEXT_…, SBOM_TOO_MANY_MATCHES. */
MUST_CHECK err sbom_match(struct arena *a, struct bytes sbom, struct bytes osv,
			  struct sbom_match *out, struct fault *f);

#endif
