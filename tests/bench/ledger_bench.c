/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_bench FOLDER [ENTRIES [BATCH]]: P3, durable appends per second with group commit. One
 * thread does everything in turn: head, hashes, batch row, commit, tiles and bundles in the folder,
 * and the inclusion proof of every entry. The limit is hashing the same bytes with OpenSSL plus
 * one fdatasync of the same bytes per batch, measured in the same run on the same disk. */
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/catalog.h"
#include "base/files.h"
#include "ledger/ledger.h"

enum { ENTRY_SIZE = 200 };

struct bench {
	const char *folder;
	size_t entries, batch;
	struct fault f;
};

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* An entry that differs from all others. */
static struct bytes entry_of(uint64_t i, uint8_t out[static ENTRY_SIZE])
{
	memset(out, (int)(i * 31), ENTRY_SIZE);
	memcpy(out, &i, sizeof(i));
	return bytes_of(out, ENTRY_SIZE);
}

static err append_batch(struct db *db, struct ledger *l, const struct bench *b, uint64_t first,
			struct fault *f)
{
	uint8_t entry[ENTRY_SIZE];
	uint64_t sequence;

	TRY(db_begin(db, f));
	TRY(ledger_begin(l, f));
	for (size_t i = 0; i < b->batch; i++)
		TRY(ledger_append(l, entry_of(first + i, entry), &sequence, f));
	TRY(ledger_store(l, first + 1, f));
	return db_commit(db, f);
}

static err prove_batch(struct ledger *l, uint64_t first, size_t n, struct fault *f)
{
	struct hash path[MERKLE_DEPTH_MAX];
	size_t path_n;

	for (size_t i = 0; i < n; i++)
		TRY(ledger_inclusion(l, first + n, first + i, path, &path_n, f));
	return ERR_OK;
}

struct spent {
	double append, tiles, prove;
	double *batches; /* seconds of each batch, all parts */
	size_t n;
};

static err measure(const struct bench *b, const char *address, const char *tiles,
		   struct spent *spent, struct fault *f)
{
	struct db *write = NULL, *read = NULL;
	struct ledger *writer = NULL, *publisher = NULL;

	TRY(db_open(address, &write, f));
	TRY(db_run(write, LEDGER_SCHEMA, f));
	TRY(db_open(address, &read, f));
	TRY(ledger_open(write, NULL, &writer, f));
	TRY(ledger_open(read, tiles, &publisher, f));
	for (uint64_t first = 0; first < b->entries; first += b->batch) {
		double t0 = now_s();

		TRY(append_batch(write, writer, b, first, f));
		double t1 = now_s();

		TRY(ledger_write_tiles(publisher, first + b->batch, f));
		double t2 = now_s();

		TRY(prove_batch(publisher, first, b->batch, f));
		double t3 = now_s();

		spent->append += t1 - t0;
		spent->tiles += t2 - t1;
		spent->prove += t3 - t2;
		spent->batches[spent->n++] = t3 - t0;
		if (spent->n % 16 == 0)
			TRY(db_checkpoint(read, f));
	}
	ledger_close(publisher);
	ledger_close(writer);
	db_close(read);
	db_close(write);
	return ERR_OK;
}

/* Seconds to hash every entry and one node for each, with OpenSSL's one-shot call. */
static double hash_limit(const struct bench *b)
{
	uint8_t entry[1 + ENTRY_SIZE] = {0}, node[65] = {1}, digest[32];
	double start = now_s();

	for (uint64_t i = 0; i < b->entries; i++) {
		memcpy(entry + 1, &i, sizeof(i));
		SHA256(entry, sizeof(entry), digest);
		memcpy(node + 1, digest, sizeof(digest));
		SHA256(node, sizeof(node), digest);
	}
	return now_s() - start;
}

/* Seconds to write and sync the same bytes, batch by batch. */
static double sync_limit(const struct bench *b)
{
	char path[4096];
	size_t n = b->batch * (ENTRY_SIZE + 2);
	uint8_t *bytes = calloc(1, n);

	snprintf(path, sizeof(path), "%s/limit", b->folder);
	AUTO(fd_close) int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
	double start = now_s();

	for (size_t done = 0; bytes && fd >= 0 && done < b->entries; done += b->batch) {
		if (fd_write_all(fd, bytes_of(bytes, n), NULL).code != OK || fdatasync(fd) != 0)
			break;
	}
	double spent = now_s() - start;

	free(bytes);
	unlink(path);
	return spent;
}

static void report(struct bench *b, struct spent *spent)
{
	double total = spent->append + spent->tiles + spent->prove, n = (double)b->entries;
	double hash = hash_limit(b), sync = sync_limit(b);
	double value = n / total, limit = n / (hash + sync);

	qsort(spent->batches, spent->n, sizeof(double), by_value);
	printf("P3 sqlite n=%zu value=%.0f unit=entries/s limit=%.0f ratio=%.3f batch=%zu "
	       "append_s=%.3f tiles_s=%.3f prove_s=%.3f hash_s=%.3f sync_s=%.3f "
	       "p50_ms=%.2f p99_ms=%.2f\n",
	       b->entries, value, limit, value / limit, b->batch, spent->append, spent->tiles,
	       spent->prove, hash, sync, spent->batches[spent->n / 2] * 1e3,
	       spent->batches[spent->n * 99 / 100] * 1e3);
}

static size_t number_of(const char *text, size_t otherwise)
{
	return text ? (size_t)strtoull(text, NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
	struct bench b = {.folder = argc > 1 ? argv[1] : NULL};
	char address[4096], tiles[4096], text[1024];
	struct spent spent = {0};

	if (!b.folder) {
		fprintf(stderr, "usage: ledger_bench FOLDER [ENTRIES [BATCH]]\n");
		return 2;
	}
	b.batch = number_of(argc > 3 ? argv[3] : NULL, 4096);
	b.entries = number_of(argc > 2 ? argv[2] : NULL, 1 << 20);
	if (b.batch == 0 || b.batch > 1 << 20 || b.entries < b.batch || b.entries > 1 << 30)
		return 2;
	b.entries -= b.entries % b.batch;
	spent.batches = calloc(b.entries / b.batch, sizeof(double));
	snprintf(address, sizeof(address), "sqlite:%s/bench.db", b.folder);
	snprintf(tiles, sizeof(tiles), "%s/tiles", b.folder);
	err e = folder_make(b.folder, &b.f);

	if (spent.batches && e.code == OK)
		e = measure(&b, address, tiles, &spent, &b.f);
	if (e.code != OK || !spent.batches) {
		fault_text(&b.f, text, sizeof(text));
		fprintf(stderr, "ledger_bench: %s\n", text);
		return 1;
	}
	report(&b, &spent);
	free(spent.batches);
	return 0;
}
