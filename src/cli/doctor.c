/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.c — is the house in order? One line a question: ok, warn or fail, and what to do. */
#include "cli/doctor.h"

#include "base/catalog.h"
#include "base/clock.h"
#include "client/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLOCK_WARN_MS = 2000, CHALLENGE_LIFE_MS = 5 * 60 * 1000, SOON_DAYS = 30 };
static const uint64_t DAY_MS = UINT64_C(24) * 3600 * 1000;

/* What the server said is somebody else's text. */
void doctor_say(struct doctor *d, enum doctor_verdict verdict, const char *fix, const char *format,
		...)
{
	static const char *const WORDS[] = {"ok", "warn", "fail"};
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	d->said[verdict]++;
	if (d->cli->json) {
		json_array_append_new(d->list, json_pack("{s:s, s:s, s:s*}", "verdict",
							 WORDS[verdict], "text", text, "fix",
							 verdict == DOCTOR_OK ? NULL : fix));
		return;
	}
	printf("%-4s  ", WORDS[verdict]);
	cli_others(bytes_text(text));
	if (verdict != DOCTOR_OK && fix != NULL) {
		printf("\n      → ");
		cli_others(bytes_text(fix));
	}
	printf("\n");
}

static enum doctor_verdict verdict_of(const char *word)
{
	return word != NULL && strcmp(word, "ok") == 0     ? DOCTOR_OK
	       : word != NULL && strcmp(word, "warn") == 0 ? DOCTOR_WARN
							   : DOCTOR_FAIL;
}

void doctor_show(struct doctor *d, const json_t *checks)
{
	json_t *check;
	size_t i;

	json_array_foreach(checks, i, check)
	{
		const char *text = json_string_value(json_object_get(check, "text"));
		doctor_say(d, verdict_of(json_string_value(json_object_get(check, "verdict"))),
			   json_string_value(json_object_get(check, "fix")), "%s",
			   text == NULL ? "" : text);
	}
}

bool doctor_server_said(const struct doctor *d, const char *origin)
{
	const char *said = json_string_value(json_object_get(d->server, "origin"));

	return said != NULL && strcmp(said, origin) == 0;
}

static void say_fault(struct doctor *d, const char *what, const struct fault *f)
{
	char text[1024];

	fault_text(f, text, sizeof text);
	doctor_say(d, DOCTOR_FAIL, NULL, "%s: %s", what, text);
}

/* ---- the server ---- */

static void check_clock(struct doctor *d)
{
	json_t *body = json_pack("{s:s}", "for", "session"), *reply = NULL;
	struct fault f = {0};
	uint64_t expires, now = clock_wall_ms(&clock_system);
	err e = client_json(d->client, "POST", "/v1/challenges", body, &reply, &f);
	const char *text = json_string_value(json_object_get(reply, "expires"));

	if (e.code != OK) {
		say_fault(d, "clock", &f);
	} else if (text != NULL && time_parse(bytes_text(text), &expires)) {
		int64_t ahead = (int64_t)(expires - CHALLENGE_LIFE_MS) - (int64_t)now;
		doctor_say(d, llabs(ahead) <= CLOCK_WARN_MS ? DOCTOR_OK : DOCTOR_WARN,
			   "Set both clocks by the same source of time.",
			   "the server's clock is %+.1f s from ours", (double)ahead / 1000.0);
	}
	json_decref(body);
	json_decref(reply);
}

static void check_checkpoint(struct doctor *d)
{
	struct merkle_head head;
	struct bytes note;
	struct fault f = {0};

	if (client_checkpoint(d->client, &d->cli->arena, &note, &head, &f).code != OK)
		say_fault(d, "checkpoint", &f);
	else
		doctor_say(d, DOCTOR_OK, NULL, "the last checkpoint covers %" PRIu64 " entries%s",
			   head.size,
			   client_configuration(d->client)->log == NULL
				   ? ""
				   : ", signed by the log's key");
}

