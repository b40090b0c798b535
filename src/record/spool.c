/* SPDX-License-Identifier: Apache-2.0 */
/* spool.c — what waited in an offline spool comes in sequence, and once. */
#include "record/writer.h"

#include <inttypes.h>
#include <stdio.h>

/* What a spool brings comes in sequence and once: a counter that is not greater than the last one
 * belongs to a spool that was put back, or copied. */
bool spool_refuses(struct attempt *x)
{
	const struct claim *c = &x->record->claim;
	struct fault f = {0};
	char last[24], found[24];

	if (c->spool.p == NULL || c->spool_counter > x->spool_last)
		return false;
	if (x->spool_refused != NULL) {
		(void)fail(&f, x->spool_refused, NULL);
		fault_add_record(&f, x->record);
		refuse(x->s, &f);
		x->s->result.repeated = true;
		return true;
	}
	snprintf(last, sizeof last, "%" PRIu64, x->spool_last);
	snprintf(found, sizeof found, "%" PRIu64, c->spool_counter);
	(void)fail_field(&f, "spool", "SPOOL_COUNTER_USED", "last", last, "found", found, NULL);
	fault_add_record(&f, x->record);
	refuse(x->s, &f);
	return true;
}

/* A counter that was passed over: the box that numbered it has lost a record, or keeps it back. */
void spool_raise_gap(struct attempt *x)
{
	const struct claim *c = &x->record->claim;

	if (c->spool.p == NULL || c->spool_counter == x->spool_last + 1 ||
	    x->raised_n == RAISED_MAX)
		return;
	x->raised[x->raised_n++] =
		(struct raise){.code = CODE_SPOOL_GAP,
			       .holds = true,
			       .subject = {bytes_text("station"), bytes_of("", 0), c->author}};
}
