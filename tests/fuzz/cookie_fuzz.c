/* SPDX-License-Identifier: Apache-2.0 */
/* Any Cookie header: a token, whole and of ours, or nothing at all. */
#include "server/cookie.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t nothing[COOKIE_TOKEN_SIZE];
	uint8_t token[COOKIE_TOKEN_SIZE];
	char *header = malloc(size + 1), text[64];

	assert(header != NULL);
	memcpy(header, data, size);
	header[size] = '\0';
	if (cookie_token(header, token)) {
		base64url_encode(bytes_of(token, sizeof token), text);
		assert(strstr(header, text) != NULL && strstr(header, COOKIE_NAME "=") != NULL);
	} else {
		assert(memcmp(token, nothing, sizeof token) == 0);
	}
	/* The same bytes as two other headers. */
	if (request_is_same_origin(NULL, header, "localhost"))
		assert(size >= strlen("https://localhost"));
	free(header);
	return 0;
}
