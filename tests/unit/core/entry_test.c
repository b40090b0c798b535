/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs, and the entry around all three parts. */
#include "entry_parts.h"

static bool proof_ok(const char *text)
{
	struct proof proof;
	const char *why;

	return proof_parse(hex(text), &proof, &why);
}

static void the_kinds_of_proof_are_told_apart(void **state)
{
	struct proof proof;
	const char *why;

	(void)state;
	assert_true(proof_parse(hex("f6"), &proof, &why));
	assert_int_equal(proof.kind, PROOF_NONE);
	assert_true(
		proof_parse(hex("d2845826a20127045820" HASH "a0f65840" HASH HASH), &proof, &why));
	assert_int_equal(proof.kind, PROOF_COSE);
	assert_hex(hash_bytes(&proof.cose.kid), HASH);
	assert_true(proof_parse(hex("83410141024103"), &proof, &why));
	assert_int_equal(proof.kind, PROOF_WEBAUTHN);
	assert_hex(proof.authenticator_data, "01");
	assert_hex(proof.client_data, "02");
	assert_hex(proof.signature, "03");
	assert_true(proof_parse(hex("43534853"), &proof, &why));
	assert_int_equal(proof.kind, PROOF_SSHSIG);
	assert_hex(proof.sshsig, "534853");
}

static void an_ssh_proof_has_1_to_1024_bytes(void **state)
{
	uint8_t item[3 + SSHSIG_SIZE_MAX + 1] = {0x59, 0x04, 0x00};
	struct proof proof;
	const char *why;

	(void)state;
	assert_true(proof_parse(bytes_of(item, 3 + SSHSIG_SIZE_MAX), &proof, &why));
	item[2] = 1;
	assert_false(proof_parse(bytes_of(item, sizeof item), &proof, &why));
	assert_false(proof_ok("40"));
	assert_false(proof_ok("410100"));
}

static void a_proof_of_no_known_kind_is_refused(void **state)
{
	static const char *const WRONG[] = {
		/* counts that lie, with all three parts there */
		"82410141024103",
		"84410141024103",
		"80410141024103",
		"",
		"00",
		"f4",
		"f7",
		"a0",
		"40",
		"80",
		"8141"
		"01",
		"82410141"
		"02",
		"8441014102410341"
		"04",
		"83610141024103",
		"83404102"
		"4103",
		"8341014041"
		"03",
		"834101410240",
		"83f641024103",
		"f600",
		"8341014102410300",
		"d1845826a20127045820" HASH "a0f65840" HASH HASH,
		"d2845826a20127045820" HASH "a0f65840" HASH HASH "00",
	};

	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
		assert_false(proof_ok(WRONG[i]));
}

static void a_signed_claim_may_not_be_embedded_in_the_proof(void **state)
{
	struct proof proof;
	const char *why;

	(void)state;
	assert_false(
		proof_parse(hex("d2845826a20127045820" HASH "a041a05840" HASH HASH), &proof, &why));
	assert_string_equal(why, "the proof's payload must be detached");
}

/* Three byte strings of the given lengths. */
static bool webauthn_ok(size_t authenticator, size_t client, size_t signature)
{
	static uint8_t buffer[8192], zeros[4096];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct proof proof;
	struct bytes out;
	const char *why;

	cbor_put_array(&w, 3);
	cbor_put_bytes(&w, bytes_of(zeros, authenticator));
	cbor_put_bytes(&w, bytes_of(zeros, client));
	cbor_put_bytes(&w, bytes_of(zeros, signature));
	assert_true(writer_done(&w, &out));
	return proof_parse(out, &proof, &why);
}

static void the_parts_of_a_webauthn_proof_are_bounded(void **state)
{
	(void)state;
	assert_true(webauthn_ok(512, 2048, 512));
	assert_false(webauthn_ok(513, 2048, 512));
	assert_false(webauthn_ok(512, 2049, 512));
	assert_false(webauthn_ok(512, 2048, 513));
	assert_false(webauthn_ok(0, 1, 1));
	assert_false(webauthn_ok(1, 0, 1));
	assert_false(webauthn_ok(1, 1, 0));
}

/* Writes an entry of ours with a body of one text of `n` letters. */
static struct bytes entry_with_body(size_t n)
{
	static uint8_t buffer[ENTRY_SIZE_MAX + 64], claim_buffer[ENTRY_SIZE_MAX + 64];
	static uint8_t body[ENTRY_SIZE_MAX + 64], letters[ENTRY_SIZE_MAX];
	struct writer w = writer_of(body, sizeof body);
	struct bytes small = encode(&CLAIM), out;
	struct claim claim;
	const char *why;

