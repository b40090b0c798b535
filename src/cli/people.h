/* SPDX-License-Identifier: Apache-2.0 */
/* people.h — people and their keys on the command line, and charters in words. */
#ifndef CLI_PEOPLE_H
#define CLI_PEOPLE_H

#include "cli/cli.h"
#include "core/charter.h"
#include "signer/found.h"

/* `ID=FILE`: a public key in PEM (signed with by this program), one of OpenSSH's (.pub; in an agent or a
 * token), or `ID=passkey:FILE` in PEM for one that a browser holds. PERSON_WRONG. */
MUST_CHECK err holder_read(struct arena *a, const char *said, struct charter_holder *out,
			   struct fault *f);
/* Who founds a house, by the options of `init`. */
enum { FOUNDING_MAX = 16 };
struct founding_people {
	enum charter_mode mode;
	struct charter_holder founders[FOUNDING_MAX], authors[FOUNDING_MAX], recovery[FOUNDING_MAX];
	size_t founders_n, authors_n, recovery_n;
	const char *relying_party, *web_origin; /* NULL: no passkeys */
	struct bytes charter;                   /* revision 1 */
};
MUST_CHECK err founding_people_read(struct cli *cli, const char *origin,
				    struct founding_people *out, struct fault *f);

/* The first 24 hexadecimal digits of a digest in groups of four: what people read to each other. */
void aloud(struct hash digest, char out[static 32]);

/* Who is in it, which rules, what anchors it. */
void charter_say(const struct charter *c);
/* What the next one changes, a line each; returns how many. */
size_t charter_say_changes(const struct charter *now, const struct charter *next);

#endif
