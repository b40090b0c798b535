/* SPDX-License-Identifier: Apache-2.0 */
/* passkey_kit.h — a browser with a software authenticator, speaking HTTP to the server of fixture.h. Every helper fails
 * the test unless it went as its name says; those that return a reply do not. */
#ifndef TESTS_API_PASSKEY_KIT_H
#define TESTS_API_PASSKEY_KIT_H

#include "fixture.h"

#include "crypto/totp.h"
#include "interop/passkey_sign.h"

#define KIT_PARTY    "localhost"
#define KIT_ORIGIN   "https://localhost:8443"
#define KIT_SETTINGS "relying_party = " KIT_PARTY "\nweb_origin = " KIT_ORIGIN "\n"
#define KIT_OURS     "Sec-Fetch-Site: same-origin"

struct token {
	struct private_key *key;
	uint8_t id[32];
	uint32_t counter; /* 0: it does not count; otherwise what it says next */
	char hex[65];     /* the key's id */
};
struct token token_make(enum key_algorithm algorithm);
void token_done(struct token *t);

struct api *kit_open(void);
/* A request of a page of ours, with a cookie (NULL: none) and a body in single quotes (NULL: none). */
struct reply *kit_web(struct api *x, const char *cookie, const char *method, const char *path,
		      const char *quoted);
struct reply *kit_send(struct api *x, const char *cookie, const char *method, const char *path,
		       json_t *body); /* takes over the body */
/* As it goes over the wire; takes over the body. */
const char *kit_text(struct api *x, json_t *body);
/* "name=value" of the cookie that a reply sets. */
const char *kit_cookie(struct api *x, const struct reply *r);
/* Through a link that their program asked for: "name=value". */
const char *kit_by_link(struct api *x, const struct person *who);
/* Through an invitation of ada's. */
const char *kit_invited(struct api *x, const char *principal);
/* Of a fresh challenge for passkeys. */
struct hash kit_nonce(struct api *x);

/* What may differ from what is right. */
struct kit_wish {
	struct passkey_wish creation, possession, assertion; /* what is not zero */
	const struct token *possessor; /* who signs the possession; NULL: the token */
	struct bytes credential;       /* instead of the token's */
	const struct hash *nonce;      /* NULL: a fresh one */
	const char *label;             /* JSON; NULL: "a key" */
	const char *transports;        /* JSON; NULL: ["usb"] */
	const char *without;           /* a member that is left out */
	const char *of;                /* whose possession is claimed; NULL: the principal */
};
/* POST /v1/passkeys, and what it sends. */
json_t *kit_registration(struct api *x, const struct token *t, const char *principal,
			 const struct kit_wish *wish);
struct reply *kit_register(struct api *x, const char *cookie, const struct token *t,
			   const char *principal, const struct kit_wish *wish);
/* Ada signs the key.enrolled of an offer. */
void kit_confirm(struct api *x, const struct token *t);
/* Registered and confirmed. */
void kit_enroll(struct api *x, const struct person *who, struct token *t);

/* The assertion that signs in and steps up. */
json_t *kit_assertion(struct api *x, struct token *t, const struct kit_wish *wish);
struct reply *kit_sign_in(struct api *x, struct token *t, const struct kit_wish *wish);
/* 201: its cookie. */
const char *kit_signed_in(struct api *x, struct token *t);
struct reply *kit_step_up(struct api *x, const char *cookie, struct token *t);

/* An app's secret from its base32. */
void kit_secret(const char *text, uint8_t out[static TOTP_SECRET_SIZE]);

#endif
