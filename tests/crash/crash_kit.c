/* SPDX-License-Identifier: Apache-2.0 */
#include "crash/crash_kit.h"

#include "base/catalog.h"
#include "base/files.h"
#include "core/entry.h"
#include "crash/cut.h"
#include "ledger/audit.h"
#include "ledger/ledger.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the signer, which outlives the child ---- */

static err shared_sign(void *context, struct merkle_head old, struct merkle_head now,
		       const struct hash *path, size_t path_n, struct arena *a, struct bytes *note,
		       struct fault *f)
{
	struct crash *c = context;
	struct ledger_of_others *o = c->others;
	unsigned slot = __atomic_load_n(&o->slot, __ATOMIC_ACQUIRE);
	const struct merkle_head *last = &o->signed_heads[slot % 2];

	if (now.size == last->size && hash_equal(now.root, last->root) && o->notes[slot % 2][0]) {
		*note = arena_copy(a, bytes_text(o->notes[slot % 2]));
		return ERR_OK;
	}
	if (old.size != last->size || !hash_equal(old.root, last->root) ||
	    !merkle_extends(*last, now, path, path_n))
		return (fail)(f, "LEDGER_FORK", NULL);
	TRY(c->sign(&c->trial->house, old, now, path, path_n, a, note, f));
	o->signed_heads[(slot + 1) % 2] = now;
	snprintf(o->notes[(slot + 1) % 2], CHECKPOINT_MAX, "%.*s", (int)note->n,
		 (const char *)note->p);
	__atomic_store_n(&o->slot, slot + 1, __ATOMIC_RELEASE);
	return ERR_OK;
}

static err shared_last(void *context, struct merkle_head *out, struct fault *f)
{
	const struct crash *c = context;

	(void)f;
	*out = c->others->signed_heads[__atomic_load_n(&c->others->slot, __ATOMIC_ACQUIRE) % 2];
	return ERR_OK;
}

struct crash *crash_new(struct trial *t)
{
	struct crash *c = calloc(1, sizeof *c);

	assert_non_null(c);
	c->trial = t;
	c->others = mmap(NULL, sizeof *c->others, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(c->others != MAP_FAILED);
	return c;
}

void crash_begin(struct crash *c)
{
	struct house *h = &c->trial->house;

	house_stop(h);
	c->began = h->signed_last;
	c->others->signed_heads[0] = c->began;
	c->sign = h->config.sign;
	c->config = h->config;
	c->config.sign = shared_sign;
	c->config.last_signed = shared_last;
	c->config.sign_context = c;
}

void crash_resume(struct crash *c)
{
	struct ledger_of_others *o = c->others;

	c->trial->house.signed_last = o->signed_heads[o->slot % 2];
	*o = (struct ledger_of_others){0};
	house_start(&c->trial->house);
}

void crash_free(struct crash *c)
{
	if (c->folder[0] != '\0') {
		remove_folder(c->folder);
		c->trial->house.signed_last = c->began;
	}
	munmap(c->others, sizeof *c->others);
	free(c);
}

/* ---- what the child does ---- */

static struct bytes one(struct crash *c, const struct actor *who, const char *type,
			const char *body)
{
	return house_signed(&c->trial->house, &c->trial->house.arena, who, type, body);
}

static struct step *step_add(struct crash *c, struct bytes cbor, bool refused)
{
	assert_in_range(c->steps_n, 0, STEPS_MAX - 1);
	struct step *step = &c->steps[c->steps_n++];

	*step = (struct step){.n = 1, .cbor = {cbor}, .refused = refused};
	return step;
}

/* The digest of the claim inside a submission, for the vote on it. */
static struct hash digest_of(struct crash *c, struct bytes cbor)
{
	struct caller caller = {.principal = "maya", .channel = CHANNEL_KEY};
	struct submission *s;
	struct fault f = {0};

