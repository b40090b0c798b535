/* SPDX-License-Identifier: Apache-2.0 */
/* stream.h — where bytes go and where they come from: a file, a process, an encryption, a member
 * of an archive. They are put one into another. */
#ifndef BACKUP_STREAM_H
#define BACKUP_STREAM_H

#include "base/error.h"

struct sink {
	err (*put)(void *context, struct bytes content, struct fault *f);
	void *context;
};

struct source {
	/* Fills `out` up to `n` bytes; fewer only at the end. */
	err (*get)(void *context, uint8_t *out, size_t n, size_t *got, struct fault *f);
	void *context;
};

static inline err sink_put(struct sink s, struct bytes content, struct fault *f)
{
	return s.put(s.context, content, f);
}
static inline err source_get(struct source s, uint8_t *out, size_t n, size_t *got, struct fault *f)
{
	return s.get(s.context, out, n, got, f);
}

/* `fd` must outlive them. */
struct sink sink_of_fd(int *fd);
struct source source_of_fd(int *fd);

#endif
