/* SPDX-License-Identifier: Apache-2.0 */
/* publisher.h — inside the record room: what the publisher shares. */
#ifndef RECORD_PUBLISHER_H
#define RECORD_PUBLISHER_H

#include "record/writer.h"

/* Signs and publishes what a crash left without a checkpoint. Before the threads start. */
MUST_CHECK err publisher_catch_up(struct engine *e, struct fault *f);
/* Frees each job and tells who waits for it; from then on nobody here touches its submissions. */
void jobs_answer(struct job *jobs);
/* What an entry says about itself, into a result. */
MUST_CHECK err result_from_entry(struct arena *a, struct bytes bytes, const struct entry *entry,
				 struct result *out, struct fault *f);

#endif
