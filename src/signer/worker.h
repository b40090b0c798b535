/* SPDX-License-Identifier: Apache-2.0 */
/* worker.h — a child of the signer that does one thing for it: sign in an HSM, count in a TPM. It
 * loads the foreign library, so that the signer's own process can lock itself in; it has a system
 * call filter of its own, and ends with the signer.
 *
 * Between the two stands a supervisor, also forked before the signer locked itself in: a worker
 * that dies is started again when the next request waits, and the request it died over has an
 * error for its answer. A request is never given to a worker twice. */
#ifndef SIGNER_WORKER_H
#define SIGNER_WORKER_H

#include "base/error.h"

enum {
	WORKER_FRAME_MAX = 1 << 16,
	WORKER_ANSWER_S = 30, /* a worker that takes longer over one request is killed */
};

/* Answers one request: writes the reply. An error is sent to the signer as that fault. */
typedef err worker_answer(void *context, struct bytes request, struct writer *reply,
			  struct fault *f);
/* Opens the library in the child, before its filter: gives the context of worker_answer. */
typedef err worker_open(const void *config, void **context, struct fault *f);

/* `{.fd = -1}` is none. */
struct worker {
	int pid, fd; /* of the supervisor */
	uint64_t asked, answered;
	uint8_t *frame;
};

/* Forks; returns when the child has opened its library (or with the child's fault). With `network`
 * the child may use sockets: some HSMs and simulated TPMs need that. `config` must stay as it is. */
MUST_CHECK err worker_start(worker_open *open, worker_answer *answer, const void *config,
			    bool network, struct worker *out, struct fault *f);
/* Also of a worker that was never started, or is stopped. What was asked is not waited for. */
void worker_stop(struct worker *w);
/* One request and its reply; SIGNER_WORKER_FAILED if the child died over it. `*reply` lies in
 * `buffer`. */
MUST_CHECK err worker_ask(struct worker *w, struct bytes request, uint8_t *buffer, size_t cap,
			  struct bytes *reply, struct fault *f);
/* Sends without waiting, and takes the oldest reply: for several requests on their way. Each that
 * was sent must be received, also those that failed. */
MUST_CHECK err worker_send(struct worker *w, struct bytes request, struct fault *f);
MUST_CHECK err worker_receive(struct worker *w, uint8_t *buffer, size_t cap, struct bytes *reply,
			      struct fault *f);

/* The system call filter of a worker (worker_filter.c). Files and memory, threads and time, but no
 * program, no other process, no kernel interface besides; sockets only with `network`. What is not
 * allowed answers EPERM, and starting a program ends the process. */
MUST_CHECK err worker_lock(bool network, struct fault *f);

#endif
