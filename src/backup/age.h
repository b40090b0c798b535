/* SPDX-License-Identifier: Apache-2.0 */
/* age.h — the program `age` (age-encryption.org/v1) as a child: it encrypts to people's public
 * keys, and opens with their identity files. What passes goes through pipes; no secret stands in
 * its arguments. */
#ifndef BACKUP_AGE_H
#define BACKUP_AGE_H

#include <sys/types.h>

#include "base/arena.h"

enum { AGE_RECIPIENTS_MAX = 16 };

struct age {
	pid_t pid;  /* 0: none */
	int fd;     /* our end: to be written to, or read from */
	int errors; /* what it says */
};

/* A public key as age knows them: "age1…", or an SSH key "ssh-ed25519 …", "ssh-rsa …". */
MUST_CHECK bool age_recipient_valid(const char *recipient);
/* Encrypts what is written to out->fd into the file `to`. */
MUST_CHECK err age_encrypt(const char *const *recipients, size_t n, int to, struct age *out,
			   struct fault *f);
/* Decrypts the file `from`: read from out->fd, and believe it only after age_end. */
MUST_CHECK err age_decrypt(const char *identity, int from, struct age *out, struct fault *f);
/* Closes our end and waits: AGE_FAILED with what it said unless all went well. */
MUST_CHECK err age_end(struct age *age, struct fault *f);
/* Gives up: ends it, and says nothing. */
void age_stop(struct age *age);
/* A small text to one recipient, at once, into the arena. */
MUST_CHECK err age_text(struct arena *a, const char *recipient, struct bytes text,
			struct bytes *out, struct fault *f);

#endif
