/* SPDX-License-Identifier: Apache-2.0 */
/* charter.c — the signer's list of who may decide: shown in words, changed in a draft, proposed to the
 * people who must agree. */
#include "cli/people.h"

#include "base/files.h"
#include "core/sha256.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static err charter_read(struct bytes document, struct charter *out, struct fault *f)
{
	const char *why;

	return charter_parse(document, out, &why) ? ERR_OK
						  : fail(f, "CHARTER_WRONG", "why", why, NULL);
}

/* ---- the one in force ---- */

static const char *newest_document(const json_t *page)
{
	const char *newest = NULL;
	json_int_t revision = 0;
	size_t i;
	json_t *row;

	json_array_foreach(json_object_get(page, "rows"), i, row)
	{
		const char *state = json_string_value(json_object_get(row, "state"));
		json_int_t n = json_integer_value(json_object_get(row, "revision"));
		if (state == NULL || strcmp(state, "in_force") != 0 || n <= revision)
			continue;
		revision = n;
		newest = json_string_value(json_object_get(row, "document"));
	}
	return newest;
}

static err charter_in_force(struct cli *cli, struct charter *out, struct fault *f)
{
	struct client *client;
	json_t *page = NULL;

	TRY(cli_client(cli, true, &client, f));
	TRY(client_view_all(client, "charter.list", NULL, 0, &page, f));
	const char *hex = newest_document(page);
	size_t n = hex == NULL ? 0 : strlen(hex) / 2;
	uint8_t *document = n > 0 && n <= CHARTER_SIZE_MAX ? arena_alloc(&cli->arena, n) : NULL;
	bool read = document != NULL && hex_decode(bytes_text(hex), document, n);

	json_decref(page);
	if (!read)
		return fail(f, "CHARTER_NONE", NULL);
	return charter_read(bytes_of(document, n), out, f);
}

static err charter_file(struct cli *cli, const char *path, struct charter *out, struct fault *f)
{
	struct bytes document;

	TRY(file_read(&cli->arena, path, CHARTER_SIZE_MAX, &document, f));
	return charter_read(document, out, f);
}

static struct charter *charter_room(struct cli *cli)
{
	return arena_alloc(&cli->arena, sizeof(struct charter));
}

