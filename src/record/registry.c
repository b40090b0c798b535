/* SPDX-License-Identifier: Apache-2.0 */
#include "record/registry.h"

#include "core/sha256.h"
#include "db/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct parameter ENGINE_PARAMETERS[P_ENGINE_N] = {
	[P_SEQ] = {"seq", VALUE_INT},         [P_AT] = {"at", VALUE_INT},
	[P_AUTHOR] = {"author", VALUE_TEXT},  [P_AUTHOR_KEY] = {"author_key", VALUE_BLOB},
	[P_MADE] = {"made", VALUE_INT},       [P_OCCURRED] = {"occurred", VALUE_INT},
	[P_SOURCE] = {"source", VALUE_INT},   [P_DIGEST] = {"digest", VALUE_BLOB},
	[P_FLAGGED] = {"flagged", VALUE_INT},
};

const struct parameter CONTROL_PARAMETERS[CP_N] = {
	[CP_KIND] = {"kind", VALUE_TEXT}, [CP_WITHIN] = {"within", VALUE_TEXT},
	[CP_ID] = {"id", VALUE_TEXT},     [CP_AUTHOR] = {"author", VALUE_TEXT},
	[CP_AT] = {"at", VALUE_INT},
};

static const struct {
	const char *name;
	enum value_kind value;
} KINDS[] = {
	[FIELD_ID] = {"id", VALUE_TEXT},          [FIELD_HASH] = {"hash", VALUE_BLOB},
	[FIELD_INSTANT] = {"instant", VALUE_INT}, [FIELD_NUMBER] = {"number", VALUE_INT},
	[FIELD_BOOL] = {"bool", VALUE_INT},       [FIELD_TEXT] = {"text", VALUE_TEXT},
	[FIELD_BLOB] = {"blob", VALUE_BLOB},      [FIELD_COMMITMENT] = {"commitment", VALUE_BLOB},
	[FIELD_LIST] = {"list", VALUE_BLOB},
};

size_t fields_count(const struct field *fields)
{
	size_t n = 0;

	while (fields != NULL && fields[n].name != NULL)
		n++;
	return n;
}

bool field_is_commitment(const struct field *field)
{
	return field->kind == FIELD_COMMITMENT;
}

enum value_kind field_value_kind(enum field_kind kind)
{
	return KINDS[kind].value;
}

const char *field_kind_name(enum field_kind kind)
{
	return KINDS[kind].name;
}

static err bad(struct fault *f, const char *what, const char *detail)
{
	return fail(f, "REGISTRY_BAD", "what", what, "detail", detail, NULL);
}

static bool name_is_reserved(const char *name)
{
	for (size_t i = 0; i < P_ENGINE_N; i++)
		if (strcmp(name, ENGINE_PARAMETERS[i].name) == 0)
			return true;
	return strcmp(name, "i") == 0;
}

static err add_parameter(struct compiled_type *t, const char *name, enum value_kind kind,
			 struct fault *f)
{
	if (t->parameters_n == PARAMETERS_MAX)
		return bad(f, t->type->name, "too many fields");
	for (size_t i = 0; i < t->parameters_n; i++)
		if (strcmp(t->parameters[i].name, name) == 0)
			return bad(f, t->type->name, "two fields or outputs share a name");
	t->parameters[t->parameters_n++] = (struct parameter){name, kind};
	return ERR_OK;
}

static err check_field(const struct record_type *type, const struct field *field, bool in_list,
		       struct fault *f)
{
	if (name_is_reserved(field->name))
		return bad(f, type->name, "a field has a reserved name");
	if (field->help == NULL || field->help[0] == '\0')
		return bad(f, type->name, "a field has no help text");
	if (field->kind == FIELD_LIST) {
		size_t n = fields_count(field->sub);
		if (in_list || n == 0 || n > FIELDS_MAX || field->most < 1)
			return bad(f, type->name, "a list is one level deep, of 1 to 24 fields");
		for (size_t i = 0; i < n; i++)
			TRY(check_field(type, &field->sub[i], true, f));
	}
	if ((field->flags & STORED) != 0 && (field->kind != FIELD_HASH || in_list))
		return bad(f, type->name, "only a digest outside a list names a blob");
	bool erasable = (field->flags & (CONFIDENTIAL | PERSONAL)) != 0;
	if (erasable != (field->kind == FIELD_COMMITMENT))
		return bad(f, type->name, "confidential and personal fields are commitments");
	return ERR_OK;
}

