/* SPDX-License-Identifier: Apache-2.0 */
/* access_area.h — who is who and who may what, as record types; and what every record that gives
 * somebody a key must show. */
#ifndef DOMAIN_ACCESS_ACCESS_AREA_H
#define DOMAIN_ACCESS_ACCESS_AREA_H

#include "record/check.h"

extern const struct area access_area;

enum { CREDENTIAL_SIZE_MAX = 255, KEY_LABEL_SIZE_MAX = 60 };

/* What `key.enrolled` wants signed by the key itself: three lines. */
MUST_CHECK bool key_possession_message(struct bytes origin, struct bytes principal,
				       struct writer *w, struct bytes *out);

/* A key that somebody is to get, and how it was shown that they hold it. Without a passkey the last
 * four have no bytes. */
struct key_shown {
	struct bytes principal, public_key, possession;
	struct bytes credential, label, authenticator_data, client_data;
};
/* The key is sound, and whoever is to get it holds it: `possession` is the key's own signature over the
 * message, an SSHSIG over it, or a passkey's assertion whose challenge is its SHA-256. Otherwise a
 * fault that names the field. */
MUST_CHECK err key_shown_check(const struct check_context *context, const struct key_shown *shown,
			       struct hash *key_id, struct fault *f);

#endif
