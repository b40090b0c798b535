/* SPDX-License-Identifier: Apache-2.0 */
/* cyclonedx.h — the components of a software bill: CycloneDX 1.4 to 1.7, JSON. What we use of it is
 * checked strictly and refused with its path; the rest of the document is left alone. */
#ifndef FORMAT_CYCLONEDX_H
#define FORMAT_CYCLONEDX_H

#include "format/purl.h"

enum {
	CYCLONEDX_FILE_MAX = 16 << 20,
	CYCLONEDX_COMPONENTS_MAX = 100000,
	CYCLONEDX_DEPTH_MAX = 32, /* components within components */
	CYCLONEDX_TEXT_MAX = 2048,
};

struct cyclonedx_component {
	struct bytes type, group, name, version, reference; /* empty where it is not said */
	bool has_purl;
	struct purl purl;
	char *key; /* of the purl, or group/name */
	/* Source package and its version as a property says them, for distributions. */
	struct bytes source, source_version;
	bool excluded; /* its scope: used to make the product, no part of it */
	size_t parent; /* index of the component it lies in; CYCLONEDX_NONE: in none */
	unsigned depth;
};
static const size_t CYCLONEDX_NONE = SIZE_MAX;

struct cyclonedx {
	struct bytes spec_version, serial_number;
	struct bytes subject, subject_version;  /* metadata.component, if there is one */
	struct cyclonedx_component *components; /* parents before what lies in them */
	size_t n;
	bool complete; /* the bill says of itself that it lists everything */
};

/* Everything lives in the arena. JSON_TEXT_…, CYCLONEDX_… with the path as the fault's field. */
MUST_CHECK err cyclonedx_read(struct arena *a, struct bytes file, struct cyclonedx *out,
			      struct fault *f);

#endif
