/* SPDX-License-Identifier: Apache-2.0 */
/* retry.h — what was refused for now, and when to ask again: later each time, up to a minute. Kept in
 * memory only: after a start everything is asked again at once. One thread at a time. */
#ifndef SERVER_RETRY_H
#define SERVER_RETRY_H

#include "base/error.h"

enum { RETRY_FIRST_MS = 250, RETRY_LAST_MS = 60000, RETRIES_MAX = 16384 };

struct retry;
MUST_CHECK err retry_open(struct retry **out, struct fault *f);
void retry_close(struct retry *r); /* NULL is fine */
/* Whether it may be asked now; times are steady milliseconds. What is not known is due. */
bool retry_due(const struct retry *r, struct hash what, uint64_t now_ms);
/* It was refused for now. With too many at once, one is forgotten, and so is due again. */
void retry_later(struct retry *r, struct hash what, uint64_t now_ms);
/* It was answered. */
void retry_forget(struct retry *r, struct hash what);
/* What was due before `now_ms` and was not asked in a whole round since is not there any more. */
void retry_drop(struct retry *r, uint64_t now_ms);
size_t retry_count(const struct retry *r);
/* When the next one is due; UINT64_MAX if nothing waits. */
uint64_t retry_next_ms(const struct retry *r);

#endif
