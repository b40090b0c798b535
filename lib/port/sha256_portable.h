/* SPDX-License-Identifier: Apache-2.0 */
/* sha256_portable.h — sha256_compress() in plain C, for processors without their own
 * instructions for it. */
#ifndef PORT_SHA256_PORTABLE_H
#define PORT_SHA256_PORTABLE_H

#include <stddef.h>
#include <stdint.h>

/* The constants of FIPS 180-4 section 4.2.2. */
extern const uint32_t SHA256_K[64];

void sha256_compress_portable(uint32_t state[8], const uint8_t *blocks, size_t n);

#endif
