/* SPDX-License-Identifier: Apache-2.0 */
/* passport.h — gathers one unit's passport (lib/core/passport.h says what it proves). */
#ifndef RECORD_PASSPORT_H
#define RECORD_PASSPORT_H

#include "record/record.h"

/* The records of the unit, of what the view `passport.related` names for it, of everybody who
 * signed one of them, and of every approval they waited for; all in the last checkpoint. The caller
 * needs the permission `passport.read` on the unit's product. Messages PASSPORT_*, VIEW_*. */
MUST_CHECK err passport_build(struct engine *e, struct reader_session *r, struct arena *a,
			      const struct caller *caller, const char *product, const char *serial,
			      struct bytes *out, struct fault *f);

#endif
