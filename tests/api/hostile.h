/* SPDX-License-Identifier: Apache-2.0 */
/* hostile.h — one table of requests that a server must survive and answer exactly: what is sent, and
 * the status, the code and the field of the answer. Sent over plain TCP, each from a loopback
 * address of its own, so that no limit of one peer hides the answer to another row. */
#ifndef TESTS_API_HOSTILE_H
#define TESTS_API_HOSTILE_H

#include "fixture.h"

enum who {
	WANDA, /* may do everything, everywhere */
	NOBODY,
	ALMA, /* may do everything at the site alpha */
	NEMO, /* signed in, and may do nothing */
	ADA,  /* a founder */
};

struct hostile {
	struct api *api;
	struct person wanda, alma, nemo;
	enum http_port port;     /* where wire_open() connects */
	unsigned peers;          /* loopback addresses used so far */
	size_t requests;         /* sent so far */
	struct bytes submission; /* a record that ada signed, as CBOR */
	char receipt[65];        /* digest of a recorded claim */
	int64_t sequence;        /* of that record */
	char blob[65];           /* digest of a stored blob */
	size_t open_files;       /* before the table */
};
extern struct hostile *x;

/* What is wrong with an otherwise sound submission of `role.defined` by wanda. */
struct forgery {
	const char *origin, *type, *author, *aad;
	unsigned version, uuid_version, tag, signature_n;
	uint64_t made;     /* exactly */
	uint64_t occurred; /* 0: not said */
	int64_t made_ms;   /* from now */
	int64_t algorithm;
	enum who key, kid, signer; /* whose */
	bool no_key, unprotected, payload;
	struct bytes body, proof, openings;                        /* instead of the sound ones */
	struct bytes (*bulk)(struct arena *a);                     /* makes the body */
	struct bytes (*edit)(struct arena *a, struct bytes claim); /* before it is signed */
};

struct row;
/* A body that is made when its row is due. */
typedef struct bytes make_body(struct hostile *h);

struct row {
	const char *name; /* what is wrong with it, as a sentence */
	int status;
	const char *code;  /* of the problem document; NULL: none is expected */
	const char *field; /* of the problem document, if it matters */
	const char *path;
	const char *body; /* JSON in single quotes; @ID is a fresh UUID, @NOW the time */
	enum who who;
	const char *method;            /* NULL: GET, or POST with a body */
	const char *headers;           /* whole lines, each with its line end */
	const char *type;              /* of the body; NULL: application/json; "": none said */
	struct bytes raw;              /* instead of `body`: exactly these bytes */
	make_body *make;               /* or these */
	const struct forgery *forgery; /* or this submission */
	const char *told;              /* must stand in the body or the head of the answer */
	bool item;                     /* the problem is that of the first result of a batch */
	bool once;                     /* a record's body that is not sent to `prepare` as well */
};

/* For `raw`: a literal, which may hold zero bytes. */
#define RAW(literal)                                            \
	{                                                       \
		(const uint8_t *)(literal), sizeof(literal) - 1 \
	}
#define REPEAT8(t)  t t t t t t t t
#define REPEAT64(t) REPEAT8(REPEAT8(t))

struct table {
	const char *name;
	const struct row *rows;
	size_t n;
};
extern const struct table JSON_TABLE, ENVELOPE_TABLE, COSE_TABLE, SESSION_TABLE;
extern const struct table VIEW_TABLE, READ_TABLE, PATH_TABLE, BLOB_TABLE;
#define TABLE_OF(title, array)                                                             \
	{                                                                                  \
		.name = (title), .rows = (array), .n = sizeof(array) / sizeof((array)[0]), \
	}

/* ---- hostile_wire.c ---- */

/* From the next loopback address. */
int wire_open(struct hostile *h);
void wire_put(struct hostile *h, int fd, struct bytes bytes);
void wire_text(struct hostile *h, int fd, const char *text);
/* Reads one answer; `head`: it has no body. Status 0 if the connection ended before. */
struct reply *wire_read(struct hostile *h, int fd, bool head);
/* True once the server has closed; the test fails after half a minute. */
bool wire_ended(int fd);
/* The connection resets: nothing that was sent is waited for. */
void wire_leave(int fd);
/* A request as text, read to its answer, on a connection of its own. */
struct reply *wire_say(struct hostile *h, struct bytes request, bool head);
/* Who asks, as the header line with its line end. */
const char *wire_token(struct hostile *h, enum who who);
struct reply *wire_get(struct hostile *h, enum who who, const char *path);
struct reply *wire_post(struct hostile *h, enum who who, const char *path, const char *type,
			struct bytes body);
/* The answer to a row, sent to `path` instead of its own. */
struct reply *wire_row(struct hostile *h, const struct row *row, const char *path);
/* Fails the test, and says what came instead, unless the answer is as the row says. */
void wire_expect(const struct row *row, const struct reply *reply);

/* ---- hostile_forge.c ---- */

struct bytes forge(struct hostile *h, const struct forgery *g);

/* ---- hostile_seed.c ---- */

void hostile_seed(struct hostile *h);

/* ---- tests with more than one request ---- */

extern const struct CMUnitTest BYTE_TESTS[], SESSION_TESTS[], SCOPE_TESTS[], WIRE_TESTS[],
	RIOT_TESTS[];
extern const size_t BYTE_TESTS_N, SESSION_TESTS_N, SCOPE_TESTS_N, WIRE_TESTS_N, RIOT_TESTS_N;

#endif
