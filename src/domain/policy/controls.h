/* SPDX-License-Identifier: Apache-2.0 */
/* controls.h — the controls that this version knows: what each is about, what it rests on, which
 * gates it guards, and where the standards ask for it. Versioned data: an id never changes its
 * meaning. The statements that judge are in control.sql and in the areas that they look at. */
#ifndef DOMAIN_POLICY_CONTROLS_H
#define DOMAIN_POLICY_CONTROLS_H

#include "core/bytes.h"

enum { CONTROLS_VERSION = 1 };

enum control_evidence {
	EVIDENCE_AUTO = 1, /* the records themselves say */
	EVIDENCE_DOCUMENT, /* a document with an end */
	EVIDENCE_SIGNED,   /* a signed record */
};

/* A number that a control uses, and in which range a policy may set it. */
struct known_parameter {
	const char *name;
	int64_t standard, least, most;
	const char *help;
};

struct known_control {
	const char *id, *stage, *title;
	enum control_evidence evidence;
	const char *effect; /* block, hold, suspend, warn, info */
	const char *gates;  /* with a space around each; empty: no statement judges it yet */
	bool by_evidence;   /* it rests on control.evidence_given */
	bool built_in;      /* it judges where nobody adopted it, too */
	bool always;        /* no mode, no exception, no broken glass */
	const char *nist, *iec62443, *cra, *ottps;
	struct known_parameter parameter; /* without a name: none */
};

extern const struct known_control CONTROLS[]; /* ended by a row without an id */

/* NULL: unknown. */
const struct known_control *control_find(const char *id);
const char *evidence_name(enum control_evidence evidence);

#endif
