/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.h — is the house in order? Each check is a message of the catalog with a verdict, so that a
 * program and every language can show it. What a state folder and its signer say is asked alike by the
 * server and, without one, by `sealwright doctor`. */
#ifndef SERVER_DOCTOR_H
#define SERVER_DOCTOR_H

#include "core/charter.h"
#include "server/config.h"

#include <jansson.h>

enum check_verdict { CHECK_OK, CHECK_WARN, CHECK_FAIL, CHECK_VERDICTS };

/* Adds {verdict, code, values, text, fix} to the list: message `id` with name, value pairs of C strings,
 * ended by NULL. The fix only where it is not well. */
void check_say(json_t *checks, enum check_verdict verdict, const char *id, ...)
	__attribute__((sentinel));
/* The same of a fault: what could not be asked, or why it is not well. */
void check_say_fault(json_t *checks, enum check_verdict verdict, const struct fault *f);
/* A number as the value of one. */
struct check_number {
	char text[24];
};
struct check_number check_number(int64_t n);

/* ---- doctor_state.c: the state folder ---- */

void check_state(json_t *checks, const struct server_config *config, uint64_t now_ms);
/* Of this many blocks so many are free; 0 of 0: unknown. */
void check_room(json_t *checks, uint64_t free_blocks, uint64_t blocks);
/* A PEM file's content; the first certificate counts. */
void check_tls(json_t *checks, struct bytes pem, uint64_t now_ms);

/* ---- doctor_signer.c: the signer at this socket ---- */

/* What it says of itself and of its charter. `*out` (may be NULL; in the arena): the charter, or NULL. */
void check_signer(json_t *checks, struct arena *a, const char *socket, uint64_t now_ms,
		  const struct charter **out);

/* ---- doctor_people.c: the evidence log beside the charter ---- */

struct reader_session;
struct registry;
MUST_CHECK err check_people(json_t *checks, struct reader_session *reader,
			    const struct registry *registry, const struct charter *charter,
			    uint64_t now_ms, struct arena *a, struct fault *f);

#endif
