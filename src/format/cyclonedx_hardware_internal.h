/* SPDX-License-Identifier: Apache-2.0 */
/* cyclonedx_hardware_internal.h — what the document and one device of it share. */
#ifndef FORMAT_CYCLONEDX_HARDWARE_INTERNAL_H
#define FORMAT_CYCLONEDX_HARDWARE_INTERNAL_H

#include "format/bom_internal.h"
#include "format/cyclonedx_hardware.h"

#include <jansson.h>

/* Where a bom-ref stands. */
struct reference {
	const char *name, *path;
};

struct hardware_reading {
	struct bom_reading line; /* its path is the component's that is being read */
	struct reference *references;
	size_t references_n;
	unsigned components; /* seen so far */
};

/* A fault at `path`, or at a member of it; `expected` may be NULL. */
void hardware_say(struct hardware_reading *r, const char *path, const char *member, const char *id,
		  const char *expected);
/* A member that is a text, in the arena; empty where there is none or it is wrong, which is
 * said. */
MUST_CHECK err hardware_text(struct hardware_reading *r, const json_t *json, const char *path,
			     const char *member, struct bytes *out, struct fault *f);
/* An array member; NULL where there is none or it is wrong, which is said. */
const json_t *hardware_list(struct hardware_reading *r, const json_t *json, const char *path,
			    const char *member, size_t most);
/* One component of type device that is `times` in the product, as a line of the bill. */
MUST_CHECK err hardware_device(struct hardware_reading *r, const json_t *json, size_t times,
			       struct fault *f);
/* `*times` more often, by what the assembly says of its own quantity. */
MUST_CHECK err hardware_assembly(struct hardware_reading *r, const json_t *json, size_t *times,
				 struct fault *f);

#endif
