/* SPDX-License-Identifier: Apache-2.0 */
#include "server/sessions.h"

#include "core/sha256.h"
#include "crypto/crypto.h"
#include "server/operational_internal.h"

static const char *const STRENGTHS[] = {[SESSION_PROGRAM] = "program",
					[SESSION_INVITATION] = "invitation",
					[SESSION_LINK] = "link",
					[SESSION_PASSKEY] = "passkey"};
enum { STRENGTHS_N = sizeof STRENGTHS / sizeof STRENGTHS[0] };

const char *session_strength_name(enum session_strength strength)
{
	return STRENGTHS[strength];
}

static bool strength_take(enum session_strength *to, struct bytes text)
{
	for (size_t i = 0; i < STRENGTHS_N; i++)
		if (bytes_equal(text, bytes_text(STRENGTHS[i]))) {
			*to = (enum session_strength)i;
			return true;
		}
	return false;
}

void session_agent(const char *header, char out[static SESSION_AGENT_SIZE])
{
	size_t n = 0;

	for (; header != NULL && header[n] != '\0' && n < SESSION_AGENT_SIZE - 1; n++)
		out[n] = header[n] >= ' ' && header[n] <= '~' ? header[n] : '?';
	out[n] = '\0';
}

/* ---- tokens ---- */

struct hash session_digest(const uint8_t token[static TOKEN_SIZE], bool browser)
{
	static const char MARK[] = "sealwright browser session\n";
	uint8_t text[sizeof MARK - 1 + TOKEN_SIZE];
	size_t n = browser ? sizeof MARK - 1 : 0;

	memcpy(text, MARK, n);
	memcpy(text + n, token, TOKEN_SIZE);
	struct hash digest = sha256(bytes_of(text, n + TOKEN_SIZE));
	bytes_wipe(text, sizeof text);
	return digest;
}

err session_make(struct operational *o, struct session *s, uint8_t token[static TOKEN_SIZE],
		 struct fault *f)
{
	TRY(random_bytes(token, TOKEN_SIZE, f));
	struct hash digest = session_digest(token, s->strength != SESSION_PROGRAM);
	hex_encode(bytes_of(digest.b, (SESSION_ID_SIZE - 1) / 2), s->id);
	s->issued = clock_wall_ms(o->clock);
	s->expires = s->issued + SESSION_MS;
	s->stepped_up = s->strength == SESSION_PASSKEY ? s->issued : 0;
	struct value values[] = {
		value_hash(&digest),       value_name(s->id),
		value_name(s->principal),  value_name(s->owner),
		value_hash(&s->key),       value_name(session_strength_name(s->strength)),
		value_time(s->issued),     value_time(s->expires),
		value_time(s->stepped_up), value_name(s->peer),
		value_name(s->agent)};
	return operation_write(o, SESSION_ADD, values, NULL, f);
}

/* ---- finding ---- */

/* A row that is not as we write them is as good as none. */
static bool session_take(struct session *s, const struct value *columns)
{
	*s = (struct session){.issued = (uint64_t)columns[4].number,
			      .expires = (uint64_t)columns[5].number,
			      .stepped_up = (uint64_t)columns[6].number};
	return text_take(s->principal, sizeof s->principal, columns[0].bytes) &&
	       text_take(s->owner, sizeof s->owner, columns[1].bytes) &&
	       hash_take(&s->key, columns[2].bytes) &&
	       strength_take(&s->strength, columns[3].bytes) &&
	       text_take(s->id, sizeof s->id, columns[7].bytes) &&
	       text_take(s->peer, sizeof s->peer, columns[8].bytes) &&
	       text_take(s->agent, sizeof s->agent, columns[9].bytes);
}

struct session_row {
	bool found;
	struct session session;
};

static err take_session(void *context, const struct value *columns, size_t n)
{
	struct session_row *row = context;

	(void)n;
	row->found = session_take(&row->session, columns);
	return ERR_OK;
}

/* Used again in its second half, it lives an hour longer, until its longest time is over. */
static err prolong(struct operational *o, struct hash token, struct session *session, uint64_t now,
		   struct fault *f)
{
	uint64_t longest = session->issued + SESSION_LONGEST_MS, until = now + SESSION_MS;

