/* SPDX-License-Identifier: Apache-2.0 */
/* started.c — units that were started under an offline allowance: a row each, before the unit is started. */
#include "station/allowance_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void word_put(uint8_t *at, const char *word)
{
	size_t n = strlen(word);

	memset(at, 0, ID_SIZE_MAX);
	memcpy(at, word, n < ID_SIZE_MAX ? n : ID_SIZE_MAX);
}

static void word_get(const uint8_t *at, char out[static ID_SIZE_MAX + 1])
{
	memcpy(out, at, ID_SIZE_MAX);
	out[ID_SIZE_MAX] = '\0';
}

static void row_put(const struct started *s, uint8_t row[static STARTED_ROW])
{
	word_put(row, s->allowance);
	word_put(row + ID_SIZE_MAX, s->product);
	word_put(row + 2 * ID_SIZE_MAX, s->serial);
	struct writer w = writer_of(row + 3 * ID_SIZE_MAX, 8);
	put_u64(&w, s->counter);
}

static err keep(struct allowances *a, const struct started *one, struct fault *f)
{
	if (a->started_n == STARTED_MAX)
		return fail(f, "STATION_FULL", "path", a->file.path, NULL);
	if (a->started_n == a->started_cap) {
		size_t cap = a->started_cap == 0 ? 64 : 2 * a->started_cap;
		struct started *more = realloc(a->started, cap * sizeof *more);
		if (more == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		a->started = more;
		a->started_cap = cap;
	}
	a->started[a->started_n++] = *one;
	return ERR_OK;
}

err started_seen_row(void *context, struct bytes row, struct fault *f)
{
	struct started one;

	word_get(row.p, one.allowance);
	word_get(row.p + ID_SIZE_MAX, one.product);
	word_get(row.p + 2 * ID_SIZE_MAX, one.serial);
	struct reader r = reader_of(bytes_of(row.p + 3 * ID_SIZE_MAX, 8));
	one.counter = get_u64(&r);
	return keep(context, &one, f);
}

err started_rewrite(struct allowances *a, struct fault *f)
{
	uint8_t *rows = calloc(a->started_n + 1, STARTED_ROW);

	if (rows == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < a->started_n; i++)
		row_put(&a->started[i], rows + i * STARTED_ROW);
	err e = row_file_replace(&a->file, rows, a->started_n, f);
	free(rows);
	return e;
}

const struct started *started_find(const struct allowances *a, const char *product,
				   const char *serial)
{
	for (size_t i = 0; i < a->started_n; i++)
		if (strcmp(a->started[i].product, product) == 0 &&
		    strcmp(a->started[i].serial, serial) == 0)
			return &a->started[i];
	return NULL;
}

/* An empty product: the allowance was given back. */
bool started_is_returned(const struct allowances *a, const char *allowance)
{
	for (size_t i = 0; i < a->started_n; i++)
		if (a->started[i].product[0] == '\0' &&
		    strcmp(a->started[i].allowance, allowance) == 0)
			return true;
	return false;
}

err allowances_start(struct allowances *a, const char *allowance, const char *product,
		     const char *serial, uint64_t counter, struct fault *f)
{
	struct started one = {.counter = counter};
	uint8_t row[STARTED_ROW];

	snprintf(one.allowance, sizeof one.allowance, "%s", allowance);
	snprintf(one.product, sizeof one.product, "%s", product);
	snprintf(one.serial, sizeof one.serial, "%s", serial);
	row_put(&one, row);
	TRY(row_file_append(&a->file, row, 1, f));
	return keep(a, &one, f);
}

err allowances_check(struct allowances *a, uint64_t last_counter, struct fault *f)
{
	size_t left = 0;

	for (size_t i = 0; i < a->started_n; i++)
		if (a->started[i].counter <= last_counter)
			a->started[left++] = a->started[i];
	if (left == a->started_n)
		return ERR_OK;
	a->started_n = left;
	return started_rewrite(a, f);
}

err allowances_drop(struct allowances *a, uint64_t counter, struct fault *f)
{
	size_t left = 0;

	for (size_t i = 0; i < a->started_n; i++)
		if (a->started[i].counter != counter)
			a->started[left++] = a->started[i];
	if (left == a->started_n)
		return ERR_OK;
	a->started_n = left;
	return started_rewrite(a, f);
}

size_t allowances_used(const struct allowances *a, const char *allowance)
{
	size_t n = 0;

	for (size_t i = 0; i < a->started_n; i++)
		n += a->started[i].product[0] != '\0' &&
		     strcmp(a->started[i].allowance, allowance) == 0;
	return n;
}
