/* SPDX-License-Identifier: Apache-2.0 */
/* demo_attack.h — attacks on the demo's house. Each brings what it needs under names of its own, so that it
 * can be tried again in a copy of the house where one control is switched off. */
#ifndef SIM_DEMO_ATTACK_H
#define SIM_DEMO_ATTACK_H

#include "base/error.h"

#include <jansson.h>

struct demo;
struct told;

/* How one try went. */
struct attack_outcome {
	bool stopped;
	char by[96];       /* code of the message, or the controls that failed */
	char said[768];    /* the sentence that it said */
	char through[160]; /* what it won, when it was not stopped */
	uint64_t sequence; /* of the record behind it; 0: none, or nobody watches */
};

/* `tag` makes the names of a try its own. An error is something that no attack is meant to do. */
typedef err attack_run(struct demo *d, const char *tag, struct attack_outcome *out,
		       struct fault *f);

enum attack_kind { ATTACK_REFUSED, ATTACK_DETECTED };

struct attack {
	const char *id, *name;
	attack_run *run;
	enum attack_kind kind;
	const char *by;        /* what must have stopped it */
	const char *control;   /* that is switched off in the copy; NULL: it has no switch */
	const char *no_switch; /* then: why */
	bool stopped_house;    /* runs on a copy of its own, when nothing serves */
};

enum { ATTACKS_MAX = 32 };

struct attack_result {
	bool tried, stopped; /* by what it should be */
	struct attack_outcome outcome;
	bool tried_off;
	struct attack_outcome off; /* with the control switched off */
};

/* Ended by a row without an id. In this order. */
extern const struct attack ATTACKS[];
size_t demo_attacks_n(void);
size_t demo_attacks_stopped(const struct demo *d);

/* Those that need a house that serves. */
MUST_CHECK err demo_attacks(struct demo *d, struct fault *f);
/* Those that need one that is stopped, and all with a switch, in a copy with the switch off. */
MUST_CHECK err demo_attacks_on_copies(struct demo *d, struct fault *f);
/* In a copy: observe, or enforce again. */
MUST_CHECK err demo_set_mode(struct demo *copy, const char *control, const char *mode,
			     struct fault *f);

/* ---- demo_report.c ---- */

void demo_print_table(const struct demo *d);
/* The whole run for programs; a new reference. */
json_t *demo_report(const struct demo *d);

/* ---- what the attacks share: demo_attacks.c ---- */

/* A refusal is what stopped it: takes the fault. Any other error stays one. */
MUST_CHECK err attack_refused(struct demo *d, const char *who, err result,
			      struct attack_outcome *out, struct fault *f);
/* It was seen: by this code, in these words. */
void attack_seen(struct attack_outcome *out, const char *code, const char *said);
/* The gate is asked about the unit: closed, it names the controls; `told` is what was seen before. */
MUST_CHECK err attack_ask_gate(struct demo *d, const char *gate, const char *serial,
			       const struct told *told, struct attack_outcome *out,
			       struct fault *f);
void attack_through(struct attack_outcome *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

attack_run attack_cloned_key, attack_copied_certificate, attack_over_quota, attack_foreign_station;
attack_run attack_author_approves, attack_one_person_twice;
attack_run attack_changed_image, attack_permit_replayed, attack_skipped_step;
attack_run attack_suspended_supplier, attack_below_grade, attack_counterfeit_reel;
attack_run attack_broken_seal, attack_used_seal, attack_unknown_seal, attack_swapped_box;
attack_run attack_replayed_challenge;
attack_run attack_turned_back, attack_changed_bytes;

#endif
