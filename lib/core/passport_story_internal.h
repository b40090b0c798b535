/* SPDX-License-Identifier: Apache-2.0 */
/* passport_story_internal.h — the sentences of a passport's story, and what fills them. */
#ifndef CORE_PASSPORT_STORY_INTERNAL_H
#define CORE_PASSPORT_STORY_INTERNAL_H

#include "core/passport_story.h"

/* A sentence is cut by bars: a part whose {field} is absent is left out. {field~} is a time, {=author} the
 * author. `list`: one line for each element, whose fields come before the body's. */
struct sentence {
	const char *type;
	enum story_section section;
	const char *list, *text;
};
extern const struct sentence STORY_SENTENCES[]; /* ended by a row without a type */

struct filling {
	const struct passport *p;
	const struct entry *entry;
	struct bytes element; /* of a list; empty: the body alone */
};

void story_fill(struct writer *w, const struct filling *f, const char *text);
void story_put_number(struct writer *w, uint64_t v);
void story_put_digest(struct writer *w, const struct hash *digest);
/* The text that a body, or an element, holds under this name; empty if there is none. */
struct bytes story_text(struct bytes map, const char *name);

/* What the part lot's conformance certificate is worth, by who brought it; `*sequence` is the record that
 * says so, if there is one. */
const char *story_grade(const struct passport *p, struct bytes supplier, struct bytes part_lot,
			bool *found, uint64_t *sequence);

#endif
