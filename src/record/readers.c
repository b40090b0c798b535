/* SPDX-License-Identifier: Apache-2.0 */
#include "record/readers.h"

#include <stdlib.h>

static void session_close(struct reader_session *r)
{
	if (r == NULL)
		return;
	ledger_close(r->ledger);
	authority_close(r->authority);
	statement_close(r->key_spki);
	for (size_t i = 0; r->controls != NULL && i < r->engine->registry->controls_n; i++)
		statement_close(r->controls[i]);
	free(r->controls);
	policy_close(&r->policy);
	db_close(r->db);
	free(r);
}

static err session_fill(struct engine *e, struct reader_session *r, struct fault *f)
{
	static const struct parameter key[] = {{"key", VALUE_BLOB}};

	r->engine = e;
	TRY(db_open_reader(e->config.store, &r->db, f));
	TRY(ledger_open(r->db, e->config.tiles, &r->ledger, f));
	TRY(authority_open(r->db, &r->authority, f));
	TRY(db_prepare(r->db, "SELECT spki FROM principal_key WHERE key = :key", key, 1,
		       &r->key_spki, f));
	r->controls = calloc(e->registry->controls_n + 1, sizeof(struct statement *));
	if (r->controls == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < e->registry->controls_n; i++)
		TRY(db_prepare(r->db, e->registry->controls[i].rule.sql, CONTROL_PARAMETERS, CP_N,
			       &r->controls[i], f));
	return policy_open(e->registry, r->db, &r->policy, f);
}

static err session_open(struct engine *e, struct reader_session **out, struct fault *f)
{
	struct reader_session *r = calloc(1, sizeof *r);

	if (r == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	err result = session_fill(e, r, f);
	if (result.code != OK) {
		session_close(r);
		return result;
	}
	*out = r;
	return ERR_OK;
}

/* What a session has read of rights is from the time it last looked. Only on PostgreSQL another
 * server may have written since. */
static void refresh(struct engine *e, struct reader_session *r)
{
	pthread_mutex_lock(&e->lock);
	uint64_t size = e->committed_size;
	pthread_mutex_unlock(&e->lock);
	if (r->authority_size != size || db_product(r->db) == DB_POSTGRES) {
		authority_forget(r->authority);
		policy_forget(&r->policy);
		r->authority_size = size;
	}
}

err reader_take(struct engine *e, struct reader_session **out, struct fault *f)
{
	struct reader_session *r;
	unsigned most = e->config.readers_max;

	pthread_mutex_lock(&e->readers_lock);
	while (e->readers == NULL && e->readers_n >= most)
		pthread_cond_wait(&e->reader_free, &e->readers_lock);
	r = e->readers;
	if (r != NULL)
		e->readers = r->next;
	else
		e->readers_n++;
	pthread_mutex_unlock(&e->readers_lock);
	if (r == NULL) {
		err result = session_open(e, &r, f);
		if (result.code != OK) {
			pthread_mutex_lock(&e->readers_lock);
			e->readers_n--;
			pthread_cond_signal(&e->reader_free);
			pthread_mutex_unlock(&e->readers_lock);
			return result;
		}
	}
	refresh(e, r);
	*out = r;
	return ERR_OK;
}

void reader_give(struct reader_session *r)
{
	struct engine *e = r->engine;

	db_rollback(r->db); /* whatever it was left in */
	pthread_mutex_lock(&e->readers_lock);
	r->next = e->readers;
	e->readers = r;
	pthread_cond_signal(&e->reader_free);
	pthread_mutex_unlock(&e->readers_lock);
}

struct db *reader_db(struct reader_session *r)
{
	return r->db;
}

struct ledger *reader_ledger(struct reader_session *r)
{
	return r->ledger;
}

struct authority *reader_authority(struct reader_session *r)
{
	return r->authority;
}

void readers_close(struct engine *e)
{
	while (e->readers != NULL) {
		struct reader_session *next = e->readers->next;
		session_close(e->readers);
		e->readers = next;
	}
}
