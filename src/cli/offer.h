/* SPDX-License-Identifier: Apache-2.0 */
/* offer.h — a passkey that somebody registered and that nobody has confirmed yet. */
#ifndef CLI_OFFER_H
#define CLI_OFFER_H

#include "cli/cli.h"

struct offer {
	const char *principal;
	json_t *body; /* of a key.enrolled; to be released */
};
/* Fetches the offer with this key and shows whose it is, as far as its own bytes say: the digest of the
 * key and the code to compare are computed here. */
MUST_CHECK err offer_read(struct cli *cli, struct client *client, const char *key,
			  struct offer *out, struct fault *f);

#endif
