/* SPDX-License-Identifier: Apache-2.0 */
/* audit_kit.h — a whole signed log in a folder of its own, and ways to tamper with it. */
#ifndef AUDIT_KIT_H
#define AUDIT_KIT_H

#include "interop/sample_log.h"
#include "ledger/audit.h"
#include "log_kit.h"

/* Unless the options say otherwise. */
enum { ENTRIES = 600 };

/* One log of the tests, made anew by each in its own folder. */
struct fixture {
	char folder[KIT_PATH_SIZE];
	char tiles[KIT_PATH_SIZE + 16];
	struct sample sample;
	struct audit_options options;
	struct audit_report report;
	struct fault f;
};

void fixture_open(struct fixture *x, struct sample_options options);
void fixture_close(struct fixture *x);
err audit(struct fixture *x);
void assert_value(const struct fixture *x, const char *name, const char *expected);
void read_tile_file(struct fixture *x, const char *name, struct arena *a, struct bytes *out);
void write_tile_file(struct fixture *x, const char *name, struct bytes content);
void rename_tile_file(struct fixture *x, const char *from, const char *to);
/* Flips the lowest bit of one byte, from the end when `at` is negative. */
void flip(struct fixture *x, const char *name, long at);

#endif
