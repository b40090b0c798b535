/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture_internal.h"

#include "base/files.h"
#include "signer/anchor.h"
#include "signer/found.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the clock ---- */

static uint64_t wall(void *context)
{
	const struct api_clock *c = context;

	return clock_wall_ms(&clock_system) + c->ahead_ms;
}

static uint64_t steady(void *context)
{
	const struct api_clock *c = context;

	return clock_steady_ms(&clock_system) + c->ahead_ms;
}

/* ---- the folder ---- */

static const char *path_of(struct api *x, const char *name)
{
	const char *path = arena_printf(&x->arena, "%s/%s", x->folder, name);

	assert_non_null(path);
	return path;
}

static void put_file(struct api *x, const char *name, struct bytes content)
{
	struct fault f = {0};

	api_check(file_write(path_of(x, name), content, 0600, &f), &f, name);
}

static void put_secret(struct api *x, const char *name)
{
	uint8_t secret[32];
	struct fault f = {0};

	api_check(random_bytes(secret, sizeof secret, &f), &f, "random");
	put_file(x, name, bytes_of(secret, sizeof secret));
}

static void put_tls(struct api *x)
{
	static const char *const names[] = {"localhost", "127.0.0.1"};
	uint64_t now = clock_wall_ms(&clock_system);
	struct private_key *key;
	struct bytes der, pem;
	uint8_t buffer[8192];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct fault f = {0};

	api_check(private_key_generate(KEY_P256, &key, &f), &f, "key");
	api_check(certificate_make_tls(&x->arena, key, names, 2, now - 86400000, now + 86400000,
				       &der, &f),
		  &f, "certificate");
	pem_put(&w, "CERTIFICATE", der);
	assert_true(writer_done(&w, &pem));
	put_file(x, "tls.crt", pem);
	api_check(private_key_save(key, path_of(x, "tls.key"), (struct bytes){0}, &f), &f,
		  "tls.key");
	private_key_close(key);
}

static void put_log_key(struct api *x)
{
	uint8_t buffer[512];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes text;

	note_key_put(&w, &x->public.checkpoint);
	put_text(&w, "\n");
	assert_true(writer_done(&w, &text));
	put_file(x, "log.vkey", text);
}

static void make_signer(struct api *x, const struct api_wish *wish)
{
	const struct person *people[] = {&x->ada, &x->ben, &x->cleo};
	struct charter_holder founders[3];
	struct charter_holder erin = {.person = x->erin.id,
				      .spki = public_key_spki(private_key_public(x->erin.key)),
				      .kind = CHARTER_COSE,
				      .outside = true};
	struct charter_founding charter = {.origin = API_ORIGIN,
					   .founders = founders,
					   .founders_n = 3,
					   .authors = &erin,
					   .authors_n = 1,
					   .newcomer_ms = 1};
	if (wish->witness != NULL) {
		charter.anchor = ANCHOR_WITNESS;
		charter.witnesses = &wish->witness;
		charter.witnesses_n = 1;
	}
	if (wish->tcti != NULL)
		charter.anchor = ANCHOR_TPM;
	struct signer_founding founding = {.origin = API_ORIGIN,
					   .now_ms = clock_wall_ms(&clock_system)};
	struct fault f = {0};

	for (size_t i = 0; i < 3; i++)
		founders[i] = (struct charter_holder){
			.person = people[i]->id,
			.spki = public_key_spki(private_key_public(people[i]->key)),
			.kind = CHARTER_COSE,
			.outside = true};
	api_check(charter_found(&charter, &x->arena, &founding.charter, &f), &f, "charter");
	x->charter = founding.charter;
	api_check(signer_create(path_of(x, "signer"), &founding, &x->arena, &x->public, &f), &f,
		  "signer");
}

static void make_folder(struct api *x, const struct api_wish *wish)
{
	const char *config = arena_printf(&x->arena,
					  "# of a test\norigin = " API_ORIGIN "\npeople_port = 0\n"
					  "machines_port = 0\nlog_level = error\n%s",
					  wish->settings == NULL ? "" : wish->settings);
	const char *root = getenv("SEALWRIGHT_TEST_FOLDER");
	struct fault f = {0};

	snprintf(x->folder, sizeof x->folder, "%s/sealwright-api-XXXXXX",
		 root == NULL ? "/tmp" : root);
	assert_non_null(mkdtemp(x->folder));
	put_file(x, "sealwright.conf", bytes_text(config));
	put_secret(x, "salts.key");
	put_secret(x, "blob.key");
	put_tls(x);
	api_check(folder_make(path_of(x, "run"), &f), &f, "run");
	api_check(config_read(x->folder, &x->config, &f), &f, "config");
	make_signer(x, wish);
	put_log_key(x);
	if (wish->tcti != NULL)
		api_check(anchor_folder_make(path_of(x, "signer"), wish->tcti, 0x01800100,
					     (struct bytes){0}, &f),
			  &f, "anchor");
	x->config.clock = &x->clock;
}

/* ---- founding ---- */

