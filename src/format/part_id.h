/* SPDX-License-Identifier: Apache-2.0 */
/* part_id.h — ids made of what people call a thing: a manufacturer's part number, a company. The
 * same text gives the same id everywhere. */
#ifndef FORMAT_PART_ID_H
#define FORMAT_PART_ID_H

#include "base/arena.h"
#include "core/entry.h"

enum { PART_ID_MAX = ID_SIZE_MAX - 6 }; /* room for a suffix that tells two apart */

/* The text in the characters of ids (GS1's set of 82, without the slash); others become one dash,
 * and none stands at an end. Returns its length; 0: nothing of it can stand in an id. */
size_t part_id(struct bytes text, char out[static PART_ID_MAX + 1]);
/* The same in the arena; `otherwise` where nothing is left. NULL without memory. */
const char *part_id_text(struct arena *a, struct bytes text, const char *otherwise);

#endif
