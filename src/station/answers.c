/* SPDX-License-Identifier: Apache-2.0 */
#include "station/answers.h"

#include <stdlib.h>
#include <string.h>

struct answers {
	struct row_file file;
	struct answer *list; /* ring of ANSWERS_KEPT */
	size_t n, next;
	uint64_t last;
	size_t in_file;
};

/* ---- a row ---- */

static void put_word(struct writer *w, const char *word)
{
	uint8_t field[ID_SIZE_MAX] = {0};
	size_t n = strlen(word);

	memcpy(field, word, n < sizeof field ? n : sizeof field);
	put_bytes(w, bytes_of(field, sizeof field));
}

static void get_word(struct reader *r, char out[static ID_SIZE_MAX + 1])
{
	struct bytes field = get_bytes(r, ID_SIZE_MAX);

	memset(out, 0, ID_SIZE_MAX + 1);
	if (field.n > 0)
		memcpy(out, field.p, field.n);
}

static void row_put(const struct answer *a, uint8_t row[static ANSWER_ROW])
{
	struct writer w = writer_of(row, ANSWER_ROW);

	memset(row, 0, ANSWER_ROW);
	put_u64(&w, a->counter);
	put_u8(&w, a->refused);
	put_bytes(&w, bytes_of(a->id.b, sizeof a->id.b));
	put_bytes(&w, hash_bytes(&a->digest));
	put_u64(&w, a->sequence);
	put_u64(&w, a->at);
	put_word(&w, a->code);
	put_word(&w, a->type);
}

static void row_get(struct bytes row, struct answer *out)
{
	struct reader r = reader_of(row);

	out->counter = get_u64(&r);
	out->refused = get_u8(&r) != 0;
	struct bytes id = get_bytes(&r, sizeof out->id.b);
	struct bytes digest = get_bytes(&r, sizeof out->digest.b);
	if (r.why == NULL) {
		memcpy(out->id.b, id.p, id.n);
		memcpy(out->digest.b, digest.p, digest.n);
	}
	out->sequence = get_u64(&r);
	out->at = get_u64(&r);
	get_word(&r, out->code);
	get_word(&r, out->type);
}

/* ---- the ring ---- */

static void keep(struct answers *a, const struct answer *answer)
{
	a->list[a->next] = *answer;
	a->next = (a->next + 1) % ANSWERS_KEPT;
	a->n += a->n < ANSWERS_KEPT;
	if (answer->counter > a->last)
		a->last = answer->counter;
}

/* The i-th, newest first. */
static const struct answer *newest(const struct answers *a, size_t i)
{
	return &a->list[(a->next + ANSWERS_KEPT - 1 - i) % ANSWERS_KEPT];
}

static err seen_row(void *context, struct bytes row, struct fault *f)
{
	struct answers *a = context;
	struct answer answer;

	(void)f;
	row_get(row, &answer);
	keep(a, &answer);
	a->in_file++;
	return ERR_OK;
}

err answers_open(const char *path, struct answers **out, struct fault *f)
{
	struct answers *a = calloc(1, sizeof *a);

	if (a != NULL)
		a->list = calloc(ANSWERS_KEPT, sizeof *a->list);
	if (a == NULL || a->list == NULL) {
		free(a);
		return fail(f, "OUT_OF_MEMORY", NULL);
	}
	err e = row_file_open(path, ANSWER_ROW, seen_row, a, &a->file, f);
	if (e.code != OK)
		answers_close(a);
	else
		*out = a;
	return e;
}

void answers_close(struct answers *a)
{
	if (a == NULL)
		return;
	row_file_close(&a->file);
	free(a->list);
	free(a);
}

uint64_t answers_last(const struct answers *a)
{
	return a->last;
}

/* The file holds twice what is kept at most. */
static err shorten(struct answers *a, struct fault *f)
{
	uint8_t *rows = calloc(a->n, ANSWER_ROW);

	if (rows == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < a->n; i++)
		row_put(newest(a, a->n - 1 - i), rows + i * ANSWER_ROW);
	err e = row_file_replace(&a->file, rows, a->n, f);
	free(rows);
	if (e.code == OK)
		a->in_file = a->n;
	return e;
}

err answers_add(struct answers *a, const struct answer *list, size_t n, struct fault *f)
{
	uint8_t *rows = calloc(n + 1, ANSWER_ROW);

	if (rows == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < n; i++)
		row_put(&list[i], rows + i * ANSWER_ROW);
	err e = row_file_append(&a->file, rows, n, f);
	free(rows);
	TRY(e);
	for (size_t i = 0; i < n; i++)
		keep(a, &list[i]);
	a->in_file += n;
	return a->in_file > 2 * (size_t)ANSWERS_KEPT ? shorten(a, f) : ERR_OK;
}

const struct answer *answers_find_id(const struct answers *a, struct uuid id)
{
	for (size_t i = 0; i < a->n; i++)
		if (memcmp(&newest(a, i)->id, &id, sizeof id) == 0)
			return newest(a, i);
	return NULL;
}

const struct answer *answers_find_digest(const struct answers *a, struct hash digest)
{
	for (size_t i = 0; i < a->n; i++)
		if (hash_equal(newest(a, i)->digest, digest))
			return newest(a, i);
	return NULL;
}

/* ---- looking ---- */

struct looking {
	answer_seen *seen;
	void *context;
};

static err look_row(void *context, struct bytes row, struct fault *f)
{
	struct looking *l = context;
	struct answer answer;

	row_get(row, &answer);
	return l->seen(l->context, &answer, f);
}

err answers_look(const char *path, answer_seen *seen, void *context, struct fault *f)
{
	struct looking l = {seen, context};

	return row_file_look(path, ANSWER_ROW, look_row, &l, f);
}
