/* SPDX-License-Identifier: Apache-2.0 */
#include "server/cookie.h"

#include <string.h>
#include <strings.h>

enum { TOKEN_TEXT = 43 }; /* 32 bytes in base64url without padding */

static bool token_decode(struct bytes text, uint8_t token[static COOKIE_TOKEN_SIZE])
{
	size_t n = 0;

	return text.n == TOKEN_TEXT && base64url_decode(text, token, COOKIE_TOKEN_SIZE, &n) &&
	       n == COOKIE_TOKEN_SIZE;
}

bool cookie_token(const char *header, uint8_t token[static COOKIE_TOKEN_SIZE])
{
	static const char NAME[] = COOKIE_NAME "=";
	size_t found = 0;
	bool sound = false;

	while (header != NULL && *header != '\0') {
		size_t n = strcspn(header, ";");
		if (n >= sizeof NAME - 1 && memcmp(header, NAME, sizeof NAME - 1) == 0) {
			found++;
			sound = token_decode(
				bytes_of(header + sizeof NAME - 1, n - (sizeof NAME - 1)), token);
		}
		header += n;
		header += strspn(header, "; ");
	}
	if (found == 1 && sound)
		return true;
	memset(token, 0, COOKIE_TOKEN_SIZE);
	return false;
}

static bool is_origin(const char *origin, const char *scheme, const char *host)
{
	size_t n = strlen(scheme);

	return strncmp(origin, scheme, n) == 0 && strcasecmp(origin + n, host) == 0;
}

/* This very machine, by the only name and addresses for which a browser trusts plain HTTP. */
static bool is_loopback(const char *host)
{
	static const char *const NAMES[] = {"localhost", "127.0.0.1", "[::1]"};

	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		size_t n = strlen(NAMES[i]);
		if (strncasecmp(host, NAMES[i], n) == 0 && (host[n] == '\0' || host[n] == ':'))
			return true;
	}
	return false;
}

bool request_is_same_origin(const char *fetch_site, const char *origin, const char *host)
{
	if (fetch_site != NULL)
		return strcmp(fetch_site, "same-origin") == 0;
	if (origin == NULL || host == NULL)
		return false;
	return is_origin(origin, "https://", host) ||
	       (is_loopback(host) && is_origin(origin, "http://", host));
}
