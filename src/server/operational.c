/* SPDX-License-Identifier: Apache-2.0 */
#include "server/operational.h"

#include "core/sha256.h"
#include "crypto/crypto.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum operation {
	CHALLENGE_ADD,
	CHALLENGE_COUNT,
	CHALLENGE_TAKE,
	CHALLENGE_EVICT,
	SESSION_ADD,
	SESSION_FIND,
	SESSION_PROLONG,
	SESSION_END,
	LINK_ADD,
	LINK_SPEND,
	RECEIPT_ADD,
	RECEIPT_FIND,
	EXPIRE_CHALLENGES,
	EXPIRE_SESSIONS,
	EXPIRE_LINKS,
	EXPIRE_RECEIPTS,
	OPERATIONS
};

/* Values are given in the order of the parameters. */
struct operation_row {
	const char *sql;
	struct parameter parameters[6];
};

static const struct operation_row ROWS[OPERATIONS] = {
	[CHALLENGE_ADD] = {"INSERT INTO challenge (nonce, kind, within, id, issued, expires)"
			   " VALUES (:nonce, :kind, :within, :id, :issued, :expires)",
			   {{"nonce", VALUE_BLOB},
			    {"kind", VALUE_TEXT},
			    {"within", VALUE_TEXT},
			    {"id", VALUE_TEXT},
			    {"issued", VALUE_INT},
			    {"expires", VALUE_INT}}},
	[CHALLENGE_COUNT] = {"SELECT count(*) FROM challenge WHERE kind = :kind AND expires > :now",
			     {{"kind", VALUE_TEXT}, {"now", VALUE_INT}}},
	[CHALLENGE_TAKE] = {"DELETE FROM challenge WHERE nonce = :nonce AND kind = :kind"
			    " AND expires > :now",
			    {{"nonce", VALUE_BLOB}, {"kind", VALUE_TEXT}, {"now", VALUE_INT}}},
	[CHALLENGE_EVICT] = {"DELETE FROM challenge WHERE nonce IN (SELECT nonce FROM challenge"
			     " WHERE kind = :kind ORDER BY issued LIMIT :most)",
			     {{"kind", VALUE_TEXT}, {"most", VALUE_INT}}},
	[SESSION_ADD] = {"INSERT INTO session (token, principal, key, issued, expires)"
			 " VALUES (:token, :principal, :key, :issued, :expires)",
			 {{"token", VALUE_BLOB},
			  {"principal", VALUE_TEXT},
			  {"key", VALUE_BLOB},
			  {"issued", VALUE_INT},
			  {"expires", VALUE_INT}}},
	[SESSION_FIND] = {"SELECT principal, key, issued, expires FROM session"
			  " WHERE token = :token AND expires > :now",
			  {{"token", VALUE_BLOB}, {"now", VALUE_INT}}},
	[SESSION_PROLONG] = {"UPDATE session SET expires = :expires"
			     " WHERE token = :token AND expires < :expires",
			     {{"token", VALUE_BLOB}, {"expires", VALUE_INT}}},
	[SESSION_END] = {"DELETE FROM session WHERE token = :token", {{"token", VALUE_BLOB}}},
	[LINK_ADD] = {"INSERT INTO sign_in_link (principal, token, key, issued, expires)"
		      " VALUES (:principal, :token, :key, :issued, :expires)"
		      " ON CONFLICT (principal) DO UPDATE SET token = excluded.token,"
		      " key = excluded.key, issued = excluded.issued, expires = excluded.expires",
		      {{"principal", VALUE_TEXT},
		       {"token", VALUE_BLOB},
		       {"key", VALUE_BLOB},
		       {"issued", VALUE_INT},
		       {"expires", VALUE_INT}}},
	[LINK_SPEND] = {"DELETE FROM sign_in_link WHERE token = :token AND expires > :now"
			" RETURNING principal, key, issued, expires",
			{{"token", VALUE_BLOB}, {"now", VALUE_INT}}},
	[RECEIPT_ADD] = {"INSERT INTO receipt_wait (digest, seq) VALUES (:digest, :seq)"
			 " ON CONFLICT (digest) DO NOTHING",
			 {{"digest", VALUE_BLOB}, {"seq", VALUE_INT}}},
	[RECEIPT_FIND] = {"SELECT seq FROM receipt_wait WHERE digest = :digest",
			  {{"digest", VALUE_BLOB}}},
	[EXPIRE_CHALLENGES] = {"DELETE FROM challenge WHERE expires <= :now", {{"now", VALUE_INT}}},
	[EXPIRE_SESSIONS] = {"DELETE FROM session WHERE expires <= :now", {{"now", VALUE_INT}}},
	[EXPIRE_LINKS] = {"DELETE FROM sign_in_link WHERE expires <= :now", {{"now", VALUE_INT}}},
	[EXPIRE_RECEIPTS] = {"DELETE FROM receipt_wait WHERE seq < :seq", {{"seq", VALUE_INT}}},
};

