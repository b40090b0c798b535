/* SPDX-License-Identifier: Apache-2.0 */
/* passport_file.h — a unit's passport as its holder has it: fetched, and with less in it. */
#ifndef CLIENT_PASSPORT_FILE_H
#define CLIENT_PASSPORT_FILE_H

#include "client/client.h"

struct passport_wish {
	const char *product, *serial;
	bool confidential;   /* with the values that the caller may see */
	const char *without; /* kinds of what is to be withheld, with commas; NULL: nothing */
};
MUST_CHECK err client_passport(struct client *c, struct arena *a, const struct passport_wish *wish,
			       struct bytes *out, struct fault *f);

/* Takes openings out, offline: of the fields that are named ("customer", "unit.declared.customer"),
 * or all of them if none is. What was signed and proved stays, byte for byte. `*hidden`: how many.
 * PASSPORT_WRONG, PASSPORT_NOTHING_HIDDEN. */
MUST_CHECK err passport_redact(struct arena *a, struct bytes file, const char *const *fields,
			       size_t n, struct bytes *out, size_t *hidden, struct fault *f);

#endif
