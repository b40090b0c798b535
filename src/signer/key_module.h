/* SPDX-License-Identifier: Apache-2.0 */
/* key_module.h — one session with a PKCS #11 module (version 2.40 and later): opened, logged in,
 * and with its one private key found. Runs in a worker only: the module is foreign code. */
#ifndef SIGNER_KEY_MODULE_H
#define SIGNER_KEY_MODULE_H

#include "crypto/crypto.h"
#include "signer/key_uri.h"

enum { KEY_MESSAGE_MAX = 1 << 15 };

struct key_module {
	struct key_uri uri;
	void *library;
	CK_FUNCTION_LIST *calls;
	bool initialized, logged_in;
	CK_SESSION_HANDLE session; /* 0: none */
	CK_OBJECT_HANDLE key;      /* 0: not found yet */
	bool always_authenticate;  /* the PIN again before each signature */
	enum key_algorithm algorithm;
};

/* Loads the module of `address`, and opens a session with its token. `writable`: one that can make
 * a key. `out` must be zero; close it also after a failure. */
MUST_CHECK err key_module_open(const char *address, bool writable, struct key_module *out,
			       struct fault *f);
void key_module_close(struct key_module *m);

/* Finds the private key, and refuses it unless it can only be used inside (CKA_SENSITIVE, not
 * CKA_EXTRACTABLE). KEY_OBJECT_NOT_ONE if there is none, or several. */
MUST_CHECK err key_module_find(struct key_module *m, struct fault *f);
/* SubjectPublicKeyInfo of the key found. */
MUST_CHECK err key_module_public(struct key_module *m, struct public_key **out, struct fault *f);
/* `message` is the SHA-256 digest for P-256, the message itself (to KEY_MESSAGE_MAX) for Ed25519.
 * Opens the session again once if it was lost. */
MUST_CHECK err key_module_sign(struct key_module *m, struct bytes message,
			       uint8_t signature[static 64], struct fault *f);
/* A new key pair, which never leaves the token, under the address's object (a label it must have)
 * and id (or a random one). KEY_HSM_EXISTS if there is a key of that name. Then found. */
MUST_CHECK err key_module_generate(struct key_module *m, enum key_algorithm algorithm,
				   struct fault *f);

/* KEY_HSM_FAILED: what was tried, and what the module answered. */
err key_module_failed(const char *what, CK_RV answer, struct fault *f);

#endif
