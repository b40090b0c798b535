/* SPDX-License-Identifier: Apache-2.0 */
/* take_home.h — one ZIP file for whoever trusts nobody: passports, the log's verifier key, the log as
 * far as the caller may read it, the stand-alone verifier with its source, and what to type. */
#ifndef CLIENT_TAKE_HOME_H
#define CLIENT_TAKE_HOME_H

#include "client/passport_file.h"

struct take_home_report {
	size_t passports;
	uint64_t entries; /* of the log that are in it; 0: the caller may not read them */
	bool program;     /* the verifier's program is in it, beside its source */
};
/* What the server at the other end has of these units, now. `path` is replaced when all of it is
 * written. The same log gives the same bytes. Messages ZIP_*, FILE_*, CLIENT_*, and the server's. */
MUST_CHECK err take_home_write(struct client *c, const struct passport_wish *units, size_t n,
			       const char *path, struct take_home_report *out, struct fault *f);

#endif
