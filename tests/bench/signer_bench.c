/* SPDX-License-Identifier: Apache-2.0 */
/* signer_bench FOLDER [N]: P1, signatures and device certificates per second in batches of 64, with
 * the key in a file, in SoftHSM2, and in an HSM that takes 5, 20 or 50 ms over a signature, with 1,
 * 4 and 16 sessions. Each variant runs for about a second (N: signatures at most). */
#include "bench.h"
#include "hsm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/catalog.h"
#include "crypto/x509.h"
#include "log_testing.h"
#include "signer/key_worker.h"

enum { BATCH = 64, NAME = 64, DELAYS = 4, SESSIONS = 3, ISSUED = 3 * BATCH };

static const unsigned DELAY_MS[DELAYS] = {0, 5, 20, 50};
static const unsigned SESSION_N[SESSIONS] = {1, 4, 16};
static const double SECONDS = 1.0;

struct run {
	const struct private_key *key;
	struct arena arena;
	struct bytes ca;
	struct private_key *device;
	size_t most; /* signatures */
};

static bool said(err done, const struct fault *f)
{
	char text[512];

	if (done.code == OK)
		return true;
	fault_text(f, text, sizeof(text));
	(void)fprintf(stderr, "signer_bench: %s\n", text);
	return false;
}

static bool sign_batch(struct run *run, struct fault *f)
{
	struct signing signings[BATCH];
	char texts[BATCH][32];

	for (size_t i = 0; i < BATCH; i++) {
		(void)snprintf(texts[i], sizeof(texts[i]), "text %zu", i);
		signings[i] = (struct signing){.message = bytes_text(texts[i])};
	}
	return said(key_sign_many(run->key, signings, BATCH, f), f);
}

static bool certify_batch(struct run *run, struct fault *f)
{
	struct device_issue devices[BATCH];
	char serials[BATCH][32];

	for (size_t i = 0; i < BATCH; i++) {
		(void)snprintf(serials[i], sizeof(serials[i]), "SN%06zu", i);
		devices[i] =
			(struct device_issue){.subject = private_key_public(run->device),
					      .profile = {.product = "GW-100",
							  .serial = serials[i],
							  .hardware_type = "1.3.6.1.4.1.32473.7.1",
							  .certificate_serial = {0x41, (uint8_t)i},
							  .not_before_ms = 1795149506000u}};
	}
	bool done = said(
		certificate_issue_devices(&run->arena, run->key, run->ca, devices, BATCH, f), f);
	arena_reset(&run->arena);
	return done;
}

/* Per second; 0 if it failed. The first batch warms up and does not count. */
static double rate_of(struct run *run, bool (*batch)(struct run *, struct fault *), size_t *n)
{
	struct fault f = {0};
	double start, now;

	*n = 0;
	if (!batch(run, &f))
		return 0;
	start = bench_now_s();
	do {
		if (!batch(run, &f))
			return 0;
		*n += BATCH;
		now = bench_now_s();
	} while (now - start < SECONDS && *n < run->most);
	return (double)*n / (now - start);
}

/* What a signer with this key could do at best: its cores, or its sessions' latency. */
static double limit_of(unsigned sessions, unsigned delay_ms, double here, const char **name)
{
	double there = delay_ms > 0 ? sessions * 1000.0 / delay_ms : here;

	*name = there < here ? "latency" : "p256-sign-one-core";
	return there < here ? there : here;
}

#define CERTIFY_LIMIT "p256-sign+verify-one-core"

static double certify_limit(void)
{
	return 1 / (1 / bench_sign_rate() + 1 / bench_verify_rate());
}

static bool measure(struct run *run, const char *where, unsigned sessions, unsigned delay_ms)
{
	double sign = bench_sign_rate(), certify = certify_limit();
	char variant[NAME];
	const char *name;
	size_t n = 0;

	double rate = rate_of(run, sign_batch, &n);
	if (rate == 0)
		return false;
	double limit = limit_of(sessions, delay_ms, sign, &name);
	(void)snprintf(variant, sizeof(variant), "signatures-%s", where);
	bench_line("P1", variant, n, rate, "signatures/s", limit, name);
	rate = rate_of(run, certify_batch, &n);
	if (rate == 0)
		return false;
	limit = limit_of(sessions, delay_ms, certify, &name);
	(void)snprintf(variant, sizeof(variant), "certificates-%s", where);
	bench_line("P1", variant, n, rate, "certificates/s", limit,
		   delay_ms > 0 && limit < certify ? name : CERTIFY_LIMIT);
	return true;
}

/* A signer with its log key and its CA key at these addresses (NULL: files, as it is made). */
static struct signer_test *signer_with(const struct hsm *hsm)
{
	static unsigned made;
	struct signer_test *t = signer_test_new();
	char name[32], uris[2][HSM_URI];
	struct fault f = {0};

	if (hsm == NULL)
		return t;
	made++;
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(name, sizeof(name), "signer-%u-%zu", made, i);
		t->founding.addresses[i == 0 ? SIGNER_KEY_CHECKPOINT : SIGNER_KEY_CA] =
			hsm_uri(hsm, name, "&x-sessions=16", uris[i]);
	}
	(void)snprintf(t->vault, sizeof(t->vault), "%s/hsm", t->folder);
	if (said(signer_create(t->vault, &t->founding, &t->arena, &t->public, &f), &f))
		return t;
	signer_test_done(t);
	return NULL;
}

