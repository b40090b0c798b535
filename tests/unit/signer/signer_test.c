/* SPDX-License-Identifier: Apache-2.0 */
/* The whole of it: a signer in its own process, asked through its socket. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer_testing.h"

static struct bytes issue_one(struct signer_test *t, const struct issue_request *request,
			      struct fault *fault)
{
	struct bytes certificate = {0};
	struct fault f = {0};

	if (signer_issue(t->client, request, 1, &t->arena, &certificate, fault, &f).code != OK)
		stop_test("%s %s", f.message, f.n > 1 ? f.values[1].value : "");
	return certificate;
}

static void refused_with(struct signer_test *t, const struct issue_request *request, const char *id)
{
	struct fault fault = {0};
	struct bytes certificate = issue_one(t, request, &fault);

	assert_null(certificate.p);
	assert_non_null(fault.message);
	assert_string_equal(fault.message, id);
}

static struct bytes issued(struct signer_test *t, const struct issue_request *request)
{
	struct fault fault = {0};
	struct bytes certificate = issue_one(t, request, &fault);

	if (fault.code != OK)
		stop_test("%s", fault.message);
	return certificate;
}

/* ---- what is public ---- */

static void signer_tells_its_public_keys(void **state)
{
	struct signer_test *t = signer_test_new();
	struct signer_public public;

	(void)state;
	signer_start(t);
	assert_int_equal(signer_public_read(t->client, &t->arena, &public, NULL).code, OK);
	assert_string_equal(public.checkpoint.name, ORIGIN);
	assert_memory_equal(&public.checkpoint, &t->public.checkpoint, sizeof(public.checkpoint));
	assert_true(hash_equal(public.ca_key, t->public.ca_key));
	assert_true(bytes_equal(public.ca_certificate, t->public.ca_certificate));
	signer_test_done(t);
}

/* ---- certificates ---- */

static void certificate_is_for_the_unit_that_was_asked_for(void **state)
{
	struct signer_test *t = signer_test_new();
	struct issue_request request = unit_request(0);
	struct device_certificate read;

	(void)state;
	signer_start(t);
	struct bytes der = issued(t, &request);
	assert_int_equal(
		certificate_check_device(&t->arena, der, t->public.ca_certificate, &read, NULL)
			.code,
		OK);
	assert_true(bytes_equal(read.product, bytes_text("GW-100")));
	assert_true(bytes_equal(read.serial, bytes_text(unit_serial(0))));
	signer_test_done(t);
}

static void same_request_returns_the_same_certificate_for_ever(void **state)
{
	struct signer_test *t = signer_test_new();
	struct issue_request request = unit_request(0);

	(void)state;
	signer_start(t);
	struct bytes first = issued(t, &request);
	request.csr = unit_csr(0, 0); /* signed anew: the key counts, not the signature */
	request.at_ms += 1000;
	assert_true(bytes_equal(issued(t, &request), first));
	assert_int_equal(signer_stop(t), 0);
	signer_start(t);
	assert_true(bytes_equal(issued(t, &request), first));
	signer_test_done(t);
}

static void serial_cannot_be_issued_twice(void **state)
{
	struct signer_test *t = signer_test_new();
	struct issue_request first = unit_request(0), second = unit_request(1);

	(void)state;
	signer_start(t);
	(void)issued(t, &first);
	second.serial = first.serial;
	second.csr = unit_csr(1, 0);
	refused_with(t, &second, "SIGNER_ALREADY_ISSUED");
	assert_int_equal(signer_stop(t), 0);
	signer_start(t);
	refused_with(t, &second, "SIGNER_ALREADY_ISSUED");
	second.product = "GW-200"; /* another product has its own serials */
	(void)issued(t, &second);
	signer_test_done(t);
}

static void key_cannot_be_certified_twice(void **state)
{
	struct signer_test *t = signer_test_new();
	struct issue_request first = unit_request(0), second = unit_request(1);
	struct fault fault = {0};

	(void)state;
	signer_start(t);
	(void)issued(t, &first);
	second.csr = unit_csr(0, 1);
	assert_null(issue_one(t, &second, &fault).p);
	assert_string_equal(fault.message, "SIGNER_ALREADY_ISSUED");
	assert_string_equal(fault_value(&fault, "what"), "key");
	assert_int_equal(fault.code, ERR_CONFLICT);
	assert_int_equal(signer_stop(t), 0);
	signer_start(t);
	refused_with(t, &second, "SIGNER_ALREADY_ISSUED");
	signer_test_done(t);
}

