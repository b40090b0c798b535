/* SPDX-License-Identifier: Apache-2.0 */
/* Server and signer end at every change that they make while units get their certificates, and at random
 * moments: both are real processes over a real store. Whatever happened, each request has one certificate,
 * the same for ever; none is lost; and the signer's count has no gap. CRASH_ROUNDS asks for more or fewer. */
#include "company.h"
#include "fixture_internal.h"

#include "base/log.h"
#include "core/sha256.h"
#include "core/signed_documents.h"
#include "crash/cut.h"
#include "ledger/audit.h"
#include "server/evidence.h"
#include "server/server_internal.h"
#include "stores.h"
#undef fail

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	PER_ROUND = 2,
	ROUNDS_MAX = 1000,
	REQUESTS_MAX = PER_ROUND * (ROUNDS_MAX + 1),
	PATIENCE_S = 60,
	WRONG_STATUS = 3,
	RANDOM_US = 60000, /* longer than a round takes */
};

/* In memory that all processes share: what was once seen must stay so. */
struct seen {
	struct unit_seen {
		uint64_t n; /* of the receipt; 0: not seen yet */
		struct hash certificate;
	} units[REQUESTS_MAX];
	uint32_t owner[REQUESTS_MAX + 1]; /* unit that has this n, plus one */
	unsigned long changes;            /* made by a server that was not cut */
	char wrong[256];
};

struct crash {
	struct api *x;
	struct company company;
	struct seen *seen;
	json_t *requests[REQUESTS_MAX]; /* signed */
	size_t rounds;
	pid_t signer;
	unsigned random;
	size_t servers_ended, signers_ended; /* before their time */
};

static const char *serial_of(size_t i)
{
	static char text[4][24];
	static unsigned next;
	char *out = text[next++ % 4];

	snprintf(out, 24, "c-%05zu", i);
	return out;
}

/* ---- the server's process ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t came = PTHREAD_COND_INITIALIZER;
static unsigned long certificates; /* that were published */

static void wrong(struct crash *c, const char *what, size_t i)
{
	snprintf(c->seen->wrong, sizeof c->seen->wrong, "%s: %s", serial_of(i), what);
	_exit(WRONG_STATUS);
}

static void watch(void *context, const struct happening *happening)
{
	struct server *s = context;

	signer_work_tell(s->signer_work, happening->type);
	if (strcmp(happening->type, "certificate.issued") != 0)
		return;
	(void)pthread_mutex_lock(&lock);
	certificates++;
	(void)pthread_cond_broadcast(&came);
	(void)pthread_mutex_unlock(&lock);
}

struct row {
	bool found;
	struct hash certificate;
	uint64_t n;
	bool receipt;
};

static err unit_row(void *context, const struct value *columns, size_t n)
{
	struct row *row = context;
	struct issue_receipt receipt;
	struct cose_sign1 sign1;
	const char *why;

	(void)n;
	row->found = true;
	row->certificate = sha256(columns[0].bytes);
	row->receipt = issue_receipt_parse(columns[1].bytes, &sign1, &receipt, &why) &&
		       hash_equal(receipt.certificate, row->certificate);
	row->n = receipt.n;
	return ERR_OK;
}

/* True if the unit has its certificate; it must be the one that was seen before. */
static bool is_certified(struct crash *c, struct server *s, size_t i)
{
	static const struct parameter serial = {"serial", VALUE_TEXT};
	struct value values[] = {value_text(bytes_text(serial_of(i)))};
	struct unit_seen *unit = &c->seen->units[i];
	struct reader_session *r;
	struct statement *statement;
	struct row row = {0};
	struct fault f = {0};

	if (reader_take(s->engine, &r, &f).code != OK ||
	    db_prepare(reader_db(r),
		       "SELECT certificate, receipt FROM unit WHERE product = 'GW'"
		       " AND serial = :serial AND certificate IS NOT NULL",
		       &serial, 1, &statement, &f)
			    .code != OK ||
	    db_query(reader_db(r), statement, values, unit_row, &row, NULL, &f).code != OK)
		wrong(c, f.message, i);
	statement_close(statement);
	reader_give(r);
	if (!row.found) {
		if (unit->n != 0)
			wrong(c, "its certificate is lost", i);
		return false;
	}
	if (!row.receipt || row.n == 0 || row.n > REQUESTS_MAX)
		wrong(c, "its receipt is none", i);
	if (unit->n != 0 && (unit->n != row.n || !hash_equal(unit->certificate, row.certificate)))
		wrong(c, "it has another certificate than before", i);
	if (c->seen->owner[row.n] != 0 && c->seen->owner[row.n] != i + 1)
		wrong(c, "its number was another unit's", i);
	c->seen->owner[row.n] = (uint32_t)i + 1;
	*unit = (struct unit_seen){row.n, row.certificate};
	return true;
}

