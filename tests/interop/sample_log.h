/* SPDX-License-Identifier: Apache-2.0 */
/* sample_log.h — a small but whole log in a folder: real keys, real signatures, tiles and a signed
 * checkpoint. On request the writer misbehaves at one entry, and signs the result all the same. */
#ifndef SAMPLE_LOG_H
#define SAMPLE_LOG_H

#include "core/note.h"
#include "crypto/crypto.h"

/* What the writer does wrong at one entry; hashes, tiles and checkpoint then agree with it. */
enum plant {
	PLANT_NONE,
	PLANT_SEQUENCE,       /* the witness numbers it one too high */
	PLANT_TIME,           /* stamped before the entry ahead of it */
	PLANT_FORGED,         /* the author's signature is over something else */
	PLANT_UNKNOWN_KEY,    /* signed by a key that was never enrolled */
	PLANT_ORIGIN,         /* the claim was made for another log */
	PLANT_PREVIOUS,       /* names an entry of another subject as the one before */
	PLANT_NO_PREVIOUS,    /* leaves out the entry before */
	PLANT_FALSE_PREVIOUS, /* the first of its subject names one before */
	PLANT_TARGET,         /* executes what was not pending */
	PLANT_TWICE,          /* executes the same target twice */
	PLANT_LATER,          /* executes an entry that comes later */
	PLANT_MALFORMED,      /* bytes follow the entry */
	/* Until that entry the log has another name: */
	PLANT_SUCCEEDED,          /* as it must be */
	PLANT_SUCCEEDED_ROOT,     /* … over another tree than stands before it */
	PLANT_SUCCEEDED_PLACE,    /* … after one entry less than it says */
	PLANT_SUCCEEDED_SILENTLY, /* … without saying so */
	PLANT_SUCCEEDED_TWICE,    /* a second time, ten entries after the first */
	PLANT_KINDS
};
/* "sequence", "time", …; PLANT_KINDS if it is none. */
enum plant plant_of(const char *name);

struct sample_options {
	const char *folder; /* gets log.db and tiles/; made if need be */
	const char *origin; /* NULL: "test.example/log" */
	uint64_t entries;   /* 4 or more */
	enum plant plant;
	uint64_t plant_at;
	uint64_t checkpoint_at; /* also keep the checkpoint of this size in `older`; 0: none */
};

enum { SAMPLE_NOTE_SIZE = 1024 };
struct sample {
	struct note_key key; /* of the log */
	char key_text[512];
	char older[SAMPLE_NOTE_SIZE]; /* text of the older checkpoint */
};

MUST_CHECK err sample_log_make(const struct sample_options *options, struct sample *out,
			       struct fault *f);

/* The note of a head, signed by the log's key. */
MUST_CHECK err sample_sign(const struct private_key *key, const char *origin,
			   struct merkle_head head, struct writer *out, struct fault *f);

#endif