static void request_cannot_change_its_content(void **state)
{
	struct signer_test *t = signer_test_new();
	const struct issue_request first = unit_request(0);
	struct issue_request changed = first;

	(void)state;
	signer_start(t);
	struct bytes certificate = issued(t, &first);
	changed.serial = unit_serial(1);
	changed.csr = unit_csr(0, 1);
	refused_with(t, &changed, "SIGNER_REQUEST_CHANGED");
	changed = first;
	changed.product = "GW-200";
	refused_with(t, &changed, "SIGNER_REQUEST_CHANGED");
	changed = first;
	changed.hardware_type = "1.3.6.1.4.1.32473.7.2";
	refused_with(t, &changed, "SIGNER_REQUEST_CHANGED");
	changed = first;
	changed.csr = unit_csr(1, 0);
	refused_with(t, &changed, "SIGNER_REQUEST_CHANGED");
	assert_true(bytes_equal(issued(t, &first), certificate));
	signer_test_done(t);
}

static void request_that_is_not_well_formed_is_refused_by_itself(void **state)
{
	struct signer_test *t = signer_test_new();
	struct issue_request request = unit_request(0);

	(void)state;
	signer_start(t);
	request.csr = unit_csr(0, 1);
	refused_with(t, &request, "SIGNER_SERIAL_DIFFERS");
	request.csr = bytes_of(unit_csr(0, 0).p, 100);
	refused_with(t, &request, "CSR_MALFORMED");
	request.csr = (struct bytes){0};
	refused_with(t, &request, "CSR_MALFORMED");
	request = unit_request(0);
	request.hardware_type = "3.9.9";
	refused_with(t, &request, "CERTIFICATE_OID_INVALID");
	request.hardware_type = "";
	refused_with(t, &request, "CERTIFICATE_OID_INVALID");
	request.hardware_type = HARDWARE_TYPE; /* nothing of the above used the serial up */
	(void)issued(t, &request);
	signer_test_done(t);
}

static void certificate_request_without_possession_is_refused(void **state)
{
	struct signer_test *t = signer_test_new();
	struct issue_request request = unit_request(0);
	struct bytes good = request.csr;
	uint8_t *forged = arena_alloc(&t->arena, good.n);

	(void)state;
	signer_start(t);
	memcpy(forged, good.p, good.n);
	forged[good.n - 1] ^= 1;
	request.csr = bytes_of(forged, good.n);
	refused_with(t, &request, "CSR_NOT_POSSESSED");
	signer_test_done(t);
}

static void batch_answers_each_request_by_itself(void **state)
{
	enum { N = 130 };
	struct signer_test *t = signer_test_new();
	struct issue_request *requests = calloc(N, sizeof(*requests));
	struct bytes *certificates = calloc(N, sizeof(*certificates));
	struct fault *faults = calloc(N, sizeof(*faults));

	(void)state;
	signer_start(t);
	for (size_t i = 0; i < N; i++)
		requests[i] = unit_request(i);
	requests[5] = requests[3];               /* the same request again */
	requests[7].serial = requests[2].serial; /* a serial of this batch */
	requests[7].csr = unit_csr(7, 2);
	requests[9].csr = unit_csr(4, 9);     /* a key of this batch */
	requests[100].csr = unit_csr(1, 100); /* a key of the batch before */
	assert_int_equal(
		signer_issue(t->client, requests, N, &t->arena, certificates, faults, NULL).code,
		OK);
	for (size_t i = 0; i < N; i++) {
		bool bad = i == 7 || i == 9 || i == 100;

		assert_int_equal(faults[i].code, bad ? ERR_CONFLICT : OK);
		assert_true((certificates[i].p == NULL) == bad);
	}
	assert_true(bytes_equal(certificates[5], certificates[3]));
	assert_string_equal(faults[7].message, "SIGNER_ALREADY_ISSUED");
	assert_string_equal(fault_value(&faults[7], "what"), "serial");
	assert_string_equal(fault_value(&faults[9], "what"), "key");
	free(requests);
	free(certificates);
	free(faults);
	signer_test_done(t);
}

/* ---- checkpoints ---- */

static void checkpoints_grow_with_the_tree(void **state)
{
	static const uint64_t sizes[] = {0, 1, 2, 3, 7, 8, 64, 65, 130, 256, 300};
	struct signer_test *t = signer_test_new();
	struct merkle_head last;
	struct bytes note;

	(void)state;
	signer_start(t);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t old = i == 0 ? 0 : sizes[i - 1];

		assert_int_equal(ask_checkpoint(t, old, sizes[i], &note, NULL).code, OK);
		assert_true(note_signed(t, note, tree_head(sizes[i])));
		assert_int_equal(signer_last(t->client, &last, NULL).code, OK);
		assert_int_equal(last.size, sizes[i]);
		assert_true(hash_equal(last.root, tree_head(sizes[i]).root));
		if (i % 4 == 3) {
			assert_int_equal(signer_stop(t), 0);
			signer_start(t);
		}
	}
	signer_test_done(t);
}