static const char *const FOUNDER_MAY[] = {
	"access.admin",
	"access.grant",
	"access.suspend",
	"access.read",
	"approval.read",
	"ledger.read",
	"approval.rule.approve",
	"nonconformance.read",
	"privacy.erase",
	"blob.write",
	"firmware.release.approve",
	"build.authorize.approve",
	"test.procedure.approve",
	"charter.approve",
	"credential.approve",
	"firmware.emergency.approve",
	"identity.read",
};

static json_t *founder_json(const struct person *p)
{
	const struct public_key *key = private_key_public(p->key);
	struct hash id = public_key_id(key);
	char hex[65], spki[512];

	hex_encode(hash_bytes(&id), hex);
	base64url_encode(public_key_spki(key), spki);
	return json_pack("{s:s, s:s, s:s}", "principal", p->id, "key", hex, "public_key", spki);
}

static void found(struct api *x)
{
	char ca[65], certificate[65], checkpoint[65], charter[2 * CHARTER_SIZE_MAX];
	struct hash zero = {{0}};
	struct fault f = {0};
	json_t *may = json_array();

	for (size_t i = 0; i < sizeof FOUNDER_MAY / sizeof FOUNDER_MAY[0]; i++)
		json_array_append_new(may, json_pack("{s:s}", "permission", FOUNDER_MAY[i]));
	hex_encode(hash_bytes(&x->public.ca_key), ca);
	hex_encode(hash_bytes(&zero), certificate);
	hex_encode(bytes_of(x->public.checkpoint.public_key, 32), checkpoint);
	base64url_encode(x->charter, charter);
	json_t *genesis = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:[o,o,o], s:o, s:s}", "mode", "founded", "origin",
		API_ORIGIN, "ca_key", ca, "ca_certificate", certificate, "checkpoint_key",
		checkpoint, "founders", founder_json(&x->ada), founder_json(&x->ben),
		founder_json(&x->cleo), "founder_permissions", may, "charter", charter);
	api_check(server_start_log(&x->config, genesis, &f), &f, "founding");
	json_decref(genesis);
}

void person_done(struct person *p)
{
	private_key_close(p->key);
	p->key = NULL;
}

void api_start(struct api *x)
{
	struct fault f = {0};

	api_check(server_open(&x->config, &x->server, &f), &f, "server_open");
	x->people = server_port(x->server, HTTP_PEOPLE);
	x->machines = server_port(x->server, HTTP_MACHINES);
}

void api_stop(struct api *x)
{
	server_close(x->server);
	x->server = NULL;
}

static struct api *api_make(const struct api_wish *wish)
{
	struct api *x = calloc(1, sizeof *x);

	assert_non_null(x);
	x->arena.limit = (size_t)1 << 30;
	x->clock = (struct clock){wall, steady, &x->moved};
	x->ada = api_make_person("ada");
	x->ben = api_make_person("ben");
	x->cleo = api_make_person("cleo");
	x->erin = api_make_person("erin");
	make_folder(x, wish);
	if (wish->before != NULL)
		wish->before(x, wish->context);
	api_open_nursery(x);
	api_signer_back(x);
	return x;
}

static const struct api_wish NOTHING;

struct api *api_open_over(const char *store, uint64_t ahead_ms)
{
	struct api *x = api_make(&NOTHING);

	snprintf(x->config.store, sizeof x->config.store, "%s", store);
	x->moved.ahead_ms = ahead_ms;
	api_start(x);
	return x;
}

static struct api *open_and_found(const char *store, const struct api_wish *wish)
{
	struct api *x = api_make(wish);

	if (store != NULL)
		snprintf(x->config.store, sizeof x->config.store, "%s", store);
	found(x);
	api_start(x);
	api_sign_in(x, &x->ada);
	api_sign_in(x, &x->ben);
	api_sign_in(x, &x->cleo);
	return x;
}

struct api *api_open(void)
{
	return open_and_found(NULL, &NOTHING);
}

struct api *api_open_on(const char *store)
{
	return open_and_found(store, &NOTHING);
}

struct api *api_open_wishing(const struct api_wish *wish)
{
	return open_and_found(NULL, wish);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static void forget_replies(struct api *x)
{
	for (struct reply *r = x->replies; r != NULL; r = r->older)
		json_decref(r->json);
	x->replies = NULL;
}

struct api *api_copy(const struct api *x)
{
	struct api *copy = malloc(sizeof *copy);

	assert_non_null(copy);
	memcpy(copy, x, sizeof *copy);
	copy->arena = (struct arena){.limit = (size_t)256 << 20};
	copy->replies = NULL;
	return copy;
}

void api_copy_done(struct api *copy)
{
	forget_replies(copy);
	arena_done(&copy->arena);
	free(copy);
}

void api_close(struct api *x)
{
	forget_replies(x);
	api_stop(x);
	close(x->nursery_fd);
	(void)waitpid(x->nursery, NULL, 0);
	person_done(&x->ada);
	person_done(&x->ben);
	person_done(&x->cleo);
	person_done(&x->erin);
	(void)nftw(x->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	arena_done(&x->arena);
	free(x);
}
