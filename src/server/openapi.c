/* SPDX-License-Identifier: Apache-2.0 */
/* openapi.c — OpenAPI 3.1, made at start from the route table, the types and the views: it cannot
 * say anything else than what is served. */
#include "server/server_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *reference(const char *name)
{
	char text[192];

	snprintf(text, sizeof text, "#/components/schemas/%s", name);
	return json_pack("{s:s}", "$ref", text);
}

/* ---- a schema a type ---- */

static json_t *choices_json(const char *choices)
{
	json_t *list = json_array();

	for (const char *at = choices; at != NULL;) {
		size_t n = strcspn(at, "|");
		json_array_append_new(list, json_stringn(at, n));
		at = at[n] == '|' ? at + n + 1 : NULL;
	}
	return list;
}

static json_t *text_schema(const char *pattern, const char *format)
{
	json_t *schema = json_pack("{s:s}", "type", "string");

	if (pattern != NULL)
		json_object_set_new(schema, "pattern", json_string(pattern));
	if (format != NULL)
		json_object_set_new(schema, "format", json_string(format));
	return schema;
}

static json_t *body_schema(const struct field *fields);

static json_t *number_schema(const struct field *field)
{
	json_t *schema = json_pack("{s:s}", "type", "integer");

	if (field->least != 0 || field->most != 0) {
		json_object_set_new(schema, "minimum", json_integer(field->least));
		json_object_set_new(schema, "maximum", json_integer(field->most));
	}
	return schema;
}

static json_t *field_schema(const struct field *field)
{
	switch (field->kind) {
	case FIELD_ID:
		if (field->choices != NULL)
			return json_pack("{s:s, s:o}", "type", "string", "enum",
					 choices_json(field->choices));
		return reference("id");
	case FIELD_HASH:
		return text_schema("^[0-9a-f]{64}$", NULL);
	case FIELD_INSTANT:
		return text_schema(NULL, "date-time");
	case FIELD_NUMBER:
		return number_schema(field);
	case FIELD_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	case FIELD_BLOB:
		return text_schema("^[A-Za-z0-9_-]*$", NULL);
	case FIELD_LIST:
		return json_pack("{s:s, s:I, s:I, s:o}", "type", "array", "minItems",
				 (json_int_t)field->least, "maxItems", (json_int_t)field->most,
				 "items", body_schema(field->sub));
	case FIELD_TEXT:
	case FIELD_COMMITMENT:
		break;
	}
	return json_pack("{s:s, s:I, s:I}", "type", "string", "minLength", (json_int_t)1,
			 "maxLength", (json_int_t)field_most(field));
}

static json_t *body_schema(const struct field *fields)
{
	json_t *properties = json_object(), *required = json_array();

	for (size_t i = 0; fields[i].name != NULL; i++) {
		json_t *schema = field_schema(&fields[i]);
		json_object_set_new(schema, "description", json_string(fields[i].help));
		json_object_set_new(properties, fields[i].name, schema);
		if ((fields[i].flags & REQUIRED) != 0)
			json_array_append_new(required, json_string(fields[i].name));
	}
	return json_pack("{s:s, s:b, s:o, s:o}", "type", "object", "additionalProperties", false,
			 "required", required, "properties", properties);
}

static json_t *type_schema(const struct record_type *type)
{
	json_t *properties = json_object();

	json_object_set_new(properties, "id", text_schema(NULL, "uuid"));
	json_object_set_new(properties, "made", text_schema(NULL, "date-time"));
	json_object_set_new(properties, "occurred", text_schema(NULL, "date-time"));
	json_object_set_new(properties, "source",
			    json_pack("{s:s, s:[s,s,s]}", "type", "string", "enum", "witnessed",
				      "declared", "imported"));
	json_object_set_new(properties, "body", body_schema(type->fields));
	json_t *reported =
		json_pack("{s:s, s:b, s:[s], s:o}", "type", "object", "additionalProperties", false,
			  "required", "body", "properties", properties);
	return json_pack("{s:s, s:[o,o]}", "description", type->help == NULL ? "" : type->help,
			 "oneOf", reported, reference("signed"));
}

static json_t *signed_schema(void)
{
	return json_pack("{s:s, s:s, s:b, s:[s], s:{s:{s:s}, s:{s:s}, s:{s:s}}}", "type", "object",
			 "description",
			 "A claim that its author signed; bytes in base64url without padding.",
			 "additionalProperties", false, "required", "claim", "properties", "claim",
			 "type", "string", "proof", "type", "string", "openings", "type", "object");
}