static void wait_for(struct crash *c, struct server *s, size_t from, size_t to)
{
	time_t end = time(NULL) + PATIENCE_S;

	for (size_t i = from; i < to;) {
		(void)pthread_mutex_lock(&lock);
		unsigned long before = certificates;
		(void)pthread_mutex_unlock(&lock);
		if (is_certified(c, s, i)) {
			i++;
			continue;
		}
		(void)pthread_mutex_lock(&lock);
		struct timespec until = {.tv_sec = time(NULL) + 1};
		while (certificates == before)
			if (pthread_cond_timedwait(&came, &lock, &until) != 0)
				break;
		(void)pthread_mutex_unlock(&lock);
		if (time(NULL) > end)
			wrong(c, "it gets no certificate", i);
	}
}

/* Recorded now or before: both are the same to who asks. */
static void submit(struct crash *c, struct server *s, size_t from, size_t to)
{
	struct caller caller = {.principal = "st1", .channel = CHANNEL_KEY};
	struct submission *made[PER_ROUND] = {NULL};
	struct arena a = {0};
	struct fault f = {0};

	for (size_t i = from; i < to; i++)
		if (submission_from_json(s->engine, &a, &caller, bytes_text("unit.requested"),
					 c->requests[i], &made[i - from], &f)
			    .code != OK)
			wrong(c, f.message, i);
	if (record_submit_wait(s->engine, made, to - from, false, &f).code != OK)
		wrong(c, f.message, from);
	for (size_t i = from; i < to; i++) {
		const struct result *result = submission_result(made[i - from]);
		if (result->state == RESULT_REFUSED)
			wrong(c, result->fault.message, i);
	}
	arena_done(&a);
}

static bool was_seen(const struct crash *c, size_t from)
{
	for (size_t i = from; i < from + PER_ROUND; i++)
		if (c->seen->units[i].n == 0)
			return false;
	return true;
}

/* What earlier rounds left is finished first, whatever they left; then this round's may be cut. */
static _Noreturn void run_server(struct crash *c, size_t round, unsigned long cut)
{
	size_t from = round * PER_ROUND;
	struct server *s;
	struct fault f = {0};

	cut_arm(0);
	if (server_open(&c->x->config, &s, &f).code != OK)
		wrong(c, f.message, from);
	engine_on_happening(s->engine, watch, s);
	for (size_t i = 0; i < from; i += PER_ROUND)
		if (!was_seen(c, i)) {
			submit(c, s, i, i + PER_ROUND);
			wait_for(c, s, i, i + PER_ROUND);
		}
	cut_arm(cut);
	submit(c, s, from, from + PER_ROUND);
	wait_for(c, s, from, from + PER_ROUND);
	if (cut == 0)
		c->seen->changes = cut_count();
	cut_arm(0);
	_exit(0);
}

/* ---- the signer's ---- */

/* Nobody outlives a test that failed. */
static pid_t fork_bound(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static void start_signer(struct crash *c, unsigned long cut)
{
	char folder[CONFIG_PATH_SIZE], byte;
	int ready[2];

	snprintf(folder, sizeof folder, "%.400s/signer", c->x->config.folder);
	struct signer_config config = {
		.folder = folder, .socket = c->x->config.signer_socket, .peer_uid = geteuid()};
	assert_int_equal(pipe(ready), 0);
	c->signer = fork_bound();
	if (c->signer == 0) {
		struct fault f = {0};
		close(ready[0]);
		log_set_level(LOG_ERROR_LEVEL);
		config.ready_fd = ready[1];
		if (cut > 0)
			cut_arm_all(cut);
		_exit(signer_run(&config, &f).code == OK ? 0 : 1);
	}
	close(ready[1]);
	ssize_t n = read(ready[0], &byte, 1);
	close(ready[0]);
	if (n == 1)
		return;
	/* It was cut before it was ready, and must come up again as it is. */
	int status;
	assert_int_equal(waitpid(c->signer, &status, 0), c->signer);
	assert_true(cut > 0 && WIFEXITED(status) && WEXITSTATUS(status) == CUT_STATUS);
	c->signers_ended++;
	start_signer(c, 0);
}

static void stop_signer(struct crash *c)
{
	int status;

	if (c->signer <= 0)
		return;
	(void)kill(c->signer, SIGTERM);
	assert_int_equal(waitpid(c->signer, &status, 0), c->signer);
	c->signer = 0;
}

/* ---- rounds ---- */

enum victim { SERVER_CUT, SIGNER_CUT, SERVER_KILLED, SIGNER_KILLED, NOBODY };

static pid_t start_killer(pid_t victim, unsigned after_us)
{
	pid_t pid = fork_bound();

	if (pid > 0)
		return pid;
	const struct timespec pause = {.tv_nsec = (long)after_us * 1000};
	(void)nanosleep(&pause, NULL);
	(void)kill(victim, SIGKILL);
	_exit(0);
}

/* The server's status. A signer that ends is started again at once, as the service manager does. */
static int watch_processes(struct crash *c, pid_t server)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, 0);
		assert_true(pid > 0);
		if (pid == server)
			return status;
		if (pid != c->signer)
			continue;
		c->signers_ended++;
		start_signer(c, 0);
	}
}

