/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sha256.h"

#include "port/sha256_portable.h"

void sha256_compress(uint32_t state[8], const uint8_t *blocks, size_t n)
{
	sha256_compress_portable(state, blocks, n);
}