static json_t *problem_schema(void)
{
	return json_pack("{s:s, s:s, s:[s,s,s,s,s], s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s},"
			 " s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}}}",
			 "type", "object", "description", "RFC 9457", "required", "type", "title",
			 "status", "detail", "code", "properties", "type", "type", "string",
			 "title", "type", "string", "status", "type", "integer", "detail", "type",
			 "string", "code", "type", "string", "field", "type", "string", "fix",
			 "type", "string", "values", "type", "object", "failures", "type", "array");
}

static json_t *page_schema(void)
{
	return json_pack("{s:s, s:[s,s], s:{s:{s:s}, s:{s:s}, s:{s:s}}}", "type", "object",
			 "required", "columns", "rows", "properties", "columns", "type", "array",
			 "rows", "type", "array", "next", "type", "string");
}

static json_t *schemas(const struct registry *registry)
{
	json_t *all = json_object();

	json_object_set_new(all, "id",
			    json_pack("{s:s, s:i, s:i, s:s}", "type", "string", "minLength", 1,
				      "maxLength", ID_SIZE_MAX, "description",
				      "characters of GS1's set 82"));
	json_object_set_new(all, "signed", signed_schema());
	json_object_set_new(all, "problem", problem_schema());
	json_object_set_new(all, "page", page_schema());
	for (size_t i = 0; i < registry->types_n; i++)
		json_object_set_new(all, registry->types[i].type->name,
				    type_schema(registry->types[i].type));
	return all;
}

/* ---- operations ---- */

static json_t *problem_answer(void)
{
	return json_pack("{s:s, s:{s:{s:o}}}", "description", "what is wrong, and how to mend it",
			 "content", "application/problem+json", "schema", reference("problem"));
}

static json_t *parameter(const char *name, const char *in, bool required, json_t *schema)
{
	return json_pack("{s:s, s:s, s:b, s:o}", "name", name, "in", in, "required", required,
			 "schema", schema);
}

static json_t *answers(const char *type, json_t *schema)
{
	json_t *good = json_pack("{s:s}", "description", "done");

	if (type != NULL)
		json_object_set_new(good, "content",
				    json_pack("{s:{s:o}}", type, "schema", schema));
	else
		json_decref(schema);
	return json_pack("{s:o, s:o}", "2XX", good, "default", problem_answer());
}

/* "/v1/views/{view}" as OpenAPI writes it, and its parameters. */
static void pattern_parts(const char *pattern, char out[static 128], json_t *parameters)
{
	size_t n = 0;

	for (const char *p = pattern; *p != '\0' && n < 126; p++) {
		if (*p == '{') {
			size_t name_n = strcspn(p + 1, ".}");
			char name[64];
			snprintf(name, sizeof name, "%.*s", (int)name_n, p + 1);
			json_array_append_new(
				parameters, parameter(name, "path", true, text_schema(NULL, NULL)));
		}
		if (*p == '.' && strncmp(p, "...}", 4) == 0)
			p += 3;
		out[n++] = *p;
	}
	out[n] = '\0';
}

static void query_parameters(const char *names, json_t *parameters)
{
	for (const char *at = names; at != NULL && *at != '\0';) {
		char name[64];
		size_t n = strcspn(at, " ");
		snprintf(name, sizeof name, "%.*s", (int)n, at);
		json_array_append_new(parameters,
				      parameter(name, "query", false, text_schema(NULL, NULL)));
		at += n + (at[n] == ' ');
	}
}

static json_t *security_of(const struct route *route)
{
	if (route->access == ANYONE)
		return json_array();
	return json_pack("[{s:[]}, {s:[]}]", "session", "machine");
}

static json_t *operation(const struct route *route, json_t *parameters)
{
	json_t *json = json_pack("{s:s, s:o, s:o, s:o}", "summary", route->help, "parameters",
				 parameters, "security", security_of(route), "responses",
				 answers(route->answer, json_object()));

	if (route->permission != NULL)
		json_object_set_new(json, "x-permission", json_string(route->permission));
	if (route->body_max > 0)
		json_object_set_new(json, "requestBody",
				    json_pack("{s:b, s:{s:{s:{s:s}}}}", "required", true, "content",
					      "application/json", "schema", "type", "object"));
	return json;
}

static void set_operation(json_t *paths, const char *path, const char *method, json_t *json)
{
	char lower[8];
	json_t *item = json_object_get(paths, path);

	snprintf(lower, sizeof lower, "%s", method);
	for (char *p = lower; *p != '\0'; p++)
		*p = (char)(*p | 0x20);
	if (item == NULL) {
		item = json_object();
		json_object_set_new(paths, path, item);
	}
	json_object_set_new(item, lower, json);
}

static void add_routes(json_t *paths)
{
	for (const struct route *route = ROUTES; route->pattern != NULL; route++) {
		json_t *parameters = json_array();
		char path[128];
		pattern_parts(route->pattern, path, parameters);
		query_parameters(route->query, parameters);
		set_operation(paths, path, method_name(route->method),
			      operation(route, parameters));
	}
}