static void run_round(struct crash *c, size_t round, enum victim victim, unsigned long cut)
{
	unsigned after = 1 + (c->random >> 8) % RANDOM_US;
	pid_t killer = 0;

	c->random = c->random * 1664525u + 1013904223u; /* Numerical Recipes: enough to choose */
	if (victim == SIGNER_CUT) {
		stop_signer(c);
		start_signer(c, cut);
	}
	pid_t server = fork_bound();
	if (server == 0)
		run_server(c, round, victim == SERVER_CUT ? cut : 0);
	if (victim == SERVER_KILLED || victim == SIGNER_KILLED)
		killer = start_killer(victim == SERVER_KILLED ? server : c->signer, after);
	int status = watch_processes(c, server);
	if (killer > 0) {
		(void)kill(killer, SIGKILL);
		(void)waitpid(killer, NULL, 0);
	}
	if (c->seen->wrong[0] != '\0')
		stop_test("round %zu, victim %d, cut %lu: %s\n", round, (int)victim, cut,
			  c->seen->wrong);
	c->servers_ended += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	bool ended = WIFEXITED(status) &&
		     (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == CUT_STATUS);
	if (!ended && !(killed && victim == SERVER_KILLED))
		stop_test("round %zu: the server ended with %x\n", round, (unsigned)status);
}

/* ---- before and after ---- */

static size_t wanted_rounds(enum db_product product)
{
	const char *text = getenv("CRASH_ROUNDS");
	size_t rounds = text != NULL ? strtoul(text, NULL, 10) : product == DB_SQLITE ? 252 : 64;

	return rounds < ROUNDS_MAX ? rounds : ROUNDS_MAX;
}

static void prepare(struct crash *c)
{
	size_t n = PER_ROUND * (c->rounds + 1);

	for (size_t i = 0; i < n; i++) {
		struct private_key *key;
		assert_int_equal(private_key_generate(KEY_P256, &key, NULL).code, OK);
		c->requests[i] =
			api_signed(c->x, &c->company.st1, "unit.requested",
				   company_request_body(&c->company, "BA1", serial_of(i), key));
		private_key_close(key);
	}
}

static struct crash *crash_open(const struct store_test *store)
{
	struct crash *c = calloc(1, sizeof *c);
	const char *seed = getenv("SEED");

