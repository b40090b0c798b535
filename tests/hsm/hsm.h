/* SPDX-License-Identifier: Apache-2.0 */
/* hsm.h — a real token for tests and benchmarks: SoftHSM2 in a folder of its own, its PIN in a file
 * of mode 0600. */
#ifndef TESTS_HSM_H
#define TESTS_HSM_H

#include <stdbool.h>
#include <stddef.h>

#define HSM_PIN   "4711"
#define HSM_TOKEN "sealwright"

enum { HSM_PATH = 128, HSM_URI = 768 };

struct hsm {
	char folder[HSM_PATH], tokens[HSM_PATH], pin_file[HSM_PATH];
	const char *module; /* SoftHSM's, or the slow one in front of it */
};

/* Makes the folder and one token in it, and sets SOFTHSM2_CONF for this process and its children.
 * `module` NULL: SoftHSM itself. False if SoftHSM2 is not installed, or failed. */
bool hsm_open(struct hsm *hsm, const char *module);
void hsm_close(struct hsm *hsm); /* removes the folder */
/* One more token. */
bool hsm_add_token(struct hsm *hsm, const char *label);
/* The address of a key in the token; `more` is appended ("&x-sessions=16", or ""). */
const char *hsm_uri(const struct hsm *hsm, const char *object, const char *more,
		    char out[static HSM_URI]);
/* Writes the file, 0600. */
bool hsm_write(const char *path, const char *text);
/* Runs a program of the path; its output goes nowhere. True if it ended with 0. */
bool hsm_run(const char *const *arguments);

#endif
