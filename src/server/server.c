/* SPDX-License-Identifier: Apache-2.0 */
#include "server/read_pool.h"
#include "server/server_internal.h"

#include "base/files.h"
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

extern const struct area *const AREAS[];

enum {
	SIGNER_WAIT_MS = 10000,
	SIGNER_AGAIN_MS = 100,
	GRACE_MS = 15000,
	PEM_SIZE_MAX = 65536,
	CONNECTIONS_MAX = 10000,
	CONNECTIONS_PER_PEER_MAX = 2000,
};

/* ---- the engine ---- */

static err read_salts(const struct server_config *config, uint8_t out[static 32], struct fault *f)
{
	struct arena arena = {0};
	char path[CONFIG_PATH_SIZE];
	struct bytes secret;

	TRY(config_path(config, "salts.key", path, f));
	err result = file_read(&arena, path, 32, &secret, f);
	if (result.code == OK && secret.n != 32)
		result = fail(f, "API_KEY_FILE_WRONG", "file", path, NULL);
	if (result.code == OK) {
		union {
			const uint8_t *from;
			uint8_t *to;
		} wiped = {.from = secret.p};
		memcpy(out, secret.p, 32);
		bytes_wipe(wiped.to, secret.n);
	}
	arena_done(&arena);
	return result;
}

static const char *or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

static err open_engine(struct server *s, struct fault *f)
{
	struct engine_config config = {.store = s->config.store,
				       .tiles = s->config.tiles,
				       .origin = s->config.origin,
				       .areas = AREAS,
				       .clock = s->clock,
				       .sign = signing_sign,
				       .last_signed = signing_last,
				       .sign_context = s->signing,
				       .readers_max = (unsigned)s->config.readers,
				       .relying_party = or_null(s->config.relying_party),
				       .web_origin = or_null(s->config.web_origin)};
	uint64_t begun = clock_steady_ms(&clock_system);
	err result;

	TRY(read_salts(&s->config, config.secret, f));
	for (;;) {
		result = engine_open(&config, &s->engine, f);
		bool signer_away = result.code != OK && f->message != NULL &&
				   (strcmp(f->message, "SIGNER_UNAVAILABLE") == 0 ||
				    strcmp(f->message, "SIGNER_NOT_WITNESSED") == 0);
		if (!signer_away || clock_steady_ms(&clock_system) - begun > SIGNER_WAIT_MS)
			break;
		(void)poll(NULL, 0, SIGNER_AGAIN_MS); /* the two are started side by side */
	}
	bytes_wipe(config.secret, sizeof config.secret);
	return result;
}

/* ---- HTTP ---- */

static err read_pem(struct arena *a, const char *path, const char **out, struct fault *f)
{
	struct bytes text;

	TRY(file_read(a, path, PEM_SIZE_MAX, &text, f));
	*out = arena_text(a, text);
	return *out == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : ERR_OK;
}

static err start_http(struct server *s, struct fault *f)
{
	struct http_handlers handlers = SERVER_HANDLERS;
	struct arena arena = {0};
	struct http_config config = {.address = s->config.address,
				     .people_port = (uint16_t)s->config.people_port,
				     .machines_port = (uint16_t)s->config.machines_port,
				     .threads = (unsigned)s->config.threads,
				     .connections_max = CONNECTIONS_MAX,
				     .connections_per_peer_max = CONNECTIONS_PER_PEER_MAX,
				     .idle_timeout_s = (unsigned)s->config.idle_seconds};
	err result = ERR_OK;

	handlers.context = s;
	config.people_plain = strcmp(s->config.tls, "machines") == 0;
	if (strcmp(s->config.tls, "off") != 0) {
		result = read_pem(&arena, s->config.tls_certificate, &config.certificate_pem, f);
		if (result.code == OK)
			result = read_pem(&arena, s->config.tls_key, &config.key_pem, f);
	}
	if (result.code == OK)
		result = http_start(&config, &handlers, &s->http, f);
	if (config.key_pem != NULL) {
		union {
			const char *from;
			char *to;
		} wiped = {.from = config.key_pem};
		bytes_wipe(wiped.to, strlen(config.key_pem));
	}
	arena_done(&arena);
	return result;
}

/* ---- opening ---- */

/* On the publisher's thread. */
static void happened(void *context, const struct happening *happening)
{
	struct server *s = context;

	streams_tell(s->streams, happening);
	witnessing_wake(s->witnessing);
	signer_work_tell(s->signer_work, happening->type);
	genealogy_tell(s->genealogy);
}

static enum log_level level_of(const char *word)
{
	if (strcmp(word, "error") == 0)
		return LOG_ERROR_LEVEL;
	if (strcmp(word, "warning") == 0)
		return LOG_WARNING_LEVEL;
	return strcmp(word, "debug") == 0 ? LOG_DEBUG_LEVEL : LOG_INFO_LEVEL;
}