err command_charter_show(struct cli *cli, struct fault *f)
{
	struct charter *c = charter_room(cli);

	if (c == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (cli->words_n > 0)
		TRY(charter_file(cli, cli->words[0], c, f));
	else
		TRY(charter_in_force(cli, c, f));
	charter_say(c);
	return ERR_OK;
}

/* ---- a draft ---- */

static err place_of(struct charter *c, const char *id, size_t *out, struct fault *f)
{
	for (*out = 0; *out < c->persons_n; (*out)++)
		if (bytes_equal(c->persons[*out].id, bytes_text(id)))
			return ERR_OK;
	return fail(f, "CHARTER_NOBODY", "person", id, NULL);
}

/* Somebody's key goes; who has none left goes, too. */
static void remove_key(struct charter *c, size_t at)
{
	memmove(&c->keys[at], &c->keys[at + 1], (c->keys_n - at - 1) * sizeof c->keys[0]);
	c->keys_n--;
}

static err leave(struct charter *c, const char *id, struct fault *f)
{
	size_t place;

	TRY(place_of(c, id, &place, f));
	for (size_t i = c->keys_n; i-- > 0;) {
		if (c->keys[i].person == place)
			remove_key(c, i);
		else if (c->keys[i].person > place)
			c->keys[i].person--;
	}
	memmove(&c->persons[place], &c->persons[place + 1],
		(c->persons_n - place - 1) * sizeof c->persons[0]);
	c->persons_n--;
	return ERR_OK;
}

static err drop_key(struct charter *c, const char *hex, struct fault *f)
{
	struct hash id;

	if (hex_decode(bytes_text(hex), id.b, sizeof id.b))
		for (size_t i = 0; i < c->keys_n; i++)
			if (hash_equal(c->keys[i].id, id)) {
				remove_key(c, i);
				return ERR_OK;
			}
	return fail(f, "CHARTER_KEY_UNKNOWN", "key", hex, NULL);
}

/* `ID=FILE@GROUP,GROUP`: a person, or one more key of somebody who is there (then without groups). */
static err add(struct cli *cli, struct charter *c, const char *said, struct fault *f)
{
	char *text = arena_text(&cli->arena, bytes_text(said));
	char *groups = text == NULL ? NULL : strrchr(text, '@');
	struct charter_holder holder;
	size_t place = 0;
	struct fault nobody;

	if (text == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (groups != NULL)
		*groups++ = '\0';
	TRY(holder_read(&cli->arena, text, &holder, f));
	if (place_of(c, holder.person, &place, &nobody).code != OK) {
		if (c->persons_n == CHARTER_PERSONS_MAX || groups == NULL)
			return fail(f, "CHARTER_GROUP_MISSING", "person", holder.person, NULL);
		place = c->persons_n++;
		c->persons[place] = (struct charter_person){.id = bytes_text(holder.person)};
	}
	struct charter_person *person = &c->persons[place];
	while (groups != NULL && *groups != '\0') {
		size_t n = strcspn(groups, ",");
		if (person->groups_n == CHARTER_GROUPS_MAX)
			return fail(f, "CHARTER_GROUP_MISSING", "person", holder.person, NULL);
		person->groups[person->groups_n++] = bytes_of(groups, n);
		groups += n + (groups[n] == ',');
	}
	if (c->keys_n == CHARTER_KEYS_MAX)
		return fail(f, "CHARTER_WRONG", "why", "the charter has more than 128 keys", NULL);
	c->keys[c->keys_n++] = (struct charter_key){
		.spki = holder.spki,
		.id = sha256(holder.spki),
		.kind = holder.kind,
		.outside = holder.outside,
		.application = holder.application == NULL ? (struct bytes){0}
							  : bytes_text(holder.application),
		.person = (uint8_t)place,
	};
	return ERR_OK;
}

/* `CLASS=N`: changes the rule, or gives the class one of its own, made from that of "*". */
static err need(struct cli *cli, struct charter *c, const char *said, struct fault *f)
{
	const char *equals = strchr(said, '=');
	char *end;
	size_t n = equals == NULL ? 0 : (size_t)(equals - said);
	unsigned long count = n == 0 ? 17 : strtoul(equals + 1, &end, 10);

	if (n == 0 || n > ID_SIZE_MAX || count > 16 || equals[1] == '\0' || *end != '\0')
		return fail(f, "CHARTER_NEED_WRONG", "said", said, NULL);
	const char *name = arena_text(&cli->arena, bytes_of(said, n));
	for (size_t i = 0; name != NULL && i < c->rules_n; i++)
		if (bytes_equal(c->rules[i].name, bytes_text(name))) {
			c->rules[i].need = (uint8_t)count;
			return ERR_OK;
		}
	const struct charter_rule *like = charter_rule_find(c, bytes_of(said, n));
	if (name == NULL || like == NULL || c->rules_n == CHARTER_RULES_MAX)
		return fail(f, "CHARTER_NEED_WRONG", "said", said, NULL);
	c->rules[c->rules_n] = *like;
	c->rules[c->rules_n].name = bytes_text(name);
	c->rules[c->rules_n++].need = (uint8_t)count;
	return ERR_OK;
}

static err set_anchor(struct cli *cli, struct charter *c, struct fault *f)
{
	static const char *const WORDS[] = {"none", "tpm", "witness"};
	const char *said = cli_option(cli, "anchor"), *key;

	if (said == NULL)
		return ERR_OK;
	for (unsigned i = 0; i < 3; i++)
		if (strcmp(said, WORDS[i]) == 0) {
			c->anchor = (enum charter_anchor)i;
			c->witnesses_n = 0;
			for (size_t k = 0; i == ANCHOR_WITNESS && k < CHARTER_WITNESSES_MAX &&
					   (key = cli_option_at(cli, "witness", k)) != NULL;
			     k++)
				c->witnesses[c->witnesses_n++] = bytes_text(key);
			return ERR_OK;
		}
	return fail(f, "CHARTER_ANCHOR_WRONG", "anchor", said, NULL);
}

static err apply_options(struct cli *cli, struct charter *c, struct fault *f)
{
	const char *said;

	for (size_t i = 0; (said = cli_option_at(cli, "add", i)) != NULL; i++)
		TRY(add(cli, c, said, f));
	for (size_t i = 0; (said = cli_option_at(cli, "leave", i)) != NULL; i++)
		TRY(leave(c, said, f));
	for (size_t i = 0; (said = cli_option_at(cli, "drop-key", i)) != NULL; i++)
		TRY(drop_key(c, said, f));
	for (size_t i = 0; (said = cli_option_at(cli, "need", i)) != NULL; i++)
		TRY(need(cli, c, said, f));
	return set_anchor(cli, c, f);
}

static void say_what_it_takes(const struct charter *now, bool more)
{
	const struct charter_rule *rule = charter_rule_find(now, bytes_text("charter"));

	if (rule == NULL)
		return;
	printf("\nIt takes %u beside who proposes it", rule->need);
	printf(more ? ", and one more, because it changes who may decide (or everybody else, if "
		      "they "
		      "are fewer).\n"
		    : ".\n");
	if (now->recovery_need > 0)
		printf("If they cannot be reached: %u of the %zu who keep the recovery set.\n",
		       now->recovery_need, now->recovery_n);
}

err command_charter_draft(struct cli *cli, struct fault *f)
{
	struct charter *now = charter_room(cli), *next = charter_room(cli),
		       *judged = charter_room(cli);
	uint8_t *room = arena_alloc(&cli->arena, CHARTER_SIZE_MAX);
	struct writer w = writer_of(room, room == NULL ? 0 : CHARTER_SIZE_MAX);
	const char *from = cli_option(cli, "from"), *why;
	struct bytes document;
	bool more;

	if (now == NULL || next == NULL || judged == NULL || room == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (from != NULL)
		TRY(charter_file(cli, from, now, f));
	else
		TRY(charter_in_force(cli, now, f));
	*next = *now;
	next->revision++;
	next->has_previous = true;
	next->previous = now->digest;
	TRY(apply_options(cli, next, f));
	charter_put(&w, next);
	if (!writer_done(&w, &document))
		return fail(f, "CHARTER_WRONG", "why", "the charter is larger than 16384 bytes",
			    NULL);
	TRY(charter_read(document, judged, f));
	if (!charter_follows(now, judged, &more, &why))
		return fail(f, "CHARTER_WRONG", "why", why, NULL);
	TRY(file_write(cli->words[0], document, 0644, f));
	if (charter_say_changes(now, judged) == 0)
		printf("Nothing changes.\n");
	say_what_it_takes(now, more);
	printf("Wrote %s. Next:\n  sealwright charter propose %s --as ID --key FILE\n",
	       cli->words[0], cli->words[0]);
	return ERR_OK;
}

/* ---- proposing ---- */

err command_charter_propose(struct cli *cli, struct fault *f)
{
	struct charter *now = charter_room(cli), *next = charter_room(cli);
	struct client *client;
	json_t *receipt = NULL;

	if (now == NULL || next == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(charter_file(cli, cli->words[0], next, f));
	TRY(charter_in_force(cli, now, f));
	TRY(cli_client(cli, true, &client, f));
	(void)charter_say_changes(now, next);
	TRY(cli_confirm(cli, "Propose this?", f));
	char *text = arena_alloc(&cli->arena, base64_size(next->bytes.n) + 1);
	if (text == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	base64url_encode(next->bytes, text);
	json_t *body =
		json_pack("{s:I, s:s}", "revision", (json_int_t)next->revision, "charter", text);
	err e = body == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
			     : client_record(client, "charter.revised", body, &receipt, f);
	json_decref(body);
	if (e.code == OK)
		cli_receipt(cli, receipt);
	json_decref(receipt);
	return e;
}