	ok(submission_from_cbor(c->trial->house.engine, &c->trial->house.arena, &caller,
				bytes_of("", 0), cbor, &s, &f),
	   &f);
	return submission_digest(s);
}

static void one_round(struct crash *c, const char *item)
{
	const struct trial *t = c->trial;
	char body[160], note[160], hex[65];

	snprintf(note, sizeof note, "{'item':'%s','site':'VN'}", item);
	snprintf(body, sizeof body, "{'item':'%s'}", item);
	step_add(c, one(c, &t->maya, "trial.noted", note), false);
	struct bytes request = one(c, &t->maya, "trial.released", body);
	step_add(c, request, false);
	struct step *batch = step_add(c, one(c, &t->maya, "trial.decided", body), false);
	batch->cbor[batch->n++] = one(c, &t->maya, "trial.blocked", body);
	batch->cbor[batch->n++] = one(c, &t->maya, "trial.unblocked", body);
	step_add(c, one(c, &t->maya, "trial.decided", body), true);
	struct hash digest = digest_of(c, request);
	hex_encode(hash_bytes(&digest), hex);
	snprintf(note, sizeof note, "{'record':'%s'}", hex);
	step_add(c, one(c, &t->nils, "approval.given", note), false);
	snprintf(note, sizeof note, "{'item':'%s','name':'Ada'}", item);
	step_add(c, one(c, &t->maya, "trial.hidden", note), false);
}

void crash_steps(struct crash *c, const char *name, size_t rounds)
{
	char item[32];

	c->steps_n = 0;
	for (size_t i = 0; i < rounds; i++) {
		snprintf(item, sizeof item, "%s%zu", name, i);
		one_round(c, item);
	}
}

static err read_step(struct crash *c, struct engine *e, struct arena *a, const struct step *step,
		     struct submission **out, struct fault *f)
{
	struct caller caller = {.principal = "maya", .channel = CHANNEL_KEY};

