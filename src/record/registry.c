/* SPDX-License-Identifier: Apache-2.0 */
#include "record/registry_internal.h"

#include "core/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct parameter ENGINE_PARAMETERS[P_ENGINE_N] = {
	[P_TYPE] = {"record_type", VALUE_TEXT},
	[P_SEQ] = {"seq", VALUE_INT},
	[P_AT] = {"at", VALUE_INT},
	[P_AUTHOR] = {"author", VALUE_TEXT},
	[P_AUTHOR_KEY] = {"author_key", VALUE_BLOB},
	[P_MADE] = {"made", VALUE_INT},
	[P_OCCURRED] = {"occurred", VALUE_INT},
	[P_SOURCE] = {"source", VALUE_INT},
	[P_DIGEST] = {"digest", VALUE_BLOB},
	[P_FLAGGED] = {"flagged", VALUE_INT},
	[P_SPOOL] = {"spool", VALUE_TEXT},
	[P_SPOOL_COUNTER] = {"spool_counter", VALUE_INT},
};

const struct parameter CONTROL_PARAMETERS[CP_N] = {
	[CP_KIND] = {"kind", VALUE_TEXT}, [CP_WITHIN] = {"within", VALUE_TEXT},
	[CP_ID] = {"id", VALUE_TEXT},     [CP_AUTHOR] = {"author", VALUE_TEXT},
	[CP_AT] = {"at", VALUE_INT},      [CP_CONTROL] = {"control", VALUE_TEXT},
};

const struct parameter POLICY_PARAMETERS[PP_N] = {
	[PP_KIND] = {"kind", VALUE_TEXT},
	[PP_WITHIN] = {"within", VALUE_TEXT},
	[PP_ID] = {"id", VALUE_TEXT},
	[PP_AUTHOR] = {"author", VALUE_TEXT},
	[PP_AT] = {"at", VALUE_INT},
	[PP_GATE] = {"gate", VALUE_TEXT},
	[PP_CONTROL] = {"control", VALUE_TEXT},
	[PP_SEQ] = {"seq", VALUE_INT},
	[PP_RESULT] = {"result", VALUE_TEXT},
	[PP_POLICY] = {"policy", VALUE_INT},
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

err registry_bad(struct fault *f, const char *what, const char *detail)
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
		return registry_bad(f, t->type->name, "too many fields");
	for (size_t i = 0; i < t->parameters_n; i++)
		if (strcmp(t->parameters[i].name, name) == 0)
			return registry_bad(f, t->type->name, "two fields or outputs share a name");
	t->parameters[t->parameters_n++] = (struct parameter){name, kind};
	return ERR_OK;
}

static err check_field(const struct record_type *type, const struct field *field, bool in_list,
		       struct fault *f)
{
	if (name_is_reserved(field->name))
		return registry_bad(f, type->name, "a field has a reserved name");
	if (field->help == NULL || field->help[0] == '\0')
		return registry_bad(f, type->name, "a field has no help text");
	if (field->kind == FIELD_LIST) {
		size_t n = fields_count(field->sub);
		if (in_list || n == 0 || n > FIELDS_MAX || field->most < 1)
			return registry_bad(f, type->name,
					    "a list is one level deep, of 1 to 24 fields");
		for (size_t i = 0; i < n; i++)
			TRY(check_field(type, &field->sub[i], true, f));
	}
	if ((field->flags & STORED) != 0 && (field->kind != FIELD_HASH || in_list))
		return registry_bad(f, type->name, "only a digest outside a list names a blob");
	bool erasable = (field->flags & (CONFIDENTIAL | PERSONAL)) != 0;
	if (erasable != (field->kind == FIELD_COMMITMENT))
		return registry_bad(f, type->name,
				    "confidential and personal fields are commitments");
	return ERR_OK;
}

/* Parameters: fields, counts of lists, outputs, the engine's own. */
static err compile_parameters(struct registry *r, struct compiled_type *t, struct fault *f)
{
	const struct record_type *type = t->type;

	t->fields_n = fields_count(type->fields);
	t->outputs_n = fields_count(type->outputs);
	if (t->fields_n > FIELDS_MAX || t->outputs_n > ENTRY_OUTPUTS_MAX)
		return registry_bad(f, type->name, "too many fields");
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
		return registry_bad(f, type->name, "a type's name is `thing.happened`");
	if (type->version < 1 || type->size == 0 || type->fields == NULL || type->nature == 0 ||
	    type->origin == 0 || type->help == NULL)
		return registry_bad(f, type->name, "the row is incomplete");
	if (type->permission == NULL && (type->flags & SYSTEM) == 0)
		return registry_bad(f, type->name, "the row names no permission");
	if ((type->approval != NULL || type->gate != NULL) && type->nature != DECISION)
		return registry_bad(f, type->name,
				    "only a decision waits for approval or passes a gate");
	if ((type->flags & REPORT) != 0 && type->nature != EVENT)
		return registry_bad(f, type->name, "only an event is kept as an unverified report");
	if ((type->check != NULL) != (type->outputs != NULL))
		return registry_bad(f, type->name,
				    "a check has outputs, and outputs come from a check");
	const struct subject_rule *subject = &type->subject;
	bool named = subject->kind != NULL && subject->kind[0] == ':';
	if (subject->kind != NULL &&
	    (!subject_field_fits(type, subject->within, named ? OPTIONAL : REQUIRED) ||
	     !subject_field_fits(type, subject->id, REQUIRED) ||
	     (named && !subject_field_fits(type, subject->kind + 1, REQUIRED))))
		return registry_bad(f, type->name,
				    "the subject names no required id, hash or number field");
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
			return registry_bad(f, r->types[i].type->name,
					    "two areas define this type");
	return ERR_OK;
}