	assert_non_null(c);
	c->random = seed != NULL ? (unsigned)strtoul(seed, NULL, 10) : (unsigned)getpid();
	print_message("SEED=%u\n", c->random);
	c->rounds = wanted_rounds(store->product);
	c->seen = mmap(NULL, sizeof *c->seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	assert_true(c->seen != MAP_FAILED);
	c->x = api_open_on(store->address);
	company_open(&c->company, c->x);
	company_authorize(&c->company, "BA1", REQUESTS_MAX, "");
	prepare(c);
	api_stop(c->x); /* from here on there is one thread, and we may fork */
	api_signer_away(c->x);
	snprintf(c->x->config.tls, sizeof c->x->config.tls, "off");
	start_signer(c, 0);
	return c;
}

static void crash_close(struct crash *c)
{
	stop_signer(c);
	for (size_t i = 0; i < REQUESTS_MAX; i++)
		json_decref(c->requests[i]);
	company_done(&c->company);
	api_close(c->x);
	munmap(c->seen, sizeof *c->seen);
	free(c);
}

/* ---- the whole log ---- */

struct counted {
	size_t requested, issued;
	uint64_t sequences[REQUESTS_MAX]; /* of unit.requested, by unit */
	unsigned certificates[REQUESTS_MAX];
};

static err count_entry(void *context, uint64_t sequence, struct bytes bytes)
{
	struct counted *counted = context;
	static struct entry entry;
	const char *why;
	unsigned long unit;
	char id[ID_SIZE_MAX + 1];

	assert_true(entry_parse(bytes, &entry, &why));
	const struct subject *s = &entry.witness.subject;
	if (!entry.witness.has_subject || !bytes_equal(s->kind, bytes_text("unit")))
		return ERR_OK;
	snprintf(id, sizeof id, "%.*s", (int)s->id.n, (const char *)s->id.p);
	unit = strtoul(id + 2, NULL, 10);
	assert_in_range(unit, 0, REQUESTS_MAX - 1);
	if (bytes_equal(entry.claim.type, bytes_text("unit.requested"))) {
		counted->sequences[unit] = sequence;
		counted->requested++;
	} else if (bytes_equal(entry.claim.type, bytes_text("certificate.issued"))) {
		counted->certificates[unit]++;
		counted->issued++;
	}
	assert_int_equal(entry.witness.raised.n, 0);
	return ERR_OK;
}

/* The journal is asked for each request once more: it must say what the tables say. */
static void signer_says_the_same(struct crash *c, struct server *s, const struct counted *counted,
				 size_t n)
{
	struct signer_client *client;
	struct reader_session *r;
	struct evidence_reader e;
	struct merkle_head head;
	struct fault f = {0};

	api_check(signer_connect(c->x->config.signer_socket, 20000, &client, &f), &f, "signer");
	api_check(signer_last(client, &head, &f), &f, "last");
	api_check(reader_take(s->engine, &r, &f), &f, "reader");
	api_check(evidence_open(r, &e, &f), &f, "evidence");
	for (size_t i = 0; i < n; i++) {
		struct arena a = {0};
		struct proved_entry entry;
		struct evidence evidence = {.size = head.size, .entries = &entry, .n = 1};
		struct issued_unit unit = {0};
		api_check(evidence_entry_and_key(&e, &a, head.size, counted->sequences[i], &entry,
						 &f),
			  &f, "entry");
		api_check(signer_issue_units(client, &evidence, &a, &unit, &f), &f, "issue");
		assert_int_equal(unit.why_not.code, OK);
		assert_true(hash_equal(sha256(unit.certificate), c->seen->units[i].certificate));
		arena_done(&a);
	}
	evidence_close(&e);
	reader_give(r);
	signer_disconnect(client);
}

static void tables_and_log_agree(struct crash *c, const struct server_config *config)
{
	struct engine_config engine = {.store = config->store,
				       .origin = config->origin,
				       .areas = AREAS,
				       .clock = c->x->config.clock};
	struct audit_options options = {.key = c->x->public.checkpoint, .verify = ed25519_verify};
	struct audit_report audited;
	struct rebuild_report report;
	struct fault f = {0};

	api_check(engine_rebuild(&engine, false, NULL, NULL, &report, &f), &f, "rebuild");
	if (report.differing > 0)
		stop_test("rebuild differs in %s: %s\n", report.first_table, report.first_row);
	api_check(audit_run(audit_folder(config->tiles), &options, &audited, &f), &f, "audit");
}

static void verify_all(struct crash *c)
{
	size_t n = PER_ROUND * (c->rounds + 1);
	struct counted *counted = calloc(1, sizeof *counted);
	struct server *s;
	struct reader_session *r;
	struct fault f = {0};

	assert_non_null(counted);
	api_check(server_open(&c->x->config, &s, &f), &f, "server");
	api_check(reader_take(s->engine, &r, &f), &f, "reader");
	api_check(ledger_each(reader_ledger(r), 0, count_entry, counted, &f), &f, "log");
	reader_give(r);
	for (size_t i = 0; i < n; i++) {
		if (counted->certificates[i] != 1)
			stop_test("%s has %u certificates in the log\n", serial_of(i),
				  counted->certificates[i]);
		assert_true(c->seen->owner[i + 1] != 0); /* no number was skipped */
	}
	assert_int_equal(counted->requested, n);
	assert_int_equal(counted->issued, n);
	signer_says_the_same(c, s, counted, n);
	server_close(s);
	tables_and_log_agree(c, &c->x->config);
	free(counted);
}

static void each_request_has_one_certificate_whoever_ends_whenever(void **state)
{
	struct crash *c = crash_open(*state);
	unsigned long signer_cut = 0;

	run_round(c, 0, NOBODY, 0); /* counts the changes */
	unsigned long changes = c->seen->changes;
	size_t cuts = c->rounds / 2;
	print_message("%lu changes of the server\n", changes);
	assert_in_range(changes, 20, 100000);
	for (size_t round = 1; round < c->rounds; round++) {
		enum victim victim = round <= cuts   ? SERVER_CUT
				     : round % 5 < 2 ? SIGNER_CUT
				     : round % 5 < 4 ? SERVER_KILLED
						     : SIGNER_KILLED;
		unsigned long cut =
			victim == SIGNER_CUT ? 1 + signer_cut++ % 24 : 1 + round * changes / cuts;
		run_round(c, round, victim, cut);
	}
	run_round(c, c->rounds, NOBODY, 0);
	print_message("%zu servers and %zu signers ended before their time\n", c->servers_ended,
		      c->signers_ended);
	assert_in_range(c->servers_ended, cuts / 2, c->rounds);
	assert_in_range(c->signers_ended, c->rounds / 8, c->rounds);
	verify_all(c);
	crash_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(each_request_has_one_certificate_whoever_ends_whenever),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
