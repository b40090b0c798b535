/* SPDX-License-Identifier: Apache-2.0 */
/* cortexm.h — between the start code and the self test of the emulated Cortex-M4. */
#ifndef TEST_INTEROP_CORTEXM_H
#define TEST_INTEROP_CORTEXM_H

#include <stdint.h>

void say(const char *text);
__attribute__((noreturn)) void leave(int failed);
/* 0 if everything passed. */
int self_test(void);

#endif