struct compiled_type *registry_find(struct registry *r, const char *name)
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

static err make_room(struct registry *r, const struct area *const *areas, struct fault *f)
{
	size_t areas_n = 0;

	while (areas[areas_n] != NULL)
		areas_n++;
	/* A section makes one view or table; of rules a type has so many of each kind, and a scope. */
	size_t most = areas_n * SECTIONS_MAX;
	r->rules = arena_array(&r->arena, r->types_n * (3 * RULES_MAX + 1) + CONTROLS_MAX,
			       sizeof(struct rule *));
	r->controls = arena_array(&r->arena, CONTROLS_MAX, sizeof *r->controls);
	r->views = arena_array(&r->arena, most, sizeof *r->views);
	r->tables = arena_array(&r->arena, most, sizeof(struct table *));
	if (r->rules == NULL || r->controls == NULL || r->views == NULL || r->tables == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	return ERR_OK;
}

/* One control may guard several gates, and look at a gate with several statements, of several
 * areas: then all of them judge alike. A witness has room for so many controls of a gate. */
static err check_controls(const struct registry *r, struct fault *f)
{
	for (size_t i = 0; i < r->controls_n; i++) {
		size_t same_gate = 0;
		for (size_t k = 0; k < r->controls_n; k++) {
			bool same_id = strcmp(r->controls[i].id, r->controls[k].id) == 0;
			if (same_id && r->controls[i].force != r->controls[k].force)
				return registry_bad(f, r->controls[i].id,
						    "the control judges in two ways");
			same_gate += strcmp(r->controls[i].gate, r->controls[k].gate) == 0;
		}
		if (same_gate > ENTRY_CONTROLS_MAX)
			return registry_bad(f, r->controls[i].gate,
					    "the gate has too many controls");
	}
	return ERR_OK;
}

/* Half a policy would let things pass that the other half stops. */
static err check_policy(struct registry *r, struct fault *f)
{
	size_t n = 0;

	for (size_t i = 0; i < POLICY_SECTIONS; i++)
		n += r->policy[i] != NULL;
	if (n != 0 && n != POLICY_SECTIONS)
		return registry_bad(f, "policy", "some of its sections are missing");
	r->has_policy = n != 0;
	return ERR_OK;
}

/* What needs evidence, each control says; what evidence must say, is said once. */
static err join_evidence(struct registry *r, struct fault *f)
{
	for (size_t i = 0; i < r->controls_n; i++) {
		struct control *control = &r->controls[i];

		if (!control->on_evidence)
			continue;
		if (r->evidence == NULL)
			return registry_bad(f, control->id,
					    "no section `policy evidence` is there");
		control->rule.sql =
			arena_printf(&r->arena, "WITH need (kind, within, id) AS (\n%s\n)\n%s",
				     control->rule.sql, r->evidence);
		if (control->rule.sql == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
	}
	return ERR_OK;
}

static err check_scopes(const struct registry *r, struct fault *f)
{
	for (size_t i = 0; i < r->types_n; i++)
		if (r->types[i].type->scope != NULL && r->types[i].scope == NULL)
			return registry_bad(f, r->types[i].type->name,
					    "its scope section is missing");
	for (size_t i = 1; i < r->views_n; i++)
		if (order_views(&r->views[i - 1], &r->views[i]) == 0)
			return registry_bad(f, r->views[i].name, "two views have this name");
	return ERR_OK;
}

static err fill(struct registry *r, const struct area *const *areas, struct fault *f)
{
	struct sha256 digest;

	sha256_init(&digest);
	TRY(compile_types(r, areas, f));
	TRY(make_room(r, areas, f));
	for (size_t i = 0; areas[i] != NULL; i++)
		TRY(registry_compile_sql(r, areas[i], &digest, f));
	r->folds = sha256_final(&digest);
	qsort(r->views, r->views_n, sizeof *r->views, order_views);
	TRY(check_controls(r, f));
	TRY(check_policy(r, f));
	TRY(join_evidence(r, f));
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
