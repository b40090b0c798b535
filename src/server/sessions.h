/* SPDX-License-Identifier: Apache-2.0 */
/* sessions.h — who is signed in, from where, how strongly; and the links that begin a session once. Only digests of
 * tokens are stored. Any thread may call. */
#ifndef SERVER_SESSIONS_H
#define SERVER_SESSIONS_H

#include "server/operational.h"

enum {
	TOKEN_SIZE = 32,
	SESSION_MS = 3600 * 1000,
	SESSION_RENEW_MS = SESSION_MS / 2, /* used with less than this left: prolonged */
	SESSION_LONGEST_MS = 12 * 3600 * 1000,
	STEP_UP_MS = 10 * 60 * 1000,
	LINK_MS = 15 * 60 * 1000,
	SESSION_ID_SIZE = 17, /* 16 hexadecimal digits of the token's digest */
	SESSION_PEER_SIZE = 64,
	SESSION_AGENT_SIZE = 121,
};

/* What began it, from the weakest. A program's token is none for a browser, and the other way round. */
enum session_strength { SESSION_PROGRAM, SESSION_INVITATION, SESSION_LINK, SESSION_PASSKEY };
const char *session_strength_name(enum session_strength strength);

struct session {
	char principal[ID_SIZE_MAX + 1];
	/* Whose the key is that began it: the same, or who invited. When it is revoked the session ends. */
	char owner[ID_SIZE_MAX + 1];
	struct hash key;
	enum session_strength strength;
	uint64_t issued, expires;
	uint64_t stepped_up; /* when the person last proved to be there; 0: never */
	char id[SESSION_ID_SIZE];
	char peer[SESSION_PEER_SIZE], agent[SESSION_AGENT_SIZE]; /* for its owner to recognize */
};

/* Printable ASCII of a header User-Agent, cut; NULL: none. */
void session_agent(const char *header, char out[static SESSION_AGENT_SIZE]);
/* All that is stored of a token: the same bytes are different sessions for a browser and for a program. */
struct hash session_digest(const uint8_t token[static TOKEN_SIZE], bool browser);
/* Principal, owner, key, strength, peer, agent are given; the rest is filled in. */
MUST_CHECK err session_make(struct operational *o, struct session *session,
			    uint8_t token[static TOKEN_SIZE], struct fault *f);
/* API_SESSION_UNKNOWN if there is none or it expired. Prolongs one that is used near its end, for
 * 12 hours after signing in at most. */
MUST_CHECK err session_find(struct operational *o, struct hash token, struct session *out,
			    struct fault *f);
/* The same of a session that is not used by that. */
MUST_CHECK err session_look(struct operational *o, struct hash token, struct session *out,
			    struct fault *f);
/* The newest 200 of a principal. The function must not use `o`. */
typedef err session_each_fn(void *context, const struct session *session);
MUST_CHECK err session_each(struct operational *o, const char *principal, session_each_fn *each,
			    void *context, struct fault *f);
/* The person was there, now: `*until` says for how long that counts. */
MUST_CHECK err session_step_up(struct operational *o, struct hash token, uint64_t *until,
			       struct fault *f);
MUST_CHECK err session_end(struct operational *o, struct hash token, struct fault *f);
MUST_CHECK err session_end_id(struct operational *o, const char *principal, const char *id,
			      bool *found, struct fault *f);
/* Every session that this key began. */
MUST_CHECK err session_end_key(struct operational *o, struct hash key, struct fault *f);

/* A link that begins one session, of SESSION_LINK or SESSION_INVITATION; the one made before is over. Principal, owner,
 * key and strength are given. */
MUST_CHECK err one_time_link_make(struct operational *o, const struct session *session,
				  uint8_t token[static TOKEN_SIZE], uint64_t *expires,
				  struct fault *f);
/* Takes it away; `*out` then holds what was given. */
MUST_CHECK err one_time_link_spend(struct operational *o, struct hash token, bool *found,
				   struct session *out, struct fault *f);

#endif
