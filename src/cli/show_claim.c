/* SPDX-License-Identifier: Apache-2.0 */
/* show_claim.c — a claim in words, decoded from the very bytes that are or were signed: nobody's server draws
 * this screen. */
#include "cli/approve.h"
#include "cli/people.h"

#include "base/files.h"
#include "core/entry.h"
#include "record/codec.h"

#include <stdio.h>
#include <string.h>

/* A charter inside a record, not as its bytes but as what it says. */
static void say_charter(const struct claim *claim, json_t *body)
{
	struct charter *c;
	struct arena a = {0};
	const char *why, *text = json_string_value(json_object_get(body, "charter"));
	size_t n = text == NULL ? 0 : strlen(text);
	uint8_t *bytes = n == 0 ? NULL : arena_alloc(&a, n);

	c = arena_alloc(&a, sizeof *c);
	if (bytes_equal(claim->type, bytes_text("charter.revised")) && bytes != NULL && c != NULL &&
	    base64url_decode(bytes_text(text), bytes, n, &n) &&
	    charter_parse(bytes_of(bytes, n), c, &why)) {
		json_object_del(body, "charter");
		printf("\n");
		charter_say(c);
		printf("\n");
	}
	arena_done(&a);
}

err cli_claim(struct cli *cli, const struct claim *claim, struct hash digest, struct fault *f)
{
	const struct registry *registry;
	struct body body;
	char hex[65], text[32], made[48];

	TRY(cli_registry(cli, &registry, f));
	const struct compiled_type *t = registry_type(registry, claim->type);
	if (t == NULL)
		return fail(f, "CLI_TYPE_NOT_KNOWN_HERE", NULL);
	TRY(body_from_cbor(&cli->arena, t->type->fields, t->type->size, claim->body, &body, f));
	json_t *json = body_to_json(t->type->fields, &body, NULL, 0);
	if (json == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	cli_time(claim->made, made);
	printf("%.*s: %s\n  by %.*s, made %s, for the log ", (int)claim->type.n,
	       (const char *)claim->type.p, t->type->help, (int)claim->author.n,
	       (const char *)claim->author.p, made);
	cli_others(claim->origin);
	printf("\n");
	say_charter(claim, json);
	cli_body(json, 4);
	json_decref(json);
	hex_encode(hash_bytes(&digest), hex);
	aloud(digest, text);
	printf("digest %s (computed here)\nread aloud: %s\n", hex, text);
	return ERR_OK;
}

err cli_claim_file(struct cli *cli, const char *path, struct bytes *out, struct claim *claim,
		   struct fault *f)
{
	const char *why;

	TRY(file_read(&cli->arena, path, ENTRY_SIZE_MAX, out, f));
	return claim_parse(*out, claim, &why)
		       ? ERR_OK
		       : fail(f, "CLI_CLAIM_WRONG", "file", path, "why", why, NULL);
}

/* The digest that an approval names is the first field of its body. */
static err approved_digest(struct cli *cli, const struct claim *claim, struct hash *out,
			   bool *approves, struct fault *f)
{
	const struct registry *registry;
	struct body body;

	*approves = bytes_equal(claim->type, bytes_text("approval.given"));
	if (!*approves)
		return ERR_OK;
	TRY(cli_registry(cli, &registry, f));
	const struct compiled_type *t = registry_type(registry, claim->type);
	TRY(body_from_cbor(&cli->arena, t->type->fields, t->type->size, claim->body, &body, f));
	*out = *(const struct hash *)(const void *)((const uint8_t *)body.p +
						    t->type->fields[0].offset);
	return ERR_OK;
}

/* Beside an approval lies, as FILE.record, what it approves: is it that very record? */
err command_show(struct cli *cli, struct fault *f)
{
	const char *path = cli->words[0];
	const char *beside = arena_printf(&cli->arena, "%s.record", path);
	struct claim claim, target;
	struct bytes bytes, target_bytes;
	struct hash named;
	bool approves;

	TRY(cli_claim_file(cli, path, &bytes, &claim, f));
	TRY(approved_digest(cli, &claim, &named, &approves, f));
	if (beside != NULL && approves && file_exists(beside)) {
		TRY(cli_claim_file(cli, beside, &target_bytes, &target, f));
		struct hash found = claim_digest(target_bytes);
		char expected_hex[65], found_hex[65];
		hex_encode(hash_bytes(&named), expected_hex);
		hex_encode(hash_bytes(&found), found_hex);
		if (!hash_equal(found, named))
			return fail(f, "CLI_DIGEST_DIFFERS", "expected", expected_hex, "found",
				    found_hex, NULL);
		printf("What it approves (%s is that very record):\n\n", beside);
		TRY(cli_claim(cli, &target, found, f));
		printf("\nThe approval:\n\n");
	}
	return cli_claim(cli, &claim, claim_digest(bytes), f);
}
