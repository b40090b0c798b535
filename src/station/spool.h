/* SPDX-License-Identifier: Apache-2.0 */
/* spool.h — what waits for the server: signed submissions in segments that only grow, each record
 * chained to the one before, with a counter from 1. What spool_append() returned for is on the disk
 * and comes back after any power cut; what a cut tore was never answered, and is dropped. Segments
 * go when all of their records are answered. One thread at a time. */
#ifndef STATION_SPOOL_H
#define STATION_SPOOL_H

#include "base/arena.h"
#include "core/entry.h"

enum {
	SPOOL_RECORD_MAX = 4 * ENTRY_SIZE_MAX,
	SPOOL_SEGMENT_MAX = 1 << 20, /* then another one begins */
	SPOOL_HEAD_SIZE = 48,
	SPOOL_WAITING_MAX = 200000,
};

/* ---- a segment's bytes ---- */

/* Reads a segment from the front. Zero-initialise with `content`. */
struct segment {
	struct bytes content;
	size_t at;         /* behind the last sound record */
	uint64_t counter;  /* of the last sound record; before the first one: its own minus 1 */
	struct hash chain; /* over all of them */
};
struct segment_record {
	uint64_t counter;
	size_t offset; /* of the payload in the segment */
	struct bytes payload;
};
/* False unless it begins like one. */
MUST_CHECK bool segment_begin(struct segment *s);
/* The next sound record; false at the end, or where it is torn or damaged. */
MUST_CHECK bool segment_next(struct segment *s, struct segment_record *out);

/* ---- the spool ---- */

struct spool_item {
	uint64_t counter;
	struct uuid id;
	struct hash digest; /* of the claim */
	uint64_t segment;
	size_t offset, n;
};

struct spool;
/* `answered`: the last counter that the server has answered. STATION_SPOOL_DAMAGED if something is
 * missing that was acknowledged. `folder` is made; nobody else may have it open. */
MUST_CHECK err spool_open(const char *folder, uint64_t answered, struct spool **out,
			  struct fault *f);
void spool_close(struct spool *s); /* NULL is fine */
/* Its name in the claims: made once, at random. */
const char *spool_name(const struct spool *s);
uint64_t spool_next(const struct spool *s);  /* counter of the record that comes next */
size_t spool_waiting(const struct spool *s); /* records that are not answered */
/* The i-th of them, oldest first; the one with this id or digest; NULL if there is none. */
const struct spool_item *spool_at(const struct spool *s, size_t i);
const struct spool_item *spool_find_id(const struct spool *s, struct uuid id);
const struct spool_item *spool_find_digest(const struct spool *s, struct hash digest);
/* [claim, proof, openings] with counter spool_next(): on the disk when it returns. STATION_FULL,
 * STATION_SPOOL_BROKEN. */
MUST_CHECK err spool_append(struct spool *s, struct uuid id, struct hash digest,
			    struct bytes submission, struct fault *f);
MUST_CHECK err spool_read(struct spool *s, struct arena *a, const struct spool_item *item,
			  struct bytes *out, struct fault *f);
/* The server has answered all up to this counter, and the answers are kept. */
MUST_CHECK err spool_answered(struct spool *s, uint64_t counter, struct fault *f);
/* For who only looks: its name ("" if there is none), and the last counter that was acknowledged. */
MUST_CHECK err spool_look(const char *folder, char name[static ID_SIZE_MAX + 1], uint64_t *counter,
			  struct fault *f);

#endif
