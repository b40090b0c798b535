/* SPDX-License-Identifier: Apache-2.0 */
/* memory.h — a sink and a source of memory, for tests. */
#ifndef TEST_BACKUP_MEMORY_H
#define TEST_BACKUP_MEMORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backup/stream.h"

enum { MEMORY_MAX = 1 << 20 };

struct memory {
	uint8_t b[MEMORY_MAX];
	size_t n, at;
};

static inline err memory_put(void *context, struct bytes content, struct fault *f)
{
	struct memory *m = context;

	(void)f;
	assert_true(content.n <= sizeof m->b - m->n);
	if (content.n > 0)
		memcpy(m->b + m->n, content.p, content.n);
	m->n += content.n;
	return ERR_OK;
}

static inline err memory_get(void *context, uint8_t *out, size_t n, size_t *got, struct fault *f)
{
	struct memory *m = context;

	(void)f;
	*got = n < m->n - m->at ? n : m->n - m->at;
	memcpy(out, m->b + m->at, *got);
	m->at += *got;
	return ERR_OK;
}

static inline void must(err e, const struct fault *f)
{
	if (e.code != OK)
		fail_msg("%s", f->message);
}

static inline void must_fail(err e, const struct fault *f, const char *message)
{
	assert_int_not_equal(e.code, OK);
	assert_string_equal(f->message, message);
}

#endif
