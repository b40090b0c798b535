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

/* session.c */
MUST_CHECK err client_sign_in(struct client *c, struct fault *f);
/* What a problem document says, as a fault. */
err client_fault(int status, const json_t *problem, struct fault *f);

#endif
