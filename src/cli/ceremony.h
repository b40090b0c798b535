/* SPDX-License-Identifier: Apache-2.0 */
/* ceremony.h — what people do with keys, rehearsed: a table of steps, played with real processes of this
 * program and keys that are thrown away; and a transcript that tells if anybody changed it. */
#ifndef CLI_CEREMONY_H
#define CLI_CEREMONY_H

#include "cli/cli.h"
#include "sim/child.h"

enum step_kind {
	STEP_RUN,     /* this program, which must end well */
	STEP_REFUSED, /* which must refuse, and say `expected` */
	STEP_AWAIT,   /* again and again, until it says `expected` */
	STEP_TOOL,    /* the program of another project that the first word names */
	STEP_SERVE,
	STEP_STOP,
};
enum { STEP_WORDS = 24, STEP_FILES = 3 };

/* In words, {D} is the folder, {N} the sequence that the last record has, {ANY} some digest, {SAID} what the step before
 * said, {ID:NAME} the id of that one's key, {HSM} the PKCS #11 module. @NAME is where the server is and who asks. */
struct ceremony_step {
	enum step_kind kind;
	const char *who, *title;
	const char *aloud;    /* what is read aloud or written down; NULL: nothing */
	const char *protects; /* what it is good for; NULL: the step above says it */
	const char *words[STEP_WORDS];
	const char *expected;          /* what it says */
	const char *files[STEP_FILES]; /* made here, and never changed: below {D} */
	const char *needs;             /* NULL, or what must be installed; else it is skipped */
};
/* Each ended by a step without a title. */
extern const struct ceremony_step CEREMONY_FOUNDING[], CEREMONY_KEEPERS[], CEREMONY_JOINING[],
	CEREMONY_LEAVING[], CEREMONY_KEYS[], CEREMONY_PLACE[], CEREMONY_FIRMWARE[],
	CEREMONY_BUILD[], CEREMONY_LOST[], CEREMONY_BACKUP[], CEREMONY_END[];
extern const char *const CEREMONY_SIGNERS[]; /* who signs the transcript; ended by NULL */

/* Step `n` of all, counted from 0; NULL after the last. With `part`, the title of the part that begins with it,
 * or NULL. */
const struct ceremony_step *ceremony_step(size_t n, const char **part);

/* ---- what the rehearsal takes from the machine ---- */

/* True if what a step needs is installed. */
bool ceremony_has(const char *needs);
/* The PKCS #11 module of SoftHSM; "" if there is none. */
const char *ceremony_module(void);
/* The image, and a place for SoftHSM's token, into the folder. */
MUST_CHECK err ceremony_prepare(struct arena *a, const char *folder, struct fault *f);
/* Runs it to its end; what it says goes into `log`. */
MUST_CHECK err ceremony_tool(const char *const *arguments, const char *log, bool *ended_well,
			     struct fault *f);

/* ---- the transcript: JSON lines, each with the SHA-256 of the line before ---- */

struct transcript {
	struct arena *arena;
	const char *folder, *path;
	char previous[65];
	unsigned n;
};
MUST_CHECK err transcript_open(struct transcript *t, struct fault *f);
/* `output`: below the folder; NULL: none. */
MUST_CHECK err transcript_step(struct transcript *t, const struct ceremony_step *step, bool skipped,
			       const char *output, struct fault *f);
/* Each signs what stands there by then. */
MUST_CHECK err transcript_sign(struct transcript *t, const char *who, struct fault *f);
/* Every line, in its order, with its files and all signatures: CEREMONY_CHANGED names the line. */
MUST_CHECK err transcript_check(struct arena *a, const char *path, unsigned *steps,
				struct fault *f);

#endif
