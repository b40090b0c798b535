/* SPDX-License-Identifier: Apache-2.0 */
/* worker.h — a child of the signer that does one thing for it: sign in an HSM, count in a TPM. It loads the foreign
 * library, so that the signer's own process can lock itself in; it has a system call filter of its
 * own, and ends with the signer. */
#ifndef SIGNER_WORKER_H
#define SIGNER_WORKER_H

#include "base/error.h"

enum { WORKER_FRAME_MAX = 1 << 16 };

/* Answers one request: writes the reply. An error is sent to the signer as that fault. */
typedef err worker_answer(void *context, struct bytes request, struct writer *reply,
			  struct fault *f);
/* Opens the library in the child, before its filter: gives the context of worker_answer. */
typedef err worker_open(const void *config, void **context, struct fault *f);

struct worker {
	int pid, fd; /* zero-initialise fd to -1 */
};

/* Forks; returns when the child has opened its library (or with the child's fault). With `network` the
 * child may use sockets: some HSMs and simulated TPMs need that. */
MUST_CHECK err worker_start(worker_open *open, worker_answer *answer, const void *config,
			    bool network, struct worker *out, struct fault *f);
void worker_stop(struct worker *w);
/* One request and its reply; SIGNER_WORKER_FAILED if the child is gone. `*reply` lies in `buffer`. */
MUST_CHECK err worker_ask(struct worker *w, struct bytes request, uint8_t *buffer, size_t cap,
			  struct bytes *reply, struct fault *f);
/* Sends without waiting, and takes the oldest reply: for several requests on their way. */
MUST_CHECK err worker_send(struct worker *w, struct bytes request, struct fault *f);
MUST_CHECK err worker_receive(struct worker *w, uint8_t *buffer, size_t cap, struct bytes *reply,
			      struct fault *f);

#endif
