/* SPDX-License-Identifier: Apache-2.0 */
/* cookie.h — what a browser says by itself: the cookie of its session, and where a form was sent from.
 * Pure functions over header values. */
#ifndef SERVER_COOKIE_H
#define SERVER_COOKIE_H

#include "core/bytes.h"

#include <stdbool.h>

enum { COOKIE_TOKEN_SIZE = 32 };

/* A name with this prefix is kept only with Secure, Path=/ and no Domain (RFC 6265bis section
 * 4.1.3.2): no other host can set it. */
#define COOKIE_NAME "__Host-sealwright"

/* The token in a Cookie header (RFC 6265 section 5.4); false if it is not there, there twice, or not
 * what we give out. NULL: no header. */
bool cookie_token(const char *header, uint8_t token[static COOKIE_TOKEN_SIZE]);

/* Whether a form was sent from a page of ours. Sec-Fetch-Site decides where a browser sends it, else Origin
 * against Host; a request with neither comes from no page of ours. Without TLS only on loopback. */
bool request_is_same_origin(const char *fetch_site, const char *origin, const char *host);

#endif