	until = until < longest ? until : longest;
	if (session->expires > now + SESSION_RENEW_MS || until <= session->expires)
		return ERR_OK;
	struct value values[] = {value_hash(&token), value_time(until)};
	TRY(operation_write(o, SESSION_PROLONG, values, NULL, f));
	session->expires = until;
	return ERR_OK;
}

err session_look(struct operational *o, struct hash token, struct session *out, struct fault *f)
{
	struct value values[] = {value_hash(&token), value_time(clock_wall_ms(o->clock))};
	struct session_row row = {0};

	TRY(operation_read(o, SESSION_FIND, values, take_session, &row, f));
	*out = row.session;
	return row.found ? ERR_OK : fail(f, "API_SESSION_UNKNOWN", NULL);
}

err session_find(struct operational *o, struct hash token, struct session *out, struct fault *f)
{
	TRY(session_look(o, token, out, f));
	return prolong(o, token, out, clock_wall_ms(o->clock), f);
}

struct each {
	session_each_fn *function;
	void *context;
};

static err each_session(void *context, const struct value *columns, size_t n)
{
	const struct each *each = context;
	struct session session;

	(void)n;
	return session_take(&session, columns) ? each->function(each->context, &session) : ERR_OK;
}

err session_each(struct operational *o, const char *principal, session_each_fn *function,
		 void *context, struct fault *f)
{
	struct value values[] = {value_name(principal), value_time(clock_wall_ms(o->clock))};
	struct each each = {function, context};

	return operation_read(o, SESSION_LIST, values, each_session, &each, f);
}

/* ---- changing ---- */

err session_step_up(struct operational *o, struct hash token, uint64_t *until, struct fault *f)
{
	uint64_t now = clock_wall_ms(o->clock);
	struct value values[] = {value_hash(&token), value_time(now)};
	int64_t changed = 0;

	TRY(operation_write(o, SESSION_STEP_UP, values, &changed, f));
	if (changed != 1)
		return fail(f, "API_SESSION_UNKNOWN", NULL);
	*until = now + STEP_UP_MS;
	return ERR_OK;
}

err session_end(struct operational *o, struct hash token, struct fault *f)
{
	struct value values[] = {value_hash(&token)};

	return operation_write(o, SESSION_END, values, NULL, f);
}

err session_end_id(struct operational *o, const char *principal, const char *id, bool *found,
		   struct fault *f)
{
	struct value values[] = {value_name(principal), value_name(id),
				 value_time(clock_wall_ms(o->clock))};
	int64_t changed = 0;

	TRY(operation_write(o, SESSION_END_ID, values, &changed, f));
	*found = changed > 0;
	return ERR_OK;
}

err session_end_key(struct operational *o, struct hash key, struct fault *f)
{
	struct value values[] = {value_hash(&key)};

	return operation_write(o, SESSION_END_KEY, values, NULL, f);
}

/* ---- links ---- */

err one_time_link_make(struct operational *o, const struct session *s,
		       uint8_t token[static TOKEN_SIZE], uint64_t *expires, struct fault *f)
{
	uint64_t now = clock_wall_ms(o->clock);

	TRY(random_bytes(token, TOKEN_SIZE, f));
	struct hash digest = sha256(bytes_of(token, TOKEN_SIZE));
	*expires = now + LINK_MS;
	struct value values[] = {
		value_name(s->principal), value_name(session_strength_name(s->strength)),
		value_hash(&digest),      value_name(s->owner),
		value_hash(&s->key),      value_time(now),
		value_time(*expires)};
	return operation_write(o, LINK_ADD, values, NULL, f);
}

static err take_link(void *context, const struct value *columns, size_t n)
{
	struct session_row *row = context;
	struct session *s = &row->session;

	(void)n;
	row->found = text_take(s->principal, sizeof s->principal, columns[0].bytes) &&
		     text_take(s->owner, sizeof s->owner, columns[1].bytes) &&
		     hash_take(&s->key, columns[2].bytes) &&
		     strength_take(&s->strength, columns[3].bytes);
	return ERR_OK;
}

err one_time_link_spend(struct operational *o, struct hash token, bool *found, struct session *out,
			struct fault *f)
{
	struct value values[] = {value_hash(&token), value_time(clock_wall_ms(o->clock))};
	struct session_row row = {0};

	TRY(operation_take(o, LINK_SPEND, values, take_link, &row, f));
	*found = row.found;
	*out = row.session;
	return ERR_OK;
}
