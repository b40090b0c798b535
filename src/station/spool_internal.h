/* SPDX-License-Identifier: Apache-2.0 */
/* spool_internal.h — what the files of the spool share. */
#ifndef STATION_SPOOL_INTERNAL_H
#define STATION_SPOOL_INTERNAL_H

#include "station/spool.h"

enum { SEGMENT_RECORD_HEAD = 12, SPOOL_PATH_SIZE = 512 };

struct hash segment_chain(struct hash before, uint64_t counter, struct bytes payload);
void segment_put_head(struct writer *w, uint64_t first, struct hash chain);
void segment_put_record(struct writer *w, uint64_t counter, struct bytes payload,
			struct hash chain);

/* How far the spool was acknowledged: written in turns into two places of a small file, so that a
 * torn write leaves the other one. */
struct position {
	int fd;
	uint64_t counter;
	struct hash chain;
};
MUST_CHECK err position_open(const char *path, struct position *out, struct fault *f);
MUST_CHECK err position_read(const char *path, struct position *out, struct fault *f);
MUST_CHECK err position_set(struct position *p, uint64_t counter, struct hash chain,
			    struct fault *f);

struct spool {
	char folder[SPOOL_PATH_SIZE], name[ID_SIZE_MAX + 1];
	struct position position;
	int fd; /* of the segment that grows; -1: the next record begins one */
	uint64_t segment;
	size_t end; /* of that segment */
	uint64_t counter;
	struct hash chain;
	bool broken; /* the disk failed: what is on it is not known until it is opened again */
	struct spool_item *items;
	size_t first, n, cap; /* items[first … first + n) wait */
};

/* spool_load.c: what the disk holds. */
MUST_CHECK err spool_load(struct spool *s, uint64_t answered, struct fault *f);
MUST_CHECK err spool_keep(struct spool *s, const struct spool_item *item, struct fault *f);
MUST_CHECK err spool_segment_path(const struct spool *s, uint64_t segment,
				  char out[static SPOOL_PATH_SIZE], struct fault *f);
MUST_CHECK err spool_drop_segment(const struct spool *s, uint64_t segment, struct fault *f);
err spool_io_failed(const char *path, struct fault *f);

#endif
