/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of every form over any claim, by two keys that everybody knows: they hold or do not, and
 * what holds names the key and the claim's form that it holds for. Input: the length of the proof in
 * two bytes, the proof, the claim. */
#include <stdlib.h>

#include "crypto/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The public halves of the keys in tests/golden/entry/make.py. */
static const char *const SPKIS[] = {
	"302a300506032b65700321008a7383a6d84931385dabcf1ddb38bc282c5e488fa5c95867f3d4485924514110",
	"3059301306072a8648ce3d020106082a8648ce3d03010703420004ae48edaa466de46a1e1d2e34972faeafa892"
	"da7c146ba82167e355adfee2756b0aa6a6fd04e4ed4eff0152113e75ccb46594172b848f94e37988a684c6884a"
	"f"
	"0",
};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static const struct public_key *key_of(size_t which)
{
	static struct public_key *keys[2];
	uint8_t spki[SPKI_SIZE_MAX];
	size_t n = which == 0 ? 44 : 91;

	if (keys[which] == NULL)
		must(hex_decode(bytes_text(SPKIS[which]), spki, n) &&
		     public_key_parse(bytes_of(spki, n), &keys[which], NULL).code == OK);
	return keys[which];
}

static bool holds(const struct proof *proof, const struct claim *claim, struct bytes claim_bytes,
		  size_t key, struct bytes application)
{
	static const char PARTY[] = "ledger.example", PAGE[] = "https://ledger.example";
	const struct bytes origin = bytes_text(PAGE);
	const struct proof_party party = {
		.relying_party = bytes_text(PARTY), .origins = &origin, .origins_n = 1};
	struct fault f = {0};
	err e = proof_check(proof, claim, claim_bytes, key_of(key), application, &party, &f);

	must(e.code == OK || e.code == ERR_UNAUTHENTICATED);
	return e.code == OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct reader r = reader_of(bytes_of(data, n));
	struct bytes item = get_bytes(&r, get_u16(&r)), claim_bytes;
	struct bytes application;
	struct proof proof;
	struct claim claim;
	const char *why;

	if (r.why != NULL || !proof_parse(item, &proof, &why))
		return 0;
	claim_bytes = bytes_of(r.p, r.n);
	if (!claim_parse(claim_bytes, &claim, &why))
		return 0;
	application = proof_application(&proof);
	for (size_t key = 0; key < 2; key++) {
		if (!holds(&proof, &claim, claim_bytes, key, application))
			continue;
		must(proof.kind != PROOF_NONE);
		must(!holds(&proof, &claim, claim_bytes, 1 - key, application));
		must(proof.kind != PROOF_SSHSIG ||
		     !holds(&proof, &claim, claim_bytes, key, bytes_text("ssh:another")));
	}
	return 0;
}
