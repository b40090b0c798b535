/* SPDX-License-Identifier: Apache-2.0 */
/* error.h — a closed set of result codes, and the fault that says what went wrong: a message id
 * of the catalog with named values. People read the catalog's sentence, machines the id. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "core/bytes.h"

enum err_code {
	OK = 0,
	ERR_INVALID,         /* 400: the input is wrong; the same input will never pass */
	ERR_UNAUTHENTICATED, /* 401 */
	ERR_FORBIDDEN,       /* 403 */
	ERR_NOT_FOUND,       /* 404 */
	ERR_CONFLICT,        /* 409: it stands against what is recorded */
	ERR_REFUSED,         /* 422: a rule or a gate says no */
	ERR_TOO_LARGE,       /* 413 */
	ERR_UNSUPPORTED,     /* 415 */
	ERR_LIMIT,           /* 429 */
	ERR_UNAVAILABLE,     /* 503: later, or elsewhere */
	ERR_CORRUPT,         /* 500: what is stored fails its own check */
	ERR_IO,              /* 500: the disk, the socket, the database */
	ERR_MEMORY,          /* 500 */
	ERR_INTERNAL,        /* 500: our own bug */
	ERR_CODES
};

/* A struct, so that `if (verify(x))` does not compile. */
typedef struct {
	enum err_code code;
} err;

#define ERR_OK ((err){OK})
/* The only macro that returns. */
#define TRY(call)                    \
	do {                         \
		err try_ = (call);   \
		if (try_.code != OK) \
			return try_; \
	} while (0)

struct err_info {
	const char *name; /* like "conflict": also the last part of the problem type */
	const char *sentence;
	int http_status;
	int exit_code;
};
const struct err_info *err_info(enum err_code code);

enum { FAULT_VALUES_MAX = 8, FAULT_NAME_SIZE = 32, FAULT_VALUE_SIZE = 192, FAULT_FIELD_SIZE = 128 };

/* What went wrong. Fixed size: filling one cannot fail. Values are cut, never overrun. */
struct fault {
	enum err_code code;
	const char *message;          /* id in the catalog; static */
	char field[FAULT_FIELD_SIZE]; /* path of the offending field, or empty */
	size_t n;
	struct fault_value {
		char name[FAULT_NAME_SIZE];
		char value[FAULT_VALUE_SIZE];
	} values[FAULT_VALUES_MAX];
};

/* Fills `f` (which may be NULL) with catalog message `id` and returns the message's code.
 * Then name, value pairs of C strings, ended by NULL:
 * return fail(f, "SEAL_ALREADY_ISSUED", "seal", seal, "maker", maker, NULL);
 * (In brackets because cmocka.h has a macro of this name; a test that includes it first calls
 * (fail)(…) as well.) */
err(fail)(struct fault *f, const char *id, ...) __attribute__((sentinel));
/* The same, with the path of the field at fault. */
err(fail_field)(struct fault *f, const char *field, const char *id, ...) __attribute__((sentinel));
/* Adds one value later, for example by a caller who knows the file name. */
void fault_add(struct fault *f, const char *name, const char *value);
const char *fault_value(const struct fault *f, const char *name); /* NULL when absent */

#ifdef __clang_analyzer__
/* The analyzer reads one file at a time: here it learns that fail() never comes back with OK. */
#define fail(...)       ((void)(fail)(__VA_ARGS__), (err){ERR_INTERNAL})
#define fail_field(...) ((void)(fail_field)(__VA_ARGS__), (err){ERR_INTERNAL})
#endif

#endif
