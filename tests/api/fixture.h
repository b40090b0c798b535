/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h — a whole server in a temporary folder, for tests that speak HTTP to it: the real
 * store, rules, TLS, and a signer in its own process. Every helper fails the test unless it went
 * as its name says. JSON may be written with single quotes. */
#ifndef TESTS_API_FIXTURE_H
#define TESTS_API_FIXTURE_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail /* cmocka's macro would hide ours */
#define stop_test(...) (print_error(__VA_ARGS__), _fail(__FILE__, __LINE__))
/* clang-format on */

#include "crypto/crypto.h"
#include "server/server.h"
#include "signer/signer.h"

#include <jansson.h>
#include <sys/types.h>

#define API_ORIGIN "test.example/log"

struct person {
	char id[ID_SIZE_MAX + 1];
	struct private_key *key;
	char token[64]; /* of the last session; empty: none */
};

struct reply;

struct api_clock {
	_Atomic uint64_t ahead_ms; /* added to both clocks */
};

struct api {
	char folder[64]; /* DIR */
	struct server_config config;
	struct server *server;     /* NULL: stopped */
	unsigned people, machines; /* ports */
	struct api_clock moved;
	struct clock clock;
	pid_t nursery; /* the process that forks signers */
	int nursery_fd;
	pid_t signer; /* 0: away */
	struct signer_public public;
	struct arena arena;           /* what tests make lives as long as the fixture */
	struct reply *replies;        /* newest first */
	struct person ada, ben, cleo; /* founders, signed in */
	struct person erin;           /* an author in the charter; company.h makes her known */
	struct bytes charter;         /* its first revision */
};

/* Founded and serving. `store` is the address of an empty store; NULL: SQLite in the folder. */
struct api *api_open(void);
struct api *api_open_on(const char *store);
/* Over a store that somebody else has filled, for this origin: nobody is founded or signed in. */
struct api *api_open_over(const char *store, uint64_t ahead_ms);
/* Founded with more: lines of settings, and a witness that the charter names as anchor. */
struct api_wish {
	const char *settings;
	const char *witness; /* verifier key; NULL: no anchor */
	const char *tcti;    /* of a TPM that is to be the anchor; NULL: none */
	/* Called when the signer's folder and log.vkey are there, and nothing runs. */
	void (*before)(struct api *x, void *context);
	void *context;
};
struct api *api_open_wishing(const struct api_wish *wish);
void api_close(struct api *x);
void api_stop(struct api *x);  /* the server only */
void api_start(struct api *x); /* again, with x->config */
/* For asking from another thread, also while the server stops. */
struct api *api_copy(const struct api *x);
void api_copy_done(struct api *copy);
void api_signer_away(struct api *x);
void api_signer_back(struct api *x);

/* ---- HTTP ---- */

struct ask {
	const char *method; /* NULL: GET, or POST with a body */
	const char *path;   /* with its query */
	const char *body;   /* text; single quotes are NOT changed */
	struct bytes bytes; /* or bytes */
	const char *type;   /* of the body; NULL: application/json */
	const char *accept;
	const struct person *who; /* by session, unless `machine` */
	bool machine;             /* the machines port, with the key of `who` (NULL: none) */
	bool no_verify;           /* TLS: any certificate */
	const char *headers[4];   /* "Name: value" */
};
struct reply {
	int status;    /* 0: no answer */
	char *headers; /* as they came */
	char *body;    /* zero-terminated */
	size_t n;
	json_t *json; /* NULL when the body is none */
	struct reply *older;
};
/* The reply lives until api_close(). */
struct reply *api_ask(struct api *x, const struct ask *ask);
struct reply *api_get(struct api *x, const struct person *who, const char *path);
struct reply *api_post(struct api *x, const struct person *who, const char *path,
		       const char *quoted); /* JSON in single quotes */
/* NULL when absent. */
const char *reply_header(const struct reply *r, const char *name);
const char *reply_text(const struct reply *r, const char *member); /* "" when absent */
int64_t reply_number(const struct reply *r, const char *member);   /* -1 when absent */
/* The status, and the `code` of the problem document, which must be a whole one. */
void must_refuse(const struct reply *r, int status, const char *code);
void must_have(const struct reply *r, int status);

/* ---- people and records ---- */

void api_sign_in(struct api *x, struct person *who);
/* A new principal with a key, signed in if it is a person; `permissions` with commas, or NULL; the
 * grant's limits as more members: "'site': 'berlin'" or NULL. */
struct person api_person(struct api *x, const char *id, const char *kind, const char *permissions,
			 const char *limits);
/* The same with a key that is there already, and then is the person's. */
struct person api_person_of(struct api *x, struct private_key *key, const char *id,
			    const char *kind, const char *permissions, const char *limits);
void person_done(struct person *p);
/* Prepares, signs and sends a record; the server's reply. `body` in single quotes. */
struct reply *api_sign(struct api *x, const struct person *who, const char *type, const char *body);
/* The same; must be 201. Its sequence. */
int64_t api_must(struct api *x, const struct person *who, const char *type, const char *body);
/* Signed, as POST /v1/records/{type} takes it; freed by the caller. */
json_t *api_signed(struct api *x, const struct person *who, const char *type, const char *body);
/* A fresh UUID of version 7. */
void api_uuid(struct api *x, char out[static 37]);
char *api_quoted(struct api *x, const char *text);
struct bytes person_certificate(struct api *x, const struct person *who);

#endif
