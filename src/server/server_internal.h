/* SPDX-License-Identifier: Apache-2.0 */
/* server_internal.h — what the files of the server share; nobody else includes it. */
#ifndef SERVER_SERVER_INTERNAL_H
#define SERVER_SERVER_INTERNAL_H

#include "access/access.h"
#include "ledger/ledger.h"
#include "record/record.h"
#include "server/blobs.h"
#include "server/genealogy.h"
#include "server/limits.h"
#include "server/metrics.h"
#include "server/operational.h"
#include "server/server.h"
#include "server/sessions.h"
#include "server/signer_work.h"
#include "server/signing.h"
#include "server/streams.h"
#include "server/witnessing.h"

struct server {
	struct server_config config;
	const struct clock *clock;
	struct witnessing *witnessing; /* NULL: no witness is configured */
	struct log_signing *signing;
	struct engine *engine;
	struct operational *operational;
	struct limits *limits;
	struct blob_pool *blobs;
	struct streams *streams;
	struct signer_work *signer_work;
	struct background *background;
	struct read_pool *readings; /* of views */
	struct genealogy *genealogy;
	struct http_server *http;
	struct metrics metrics;
	atomic_uint batches; /* under way */
	char *openapi;       /* made once */
	size_t openapi_n;
	int stop_fd; /* an eventfd that ends server_run() */
};

/* ---- one request on its way: lives in the request's arena ---- */

enum { CALL_ARGUMENTS_MAX = 4, AUTHENTICATORS_LEAST = 2 };

struct call;
typedef err route_handler(struct call *c, struct fault *f);

enum route_access {
	ANYONE,    /* no identity needed; one that is given is checked all the same */
	PRINCIPAL, /* a session, or an enrolled key */
	NEARBY,    /* an enrolled key, or a peer on this machine */
};

/* What a browser's session must be for it: each includes those before. A program's session signs what it does. */
enum browser_needs {
	FREELY,      /* none, or any */
	REGISTERING, /* an invitation will do */
	LOOKING,     /* a link will do */
	ACTING,      /* a passkey, of a person whose set-up is finished */
	STEPPED_UP,  /* the same, and the person was here within ten minutes */
};

enum {
	BODY_NONE = 0,
	BODY_SMALL = 16 << 10,
	BODY_PASSKEY = 32 << 10,
	BODY_RECORD = 192 << 10,
	BODY_BATCH = 16 << 20,
	BODY_UPLOAD = BODY_BATCH + BODY_SMALL, /* a file, and what a form adds */
};

struct route {
	enum http_method method;
	const char *pattern; /* "/v1/views/{name}"; a last "{name...}" takes one segment or more */
	enum route_access access;
	enum browser_needs browser;
	const char *permission; /* needed without any limit of scope, or NULL: the handler asks */
	route_handler *handle;  /* an error becomes the reply */
	size_t body_max;
	const char *help;
	const char *query;  /* names of query parameters, separated by spaces, or NULL */
	const char *answer; /* content type of the reply */
};
extern const struct route ROUTES[]; /* ended by a row without a pattern */

struct call {
	struct server *server;
	struct http_request *request;
	const struct route *route; /* NULL: none */
	bool known;                /* who asks: */
	bool by_cookie;            /* a browser, by itself */
	struct caller caller;
	struct session session; /* where the channel is a session */
	struct hash
		key; /* that speaks for the caller; zeros for an invitation, which somebody else's began */
	uint64_t expires; /* of the session; 0: none */
	size_t arguments_n;
	const char *arguments[CALL_ARGUMENTS_MAX]; /* what stands for {name}, in order */
	size_t rest;                               /* segment where {name...} begins */
	uint64_t started_ms;                       /* steady */
};

/* server_http.c: the three callbacks of http.h. */
extern const struct http_handlers SERVER_HANDLERS;

/* routes.c. NULL if none; `*other` then says whether the path has another method, and fills the
 * list for the header Allow. */
const struct route *route_find(const struct http_request *r, struct call *c, bool *other,
			       char allow[static 64]);
const char *method_name(enum http_method method);

/* ---- replies: exactly one a call; they count and log it ---- */

void reply_bytes(struct call *c, int status, const char *type, struct bytes body);
void reply_json(struct call *c, int status, json_t *json); /* takes over `json` */
void reply_nothing(struct call *c);                        /* 204 */
/* Problem documents of RFC 9457. `failures` may be NULL. */
void reply_fault(struct call *c, const struct fault *f, const struct control_failure *failures);
/* A refused submission, with every control that failed. */
json_t *problem_json(const struct fault *f, const struct control_failure *failures);
json_t *problem_of_submission(const struct submission *s);
/* Counts and logs a reply that was made otherwise. */
void reply_note(struct call *c, int status);

/* ---- who asks, and what for ---- */

/* Fills known, caller, key, expires. An identity that is given and does not hold is an error. */
MUST_CHECK err call_identify(struct call *c, struct fault *f);
/* Later, for who goes on listening: the session is still open, or the key still in force. */
bool caller_is_known(struct server *s, const struct caller *caller);
/* What is sent with a browser's cookie comes from a page of ours, and its session is strong enough for the route. */
MUST_CHECK err call_browser_may(struct call *c, struct fault *f);
/* Whether the session is strong enough for this; always for programs and machines. API_INVITATION_ONLY,
 * API_BROWSER_READS_ONLY, API_SECOND_AUTHENTICATOR_NEEDED, API_STEP_UP_NEEDED. */
