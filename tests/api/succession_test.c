/* SPDX-License-Identifier: Apache-2.0 */
/* The disk is lost, and with it 500 records that people have receipts for. What a backup has goes on under
 * another name, when two agreed: the gap is in the log for everybody to see, and the unit beyond the
 * quota is refused, though the log has forgotten some of those before it. */
#include "company.h"

#include "backup/succession.h"
#include "backup/backup.h"
#include "client/log.h"
#include "client/passport_check.h"
#include "core/cbor.h"
#include "fixture_internal.h"
#include "ledger/audit.h"
#include "server/signing.h"
#include "stores.h"
#undef fail

#include <sys/wait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"

#define NEW_ORIGIN "test.example/log2"

enum { LOST_RECORDS = 500, QUOTA = 3, PEOPLE = 4 };

extern const struct area *const AREAS[];

struct fire {
	struct api *x;
	struct company c;
	struct note_key old;
	char file[160], back[160], identity[4][160], share[4][260];
	char recipient[4][128], store[512];
	struct backup_report taken;
	struct succession_plan plan;
	struct note_key key;
	struct fault f;
};

static struct fire fire;

static void good(err e, const char *what)
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
		good(file_read(&fire.x->arena, public_file, 200, &text, &fire.f), "recipient");
		snprintf(fire.recipient[i], sizeof fire.recipient[0], "%.*s", (int)text.n - 1,
			 (const char *)text.p);
	}
}

/* ---- before the fire ---- */

static struct private_key *device_key(void)
{
	struct private_key *key = NULL;

	good(private_key_generate(KEY_P256, &key, &fire.f), "key");
	return key;
}

static struct reply *ask_for(const char *serial)
{
	struct private_key *key = device_key();
	struct reply *r = company_request(&fire.c, "BA1", serial, key);

	private_key_close(key);
	return r;
}

static const char *certificate_of(const char *serial)
{
	return arena_printf(&fire.x->arena, "/v1/views/unit.certificate?product=GW&serial=%s",
			    serial);
}

static void issue(const char *serial)
{
	must_have(ask_for(serial), 201);
	assert_non_null(company_wait(&fire.c, certificate_of(serial)));
}

static void take_backup(void)
{
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
	good(backup_write(&plan, fire.file, &fire.taken, &fire.f), "backup");
	assert_int_equal(fire.taken.missing.n, 0);
}

