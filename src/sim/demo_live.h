/* SPDX-License-Identifier: Apache-2.0 */
/* demo_live.h — what the demo does on request while it stays up, one run at a time on a thread of its own: an
 * attack on the house, the same in a throw-away copy without its control, or more units. How far a run is can be
 * read at any moment. */
#ifndef SIM_DEMO_LIVE_H
#define SIM_DEMO_LIVE_H

#include "sim/demo_internal.h"

struct demo_live;

enum run_kind { RUN_ATTACK, RUN_WITHOUT, RUN_BUILD };
enum { RUN_UNITS_MAX = 25 };

/* Begins to wait for requests; `d` is this thread's alone until demo_live_close(). */
MUST_CHECK err demo_live_open(struct demo *d, struct demo_live **out, struct fault *f);
/* A run under way ends at its next step. NULL is fine. */
void demo_live_close(struct demo_live *l);

/* `which`: an attack's row, or how many units. DEMO_BUSY, DEMO_USED_UP. */
MUST_CHECK err demo_live_begin(struct demo_live *l, enum run_kind kind, size_t which,
			       unsigned *number, struct fault *f);
/* New references. DEMO_RUN_UNKNOWN. */
json_t *demo_live_list(struct demo_live *l);
MUST_CHECK err demo_live_show(struct demo_live *l, unsigned number, json_t **out, struct fault *f);

/* ---- from the run's own thread ---- */

/* One step more, taken over; then the pause that lets people watch. */
void demo_live_step(struct demo_live *l, json_t *step);
/* In the copy, where nothing stopped it. */
void demo_live_slipped(struct demo_live *l, const char *serial, const char *gate,
		       uint64_t sequence);
/* True when the demo is to end. */
bool demo_live_ends(struct demo_live *l);

/* demo_slip.c: the units that passed a gate while `control` only observed, from this record of the copy on. */
MUST_CHECK err demo_slipped(struct demo *copy, const char *control, uint64_t from, struct fault *f);
/* Fills in what is known of each that slipped through. */
MUST_CHECK err demo_slipped_states(struct demo *copy, json_t *slipped, struct fault *f);

/* demo_build.c: so many units more, through the whole line, up to their first start. */
MUST_CHECK err demo_build(struct demo *d, const char *tag, size_t n, struct fault *f);

/* ---- demo_door.c: requests come through a socket that only this account can open ---- */

struct demo_door;
MUST_CHECK err demo_door_open(const char *path, struct demo_live *l, struct demo_door **out,
			      struct fault *f);
int demo_door_fd(const struct demo_door *door);
/* Somebody knocked: one request, one reply. */
void demo_door_answer(struct demo_door *door);
void demo_door_close(struct demo_door *door); /* NULL is fine */

enum demo_word { DEMO_ATTACK, DEMO_WITHOUT, DEMO_BUILD, DEMO_SHOW, DEMO_LIST };
struct demo_request {
	enum demo_word word;
	size_t which; /* the attack's row; how many units; the run's number */
};
/* One line of JSON, strictly. DEMO_REQUEST_WRONG, DEMO_NO_ATTACK, DEMO_NO_SWITCH, DEMO_UNITS_WRONG,
 * DEMO_RUN_UNKNOWN. */
MUST_CHECK err demo_request_parse(struct bytes line, struct demo_request *out, struct fault *f);

#endif
