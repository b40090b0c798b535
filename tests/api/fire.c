/* SPDX-License-Identifier: Apache-2.0 */
#include "fire.h"

#include "backup/backup.h"
#include "core/cbor.h"
#include "fixture_internal.h"
#include "server/signing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"

extern const struct area *const AREAS[];

struct fire fire;

void fire_check(err e, const char *what)
{
	api_check(e, &fire.f, what);
}

/* ---- people with keys of age ---- */

static void run_tool(const char *const *arguments, const char *output)
{
	char line[1024] = "";

	for (size_t i = 0; arguments[i] != NULL; i++) {
		strncat(line, arguments[i], sizeof line - strlen(line) - 2);
		strncat(line, " ", sizeof line - strlen(line) - 1);
	}
	pid_t pid = fork();
	if (pid == 0) {
		union {
			const char *const *ours;
			char *const *theirs;
		} argv = {.ours = arguments};
		if (freopen(output, "w", stdout) == NULL ||
		    freopen("/dev/null", "w", stderr) == NULL)
			_exit(126);
		execvp(arguments[0], argv.theirs);
		_exit(127);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		stop_test("%s: %d\n", line, status);
}

static void make_people(void)
{
	const char *make[] = {"age-keygen", NULL};
	struct bytes text;
	char public_file[200];

	for (size_t i = 0; i < PEOPLE; i++) {
		snprintf(fire.identity[i], sizeof fire.identity[0], "%s/age%zu", fire.x->folder, i);
		snprintf(public_file, sizeof public_file, "%s.pub", fire.identity[i]);
		run_tool(make, fire.identity[i]);
		const char *show[] = {"age-keygen", "-y", fire.identity[i], NULL};
		run_tool(show, public_file);
		fire_check(file_read(&fire.x->arena, public_file, 200, &text, &fire.f),
			   "recipient");
		snprintf(fire.recipient[i], sizeof fire.recipient[0], "%.*s", (int)text.n - 1,
			 (const char *)text.p);
	}
}

/* ---- before the fire ---- */

static struct private_key *device_key(void)
{
	struct private_key *key = NULL;

	fire_check(private_key_generate(KEY_P256, &key, &fire.f), "key");
	return key;
}

struct reply *fire_ask(const char *serial)
{
	struct private_key *key = device_key();
	struct reply *r = company_request(&fire.c, "BA1", serial, key);

	private_key_close(key);
	return r;
}

const char *fire_certificate(const char *serial)
{
	return arena_printf(&fire.x->arena, "/v1/views/unit.certificate?product=GW&serial=%s",
			    serial);
}

void fire_issue(const char *serial)
{
	must_have(fire_ask(serial), 201);
	assert_non_null(company_wait(&fire.c, fire_certificate(serial)));
}

static void take_backup(void)
{
	struct backup_report taken;
	static const char *const NAMES[] = {"admin", "ada", "ben", "cleo"};
	struct backup_person people[PEOPLE];
	struct backup_plan plan = {.folder = fire.x->folder,
				   .store = fire.x->config.store,
				   .blobs = fire.x->config.blobs,
				   .origin = fire.x->config.origin,
				   .to = people,
				   .to_n = 1,
				   .custodians = people + 1,
				   .custodians_n = 3,
				   .need = 2,
				   .now_ms = 1};

	for (size_t i = 0; i < PEOPLE; i++)
		people[i] = (struct backup_person){NAMES[i], fire.recipient[i]};
	snprintf(fire.file, sizeof fire.file, "%s/backup.age", fire.x->folder);
	fire_check(backup_write(&plan, fire.file, &taken, &fire.f), "backup");
	assert_int_equal(taken.missing.n, 0);
}

/* One unit is issued before the backup; one more and so many records after it. */
void fire_live(const char *store, int records)
{
	fire = (struct fire){.x = store == NULL ? api_open() : api_open_on(store)};
	company_open(&fire.c, fire.x);
	company_authorize(&fire.c, "BA1", QUOTA, "");
	make_people();
	fire_issue("SN1");
	take_backup();
	for (int i = 0; i < records; i++)
		(void)api_must(fire.x, &fire.x->ada, "principal.registered",
			       arena_printf(&fire.x->arena,
					    "{'principal':'lost-%d','kind':'service'}", i));
	fire_issue("SN2");
	fire.old = fire.x->public.checkpoint;
	api_stop(fire.x);
	api_signer_away(fire.x);
}

/* ---- after it ---- */

static void move_in(const char *name)
{
	char from[300], to[300];

	snprintf(from, sizeof from, "%s/%s", fire.back, name);
	snprintf(to, sizeof to, "%s/%s", fire.x->folder, name);
	const char *remove_it[] = {"rm", "-rf", to, NULL};
	run_tool(remove_it, "/dev/null");
	if (file_exists(from))
		assert_int_equal(rename(from, to), 0);
}

/* With the shares of `custodians` of them, the signer's folder comes back, too. */
void fire_restore(const char *store, size_t custodians)
{
	static const char *const NAMES[] = {"", "ada", "ben", "cleo"};
	const char *shares[PEOPLE] = {NULL};
	char sealed[200], path[300];
	struct restore_report report;
	size_t n;

	snprintf(fire.back, sizeof fire.back, "%s/back", fire.x->folder);
	snprintf(sealed, sizeof sealed, "%s/sealed", fire.x->folder);
	fire_check(restore_shares(fire.file, fire.identity[0], sealed, &n, &fire.f), "shares");
	for (size_t i = 0; i < custodians; i++) {
		snprintf(path, sizeof path, "%s/%s.age", sealed, NAMES[i + 1]);
		snprintf(fire.share[i], sizeof fire.share[0], "%s/%s.share", sealed, NAMES[i + 1]);
		const char *open_it[] = {"age", "-d", "-i", fire.identity[i + 1], path, NULL};
		run_tool(open_it, fire.share[i]);
		shares[i] = fire.share[i];
	}
	struct restore_plan plan = {.file = fire.file,
				    .identity = fire.identity[0],
				    .folder = fire.back,
				    .store = store,
				    .shares = shares,
				    .shares_n = custodians,
				    .log = &fire.old,
				    .areas = AREAS};
	fire_check(restore_run(&plan, &report, &fire.f), "restore");
	assert_true(report.facts && report.sound);
	assert_int_equal(report.signer, custodians > 0);
	move_in("tiles");
	if (custodians > 0)
		move_in("signer");
	if (store == NULL) {
		move_in("store.db-wal");
		move_in("store.db-shm");
		move_in("store.db");
	} else {
		snprintf(fire.x->config.store, sizeof fire.x->config.store, "%s", store);
	}
}

static const char *signer_folder(void)
{
	return arena_printf(&fire.x->arena, "%s/signer", fire.x->folder);
}

void fire_plan(void)
{
	struct succession_question question = {.store = fire.x->config.store,
					       .tiles = fire.x->config.tiles,
					       .signer = signer_folder(),
					       .origin = API_ORIGIN,
					       .new_origin = NEW_ORIGIN,
					       .log = &fire.old,
					       .areas = AREAS,
					       .now_ms = clock_wall_ms(&clock_system)};

	fire_check(succession_plan_make(&question, &fire.x->arena, &fire.plan, &fire.f), "plan");
}

static struct bytes approval_of(const struct person *who)
{
	struct arena *a = &fire.x->arena;
	struct hash key = public_key_id(private_key_public(who->key));
	uint8_t *out = arena_alloc(a, 4096);
	struct writer w = writer_of(out, 4096);
	struct registry *registry;
	struct prepared made;
	struct bytes proof, approval;
	char hex[65];

	fire_check(registry_make(AREAS, &registry, &fire.f), "registry");
	struct claim_maker maker = {.registry = registry,
				    .origin = NEW_ORIGIN,
				    .author = who->id,
				    .key = &key,
				    .now_ms = clock_wall_ms(&clock_system)};
	hex_encode(hash_bytes(&fire.plan.digest), hex);
	json_t *json = json_pack("{s:{s:s}}", "body", "record", hex);
	fire_check(claim_make(&maker, a, bytes_text("approval.given"), json, &made, &fire.f),
		   "claim");
	json_decref(json);
	registry_free(registry);
	fire_check(
		cose_sign(a, who->key, bytes_text("approval.given"), made.claim, &proof, &fire.f),
		"sign");
	cbor_put_array(&w, 2);
	cbor_put_bytes(&w, made.claim);
	put_bytes(&w, proof);
	assert_true(writer_done(&w, &approval));
	return approval;
}

static err succeed(const struct bytes *approvals, size_t n)
{
	struct bytes note;

	return signer_succeed(signer_folder(), (struct bytes){0}, fire.plan.statement, approvals, n,
			      &fire.x->arena, &fire.key, &note, &fire.f);
}

static void take_new_name(void)
{
	char vkey[512], path[200];
	struct writer w = writer_of(vkey, sizeof vkey);
	struct bytes text;

	note_key_put(&w, &fire.key);
	put_text(&w, "\n");
	assert_true(writer_done(&w, &text));
	snprintf(path, sizeof path, "%s/log.vkey", fire.x->folder);
	fire_check(file_write(path, text, 0644, &fire.f), "log.vkey");
	snprintf(fire.x->config.origin, sizeof fire.x->config.origin, "%s", NEW_ORIGIN);
}

static void record(const struct bytes *approvals, size_t n)
{
	struct log_signing *signing = NULL;

	fire_check(signing_open(&fire.x->config, &signing, &fire.f), "signing");
	struct engine_config engine = {.store = fire.x->config.store,
				       .tiles = fire.x->config.tiles,
				       .origin = fire.x->config.origin,
				       .areas = AREAS,
				       .clock = &fire.x->clock,
				       .sign = signing_sign,
				       .last_signed = signing_last,
				       .sign_context = signing};
	fire_check(succession_record(&engine, fire.plan.statement, approvals, n, &fire.f),
		   "record");
	/* Again is fine: a crash after it is no reason to stay away. */
	fire_check(succession_record(&engine, fire.plan.statement, approvals, n, &fire.f), "again");
	signing_close(signing);
}

/* `shown` of the two approvals stand in the log. */
void fire_go_on(size_t shown)
{
	struct bytes approvals[] = {approval_of(&fire.x->ada), approval_of(&fire.x->ben)};

	assert_int_not_equal(succeed(approvals, 1).code, OK);
	assert_string_equal(fire.f.message, "SIGNER_APPROVALS_MISSING");
	fire_check(succeed(approvals, 2), "succeed");
	take_new_name();
	api_signer_back(fire.x);
	record(approvals, shown);
	api_start(fire.x);
	api_sign_in(fire.x, &fire.x->ada);
	api_sign_in(fire.x, &fire.x->ben);
	api_sign_in(fire.x, &fire.x->erin);
}