	memset(letters, 'x', sizeof letters);
	cbor_put_map(&w, 1);
	cbor_put_text(&w, bytes_text("a"));
	cbor_put_text(&w, bytes_of(letters, n));
	assert_true(claim_parse(small, &claim, &why) && writer_done(&w, &claim.body));
	w = writer_of(claim_buffer, sizeof claim_buffer);
	claim_put(&w, &claim);
	assert_true(writer_done(&w, &small));
	w = writer_of(buffer, sizeof buffer);
	entry_put(&w, small, hex("f6"), encode(&WITNESS));
	assert_true(writer_done(&w, &out));
	return out;
}

static void an_entry_is_claim_proof_and_witness(void **state)
{
	struct bytes in = entry_with_body(1);
	struct entry entry;
	const char *why;

	(void)state;
	assert_true(entry_parse(in, &entry, &why));
	assert_bytes(entry.claim.author, bytes_text("P1"));
	assert_int_equal(entry.proof.kind, PROOF_NONE);
	assert_int_equal(entry.witness.sequence, 10);
	assert_true(in.p < entry.claim_bytes.p && entry.claim_bytes.p < in.p + in.n);
}

static void an_entry_whose_count_lies_is_refused(void **state)
{
	struct bytes in = entry_with_body(1);
	uint8_t lying[512];
	struct entry entry;
	const char *why;

	(void)state;
	memcpy(lying, in.p, in.n);
	for (unsigned count = 0; count < 8; count++) {
		lying[0] = (uint8_t)(0x80 + count);
		assert_true(entry_parse(bytes_of(lying, in.n), &entry, &why) == (count == 3));
	}
}

static void an_entry_has_at_most_32_kib(void **state)
{
	size_t frame = entry_with_body(1000).n - 1000;
	struct entry entry;
	const char *why;

	(void)state;
	/* Neither head of the text nor of the claim changes its length near the limit. */
	assert_true(entry_parse(entry_with_body(ENTRY_SIZE_MAX - frame), &entry, &why));
	assert_false(entry_parse(entry_with_body(ENTRY_SIZE_MAX - frame + 1), &entry, &why));
	assert_string_equal(why, "the entry is too large");
}

static void every_cut_of_an_entry_and_every_byte_more_is_refused(void **state)
{
	struct bytes in = entry_with_body(5);
	uint8_t longer[512];
	struct entry entry;
	const char *why;

	(void)state;
	for (size_t n = 0; n < in.n; n++) {
		assert_false(entry_parse(bytes_of(in.p, n), &entry, &why));
		assert_non_null(why);
	}
	memcpy(longer, in.p, in.n);
	for (unsigned c = 0; c < 256; c++) {
		longer[in.n] = (uint8_t)c;
		assert_false(entry_parse(bytes_of(longer, in.n + 1), &entry, &why));
	}
}

static void an_entry_of_other_parts_is_refused(void **state)
{
	struct entry entry;
	const char *why;

	(void)state;
	assert_false(entry_parse(hex("80"), &entry, &why));
	assert_false(entry_parse(hex("8240f6"), &entry, &why));
	assert_false(entry_parse(hex("8440f6a000"), &entry, &why));
	assert_false(entry_parse(hex("83a0f6a0"), &entry, &why)); /* a claim in place */
	assert_false(entry_parse(hex("8340f6a0"), &entry, &why)); /* an empty claim */
	assert_false(entry_parse(hex("8341a0f6a0"), &entry, &why));
	assert_false(entry_parse(hex("a0"), &entry, &why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kinds_of_proof_are_told_apart),
		cmocka_unit_test(an_ssh_proof_has_1_to_1024_bytes),
		cmocka_unit_test(a_proof_of_no_known_kind_is_refused),
		cmocka_unit_test(a_signed_claim_may_not_be_embedded_in_the_proof),
		cmocka_unit_test(the_parts_of_a_webauthn_proof_are_bounded),
		cmocka_unit_test(an_entry_is_claim_proof_and_witness),
		cmocka_unit_test(an_entry_whose_count_lies_is_refused),
		cmocka_unit_test(an_entry_has_at_most_32_kib),
		cmocka_unit_test(every_cut_of_an_entry_and_every_byte_more_is_refused),
		cmocka_unit_test(an_entry_of_other_parts_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