/* Reads do not wait for writes, which wait for the writer of records. */
struct side {
	pthread_mutex_t lock;
	struct db *db;
	struct statement *statements[OPERATIONS];
};

struct operational {
	const struct clock *clock;
	atomic_uint made; /* challenges since the start */
	struct side reads, writes;
};

/* ---- opening ---- */

static err side_open(struct side *s, const char *store, struct fault *f)
{
	TRY(db_open(store, &s->db, f));
	for (size_t i = 0; i < OPERATIONS; i++) {
		size_t n = 0;
		while (n < 6 && ROWS[i].parameters[n].name != NULL)
			n++;
		TRY(db_prepare(s->db, ROWS[i].sql, ROWS[i].parameters, n, &s->statements[i], f));
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

static err write_row(struct operational *o, enum operation which, const struct value *values,
		     int64_t *changed, struct fault *f)
{
	int64_t ignored;

	return run(&o->writes, which, values, NULL, NULL, changed == NULL ? &ignored : changed, f);
}

static struct value value_time(uint64_t ms)
{
	return value_int((int64_t)ms);
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
	TRY(run(&o->reads, CHALLENGE_COUNT, count, take_number, &open, NULL, f));
	if (open.number < CHALLENGES_MAX)
		return ERR_OK;
	struct value evict[] = {value_text(bytes_text(kind)),
				value_time(open.number - CHALLENGES_MAX + CHALLENGES_COUNTED)};
	return write_row(o, CHALLENGE_EVICT, evict, NULL, f);
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
	return write_row(o, CHALLENGE_ADD, values, NULL, f);
}

err challenge_spend(struct operational *o, const char *kind, struct bytes nonce, bool *out,
		    struct fault *f)
{
	struct value values[] = {value_blob(nonce), value_text(bytes_text(kind)),
				 value_time(clock_wall_ms(o->clock))};
	int64_t changed = 0;

	TRY(write_row(o, CHALLENGE_TAKE, values, &changed, f));
	*out = changed == 1;
	return ERR_OK;
}

/* ---- sessions ---- */

struct hash session_digest(const uint8_t token[static TOKEN_SIZE], enum session_kind kind)
{
	static const char MARK[] = "sealwright browser session\n";
	uint8_t text[sizeof MARK - 1 + TOKEN_SIZE];
	size_t n = kind == SESSION_BROWSER ? sizeof MARK - 1 : 0;

	memcpy(text, MARK, n);
	memcpy(text + n, token, TOKEN_SIZE);
	struct hash digest = sha256(bytes_of(text, n + TOKEN_SIZE));
	bytes_wipe(text, sizeof text);
	return digest;
}

err session_make(struct operational *o, enum session_kind kind, const char *principal,
		 struct hash key, uint8_t token[static TOKEN_SIZE], uint64_t *expires,
		 struct fault *f)
{
	uint64_t now = clock_wall_ms(o->clock);

	TRY(random_bytes(token, TOKEN_SIZE, f));
	struct hash digest = session_digest(token, kind);
	*expires = now + SESSION_MS;
	struct value values[] = {value_blob(hash_bytes(&digest)), value_text(bytes_text(principal)),
				 value_blob(hash_bytes(&key)), value_time(now),
				 value_time(*expires)};
	return write_row(o, SESSION_ADD, values, NULL, f);
}

struct session_row {
	bool found;
	struct session session;
};

static err take_session(void *context, const struct value *columns, size_t n)
{
	struct session_row *row = context;

	(void)n;
	if (columns[0].bytes.n > ID_SIZE_MAX || columns[1].bytes.n != sizeof row->session.key)
		return ERR_OK;
	memcpy(row->session.principal, columns[0].bytes.p, columns[0].bytes.n);
	row->session.principal[columns[0].bytes.n] = '\0';
	memcpy(row->session.key.b, columns[1].bytes.p, sizeof row->session.key);
	row->session.issued = (uint64_t)columns[2].number;
	row->session.expires = (uint64_t)columns[3].number;
	row->found = true;
	return ERR_OK;
}

/* Used again in its second half, it lives an hour longer, until its longest time is over. */
static err prolong(struct operational *o, struct hash token, struct session *session, uint64_t now,
		   struct fault *f)
{
	uint64_t longest = session->issued + SESSION_LONGEST_MS, until = now + SESSION_MS;

	until = until < longest ? until : longest;
	if (session->expires - now > SESSION_RENEW_MS || until <= session->expires)
		return ERR_OK;
	struct value values[] = {value_blob(hash_bytes(&token)), value_time(until)};
	TRY(write_row(o, SESSION_PROLONG, values, NULL, f));
	session->expires = until;
	return ERR_OK;
}

err session_find(struct operational *o, struct hash token, struct session *out, struct fault *f)
{
	uint64_t now = clock_wall_ms(o->clock);
	struct value values[] = {value_blob(hash_bytes(&token)), value_time(now)};
	struct session_row row = {0};

	TRY(run(&o->reads, SESSION_FIND, values, take_session, &row, NULL, f));
	if (!row.found)
		return fail(f, "API_SESSION_UNKNOWN", NULL);
	TRY(prolong(o, token, &row.session, now, f));
	*out = row.session;
	return ERR_OK;
}

err session_end(struct operational *o, struct hash token, struct fault *f)
{
	struct value values[] = {value_blob(hash_bytes(&token))};

	return write_row(o, SESSION_END, values, NULL, f);
}

/* ---- links ---- */

err sign_in_link_make(struct operational *o, const char *principal, struct hash key,
		      uint8_t token[static TOKEN_SIZE], uint64_t *expires, struct fault *f)
{
	uint64_t now = clock_wall_ms(o->clock);

	TRY(random_bytes(token, TOKEN_SIZE, f));
	struct hash digest = sha256(bytes_of(token, TOKEN_SIZE));
	*expires = now + LINK_MS;
	struct value values[] = {value_text(bytes_text(principal)), value_blob(hash_bytes(&digest)),
				 value_blob(hash_bytes(&key)), value_time(now),
				 value_time(*expires)};
	return write_row(o, LINK_ADD, values, NULL, f);
}

err sign_in_link_spend(struct operational *o, struct hash token, bool *found, struct session *out,
		       struct fault *f)
{
	struct value values[] = {value_blob(hash_bytes(&token)),
				 value_time(clock_wall_ms(o->clock))};
	struct session_row row = {0};

	TRY(run(&o->writes, LINK_SPEND, values, take_session, &row, NULL, f));
	*found = row.found;
	*out = row.session;
	return ERR_OK;
}

/* ---- receipts ---- */

err receipt_wait_add(struct operational *o, struct hash digest, uint64_t sequence, struct fault *f)
{
	struct value values[] = {value_blob(hash_bytes(&digest)), value_time(sequence)};

	return write_row(o, RECEIPT_ADD, values, NULL, f);
}

err receipt_wait_find(struct operational *o, struct hash digest, bool *found, uint64_t *sequence,
		      struct fault *f)
{
	struct value values[] = {value_blob(hash_bytes(&digest))};
	struct number_row row = {0};

	TRY(run(&o->reads, RECEIPT_FIND, values, take_number, &row, NULL, f));
	*found = row.found;
	*sequence = row.number;
	return ERR_OK;
}

/* ---- expiry ---- */

err operational_expire(struct operational *o, uint64_t receipts_before, struct fault *f)
{
	struct value now[] = {value_time(clock_wall_ms(o->clock))};
	struct value before[] = {value_time(receipts_before)};

	TRY(write_row(o, EXPIRE_CHALLENGES, now, NULL, f));
	TRY(write_row(o, EXPIRE_SESSIONS, now, NULL, f));
	TRY(write_row(o, EXPIRE_LINKS, now, NULL, f));
	return write_row(o, EXPIRE_RECEIPTS, before, NULL, f);
}
