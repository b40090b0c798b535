/* SPDX-License-Identifier: Apache-2.0 */
/* requests.c — reading what clients send: JSON, digests, numbers, what they accept. */
#include "server/server_internal.h"

#include <string.h>
#include <strings.h>

enum { JSON_DEPTH_MAX = 32 };

static err json_bad(struct fault *f, const char *detail)
{
	return fail(f, "API_JSON_BAD", "detail", detail, NULL);
}

/* Before the parser, which recurses. Brackets in strings do not count. */
static bool too_deep(struct bytes text)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '[') && ++depth > JSON_DEPTH_MAX)
			return true;
		else if (!quoted && (c == '}' || c == ']') && depth > 0)
			depth--;
	}
	return false;
}

err json_read(struct bytes body, json_t **out, struct fault *f)
{
	json_error_t why;

	if (body.n == 0)
		return json_bad(f, "there is no body");
	if (too_deep(body))
		return json_bad(f, "it is nested more than 32 levels deep");
	*out = json_loadb((const char *)body.p, body.n, JSON_REJECT_DUPLICATES, &why);
	return *out == NULL ? json_bad(f, why.text) : ERR_OK;
}

err json_member(const json_t *json, const char *name, size_t most, const char **out,
		struct fault *f)
{
	const json_t *member = json_object_get(json, name);

	if (member == NULL)
		return fail_field(f, name, "FIELD_MISSING", "field", name, "help", "a text", NULL);
	if (!json_is_string(member) || json_string_length(member) > most ||
	    strlen(json_string_value(member)) != json_string_length(member))
		return fail_field(f, name, "FIELD_WRONG", "field", name, "expected", "a text",
				  NULL);
	*out = json_string_value(member);
	return ERR_OK;
}

err call_read_json(struct call *c, json_t **out, struct fault *f)
{
	const char *type = http_header(c->request, "Content-Type");

	if (type == NULL || strncasecmp(type, "application/json", 16) != 0 ||
	    (type[16] != '\0' && type[16] != ';' && type[16] != ' '))
		return fail(f, "API_CONTENT_TYPE", "expected", "application/json", NULL);
	TRY(json_read(c->request->body, out, f));
	if (json_is_object(*out))
		return ERR_OK;
	json_decref(*out);
	*out = NULL;
	return json_bad(f, "it is not an object");
}

err hash_read(const char *field, const char *text, struct hash *out, struct fault *f)
{
	struct hash read;

	if (!hex_decode(bytes_text(text), read.b, sizeof read.b))
		return fail_field(f, field, "FIELD_WRONG", "field", field, "expected",
				  "64 hexadecimal digits", NULL);
	*out = read;
	return ERR_OK;
}

err number_read(const char *field, const char *text, uint64_t *out, struct fault *f)
{
	uint64_t number = 0;
	size_t n = strlen(text);
	bool sound = n > 0 && n <= 18 && (n == 1 || text[0] != '0');

	for (size_t i = 0; sound && i < n; i++) {
		sound = text[i] >= '0' && text[i] <= '9';
		number = number * 10 + (uint64_t)(text[i] - '0');
	}
	if (!sound)
		return fail_field(f, field, "FIELD_WRONG", "field", field, "expected",
				  "a whole number", NULL);
	*out = number;
	return ERR_OK;
}

/* Where the list of an Accept header names the type, or NULL. */
static const char *find_type(const char *accept, const char *type)
{
	size_t n = strlen(type);

	for (const char *at = accept; at != NULL && *at != '\0';) {
		at += strspn(at, " \t,");
		if (strncasecmp(at, type, n) == 0 &&
		    (at[n] == '\0' || at[n] == ',' || at[n] == ';' || at[n] == ' '))
			return at;
		at = strchr(at, ',');
	}
	return NULL;
}

bool call_accepts(const struct call *c, const char *type)
{
	const char *accept = http_header(c->request, "Accept");
	const char *wanted = accept == NULL ? NULL : find_type(accept, type);
	const char *json = accept == NULL ? NULL : find_type(accept, "application/json");
	const char *any = accept == NULL ? NULL : find_type(accept, "*/*");

	return wanted != NULL && (json == NULL || wanted < json) && (any == NULL || wanted < any);
}

err call_only_query(const struct call *c, const char *const *names, size_t n, struct fault *f)
{
	for (size_t i = 0; i < http_query_count(c->request); i++) {
		const char *value, *name = http_query_at(c->request, i, &value);
		bool known = false;
		for (size_t k = 0; k < n; k++)
			known = known || strcmp(name, names[k]) == 0;
		if (!known)
			return fail_field(f, name, "API_PARAMETER_UNKNOWN", "name", name, NULL);
	}
	return ERR_OK;
}

err call_apply_key(const struct call *c, json_t *json, struct fault *f)
{
	const char *key = http_header(c->request, "Idempotency-Key");
	const json_t *id = json_object_get(json, "id");

	if (key == NULL)
		return ERR_OK;
	if (json_object_get(json, "claim") != NULL)
		return fail_field(f, "Idempotency-Key", "API_KEY_OF_SIGNED", NULL);
	if (id == NULL)
		return json_object_set_new(json, "id", json_string(key)) == 0
			       ? ERR_OK
			       : fail_field(f, "Idempotency-Key", "FIELD_WRONG", "field",
					    "Idempotency-Key", "expected", "a UUID of version 7",
					    NULL);
	if (!json_is_string(id) || strcasecmp(json_string_value(id), key) != 0)
		return fail_field(f, "Idempotency-Key", "API_KEY_DIFFERS", NULL);
	return ERR_OK;
}
