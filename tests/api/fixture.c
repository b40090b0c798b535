/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "base/files.h"
#include "domain/access/access_area.h"

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

static void check(err result, const struct fault *f, const char *what)
{
	if (result.code == OK)
		return;
	print_error("%s: %s", what, f->message == NULL ? "?" : f->message);
	for (size_t i = 0; i < f->n; i++)
		print_error(" %s=%s", f->values[i].name, f->values[i].value);
	stop_test("\n");
}

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

/* ---- the signer: forked by a process that has no threads ---- */

static _Noreturn void run_signer(const struct server_config *config, int ready_fd)
{
	char folder[CONFIG_PATH_SIZE];
	struct fault f = {0};

	snprintf(folder, sizeof folder, "%.400s/signer", config->folder);
	struct signer_config signer = {.folder = folder,
				       .socket = config->signer_socket,
				       .peer_uid = geteuid(),
				       .ready_fd = ready_fd};
	err ended = signer_run(&signer, &f);
	if (ended.code != OK)
		(void)dprintf(2, "signer: %s\n", f.message);
	_exit(ended.code == OK ? 0 : 1);
}

static pid_t start_signer(const struct server_config *config)
{
	int ready[2];
	char byte;

	if (pipe2(ready, O_CLOEXEC) != 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0)
		run_signer(config, ready[1]);
	close(ready[1]);
	bool up = pid > 0 && read(ready[0], &byte, 1) == 1;
	close(ready[0]);
	return up ? pid : -1;
}

/* Each byte that comes: end the signer that runs, or start one and say its number. */
static _Noreturn void run_nursery(const struct server_config *config, int fd)
{
	pid_t pid = 0;
	char order;

	while (read(fd, &order, 1) == 1) {
		if (pid > 0) {
			(void)kill(pid, SIGTERM);
			(void)waitpid(pid, NULL, 0);
			pid = 0;
		}
		if (order == '+')
			pid = start_signer(config);
		if (write(fd, &pid, sizeof pid) != sizeof pid)
			break;
	}
	if (pid > 0)
		(void)kill(pid, SIGTERM);
	_exit(0);
}

static void order(struct api *x, char what)
{
	assert_int_equal(write(x->nursery_fd, &what, 1), 1);
	assert_int_equal(read(x->nursery_fd, &x->signer, sizeof x->signer), sizeof x->signer);
	assert_true(x->signer >= 0);
}

static void open_nursery(struct api *x)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	x->nursery = fork();
	assert_true(x->nursery >= 0);
	if (x->nursery == 0) {
		close(fds[0]);
		run_nursery(&x->config, fds[1]);
	}
	close(fds[1]);
	x->nursery_fd = fds[0];
}

void api_signer_away(struct api *x)
{
	order(x, '-');
}

void api_signer_back(struct api *x)
{
	order(x, '+');
	assert_true(x->signer > 0);
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

	check(file_write(path_of(x, name), content, 0600, &f), &f, name);
}

static void put_secret(struct api *x, const char *name)
{
	uint8_t secret[32];
	struct fault f = {0};

	check(random_bytes(secret, sizeof secret, &f), &f, "random");
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

	check(private_key_generate(KEY_P256, &key, &f), &f, "key");
	check(certificate_make_tls(&x->arena, key, names, 2, now - 86400000, now + 86400000, &der,
				   &f),
	      &f, "certificate");
	pem_put(&w, "CERTIFICATE", der);
	assert_true(writer_done(&w, &pem));
	put_file(x, "tls.crt", pem);
	check(private_key_save(key, path_of(x, "tls.key"), (struct bytes){0}, &f), &f, "tls.key");
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

static void make_folder(struct api *x)
{
	static const char config[] = "# of a test\norigin = " API_ORIGIN "\npeople_port = 0\n"
				     "machines_port = 0\nlog_level = error\n";
	struct fault f = {0};

	snprintf(x->folder, sizeof x->folder, "/tmp/sealwright-api-XXXXXX");
	assert_non_null(mkdtemp(x->folder));
	put_file(x, "sealwright.conf", bytes_text(config));
	put_secret(x, "salts.key");
	put_secret(x, "blob.key");
	put_tls(x);
	check(folder_make(path_of(x, "run"), &f), &f, "run");
	check(config_read(x->folder, &x->config, &f), &f, "config");
	check(signer_create(path_of(x, "signer"), API_ORIGIN, (struct bytes){0},
			    clock_wall_ms(&clock_system), &x->arena, &x->public, &f),
	      &f, "signer");
	put_log_key(x);
	x->config.clock = &x->clock;
}

/* ---- founding ---- */

static const char *const FOUNDER_MAY[] = {
	"access.admin",  "access.grant", "access.suspend",           "access.read",
	"approval.read", "ledger.read",  "approval.rule.approve",    "nonconformance.read",
	"privacy.erase", "blob.write",   "firmware.release.approve", "build.authorize.approve",
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
	char ca[65], certificate[65], checkpoint[65];
	struct hash zero = {{0}};
	struct fault f = {0};
	json_t *may = json_array();

	for (size_t i = 0; i < sizeof FOUNDER_MAY / sizeof FOUNDER_MAY[0]; i++)
		json_array_append_new(may, json_pack("{s:s}", "permission", FOUNDER_MAY[i]));
	hex_encode(hash_bytes(&x->public.ca_key), ca);
	hex_encode(hash_bytes(&zero), certificate);
	hex_encode(bytes_of(x->public.checkpoint.public_key, 32), checkpoint);
	json_t *genesis =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:[o,o,o], s:o}", "mode", "founded", "origin",
			  API_ORIGIN, "ca_key", ca, "ca_certificate", certificate, "checkpoint_key",
			  checkpoint, "founders", founder_json(&x->ada), founder_json(&x->ben),
			  founder_json(&x->cleo), "founder_permissions", may);
	check(server_start_log(&x->config, genesis, &f), &f, "founding");
	json_decref(genesis);
}

