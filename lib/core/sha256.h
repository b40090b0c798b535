/* SPDX-License-Identifier: Apache-2.0 */
/* sha256.h — SHA-256 (FIPS 180-4). The compression function comes from lib/port, chosen at
 * link time, so that a processor's own instructions are used where it has them. */
#ifndef CORE_SHA256_H
#define CORE_SHA256_H

#include "core/bytes.h"

struct sha256 {
	uint32_t state[8];
	uint64_t length; /* bytes hashed so far */
	uint8_t block[64];
};

void sha256_init(struct sha256 *s);
void sha256_update(struct sha256 *s, struct bytes data);
struct hash sha256_final(struct sha256 *s);
struct hash sha256(struct bytes data);
/* The digest of a message that stands already padded (section 5.1.1) in `n` blocks of 64 bytes:
 * for who hashes many messages of one short length. */
struct hash sha256_padded(const uint8_t *blocks, size_t n);

/* From lib/port: `n` blocks of 64 bytes into `state`. */
void sha256_compress(uint32_t state[8], const uint8_t *blocks, size_t n);

#endif
