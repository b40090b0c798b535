/* SPDX-License-Identifier: Apache-2.0 */
/* answers.h — what the server said about each record of the spool: recorded where, or refused why. The
 * last ones are kept; the newest counter is how far the spool was answered. One thread at a time. */
#ifndef STATION_ANSWERS_H
#define STATION_ANSWERS_H

#include "core/entry.h"
#include "station/row_file.h"

enum { ANSWERS_KEPT = 10000, ANSWER_ROW = 208 };

struct answer {
	uint64_t counter;
	bool refused;
	struct uuid id;
	struct hash digest;
	uint64_t sequence; /* recorded: where */
	uint64_t at;       /* refused: when, wall clock */
	/* refused: message id, and what the record was about */
	char code[ID_SIZE_MAX + 1], type[ID_SIZE_MAX + 1];
};

struct answers;
MUST_CHECK err answers_open(const char *path, struct answers **out, struct fault *f);
void answers_close(struct answers *a); /* NULL is fine */
uint64_t answers_last(const struct answers *a);
MUST_CHECK err answers_add(struct answers *a, const struct answer *list, size_t n, struct fault *f);
const struct answer *answers_find_id(const struct answers *a, struct uuid id);
const struct answer *answers_find_digest(const struct answers *a, struct hash digest);
/* For who only looks: every answer that the file holds. */
typedef err answer_seen(void *context, const struct answer *answer, struct fault *f);
MUST_CHECK err answers_look(const char *path, answer_seen *seen, void *context, struct fault *f);

#endif
