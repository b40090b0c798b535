/* SPDX-License-Identifier: Apache-2.0 */
/* The device library on the processor it is made for: hashes, proves, parses. GOLDEN comes from
 * tests/golden/entry/signed_ed25519.hex. */
#include "core/entry.h"
#include "core/merkle.h"
#include "core/note.h"
#include "core/sha256.h"

#include "cortexm.h"
#include "golden.h"

enum { LEAVES = 13 };

static struct {
	unsigned passed, failed;
} count;

static void check(bool holds, const char *name)
{
	say(holds ? "ok     " : "FAILED ");
	say(name);
	say("\n");
	if (holds)
		count.passed++;
	else
		count.failed++;
}

static bool digest_is(struct hash got, const char *want)
{
	char text[2 * sizeof got.b + 1];

	hex_encode(hash_bytes(&got), text);
	return bytes_equal(bytes_text(text), bytes_text(want));
}

static void hashes(void)
{
	static uint8_t letters[1000];
	struct sha256 s;

	check(digest_is(sha256(bytes_text("abc")),
			"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
	      "sha256 of abc");
	check(digest_is(sha256((struct bytes){0}),
			"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
	      "sha256 of nothing");
	__builtin_memset(letters, 'a', sizeof letters);
	sha256_init(&s);
	for (unsigned i = 0; i < 1000; i++)
		sha256_update(&s, bytes_of(letters, sizeof letters));
	check(digest_is(sha256_final(&s),
			"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
	      "sha256 of a million letters");
}

static struct hash leaves[LEAVES];

static bool fetch(void *context, struct merkle_place place, struct hash *out)
{
	struct merkle tree = {.size = 0};

	(void)context;
	for (uint64_t i = place.index << place.level; i < (place.index + 1) << place.level; i++)
		merkle_append(&tree, leaves[i]);
	*out = merkle_head(&tree).root;
	return true;
}

static void proves(void)
{
	struct merkle tree = {.size = 0};
	struct merkle_head old = {.size = 0}, head;
	struct hash path[MERKLE_DEPTH_MAX];
	size_t n = 0;

	for (uint8_t i = 0; i < LEAVES; i++) {
		leaves[i] = merkle_leaf(bytes_of(&i, 1));
		if (i == 7)
			old = merkle_head(&tree);
		merkle_append(&tree, leaves[i]);
	}
	head = merkle_head(&tree);
	check(merkle_inclusion_path(LEAVES, 9, fetch, NULL, path, &n) && n == 4,
	      "a path for leaf 9 of 13");
	check(merkle_includes(head, 9, leaves[9], path, n), "leaf 9 is included");
	check(!merkle_includes(head, 8, leaves[9], path, n), "but not in another place");
	check(!merkle_includes(head, 9, leaves[8], path, n), "nor is another leaf");
	path[0].b[0] ^= 1;
	check(!merkle_includes(head, 9, leaves[9], path, n), "nor by a changed path");
	check(merkle_consistency_path(7, LEAVES, fetch, NULL, path, &n) &&
		      merkle_extends(old, head, path, n),
	      "13 leaves extend 7");
	check(!merkle_extends(head, old, path, n), "and not the other way round");
}

static void parses(void)
{
	static uint8_t damaged[sizeof GOLDEN];
	struct entry entry;
	const char *why;
	bool all_refused = true;

	check(entry_parse(bytes_of(GOLDEN, sizeof GOLDEN), &entry, &why) &&
		      entry.proof.kind == PROOF_COSE && entry.witness.sequence == 1000 &&
		      bytes_equal(entry.claim.type, bytes_text("seal.applied")),
	      "a golden entry");
	for (size_t n = 0; n < sizeof GOLDEN; n++)
		all_refused = all_refused && !entry_parse(bytes_of(GOLDEN, n), &entry, &why);
	check(all_refused, "every cut of it is refused");
	__builtin_memcpy(damaged, GOLDEN, sizeof GOLDEN);
	damaged[0] ^= 1;
	check(!entry_parse(bytes_of(damaged, sizeof damaged), &entry, &why),
	      "another number of parts is refused");
}

static void reads_checkpoints(void)
{
	struct checkpoint checkpoint;
	const char *why;

	check(checkpoint_parse(bytes_text("ledger.example/trial\n70000\n"
					  "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n"),
			       &checkpoint, &why) &&
		      checkpoint.head.size == 70000,
	      "a checkpoint");
	check(!checkpoint_parse(bytes_text("ledger.example/trial\n070000\n"
					   "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n"),
				&checkpoint, &why),
	      "a leading zero is refused");
}

static void say_number(unsigned v)
{
	char digits[12] = {0};
	size_t at = sizeof digits - 1;

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	say(digits + at);
}

int self_test(void)
{
	hashes();
	proves();
	parses();
	reads_checkpoints();
	say_number(count.passed);
	say(" passed, ");
	say_number(count.failed);
	say(" failed\n");
	return count.failed > 0 || count.passed == 0;
}
