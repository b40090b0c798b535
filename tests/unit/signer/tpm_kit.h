/* SPDX-License-Identifier: Apache-2.0 */
/* tpm_kit.h — a TPM 2.0 of the test's own: swtpm with a fresh state in a temporary folder. */
#ifndef TESTS_TPM_KIT_H
#define TESTS_TPM_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tpm {
	char folder[64], tcti[64];
	unsigned port;
	pid_t pid; /* 0: off */
};

/* False if there is no swtpm on this machine: the test is skipped. */
bool tpm_there(void);
/* Fresh and switched on. Everything here fails the test if it does not work. */
struct tpm *tpm_new(void);
void tpm_done(struct tpm *t);
void tpm_off(struct tpm *t); /* power is cut */
void tpm_on(struct tpm *t);  /* with the state it had */
/* Keeps a copy of its state, and puts it back: what nobody can do to a real TPM. */
void tpm_copy(const struct tpm *t, char out[static 64]);
void tpm_put_back(struct tpm *t, const char *copy);
/* Runs a program of tpm2-tools on it; its exit status. */
int tpm_tool(const struct tpm *t, const char *const *arguments);

#endif
