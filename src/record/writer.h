/* SPDX-License-Identifier: Apache-2.0 */
/* writer.h — inside the writer's thread: one record's way from a decoded submission to its
 * queued writes. */
#ifndef RECORD_WRITER_H
#define RECORD_WRITER_H

#include "record/engine.h"

enum { RAISED_MAX = ENTRY_RAISED_MAX };

/* A row that a flag rule returned. */
struct raise {
	const char *code;
	bool holds;
	struct subject subject;
	const struct fault *seen; /* the other columns; lives as long as the submission */
};

/* One transaction. */
struct batch {
	struct engine *engine;
	struct arena arena; /* until the commit */
	struct arena told;  /* the happenings: until the stream has been told */
	uint64_t at;        /* stamped on all its records */
	struct two_clocks clocks;
	bool unfolded;     /* one record alone, whose fold failed */
	bool reports_step; /* clock.stepped is among its records */
	struct note_of_entry *happenings, **happenings_end;
	uint64_t last_sequence; /* of its happenings */
	uint8_t *scratch;       /* 2 × ENTRY_SIZE_MAX bytes, for one entry at a time */
	struct batch *next;
};

/* What the stream will be told once a checkpoint covers it. */
struct note_of_entry {
	struct happening happening;
	struct note_of_entry *next;
};

/* Everything that was read about one record before anything is written. */
struct attempt {
	struct batch *batch;
	struct submission *s;
	struct record *record; /* whose rules run: the submission's, or an approved target's */
	bool found;            /* (author, id) is there already */
	uint64_t found_sequence;
	struct hash found_digest;
	uint64_t spool_last;       /* counter of the spool's last record; 0: none came yet */
	const char *spool_refused; /* message of what refused this very record before, or NULL */
	bool has_scope;
	struct scope scope;
	char own[ID_SIZE_MAX + 1]; /* who may write this without the permission, too; or empty */
	bool has_previous;
	uint64_t previous;
	bool has_subject;
	struct subject subject;
	struct fault refusal; /* the first refuse rule that spoke; code OK if none */
	size_t raised_n;
	struct raise raised[RAISED_MAX];
	struct control_failure *failures, **failures_end;
	struct control_failure *let_pass; /* that the policy lets pass */
	struct value *gate_values;        /* what the gate's controls are asked about */
	size_t controls_n;                /* of the gate, that judge */
	bool need_known;
	int64_t need, newcomer_ms; /* approvals, for a type with a class */
};

void batch_free(struct batch *b); /* NULL is fine */

/* reads.c: queues every read of a record; the answers are there after db_flush. */
MUST_CHECK err reads_queue(struct attempt *x, struct fault *f);
/* Scope, rules, gate, flags and the rule of approval, but no index: for a record that an approval
 * executes. */
MUST_CHECK err reads_queue_target(struct attempt *x, struct fault *f);
/* The record's own values as named values of its message. */
void fault_add_record(struct fault *f, const struct record *r);

/* decide.c: OK: recorded, repeated, or refused with submission.result.fault; an error: unexpected,
 * the transaction is to be rolled back. */
MUST_CHECK err process(struct batch *b, struct submission *s, struct fault *f);
/* Appends the entry and queues its writes. */
MUST_CHECK err commit_record(struct attempt *x, enum outcome outcome, struct record *target,
			     uint64_t target_sequence, struct fault *f);
/* Parts the gate's failures into what stops and what the policy lets pass. */
MUST_CHECK err weigh_gate(struct attempt *x, struct fault *f);
/* A warning, or the use of broken glass, is a nonconformance that holds nothing. */
void raise_let_pass(struct attempt *x, struct control_failure *let_pass);
/* witness_make.c: false without memory. */
MUST_CHECK bool make_witness(struct attempt *x, enum outcome outcome, uint64_t target,
			     const struct record *target_record, struct witness *w);
/* Marks it refused; `x` may be NULL. */
void refuse(struct submission *s, const struct fault *why);

/* spool.c: true if the record was refused, because its counter is not greater than the spool's last
 * one. What was refused before is refused with the same words. */
bool spool_refuses(struct attempt *x);
/* A counter that was passed over is a nonconformance that holds the station. */
void spool_raise_gap(struct attempt *x);

/* may.c */
MUST_CHECK err may(struct attempt *x, const char *permission, bool *yes, struct fault *f);

/* shift.c: whether the key that signed may sign this here and now: it is the author's, its time has
 * come and, if it is a shift's, it is one of the few things that such a key may. Otherwise refused. */
MUST_CHECK err key_may(struct attempt *x, bool *yes, struct fault *f);

/* approvals.c */
MUST_CHECK err process_vote(struct attempt *x, struct fault *f);

/* refusals.c: records the refusal of a decision, or counts it. */
MUST_CHECK err record_refusal(struct batch *b, struct submission *s, struct fault *f);

#endif