/* Requests, each of a station, over the socket of a real signer that journals under /tmp: inclusion,
 * station's proof, CSR and quota are checked, certificate and receipt signed. Three batches. */
static bool through_signer(const struct hsm *hsm, const char *where, double limit,
			   const char *limit_name)
{
	struct signer_test *t = signer_with(hsm);
	uint64_t requests[ISSUED];
	char variant[NAME];
	struct fault f = {0};

	if (t == NULL)
		return false;
	struct test_log *l = log_new(t);
	struct issued_unit *units = arena_array(&t->arena, ISSUED, sizeof(*units));
	signer_start(t);
	house_builds(l, ISSUED);
	for (size_t i = 0; i < ISSUED; i++)
		requests[i] = put_unit(l, 0, "A1", i);
	log_sign(l);
	struct evidence evidence = log_show(l, requests, ISSUED);
	double start = bench_now_s();
	bool done = said(signer_issue_units(t->client, &evidence, &t->arena, units, &f), &f);
	double rate = ISSUED / (bench_now_s() - start);
	for (size_t i = 0; i < ISSUED; i++)
		done = done && said((err){units[i].why_not.code}, &units[i].why_not);
	(void)snprintf(variant, sizeof(variant), "issued-%s", where);
	if (done)
		bench_line("P1", variant, ISSUED, rate, "units/s", limit, limit_name);
	signer_test_done(t);
	return done;
}

static bool with_key(struct run *run, struct private_key *key, const char *where, unsigned sessions,
		     unsigned delay_ms)
{
	struct arena arena = {0};
	struct fault f = {0};

	run->key = key;
	bool done = said(certificate_make_ca(&arena, key, "Bench CA", 1795149506000u, &run->ca, &f),
			 &f) &&
		    measure(run, where, sessions, delay_ms);
	arena_done(&arena);
	private_key_close(key);
	return done;
}

static bool with_file(struct run *run)
{
	struct private_key *key = NULL;
	struct fault f = {0};

	return said(private_key_generate(KEY_P256, &key, &f), &f) &&
	       with_key(run, key, "file", 1, 0) &&
	       through_signer(NULL, "file", certify_limit(), CERTIFY_LIMIT);
}

static bool with_hsm(struct run *run, const struct hsm *hsm, unsigned delay_ms, unsigned sessions)
{
	struct hsm slow = *hsm;
	struct private_key *key = NULL;
	struct fault f = {0};
	char uri[HSM_URI], delay[16], where[NAME];
	const char *name;

	(void)snprintf(delay, sizeof(delay), "%u", delay_ms);
	if (delay_ms > 0)
		slow.module = SLOW_MODULE;
	if (setenv("SLOW_PKCS11_MODULE", hsm->module, 1) != 0 ||
	    setenv("SLOW_PKCS11_DELAY_MS", delay, 1) != 0)
		return false;
	(void)hsm_uri(&slow, "bench", "", uri);
	(void)snprintf(where, sizeof(where), delay_ms > 0 ? "hsm-%ums-x%u" : "softhsm%.0u-x%u",
		       delay_ms, sessions);
	if (!said(key_address_open(uri, bytes_text(""), sessions, &key, &f), &f) ||
	    !with_key(run, key, where, sessions, delay_ms))
		return false;
	if (sessions < KEY_SESSIONS_MAX)
		return true;
	/* Two signatures a unit, one after the other. */
	double limit = limit_of(sessions, 2 * delay_ms, certify_limit(), &name);
	return through_signer(&slow, where, limit, delay_ms > 0 ? name : CERTIFY_LIMIT);
}

static bool with_all(struct run *run, struct hsm *hsm)
{
	char uri[HSM_URI];
	struct fault f = {0};

	if (!with_file(run))
		return false;
	if (!hsm_open(hsm, NULL)) {
		(void)fprintf(stderr, "signer_bench: SoftHSM2 is not here\n");
		return false;
	}
	if (!said(key_hsm_generate(hsm_uri(hsm, "bench", "", uri), KEY_P256, NULL, &f), &f))
		return false;
	for (size_t d = 0; d < DELAYS; d++)
		for (size_t s = 0; s < SESSIONS; s++)
			if (!with_hsm(run, hsm, DELAY_MS[d], SESSION_N[s]))
				return false;
	return true;
}

int main(int argc, char **argv)
{
	struct run run = {.most = argc > 2 ? strtoul(argv[2], NULL, 10) : SIZE_MAX};
	struct hsm hsm = {0};
	struct fault f = {0};

	if (argc < 2 || run.most == 0) {
		(void)fprintf(stderr, "usage: signer_bench FOLDER [N]\n");
		return 2;
	}
	bool done =
		said(private_key_generate(KEY_P256, &run.device, &f), &f) && with_all(&run, &hsm);
	hsm_close(&hsm);
	private_key_close(run.device);
	arena_done(&run.arena);
	return done ? 0 : 1;
}