/* One operation a type: its body is known. */
static void add_types(json_t *paths, const struct registry *registry)
{
	for (size_t i = 0; i < registry->types_n; i++) {
		const struct record_type *type = registry->types[i].type;
		char path[128];
		if ((type->flags & SYSTEM) != 0)
			continue;
		snprintf(path, sizeof path, "/v1/records/%s", type->name);
		json_t *json = json_pack(
			"{s:s, s:o, s:{s:b, s:{s:{s:o}}}, s:o}", "summary",
			type->help == NULL ? type->name : type->help, "security",
			json_pack("[{s:[]}, {s:[]}]", "session", "machine"), "requestBody",
			"required", true, "content", "application/json", "schema",
			reference(type->name), "responses",
			answers("application/json", json_pack("{s:s}", "type", "object")));
		if (type->permission != NULL)
			json_object_set_new(json, "x-permission", json_string(type->permission));
		set_operation(paths, path, "POST", json);
	}
}

/* Every column can be asked: too many names for one parameter each, but a pattern says them all. */
static void list_parameters(const struct view *view, json_t *list)
{
	json_t *plain = json_array(), *sorted = json_array();

	for (size_t i = 0; i < view->columns_n; i++) {
		char down[80];
		snprintf(down, sizeof down, "-%s", view->columns[i].name);
		json_array_append_new(plain, json_string(view->columns[i].name));
		json_array_append_new(sorted, json_string(view->columns[i].name));
		json_array_append_new(sorted, json_string(down));
	}
	json_array_append_new(list,
			      parameter("sort", "query", false,
					json_pack("{s:s, s:o}", "type", "string", "enum", sorted)));
	json_array_append_new(list,
			      parameter("group", "query", false,
					json_pack("{s:s, s:o}", "type", "string", "enum", plain)));
	json_t *conditions =
		parameter("conditions", "query", false,
			  json_pack("{s:s, s:{s:s}, s:{s:s}}", "type", "object", "propertyNames",
				    "pattern", "^(where|like|least|most)\\.[a-z0-9_]+$",
				    "additionalProperties", "type", "string"));
	json_object_set_new(conditions, "style", json_string("form"));
	json_object_set_new(conditions, "explode", json_true());
	json_array_append_new(list, conditions);
}

static json_t *view_parameters(const struct view *view)
{
	json_t *list = json_array();

	for (size_t i = 0; i < view->parameters_n; i++) {
		const struct field field = {.kind = view->kinds[i]};
		json_array_append_new(list, parameter(view->parameters[i].name, "query", false,
						      field_schema(&field)));
	}
	json_array_append_new(list, parameter("limit", "query", false,
					      json_pack("{s:s, s:i, s:i}", "type", "integer",
							"minimum", 1, "maximum", 1000)));
	json_array_append_new(list, parameter("cursor", "query", false, text_schema(NULL, NULL)));
	list_parameters(view, list);
	return list;
}

static void add_views(json_t *paths, const struct registry *registry)
{
	for (size_t i = 0; i < registry->views_n; i++) {
		const struct view *view = &registry->views[i];
		char path[128];
		snprintf(path, sizeof path, "/v1/views/%s", view->name);
		json_t *json =
			json_pack("{s:s, s:o, s:o, s:o}", "summary", view->name, "parameters",
				  view_parameters(view), "security",
				  json_pack("[{s:[]}, {s:[]}]", "session", "machine"), "responses",
				  answers("application/json", reference("page")));
		json_object_set_new(json, "x-permission", json_string(view->permission));
		set_operation(paths, path, "GET", json);
	}
}

static json_t *security_schemes(void)
{
	return json_pack("{s:{s:s, s:s}, s:{s:s}}", "session", "type", "http", "scheme", "bearer",
			 "machine", "type", "mutualTLS");
}

err openapi_make(const struct server *s, char **out, size_t *n, struct fault *f)
{
	const struct registry *registry = engine_registry(s->engine);
	json_t *paths = json_object();

	add_routes(paths);
	add_types(paths, registry);
	add_views(paths, registry);
	json_t *document = json_pack("{s:s, s:{s:s, s:s, s:s}, s:o, s:{s:o, s:o}}", "openapi",
				     "3.1.0", "info", "title", "Sealwright", "version", "1",
				     "description", "Signed records of a hardware supply chain.",
				     "paths", paths, "components", "schemas", schemas(registry),
				     "securitySchemes", security_schemes());
	*out = document == NULL ? NULL : json_dumps(document, JSON_COMPACT);
	json_decref(document);
	if (*out == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*n = strlen(*out);
	return ERR_OK;
}