	(void)c;
	for (size_t i = 0; i < step->n; i++)
		TRY(submission_from_cbor(e, a, &caller, bytes_of("", 0), step->cbor[i], &out[i],
					 f));
	return ERR_OK;
}

/* What was answered as certified must never be lost. */
static void keep_receipt(struct crash *c, const struct result *r)
{
	struct ledger_of_others *o = c->others;
	size_t n = o->receipts_n;

	if (r->state != RESULT_CERTIFIED || n == RECEIPTS_MAX)
		return;
	o->receipts[n] = (struct receipt){r->sequence, r->leaf, r->digest};
	__atomic_store_n(&o->receipts_n, n + 1, __ATOMIC_RELEASE);
}

static int child_main(struct crash *c, unsigned long cut)
{
	struct arena a = {0};
	struct engine *e;
	struct fault f = {0};
	char text[600];

	cut_arm(cut);
	err result = engine_open(&c->config, &e, &f);
	for (size_t i = 0; i < c->steps_n && result.code == OK; i++) {
		struct submission *s[4];
		result = read_step(c, e, &a, &c->steps[i], s, &f);
		if (result.code == OK)
			result = record_submit_wait(e, s, c->steps[i].n, c->steps[i].n > 1, &f);
		for (size_t k = 0; k < c->steps[i].n && result.code == OK; k++)
			keep_receipt(c, submission_result(s[k]));
	}
	if (result.code != OK) {
		fault_text(&f, text, sizeof text);
		fprintf(stderr, "child: %s: %s\n", f.message, text);
		return 1;
	}
	engine_close(e);
	c->others->changes = cut_count();
	return 0;
}

int crash_run(struct crash *c, unsigned long cut, unsigned killed_us)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct itimerval timer = {.it_value = {.tv_sec = killed_us / 1000000,
						       .tv_usec = killed_us % 1000000}};
		/* SIGALRM ends it as SIGKILL would: no handler, no word. */
		(void)setitimer(ITIMER_REAL, &timer, NULL);
		_exit(child_main(c, cut));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- what must hold afterwards ---- */

static void receipts_hold(struct crash *c, struct engine *e)
{
	struct reader_session *r;
	struct fault f = {0};

	ok(reader_take(e, &r, &f), &f);
	for (size_t i = 0; i < c->others->receipts_n; i++) {
		const struct receipt *kept = &c->others->receipts[i];
		struct arena a = {0};
		struct result now;
		ok(receipt_read(e, r, &a, kept->sequence, &now, &f), &f);
		assert_int_equal(now.state, RESULT_CERTIFIED);
		assert_true(hash_equal(now.leaf, kept->leaf));
		assert_true(hash_equal(now.digest, kept->digest));
		assert_true(
			merkle_includes(now.head, kept->sequence, now.leaf, now.path, now.path_n));
		arena_done(&a);
	}
	reader_give(r);
}

static uint64_t size_of(struct engine *e)
{
	struct engine_state now;

	engine_state_read(e, &now);
	return now.size;
}

/* Sends every step once more. What was answered before is answered the same; the rest now. */
static void steps_repeat(struct crash *c, struct engine *e)
{
	struct fault f = {0};
	size_t known = 0, n = 0;

	for (size_t i = 0; i < c->steps_n; i++) {
		struct arena a = {0};
		struct submission *s[4];
		ok(read_step(c, e, &a, &c->steps[i], s, &f), &f);
		ok(record_submit_wait(e, s, c->steps[i].n, c->steps[i].n > 1, &f), &f);
		for (size_t k = 0; k < c->steps[i].n; k++) {
			const struct result *r = submission_result(s[k]);
			assert_int_equal(r->state,
					 c->steps[i].refused ? RESULT_REFUSED : RESULT_CERTIFIED);
			for (size_t j = 0; j < c->others->receipts_n; j++) {
				const struct receipt *kept = &c->others->receipts[j];
				if (!hash_equal(kept->digest, r->digest))
					continue;
				known++;
				assert_true(r->repeated);
				assert_int_equal(r->sequence, kept->sequence);
			}
			n++;
		}
		arena_done(&a);
	}
	assert_in_range(known, 0, n);
}

static void rebuild_equals(struct crash *c)
{
	struct rebuild_report report;
	struct fault f = {0};

	ok(engine_rebuild(&c->config, false, NULL, NULL, &report, &f), &f);
	if (report.differing > 0)
		fail_msg("rebuild differs in %s: %s", report.first_table, report.first_row);
}

static void audit_is_clean(struct crash *c, struct bytes since)
{
	struct audit_options options = {
		.key = c->trial->house.checkpoint_public, .verify = ed25519_verify, .since = since};
	struct audit_report report;
	struct fault f = {0};

	ok(audit_run(audit_folder(c->config.tiles), &options, &report, &f), &f);
}

void crash_verify(struct crash *c)
{
	struct engine *e;
	struct fault f = {0};
	char since[CHECKPOINT_MAX];

	cut_arm(0);
	snprintf(since, sizeof since, "%s", c->others->notes[c->others->slot % 2]);
	ok(engine_open(&c->config, &e, &f), &f); /* it extends what was signed, or does not open */
	receipts_hold(c, e);
	uint64_t size = size_of(e);
	engine_close(e);
	rebuild_equals(c);
	audit_is_clean(c, bytes_text(since));
	ok(engine_open(&c->config, &e, &f), &f);
	assert_int_equal(size_of(e), size);
	steps_repeat(c, e);
	engine_close(e);
	rebuild_equals(c);
	audit_is_clean(c, bytes_text(since));
}

/* ---- folders ---- */

static void copy_file(const char *from, const char *to)
{
	struct arena a = {.limit = 64u << 20};
	struct bytes content;
	struct fault f = {0};
	int fd;

	ok(file_read(&a, from, 32u << 20, &content, &f), &f);
	fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content.p, content.n), content.n);
	close(fd);
	arena_done(&a);
}

void copy_folder(const char *from, const char *to)
{
	DIR *folder = opendir(from);
	struct dirent *item;

	assert_non_null(folder);
	assert_int_equal(mkdir(to, 0700), 0);
	while ((item = readdir(folder)) != NULL) {
		char source[4 * KIT_PATH], target[4 * KIT_PATH];
		struct stat st;
		if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
			continue;
		snprintf(source, sizeof source, "%s/%s", from, item->d_name);
		snprintf(target, sizeof target, "%s/%s", to, item->d_name);
		assert_int_equal(stat(source, &st), 0);
		if (S_ISDIR(st.st_mode))
			copy_folder(source, target);
		else
			copy_file(source, target);
	}
	closedir(folder);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

void remove_folder(const char *path)
{
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
