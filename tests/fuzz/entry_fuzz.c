/* SPDX-License-Identifier: Apache-2.0 */
/* A parsed claim, proof, witness and entry are written back byte for byte, and the walks over a
 * witness's lists find exactly what was counted. */
#include <stdlib.h>

#include "core/cbor.h"
#include "core/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static uint8_t buffer[ENTRY_SIZE_MAX];

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void must_equal(const struct writer *w, struct bytes want)
{
	struct bytes got;

	must(writer_done(w, &got) && bytes_equal(got, want));
}

static void same_claim(const struct claim *claim, struct bytes in)
{
	struct writer w = writer_of(buffer, sizeof buffer);

	claim_put(&w, claim);
	must_equal(&w, in);
	must(id_valid(claim->author) && type_name_valid(claim->type) && uuid7_valid(claim->id));
}

static void walk_lists(const struct witness *witness)
{
	struct control_result control;
	struct output output;
	struct raised raised;
	uint64_t revision;
	struct reader r;
	size_t n;

	r = witness_raised(witness, &n);
	for (; n > 0; n--)
		must(witness_next_raised(&r, &raised));
	must(!witness_next_raised(&r, &raised) && reader_end(&r));
	r = witness_outputs(witness, &n);
	for (; n > 0; n--)
		must(witness_next_output(&r, &output));
	must(!witness_next_output(&r, &output) && reader_end(&r));
	r = witness_controls(witness, &revision, &n);
	for (; n > 0; n--)
		must(witness_next_control(&r, &control));
	must(!witness_next_control(&r, &control) && reader_end(&r));
}

static void same_witness(const struct witness *witness, struct bytes in)
{
	struct writer w = writer_of(buffer, sizeof buffer);

	witness_put(&w, witness);
	must_equal(&w, in);
	walk_lists(witness);
}

static void same_proof(const struct proof *proof, struct bytes in)
{
	struct writer w = writer_of(buffer, sizeof buffer);

	if (proof->kind == PROOF_NONE) {
		cbor_put_null(&w);
	} else if (proof->kind == PROOF_COSE) {
		cose_put(&w, &proof->cose);
	} else if (proof->kind == PROOF_SSHSIG) {
		cbor_put_bytes(&w, proof->sshsig);
	} else {
		cbor_put_array(&w, 3);
		cbor_put_bytes(&w, proof->authenticator_data);
		cbor_put_bytes(&w, proof->client_data);
		cbor_put_bytes(&w, proof->signature);
	}
	must_equal(&w, in);
}

static void same_entry(const struct entry *entry, struct bytes in)
{
	struct reader r = reader_of(in);
	struct bytes proof, witness;
	struct writer w;

	must(cbor_array(&r) == 3);
	must(bytes_equal(cbor_bytes(&r), entry->claim_bytes));
	proof = cbor_item(&r);
	witness = cbor_item(&r);
	same_claim(&entry->claim, entry->claim_bytes);
	same_proof(&entry->proof, proof);
	same_witness(&entry->witness, witness);
	w = writer_of(buffer, sizeof buffer);
	entry_put(&w, entry->claim_bytes, proof, witness);
	must_equal(&w, in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes in = bytes_of(data, n);
	const char *why = NULL;
	struct witness witness;
	struct claim claim;
	struct entry entry;
	struct proof proof;

	if (entry_parse(in, &entry, &why))
		same_entry(&entry, in);
	else
		must(why != NULL);
	if (claim_parse(in, &claim, &why))
		same_claim(&claim, in);
	if (proof_parse(in, &proof, &why))
		same_proof(&proof, in);
	if (witness_parse(in, &witness, &why))
		same_witness(&witness, in);
	return 0;
}
