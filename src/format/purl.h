/* SPDX-License-Identifier: Apache-2.0 */
/* purl.h — package URLs (ECMA-427): pkg:type/namespace/name@version?qualifiers#subpath. What
 * is read is decoded and normalized as its type asks; what is written is the canonical form. */
#ifndef FORMAT_PURL_H
#define FORMAT_PURL_H

#include "base/arena.h"

enum { PURL_SIZE_MAX = 2048, PURL_QUALIFIERS_MAX = 32 };

struct purl_qualifier {
	struct bytes key, value;
};

/* Decoded; empty where there is none. Namespace and subpath keep their slashes. Qualifiers are
 * sorted by key, each once, none empty. */
struct purl {
	struct bytes type, name_space, name, version, subpath;
	struct purl_qualifier *qualifiers;
	size_t qualifiers_n;
};

/* PURL_WRONG with `detail`. */
MUST_CHECK err purl_parse(struct arena *a, struct bytes text, struct purl *out, struct fault *f);
/* The canonical form, in the arena; NULL without memory. */
char *purl_text(struct arena *a, const struct purl *purl);
/* … without version, qualifiers and subpath: what a package is known by. */
char *purl_key(struct arena *a, const struct purl *purl);
/* Empty where it is not said. */
struct bytes purl_qualifier(const struct purl *purl, const char *key);

#endif