static struct person make_person(const char *id)
{
	struct person p = {0};
	struct fault f = {0};

	snprintf(p.id, sizeof p.id, "%s", id);
	check(private_key_generate(KEY_ED25519, &p.key, &f), &f, "key");
	return p;
}

void person_done(struct person *p)
{
	private_key_close(p->key);
	p->key = NULL;
}

void api_start(struct api *x)
{
	struct fault f = {0};

	check(server_open(&x->config, &x->server, &f), &f, "server_open");
	x->people = server_port(x->server, HTTP_PEOPLE);
	x->machines = server_port(x->server, HTTP_MACHINES);
}

void api_stop(struct api *x)
{
	server_close(x->server);
	x->server = NULL;
}

static struct api *api_make(void)
{
	struct api *x = calloc(1, sizeof *x);

	assert_non_null(x);
	x->arena.limit = (size_t)1 << 30;
	x->clock = (struct clock){wall, steady, &x->moved};
	make_folder(x);
	open_nursery(x);
	api_signer_back(x);
	return x;
}

struct api *api_open_over(const char *store, uint64_t ahead_ms)
{
	struct api *x = api_make();

	snprintf(x->config.store, sizeof x->config.store, "%s", store);
	x->moved.ahead_ms = ahead_ms;
	api_start(x);
	return x;
}

struct api *api_open(void)
{
	struct api *x = api_make();

