/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <fcntl.h>
#include <inttypes.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Long enough that a rate holds to a few per cent, short enough to take before every run. */
static const double SPAN_S = 0.5;
enum { SIGNATURE_MAX = 80, MESSAGE_SIZE = 200, PATH_SIZE = 4096 };

double bench_now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* How often `work` can be done per second; 0 if it fails. */
static double rate_of(bool (*work)(void *context), void *context)
{
	double start = bench_now_s(), spent = 0;
	uint64_t n = 0;

	for (uint64_t batch = 1; spent < SPAN_S; batch = n / 16 + 1) {
		for (uint64_t i = 0; i < batch; i++)
			if (!work(context))
				return 0;
		n += batch;
		spent = bench_now_s() - start;
	}
	return (double)n / spent;
}

/* ---- hashing ---- */

struct hashing {
	const uint8_t *message;
	size_t n;
};

static bool hash_one(void *context)
{
	struct hashing *h = context;
	uint8_t digest[EVP_MAX_MD_SIZE];

	return EVP_Digest(h->message, h->n, digest, NULL, EVP_sha256(), NULL) == 1;
}

double bench_sha256_rate(size_t n)
{
	uint8_t *message = calloc(1, n > 0 ? n : 1);
	struct hashing h = {message, n};
	double rate = message != NULL ? rate_of(hash_one, &h) * (double)n : 0;

	free(message);
	return rate;
}

/* ---- signatures ---- */

struct signing {
	EVP_PKEY *key;
	uint8_t message[MESSAGE_SIZE];
	uint8_t signature[SIGNATURE_MAX];
	size_t signature_n;
};

static bool sign_one(void *context)
{
	struct signing *s = context;
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	size_t n = sizeof(s->signature);
	bool done = digest != NULL &&
		    EVP_DigestSignInit(digest, NULL, EVP_sha256(), NULL, s->key) == 1 &&
		    EVP_DigestSign(digest, s->signature, &n, s->message, MESSAGE_SIZE) == 1;

	s->signature_n = n;
	EVP_MD_CTX_free(digest);
	return done;
}

static bool verify_one(void *context)
{
	const struct signing *s = context;
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	bool done = digest != NULL &&
		    EVP_DigestVerifyInit(digest, NULL, EVP_sha256(), NULL, s->key) == 1 &&
		    EVP_DigestVerify(digest, s->signature, s->signature_n, s->message,
				     MESSAGE_SIZE) == 1;

	EVP_MD_CTX_free(digest);
	return done;
}

static double signing_rate(bool (*work)(void *context))
{
	struct signing s = {.key = EVP_EC_gen("P-256")};
	double rate = s.key != NULL && sign_one(&s) ? rate_of(work, &s) : 0;

	EVP_PKEY_free(s.key);
	return rate;
}

double bench_verify_rate(void)
{
	return signing_rate(verify_one);
}

double bench_sign_rate(void)
{
	return signing_rate(sign_one);
}

/* ---- the disk ---- */

struct appending {
	int fd;
	const uint8_t *bytes;
	size_t n;
};

static bool append_one(void *context)
{
	const struct appending *a = context;

	return write(a->fd, a->bytes, a->n) == (ssize_t)a->n && fdatasync(a->fd) == 0;
}

double bench_fsync_rate(const char *folder, size_t n)
{
	char path[PATH_SIZE];
	uint8_t *bytes = calloc(1, n > 0 ? n : 1);
	double rate = 0;
	int length = snprintf(path, sizeof(path), "%s/bench-fsync-XXXXXX", folder);
	struct appending a = {.fd = -1, .bytes = bytes, .n = n};

	if (bytes != NULL && length > 0 && (size_t)length < sizeof(path))
		a.fd = mkstemp(path);
	if (a.fd >= 0) {
		rate = rate_of(append_one, &a);
		close(a.fd);
		unlink(path);
	}
	free(bytes);
	return rate;
}

/* ---- memory ---- */

uint64_t bench_memory(pid_t pid)
{
	char path[64];
	uint64_t size = 0, resident = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/statm", (long)(pid != 0 ? pid : getpid()));
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	if (fscanf(file, "%" SCNu64 " %" SCNu64, &size, &resident) != 2)
		resident = 0;
	fclose(file);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* ---- results ---- */

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double bench_percentile(double *values, size_t n, double share)
{
	double exact = share * (double)n;
	size_t rank = (size_t)exact;

	if (n == 0)
		return 0;
	qsort(values, n, sizeof(*values), by_value);
	rank += (double)rank < exact; /* nearest rank, from 1 */
	if (rank == 0)
		rank = 1;
	return values[rank < n ? rank - 1 : n - 1];
}

/* Figures of the size people compare: 12345678, 123.4, 0.00123. */
static void print_figure(const char *name, double v)
{
	if (v >= 1000)
		printf(" %s=%.0f", name, v);
	else
		printf(" %s=%.4g", name, v);
}

void bench_line(const char *budget, const char *variant, uint64_t n, double value, const char *unit,
		double limit, const char *limit_name)
{
	printf("%s %s n=%" PRIu64, budget, variant, n);
	print_figure("value", value);
	printf(" unit=%s", unit);
	if (limit_name != NULL && limit > 0) {
		printf(" limit=%s", limit_name);
		print_figure("limit_value", limit);
		print_figure("ratio", value / limit);
	}
	printf("\n");
	fflush(stdout);
}
