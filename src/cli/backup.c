/* SPDX-License-Identifier: Apache-2.0 */
/* backup.c — a whole house into one file, and out of it again. */
#include "cli/cli.h"

#include "backup/backup.h"
#include "base/clock.h"
#include "base/files.h"
#include "server/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { KEY_LINE_MAX = 4096 };

static void say_progress(void *context, const char *what, uint64_t done, uint64_t total)
{
	(void)context;
	if (!isatty(STDERR_FILENO))
		return;
	if (total == 0)
		fprintf(stderr, "\r%s: %" PRIu64 " ", what, done);
	else
		fprintf(stderr, "\r%s: %" PRIu64 " of %" PRIu64 "%s", what, done, total,
			done == total ? "\n" : " ");
}

static bool is_recipient(const char *value)
{
	return strncmp(value, "age1", 4) == 0 || strncmp(value, "ssh-", 4) == 0;
}

/* The first line of a file that is no comment. */
static err recipient_of_file(struct cli *cli, const char *path, const char **out, struct fault *f)
{
	struct bytes text;

	TRY(file_read(&cli->arena, path, KEY_LINE_MAX, &text, f));
	while (text.n > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		size_t n = end == NULL ? text.n : (size_t)(end - text.p);

		if (n > 0 && text.p[0] != '#') {
			*out = arena_text(&cli->arena, bytes_of(text.p, n));
			return *out == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : ERR_OK;
		}
		text = end == NULL ? (struct bytes){0} : bytes_of(end + 1, text.n - n - 1);
	}
	return fail(f, "BACKUP_PERSON_WRONG", "value", path, NULL);
}

static err read_people(struct cli *cli, const char *option, struct backup_person *out, size_t *n,
		       struct fault *f)
{
	const char *said;

	for (*n = 0; (said = cli_option_at(cli, option, *n)) != NULL; ++*n) {
		const char *equals = strchr(said, '=');

		if (*n == BACKUP_PEOPLE_MAX)
			return fail(f, "CLI_TOO_MANY", NULL);
		if (equals == NULL || equals == said)
			return fail(f, "BACKUP_PERSON_WRONG", "value", said, NULL);
		out[*n].name = arena_text(&cli->arena, bytes_of(said, (size_t)(equals - said)));
		out[*n].recipient = equals + 1;
		if (!is_recipient(equals + 1))
			TRY(recipient_of_file(cli, equals + 1, &out[*n].recipient, f));
		if (out[*n].name == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
	}
	return ERR_OK;
}

static void say_missing(const struct backup_said *said)
{
	for (size_t i = 0; i < said->n && i < BACKUP_SAID_MAX; i++)
		printf("  not in it: %s\n", said->text[i]);
	if (said->n > BACKUP_SAID_MAX)
		printf("  … and %zu more\n", said->n - BACKUP_SAID_MAX);
}

static void say_report(const struct cli *cli, const struct backup_plan *plan, const char *path,
		       const struct backup_report *r)
{
	char digest[65];

	hex_encode(hash_bytes(&r->digest), digest);
	if (cli->json) {
		json_t *json =
			json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "file", path, "size",
				  (json_int_t)r->size, "entries", (json_int_t)r->entries,
				  "openings", (json_int_t)r->openings, "blobs",
				  (json_int_t)r->blobs, "secrets", (json_int_t)r->secrets,
				  "missing", (json_int_t)r->missing.n, "sha256", digest);
		cli_json(json);
		json_decref(json);
		return;
	}
	printf("Wrote %s, %" PRIu64 " bytes, SHA-256 %s\n", path, r->size, digest);
	if (!plan->signer_only)
		printf("  %" PRIu64 " entries, %" PRIu64 " values behind commitments, %" PRIu64
		       " files of %" PRIu64 " bytes\n",
		       r->entries, r->openings, r->blobs, r->blob_bytes);
	if (r->secrets > 0)
		printf("  %" PRIu64 " secret files, which %u of %zu custodians open together\n",
		       r->secrets, plan->need, plan->custodians_n);
	say_missing(&r->missing);
	if (!plan->signer_only)
		printf("Prove that it can be restored:\n"
		       "  sealwright restore %s %s --test --identity FILE --share FILE …\n",
		       path, plan->folder);
}

