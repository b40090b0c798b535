/* SPDX-License-Identifier: Apache-2.0 */
#include "signer_testing.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

const char *const PERSON_NAME[PERSONS] = {"ada", "ben", "cleo", "erin", "rita", "rob", "ruth"};

/* ---- the signer in a child ---- */

struct private_key *person_key(enum person who)
{
	static struct private_key *keys[PERSONS];

	if (keys[who] == NULL)
		assert_int_equal(
			private_key_generate(who == ERIN ? KEY_ED25519 : KEY_P256, &keys[who], NULL)
				.code,
			OK);
	return keys[who];
}

static struct charter_holder holder(enum person who)
{
	return (struct charter_holder){
		.person = PERSON_NAME[who],
		.spki = public_key_spki(private_key_public(person_key(who))),
		.kind = CHARTER_COSE,
		.outside = true,
	};
}

struct signer_founding test_founding(struct arena *a)
{
	struct charter_holder founders[] = {holder(ADA), holder(BEN), holder(CLEO)},
			      authors[] = {holder(ERIN)},
			      recovery[] = {holder(RITA), holder(ROB), holder(RUTH)};
	struct charter_founding people = {
		.origin = ORIGIN,
		.founders = founders,
		.founders_n = 3,
		.authors = authors,
		.authors_n = 1,
		.recovery = recovery,
		.recovery_n = 3,
	};
	struct signer_founding founding = {.origin = ORIGIN, .now_ms = NOW_MS};

	assert_int_equal(charter_found(&people, a, &founding.charter, NULL).code, OK);
	return founding;
}

static uint64_t moved_wall(void *context)
{
	const struct test_clock *moved = context;

	return (uint64_t)((int64_t)clock_wall_ms(&clock_system) + moved->wall_ahead);
}

static uint64_t moved_steady(void *context)
{
	const struct test_clock *moved = context;

	return (uint64_t)((int64_t)clock_steady_ms(&clock_system) + moved->steady_ahead);
}

uint64_t test_now(const struct signer_test *t)
{
	return clock_wall_ms(&t->clock);
}

