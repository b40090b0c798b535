/* SPDX-License-Identifier: Apache-2.0 */
/* thing.h — how a command line names a thing: KIND ID, or KIND WITHIN ID where it is named in two halves. */
#ifndef CLI_THING_H
#define CLI_THING_H

#include "cli/cli.h"

struct thing {
	const char *kind, *within, *id; /* within: "" where the kind has none */
};
/* From the first words of the command; `*used` of them. `two_halves` are the kinds that have both, " unit
 * part_lot "; which kinds there are at all is the server's to say. CLI_THING_FORM. */
MUST_CHECK err cli_thing(const struct cli *cli, const char *two_halves, struct thing *out,
			 size_t *used, struct fault *f);
/* {"kind", "within", "id"}, without an empty half: the beginning of a record's body. */
json_t *thing_json(const struct thing *thing);

#endif
