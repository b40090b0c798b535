/* SPDX-License-Identifier: Apache-2.0 */
/* record.c — one record: built here from its field table, shown as it will be signed, signed,
 * sent, and its receipt verified. */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/files.h"
#include "core/sha256.h"
#include "record/codec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BODY_FILE_MAX = 1 << 20, HASHED_FILE_MAX = 64 << 20 };

/* ---- help ---- */

static void print_field(const struct field *field, unsigned indent)
{
	printf("%*s%-*s %s%s%s", (int)indent, "", (int)(26 - indent), field->name,
	       (field->flags & REQUIRED) != 0 ? "needed, " : "", field_kind_name(field->kind),
	       (field->flags & PERSONAL) != 0 ? ", personal" : "");
	if (field->choices != NULL)
		printf(", one of %s", field->choices);
	printf(": %s\n", field->help);
	for (const struct field *sub = field->sub; sub != NULL && sub->name != NULL; sub++)
		print_field(sub, indent + 4);
}

err command_record_help(struct cli *cli, struct fault *f)
{
	const struct registry *registry;

	if (cli->words_n == 0)
		return ERR_OK;
	TRY(cli_registry(cli, &registry, f));
	const struct compiled_type *t = registry_type(registry, bytes_text(cli->words[0]));
	if (t == NULL)
		return fail(f, "TYPE_UNKNOWN", "type", cli->words[0], NULL);
	printf("\n%s: %s\n", t->type->name, t->type->help);
	for (const struct field *field = t->type->fields; field->name != NULL; field++)
		print_field(field, 2);
	return ERR_OK;
}

static err list_types(struct cli *cli, struct fault *f)
{
	const struct registry *registry;

	TRY(cli_registry(cli, &registry, f));
	json_t *rows = json_array();
	for (size_t i = 0; i < registry->types_n; i++) {
		const struct record_type *t = registry->types[i].type;
		if ((t->flags & SYSTEM) == 0)
			json_array_append_new(
				rows,
				json_pack("{s:s, s:s, s:s, s:s}", "type", t->name, "nature",
					  t->nature == DECISION ? "decision" : "event",
					  "permission", t->permission == NULL ? "" : t->permission,
					  "help", t->help));
	}
	json_t *page = json_pack("{s:[s,s,s,s], s:o}", "columns", "type", "nature", "permission",
				 "help", "rows", rows);
	err e = cli_table(cli, page, f);
	json_decref(page);
	return e;
}

/* ---- fields from words ---- */

static err wrong(struct fault *f, const struct field *field, const char *value)
{
	return fail_field(f, field->name, "CLI_FIELD_WRONG", "field", field->name, "kind",
			  field_kind_name(field->kind), "value", value, NULL);
}

/* `@FILE`: its digest, or its bytes. */
static err from_file(struct cli *cli, const struct field *field, const char *path, json_t **out,
		     struct fault *f)
{
	struct bytes content;
	char hex[65];

	TRY(file_read(&cli->arena, path, HASHED_FILE_MAX, &content, f));
	if (field->kind == FIELD_HASH) {
		struct hash digest = sha256(content);
		hex_encode(hash_bytes(&digest), hex);
		*out = json_string(hex);
	} else if (content.n <= BODY_FILE_MAX) {
		char *text = arena_alloc(&cli->arena, base64_size(content.n) + 2);
		if (text != NULL)
			base64url_encode(content, text);
		*out = text == NULL ? NULL : json_string(text);
	}
	return *out != NULL ? ERR_OK : wrong(f, field, path);
}

/* `+30d`, `+12h`: from now. */
static json_t *instant(const char *text)
{
	char *end, out[TIME_TEXT_SIZE];

	if (text[0] != '+')
		return json_string(text);
	errno = 0;
	unsigned long long n = strtoull(text + 1, &end, 10);
	uint64_t unit = strcmp(end, "d") == 0 ? 86400000u : strcmp(end, "h") == 0 ? 3600000u : 0;
	if (errno != 0 || unit == 0 || n > 40000)
		return NULL;
	time_text(clock_wall_ms(&clock_system) + n * unit, out);
	return json_string(out);
}

static err value_of(struct cli *cli, const struct field *field, const char *text, json_t **out,
		    struct fault *f)
{
	char *end;

	*out = NULL;
	switch (field->kind) {
	case FIELD_NUMBER:
		errno = 0;
		long long number = strtoll(text, &end, 10);
		if (text[0] != '\0' && *end == '\0' && errno == 0)
			*out = json_integer(number);
		break;
	case FIELD_BOOL:
		if (strcmp(text, "true") == 0 || strcmp(text, "yes") == 0)
			*out = json_true();
		else if (strcmp(text, "false") == 0 || strcmp(text, "no") == 0)
			*out = json_false();
		break;
	case FIELD_LIST:
		*out = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		break;
	case FIELD_INSTANT:
		*out = instant(text);
		break;
	case FIELD_HASH:
	case FIELD_BLOB:
		if (text[0] == '@')
			return from_file(cli, field, text + 1, out, f);
		*out = json_string(text);
		break;
	case FIELD_ID:
	case FIELD_TEXT:
	case FIELD_COMMITMENT:
		*out = json_string(text);
		break;
	}
	return *out != NULL ? ERR_OK : wrong(f, field, text);
}

static err add_word(struct cli *cli, const struct record_type *type, const char *word, json_t *body,
		    struct fault *f)
{
	size_t n = strcspn(word, "=");
	json_t *value;