static err take(struct cli *cli, bool signer_only, struct fault *f)
{
	struct server_config *config = arena_alloc(&cli->arena, sizeof *config);
	struct backup_person to[BACKUP_PEOPLE_MAX], custodians[BACKUP_PEOPLE_MAX];
	struct backup_report report;
	uint64_t need;

	if (config == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(config_read(cli->words[0], config, f));
	struct backup_plan plan = {.folder = cli->words[0],
				   .store = config->store,
				   .blobs = config->blobs,
				   .origin = config->origin,
				   .signer_only = signer_only,
				   .to = to,
				   .custodians = custodians,
				   .now_ms = clock_wall_ms(&clock_system),
				   .progress = say_progress};
	TRY(read_people(cli, "to", to, &plan.to_n, f));
	TRY(read_people(cli, "custodian", custodians, &plan.custodians_n, f));
	TRY(cli_number(cli, "need", plan.custodians_n == 1 ? 1 : 2, BACKUP_PEOPLE_MAX, &need, f));
	plan.need = (unsigned)need;
	TRY(backup_write(&plan, cli->words[1], &report, f));
	say_report(cli, &plan, cli->words[1], &report);
	if (signer_only)
		return ERR_OK;
	struct backup_marks marks;
	backup_marks_read(cli->words[0], &marks);
	marks.backup = (struct backup_mark){plan.now_ms, report.head.size, report.digest};
	return backup_marks_write(cli->words[0], &marks, f);
}

err command_backup(struct cli *cli, struct fault *f)
{
	return take(cli, false, f);
}

err command_signer_backup(struct cli *cli, struct fault *f)
{
	return take(cli, true, f);
}

/* ---- and back ---- */

static err make_secret(struct cli *cli, const char *folder, const char *name, struct fault *f)
{
	const char *path = arena_printf(&cli->arena, "%s/%s", folder, name);
	uint8_t secret[32];

	if (path == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (file_exists(path))
		return ERR_OK;
	TRY(random_bytes(secret, sizeof secret, f));
	TRY(file_write(path, bytes_of(secret, sizeof secret), 0600, f));
	bytes_wipe(secret, sizeof secret);
	printf("  made anew: %s\n", name);
	return ERR_OK;
}

/* What the house needs to start and nobody kept. The key of files about people is not made anew while
 * there are such files: it is still with the custodians. */
static err make_what_is_missing(struct cli *cli, const char *folder, uint64_t personal,
				struct fault *f)
{
	const char *key = arena_printf(&cli->arena, "%s/tls.key", folder);

	if (key == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (!file_exists(key)) {
		TRY(tls_files_make(&cli->arena, folder, f));
		printf("  made anew: a TLS key and TLS certificate for localhost\n");
	}
	TRY(make_secret(cli, folder, "salts.key", f));
	if (personal == 0)
		return make_secret(cli, folder, "blob.key", f);
	return ERR_OK;
}

static void say_restored(struct cli *cli, const struct restore_plan *plan,
			 const struct restore_report *r)
{
	char made[48];

	cli_time(r->made_ms, made);
	if (cli->json) {
		json_t *json = json_pack("{s:s, s:I, s:I, s:I, s:I, s:b, s:b, s:b, s:I}", "origin",
					 r->origin, "entries", (json_int_t)r->entries, "openings",
					 (json_int_t)r->openings, "blobs", (json_int_t)r->blobs,
					 "signatures", (json_int_t)r->verified_signatures,
					 "secrets", r->secrets, "signer", r->signer, "sound",
					 r->sound, "missing", (json_int_t)r->missing.n);
		cli_json(json);
		json_decref(json);
		return;
	}
	printf("%s the backup of %s, made %s:\n", plan->test ? "Restored and verified" : "Restored",
	       r->origin, made);
	if (r->facts)
		printf("  %" PRIu64 " entries under the checkpoint, %" PRIu64
		       " signatures of authors verified, tables made anew\n  %" PRIu64
		       " values, %" PRIu64 " files\n",
		       r->entries, r->verified_signatures, r->openings, r->blobs);
	if (r->signer)
		printf("  the signer's keys and journal, whose chain holds\n");
	say_missing(&r->missing);
	if (plan->test)
		printf("Everything was removed again.\n");
}

static err read_restore_plan(struct cli *cli, struct restore_plan *plan, struct fault *f)
{
	const char **shares = arena_array(&cli->arena, BACKUP_SHARE_FILES_MAX, sizeof *shares);
	const struct note_key *log;
	const char *said;

	plan->file = cli->words[0];
	plan->identity = cli_option(cli, "identity");
	if (plan->identity == NULL)
		return fail(f, "BACKUP_IDENTITY_MISSING", NULL);
	if (shares == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	while ((said = cli_option_at(cli, "share", plan->shares_n)) != NULL) {
		if (plan->shares_n == BACKUP_SHARE_FILES_MAX)
			return fail(f, "CLI_TOO_MANY", NULL);
		shares[plan->shares_n++] = said;
	}
	plan->shares = shares;
	plan->store = cli_option(cli, "store");
	plan->test = cli_flag(cli, "test");
	plan->folder = plan->test ? arena_printf(&cli->arena, "%s/run/restore", cli->words[1])
				  : cli->words[1];
	plan->areas = AREAS;
	plan->now_ms = clock_wall_ms(&clock_system);
	plan->progress = say_progress;
	if (cli_option(cli, "log") != NULL) {
		TRY(cli_log_key(cli, &log, f));
		plan->log = log;
	}
	return plan->folder == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : ERR_OK;
}

static err give_shares(struct cli *cli, struct fault *f)
{
	const char *identity = cli_option(cli, "identity");
	size_t n;

	if (identity == NULL)
		return fail(f, "BACKUP_IDENTITY_MISSING", NULL);
	TRY(restore_shares(cli->words[0], identity, cli->words[1], &n, f));
	printf("%zu sealed shares in %s. Each custodian opens his own:\n"
	       "  age -d -i KEY NAME.age > NAME.share\n",
	       n, cli->words[1]);
	return ERR_OK;
}

err command_restore(struct cli *cli, struct fault *f)
{
	struct restore_plan plan = {0};
	struct restore_report report;
	struct backup_marks marks;

	if (cli_flag(cli, "shares-only"))
		return give_shares(cli, f);
	TRY(read_restore_plan(cli, &plan, f));
	TRY(restore_run(&plan, &report, f));
	say_restored(cli, &plan, &report);
	cli->verified = report.sound;
	if (!plan.test)
		return report.facts ? make_what_is_missing(cli, plan.folder, report.personal, f)
				    : ERR_OK;
	if (!report.sound)
		return ERR_OK; /* what does not hold is no proof */
	backup_marks_read(cli->words[1], &marks);
	marks.tested = (struct backup_mark){plan.now_ms, report.head.size, report.digest};
	return backup_marks_write(cli->words[1], &marks, f);
}
