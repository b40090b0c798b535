/* SPDX-License-Identifier: Apache-2.0 */
/* Claims signed with SSH keys and tokens, compared with OpenSSH itself: it verifies what we sign, and
 * we verify what it signs. */
#include <openssl/evp.h>

#include "core/sha256.h"
#include "proof_testing.h"

/* ---- SSH ---- */

/* A signature as OpenSSH makes it; with `application`, as a token makes it. */
struct ssh_form {
	const struct private_key *key;
	const char *application, *space, *hash;
	uint8_t flags;
	struct bytes message; /* p NULL: the claim */
};

static void put_string(struct writer *w, struct bytes s)
{
	put_u32(w, (uint32_t)s.n);
	put_bytes(w, s);
}

static bool on_p256(const struct ssh_form *how)
{
	return public_key_algorithm(private_key_public(how->key)) == KEY_P256;
}

static const char *ssh_type(const struct ssh_form *how)
{
	if (how->application != NULL)
		return on_p256(how) ? "sk-ecdsa-sha2-nistp256@openssh.com"
				    : "sk-ssh-ed25519@openssh.com";
	return on_p256(how) ? "ecdsa-sha2-nistp256" : "ssh-ed25519";
}

static struct bytes ssh_key(const struct ssh_form *how)
{
	struct bytes spki = public_key_spki(private_key_public(how->key));
	struct writer w = room(256);

	put_string(&w, bytes_text(ssh_type(how)));
	if (on_p256(how)) {
		put_string(&w, bytes_text("nistp256"));
		put_string(&w, bytes_of(spki.p + spki.n - 65, 65));
	} else {
		put_string(&w, bytes_of(spki.p + spki.n - 32, 32));
	}
	if (how->application != NULL)
		put_string(&w, bytes_text(how->application));
	return made(&w);
}

static void put_mpint(struct writer *w, const uint8_t *p)
{
	uint8_t padded[33] = {0};
	size_t at = 1;

	memcpy(padded + 1, p, 32);
	while (at < 32 && padded[at] == 0)
		at++;
	if (padded[at] >= 0x80)
		at--;
	put_string(w, bytes_of(padded + at, 33 - at));
}

static struct bytes digest_of(const char *hash, struct bytes message)
{
	uint8_t *out = arena_alloc(&arena, 64);
	unsigned n = 0;

	assert_int_equal(
		EVP_Digest(message.p, message.n, out, &n, EVP_get_digestbyname(hash), NULL), 1);
	return bytes_of(out, n);
}

/* What the key signs, once more and without the code under test. */
static struct bytes ssh_covered(const struct ssh_form *how)
{
	const char *hash = either(how->hash, "sha512");
	struct writer w = room(512), token = room(128);
	struct bytes message = how->message.p == NULL ? claim_bytes : how->message, structure;

	put_text(&w, "SSHSIG");
	put_string(&w, bytes_text(either(how->space, SSHSIG_NAMESPACE)));
	put_string(&w, bytes_of("", 0));
	put_string(&w, bytes_text(hash));
	put_string(&w, digest_of(hash, message));
	structure = made(&w);
	if (how->application == NULL)
		return structure;
	put_bytes(&token, digest_of("sha256", bytes_text(how->application)));
	put_u8(&token, how->flags);
	put_u32(&token, 1234567);
	put_bytes(&token, digest_of("sha256", structure));
	return made(&token);
}

static struct bytes ssh_sign(const struct ssh_form *how)
{
	struct writer w = room(1024), signature = room(256), numbers = room(128);
	uint8_t raw[64];

	assert_int_equal(key_sign(how->key, ssh_covered(how), raw, NULL).code, OK);
	put_string(&signature, bytes_text(ssh_type(how)));
	put_mpint(&numbers, raw);
	put_mpint(&numbers, raw + 32);
	put_string(&signature, on_p256(how) ? made(&numbers) : bytes_of(raw, 64));
	if (how->application != NULL) {
		put_u8(&signature, how->flags);
		put_u32(&signature, 1234567);
	}
	put_text(&w, "SSHSIG");
	put_u32(&w, 1);
	put_string(&w, ssh_key(how));
	put_string(&w, bytes_text(either(how->space, SSHSIG_NAMESPACE)));
	put_string(&w, bytes_of("", 0));
	put_string(&w, bytes_text(either(how->hash, "sha512")));
	put_string(&w, made(&signature));
	return made(&w);
}

