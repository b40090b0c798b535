/* SPDX-License-Identifier: Apache-2.0 */
/* demo.h — the whole story on real input: a bill of material and a firmware file go in, units with
 * passports come out, and every attack is stopped. Everything but the hardware is real. */
#ifndef SIM_DEMO_H
#define SIM_DEMO_H

#include "base/error.h"

struct demo_options {
	const char *folder;
	const char *bom, *image; /* NULL: examples/bom.csv; this very program */
	const char *sbom;        /* of the image; NULL: what `./sbom` made of this very program */
	const char *report;      /* file for programs; NULL: none */
	const char *take_home;   /* ZIP file with passports, log and verifier; NULL: none */
	const char *port;        /* of the people port */
	unsigned units;
	uint64_t seed;    /* what chance decides: serials, changes of reels, who is attacked */
	uint64_t pace_ms; /* pause after each step of a run that somebody watches */
	bool http;        /* people's port without TLS */
	bool once, fresh, quiet, json;
};

/* `*good` says that every unit was commissioned and every attack stopped. */
MUST_CHECK err demo_run(const struct demo_options *options, bool *good, struct fault *f);

#endif
