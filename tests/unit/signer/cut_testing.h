/* SPDX-License-Identifier: Apache-2.0 */
/* cut_testing.h — a signer in a child that is cut off at one of its writes and flushes, and a disk that loses
 * what was not flushed. The linker puts functions of this file in the place of the C library's
 * (--wrap). */
#ifndef TESTS_CUT_TESTING_H
#define TESTS_CUT_TESTING_H

#include "signer_testing.h"

enum { CUT_STATUS = 77 };
enum how { CUT_BEFORE, CUT_MIDDLE, CUT_AFTER, CUT_POWER, HOWS };
struct cut {
	long at; /* which of its calls */
	enum how how;
};

void cut_open(void);   /* once */
void cut_forget(void); /* before each signer */
/* In the child, as signer_start_as() calls it; `context` is a struct cut. */
void cut_arm(void *context);
/* Each sector of the last write reached the disk or did not; the file became longer or did not. */
void cut_let_power_fail(const struct signer_test *t);

uint64_t cut_dice(uint64_t sides);
void cut_seed(uint64_t seed);

#endif