static void same_head_has_the_same_note(void **state)
{
	struct signer_test *t = signer_test_new();
	struct bytes first, again;

	(void)state;
	signer_start(t);
	assert_int_equal(ask_checkpoint(t, 0, 5, &first, NULL).code, OK);
	assert_int_equal(ask_checkpoint(t, 5, 5, &again, NULL).code, OK);
	assert_true(bytes_equal(first, again));
	assert_int_equal(ask_checkpoint(t, 0, 5, &again, NULL).code, OK); /* the reply was lost */
	assert_true(bytes_equal(first, again));
	assert_int_equal(signer_stop(t), 0);
	signer_start(t);
	assert_int_equal(ask_checkpoint(t, 0, 5, &again, NULL).code, OK);
	assert_true(bytes_equal(first, again));
	signer_test_done(t);
}

static void fork_refused(struct signer_test *t, struct merkle_head old, struct merkle_head now,
			 const struct hash *path, size_t n, const char *id)
{
	struct fault f = {0};
	struct bytes note;

	assert_int_equal(signer_checkpoint(t->client, old, now, path, n, &t->arena, &note, &f).code,
			 ERR_CONFLICT);
	assert_string_equal(f.message, id);
	assert_non_null(fault_value(&f, "last_root"));
	assert_string_equal(fault_value(&f, "last_size"), "10");
}

static void fork_is_refused_whatever_the_proof(void **state)
{
	struct signer_test *t = signer_test_new();
	struct hash path[MERKLE_DEPTH_MAX] = {{{0}}};
	struct merkle_head ten = tree_head(10), none = tree_head(0);
	struct bytes note;

	(void)state;
	signer_start(t);
	assert_int_equal(ask_checkpoint(t, 0, 10, &note, NULL).code, OK);
	for (int restarted = 0; restarted < 2; restarted++) {
		/* Back in time. */
		fork_refused(t, ten, tree_head(9), path, 0, "SIGNER_FORK");
		fork_refused(t, tree_head(5), tree_head(9), path, tree_proof(5, 9, path),
			     "SIGNER_FORK");
		fork_refused(t, none, none, path, 0, "SIGNER_FORK");
		/* The same size with another root. */
		fork_refused(t, ten, other_head(10, 3), path, 0, "SIGNER_FORK");
		/* Another history, proved from its own past. */
		fork_refused(t, other_head(10, 3), other_head(20, 3), path,
			     other_proof(10, 20, 3, path), "SIGNER_FORK");
		fork_refused(t, ten, other_head(20, 3), path, other_proof(10, 20, 3, path),
			     "SIGNER_FORK");
		fork_refused(t, ten, other_head(20, 9), path, tree_proof(10, 20, path),
			     "SIGNER_FORK");
		/* The true history with a proof that is not one. */
		fork_refused(t, ten, tree_head(20), path, 0, "SIGNER_FORK");
		fork_refused(t, ten, tree_head(20), path, tree_proof(10, 20, path) - 1,
			     "SIGNER_FORK");
		fork_refused(t, ten, tree_head(20), path, tree_proof(11, 20, path), "SIGNER_FORK");
		/* A proof from elsewhere, even a true one, and from nothing at all. */
		fork_refused(t, tree_head(5), tree_head(20), path, tree_proof(5, 20, path),
			     "SIGNER_PROOF_STARTS_ELSEWHERE");
		fork_refused(t, none, other_head(20, 0), path, 0, "SIGNER_PROOF_STARTS_ELSEWHERE");
		fork_refused(t, tree_head(11), tree_head(20), path, tree_proof(11, 20, path),
			     "SIGNER_PROOF_STARTS_ELSEWHERE");
		assert_int_equal(signer_stop(t), 0);
		signer_start(t);
	}
	assert_int_equal(ask_checkpoint(t, 10, 20, &note, NULL).code, OK);
	signer_test_done(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signer_tells_its_public_keys),
		cmocka_unit_test(certificate_is_for_the_unit_that_was_asked_for),
		cmocka_unit_test(same_request_returns_the_same_certificate_for_ever),
		cmocka_unit_test(serial_cannot_be_issued_twice),
		cmocka_unit_test(key_cannot_be_certified_twice),
		cmocka_unit_test(request_cannot_change_its_content),
		cmocka_unit_test(request_that_is_not_well_formed_is_refused_by_itself),
		cmocka_unit_test(certificate_request_without_possession_is_refused),
		cmocka_unit_test(batch_answers_each_request_by_itself),
		cmocka_unit_test(checkpoints_grow_with_the_tree),
		cmocka_unit_test(same_head_has_the_same_note),
		cmocka_unit_test(fork_is_refused_whatever_the_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
