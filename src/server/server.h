/* SPDX-License-Identifier: Apache-2.0 */
/* server.h — the whole of `sealwright serve`: engine, HTTP, sessions, the issuing of device
 * certificates and housekeeping. The keys are the signer's, in its own process. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "server/config.h"
#include "server/http.h"

#include <jansson.h>

struct server;

/* Opens everything, waits a few seconds for the signer if it is not there yet, and listens. Threads
 * that it starts take no signal. The configuration is copied. */
MUST_CHECK err server_open(const struct server_config *config, struct server **out,
			   struct fault *f);
/* Tells the service manager that it is ready, and serves until SIGTERM, SIGINT or server_stop().
 * The caller's thread should have both signals blocked, or be the only one to take them. */
void server_run(struct server *s);
/* Ends server_run(); from any thread or signal handler. */
void server_stop(struct server *s);
/* Refuses what is new, lets what runs come to its end (15 s at most), then closes. NULL is fine. */
void server_close(struct server *s);
uint16_t server_port(const struct server *s, enum http_port port);

/* Starts a log that is still empty: records `ledger.started` with this body and has the signer
 * certify it. No server may be open on the folder. API_LOG_STARTED if it is not empty. */
MUST_CHECK err server_start_log(const struct server_config *config, const json_t *genesis,
				struct fault *f);

/* What a person who signs in signs with an enrolled key: "sealwright session", the log's origin,
 * the principal and the nonce as it was given, each ended by a line feed. */
MUST_CHECK bool session_message(struct bytes origin, struct bytes principal, struct bytes nonce,
				struct writer *w, struct bytes *out);

#endif
