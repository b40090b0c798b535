/* SPDX-License-Identifier: Apache-2.0 */
/* The golden entries of tests/golden/entry, made by foreign code: each is read, has the values it
 * was made from, and is written back byte for byte. Then they are damaged in every way that takes
 * one byte. */
#include "test.h"

#include <stdio.h>

#include "core/cbor.h"
#include "core/entry.h"

enum { GOLDEN_MAX = 2048 };

struct golden {
	uint8_t bytes[GOLDEN_MAX];
	size_t n;
	struct entry entry;
};

static const char *const NAMES[] = {
	"genesis",           "signed_ed25519",       "signed_es256_offline",
	"approved_webauthn", "approved_ssh_ed25519", "approved_ssh_token_p256",
	"kept_unfolded",     "reported_unverified",
};
enum { GOLDEN_N = sizeof NAMES / sizeof *NAMES };

static struct bytes golden_bytes(const struct golden *g)
{
	return bytes_of(g->bytes, g->n);
}

static void load(const char *name, struct golden *g)
{
	char path[1024], text[2 * GOLDEN_MAX + 256];
	size_t n = 0, digits = 0;
	const char *why;
	FILE *file;

	snprintf(path, sizeof path, "%s/%s.hex", GOLDEN_FOLDER, name);
	file = fopen(path, "rb");
	assert_non_null(file);
	n = fread(text, 1, sizeof text, file);
	assert_int_equal(fclose(file), 0);
	for (size_t i = 0; i < n; i++) {
		if (text[i] != '\n')
			text[digits++] = text[i];
	}
	g->n = digits / 2;
	assert_in_range(g->n, 1, GOLDEN_MAX);
	assert_true(hex_decode(bytes_of(text, digits), g->bytes, g->n));
	if (!entry_parse(golden_bytes(g), &g->entry, &why))
		fail_msg("%s: %s", name, why);
}

static void put_proof(struct writer *w, const struct proof *proof)
{
	switch (proof->kind) {
	case PROOF_NONE:
		cbor_put_null(w);
		break;
	case PROOF_COSE:
		cose_put(w, &proof->cose);
		break;
	case PROOF_WEBAUTHN:
		cbor_put_array(w, 3);
		cbor_put_bytes(w, proof->authenticator_data);
		cbor_put_bytes(w, proof->client_data);
		cbor_put_bytes(w, proof->signature);
		break;
	case PROOF_SSHSIG:
		cbor_put_bytes(w, proof->sshsig);
		break;
	}
}

/* The entry again, from its parsed values alone. */
static struct bytes rewritten(const struct entry *entry)
{
	static uint8_t claim[ENTRY_SIZE_MAX], proof[ENTRY_SIZE_MAX], witness[ENTRY_SIZE_MAX],
		whole[ENTRY_SIZE_MAX];
	struct writer c = writer_of(claim, sizeof claim), p = writer_of(proof, sizeof proof);
	struct writer w = writer_of(witness, sizeof witness), e = writer_of(whole, sizeof whole);
	struct bytes claim_bytes, proof_bytes, witness_bytes, out;

	claim_put(&c, &entry->claim);
	put_proof(&p, &entry->proof);
	witness_put(&w, &entry->witness);
	assert_true(writer_done(&c, &claim_bytes));
	assert_true(writer_done(&p, &proof_bytes));
	assert_true(writer_done(&w, &witness_bytes));
	entry_put(&e, claim_bytes, proof_bytes, witness_bytes);
	assert_true(writer_done(&e, &out));
	return out;
}

static void every_golden_entry_is_written_back_byte_for_byte(void **state)
{
	static struct golden g;

	(void)state;
	for (size_t i = 0; i < GOLDEN_N; i++) {
		load(NAMES[i], &g);
		assert_bytes(rewritten(&g.entry), golden_bytes(&g));
		assert_bytes(g.entry.claim.origin, bytes_text("ledger.example/trial"));
		assert_true(g.entry.claim.made == UINT64_C(1767225600123));
		assert_true(uuid7_time_ms(g.entry.claim.id) == g.entry.claim.made);
	}
}

