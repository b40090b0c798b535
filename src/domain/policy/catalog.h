/* SPDX-License-Identifier: Apache-2.0 */
/* catalog.h — the controls that this version knows: what each is about, what it rests on, which
 * gates it guards, and where the standards ask for it. Versioned data: an id never changes its
 * meaning. The statements that judge are in control.sql and in the areas that they look at. */
#ifndef DOMAIN_POLICY_CATALOG_H
#define DOMAIN_POLICY_CATALOG_H

#include "base/bytes.h"

enum { CATALOG_VERSION = 1 };

enum control_evidence {
	EVIDENCE_AUTO = 1, /* the records themselves say */
	EVIDENCE_DOCUMENT, /* a document with an end */
	EVIDENCE_SIGNED,   /* a signed record */
};

/* A number that a control uses, and in which range a policy may set it. */
struct catalog_parameter {
	const char *name;
	int64_t standard, least, most;
	const char *help;
};

struct catalog_control {
	const char *id, *stage, *title;
	enum control_evidence evidence;
	const char *effect; /* block, hold, suspend, warn, info */
	const char *gates;  /* with a space around each; empty: no statement judges it yet */
	bool by_evidence;   /* it rests on control.evidence_given */
	bool always;        /* no mode, no exception, no broken glass */
	const char *nist, *iec62443, *cra, *ottps;
	struct catalog_parameter parameter; /* without a name: none */
};

extern const struct catalog_control CATALOG[]; /* ended by a row without an id */

/* NULL: unknown. */
const struct catalog_control *catalog_find(const char *id);
const char *evidence_name(enum control_evidence evidence);

#endif