/* One unit is issued before the backup; one more and so many records after it. */
static void live(const char *store, int records)
{
	fire = (struct fire){.x = store == NULL ? api_open() : api_open_on(store)};
	company_open(&fire.c, fire.x);
	company_authorize(&fire.c, "BA1", QUOTA, "");
	make_people();
	issue("SN1");
	take_backup();
	for (int i = 0; i < records; i++)
		(void)api_must(fire.x, &fire.x->ada, "principal.registered",
			       arena_printf(&fire.x->arena,
					    "{'principal':'lost-%d','kind':'service'}", i));
	issue("SN2");
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
static void restore(const char *store, size_t custodians)
{
	static const char *const NAMES[] = {"", "ada", "ben", "cleo"};
	const char *shares[PEOPLE] = {NULL};
	char sealed[200], path[300];
	struct restore_report report;
	size_t n;

	snprintf(fire.back, sizeof fire.back, "%s/back", fire.x->folder);
	snprintf(sealed, sizeof sealed, "%s/sealed", fire.x->folder);
	good(restore_shares(fire.file, fire.identity[0], sealed, &n, &fire.f), "shares");
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
	good(restore_run(&plan, &report, &fire.f), "restore");
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

static void make_plan(void)
{
	struct succession_question question = {.store = fire.x->config.store,
					       .tiles = fire.x->config.tiles,
					       .signer = signer_folder(),
					       .origin = API_ORIGIN,
					       .new_origin = NEW_ORIGIN,
					       .log = &fire.old,
					       .areas = AREAS,
					       .now_ms = clock_wall_ms(&clock_system)};

	good(succession_plan_make(&question, &fire.x->arena, &fire.plan, &fire.f), "plan");
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

	good(registry_make(AREAS, &registry, &fire.f), "registry");
	struct claim_maker maker = {.registry = registry,
				    .origin = NEW_ORIGIN,
				    .author = who->id,
				    .key = &key,
				    .now_ms = clock_wall_ms(&clock_system)};
	hex_encode(hash_bytes(&fire.plan.digest), hex);
	json_t *json = json_pack("{s:{s:s}}", "body", "record", hex);
	good(claim_make(&maker, a, bytes_text("approval.given"), json, &made, &fire.f), "claim");
	json_decref(json);
	registry_free(registry);
	good(cose_sign(a, who->key, bytes_text("approval.given"), made.claim, &proof, &fire.f),
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
	good(file_write(path, text, 0644, &fire.f), "log.vkey");
	snprintf(fire.x->config.origin, sizeof fire.x->config.origin, "%s", NEW_ORIGIN);
}

static void record(const struct bytes *approvals, size_t n)
{
	struct log_signing *signing = NULL;

	good(signing_open(&fire.x->config, &signing, &fire.f), "signing");
	struct engine_config engine = {.store = fire.x->config.store,
				       .tiles = fire.x->config.tiles,
				       .origin = fire.x->config.origin,
				       .areas = AREAS,
				       .clock = &fire.x->clock,
				       .sign = signing_sign,
				       .last_signed = signing_last,
				       .sign_context = signing};
	good(succession_record(&engine, fire.plan.statement, approvals, n, &fire.f), "record");
	/* Again is fine: a crash after it is no reason to stay away. */
	good(succession_record(&engine, fire.plan.statement, approvals, n, &fire.f), "again");
	signing_close(signing);
}

/* `shown` of the two approvals stand in the log. */
static void go_on_showing(size_t shown)
{
	struct bytes approvals[] = {approval_of(&fire.x->ada), approval_of(&fire.x->ben)};

	assert_int_not_equal(succeed(approvals, 1).code, OK);
	assert_string_equal(fire.f.message, "SIGNER_APPROVALS_MISSING");
	good(succeed(approvals, 2), "succeed");
	take_new_name();
	api_signer_back(fire.x);
	record(approvals, shown);
	api_start(fire.x);
	api_sign_in(fire.x, &fire.x->ada);
	api_sign_in(fire.x, &fire.x->ben);
	api_sign_in(fire.x, &fire.x->erin);
}

/* ---- what everybody sees ---- */

static void the_gap_is_shown(void)
{
	struct reply *r = api_get(fire.x, &fire.x->erin, "/v1/views/nonconformance.all?limit=1000");
	json_t *row;

	must_have(r, 200);
	assert_non_null(strstr(r->body, "LOG_RANGE_LOST"));
	row = company_row(&fire.c, "/v1/views/log.successions");
	assert_non_null(row);
	assert_int_equal(json_integer_value(json_object_get(row, "lost")), fire.plan.lost);
	assert_string_equal(json_string_value(json_object_get(row, "old_origin")), API_ORIGIN);
	assert_null(strstr(
		api_get(fire.x, &fire.x->erin, "/v1/views/access.principals?limit=1000")->body,
		"lost-7"));
}

static err audit(const struct note_key *key, struct audit_report *report)
{
	struct audit_options options = {
		.key = *key, .verify = ed25519_verify, .entry = audit_keys_entry};
	struct audit_keys keys = {.arena = {.limit = (size_t)1 << 28}};
	struct registry *registry;

	good(registry_make(AREAS, &registry, &fire.f), "registry");
	keys.registry = registry;
	options.entry_context = &keys;
	good(charter_check_open(key, &keys.charter, &fire.f), "charter");
	err e = audit_run(audit_folder(fire.x->config.tiles), &options, report, &fire.f);
	charter_check_close(keys.charter);
	audit_keys_done(&keys);
	registry_free(registry);
	return e;
}

static void the_whole_log_is_audited(void)
{
	struct audit_report report;

	api_stop(fire.x); /* shows the last head in the folder */
	good(audit(&fire.key, &report), "audit");
	assert_int_equal(report.successions, 1);
	/* Under its old name nobody can pass it off as whole. */
	assert_int_not_equal(audit(&fire.old, &report).code, OK);
	api_start(fire.x);
	api_sign_in(fire.x, &fire.x->erin);
}

static void a_passport_of_before_is_verified(void)
{
	struct passport_report report;
	struct registry *registry;
	struct reply *r = api_get(fire.x, &fire.x->erin, "/v1/passport/GW/SN1");

	must_have(r, 200);
	good(registry_make(AREAS, &registry, &fire.f), "registry");
	good(passport_check(bytes_of(r->body, r->n), &fire.key, registry, NULL, NULL, &report,
			    &fire.f),
	     "passport");
	registry_free(registry);
}

static void end(void)
{
	company_done(&fire.c);
	api_close(fire.x);
}

/* Whoever refuses it: the server at once, or the signer, whose word the log then has. */
static const char *verdict_of(const char *serial)
{
	struct arena *a = &fire.x->arena;
	struct reply *r = ask_for(serial);

	if (r->status != 201)
		return reply_text(r, "code");
	const json_t *row = company_wait(
		&fire.c,
		arena_printf(a, "/v1/views/unit.list?product=GW&serial=%s&state=refused", serial));
	r = api_get(fire.x, &fire.x->erin,
		    arena_printf(a, "/v1/entries/%d",
				 (int)json_integer_value(json_object_get(row, "since"))));
	must_have(r, 200);
	const json_t *body = json_object_get(json_object_get(r->json, "claim"), "body");
	return json_string_value(json_object_get(body, "code"));
}

/* ---- the tests ---- */

static void second_store(const struct store_test *test, char out[static 512])
{
	if (test->product == DB_POSTGRES) {
		server_command("DROP SCHEMA IF EXISTS restored CASCADE; CREATE SCHEMA restored");
		server_address(out, 512, "options=-csearch_path%3Drestored");
	} else {
		snprintf(out, 512, "sqlite:%s/restored.db", fire.x->folder);
	}
}

static void five_hundred_lost_records_are_shown_and_the_quota_holds(void **state)
{
	const struct store_test *test = *state;
	char store[512];

	live(test->address, LOST_RECORDS);
	second_store(test, store);
	restore(store, 0);
	make_plan();
	assert_true(fire.plan.lost >= LOST_RECORDS);
	assert_false(fire.plan.used_up);
	go_on_showing(2);
	the_gap_is_shown();
	/* The signer remembers SN2, which the log does not; one is left of three. */
	issue("SN3");
	assert_string_equal(verdict_of("SN4"), "SIGNER_QUOTA_SPENT");
	assert_string_equal(verdict_of("SN2"), "BUILD_QUOTA_EXCEEDED");
	the_whole_log_is_audited();
	a_passport_of_before_is_verified();
	end();
}

static void with_the_journal_lost_too_nothing_is_left_of_the_quota(void **state)
{
	const struct store_test *test = *state;
	char store[512];

	live(test->address, 5);
	second_store(test, store);
	restore(store, 2);
	make_plan();
	assert_true(fire.plan.used_up);
	assert_true(fire.plan.facts.restored);
	go_on_showing(2);
	assert_string_equal(verdict_of("SN3"), "SIGNER_ENDED");
	the_whole_log_is_audited();
	end();
}

/* A server that is started with what was restored, as if nothing had happened, signs nothing. */
static void without_a_succession_the_signer_stays_away(void **state)
{
	const struct store_test *test = *state;
	char store[512];

	live(test->address, 5);
	second_store(test, store);
	restore(store, 0);
	api_signer_back(fire.x);
	assert_int_not_equal(server_open(&fire.x->config, &fire.x->server, &fire.f).code, OK);
	fire.x->server = NULL;
	end();
}

/* Whoever has a signer say yes still needs the people's own words in the log. */
static void a_succession_that_shows_too_few_who_agreed_is_found(void **state)
{
	const struct store_test *test = *state;
	struct audit_report report;
	char store[512];

	live(test->address, 5);
	second_store(test, store);
	restore(store, 0);
	make_plan();
	go_on_showing(1);
	(void)api_must(fire.x, &fire.x->ada, "principal.registered",
		       "{'principal':'late','kind':'service'}");
	api_stop(fire.x);
	assert_int_not_equal(audit(&fire.key, &report).code, OK);
	assert_string_equal(fire.f.message, "AUDIT_DECISION_UNAUTHORIZED");
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(five_hundred_lost_records_are_shown_and_the_quota_holds),
		STORE_TEST(with_the_journal_lost_too_nothing_is_left_of_the_quota),
		STORE_TEST(without_a_succession_the_signer_stays_away),
		STORE_TEST(a_succession_that_shows_too_few_who_agreed_is_found),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