/* Parameters: fields, counts of lists, outputs, the engine's own. */
static err compile_parameters(struct registry *r, struct compiled_type *t, struct fault *f)
{
	const struct record_type *type = t->type;

	t->fields_n = fields_count(type->fields);
	t->outputs_n = fields_count(type->outputs);
	if (t->fields_n > FIELDS_MAX || t->outputs_n > ENTRY_OUTPUTS_MAX)
		return bad(f, type->name, "too many fields");
	for (size_t i = 0; i < t->fields_n; i++) {
		TRY(check_field(type, &type->fields[i], false, f));
		TRY(add_parameter(t, type->fields[i].name, KINDS[type->fields[i].kind].value, f));
		t->names_blobs = t->names_blobs || (type->fields[i].flags & STORED) != 0;
	}
	t->counts_at = t->parameters_n;
	for (size_t i = 0; i < t->fields_n; i++) {
		if (type->fields[i].kind != FIELD_LIST)
			continue;
		char *name = arena_printf(&r->arena, "%s.count", type->fields[i].name);
		if (name == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		TRY(add_parameter(t, name, VALUE_INT, f));
	}
	t->outputs_at = t->parameters_n;
	for (size_t i = 0; i < t->outputs_n; i++)
		TRY(add_parameter(t, type->outputs[i].name, KINDS[type->outputs[i].kind].value, f));
	t->engine_at = t->parameters_n;
	for (size_t i = 0; i < P_ENGINE_N; i++)
		TRY(add_parameter(t, ENGINE_PARAMETERS[i].name, ENGINE_PARAMETERS[i].kind, f));
	return ERR_OK;
}

static bool subject_field_fits(const struct record_type *type, const char *name, unsigned flags)
{
	for (const struct field *field = type->fields; name != NULL && field->name != NULL; field++)
		if (strcmp(field->name, name) == 0)
			return (field->flags & flags) == flags &&
			       (field->kind == FIELD_ID || field->kind == FIELD_HASH ||
				field->kind == FIELD_NUMBER);
	return name == NULL;
}

static err check_row(const struct record_type *type, struct fault *f)
{
	const char *dot = strchr(type->name, '.');

	if (dot == NULL || dot == type->name || dot[1] == '\0' || strlen(type->name) > ID_SIZE_MAX)
		return bad(f, type->name, "a type's name is `thing.happened`");
	if (type->version < 1 || type->size == 0 || type->fields == NULL || type->nature == 0 ||
	    type->origin == 0 || type->help == NULL)
		return bad(f, type->name, "the row is incomplete");
	if (type->permission == NULL && (type->flags & SYSTEM) == 0)
		return bad(f, type->name, "the row names no permission");
	if ((type->approval != NULL || type->gate != NULL) && type->nature != DECISION)
		return bad(f, type->name, "only a decision waits for approval or passes a gate");
	if ((type->check != NULL) != (type->outputs != NULL))
		return bad(f, type->name, "a check has outputs, and outputs come from a check");
	const struct subject_rule *subject = &type->subject;
	bool named = subject->kind != NULL && subject->kind[0] == ':';
	if (subject->kind != NULL &&
	    (!subject_field_fits(type, subject->within, named ? OPTIONAL : REQUIRED) ||
	     !subject_field_fits(type, subject->id, REQUIRED) ||
	     (named && !subject_field_fits(type, subject->kind + 1, REQUIRED))))
		return bad(f, type->name, "the subject names no required id, hash or number field");
	return ERR_OK;
}

static int order_types(const void *a, const void *b)
{
	const struct compiled_type *x = a, *y = b;

	return strcmp(x->type->name, y->type->name);
}

static int order_views(const void *a, const void *b)
{
	const struct view *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static err compile_types(struct registry *r, const struct area *const *areas, struct fault *f)
{
	size_t n = 0;

	for (size_t i = 0; areas[i] != NULL; i++)
		for (const struct record_type *t = areas[i]->types; t->name != NULL; t++)
			n++;
	r->types = arena_array(&r->arena, n, sizeof *r->types);
	if (r->types == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; areas[i] != NULL; i++) {
		for (const struct record_type *t = areas[i]->types; t->name != NULL; t++) {
			struct compiled_type *compiled = &r->types[r->types_n++];
			compiled->type = t;
			compiled->area = areas[i];
			TRY(check_row(t, f));
			TRY(compile_parameters(r, compiled, f));
		}
	}
	qsort(r->types, r->types_n, sizeof *r->types, order_types);
	for (size_t i = 1; i < r->types_n; i++)
		if (order_types(&r->types[i - 1], &r->types[i]) == 0)
			return bad(f, r->types[i].type->name, "two areas define this type");
	return ERR_OK;
}

static struct compiled_type *find_type(struct registry *r, const char *name)
{
	struct record_type wanted = {.name = name};
	struct compiled_type key = {.type = &wanted};

	return bsearch(&key, r->types, r->types_n, sizeof *r->types, order_types);
}

const struct compiled_type *registry_type(const struct registry *r, struct bytes name)
{
	size_t low = 0, high = r->types_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = bytes_compare(bytes_text(r->types[middle].type->name), name);
		if (order == 0)
			return &r->types[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct view *registry_view(const struct registry *r, struct bytes name)
{
	for (size_t i = 0; i < r->views_n; i++)
		if (bytes_equal(bytes_text(r->views[i].name), name))
			return &r->views[i];
	return NULL;
}

/* `fold … each LIST`: the type's parameters, then the element's members, then :i. */
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
		all[t->parameters_n + i].kind = KINDS[member->kind].value;
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
	return bad(f, t->type->name, "a fold runs each of a list that the type does not have");
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

static err compile_type_rule(struct registry *r, const struct section *s, struct fault *f)
{
	struct compiled_type *t = find_type(r, s->words[0]);
	struct rule *rule = arena_alloc(&r->arena, sizeof *rule);

	if (t == NULL)
		return bad(f, s->words[0], "SQL speaks of a type that no row defines");
	if (rule == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*rule = (struct rule){.kind = s->kind,
			      .sql = s->sql,
			      .parameters = t->parameters,
			      .parameters_n = t->parameters_n};
	if (s->kind == SECTION_FOLD && s->words_n == 3) {
		TRY(find_list(t, s->words[2], rule, f));
		TRY(each_parameters(r, t, rule, f));
	}
	if (s->kind != SECTION_FOLD) {
		rule->code = s->words[1];
		TRY(check_code(t, rule->code, f));
	}
	if (s->kind == SECTION_REFUSE && t->type->nature != DECISION)
		return bad(f, s->words[0], "an event is not refused: use a flag");
	size_t *n = s->kind == SECTION_REFUSE ? &t->refuse_n
		    : s->kind == SECTION_FLAG ? &t->flag_n
					      : &t->fold_n;
	struct rule **list = s->kind == SECTION_REFUSE ? t->refuse
			     : s->kind == SECTION_FLAG ? t->flag
						       : t->fold;
	if (*n == RULES_MAX)
		return bad(f, s->words[0], "too many rules");
	list[(*n)++] = rule;
	if (s->kind == SECTION_FOLD && sql_touches_access(s->sql))
		t->touches_access = true;
	keep_rule(r, rule);
	return ERR_OK;
}

/* A scope section may serve several types: each gets its own statement, as parameters differ. */
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
			return bad(f, t->type->name, "two scope sections have this name");
		t->scope = rule;
		keep_rule(r, rule);
		used = true;
	}
	return used ? ERR_OK : bad(f, s->words[0], "no type uses this scope section");
}

static err compile_control(struct registry *r, const struct section *s, struct fault *f)
{
	struct control *control = &r->controls[r->controls_n++];

	control->id = s->words[0];
	control->gate = s->words[1] + strlen("gate:");
	control->rule = (struct rule){.kind = SECTION_CONTROL,
				      .code = s->words[0],
				      .sql = s->sql,
				      .parameters = CONTROL_PARAMETERS,
				      .parameters_n = CP_N};
	keep_rule(r, &control->rule);
	(void)f;
	return ERR_OK;
}

static err view_parameter(struct registry *r, struct view *view, const char *word, struct fault *f)
{
	const char *colon = strchr(word, ':');
	size_t i = view->parameters_n;

	if (colon == NULL || i == VIEW_PARAMETERS_MAX)
		return bad(f, view->name, "a view's parameters are at most 8 of name:kind");
	for (int kind = FIELD_ID; kind <= FIELD_TEXT; kind++) {
		if (strcmp(colon + 1, KINDS[kind].name) != 0)
			continue;
		view->parameters[i].name =
			arena_text(&r->arena, bytes_of(word, (size_t)(colon - word)));
		view->parameters[i].kind = KINDS[kind].value;
		view->kinds[i] = (enum field_kind)kind;
		view->parameters_n++;
		return view->parameters[i].name == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : ERR_OK;
	}
	return bad(f, view->name, "a view's parameter has an unknown kind");
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
		else
			TRY(view_parameter(r, view, s->words[i], f));
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
		return bad(f, s->words[0], "the table's key is too long");
	keys[written.n] = '\0';
	char *kept = arena_text(&r->arena, bytes_text(keys));
	if (kept == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	return table_parse(&r->arena, s->words[0], kept, bytes_text(s->sql),
			   &r->tables[r->tables_n++], f);
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
		return compile_type_rule(r, s, f);
	case SECTION_CONTROL:
		return compile_control(r, s, f);
	case SECTION_VIEW:
		return compile_view(r, area, s, f);
	}
	return bad(f, area->name, "unknown section");
}

static err compile_sections(struct registry *r, const struct area *area, struct sha256 *digest,
			    struct fault *f)
{
	struct section *sections;
	size_t n;

	TRY(sections_split(&r->arena, area->name, bytes_text(area->sql), &sections, &n, f));
	for (size_t i = 0; i < n; i++) {
		TRY(compile_section(r, area, &sections[i], f));
		if (sections[i].kind != SECTION_FOLD && sections[i].kind != SECTION_TABLE)
			continue;
		for (size_t word = 0; word < sections[i].words_n; word++)
			sha256_update(digest, bytes_of(sections[i].words[word],
						       strlen(sections[i].words[word]) + 1));
		sha256_update(digest, bytes_of(sections[i].sql, strlen(sections[i].sql) + 1));
	}
	return ERR_OK;
}

static err make_room(struct registry *r, const struct area *const *areas, struct fault *f)
{
	size_t areas_n = 0;

	while (areas[areas_n] != NULL)
		areas_n++;
	/* A section makes one thing; a scope section one rule for each type that uses it. */
	size_t most = areas_n * SECTIONS_MAX;
	r->rules = arena_array(&r->arena, most + r->types_n, sizeof(struct rule *));
	r->controls = arena_array(&r->arena, most, sizeof *r->controls);
	r->views = arena_array(&r->arena, most, sizeof *r->views);
	r->tables = arena_array(&r->arena, most, sizeof(struct table *));
	if (r->rules == NULL || r->controls == NULL || r->views == NULL || r->tables == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	return ERR_OK;
}

static err check_scopes(const struct registry *r, struct fault *f)
{
	for (size_t i = 0; i < r->types_n; i++)
		if (r->types[i].type->scope != NULL && r->types[i].scope == NULL)
			return bad(f, r->types[i].type->name, "its scope section is missing");
	for (size_t i = 1; i < r->views_n; i++)
		if (order_views(&r->views[i - 1], &r->views[i]) == 0)
			return bad(f, r->views[i].name, "two views have this name");
	return ERR_OK;
}

static err fill(struct registry *r, const struct area *const *areas, struct fault *f)
{
	struct sha256 digest;

	sha256_init(&digest);
	TRY(compile_types(r, areas, f));
	TRY(make_room(r, areas, f));
	for (size_t i = 0; areas[i] != NULL; i++)
		TRY(compile_sections(r, areas[i], &digest, f));
	r->folds = sha256_final(&digest);
	qsort(r->views, r->views_n, sizeof *r->views, order_views);
	return check_scopes(r, f);
}

err registry_make(const struct area *const *areas, struct registry **out, struct fault *f)
{
	struct registry *r = calloc(1, sizeof *r);

	if (r == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	r->arena.limit = 64u << 20;
	err result = fill(r, areas, f);
	if (result.code != OK) {
		registry_free(r);
		return result;
	}
	*out = r;
	return ERR_OK;
}

void registry_free(struct registry *r)
{
	if (r == NULL)
		return;
	arena_done(&r->arena);
	free(r);
}
