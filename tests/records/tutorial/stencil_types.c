/* SPDX-License-Identifier: Apache-2.0 */
/* The example of docs/guides/add-a-record-type.md: solder stencils, and each time one is cleaned. */
#include "record/type.h"

struct stencil_cleaned {
	struct id stencil, site;
	int64_t wipes;
	struct text note;
};
static const struct field stencil_cleaned[] = {
	FIELD(stencil_cleaned, stencil, REQUIRED, "number engraved on the stencil"),
	FIELD(stencil_cleaned, site, REQUIRED, "site where it was cleaned"),
	NUMBER(stencil_cleaned, wipes, REQUIRED, 1, 100, "how many times it was wiped"),
	SIZED(stencil_cleaned, note, OPTIONAL, 200, "anything unusual that was seen"),
	{0},
};

static const struct record_type stencil_types[] = {
	{.name = "stencil.cleaned",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "stencil.write",
	 .origin = SIGNED,
	 .subject = {"stencil", NULL, "stencil"},
	 .scope = "stencil.at_site",
	 .size = sizeof(struct stencil_cleaned),
	 .fields = stencil_cleaned,
	 .help = "A stencil was cleaned."},
	{0},
};

extern const char stencil_sql[];
extern const struct area stencil_area;
const struct area stencil_area = {.name = "stencil", .types = stencil_types, .sql = stencil_sql};
