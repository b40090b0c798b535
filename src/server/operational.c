/* SPDX-License-Identifier: Apache-2.0 */
#include "server/operational_internal.h"

#include "crypto/crypto.h"

#include <stdlib.h>

/* ---- opening ---- */

static err side_open(struct side *s, const char *store, struct fault *f)
{
	TRY(db_open(store, &s->db, f));
	for (size_t i = 0; i < OPERATIONS; i++) {
		size_t n = 0;
		const struct operation_row *row = &OPERATION_ROWS[i];
		while (n < OPERATION_PARAMETERS_MAX && row->parameters[n].name != NULL)
			n++;
		TRY(db_prepare(s->db, row->sql, row->parameters, n, &s->statements[i], f));
	}
	return ERR_OK;
}

static void side_close(struct side *s)
{
	db_close(s->db);
	(void)pthread_mutex_destroy(&s->lock);
}

err operational_open(const char *store, const struct clock *clock, struct operational **out,
		     struct fault *f)
{
	struct operational *o = calloc(1, sizeof *o);

	if (o == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	o->clock = clock;
	(void)pthread_mutex_init(&o->reads.lock, NULL);
	(void)pthread_mutex_init(&o->writes.lock, NULL);
	err result = side_open(&o->reads, store, f);
	if (result.code == OK)
		result = side_open(&o->writes, store, f);
	if (result.code != OK) {
		operational_close(o);
		return result;
	}
	*out = o;
	return ERR_OK;
}

void operational_close(struct operational *o)
{
	if (o == NULL)
		return;
	side_close(&o->reads);
	side_close(&o->writes);
	free(o);
}

/* ---- one statement ---- */

static err run_once(struct side *s, enum operation which, const struct value *values, db_row *row,
		    void *context, int64_t *changed, struct fault *f)
{
	err result = db_query(s->db, s->statements[which], values, row, context, changed, f);

	if (result.code != OK)
		db_rollback(s->db);
	return result;
}

static err run(struct side *s, enum operation which, const struct value *values, db_row *row,
	       void *context, int64_t *changed, struct fault *f)
{
	(void)pthread_mutex_lock(&s->lock);
	err result = run_once(s, which, values, row, context, changed, f);
	/* A connection that was lost is made anew by db_begin. A read may be repeated; a write
	 * was perhaps done, which its caller sees as an error and repeats if it wants. */
	if (result.code != OK && row != NULL && db_begin(s->db, f).code == OK) {
		result = run_once(s, which, values, row, context, changed, f);
		if (result.code == OK)
			result = db_commit(s->db, f);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

err operation_read(struct operational *o, enum operation which, const struct value *values,
		   db_row *row, void *context, struct fault *f)
{
	return run(&o->reads, which, values, row, context, NULL, f);
}

err operation_write(struct operational *o, enum operation which, const struct value *values,
		    int64_t *changed, struct fault *f)
{
	int64_t ignored;

	return run(&o->writes, which, values, NULL, NULL, changed == NULL ? &ignored : changed, f);
}

err operation_take(struct operational *o, enum operation which, const struct value *values,
		   db_row *row, void *context, struct fault *f)
{
	return run(&o->writes, which, values, row, context, NULL, f);
}

struct number_row {
	bool found;
	uint64_t number;
};

static err take_number(void *context, const struct value *columns, size_t n)
{
	struct number_row *row = context;

	(void)n;
	row->found = true;
	row->number = (uint64_t)columns[0].number;
	return ERR_OK;
}

/* ---- challenges ---- */

/* Anybody may ask for one. When there are too many the oldest go, not the newest: those who mean
 * it answer at once. Counted now and then only. */
static err make_room(struct operational *o, const char *kind, uint64_t now, struct fault *f)
{
	struct value count[] = {value_text(bytes_text(kind)), value_time(now)};
	struct number_row open = {0};

	if (atomic_fetch_add(&o->made, 1) % CHALLENGES_COUNTED != 0)
		return ERR_OK;
	TRY(operation_read(o, CHALLENGE_COUNT, count, take_number, &open, f));
	if (open.number < CHALLENGES_MAX)
		return ERR_OK;
	struct value evict[] = {value_text(bytes_text(kind)),
				value_time(open.number - CHALLENGES_MAX + CHALLENGES_COUNTED)};
	return operation_write(o, CHALLENGE_EVICT, evict, NULL, f);
}

err challenge_make(struct operational *o, const char *kind, const char *within, const char *id,
		   uint8_t nonce[static NONCE_SIZE], uint64_t *expires, struct fault *f)
{
	uint64_t now = clock_wall_ms(o->clock);

	TRY(make_room(o, kind, now, f));
	TRY(random_bytes(nonce, NONCE_SIZE, f));
	*expires = now + CHALLENGE_MS;
	struct value values[] = {value_blob(bytes_of(nonce, NONCE_SIZE)),
				 value_text(bytes_text(kind)),
				 value_text(bytes_text(within)),
				 value_text(bytes_text(id)),
				 value_time(now),
				 value_time(*expires)};
	return operation_write(o, CHALLENGE_ADD, values, NULL, f);
}

err challenge_spend(struct operational *o, const char *kind, struct bytes nonce, bool *out,
		    struct fault *f)
{
	struct value values[] = {value_blob(nonce), value_text(bytes_text(kind)),
				 value_time(clock_wall_ms(o->clock))};
	int64_t changed = 0;

	TRY(operation_write(o, CHALLENGE_TAKE, values, &changed, f));
	*out = changed == 1;
	return ERR_OK;
}

/* ---- receipts ---- */

err receipt_wait_add(struct operational *o, struct hash digest, uint64_t sequence, struct fault *f)
{
	struct value values[] = {value_blob(hash_bytes(&digest)), value_time(sequence)};

	return operation_write(o, RECEIPT_ADD, values, NULL, f);
}

err receipt_wait_find(struct operational *o, struct hash digest, bool *found, uint64_t *sequence,
		      struct fault *f)
{
	struct value values[] = {value_blob(hash_bytes(&digest))};
	struct number_row row = {0};

	TRY(operation_read(o, RECEIPT_FIND, values, take_number, &row, f));
	*found = row.found;
	*sequence = row.number;
	return ERR_OK;
}

/* ---- expiry ---- */

err operational_expire(struct operational *o, uint64_t receipts_before, struct fault *f)
{
	struct value now[] = {value_time(clock_wall_ms(o->clock))};
	struct value before[] = {value_time(receipts_before)};

	for (enum operation which = EXPIRE_CHALLENGES; which < EXPIRE_RECEIPTS; which++)
		TRY(operation_write(o, which, now, NULL, f));
	return operation_write(o, EXPIRE_RECEIPTS, before, NULL, f);
}
