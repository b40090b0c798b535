/* SPDX-License-Identifier: Apache-2.0 */
/* What an integrator's platform gives: a start, five functions of string.h, and here semihosting
 * (Arm's document 100863) to speak and to end. */
#include "cortexm.h"

#include <stddef.h>

extern uint32_t bss_start, bss_end, stack_top;

enum { SEMIHOSTING_WRITE0 = 0x04, SEMIHOSTING_EXIT = 0x18, APPLICATION_EXIT = 0x20026 };

static void semihosting(uint32_t operation, uintptr_t argument)
{
	register uint32_t r0 __asm__("r0") = operation;
	register uintptr_t r1 __asm__("r1") = argument;

	__asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

void say(const char *text)
{
	semihosting(SEMIHOSTING_WRITE0, (uintptr_t)text);
}

/* Any other reason than a regular exit makes the emulator end with status 1. */
void leave(int failed)
{
	for (;;)
		semihosting(SEMIHOSTING_EXIT, failed ? 0 : APPLICATION_EXIT);
}

void fault(void);
void fault(void)
{
	say("a fault of the processor\n0 passed, 1 failed\n");
	leave(1);
}

void reset(void);
void reset(void)
{
	for (uint32_t *word = &bss_start; word < &bss_end; word++)
		*word = 0;
	leave(self_test());
}

/* The initial stack pointer, reset, and the fifteen exceptions of ARMv7-M, all of which are
 * failures here. */
__attribute__((section(".vectors"), used)) static const void *const VECTORS[16] = {
	&stack_top, reset, fault, fault, fault, fault, fault, fault,
	fault,      fault, fault, fault, fault, fault, fault, fault,
};

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	while (n-- > 0)
		*t++ = *f++;
	return to;
}

void *memset(void *to, int value, size_t n);
void *memset(void *to, int value, size_t n)
{
	uint8_t *t = to;

	while (n-- > 0)
		*t++ = (uint8_t)value;
	return to;
}

int memcmp(const void *a, const void *b, size_t n);
int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (; n > 0; n--, x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}

size_t strlen(const char *text);
size_t strlen(const char *text)
{
	size_t n = 0;

	while (text[n] != '\0')
		n++;
	return n;
}
