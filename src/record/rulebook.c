/* SPDX-License-Identifier: Apache-2.0 */
#include "record/engine.h"

#include <stdlib.h>

#define TEXT(name)               \
	{                        \
		name, VALUE_TEXT \
	}
#define INT(name)               \
	{                       \
		name, VALUE_INT \
	}
#define BLOB(name)               \
	{                        \
		name, VALUE_BLOB \
	}

/* The rule for a class, or the one for all. */
#define RULE_OF_CLASS                                                         \
	"(SELECT class FROM approval_rule WHERE class = :rule OR class = '*'" \
	" ORDER BY CASE WHEN class = :rule THEN 0 ELSE 1 END, class LIMIT 1)"

struct own {
	const char *sql;
	struct parameter parameters[12];
	size_t n;
};

/* The parameters stand in the order in which apply.c, decide.c and approvals.c pass them. */
static const struct own OWN[OWN_N] = {
	[OWN_ID_FIND] = {"SELECT seq, digest FROM entry_id WHERE id = :id AND author = :author",
			 {BLOB("id"), TEXT("author")},
			 2},
	[OWN_ID_ADD] = {"INSERT INTO entry_id (id, author, seq, digest)"
			" VALUES (:id, :author, :seq, :digest)",
			{BLOB("id"), TEXT("author"), INT("seq"), BLOB("digest")},
			4},
	[OWN_SUBJECT_FIND] = {"SELECT seq FROM subject_last"
			      " WHERE kind = :kind AND within = :within AND id = :id",
			      {TEXT("kind"), TEXT("within"), TEXT("id")},
			      3},
	[OWN_SUBJECT_SET] = {"INSERT INTO subject_last (kind, within, id, seq)"
			     " VALUES (:kind, :within, :id, :seq)"
			     " ON CONFLICT (kind, within, id) DO UPDATE SET seq = excluded.seq",
			     {TEXT("kind"), TEXT("within"), TEXT("id"), INT("seq")},
			     4},
	[OWN_RAISE] = {"INSERT INTO nonconformance"
		       " (seq, n, code, kind, within, id, at, author, state)"
		       " VALUES (:seq, :n, :code, :kind, :within, :id, :at, :author, 'open')",
		       {INT("seq"), INT("n"), TEXT("code"), TEXT("kind"), TEXT("within"),
			TEXT("id"), INT("at"), TEXT("author")},
		       8},
	[OWN_HOLD] = {"INSERT INTO hold (seq, n, code, kind, within, id, at, author)"
		      " VALUES (:seq, :n, :code, :kind, :within, :id, :at, :author)"
		      " ON CONFLICT DO NOTHING",
		      {INT("seq"), INT("n"), TEXT("code"), TEXT("kind"), TEXT("within"), TEXT("id"),
		       INT("at"), TEXT("author")},
		      8},
	[OWN_PENDING_NEED] =
		{"SELECT need, newcomer_ms FROM approval_rule WHERE class = " RULE_OF_CLASS,
		 {TEXT("rule")},
		 1},
	[OWN_PENDING_ADD] = {"INSERT INTO pending"
			     " (seq, digest, type, class, author, at, expires, need, state)"
			     " SELECT :seq, :digest, :type, :class, :author, :at,"
			     " :at + r.request_ttl_ms, r.need + :extra, 'open'"
			     " FROM approval_rule r WHERE r.class = " RULE_OF_CLASS,
			     {INT("seq"), BLOB("digest"), TEXT("type"), TEXT("class"),
			      TEXT("author"), INT("at"), INT("extra"), TEXT("rule")},
			     8},
	[OWN_PENDING_FIND] = {"SELECT seq, type, class, author, at, expires, need, state"
			      " FROM pending WHERE digest = :digest",
			      {BLOB("digest")},
			      1},
	[OWN_PENDING_CLOSE] = {"UPDATE pending SET state = :state, closed_by = :seq"
			       " WHERE digest = :digest AND state = 'open'",
			       {TEXT("state"), INT("seq"), BLOB("digest")},
			       3},
	[OWN_VOTE_ADD] = {"INSERT INTO vote (pending, seq, voter, natural_id, at, expires, key)"
			  " SELECT q.seq, :seq, p.id, COALESCE(p.natural_id, p.id), :at,"
			  " CASE WHEN :not_after < :at + r.vote_ttl_ms THEN :not_after"
			  " ELSE :at + r.vote_ttl_ms END, :key"
			  " FROM pending q, principal p, approval_rule r"
			  " WHERE q.digest = :digest AND p.id = :voter AND r.class ="
			  " (SELECT s.class FROM approval_rule s WHERE s.class = q.class"
			  " OR s.class = '*' ORDER BY CASE WHEN s.class = '*' THEN 1 ELSE 0 END,"
			  " s.class LIMIT 1)",
			  {INT("seq"), INT("at"), BLOB("digest"), TEXT("voter"), INT("not_after"),
			   BLOB("key")},
			  6},
	[OWN_VOTES] =
		{"SELECT voter, natural_id, at, expires, key FROM vote WHERE pending = :pending"
		 " ORDER BY pending, seq",
		 {INT("pending")},
		 1},
	[OWN_OPENING_ADD] = {"INSERT INTO opening (commitment, salt, value, personal, seq)"
			     " VALUES (:commitment, :salt, :value, :personal, :seq)"
			     " ON CONFLICT DO NOTHING",
			     {BLOB("commitment"), BLOB("salt"), TEXT("value"), INT("personal"),
			      INT("seq")},
			     5},
	[OWN_BLOB_NAME] = {"INSERT INTO blob_name (digest, seq, permission)"
			   " VALUES (:digest, :seq, :permission) ON CONFLICT DO NOTHING",
			   {BLOB("digest"), INT("seq"), TEXT("permission")},
			   3},
	[OWN_BLOB_KEEP] = {"UPDATE stored_blob SET referenced = :seq"
			   " WHERE digest = :digest AND referenced IS NULL",
			   {INT("seq"), BLOB("digest")},
			   2},
	[OWN_REFUSAL_FIND] = {"SELECT first_at FROM refusal WHERE author = :author"
			      " AND type = :type AND code = :code AND kind = :kind"
			      " AND within = :within AND id = :id",
			      {TEXT("author"), TEXT("type"), TEXT("code"), TEXT("kind"),
			       TEXT("within"), TEXT("id")},
			      6},
	[OWN_REFUSAL_COUNT] =
		{"INSERT INTO refusal (author, type, code, kind, within, id,"
		 " first_at, last_at, times)"
		 " VALUES (:author, :type, :code, :kind, :within, :id, :first, :at, 1)"
		 " ON CONFLICT (author, type, code, kind, within, id) DO UPDATE"
		 " SET times = refusal.times + 1, last_at = excluded.last_at,"
		 " first_at = excluded.first_at",
		 {TEXT("author"), TEXT("type"), TEXT("code"), TEXT("kind"), TEXT("within"),
		  TEXT("id"), INT("first"), INT("at")},
		 8},
	[OWN_SPOOL_FIND] = {"SELECT s.counter, r.digest, r.code FROM spool s"
			    " LEFT JOIN spool_refusal r ON r.author = s.author"
			    " AND r.spool = s.spool AND r.counter = :counter"
			    " WHERE s.author = :author AND s.spool = :spool",
			    {INT("counter"), TEXT("author"), TEXT("spool")},
			    3},
	[OWN_SPOOL_GAP] = {"INSERT INTO spool_gap (author, spool, expected, found, seq, at)"
			   " SELECT :author, :spool, t.expected, :counter, :seq, :at"
			   " FROM (SELECT coalesce((SELECT s.counter FROM spool s WHERE"
			   " s.author = :author AND s.spool = :spool), 0) + 1 AS expected) AS t"
			   " WHERE t.expected < :counter ON CONFLICT DO NOTHING",
			   {TEXT("author"), TEXT("spool"), INT("counter"), INT("seq"), INT("at")},
			   5},
	[OWN_SPOOL_SET] = {"INSERT INTO spool (author, spool, counter, since, at)"
			   " VALUES (:author, :spool, :counter, :seq, :at)"
			   " ON CONFLICT (author, spool) DO UPDATE SET counter = excluded.counter,"
			   " since = excluded.since, at = excluded.at"
			   " WHERE spool.counter < excluded.counter",
			   {TEXT("author"), TEXT("spool"), INT("counter"), INT("seq"), INT("at")},
			   5},
};

err rulebook_open(const struct registry *registry, struct db *db, struct rulebook *out,
		  struct fault *f)
{
	*out = (struct rulebook){.db = db, .rules_n = registry->rules_n};
	out->rules = calloc(registry->rules_n + 1, sizeof(struct statement *));
	if (out->rules == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < registry->rules_n; i++) {
		const struct rule *rule = registry->rules[i];
		err result = db_prepare(db, rule->sql, rule->parameters, rule->parameters_n,
					&out->rules[i], f);
		if (result.code != OK) {
			fault_add(f, "sql", rule->sql);
			return result;
		}
	}
	for (size_t i = 0; i < OWN_N; i++)
		TRY(db_prepare(db, OWN[i].sql, OWN[i].parameters, OWN[i].n, &out->own[i], f));
	return policy_open(registry, db, &out->policy, f);
}

void rulebook_close(struct rulebook *b)
{
	for (size_t i = 0; b->rules != NULL && i < b->rules_n; i++)
		statement_close(b->rules[i]);
	for (size_t i = 0; i < OWN_N; i++)
		statement_close(b->own[i]);
	policy_close(&b->policy);
	free(b->rules);
	*b = (struct rulebook){0};
}
