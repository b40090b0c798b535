/* SPDX-License-Identifier: Apache-2.0 */
/* key_uri.h — the address of a key in an HSM: a PKCS #11 URI (RFC 7512). It names the token and the
 * key, the module (module-path, or module-name among the system's modules) and the file with the
 * PIN (pin-source=file:/…); a PIN itself must not stand in it. Two attributes are ours:
 * x-sessions=1…16, how many sessions sign side by side (4), and x-network=yes, for a module that
 * speaks with its HSM over a socket. */
#ifndef SIGNER_KEY_URI_H
#define SIGNER_KEY_URI_H

#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>

#include "base/error.h"

enum {
	KEY_ADDRESS_MAX = 1024,
	KEY_PATH_SIZE = 1024,
	KEY_SESSIONS = 4,
	KEY_SESSIONS_MAX = 16,
};

struct key_uri {
	P11KitUri *uri; /* what token and object must match */
	char module[KEY_PATH_SIZE];
	char pin_file[KEY_PATH_SIZE]; /* empty: none */
	unsigned sessions;
	bool network;
};
/* KEY_URI_INVALID with the reason. `out` is untouched on failure. */
MUST_CHECK err key_uri_parse(const char *address, struct key_uri *out, struct fault *f);
void key_uri_done(struct key_uri *uri);

/* Whether an address is such a URI, by its scheme; otherwise it is a path. */
bool key_address_is_uri(const char *address);

#endif