static void the_genesis_is_the_least_that_an_entry_can_be(void **state)
{
	static struct golden g;

	(void)state;
	load("genesis", &g);
	assert_bytes(g.entry.claim.type, bytes_text("ledger.founded"));
	assert_int_equal(g.entry.claim.version, 1);
	assert_bytes(g.entry.claim.author, bytes_text("SERVER"));
	assert_int_equal(g.entry.claim.source, CLAIM_WITNESSED);
	assert_hex(g.entry.claim.body, "a0");
	assert_int_equal(g.entry.proof.kind, PROOF_NONE);
	assert_int_equal(g.entry.witness.sequence, 0);
	assert_int_equal(g.entry.witness.channel, CHANNEL_LOCAL);
	assert_int_equal(g.entry.witness.outcome, OUTCOME_FOLDED);
	assert_false(g.entry.witness.has_previous || g.entry.witness.has_subject);
}

static void a_signed_entry_says_by_which_key(void **state)
{
	static struct golden ed25519, es256;
	const struct entry *e;

	(void)state;
	load("signed_ed25519", &ed25519);
	e = &ed25519.entry;
	assert_int_equal(e->proof.kind, PROOF_COSE);
	assert_int_equal(e->proof.cose.algorithm, COSE_EDDSA);
	assert_true(e->claim.has_key && hash_equal(e->claim.key, e->proof.cose.kid));
	assert_int_equal(e->witness.previous, 23);
	assert_bytes(e->witness.subject.kind, bytes_text("seal"));
	assert_bytes(e->witness.subject.within, bytes_text("ACME"));
	assert_bytes(e->witness.subject.id, bytes_text("S-00042"));
	load("signed_es256_offline", &es256);
	e = &es256.entry;
	assert_int_equal(e->proof.cose.algorithm, COSE_ES256);
	assert_true(hash_equal(e->claim.key, e->proof.cose.kid));
	assert_int_equal(e->claim.version, TYPE_VERSION_MAX);
	assert_true(e->claim.has_occurred && e->claim.occurred == e->claim.made - 86400000);
	assert_int_equal(e->claim.source, CLAIM_DECLARED);
	assert_bytes(e->claim.spool, bytes_text("SP1"));
	assert_true(e->claim.spool_counter == UINT64_C(4294967296));
	assert_int_equal(e->witness.channel, CHANNEL_SPOOL);
}

static void a_vote_executes_what_it_approves(void **state)
{
	static const char *const WANT[][2] = {
		{"QUO-01", "pass"}, {"SRC-02", "warn"}, {"BUILD-01", "observe"}};
	static struct golden g;
	struct control_result control;
	struct reader r;
	uint64_t revision;
	size_t n;

	(void)state;
	load("approved_webauthn", &g);
	assert_int_equal(g.entry.proof.kind, PROOF_WEBAUTHN);
	assert_int_equal(g.entry.proof.authenticator_data.n, 37);
	assert_int_equal(g.entry.witness.outcome, OUTCOME_EXECUTES);
	assert_int_equal(g.entry.witness.target, 254);
	r = witness_controls(&g.entry.witness, &revision, &n);
	assert_int_equal(revision, 3);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++) {
		assert_true(witness_next_control(&r, &control));
		assert_bytes(control.control, bytes_text(WANT[i][0]));
		assert_bytes(control.result, bytes_text(WANT[i][1]));
	}
	assert_false(witness_next_control(&r, &control));
}

static void an_approval_signed_with_ssh_says_by_which_key_and_token(void **state)
{
	static struct golden plain, token;
	struct sshsig sig;
	const char *why;

	(void)state;
	load("approved_ssh_ed25519", &plain);
	assert_int_equal(plain.entry.proof.kind, PROOF_SSHSIG);
	assert_true(sshsig_parse(plain.entry.proof.sshsig, &sig, &why));
	assert_int_equal(sig.algorithm, SSH_ED25519);
	assert_int_equal(sig.hash, SSH_SHA512);
	assert_bytes(sig.name_space, bytes_text(SSHSIG_NAMESPACE));
	assert_null(sig.application.p);
	load("approved_ssh_token_p256", &token);
	assert_true(sshsig_parse(token.entry.proof.sshsig, &sig, &why));
	assert_int_equal(sig.algorithm, SSH_SK_P256);
	assert_int_equal(sig.hash, SSH_SHA256);
	assert_bytes(sig.application, bytes_text("ssh:approve"));
	assert_int_equal(sig.flags, 0x05);
	assert_int_equal(sig.counter, 41);
	assert_int_equal(sig.public_key.n, 64);
}