MUST_CHECK err call_browser_needs(struct call *c, enum browser_needs needs, struct fault *f);
/* API_LINK_FOR_PEOPLE unless a person asks, by a session. */
MUST_CHECK err call_must_be_person(struct call *c, struct fault *f);
/* How many keys in force speak for the caller, shifts' keys not counted. */
MUST_CHECK err call_authenticators(struct call *c, size_t *out, struct fault *f);
/* A session of this caller's: principal, owner, key and strength are given. */
MUST_CHECK err call_session_begin(struct call *c, struct session *session,
				  uint8_t token[static TOKEN_SIZE], struct fault *f);
/* The same in the browser's cookie; and out of it. */
MUST_CHECK err browser_begin(struct call *c, struct session *session, struct fault *f);
MUST_CHECK err browser_end(struct call *c, struct fault *f);
/* API_FROM_ELSEWHERE unless a page of ours sent it. */
MUST_CHECK err call_from_here(const struct call *c, struct fault *f);
/* {"code"} of the caller's app for codes: API_TOTP_*. `confirmed` false: the first one. */
MUST_CHECK err call_code_holds(struct call *c, const json_t *json, bool confirmed, struct fault *f);
json_t *session_json(const struct session *s, uint64_t now);
/* Where passkeys are made: {"origin", "relying_party"}, without what is not configured. */
json_t *web_json(const struct server_config *config);
void set_time(json_t *json, const char *name, uint64_t ms);
/* Takes from the bucket of failures when `result` says that an identity did not hold; gives `result` back. */
MUST_CHECK err call_note_failure(const struct call *c, err result, struct fault *f);
/* True if confidential values and those about persons stay closed to this caller: a browser shows them to who was
 * there a moment ago. Asked before a reader session is taken: it takes one itself. */
bool call_is_closed(struct call *c);
/* One request more of the principal's, or else of the address's. API_TOO_MANY. */
MUST_CHECK err call_charge(const struct call *c, struct fault *f);
MUST_CHECK err call_must_be_known(const struct call *c, struct fault *f);
MUST_CHECK err call_must_be_near(const struct call *c, struct fault *f);
/* True if a grant in force covers the scope; NULL: every scope. */
MUST_CHECK err call_may(struct call *c, struct reader_session *r, const char *permission,
			const struct scope *scope, bool *out, struct fault *f);
/* API_NOT_ALLOWED unless it may. */
MUST_CHECK err call_needs(struct call *c, struct reader_session *r, const char *permission,
			  const struct scope *scope, struct fault *f);
/* Whatever the scope: the principal holds it somewhere, now. */
MUST_CHECK err call_holds(struct call *c, struct reader_session *r, const char *permission,
			  struct fault *f);
/* Where a subject is, as far as the store says: for gates and passports. */
MUST_CHECK err subject_scope(struct call *c, struct reader_session *r, const char *kind,
			     const char *within, const char *id, struct scope *out,
			     struct fault *f);

/* ---- reading requests ---- */

/* The body as JSON: at most 32 levels deep, no key twice. */
MUST_CHECK err json_read(struct bytes body, json_t **out, struct fault *f);
/* A member that must be there, a text of at most `most` bytes without a zero byte. */
MUST_CHECK err json_member(const json_t *json, const char *name, size_t most, const char **out,
			   struct fault *f);
MUST_CHECK err call_read_json(struct call *c, json_t **out, struct fault *f);
MUST_CHECK err hash_read(const char *field, const char *text, struct hash *out, struct fault *f);
MUST_CHECK err number_read(const char *field, const char *text, uint64_t *out, struct fault *f);
/* True if the Accept header names this type before any of application/json and * / *. */
bool call_accepts(const struct call *c, const char *type);
/* The header Idempotency-Key gives an envelope its id, so that a repeated request is the same
 * record. */
MUST_CHECK err call_apply_key(const struct call *c, json_t *json, struct fault *f);
MUST_CHECK err call_only_query(const struct call *c, const char *const *names, size_t n,
			       struct fault *f);

static inline uint64_t server_now(const struct server *s)
{
	return clock_wall_ms(s->clock);
}

/* ---- handlers ---- */

route_handler handle_records, handle_record, handle_prepare;
route_handler handle_views, handle_view, handle_gate, handle_types, handle_type, handle_openapi,
	handle_controls;
route_handler handle_entry, handle_receipt, handle_stream, handle_passport;
route_handler handle_affected, handle_origins;
route_handler handle_chain;
route_handler handle_blob, handle_blob_head, handle_blob_upload;
route_handler handle_link_page, handle_link_upload;
route_handler handle_checkpoint, handle_log_key, handle_tile, handle_entries;
route_handler handle_challenge, handle_sign_in, handle_sign_out, handle_me;
route_handler handle_sign_in_link, handle_sign_in_page, handle_sign_in_spend, handle_leave;
route_handler handle_console_page, handle_console_file;
route_handler handle_passkey_sign_in, handle_sessions, handle_session_end, handle_step_up;
route_handler handle_passkey, handle_passkey_offers, handle_passkey_offer;
route_handler handle_passkey_offer_drop, handle_totp, handle_totp_confirm, handle_totp_end;
route_handler handle_health, handle_ready, handle_metrics, handle_doctor;
route_handler handle_demo, handle_demo_attack, handle_demo_without, handle_demo_build;
route_handler handle_demo_run;

/* Called when the headers of an upload are in; see http.h. */
size_t blob_upload_begin(struct call *c, struct http_upload *upload);

/* openapi.c */
MUST_CHECK err openapi_make(const struct server *s, char **out, size_t *n, struct fault *f);

/* ---- background.c ---- */

struct background;
MUST_CHECK err background_start(struct server *s, struct background **out, struct fault *f);
void background_stop(struct background *b);

#endif
