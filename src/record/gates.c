/* SPDX-License-Identifier: Apache-2.0 */
/* gates.c — asking a gate what it would say, and recording nothing. */
#include "record/readers.h"

#include <string.h>

struct gate_rows {
	struct arena *arena;
	const char *control;
	const struct statement *statement;
	struct control_failure **end;
};

const char *control_text(struct arena *a, const struct statement *s, const struct value *columns,
			 const char *name)
{
	int i = statement_column_index(s, name);

	if (i < 0 || columns[i].kind == VALUE_NULL)
		return "";
	if (columns[i].kind == VALUE_INT)
		return arena_printf(a, "%lld", (long long)columns[i].number);
	return columns[i].kind == VALUE_TEXT ? arena_text(a, columns[i].bytes) : "";
}

static err gate_row(void *context, const struct value *columns, size_t n)
{
	struct gate_rows *rows = context;
	struct control_failure *failure = arena_alloc(rows->arena, sizeof *failure);

	(void)n;
	if (failure == NULL)
		return (err){ERR_MEMORY};
	failure->control = rows->control;
	failure->expected = control_text(rows->arena, rows->statement, columns, "expected");
	failure->found = control_text(rows->arena, rows->statement, columns, "found");
	*rows->end = failure;
	rows->end = &failure->next;
	return ERR_OK;
}

/* One quoted text after another, up to whatever else stands there. */
static bool lists_kind(const char *at, const char *kind)
{
	while (*at == '\'') {
		size_t n = strcspn(++at, "'");
		if (strlen(kind) == n && memcmp(at, kind, n) == 0)
			return true;
		at += n;
		at += *at == '\'' ? 1 + strspn(at + 1, ", ") : 0;
	}
	return false;
}

/* A control says in its SQL which kinds it is about: `:kind = 'unit'`, `:kind IN ('unit', …)`. One
 * that does not look at the kind is about all. */
static bool control_judges(const struct control *control, const char *kind)
{
	static const char *const forms[] = {":kind = ", ":kind IN ("};
	const char *sql = control->rule.sql;

	if (strstr(sql, ":kind") == NULL)
		return true;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		for (const char *at = sql; (at = strstr(at, forms[i])) != NULL;) {
			at += strlen(forms[i]);
			if (lists_kind(at, kind))
				return true;
		}
	return false;
}

/* A gate is for the kinds that its own controls name: what a policy adds looks at these, and at other
 * things only where a gate has nothing else. */
static bool gate_has_built_in(const struct registry *r, const char *gate)
{
	for (size_t i = 0; i < r->controls_n; i++)
		if (strcmp(r->controls[i].gate, gate) == 0 &&
		    r->controls[i].force != CONTROL_ADOPTED)
			return true;
	return false;
}

static err ask_controls(struct reader_session *r, struct arena *a, const char *gate,
			const struct value *common, const char *kind, struct control_failure **out,
			struct fault *f)
{
	const struct registry *registry = r->engine->registry;
	struct gate_rows rows = {.arena = a, .end = out};
	bool known = false, judged = false, built_in = gate_has_built_in(registry, gate);

	for (size_t i = 0; i < registry->controls_n; i++) {
		const struct control *control = &registry->controls[i];
		if (strcmp(control->gate, gate) != 0)
			continue;
		known = true;
		if (!policy_asks(&r->policy, i, gate))
			continue;
		if (!built_in || control->force != CONTROL_ADOPTED)
			judged = judged || control_judges(control, kind);
		struct value *values = control_values(a, common, control->id);
		if (values == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		rows.control = control->id;
		rows.statement = r->controls[i];
		TRY(db_query(r->db, r->controls[i], values, gate_row, &rows, NULL, f));
	}
	if (!known)
		return fail_field(f, "gate", "GATE_UNKNOWN", "gate", gate, NULL);
	/* Nothing failed, for nothing was looked at: that is no pass. */
	return judged ? ERR_OK
		      : fail_field(f, "subject", "GATE_NOT_FOR_KIND", "gate", gate, "kind", kind,
				   NULL);
}

err gate_ask_all(struct engine *e, struct reader_session *r, struct arena *a,
		 const struct caller *caller, const char *gate, const char *kind,
		 const char *within, const char *id, struct control_failure **out,
		 struct control_failure **let_pass, struct fault *f)
{
	struct value common[CP_N] = {0};
	struct two_clocks clocks;
	struct engine_state state;

	*out = NULL;
	*let_pass = NULL;
	engine_clocks(e, &clocks);
	engine_state_read(e, &state);
	TRY(policy_know(&r->policy, f));
	common[CP_KIND] = value_text(bytes_text(kind));
	common[CP_WITHIN] = value_text(bytes_text(within));
	common[CP_ID] = value_text(bytes_text(id));
	common[CP_AUTHOR] = value_text(bytes_text(caller->principal));
	common[CP_AT] = value_u64(clocks_stamp(&clocks, state.last_at));
	TRY(ask_controls(r, a, gate, common, kind, out, f));
	return policy_weigh(&r->policy, gate, common, out, let_pass, f);
}

err gate_ask(struct engine *e, struct reader_session *r, struct arena *a,
	     const struct caller *caller, const char *gate, const char *kind, const char *within,
	     const char *id, struct control_failure **out, struct fault *f)
{
	struct control_failure *let_pass;

	return gate_ask_all(e, r, a, caller, gate, kind, within, id, out, &let_pass, f);
}
