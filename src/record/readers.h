/* SPDX-License-Identifier: Apache-2.0 */
/* readers.h — read connections, lent from a bounded pool; each has its views prepared on first
 * use. */
#ifndef RECORD_READERS_H
#define RECORD_READERS_H

#include "record/engine.h"

struct reader_session {
	struct engine *engine;
	struct db *db;
	struct ledger *ledger;
	struct authority *authority;
	uint64_t authority_size; /* log size that its answers are from */
	struct statement *key_spki;
	struct statement **controls; /* by place in registry.controls */
	struct policy policy;
	struct reader_session *next;
};

void readers_close(struct engine *e);

/* What a control's row says in this column: text, or a number in digits; empty if it says nothing. */
const char *control_text(struct arena *a, const struct statement *s, const struct value *columns,
			 const char *name);

#endif
