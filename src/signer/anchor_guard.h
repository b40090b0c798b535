/* SPDX-License-Identifier: Apache-2.0 */
/* anchor_guard.h — the journal against its anchor. Each record of the journal that spends something
 * carries the value that the anchor shows once the record counts:
 *
 *   1. anchor_guard_settle   journal and anchor agree, or are made to
 *   2. the record, with one more than `journaled`, is appended and flushed; `journaled` follows
 *   3. anchor_guard_reach    the anchor is advanced, and shows that value
 *   4. the answer is sent
 *
 * Cut between 2 and 3, the journal is one ahead: the next settle advances the anchor. Cut at any
 * other place, they agree. An anchor that is ahead of the journal has counted a record that the
 * journal does not have, so the journal was turned back; or somebody else has counted, which cannot
 * be told apart and stops the signer as well: it fails closed. An anchor that is two or more behind
 * is not the one that counted for this journal. */
#ifndef SIGNER_ANCHOR_GUARD_H
#define SIGNER_ANCHOR_GUARD_H

#include "signer/anchor.h"

enum anchor_verdict {
	ANCHOR_TURNED_BACK = 0, /* it shows more than the journal's last value */
	ANCHOR_NOT_THIS_ONE,    /* it shows two or more less */
	ANCHOR_MEND,            /* one less: the journal's last record has yet to be counted */
	ANCHOR_AGREES,
};
/* Pure. `journaled`: the value in the journal's last spending record, or the one with which the
 * anchor began. */
enum anchor_verdict anchor_judge(uint64_t journaled, uint64_t shown);

/* Set `anchor` (NULL: none, and everything agrees), and `journaled` when the journal was read and after
 * each record. */
struct anchor_guard {
	struct anchor *anchor;
	uint64_t journaled; /* in the journal */
	uint64_t reached;   /* shown by the anchor, as far as `settled` */
	bool settled;
	bool agreed; /* at least once, by what the anchor itself showed */
};

/* Before the first answer, and before each record: what an earlier failure left is mended. Asks the
 * anchor only when it is not known to agree. Call it also before repeating an earlier answer: one
 * that is journaled and not counted must not leave. SIGNER_TURNED_BACK, SIGNER_ANCHOR_OTHER, or the
 * anchor's own fault, after which nothing that spends may be answered. */
MUST_CHECK err anchor_guard_settle(struct anchor_guard *g, struct fault *f);
/* The record with the value `journaled`, one more than before, is on the disk: counts it. After a
 * failure the record stands and its answer must not be sent; the same request may be tried again,
 * and settle comes first. */
MUST_CHECK err anchor_guard_reach(struct anchor_guard *g, struct fault *f);

#endif
