/* SPDX-License-Identifier: Apache-2.0 */
/* view_cursor.c — where a page ended, sealed: what is taken back is what was given, for that view. */
#include "record/views.h"

#include "core/sha256.h"

#include <string.h>

enum { SEAL_SIZE = 16, CURSOR_MOST = 4096 };

/* HMAC-SHA256 (RFC 2104) of 0 ‖ view ‖ 0 ‖ values, cut to 16 bytes. Salts are made with the same
 * secret; their messages begin with an author, which is never a zero. */
static void seal(const struct engine *e, const struct view *view, struct bytes values,
		 uint8_t out[static SEAL_SIZE])
{
	uint8_t key[64] = {0};
	struct sha256 s;

	memcpy(key, e->config.secret, sizeof e->config.secret);
	for (size_t i = 0; i < sizeof key; i++)
		key[i] ^= 0x36;
	sha256_init(&s);
	sha256_update(&s, bytes_of(key, sizeof key));
	sha256_update(&s, bytes_of("", 1));
	sha256_update(&s, bytes_text(view->name));
	sha256_update(&s, bytes_of("", 1));
	sha256_update(&s, values);
	struct hash inner = sha256_final(&s);
	for (size_t i = 0; i < sizeof key; i++)
		key[i] ^= 0x36 ^ 0x5c;
	sha256_init(&s);
	sha256_update(&s, bytes_of(key, sizeof key));
	sha256_update(&s, hash_bytes(&inner));
	struct hash outer = sha256_final(&s);
	memcpy(out, outer.b, SEAL_SIZE);
	bytes_wipe(key, sizeof key);
}

json_t *view_cursor_make(const struct engine *e, const struct view *view, struct bytes values)
{
	uint8_t bytes[CURSOR_MOST];
	char text[2 * CURSOR_MOST];

	if (values.n > sizeof bytes - SEAL_SIZE)
		return NULL;
	seal(e, view, values, bytes);
	memcpy(bytes + SEAL_SIZE, values.p, values.n);
	base64url_encode(bytes_of(bytes, SEAL_SIZE + values.n), text);
	return json_string(text);
}

bool view_cursor_read(const struct engine *e, struct arena *a, const struct view *view,
		      const char *text, struct bytes *values)
{
	uint8_t *bytes = arena_alloc(a, CURSOR_MOST), expected[SEAL_SIZE];
	size_t n;

	if (bytes == NULL || !base64url_decode(bytes_text(text), bytes, CURSOR_MOST, &n) ||
	    n <= SEAL_SIZE)
		return false;
	*values = bytes_of(bytes + SEAL_SIZE, n - SEAL_SIZE);
	seal(e, view, *values, expected);
	return bytes_equal_secret(expected, bytes, SEAL_SIZE);
}
