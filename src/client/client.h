/* SPDX-License-Identifier: Apache-2.0 */
/* client.h — the other end of the API: who asks, over TLS 1.3 only; records are built and signed
 * here, and their receipts are verified before anybody believes them. For the command line tool,
 * the demo and load generators. */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include "core/note.h"
#include "crypto/crypto.h"
#include "record/claim_make.h"

#include <jansson.h>

struct client_config {
	const char *server; /* https://host:port; on this machine also http://localhost:port */
	const char *ca;     /* PEM file of the certificates to trust; never the system's */
	const char *origin; /* of the log; NULL for one who makes no records */
	const struct note_key *log;      /* its verifier key; NULL: receipts are not verified */
	const struct registry *registry; /* NULL for one who makes no records */
	const char *principal;           /* NULL: nobody, for what is public */
	const struct private_key *key;   /* the principal's */
	/* A machine shows a certificate around its key; a person signs in for a session. libcurl
	 * reads the key again, from here; the passphrase may be empty. */
	bool machine;
	const char *key_file;
	struct bytes passphrase;
	unsigned timeout_s; /* of one request; 0: two minutes */
	/* http://HOST:PORT of a proxy that lets TLS through (HTTP CONNECT), or NULL; and the file of
	 * its USER:PASSWORD, by the rules of key files, or NULL. */
	const char *proxy, *proxy_credentials;
};

struct client;
/* What the configuration points to must outlive the client. One thread at a time. */
MUST_CHECK err client_open(const struct client_config *config, struct client **out,
			   struct fault *f);
void client_close(struct client *c); /* NULL is fine; ends the session */
const struct client_config *client_configuration(const struct client *c);

/* ---- requests ---- */

/* A reply that is an error becomes a fault with the server's own message; client_problem() then
 * has the whole problem document until the next request, or NULL. `body` may be NULL; `*out` is a
 * new reference, NULL if the reply is empty. Signs in first where there is somebody to sign in. */
MUST_CHECK err client_json(struct client *c, const char *method, const char *path,
			   const json_t *body, json_t **out, struct fault *f);
/* The reply's bytes, at most `max`, in the arena. */
MUST_CHECK err client_get(struct client *c, struct arena *a, const char *path, const char *accept,
			  size_t max, struct bytes *out, struct fault *f);
const json_t *client_problem(const struct client *c);
/* A path segment or query value, escaped, in the arena. NULL without memory. */
char *client_escape(struct client *c, struct arena *a, const char *text);
/* Sends bytes as `type`; status and reply as client_json. */
MUST_CHECK err client_send(struct client *c, const char *method, const char *path, const char *type,
			   struct bytes body, int *status, json_t **out, struct fault *f);

/* Whatever the status, the reply's bytes: for protocols that are not ours. Nobody signs in. */
MUST_CHECK err client_raw(struct client *c, struct arena *a, const char *method, const char *path,
			  const char *type, struct bytes body, size_t max, int *status,
			  struct bytes *out, struct fault *f);

/* ---- records ---- */

/* The claim from {"id", "made", "occurred", "source", "body"}; only body is needed. */
MUST_CHECK err client_claim(struct client *c, struct arena *a, const char *type,
			    const json_t *envelope, struct prepared *out, struct fault *f);
/* Signs it, sends it, and waits for the receipt, which is verified. Refusals are faults. */
MUST_CHECK err client_sign(struct client *c, struct arena *a, const char *type,
			   const struct prepared *prepared, json_t **receipt, struct fault *f);
/* Only signs it: [claim, proof, openings], as POST /v1/records/{type} takes it. */
MUST_CHECK err claim_submission(struct arena *a, const struct private_key *key, const char *type,
				const struct prepared *prepared, struct bytes *out,
				struct fault *f);
/* Both, for a body. */
MUST_CHECK err client_record(struct client *c, const char *type, const json_t *body,
			     json_t **receipt, struct fault *f);
/* A submission that somebody else signed, like a device: [claim, proof, openings]. */
MUST_CHECK err client_bring(struct client *c, const char *type, struct bytes submission,
			    struct bytes claim, json_t **receipt, struct fault *f);
/* Reported over the channel, without a signature: the server makes the claim, so that its receipt
 * proves an entry, but not that the entry is this report. */
MUST_CHECK err client_report(struct client *c, const char *type, const json_t *envelope,
			     json_t **receipt, struct fault *f);
/* A receipt says that it is about the claim with this digest, and its proof and checkpoint hold.
 * `digest` may be NULL. Which claim the leaf holds is for receipt_is_of(). RECEIPT_WRONG. */
MUST_CHECK err receipt_verify(const json_t *receipt, const struct hash *digest,
			      const struct note_key *log, struct fault *f);
/* The leaf is of the entry that holds this very claim, and place and outcome are those that stand
 * in it. RECEIPT_WRONG. */
MUST_CHECK err receipt_is_of(const json_t *receipt, struct bytes claim, struct fault *f);

/* ---- reading ---- */

/* One page of a view; `query` is name, value, name, value, …, NULL; or NULL. */
MUST_CHECK err client_view(struct client *c, const char *view, const char *const *query,
			   json_t **page, struct fault *f);
/* All pages: {"columns", "rows"}; at most `rows_max` rows (0: 100,000), then VIEW_TOO_LONG. */
MUST_CHECK err client_view_all(struct client *c, const char *view, const char *const *query,
			       size_t rows_max, json_t **out, struct fault *f);

/* ---- blobs ---- */

MUST_CHECK err client_blob_put(struct client *c, struct bytes content, const char *class_name,
			       struct hash *digest, struct fault *f);
MUST_CHECK err client_blob_get(struct client *c, struct arena *a, struct hash digest, size_t max,
			       struct bytes *out, struct fault *f);

#endif
