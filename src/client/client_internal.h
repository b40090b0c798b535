/* SPDX-License-Identifier: Apache-2.0 */
/* client_internal.h — what the files of the client share. */
#ifndef CLIENT_CLIENT_INTERNAL_H
#define CLIENT_CLIENT_INTERNAL_H

#include "client/client.h"

#include <curl/curl.h>

enum { CLIENT_TOKEN_SIZE = 64 };

struct client {
	struct client_config config;
	struct arena arena;
	CURL *curl;
	uint8_t secret[32]; /* salts of commitments: the same record twice is the same claim */
	bool signing_in;
	char token[CLIENT_TOKEN_SIZE];
	json_t *problem;
};

/* One request and its reply, which the caller frees. */
struct exchange {
	const char *method, *path, *type, *accept;
	struct bytes body;
	size_t max;
	char *reply;
	size_t n, cap;
	bool overrun;
	int status;
	uint64_t offset;   /* header Upload-Offset of the reply; 0: none */
	char extra[2][64]; /* more headers */
};

/* Signs in first where there is somebody to sign in; a reply that is an error is a fault. */
MUST_CHECK err client_exchange(struct client *c, struct exchange *x, struct fault *f);

/* records.c: waits for the proof if it is still to come, and verifies the receipt. `claim` is NULL where
 * the server made it. */
MUST_CHECK err client_receipt(struct client *c, const struct bytes *claim, json_t **receipt,
			      struct fault *f);

/* session.c */
MUST_CHECK err client_sign_in(struct client *c, struct fault *f);
/* What a problem document says, as a fault. */
err client_fault(int status, const json_t *problem, struct fault *f);

#endif
