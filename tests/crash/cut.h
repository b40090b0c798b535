/* SPDX-License-Identifier: Apache-2.0 */
/* cut.h — ends the process at the n-th change that it makes to a file or sends to a server: as a
 * crash would, without a word to anybody. */
#ifndef TEST_CRASH_CUT_H
#define TEST_CRASH_CUT_H

enum { CUT_STATUS = 137 };

/* From now on, calls are counted, and the n-th does not return. 0: only counted. */
void cut_arm(unsigned long n);
/* The same, without asking what is written to: for a process that may ask nothing any more. */
void cut_arm_all(unsigned long n);
unsigned long cut_count(void);

#endif
