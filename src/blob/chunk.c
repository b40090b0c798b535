/* SPDX-License-Identifier: Apache-2.0 */
#include "blob/store.h"

enum { CHUNK_AAD_SIZE = 32 + 8 + 1 };

uint64_t chunk_count(uint64_t size)
{
	return size == 0 ? 1 : (size - 1) / BLOB_CHUNK_SIZE + 1;
}

size_t chunk_size(uint64_t size, uint64_t index)
{
	uint64_t start = index * BLOB_CHUNK_SIZE;

	if (start >= size)
		return 0;
	return size - start < BLOB_CHUNK_SIZE ? (size_t)(size - start) : BLOB_CHUNK_SIZE;
}

uint64_t chunk_offset(uint64_t index)
{
	return index * (BLOB_CHUNK_SIZE + CIPHER_EXTRA);
}

uint64_t chunk_file_size(uint64_t size)
{
	return size + chunk_count(size) * CIPHER_EXTRA;
}

/* The place is authenticated, so that chunks cannot be moved, repeated, cut off at the end, or
 * brought from another blob. */
static struct bytes place_aad(const struct chunk_place *place, uint8_t buffer[CHUNK_AAD_SIZE])
{
	struct writer w = writer_of(buffer, CHUNK_AAD_SIZE);
	struct bytes out = {0};

	put_bytes(&w, hash_bytes(&place->digest));
	put_u64(&w, place->index);
	put_u8(&w, place->index + 1 == chunk_count(place->size));
	return writer_done(&w, &out) ? out : (struct bytes){0};
}

err chunk_lock(const uint8_t key[static BLOB_KEY_SIZE], const struct chunk_place *place,
	       struct bytes plain, uint8_t *out, struct fault *f)
{
	uint8_t aad[CHUNK_AAD_SIZE];

	return cipher_lock(key, place_aad(place, aad), plain, out, f);
}

bool chunk_unlock(const uint8_t key[static BLOB_KEY_SIZE], const struct chunk_place *place,
		  struct bytes locked, uint8_t *out)
{
	uint8_t aad[CHUNK_AAD_SIZE];

	return cipher_unlock(key, place_aad(place, aad), locked, out);
}
