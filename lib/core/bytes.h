/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.h — spans of bytes, and a reader and a writer whose first error sticks, so that ten
 * calls need one check. Portable: no allocation, no I/O. */
#ifndef CORE_BYTES_H
#define CORE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))

/* A span to read. Never owned. `p` may be NULL only when `n` is 0. */
struct bytes {
	const uint8_t *p;
	size_t n;
};

/* Reads a span from the front. After the first failure `why` is set, every further read
 * returns zero or an empty span, and reader_end() is false. */
struct reader {
	const uint8_t *p;
	size_t n;        /* bytes left */
	size_t at;       /* bytes consumed since the start */
	const char *why; /* NULL, or what was wrong first: a static sentence */
};

/* Writes into a fixed buffer. A write that does not fit sets `full` and writes nothing more;
 * `n` keeps counting what would have been needed. */
struct writer {
	uint8_t *p;
	size_t cap;
	size_t n;
	bool full;
};

/* SHA-256 of something, by value. */
struct hash {
	uint8_t b[32];
};

struct bytes bytes_of(const void *p, size_t n);
struct bytes bytes_text(const char *text); /* without the terminating zero */
bool bytes_equal(struct bytes a, struct bytes b);
int bytes_compare(struct bytes a, struct bytes b); /* bytewise, shorter first on a tie */
bool hash_equal(struct hash a, struct hash b);
struct bytes hash_bytes(const struct hash *h);

/* Equal without telling where they differ; for secrets and signatures. `n` bytes each. */
MUST_CHECK bool bytes_equal_secret(const void *a, const void *b, size_t n);
/* Overwrites a secret in a way that the compiler keeps. */
void bytes_wipe(void *p, size_t n);

struct reader reader_of(struct bytes in);
uint8_t get_u8(struct reader *r);
uint16_t get_u16(struct reader *r); /* all integers big-endian */
uint32_t get_u32(struct reader *r);
uint64_t get_u64(struct reader *r);
struct bytes get_bytes(struct reader *r, size_t n);
void reader_fail(struct reader *r, const char *why);
/* True if nothing failed and nothing is left. */
MUST_CHECK bool reader_end(const struct reader *r);

struct writer writer_of(void *buffer, size_t cap);
void put_u8(struct writer *w, uint8_t v);
void put_u16(struct writer *w, uint16_t v);
void put_u32(struct writer *w, uint32_t v);
void put_u64(struct writer *w, uint64_t v);
void put_bytes(struct writer *w, struct bytes b);
void put_text(struct writer *w, const char *text);
/* True and `*out` the written span, unless something did not fit. */
MUST_CHECK bool writer_done(const struct writer *w, struct bytes *out);

/* Valid UTF-8 (RFC 3629: no overlong form, no surrogate, at most U+10FFFF). */
MUST_CHECK bool utf8_valid(struct bytes text);

/* Lower-case hexadecimal. `out` takes 2n characters and a zero. */
void hex_encode(struct bytes in, char *out);
/* Exactly n bytes from 2n hexadecimal digits of either case. */
MUST_CHECK bool hex_decode(struct bytes text, uint8_t *out, size_t n);
/* base64 of RFC 4648 section 4 (with padding). `out` takes base64_size(n) characters and a zero. */
size_t base64_size(size_t n);
void base64_encode(struct bytes in, char *out);
/* Strict: padding required, no white space, no stray bits. False if it does not fit in `cap`. */
MUST_CHECK bool base64_decode(struct bytes text, uint8_t *out, size_t cap, size_t *n);
/* base64url of RFC 4648 section 5, without padding; strict. */
void base64url_encode(struct bytes in, char *out); /* out takes base64_size(n) + 1 */
MUST_CHECK bool base64url_decode(struct bytes text, uint8_t *out, size_t cap, size_t *n);

#endif