struct signer_test *signer_test_new(void)
{
	struct signer_test *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->moved = mmap(NULL, sizeof(*t->moved), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	assert_true(t->moved != MAP_FAILED);
	t->clock = (struct clock){moved_wall, moved_steady, t->moved};
	t->arena.limit = (size_t)256 << 20;
	(void)snprintf(t->folder, sizeof(t->folder), "/tmp/sealwright-signer-XXXXXX");
	assert_non_null(mkdtemp(t->folder));
	(void)snprintf(t->vault, sizeof(t->vault), "%s/vault", t->folder);
	(void)snprintf(t->socket, sizeof(t->socket), "%s/socket", t->folder);
	t->founding = test_founding(&t->arena);
	assert_int_equal(signer_create(t->vault, &t->founding, &t->arena, &t->public, NULL).code,
			 OK);
	return t;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

void signer_test_done(struct signer_test *t)
{
	if (t->pid != 0)
		assert_int_equal(signer_stop(t), 0);
	signer_disconnect(t->client);
	(void)nftw(t->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	arena_done(&t->arena);
	(void)munmap(t->moved, sizeof(*t->moved));
	free(t);
}

static _Noreturn void child(const struct signer_test *t, unsigned peer_uid, int ready_fd)
{
	struct signer_config config = {.folder = t->vault,
				       .socket = t->socket,
				       .peer_uid = peer_uid,
				       .ready_fd = ready_fd,
				       .clock = &t->clock};
	struct fault f = {0};
	err ended = signer_run(&config, &f);

	if (ended.code != OK)
		(void)dprintf(2, "signer: %s\n", f.message);
	_exit(ended.code == OK ? 0 : 1);
}

bool signer_start_as(struct signer_test *t, unsigned peer_uid, void (*in_child)(void *),
		     void *context)
{
	int ready[2];
	char byte = 0;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	t->pid = fork();
	assert_true(t->pid >= 0);
	if (t->pid == 0) {
		if (in_child != NULL)
			in_child(context);
		child(t, peer_uid, ready[1]);
	}
	close(ready[1]);
	bool became_ready = read(ready[0], &byte, 1) == 1; /* the pipe ends if it does not start */
	close(ready[0]);
	return became_ready;
}

void signer_start(struct signer_test *t)
{
	struct fault f = {0};

	assert_true(signer_start_as(t, geteuid(), NULL, NULL));
	signer_disconnect(t->client);
	t->client = NULL;
	if (signer_connect(t->socket, TIMEOUT_MS, &t->client, &f).code != OK)
		stop_test("%s", f.message);
}

int signer_stop(struct signer_test *t)
{
	int status = 0;

	assert_int_equal(kill(t->pid, SIGTERM), 0);
	assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
	t->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool signer_ended_with(struct signer_test *t, int expected)
{
	int status = 0;

	assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
	t->pid = 0;
	return WIFEXITED(status) && WEXITSTATUS(status) == expected;
}

err vault_try(struct signer_test *t, struct vault *vault, struct fault *f)
{
	*vault = (struct vault){0};
	return vault_open(t->vault, (struct bytes){0}, vault, f);
}

/* ---- units ---- */

static struct private_key *unit_key(size_t i)
{
	static struct private_key *keys[UNITS];

	assert_true(i < UNITS);
	if (keys[i] == NULL)
		assert_int_equal(
			private_key_generate(i % 3 == 2 ? KEY_ED25519 : KEY_P256, &keys[i], NULL)
				.code,
			OK);
	return keys[i];
}

const char *unit_serial(size_t i)
{
	static char serials[UNITS][16];

	assert_true(i < UNITS);
	(void)snprintf(serials[i], sizeof(serials[i]), "SN%06zu", i);
	return serials[i];
}

struct bytes unit_csr(size_t key, size_t serial)
{
	static struct arena arena;
	struct bytes der = {0};

	arena.limit = (size_t)64 << 20;
	assert_int_equal(csr_make(&arena, unit_key(key), unit_serial(serial), &der, NULL).code, OK);
	return der;
}

/* ---- trees ---- */

struct history {
	uint64_t from; /* leaves from here on are others */
};

static struct hash leaf(uint64_t from, uint64_t i)
{
	uint8_t entry[16];
	struct writer w = writer_of(entry, sizeof(entry));

	put_u64(&w, i);
	put_u64(&w, i >= from);
	return merkle_leaf(bytes_of(entry, sizeof(entry)));
}

static struct hash subtree(uint64_t from, unsigned level, uint64_t index)
{
	if (level == 0)
		return leaf(from, index);
	return merkle_node(subtree(from, level - 1, 2 * index),
			   subtree(from, level - 1, 2 * index + 1));
}

static bool fetch(void *context, struct merkle_place place, struct hash *out)
{
	const struct history *history = context;

	*out = subtree(history->from, place.level, place.index);
	return true;
}

struct merkle_head other_head(uint64_t size, uint64_t from)
{
	struct merkle tree = {0};

	for (uint64_t i = 0; i < size; i++)
		merkle_append(&tree, leaf(from, i));
	return merkle_head(&tree);
}

size_t other_proof(uint64_t old, uint64_t size, uint64_t from,
		   struct hash path[static MERKLE_DEPTH_MAX])
{
	struct history history = {from};
	size_t n = 0;

	assert_true(merkle_consistency_path(old, size, fetch, &history, path, &n));
	return n;
}

struct merkle_head tree_head(uint64_t size)
{
	return other_head(size, UINT64_MAX);
}

size_t tree_proof(uint64_t old, uint64_t size, struct hash path[static MERKLE_DEPTH_MAX])
{
	return other_proof(old, size, UINT64_MAX, path);
}

err ask_checkpoint(struct signer_test *t, uint64_t old, uint64_t size, struct bytes *note,
		   struct fault *f)
{
	struct hash path[MERKLE_DEPTH_MAX];
	size_t n = old <= size ? tree_proof(old, size, path) : 0;

	return signer_checkpoint(t->client, tree_head(old), tree_head(size), path, n, &t->arena,
				 note, f);
}

bool note_signed(const struct signer_test *t, struct bytes text, struct merkle_head head)
{
	struct note note;
	struct checkpoint checkpoint;
	const char *why = NULL;

	return note_parse(text, &note, &why) &&
	       note_verify(&note, &t->public.checkpoint, ed25519_verify, NULL) == NOTE_VALID &&
	       checkpoint_parse(note.text, &checkpoint, &why) &&
	       bytes_equal(checkpoint.origin, bytes_text(ORIGIN)) &&
	       checkpoint.head.size == head.size && hash_equal(checkpoint.head.root, head.root);
}

/* ---- files ---- */

struct bytes vault_file(struct signer_test *t, const char *name)
{
	char path[4096];
	struct bytes content = {0};

	assert_int_equal(vault_path(t->vault, name, path, NULL).code, OK);
	assert_int_equal(file_read(&t->arena, path, 1 << 26, &content, NULL).code, OK);
	return content;
}

void put_vault_file(struct signer_test *t, const char *name, struct bytes content)
{
	char path[4096];

	assert_int_equal(vault_path(t->vault, name, path, NULL).code, OK);
	assert_int_equal(file_write(path, content, 0600, NULL).code, OK);
}
