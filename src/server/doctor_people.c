/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_people.c — whether the evidence log still has the charter's people, and asks for as many
 * votes: whom one of the two does not know decides nothing. */
#include "record/record.h"
#include "record/registry.h"
#include "server/doctor.h"

#include <stdio.h>
#include <string.h>

struct asking {
	json_t *checks;
	struct reader_session *reader;
	const struct registry *registry;
	const struct charter *charter;
	uint64_t now_ms;
	struct arena *arena;
	struct fault *fault;
	size_t found;     /* by a statement, or what is not well */
	const char *last; /* who was named */
	json_t *needs;    /* votes by class, as the evidence log says */
};

static err ask(struct asking *x, const char *sql, const struct parameter *parameters, size_t n,
	       const struct value *values, db_row *row)
{
	struct db *db = reader_db(x->reader);
	struct statement *s;

	TRY(db_prepare(db, sql, parameters, n, &s, x->fault));
	err result = db_query(db, s, values, row, x, NULL, x->fault);
	statement_close(s);
	return result;
}

/* ---- keys ---- */

static err count_row(void *context, const struct value *columns, size_t n)
{
	struct asking *x = context;

	(void)columns;
	(void)n;
	x->found++;
	return ERR_OK;
}

static err check_key(struct asking *x, const struct charter_key *key, size_t *unknown)
{
	static const struct parameter P[] = {{"key", VALUE_BLOB}, {"person", VALUE_TEXT}};
	struct bytes person = x->charter->persons[key->person].id;
	struct value values[] = {value_blob(hash_bytes(&key->id)), value_text(person)};
	const char *name = arena_text(x->arena, person);

	x->found = 0;
	TRY(ask(x,
		"SELECT key FROM principal_key WHERE key = :key AND principal = :person"
		" AND until IS NULL",
		P, 2, values, count_row));
	if (x->found > 0)
		return ERR_OK;
	++*unknown;
	check_say(x->checks, CHECK_WARN, "DOCTOR_CHARTER_KEY_UNKNOWN", "person",
		  name == NULL ? "" : name, NULL);
	return ERR_OK;
}

static err check_keys(struct asking *x)
{
	size_t unknown = 0;

	for (size_t i = 0; i < x->charter->keys_n; i++)
		TRY(check_key(x, &x->charter->keys[i], &unknown));
	if (unknown == 0)
		check_say(x->checks, CHECK_OK, "DOCTOR_CHARTER_KEYS", NULL);
	return ERR_OK;
}

/* ---- who left ---- */

static bool is_in_charter(const struct charter *c, struct bytes person)
{
	for (size_t i = 0; i < c->persons_n; i++)
		if (bytes_equal(c->persons[i].id, person))
			return true;
	/* Who keeps the recovery set is enrolled to sign charters, and stays so. */
	for (size_t i = 0; i < c->recovery_n; i++)
		if (bytes_equal(c->recovery[i].keeper, person))
			return true;
	return false;
}

/* Whose vote the server would count and the signer would not: somebody who left and kept a role. */
static err left_row(void *context, const struct value *columns, size_t n)
{
	struct asking *x = context;
	const char *name = arena_text(x->arena, columns[0].bytes);

	(void)n;
	/* One row a grant, in the order of persons. */
	if (name == NULL || is_in_charter(x->charter, columns[0].bytes) ||
	    (x->last != NULL && strcmp(x->last, name) == 0))
		return ERR_OK;
	x->last = name;
	check_say(x->checks, CHECK_WARN, "DOCTOR_CHARTER_LEFT", "person", name, NULL);
	return ERR_OK;
}

static err check_left(struct asking *x)
{
	const struct view *view = registry_view(x->registry, bytes_text("access.could_have"));
	struct value values[VIEW_PARAMETERS_MAX];

	for (size_t i = 0; i < view->parameters_n; i++) {
		const char *name = view->parameters[i].name;
		values[i] = strcmp(name, "permission") == 0
				    ? value_text(bytes_text("charter.approve"))
			    : strcmp(name, "when") == 0 ? value_int((int64_t)x->now_ms)
							: value_null;
	}
	return ask(x, view->sql, view->parameters, view->parameters_n, values, left_row);
}

/* ---- how many votes ---- */

static err need_row(void *context, const struct value *columns, size_t n)
{
	struct asking *x = context;
	const char *name = arena_text(x->arena, columns[0].bytes);

	(void)n;
	if (name != NULL)
		json_object_set_new(x->needs, name, json_integer(columns[1].number));
	return ERR_OK;
}

/* Nothing of a succession passes the server. */
static void check_need(struct asking *x, const char *class_name, const json_t *server)
{
	const struct charter_rule *rule = charter_rule_find(x->charter, bytes_text(class_name));
	json_int_t need = json_integer_value(server);

	if (rule == NULL || server == NULL || need == (json_int_t)rule->need ||
	    strcmp(class_name, "succession") == 0)
		return;
	x->found++;
	check_say(x->checks, need > rule->need ? CHECK_OK : CHECK_WARN, "DOCTOR_NEED_DIFFERS",
		  "class", class_name, "server", check_number(need).text, "signer",
		  check_number(rule->need).text, NULL);
}

static err check_needs(struct asking *x)
{
	const char *name;
	json_t *need;

	TRY(ask(x, "SELECT class, need FROM approval_rule ORDER BY class", NULL, 0, NULL,
		need_row));
	x->found = 0;
	json_object_foreach(x->needs, name, need)
	{
		check_need(x, name, need);
	}
	/* What the charter names and the server has by its rule for every other class. */
	for (size_t i = 0; i < x->charter->rules_n; i++) {
		name = arena_text(x->arena, x->charter->rules[i].name);
		if (name != NULL && json_object_get(x->needs, name) == NULL)
			check_need(x, name, json_object_get(x->needs, "*"));
	}
	if (x->found == 0)
		check_say(x->checks, CHECK_OK, "DOCTOR_NEEDS_SAME", NULL);
	return ERR_OK;
}

err check_people(json_t *checks, struct reader_session *reader, const struct registry *registry,
		 const struct charter *charter, uint64_t now_ms, struct arena *a, struct fault *f)
{
	struct asking x = {.checks = checks,
			   .reader = reader,
			   .registry = registry,
			   .charter = charter,
			   .now_ms = now_ms,
			   .arena = a,
			   .fault = f,
			   .needs = json_object()};
	err result = check_keys(&x);

	if (result.code == OK)
		result = check_left(&x);
	if (result.code == OK)
		result = check_needs(&x);
	json_decref(x.needs);
	return result;
}