static bool check_server(struct doctor *d)
{
	struct bytes text;
	struct fault f = {0};

	if (client_get(d->client, &d->cli->arena, "/healthz", NULL, 4096, &text, &f).code != OK) {
		say_fault(d, "server", &f);
		return false;
	}
	doctor_say(d, DOCTOR_OK, NULL, "the server answers at %s",
		   client_configuration(d->client)->server);
	if (d->server != NULL)
		doctor_show(d, json_object_get(d->server, "checks"));
	else if (client_get(d->client, &d->cli->arena, "/readyz", NULL, 65536, &text, &f).code ==
		 OK)
		doctor_say(d, DOCTOR_OK, NULL, "it is ready: it takes decisions");
	else
		say_fault(d, "it is not ready", &f);
	check_clock(d);
	check_checkpoint(d);
	return true;
}

/* ---- people ---- */

static const json_t *rule_of(const json_t *rules, const char *class_name)
{
	const json_t *any = NULL;
	size_t i;
	json_t *row;

	json_array_foreach(json_object_get(rules, "rows"), i, row)
	{
		const char *name = json_string_value(json_object_get(row, "class"));
		if (name != NULL && strcmp(name, class_name) == 0)
			return row;
		if (name != NULL && strcmp(name, "*") == 0)
			any = row;
	}
	return any;
}

static size_t distinct_principals(const json_t *page)
{
	size_t i, n = 0;
	json_t *row, *seen = json_object();

	json_array_foreach(json_object_get(page, "rows"), i, row)
	{
		const char *name = json_string_value(json_object_get(row, "principal"));
		if (name != NULL && json_object_get(seen, name) == NULL) {
			json_object_set_new(seen, name, json_true());
			n++;
		}
	}
	json_decref(seen);
	return n;
}

static void check_class(struct doctor *d, const json_t *rules, const char *class_name)
{
	char now[TIME_TEXT_SIZE];
	const char *permission = arena_printf(&d->cli->arena, "%s.approve", class_name);
	const char *query[] = {"permission", permission, "when", now, NULL};
	const json_t *rule = rule_of(rules, class_name);
	json_int_t need = json_integer_value(json_object_get(rule, "need"));
	json_t *page = NULL;
	struct fault f = {0};

	/* Changing how many must agree takes one more than the rule says. */
	need += strcmp(class_name, "approval.rule") == 0;
	time_text(clock_wall_ms(&clock_system), now);
	if (rule == NULL || permission == NULL) {
		doctor_say(d, DOCTOR_FAIL, "Record approval.rule_set.",
			   "%s has no rule of approval", class_name);
		return;
	}
	if (client_view_all(d->client, "access.could_have", query, 0, &page, &f).code != OK) {
		say_fault(d, class_name, &f);
		return;
	}
	size_t eligible = distinct_principals(page);
	json_decref(page);
	doctor_say(d, (json_int_t)eligible > need ? DOCTOR_OK : DOCTOR_FAIL,
		   "Grant the permission to more people: whoever asks cannot agree.",
		   "%s needs %" JSON_INTEGER_FORMAT " other person%s, and %zu may agree",
		   class_name, need, need == 1 ? "" : "s", eligible);
}

static void check_approvals(struct doctor *d, const struct registry *registry)
{
	json_t *rules = NULL, *seen = json_object();
	struct fault f = {0};

	if (client_view_all(d->client, "approval.rules", NULL, 0, &rules, &f).code != OK) {
		say_fault(d, "rules of approval", &f);
		json_decref(seen);
		return;
	}
	for (size_t i = 0; i < registry->types_n; i++) {
		const char *class_name = registry->types[i].type->approval;
		if (class_name == NULL || json_object_get(seen, class_name) != NULL)
			continue;
		json_object_set_new(seen, class_name, json_true());
		check_class(d, rules, class_name);
	}
	json_decref(seen);
	json_decref(rules);
}

