/* SPDX-License-Identifier: Apache-2.0 */
/* passport.h — gathers one unit's passport (lib/core/passport.h says what it proves). */
#ifndef RECORD_PASSPORT_H
#define RECORD_PASSPORT_H

#include "record/record.h"

/* Whether the caller may see the confidential values of records about this subject. */
typedef err passport_may_show(void *context, const struct subject *subject, bool *may,
			      struct fault *f);

struct passport_request {
	const struct caller *caller;
	const char *product, *serial;
	/* Kinds of chains to leave out, with commas; NULL: none. The file says so. */
	const char *without;
	/* NULL: values stay commitments. Values about persons are never shown. */
	passport_may_show *may_show;
	void *context;
	struct bytes ca; /* certificate of the device CA; taken in if the log's start names it */
};
/* The records of the unit, of what the view `passport.related` names for it, of everybody who
 * signed one of them, and of every approval they waited for; all in the last checkpoint. The caller
 * needs the permission `passport.read` on the unit's product. Messages PASSPORT_*, VIEW_*. */
MUST_CHECK err passport_build(struct engine *e, struct reader_session *r, struct arena *a,
			      const struct passport_request *request, struct bytes *out,
			      struct fault *f);

#endif
