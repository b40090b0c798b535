/* SPDX-License-Identifier: Apache-2.0 */
/* sbom_join.h — several advisories about one thing are one: what is the same by number, alias or
 * upstream number is counted once, with the worst answer. */
#ifndef FORMAT_SBOM_JOIN_H
#define FORMAT_SBOM_JOIN_H

#include "format/sbom_match.h"

/* One advisory's answer about one component. */
struct sbom_candidate {
	size_t component;
	enum osv_answer answer; /* affected or unknown */
	enum sbom_missing missing;
	struct bytes
		*ids; /* its own first, then its aliases, and its upstream number if it is one */
	size_t ids_n;
	struct bytes *bundle; /* several upstream numbers: an update that names what it mends */
	size_t bundle_n;
	struct bytes severity, fixed;
};

/* Sorts the candidates. */
MUST_CHECK err sbom_join(struct arena *a, struct sbom_candidate *candidates, size_t n,
			 struct sbom_match *out, struct fault *f);

#endif
