/* SPDX-License-Identifier: Apache-2.0 */
/* catalog.h — every sentence a person reads, by stable id, from messages/<language>/ at build
 * time. A translation is another folder with the same ids. */
#ifndef BASE_CATALOG_H
#define BASE_CATALOG_H

#include "base/error.h"

struct message {
	const char *id;
	enum err_code code;
	const char *text; /* with {name} where a value goes */
	const char *fix;  /* may be empty */
};

const struct message *catalog_find(const char *id); /* NULL if there is none */
const struct message *catalog_at(size_t i);         /* NULL past the end; sorted by id */

/* Writes a template with the fault's values; an unknown {name} is written as it stands.
 * Always ends in a zero, cut at `cap`. */
void catalog_render(const char *template_text, const struct fault *f, char *out, size_t cap);
/* The whole sentence of a fault: text, and " Fix: …" if there is one. */
void fault_text(const struct fault *f, char *out, size_t cap);

#endif