static err open_parts(struct server *s, struct fault *f)
{
	struct engine_state state;

	TRY(signing_open(&s->config, &s->signing, f));
	TRY(witnessing_start(&s->config, &s->witnessing, f));
	TRY(open_engine(s, f));
	engine_state_read(s->engine, &state);
	TRY(operational_open(s->config.store, s->clock, &s->operational, f));
	TRY(limits_open(s->clock, s->config.requests_per_second, &s->limits, f));
	TRY(blob_pool_open(&s->config, &s->blobs, f));
	TRY(streams_open(s, state.certified, &s->streams, f));
	TRY(openapi_make(s, &s->openapi, &s->openapi_n, f));
	TRY(signer_work_start(s, &s->signer_work, f));
	TRY(genealogy_start(s, &s->genealogy, f));
	engine_on_happening(s->engine, happened, s);
	TRY(background_start(s, &s->background, f));
	TRY(read_pool_start((unsigned)s->config.readers / 2, &s->readings, f));
	return start_http(s, f);
}

err server_open(const struct server_config *config, struct server **out, struct fault *f)
{
	struct server *s = calloc(1, sizeof *s);
	sigset_t all, before;

	if (s == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	s->config = *config;
	s->clock = config->clock == NULL ? &clock_system : config->clock;
	s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	log_set_level(level_of(config->log_level));
	/* Signals are for the thread that runs server_run(), not for those that are made here. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	err result = s->stop_fd < 0 ? fail(f, "OUT_OF_MEMORY", NULL) : open_parts(s, f);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (result.code != OK) {
		server_close(s);
		return result;
	}
	*out = s;
	return ERR_OK;
}

uint16_t server_port(const struct server *s, enum http_port port)
{
	return http_port_of(s->http, port);
}

/* ---- serving ---- */

/* sd_notify(3): one datagram to the service manager, if there is one. */
static void notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t n = path == NULL ? 0 : strlen(path);

	if (n < 2 || n >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, n);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	AUTO(fd_close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		(void)!sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&to,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
}

static void log_listening(const struct server *s)
{
	char people[8], machines[8];

	snprintf(people, sizeof people, "%u", (unsigned)server_port(s, HTTP_PEOPLE));
	snprintf(machines, sizeof machines, "%u", (unsigned)server_port(s, HTTP_MACHINES));
	log_event(LOG_INFO_LEVEL, "listening", "origin", s->config.origin, "address",
		  s->config.address, "people_port", people, "machines_port", machines, NULL);
}

void server_run(struct server *s)
{
	sigset_t ours, before;

	(void)sigemptyset(&ours);
	(void)sigaddset(&ours, SIGTERM);
	(void)sigaddset(&ours, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, &ours, &before);
	AUTO(fd_close) int signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
	struct pollfd fds[] = {{.fd = signals, .events = POLLIN},
			       {.fd = s->stop_fd, .events = POLLIN}};
	log_listening(s);
	notify("READY=1");
	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		continue;
	notify("STOPPING=1");
	log_event(LOG_INFO_LEVEL, "stopping", NULL);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void server_stop(struct server *s)
{
	uint64_t one = 1;
	ssize_t put = write(s->stop_fd, &one, sizeof one);

	(void)put; /* it is set already */
}

/* Requests end first, then what they stand on. The engine answers all that it has taken. */
void server_close(struct server *s)
{
	if (s == NULL)
		return;
	if (s->http != NULL)
		http_stop(s->http, GRACE_MS);
	read_pool_stop(s->readings);
	background_stop(s->background);
	genealogy_stop(s->genealogy);
	signer_work_stop(s->signer_work);
	engine_close(s->engine);
	witnessing_stop(s->witnessing); /* to the last checkpoint there is somebody to bring it */
	witnessing_close(s->witnessing);
	genealogy_close(s->genealogy); /* the publisher told it of every record until now */
	signer_work_close(s->signer_work);
	streams_close(s->streams);
	blob_pool_close(s->blobs);
	limits_close(s->limits);
	operational_close(s->operational);
	signing_close(s->signing);
	free(s->openapi);
	fd_close(&s->stop_fd);
	free(s);
}

/* ---- the first entry ---- */

static err record_genesis(struct server *s, const json_t *genesis, struct fault *f)
{
	static const struct uuid fresh;
	struct arena arena = {0};
	struct engine_state state;
	struct submission *submission;

	engine_state_read(s->engine, &state);
	if (state.size > 0)
		return fail(f, "API_LOG_STARTED", "origin", s->config.origin, NULL);
	err result = submission_system(s->engine, &arena, "ledger.started", fresh, genesis,
				       &submission, f);
	if (result.code == OK)
		result = record_submit_wait(s->engine, &submission, 1, false, f);
	if (result.code == OK && submission_result(submission)->state == RESULT_REFUSED) {
		*f = submission_result(submission)->fault;
		result = (err){f->code};
	}
	arena_done(&arena);
	return result;
}

err server_start_log(const struct server_config *config, const json_t *genesis, struct fault *f)
{
	struct server *s = calloc(1, sizeof *s);

	if (s == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	s->config = *config;
	s->clock = config->clock == NULL ? &clock_system : config->clock;
	s->stop_fd = -1;
	err result = signing_open(&s->config, &s->signing, f);
	if (result.code == OK)
		result = witnessing_start(&s->config, &s->witnessing, f);
	if (result.code == OK)
		result = open_engine(s, f);
	if (result.code == OK)
		result = record_genesis(s, genesis, f);
	server_close(s);
	return result;
}