static const char *ssh_checks(const struct ssh_form *how, const struct private_key *key,
			      const char *application)
{
	struct proof proof = {.kind = PROOF_SSHSIG, .sshsig = ssh_sign(how)};

	return checks(&proof, key, application);
}

#define SSH_CHECKS(why, by, application_known, ...) \
	assert_string_equal(ssh_checks(&(struct ssh_form){__VA_ARGS__}, by, application_known), why)

static void an_ssh_signature_over_the_claim_holds(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		SSH_CHECKS("", p256, NULL, .key = p256);
		SSH_CHECKS("", p256, NULL, .key = p256, .application = "ssh:", .flags = PRESENT);
	}
	SSH_CHECKS("", ed25519, NULL, .key = ed25519);
	SSH_CHECKS("", ed25519, NULL, .key = ed25519, .hash = "sha256");
	SSH_CHECKS("", p256, NULL, .key = p256, .hash = "sha256");
	SSH_CHECKS("", ed25519, "ssh:mine", .key = ed25519, .application = "ssh:mine",
		   .flags = 0xff);
	SSH_CHECKS("", ed25519, "ssh:", .key = ed25519, .application = "ssh:", .flags = PRESENT);
}

static void an_ssh_signature_for_another_purpose_is_refused(void **state)
{
	static const char *const OTHERS[] = {"file", "git", "sealwright-approve@v2",
					     "sealwright-approve@v", "Sealwright-approve@v1"};

	(void)state;
	for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
		SSH_CHECKS("the SSH signature was made for another purpose than an approval",
			   ed25519, NULL, .key = ed25519, .space = OTHERS[i]);
}

static void an_ssh_signature_over_something_else_is_refused(void **state)
{
	struct hash digest = claim_digest(claim_bytes);

	(void)state;
	SSH_CHECKS("the signature does not match", ed25519, NULL, .key = ed25519,
		   .message = bytes_text("another message"));
	SSH_CHECKS("the signature does not match", p256, NULL, .key = p256,
		   .message = hash_bytes(&digest));
	SSH_CHECKS("the signature does not match", p256, NULL, .key = p256,
		   .application = "ssh:", .flags = PRESENT,
		   .message = bytes_text("another message"));
}

static void an_ssh_signature_by_another_key_is_refused(void **state)
{
	static const char WHY[] = "the SSH signature was made with another key";
	struct private_key *stranger = new_key(KEY_ED25519);

	(void)state;
	SSH_CHECKS(WHY, ed25519, NULL, .key = stranger);
	SSH_CHECKS(WHY, ed25519, NULL, .key = p256);
	SSH_CHECKS(WHY, p256, NULL, .key = ed25519);
	private_key_close(stranger);
}

static void a_token_is_touched_and_of_its_application(void **state)
{
	static const char ANOTHER[] = "the signature is for another application of the token";

	(void)state;
	SSH_CHECKS("nobody touched the token", ed25519, NULL, .key = ed25519,
		   .application = "ssh:");
	SSH_CHECKS("nobody touched the token", p256, NULL, .key = p256,
		   .application = "ssh:", .flags = VERIFIED);
	SSH_CHECKS(ANOTHER, ed25519, NULL, .key = ed25519, .application = "ssh:other",
		   .flags = PRESENT);
	SSH_CHECKS(ANOTHER, ed25519, "ssh:mine", .key = ed25519,
		   .application = "ssh:", .flags = PRESENT);
	SSH_CHECKS(ANOTHER, ed25519, "ssh:min", .key = ed25519, .application = "ssh:mine",
		   .flags = PRESENT);
}

/* A copy of a token's key does not exist; a signature that pretends to be a plain key's is forged. */
static void a_plain_signature_is_not_a_tokens(void **state)
{
	static const char WHY[] =
		"the key lives in a token, and the signature does not come from one";

	(void)state;
	SSH_CHECKS(WHY, ed25519, "ssh:", .key = ed25519);
	SSH_CHECKS(WHY, p256, "ssh:mine", .key = p256);
}