	if (word[n] != '=')
		return fail(f, "CLI_FIELD_FORM", "word", word, NULL);
	for (const struct field *field = type->fields; field->name != NULL; field++) {
		if (strlen(field->name) != n || memcmp(field->name, word, n) != 0)
			continue;
		if (json_object_get(body, field->name) != NULL)
			return fail_field(f, field->name, "CLI_FIELD_TWICE", "field", field->name,
					  NULL);
		TRY(value_of(cli, field, word + n + 1, &value, f));
		json_object_set_new(body, field->name, value);
		return ERR_OK;
	}
	return fail(f, "CLI_FIELD_UNKNOWN", "word", word, "type", type->name, NULL);
}

static err read_body_file(struct cli *cli, const char *path, json_t **out, struct fault *f)
{
	struct bytes text;

	TRY(file_read(&cli->arena, strcmp(path, "-") == 0 ? "/dev/stdin" : path, BODY_FILE_MAX,
		      &text, f));
	*out = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(*out))
		return ERR_OK;
	json_decref(*out);
	return fail(f, "CLI_BODY_WRONG", "file", path, NULL);
}

static err make_envelope(struct cli *cli, const struct record_type *type, json_t **out,
			 struct fault *f)
{
	const char *path = cli_option(cli, "body"), *at = cli_option(cli, "at");
	json_t *body = NULL;
	err e = ERR_OK;

	if (path != NULL)
		TRY(read_body_file(cli, path, &body, f));
	else
		body = json_object();
	for (size_t i = 1; i < cli->words_n && e.code == OK; i++)
		e = add_word(cli, type, cli->words[i], body, f);
	if (e.code != OK) {
		json_decref(body);
		return e;
	}
	*out = json_pack("{s:o}", "body", body);
	if (at != NULL)
		json_object_set_new(*out, "occurred", json_string(at));
	return *out != NULL ? ERR_OK : fail(f, "OUT_OF_MEMORY", NULL);
}

/* ---- showing what will be signed ---- */

/* From the bytes themselves, not from what they were made of. */
static err show(struct cli *cli, const struct compiled_type *t, const struct prepared *p,
		struct fault *f)
{
	struct claim claim;
	struct body body;
	const char *why;
	char hex[65];

	if (!claim_parse(p->claim, &claim, &why))
		return fail(f, "CLAIM_BAD", "detail", why, NULL);
	TRY(body_from_cbor(&cli->arena, t->type->fields, t->type->size, claim.body, &body, f));
	hex_encode(hash_bytes(&p->digest), hex);
	json_t *json = body_to_json(t->type->fields, &body, p->openings, p->openings_n);
	printf("%.*s, as %.*s, for the log %.*s", (int)claim.type.n, (const char *)claim.type.p,
	       (int)claim.author.n, (const char *)claim.author.p, (int)claim.origin.n,
	       (const char *)claim.origin.p);
	cli_body(json, 4);
	printf("digest %s\n", hex);
	json_decref(json);
	return ERR_OK;
}

static err prepare(struct cli *cli, struct client *client, const struct compiled_type *t,
		   const json_t *envelope, struct prepared *out, struct fault *f)
{
	TRY(client_claim(client, &cli->arena, t->type->name, envelope, out, f));
	if (!cli->json || !cli_flag(cli, "yes"))
		TRY(show(cli, t, out, f));
	return cli_confirm(cli, "Sign and record this?", f);
}

err cli_prepare(struct cli *cli, struct client *client, const char *type, const json_t *body,
		struct prepared *out, struct fault *f)
{
	const struct registry *registry;

	TRY(cli_registry(cli, &registry, f));
	const struct compiled_type *t = registry_type(registry, bytes_text(type));
	json_t *envelope = json_pack("{s:O}", "body", body);
	if (t == NULL || envelope == NULL) {
		json_decref(envelope);
		return fail(f, "TYPE_UNKNOWN", "type", type, NULL);
	}
	err e = prepare(cli, client, t, envelope, out, f);
	json_decref(envelope);
	return e;
}

static err sign(struct cli *cli, struct client *client, const struct compiled_type *t,
		const json_t *envelope, json_t **receipt, struct fault *f)
{
	struct prepared prepared;

	TRY(prepare(cli, client, t, envelope, &prepared, f));
	return client_sign(client, &cli->arena, t->type->name, &prepared, receipt, f);
}

err command_record(struct cli *cli, struct fault *f)
{
	const struct registry *registry;
	struct client *client;
	json_t *envelope, *receipt = NULL;

	if (cli_flag(cli, "list"))
		return list_types(cli, f);
	if (cli->words_n == 0)
		return fail(f, "CLI_WORDS_WRONG", "command", "record", "arguments",
			    cli->command->arguments, NULL);
	TRY(cli_registry(cli, &registry, f));
	const struct compiled_type *t = registry_type(registry, bytes_text(cli->words[0]));
	if (t == NULL)
		return fail(f, "TYPE_UNKNOWN", "type", cli->words[0], NULL);
	TRY(make_envelope(cli, t->type, &envelope, f));
	err e = cli_client(cli, true, &client, f);
	if (e.code == OK && cli_flag(cli, "report"))
		e = client_report(client, t->type->name, envelope, &receipt, f);
	else if (e.code == OK)
		e = sign(cli, client, t, envelope, &receipt, f);
	if (e.code == OK)
		cli_receipt(cli, receipt);
	json_decref(envelope);
	json_decref(receipt);
	return e;
}