static void an_unfolded_entry_tells_what_it_raised(void **state)
{
	static struct golden g;
	struct raised raised;
	struct reader r;
	size_t n;

	(void)state;
	load("kept_unfolded", &g);
	assert_int_equal(g.entry.claim.source, CLAIM_IMPORTED);
	assert_int_equal(g.entry.witness.outcome, OUTCOME_UNFOLDED);
	assert_true(g.entry.witness.sequence == SEQUENCE_MAX);
	assert_true(g.entry.witness.at == INSTANT_MS_MAX);
	r = witness_raised(&g.entry.witness, &n);
	assert_int_equal(n, 3);
	assert_true(witness_next_raised(&r, &raised));
	assert_bytes(raised.code, bytes_text("FOLD_FAILED"));
	assert_false(raised.has_subject);
	assert_true(witness_next_raised(&r, &raised));
	assert_bytes(raised.subject.id, bytes_text("SHP/7"));
	assert_int_equal(raised.subject.within.n, 0);
	assert_true(witness_next_raised(&r, &raised));
	assert_bytes(raised.subject.within, bytes_text("ACME"));
	assert_false(witness_next_raised(&r, &raised));
}

/* Damage may leave a valid entry (another letter in a text), but then it is that entry: nothing
 * that is taken is ever written in another way. */
static void a_damaged_entry_is_refused_or_is_exactly_what_it_says(void **state)
{
	static struct golden g;
	size_t refused = 0, taken = 0;
	struct entry entry;
	const char *why;

	(void)state;
	for (size_t i = 0; i < GOLDEN_N; i++) {
		load(NAMES[i], &g);
		for (size_t at = 0; at < g.n; at++) {
			uint8_t kept = g.bytes[at];

			for (unsigned c = 0; c < 256; c += 3) {
				g.bytes[at] = (uint8_t)(kept ^ c);
				if (!entry_parse(golden_bytes(&g), &entry, &why)) {
					refused++;
					continue;
				}
				assert_bytes(rewritten(&entry), golden_bytes(&g));
				taken++;
			}
			g.bytes[at] = kept;
		}
	}
	assert_true(refused > 10000 && taken > 10000);
}

static void an_entry_cut_or_with_a_byte_put_in_or_taken_out_is_refused(void **state)
{
	static struct golden g;
	uint8_t other[GOLDEN_MAX + 1];
	struct entry entry;
	const char *why;

	(void)state;
	for (size_t i = 0; i < GOLDEN_N; i++) {
		load(NAMES[i], &g);
		for (size_t at = 0; at < g.n; at++) {
			assert_false(entry_parse(bytes_of(g.bytes, at), &entry, &why));
			memcpy(other, g.bytes, at);
			memcpy(other + at, g.bytes + at + 1, g.n - at - 1);
			assert_false(entry_parse(bytes_of(other, g.n - 1), &entry, &why));
			other[at] = 0x00;
			memcpy(other + at + 1, g.bytes + at, g.n - at);
			assert_false(entry_parse(bytes_of(other, g.n + 1), &entry, &why));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_golden_entry_is_written_back_byte_for_byte),
		cmocka_unit_test(the_genesis_is_the_least_that_an_entry_can_be),
		cmocka_unit_test(a_signed_entry_says_by_which_key),
		cmocka_unit_test(a_vote_executes_what_it_approves),
		cmocka_unit_test(an_approval_signed_with_ssh_says_by_which_key_and_token),
		cmocka_unit_test(an_unfolded_entry_tells_what_it_raised),
		cmocka_unit_test(a_damaged_entry_is_refused_or_is_exactly_what_it_says),
		cmocka_unit_test(an_entry_cut_or_with_a_byte_put_in_or_taken_out_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