	x->ada = make_person("ada");
	x->ben = make_person("ben");
	x->cleo = make_person("cleo");
	found(x);
	api_start(x);
	api_sign_in(x, &x->ada);
	api_sign_in(x, &x->ben);
	api_sign_in(x, &x->cleo);
	return x;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

void api_close(struct api *x)
{
	api_stop(x);
	close(x->nursery_fd);
	(void)waitpid(x->nursery, NULL, 0);
	person_done(&x->ada);
	person_done(&x->ben);
	person_done(&x->cleo);
	(void)nftw(x->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	arena_done(&x->arena);
	free(x);
}

/* ---- signing in ---- */

void api_sign_in(struct api *x, struct person *who)
{
	uint8_t buffer[512], signature[64];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct hash key = public_key_id(private_key_public(who->key));
	char hex[65], text[128];
	struct bytes message;
	struct fault f = {0};
	struct reply *challenge = api_post(x, NULL, "/v1/challenges", "{'for': 'session'}");

	must_have(challenge, 201);
	assert_true(session_message(bytes_text(API_ORIGIN), bytes_text(who->id),
				    bytes_text(reply_text(challenge, "nonce")), &w, &message));
	check(key_sign(who->key, message, signature, &f), &f, "sign");
	hex_encode(hash_bytes(&key), hex);
	base64url_encode(bytes_of(signature, sizeof signature), text);
	struct reply *session =
		api_post(x, NULL, "/v1/sessions",
			 arena_printf(&x->arena,
				      "{'principal':'%s','nonce':'%s','key':'%s','signature':'%s'}",
				      who->id, reply_text(challenge, "nonce"), hex, text));
	must_have(session, 201);
	snprintf(who->token, sizeof who->token, "%s", reply_text(session, "token"));
}

/* ---- records ---- */

char *api_quoted(struct api *x, const char *text)
{
	char *json = arena_text(&x->arena, bytes_text(text));

	assert_non_null(json);
	for (char *p = json; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	return json;
}

void api_uuid(struct api *x, char out[static 37])
{
	uint8_t b[16];
	uint64_t ms = clock_wall_ms(&x->clock);
	char hex[33];
	struct fault f = {0};

	check(random_bytes(b, sizeof b, &f), &f, "random");
	for (size_t i = 0; i < 6; i++)
		b[i] = (uint8_t)(ms >> (8 * (5 - i)));
	b[6] = (uint8_t)(0x70 | (b[6] & 0x0f));
	b[8] = (uint8_t)(0x80 | (b[8] & 0x3f));
	hex_encode(bytes_of(b, 16), hex);
	snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

/* {"claim", "proof", "openings"} from the reply of `prepare`. */
static json_t *sign_prepared(struct api *x, const struct person *who, const char *type,
			     const struct reply *prepared)
{
	const char *claim = reply_text(prepared, "claim");
	uint8_t *bytes = arena_alloc(&x->arena, strlen(claim) + 1);
	struct bytes proof;
	struct fault f = {0};
	size_t n;

	assert_true(base64url_decode(bytes_text(claim), bytes, strlen(claim), &n));
	check(cose_sign(&x->arena, who->key, bytes_text(type), bytes_of(bytes, n), &proof, &f), &f,
	      "cose_sign");
	char *text = arena_alloc(&x->arena, base64_size(proof.n) + 1);
	base64url_encode(proof, text);
	return json_pack("{s:s, s:s, s:O}", "claim", claim, "proof", text, "openings",
			 json_object_get(prepared->json, "openings"));
}

static struct reply *prepare(struct api *x, const struct person *who, const char *type,
			     const char *body)
{
	struct ask ask = {.path = arena_printf(&x->arena, "/v1/records/%s/prepare", type),
			  .body = arena_printf(&x->arena, "{\"body\": %s}", api_quoted(x, body)),
			  .who = who,
			  .machine = who->token[0] == '\0'};

	return api_ask(x, &ask);
}

json_t *api_signed(struct api *x, const struct person *who, const char *type, const char *body)
{
	struct reply *prepared = prepare(x, who, type, body);

	must_have(prepared, 200);
	return sign_prepared(x, who, type, prepared);
}

struct reply *api_sign(struct api *x, const struct person *who, const char *type, const char *body)
{
	struct reply *prepared = prepare(x, who, type, body);

	if (prepared->status != 200)
		return prepared;
	json_t *json = sign_prepared(x, who, type, prepared);
	char *text = json_dumps(json, 0);
	struct ask ask = {.path = arena_printf(&x->arena, "/v1/records/%s", type),
			  .body = arena_text(&x->arena, bytes_text(text)),
			  .who = who,
			  .machine = who->token[0] == '\0'};
	json_decref(json);
	free(text);
	return api_ask(x, &ask);
}

int64_t api_must(struct api *x, const struct person *who, const char *type, const char *body)
{
	struct reply *r = api_sign(x, who, type, body);

	if (r->status != 201)
		stop_test("%s: %d %s\n", type, r->status, r->body);
	return reply_number(r, "sequence");
}

/* ---- people ---- */

static void enroll(struct api *x, const struct person *p)
{
	const struct public_key *key = private_key_public(p->key);
	uint8_t buffer[512], signature[64];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes message;
	struct fault f = {0};
	char spki[512], possession[128];

	assert_true(
		key_possession_message(bytes_text(API_ORIGIN), bytes_text(p->id), &w, &message));
	check(key_sign(p->key, message, signature, &f), &f, "possession");
	base64url_encode(public_key_spki(key), spki);
	base64url_encode(bytes_of(signature, 64), possession);
	api_must(x, &x->ada, "key.enrolled",
		 arena_printf(&x->arena, "{'principal':'%s','public_key':'%s','possession':'%s'}",
			      p->id, spki, possession));
}

static void grant(struct api *x, const char *id, const char *permissions, const char *limits)
{
	char list[3072] = "", *rest = arena_text(&x->arena, bytes_text(permissions)), *word;

	while ((word = strsep(&rest, ",")) != NULL) {
		size_t n = strlen(list);
		snprintf(list + n, sizeof list - n, "%s{'permission':'%s'}", n > 0 ? "," : "",
			 word);
	}
	api_must(x, &x->ada, "role.defined",
		 arena_printf(&x->arena, "{'role':'role-%s','permissions':[%s]}", id, list));
	api_must(x, &x->ada, "role.granted",
		 arena_printf(&x->arena,
			      "{'grant_id':'grant-%s','principal':'%s','role':'role-%s'%s%s}", id,
			      id, id, limits == NULL ? "" : ",", limits == NULL ? "" : limits));
}

struct person api_person(struct api *x, const char *id, const char *kind, const char *permissions,
			 const char *limits)
{
	struct person p = make_person(id);
	bool human = strcmp(kind, "person") == 0;

	api_must(x, &x->ada, "principal.registered",
		 arena_printf(&x->arena, "{'principal':'%s','kind':'%s'%s%s%s}", id, kind,
			      human ? ",'natural_person':'" : "", human ? id : "",
			      human ? "'" : ""));
	enroll(x, &p);
	if (permissions != NULL)
		grant(x, id, permissions, limits);
	if (human)
		api_sign_in(x, &p);
	return p;
}

struct bytes person_certificate(struct api *x, const struct person *who)
{
	uint8_t buffer[8192];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes der, pem;
	struct fault f = {0};

	check(certificate_make_client(&x->arena, who->key, who->id, &der, &f), &f, "certificate");
	pem_put(&w, "CERTIFICATE", der);
	assert_true(writer_done(&w, &pem));
	return arena_copy(&x->arena, pem);
}