/* Rows of a view whose time `column` comes within the next days. */
static void check_ending(struct doctor *d, const char *view, const char *what, const char *column,
			 const char *const *query)
{
	uint64_t now = clock_wall_ms(&clock_system);
	size_t i, soon = 0, over = 0;
	json_t *page = NULL, *row;
	struct fault f = {0};

	if (client_view_all(d->client, view, query, 0, &page, &f).code != OK) {
		say_fault(d, what, &f);
		return;
	}
	json_array_foreach(json_object_get(page, "rows"), i, row)
	{
		json_int_t ends = json_integer_value(json_object_get(row, column));
		if (ends > 0 && !json_is_integer(json_object_get(row, "revoked_at"))) {
			over += (uint64_t)ends <= now;
			soon += (uint64_t)ends > now && (uint64_t)ends < now + SOON_DAYS * DAY_MS;
		}
	}
	json_decref(page);
	doctor_say(d, soon > 0 ? DOCTOR_WARN : DOCTOR_OK, "Renew them in time.",
		   "%s: %zu end within %d days, %zu have ended", what, soon, SOON_DAYS, over);
}

static void check_house(struct doctor *d)
{
	const struct registry *registry;
	char before[TIME_TEXT_SIZE];
	const char *query[] = {"before", before, NULL};
	struct fault f = {0};

	if (cli_registry(d->cli, &registry, &f).code != OK) {
		say_fault(d, "record types", &f);
		return;
	}
	check_approvals(d, registry);
	check_ending(d, "access.grants", "grants", "not_after", NULL);
	check_ending(d, "credential.list", "credentials", "not_after", NULL);
	time_text(clock_wall_ms(&clock_system) + SOON_DAYS * DAY_MS, before);
	check_ending(d, "supplier.ending", "approvals of suppliers", "expires", query);
}

/* ---- all of it ---- */

/* The server's own checks first, so that the folder's half need not ask the same; somebody who may not
 * read them, or a server that is away, is seen by what is asked next. */
static err ask_server(struct doctor *d, struct fault *f)
{
	const char *server, *principal, *key;
	struct fault silent;

	TRY(cli_setting(d->cli, "server", &server, f));
	TRY(cli_setting(d->cli, "as", &principal, f));
	TRY(cli_setting(d->cli, "key", &key, f));
	d->known = principal != NULL && key != NULL;
	if (server == NULL)
		return ERR_OK;
	TRY(cli_client(d->cli, d->known, &d->client, f));
	if (d->known &&
	    client_json(d->client, "GET", "/v1/doctor", NULL, &d->server, &silent).code != OK)
		d->server = NULL;
	return ERR_OK;
}

static void look_at_server(struct doctor *d)
{
	if (d->client == NULL) {
		doctor_say(d, DOCTOR_WARN, "Say --profile DIR/profile, or --server and --ca.",
			   "no server is named: it was not asked");
		return;
	}
	if (!check_server(d))
		return;
	if (d->known)
		check_house(d);
	else
		doctor_say(d, DOCTOR_WARN, "Say --as and --key of somebody who may read them.",
			   "people, grants and approvals were not looked at");
}

err command_doctor(struct cli *cli, struct fault *f)
{
	struct doctor d = {.cli = cli, .list = json_array()};
	err e = ask_server(&d, f);

	if (e.code == OK && cli->words_n > 0)
		e = doctor_folder(&d, cli->words[0], f);
	if (e.code == OK)
		look_at_server(&d);
	if (cli->json)
		cli_json(d.list);
	else
		printf("%u ok, %u to look at, %u wrong\n", d.said[DOCTOR_OK], d.said[DOCTOR_WARN],
		       d.said[DOCTOR_FAIL]);
	json_decref(d.list);
	json_decref(d.server);
	cli->verified = d.said[DOCTOR_FAIL] == 0;
	return e;
}
