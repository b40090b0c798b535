/* SPDX-License-Identifier: Apache-2.0 */
/* registry_sql.c — the sections of an area's .sql file, each held against the types it speaks of. */
#include "record/registry_internal.h"

#include "db/table.h"

#include <string.h>

/* `… each LIST`: the type's parameters, then the element's members, then :i. */
static err each_parameters(struct registry *r, const struct compiled_type *t, struct rule *rule,
			   struct fault *f)
{
	size_t members = fields_count(rule->each->sub);
	struct parameter *all = arena_array(&r->arena, t->parameters_n + members + 1, sizeof *all);

	if (all == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	memcpy(all, t->parameters, t->parameters_n * sizeof *all);
	for (size_t i = 0; i < members; i++) {
		const struct field *member = &rule->each->sub[i];
		all[t->parameters_n + i].name =
			arena_printf(&r->arena, "%s.%s", rule->each->name, member->name);
		all[t->parameters_n + i].kind = field_value_kind(member->kind);
		if (all[t->parameters_n + i].name == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
	}
	all[t->parameters_n + members] = (struct parameter){"i", VALUE_INT};
	rule->parameters = all;
	rule->parameters_n = t->parameters_n + members + 1;
	return ERR_OK;
}

static err find_list(const struct compiled_type *t, const char *name, struct rule *rule,
		     struct fault *f)
{
	for (size_t i = 0; i < t->fields_n; i++) {
		const struct field *field = &t->type->fields[i];
		if (field->kind == FIELD_LIST && strcmp(field->name, name) == 0) {
			rule->each = field;
			rule->each_index = i;
			return ERR_OK;
		}
	}
	return registry_bad(f, t->type->name,
			    "a rule runs each of a list that the type does not have");
}

static void keep_rule(struct registry *r, struct rule *rule)
{
	rule->statement = r->rules_n;
	r->rules[r->rules_n++] = rule;
}

static err check_code(const struct compiled_type *t, const char *code, struct fault *f)
{
	struct fault probe = {0};
	err found = fail(&probe, code, NULL);

	if (strcmp(probe.message, code) != 0 || found.code == OK)
		return fail(f, "REGISTRY_BAD", "what", t->type->name, "detail",
			    "a rule's code is not in the catalog", "code", code, NULL);
	return ERR_OK;
}

/* Whether a fold writes a table that src/access answers from. */
static bool sql_touches_access(const char *sql)
{
	static const char *const tables[] = {"principal", "role_", "approval_rule"};

	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		if (strstr(sql, tables[i]) != NULL)
			return true;
	return false;
}

static err compile_type_rule(struct registry *r, const struct section *s, const char *type,
			     struct fault *f)
{
	struct compiled_type *t = registry_find(r, type);
	struct rule *rule = arena_alloc(&r->arena, sizeof *rule);

	if (t == NULL)
		return registry_bad(f, type, "SQL speaks of a type that no row defines");
	if (rule == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*rule = (struct rule){.kind = s->kind,
			      .sql = s->sql,
			      .parameters = t->parameters,
			      .parameters_n = t->parameters_n};
	if (s->words_n > s->types_n + 1) { /* sections.c: its last two words are `each LIST` */
		TRY(find_list(t, s->words[s->words_n - 1], rule, f));
		TRY(each_parameters(r, t, rule, f));
	}
	if (s->kind != SECTION_FOLD) {
		rule->code = s->words[s->types_n];
		TRY(check_code(t, rule->code, f));
	}
	if (s->kind == SECTION_REFUSE && t->type->nature != DECISION)
		return registry_bad(f, type, "an event is not refused: use a flag");
	size_t *n = s->kind == SECTION_REFUSE ? &t->refuse_n
		    : s->kind == SECTION_FLAG ? &t->flag_n
					      : &t->fold_n;
	struct rule **list = s->kind == SECTION_REFUSE ? t->refuse
			     : s->kind == SECTION_FLAG ? t->flag
						       : t->fold;
	if (*n == RULES_MAX)
		return registry_bad(f, type, "too many rules");
	list[(*n)++] = rule;
	if (s->kind == SECTION_FOLD && sql_touches_access(s->sql))
		t->touches_access = true;
	if (s->kind == SECTION_FOLD && strstr(s->sql, "policy_now") != NULL)
		t->touches_policy = true;
	keep_rule(r, rule);
	return ERR_OK;
}

/* A rule of several types: each gets its own statement, as parameters differ. */
static err compile_rule(struct registry *r, const struct section *s, struct fault *f)
{
	for (size_t i = 0; i < s->types_n; i++)
		TRY(compile_type_rule(r, s, s->words[i], f));
	return ERR_OK;
}

/* A scope section may serve several types, too. */
static err compile_scope(struct registry *r, const struct area *area, const struct section *s,
			 struct fault *f)
{
	bool used = false;

	for (size_t i = 0; i < r->types_n; i++) {
		struct compiled_type *t = &r->types[i];
		if (t->area != area || t->type->scope == NULL ||
		    strcmp(t->type->scope, s->words[0]) != 0)
			continue;
		struct rule *rule = arena_alloc(&r->arena, sizeof *rule);
		if (rule == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		*rule = (struct rule){.kind = SECTION_SCOPE,
				      .sql = s->sql,
				      .parameters = t->parameters,
				      .parameters_n = t->parameters_n};
		if (t->scope != NULL)
			return registry_bad(f, t->type->name, "two scope sections have this name");
		t->scope = rule;
		keep_rule(r, rule);
		used = true;
	}
	return used ? ERR_OK : registry_bad(f, s->words[0], "no type uses this scope section");
}

static enum control_force force_of(const struct section *s)
{
	const char *last = s->words[s->words_n - 1];

	return strcmp(last, "always") == 0                                     ? CONTROL_ALWAYS
	       : strcmp(last, "adopted") == 0 || strcmp(last, "evidence") == 0 ? CONTROL_ADOPTED
									       : CONTROL_BUILT_IN;
}

static void keep_control(struct registry *r, const struct section *s, const char *id,
			 const char *gate)
{
	struct control *control = &r->controls[r->controls_n++];

	control->id = id;
	control->gate = gate + strlen("gate:");
	control->force = force_of(s);
	control->on_evidence = strcmp(s->words[s->words_n - 1], "evidence") == 0;
	control->rule = (struct rule){.kind = SECTION_CONTROL,
				      .code = id,
				      .sql = s->sql,
				      .parameters = CONTROL_PARAMETERS,
				      .parameters_n = CP_N};
	keep_rule(r, &control->rule);
}

static bool is_gate(const char *word)
{
	return strncmp(word, "gate:", strlen("gate:")) == 0;
}

/* Controls that ask the same question of another evidence share its statement: each of them at
 * each gate becomes one of its own. */
static err compile_control(struct registry *r, const struct section *s, struct fault *f)
{
	for (size_t i = 0; i < s->words_n && !is_gate(s->words[i]); i++)
		for (size_t k = i; k < s->words_n; k++) {
			if (!is_gate(s->words[k]))
				continue;
			if (r->controls_n == CONTROLS_MAX)
				return registry_bad(f, s->words[i], "too many controls");
			keep_control(r, s, s->words[i], s->words[k]);
		}
	return ERR_OK;
}

static err compile_policy(struct registry *r, const struct section *s, struct fault *f)
{
	static const char *const names[POLICY_SECTIONS] = {
		[POLICY_REVISION] = "revision", [POLICY_ADOPTED] = "adopted",
		[POLICY_MODE] = "mode",         [POLICY_PASSAGE] = "passage",
		[POLICY_RESULT] = "result",     [POLICY_GLASS] = "glass",
		[POLICY_INSIDE] = "inside",
	};

	if (strcmp(s->words[0], "evidence") == 0 && r->evidence == NULL) {
		r->evidence = s->sql;
		return ERR_OK;
	}
	for (size_t i = 0; i < POLICY_SECTIONS; i++) {
		if (strcmp(s->words[0], names[i]) != 0)
			continue;
		if (r->policy[i] != NULL)
			return registry_bad(f, s->words[0], "two policy sections have this name");
		r->policy[i] = s->sql;
		return ERR_OK;
	}
	return registry_bad(f, s->words[0], "no policy section has this name");
}

static err view_declared(struct registry *r, struct view *view, const char *word, struct fault *f)
{
	const char *equals = strchr(word, '=');
	struct view_column *column = &view->declared[view->declared_n];

	if (view->declared_n == VIEW_DECLARED_MAX)
		return registry_bad(f, view->name, "at most 8 columns of a view are declared");
	column->kind = column_kind_of(equals + 1);
	column->name = arena_text(&r->arena, bytes_of(word, (size_t)(equals - word)));
	if (column->kind == VALUE_NULL)
		return registry_bad(f, view->name, "a column is text, number or bytes");
	view->declared_n++;
	return column->name == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : ERR_OK;
}

/* What the engine asks of every view is none's own parameter. */
static bool is_engines(const char *name)
{
	static const char *const words[] = {"limit", "cursor", "sort", "group"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(name, words[i]) == 0)
			return true;
	return false;
}

static err view_parameter(struct registry *r, struct view *view, const char *word, struct fault *f)
{
	const char *colon = strchr(word, ':');
	size_t i = view->parameters_n;

	if (colon == NULL || i == VIEW_PARAMETERS_MAX)
		return registry_bad(f, view->name,
				    "a view's parameters are at most 8 of name:kind");
	for (int kind = FIELD_ID; kind <= FIELD_TEXT; kind++) {
		if (strcmp(colon + 1, field_kind_name((enum field_kind)kind)) != 0)
			continue;
		view->parameters[i].name =
			arena_text(&r->arena, bytes_of(word, (size_t)(colon - word)));
		if (view->parameters[i].name != NULL && is_engines(view->parameters[i].name))
			return registry_bad(f, view->name,
					    "a parameter has a name of the engine's");
		view->parameters[i].kind = field_value_kind((enum field_kind)kind);
		view->kinds[i] = (enum field_kind)kind;
		view->parameters_n++;
		return view->parameters[i].name == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : ERR_OK;
	}
	return registry_bad(f, view->name, "a view's parameter has an unknown kind");
}

static err compile_view(struct registry *r, const struct area *area, const struct section *s,
			struct fault *f)
{
	struct view *view = &r->views[r->views_n++];

	*view = (struct view){
		.name = s->words[0], .permission = s->words[1], .sql = s->sql, .area = area};
	for (size_t i = 2; i < s->words_n; i++) {
		if (strcmp(s->words[i], "global") == 0)
			view->global = true;
		else if (strchr(s->words[i], '=') != NULL)
			TRY(view_declared(r, view, s->words[i], f));
		else
			TRY(view_parameter(r, view, s->words[i], f));
	}
	return ERR_OK;
}

static const struct table_column *column_of(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->columns_n; i++)
		if (strcmp(t->columns[i].name, name) == 0)
			return &t->columns[i];
	return NULL;
}

/* It counts a table that stands before it, by columns that always say something. */
static err check_tally(const struct registry *r, const struct table *t, struct fault *f)
{
	const struct table *counted = NULL;

	for (size_t i = 0; i + 1 < r->tables_n; i++)
		if (strcmp(r->tables[i]->name, t->tally) == 0)
			counted = r->tables[i];
	if (counted == NULL)
		return registry_bad(f, t->name, "it counts a table that does not stand before it");
	for (size_t i = 0; i < t->keys_n; i++) {
		const struct table_column *key = &t->columns[t->keys[i]];
		const struct table_column *its = column_of(counted, key->name);
		if (its == NULL || its->kind != key->kind || !its->not_null)
			return registry_bad(f, t->name, "it counts by a column that may be absent");
	}
	return ERR_OK;
}

static err compile_table(struct registry *r, const struct section *s, struct fault *f)
{
	char keys[512] = "";
	struct writer w = writer_of(keys, sizeof keys - 1);

	for (size_t i = 2; i < s->words_n; i++) {
		if (i > 2)
			put_text(&w, ", ");
		put_text(&w, s->words[i]);
	}
	struct bytes written;
	if (!writer_done(&w, &written))
		return registry_bad(f, s->words[0], "the table's key is too long");
	keys[written.n] = '\0';
	char *kept = arena_text(&r->arena, bytes_text(keys));
	if (kept == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	struct table **table = &r->tables[r->tables_n++];
	TRY(table_parse(&r->arena, s->words[0], kept, bytes_text(s->sql), table, f));
	return (*table)->tally == NULL ? ERR_OK : check_tally(r, *table, f);
}

static err compile_section(struct registry *r, const struct area *area, const struct section *s,
			   struct fault *f)
{
	switch (s->kind) {
	case SECTION_TABLE:
		return compile_table(r, s, f);
	case SECTION_SCOPE:
		return compile_scope(r, area, s, f);
	case SECTION_REFUSE:
	case SECTION_FLAG:
	case SECTION_FOLD:
		return compile_rule(r, s, f);
	case SECTION_CONTROL:
		return compile_control(r, s, f);
	case SECTION_VIEW:
		return compile_view(r, area, s, f);
	case SECTION_POLICY:
		return compile_policy(r, s, f);
	}
	return registry_bad(f, area->name, "unknown section");
}

err registry_compile_sql(struct registry *r, const struct area *area, struct sha256 *digest,
			 struct fault *f)
{
	struct section *sections;
	size_t n;

	TRY(sections_split(&r->arena, area->name, bytes_text(area->sql), &sections, &n, f));
	for (size_t i = 0; i < n; i++) {
		TRY(compile_section(r, area, &sections[i], f));
		if (sections[i].kind != SECTION_FOLD && sections[i].kind != SECTION_TABLE &&
		    sections[i].kind != SECTION_POLICY)
			continue;
		for (size_t word = 0; word < sections[i].words_n; word++)
			sha256_update(digest, bytes_of(sections[i].words[word],
						       strlen(sections[i].words[word]) + 1));
		sha256_update(digest, bytes_of(sections[i].sql, strlen(sections[i].sql) + 1));
	}
	return ERR_OK;
}
