/* SPDX-License-Identifier: Apache-2.0 */
/* passport_story.h — what a passport tells, in the sequence in which people ask: from its records alone,
 * one line for each thing that is said. For a passport that holds; nothing is verified here. Fields that
 * a record lacks are left out. Portable: no allocation, no I/O. */
#ifndef CORE_PASSPORT_STORY_H
#define CORE_PASSPORT_STORY_H

#include "core/passport.h"

enum story_section {
	STORY_UNIT = 0,
	STORY_AGREED,
	STORY_PARTS,
	STORY_DEVICE,
	STORY_FIRMWARE,
	STORY_TESTS,
	STORY_CUSTODY,
	STORY_START,
	STORY_HOLDS,
	STORY_CONTAINMENTS,
	STORY_WITHHELD,
	STORY_SECTIONS
};
/* Its heading, and a word for programs. */
const char *story_section_title(enum story_section section);
const char *story_section_name(enum story_section section);

/* How it is known. */
enum story_source {
	STORY_SIGNED,   /* by its author */
	STORY_REPORTED, /* over a channel, or by the log's own services */
	STORY_DECLARED, /* not witnessed: said afterwards, or imported */
	STORY_OF_FILE,  /* no record: what the file says of itself, or what is not in it */
};
const char *story_source_name(enum story_source source);

struct story_line {
	enum story_section section;
	bool of_record;
	uint64_t sequence, at; /* of its record */
	enum story_source source;
	struct bytes text; /* UTF-8; others' words are in it: show it with care */
};
typedef void story_each(void *context, const struct story_line *line);
/* All sections, each in the sequence of the log. */
void passport_story(const struct passport *p, story_each *each, void *context);

#endif
