/* SPDX-License-Identifier: Apache-2.0 */
/* tar.h — archives in the ustar form of POSIX.1-2017 (pax, "ustar Interchange Format"), so that any
 * tar opens a backup. Read strictly: plain files only, names of ours only, every size bounded,
 * nothing behind the end. */
#ifndef BACKUP_TAR_H
#define BACKUP_TAR_H

#include "backup/stream.h"

enum { TAR_BLOCK = 512, TAR_NAME_MAX = 99 };
/* What eleven octal digits hold. */
#define TAR_SIZE_MAX UINT64_C(077777777777)

struct tar_writer {
	struct sink sink;
	uint64_t left; /* of the member that is open */
	size_t padding;
};

/* Begins a member of exactly `size` bytes; the one before must be whole. */
MUST_CHECK err tar_begin(struct tar_writer *w, const char *name, uint64_t size, struct fault *f);
MUST_CHECK err tar_put(struct tar_writer *w, struct bytes content, struct fault *f);
/* A whole member. */
MUST_CHECK err tar_file(struct tar_writer *w, const char *name, struct bytes content,
			struct fault *f);
MUST_CHECK err tar_close(struct tar_writer *w, struct fault *f);

struct tar_reader {
	struct source source;
	uint64_t left;
	size_t padding;
};
struct tar_member {
	char name[TAR_NAME_MAX + 1];
	uint64_t size;
};

/* True for names like "entries/00000001": parts of letters, digits and "._-" that begin with a letter
 * or a digit, with single slashes between them. */
MUST_CHECK bool tar_name_valid(const char *name);
/* Goes to the next member, past what is left of this one. At the end `*more` is false, and nothing follows it. BACKUP_DAMAGED. */
MUST_CHECK err tar_next(struct tar_reader *r, struct tar_member *out, bool *more, struct fault *f);
/* The member's next bytes, exactly `n` of them unless it ends before. */
MUST_CHECK err tar_get(struct tar_reader *r, uint8_t *out, size_t n, size_t *got, struct fault *f);
/* As what one takes a member's bytes from. */
struct source tar_source(struct tar_reader *r);

#endif
