/* SPDX-License-Identifier: Apache-2.0 */
/* principal.c — somebody becomes known in one go: registered, key enrolled, role defined and
 * granted. What is there already is passed over, so that it can be said again. */
#include "cli/cli.h"

#include "crypto/crypto.h"

#include <stdio.h>
#include <string.h>

/* Limits of the grant, by the names of their fields. */
static const char *const LIMITS[] = {"site",    "line",        "station",
				     "product", "environment", "supplier"};
enum { LIMITS_N = sizeof LIMITS / sizeof LIMITS[0] };

/* Who is made known, and what was answered to each record. */
struct adding {
	struct cli *cli;
	struct client *client;
	const char *id;
	json_t *results; /* for programs: a receipt, or that it is there */
};

static void note(struct adding *a, const char *type, json_t *receipt, bool already)
{
	if (!a->cli->json)
		printf("%-22s %s\n", type, already ? "there already" : "recorded");
	else if (already)
		json_array_append_new(a->results,
				      json_pack("{s:s, s:b}", "type", type, "there", (int)true));
	else
		json_array_append(a->results, receipt);
}

/* Records it; `there` is the refusal that means: it is there already. */
static err add(struct adding *a, const char *type, json_t *body, const char *there, bool *already,
	       struct fault *f)
{
	json_t *receipt = NULL;
	err e = body == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
			     : client_record(a->client, type, body, &receipt, f);

	json_decref(body);
	*already = e.code != OK && there != NULL && f->message != NULL &&
		   strcmp(f->message, there) == 0;
	if (e.code == OK || *already)
		note(a, type, receipt, *already);
	json_decref(receipt);
	return *already ? ERR_OK : e;
}

/* A person stands for himself, unless two accounts are of one person. */
static json_t *registration(struct cli *cli, const char *id, const char *kind)
{
	const char *person = cli_option(cli, "natural-person"), *name = cli_option(cli, "name"),
		   *supplier = cli_option(cli, "supplier"), *site = cli_option(cli, "site");
	json_t *body = json_pack("{s:s, s:s}", "principal", id, "kind", kind);

	if (strcmp(kind, "person") == 0)
		json_object_set_new(body, "natural_person",
				    person == NULL ? json_sprintf("P-%s", id)
						   : json_string(person));
	if (name != NULL)
		json_object_set_new(body, "name", json_string(name));
	if (supplier != NULL)
		json_object_set_new(body, "supplier", json_string(supplier));
	if (site != NULL)
		json_object_set_new(body, "site", json_string(site));
	return body;
}

static json_t *permissions(const char *words)
{
	static const char BETWEEN[] = " ,\t\n";
	json_t *list = json_array();

	for (words += strspn(words, BETWEEN); *words != '\0'; words += strspn(words, BETWEEN)) {
		size_t n = strcspn(words, BETWEEN);
		json_array_append_new(list, json_pack("{s:s%}", "permission", words, n));
		words += n;
	}
	return list;
}

static json_t *grant(struct cli *cli, const char *id, const char *role)
{
	const char *until = cli_option(cli, "until");
	json_t *body = json_pack("{s:o, s:s, s:s}", "grant_id", json_sprintf("G-%s-%s", id, role),
				 "principal", id, "role", role);

	for (size_t i = 0; i < LIMITS_N; i++)
		if (cli_option(cli, LIMITS[i]) != NULL)
			json_object_set_new(body, LIMITS[i],
					    json_string(cli_option(cli, LIMITS[i])));
	if (until != NULL)
		json_object_set_new(body, "not_after", json_string(until));
	return body;
}

static err enroll(struct adding *a, struct fault *f)
{
	const char *path = cli_option(a->cli, "public"),
		   *possession = cli_option(a->cli, "possession");
	char spki[2 * SPKI_SIZE_MAX];
	bool already;

	if (path == NULL)
		return ERR_OK;
	TRY(cli_public_key_text(a->cli, path, spki, f));
	TRY(add(a, "key.enrolled",
		json_pack("{s:s, s:s, s:s}", "principal", a->id, "public_key", spki, "possession",
			  possession),
		"KEY_ALREADY_ENROLLED", &already, f));
	const char *owner = already ? fault_value(f, "owner") : a->id;
	/* Another's key is no repetition. */
	return owner != NULL && strcmp(owner, a->id) == 0 ? ERR_OK
							  : fail(f, "KEY_ALREADY_ENROLLED", "owner",
								 owner == NULL ? "?" : owner, NULL);
}

static err give_role(struct adding *a, struct fault *f)
{
	const char *may = cli_option(a->cli, "may"), *role = cli_option(a->cli, "role");
	bool already;

	if (may == NULL && role == NULL)
		return ERR_OK;
	if (role == NULL)
		role = a->id;
	if (may != NULL)
		TRY(add(a, "role.defined",
			json_pack("{s:s, s:o}", "role", role, "permissions", permissions(may)),
			NULL, &already, f));
	return add(a, "role.granted", grant(a->cli, a->id, role), "GRANT_EXISTS", &already, f);
}

static err make_known(struct adding *a, const char *kind, struct fault *f)
{
	bool already;

	TRY(add(a, "principal.registered", registration(a->cli, a->id, kind), "PRINCIPAL_EXISTS",
		&already, f));
	TRY(enroll(a, f));
	return give_role(a, f);
}

err command_principal_add(struct cli *cli, struct fault *f)
{
	struct adding a = {.cli = cli, .id = cli->words[0]};
	const char *kind = cli_option(cli, "kind");

	if ((cli_option(cli, "public") == NULL) != (cli_option(cli, "possession") == NULL))
		return fail(f, "CLI_ENROLL_INCOMPLETE", NULL);
	TRY(cli_client(cli, true, &a.client, f));
	a.results = json_array();
	err e = make_known(&a, kind == NULL ? "person" : kind, f);
	/* What was recorded before something failed is told, too. */
	if (cli->json)
		cli_json(a.results);
	json_decref(a.results);
	return e;
}