static void every_bit_of_an_ssh_signature_counts(void **state)
{
	const struct ssh_form forms[] = {
		{.key = ed25519},
		{.key = p256, .application = "ssh:", .flags = PRESENT},
	};

	(void)state;
	for (size_t form = 0; form < 2; form++) {
		struct bytes blob = ssh_sign(&forms[form]);
		uint8_t *copy = arena_alloc(&arena, blob.n);
		struct proof proof = {.kind = PROOF_SSHSIG, .sshsig = bytes_of(copy, blob.n)};

		memcpy(copy, blob.p, blob.n);
		assert_string_equal(checks(&proof, forms[form].key, NULL), "");
		for (size_t i = 0; i < blob.n * 8; i++) {
			copy[i / 8] ^= (uint8_t)(1u << i % 8);
			assert_string_not_equal(checks(&proof, forms[form].key, NULL), "");
			copy[i / 8] ^= (uint8_t)(1u << i % 8);
		}
		proof.sshsig.n--;
		assert_string_not_equal(checks(&proof, forms[form].key, NULL), "");
	}
}

static void the_application_can_be_read_before(void **state)
{
	struct proof token = {.kind = PROOF_SSHSIG,
			      .sshsig = ssh_sign(&(struct ssh_form){
				      .key = p256, .application = "ssh:mine", .flags = PRESENT})};
	struct proof plain = {.kind = PROOF_SSHSIG,
			      .sshsig = ssh_sign(&(struct ssh_form){.key = p256})};
	struct proof other = {.kind = PROOF_NONE};

	(void)state;
	assert_true(bytes_equal(proof_application(&token), bytes_text("ssh:mine")));
	assert_null(proof_application(&plain).p);
	assert_null(proof_application(&other).p);
	plain.sshsig.n--;
	assert_null(proof_application(&plain).p);
}

/* ---- OpenSSH itself ---- */

static void needs_openssh(void)
{
	static const char *const asks[] = {"ssh-keygen", "-l", "-f", "/nowhere", NULL};

	if (run_program(asks) == 127)
		stop_test("ssh-keygen is missing: install openssh-client");
}

/* The signature that ssh-keygen makes over the claim with a new key. */
static struct proof openssh_signs(const char *type, const char *hash, const char *space,
				  struct public_key **key)
{
	static int round;
	const char *name = arena_printf(&arena, "%s/ssh-%d", test_folder(), round++);
	const char *message = arena_printf(&arena, "%s-claim", name);
	const char *option = arena_printf(&arena, "hashalg=%s", hash);
	const char *const makes[] = {"ssh-keygen", "-q", "-t", type, "-b", "256",
				     "-N",         "",   "-f", name, NULL};
	const char *const signs[] = {"ssh-keygen", "-Y", "sign", "-n",    space, "-O",
				     option,       "-f", name,   message, NULL};
	struct proof proof = {.kind = PROOF_SSHSIG};
	uint8_t *blob = arena_alloc(&arena, SSHSIG_SIZE_MAX);
	struct bytes text;
	struct sshsig sig;
	const char *why;
	size_t n;

	write_test_file(message, claim_bytes, 0600);
	assert_int_equal(run_program(makes), 0);
	assert_int_equal(run_program(signs), 0);
	assert_int_equal(
		file_read(&arena, arena_printf(&arena, "%s.sig", message), 4096, &text, NULL).code,
		OK);
	assert_true(sshsig_unarmor(text, blob, SSHSIG_SIZE_MAX, &n));
	proof.sshsig = bytes_of(blob, n);
	assert_true(sshsig_parse(proof.sshsig, &sig, &why));
	assert_int_equal(sshsig_key(&sig, key, NULL).code, OK);
	return proof;
}

static const char *public_checks(const struct proof *proof, const struct public_key *key)
{
	struct fault f = {0};
	err e = proof_check(proof, &claim, claim_bytes, key, (struct bytes){0}, NULL, &f);

	return e.code == OK ? "" : arena_text(&arena, bytes_text(fault_value(&f, "detail")));
}

static void what_openssh_signs_holds(void **state)
{
	static const char *const TYPES[] = {"ed25519", "ecdsa"}, *const HASHES[] = {"sha256",
										    "sha512"};

	(void)state;
	needs_openssh();
	for (size_t i = 0; i < 4; i++) {
		struct public_key *key = NULL;
		struct proof proof =
			openssh_signs(TYPES[i / 2], HASHES[i % 2], SSHSIG_NAMESPACE, &key);

		assert_string_equal(public_checks(&proof, key), "");
		claim_bytes.n--;
		assert_string_equal(public_checks(&proof, key), "the signature does not match");
		claim_bytes.n++;
		public_key_close(key);
	}
}

