/* SPDX-License-Identifier: Apache-2.0 */
/* An SSH signature that is read is written back byte for byte: it has one encoding. Armor that is
 * taken off holds the same bytes again. */
#include <stdlib.h>

#include "core/sshsig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void put_string(struct writer *w, struct bytes s)
{
	put_u32(w, (uint32_t)s.n);
	put_bytes(w, s);
}

static struct bytes made(const struct writer *w)
{
	struct bytes out;

	must(writer_done(w, &out));
	return out;
}

static const char *name_of(enum ssh_algorithm algorithm)
{
	static const char *const NAMES[] = {
		[SSH_ED25519] = "ssh-ed25519",
		[SSH_P256] = "ecdsa-sha2-nistp256",
		[SSH_SK_ED25519] = "sk-ssh-ed25519@openssh.com",
		[SSH_SK_P256] = "sk-ecdsa-sha2-nistp256@openssh.com",
	};

	must(algorithm >= SSH_ED25519 && algorithm <= SSH_SK_P256);
	return NAMES[algorithm];
}

static void put_key(struct writer *w, const struct sshsig *sig)
{
	uint8_t inside[512], point[65] = {4};
	struct writer in = writer_of(inside, sizeof inside);

	put_string(&in, bytes_text(name_of(sig->algorithm)));
	if (sig->algorithm == SSH_P256 || sig->algorithm == SSH_SK_P256) {
		must(sig->public_key.n == 64);
		__builtin_memcpy(point + 1, sig->public_key.p, 64);
		put_string(&in, bytes_text("nistp256"));
		put_string(&in, bytes_of(point, sizeof point));
	} else {
		must(sig->public_key.n == 32);
		put_string(&in, sig->public_key);
	}
	if (sig->application.p)
		put_string(&in, sig->application);
	put_string(w, made(&in));
}

static void put_number(struct writer *w, const uint8_t number[32])
{
	uint8_t bytes[33] = {0};
	size_t at = 1;

	__builtin_memcpy(bytes + 1, number, 32);
	while (at < 33 && bytes[at] == 0)
		at++;
	if (at < 33 && (bytes[at] & 0x80) != 0)
		at--;
	put_string(w, bytes_of(bytes + at, 33 - at));
}

static void put_signature(struct writer *w, const struct sshsig *sig)
{
	uint8_t inside[512], numbers[128];
	struct writer in = writer_of(inside, sizeof inside);
	struct writer both = writer_of(numbers, sizeof numbers);

	put_string(&in, bytes_text(name_of(sig->algorithm)));
	if (sig->algorithm == SSH_P256 || sig->algorithm == SSH_SK_P256) {
		put_number(&both, sig->signature);
		put_number(&both, sig->signature + 32);
		put_string(&in, made(&both));
	} else {
		put_string(&in, bytes_of(sig->signature, 64));
	}
	if (sig->application.p) {
		put_u8(&in, sig->flags);
		put_u32(&in, sig->counter);
	}
	put_string(w, made(&in));
}

static void reads(struct bytes in)
{
	uint8_t again[SSHSIG_SIZE_MAX], covered[512];
	struct writer w = writer_of(again, sizeof again);
	struct sshsig sig;
	const char *why = NULL;

	if (!sshsig_parse(in, &sig, &why)) {
		must(why != NULL);
		return;
	}
	put_text(&w, "SSHSIG");
	put_u32(&w, 1);
	put_key(&w, &sig);
	put_string(&w, sig.name_space);
	put_string(&w, bytes_of("", 0));
	put_string(&w, bytes_text(sig.hash == SSH_SHA256 ? "sha256" : "sha512"));
	put_signature(&w, &sig);
	must(bytes_equal(made(&w), in));
	w = writer_of(covered, sizeof covered);
	sshsig_put_signed(&w, &sig, bytes_of(sig.signature, 64));
	sshsig_put_token(&w, &sig, (struct hash){{0}});
	must(!w.full);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t blob[SSHSIG_SIZE_MAX];
	size_t size;

	reads(bytes_of(data, n));
	if (sshsig_unarmor(bytes_of(data, n), blob, sizeof blob, &size)) {
		must(size <= sizeof blob);
		reads(bytes_of(blob, size));
	}
	return 0;
}
