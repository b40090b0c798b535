/* SPDX-License-Identifier: Apache-2.0 */
/* totp_codes.h — the app for codes of a person: its secret, sealed with the key of blob.key, the last step that was
 * used, and how often a code was wrong. Five wrong ones lock it. Any thread may call. */
#ifndef SERVER_TOTP_CODES_H
#define SERVER_TOTP_CODES_H

#include "blob/cipher.h"
#include "crypto/totp.h"
#include "server/operational.h"

enum { TOTP_WRONG_MAX = 5, TOTP_LOCKED_MS = 15 * 60 * 1000 };

struct totp_state {
	bool there, confirmed, locked;
	uint64_t since; /* ms */
};
MUST_CHECK err totp_state_read(struct operational *o, const char *principal, struct totp_state *out,
			       struct fault *f);
/* A fresh secret, which takes effect with its first code. API_TOTP_EXISTS while another one is in effect. */
MUST_CHECK err totp_begin(struct operational *o, const uint8_t key[static CIPHER_KEY_SIZE],
			  const char *principal, uint8_t secret[static TOTP_SECRET_SIZE],
			  struct fault *f);
/* OK when the code is one of now that was not used before; the first one confirms the secret. API_TOTP_NONE,
 * API_TOTP_LOCKED, API_TOTP_WRONG. */
MUST_CHECK err totp_check(struct operational *o, const uint8_t key[static CIPHER_KEY_SIZE],
			  const char *principal, bool confirmed, uint32_t code, struct fault *f);
/* After the person proved to be there otherwise: opens a lock that is a quarter of an hour old. */
MUST_CHECK err totp_unlock(struct operational *o, const char *principal, struct fault *f);
MUST_CHECK err totp_end(struct operational *o, const char *principal, bool *found, struct fault *f);

#endif