static void what_openssh_signs_for_a_file_is_no_approval(void **state)
{
	struct public_key *key = NULL;
	struct proof proof = openssh_signs("ed25519", "sha512", "file", &key);

	(void)state;
	assert_string_equal(public_checks(&proof, key),
			    "the SSH signature was made for another purpose than an approval");
	public_key_close(key);
}

static struct bytes armored(struct bytes blob)
{
	char *base64 = arena_alloc(&arena, base64_size(blob.n) + 1);
	struct writer w = room(2048);

	base64_encode(blob, base64);
	put_text(&w, "-----BEGIN SSH SIGNATURE-----\n");
	for (size_t at = 0, n = strlen(base64); at < n; at += 70) {
		put_bytes(&w, bytes_of(base64 + at, n - at < 70 ? n - at : 70));
		put_u8(&w, '\n');
	}
	put_text(&w, "-----END SSH SIGNATURE-----\n");
	return made(&w);
}

/* ssh-keygen's exit code for a signature of `how` over the claim. */
static int openssh_verifies(const struct ssh_form *how, struct bytes blob)
{
	struct bytes key = ssh_key(how);
	char *base64 = arena_alloc(&arena, base64_size(key.n) + 1);
	const char *allowed = test_path("allowed"), *signature = test_path("signature");
	const char *line;

	base64_encode(key, base64);
	line = arena_printf(&arena, "ann %s %s\n", ssh_type(how), base64);
	write_test_file(allowed, bytes_text(line), 0600);
	write_test_file(signature, armored(blob), 0600);
	write_test_file(test_path("message"), claim_bytes, 0600);
	line = arena_printf(&arena, "exec ssh-keygen -Y verify -f %s -I ann -n %s -s %s <%s",
			    allowed, SSHSIG_NAMESPACE, signature, test_path("message"));
	const char *const verifies[] = {"sh", "-c", line, NULL};
	return run_program(verifies);
}

/* A token made of software: what it signs, OpenSSH and we judge alike. */
static void openssh_verifies_what_our_soft_token_signs(void **state)
{
	const struct ssh_form forms[] = {
		{.key = ed25519, .application = "ssh:", .flags = PRESENT},
		{.key = p256, .application = "ssh:", .flags = PRESENT | VERIFIED, .hash = "sha256"},
		{.key = ed25519, .application = "ssh:mine", .flags = PRESENT, .hash = "sha256"},
		{.key = p256, .application = "ssh:mine", .flags = PRESENT},
		{.key = ed25519},
		{.key = p256},
	};

	(void)state;
	needs_openssh();
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct bytes blob = ssh_sign(&forms[i]);
		uint8_t *damaged = arena_alloc(&arena, blob.n);

		SSH_CHECKS("", forms[i].key, forms[i].application, .key = forms[i].key,
			   .application = forms[i].application, .flags = forms[i].flags,
			   .hash = forms[i].hash);
		assert_int_equal(openssh_verifies(&forms[i], blob), 0);
		memcpy(damaged, blob.p, blob.n);
		damaged[blob.n - 12] ^= 1;
		assert_int_not_equal(openssh_verifies(&forms[i], bytes_of(damaged, blob.n)), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROOF_TEST(an_ssh_signature_over_the_claim_holds),
		PROOF_TEST(an_ssh_signature_for_another_purpose_is_refused),
		PROOF_TEST(an_ssh_signature_over_something_else_is_refused),
		PROOF_TEST(an_ssh_signature_by_another_key_is_refused),
		PROOF_TEST(a_token_is_touched_and_of_its_application),
		PROOF_TEST(a_plain_signature_is_not_a_tokens),
		PROOF_TEST(every_bit_of_an_ssh_signature_counts),
		PROOF_TEST(the_application_can_be_read_before),
		PROOF_TEST(what_openssh_signs_holds),
		PROOF_TEST(what_openssh_signs_for_a_file_is_no_approval),
		PROOF_TEST(openssh_verifies_what_our_soft_token_signs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
