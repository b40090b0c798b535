/* SPDX-License-Identifier: Apache-2.0 */
/* SSH signatures as PROTOCOL.sshsig writes them, and everything about them that may be wrong. That
 * ssh-keygen makes them so is tested with src/crypto, where signatures are verified. */
#include "test.h"

#include "core/sha256.h"
#include "core/sshsig.h"

/* What is not said is as it should be. */
struct blob {
	const char *magic, *key_type, *curve, *application, *space, *reserved, *hash,
		*signature_type;
	struct bytes public_key, signature; /* inner values */
	const char *after_key, *after_signature, *after_presence, *after_all;
	uint32_t version; /* 0: 1 */
	bool is_p256, is_token, no_presence, no_application;
	uint8_t flags;
};

static void put_string(struct writer *w, struct bytes s)
{
	put_u32(w, (uint32_t)s.n);
	put_bytes(w, s);
}

static const char *either(const char *given, const char *usual)
{
	return given == NULL ? usual : given;
}

static const char *type_of(const struct blob *b)
{
	if (b->is_token)
		return b->is_p256 ? "sk-ecdsa-sha2-nistp256@openssh.com"
				  : "sk-ssh-ed25519@openssh.com";
	return b->is_p256 ? "ecdsa-sha2-nistp256" : "ssh-ed25519";
}

static struct bytes made(struct writer *w)
{
	struct bytes out;

	assert_true(writer_done(w, &out));
	return out;
}

static struct bytes make_key(const struct blob *b, uint8_t *buffer)
{
	static uint8_t point[65] = {4, 1, 2, 3};
	struct writer w = writer_of(buffer, 2048);

	put_string(&w, bytes_text(either(b->key_type, type_of(b))));
	if (b->is_p256)
		put_string(&w, bytes_text(either(b->curve, "nistp256")));
	put_string(&w,
		   b->public_key.p != NULL ? b->public_key : bytes_of(point, b->is_p256 ? 65 : 32));
	if (b->is_token && !b->no_application)
		put_string(&w, bytes_text(either(b->application, "ssh:")));
	put_text(&w, either(b->after_key, ""));
	return made(&w);
}

static struct bytes numbers(const char *r, const char *s)
{
	static uint8_t buffers[4][256];
	static unsigned next;
	struct writer w = writer_of(buffers[next++ % 4], 256);

	put_string(&w, hex(r));
	put_string(&w, hex(s));
	return made(&w);
}

static struct bytes make_signature(const struct blob *b, uint8_t *buffer)
{
	static const uint8_t raw[64] = {9, 8, 7};
	struct writer w = writer_of(buffer, 2048);
	struct bytes usual = b->is_p256 ? numbers("01", "00ff") : bytes_of(raw, 64);

	put_string(&w, bytes_text(either(b->signature_type, type_of(b))));
	put_string(&w, b->signature.p != NULL ? b->signature : usual);
	put_text(&w, either(b->after_signature, ""));
	if (b->is_token && !b->no_presence) {
		put_u8(&w, b->flags);
		put_u32(&w, 0x01020304);
	}
	put_text(&w, either(b->after_presence, ""));
	return made(&w);
}

static struct bytes make(const struct blob *b)
{
	static uint8_t whole[8192], key[2048], signature[2048];
	struct writer w = writer_of(whole, sizeof whole);

	put_text(&w, either(b->magic, "SSHSIG"));
	put_u32(&w, b->version == 0 ? 1 : b->version);
	put_string(&w, make_key(b, key));
	put_string(&w, bytes_text(either(b->space, SSHSIG_NAMESPACE)));
	put_string(&w, bytes_text(either(b->reserved, "")));
	put_string(&w, bytes_text(either(b->hash, "sha512")));
	put_string(&w, make_signature(b, signature));
	put_text(&w, either(b->after_all, ""));
	return made(&w);
}

static struct sshsig sig;

static const char *parses(const struct blob *b)
{
	const char *why;

	memset(&sig, 0xee, sizeof sig);
	if (sshsig_parse(make(b), &sig, &why))
		return "";
	assert_int_equal(sig.flags, 0xee); /* untouched */
	return why;
}

#define PARSES(why, ...) assert_string_equal(parses(&(struct blob){__VA_ARGS__}), why)

static void the_four_forms_are_read(void **state)
{
	(void)state;
	PARSES("", .is_p256 = false);
	assert_int_equal(sig.algorithm, SSH_ED25519);
	assert_int_equal(sig.public_key.n, 32);
	assert_int_equal(sig.public_key.p[0], 4);
	assert_int_equal(sig.hash, SSH_SHA512);
	assert_int_equal(sig.signature[0], 9);
	assert_null(sig.application.p);
	PARSES("", .is_p256 = true, .hash = "sha256");
	assert_int_equal(sig.algorithm, SSH_P256);
	assert_int_equal(sig.hash, SSH_SHA256);
	assert_int_equal(sig.public_key.n, 64);
	assert_int_equal(sig.public_key.p[0], 1);
	assert_int_equal(sig.signature[31], 1); /* r and s are right-aligned */
	assert_int_equal(sig.signature[63], 0xff);
	assert_int_equal(sig.signature[62], 0);
	PARSES("", .is_token = true, .flags = 5);
	assert_int_equal(sig.algorithm, SSH_SK_ED25519);
	assert_bytes(sig.application, bytes_text("ssh:"));
	assert_int_equal(sig.flags, 5);
	assert_int_equal(sig.counter, 0x01020304);
	PARSES("", .is_token = true, .is_p256 = true, .application = "ssh:approve");
	assert_int_equal(sig.algorithm, SSH_SK_P256);
	assert_bytes(sig.application, bytes_text("ssh:approve"));
}

static void a_frame_that_is_not_ours_is_refused(void **state)
{
	(void)state;
	PARSES("it is not an SSH signature", .magic = "SSHSIF");
	PARSES("the SSH signature is of another version than 1", .version = 2);
	PARSES("the SSH signature is of another version than 1", .version = 0x01000000);
	PARSES("the reserved field is not empty", .reserved = "x");
	PARSES("the namespace must have 1 to 64 bytes", .space = "");
	PARSES("the namespace must have 1 to 64 bytes",
	       .space = "0123456789012345678901234567890123456789012345678901234567890123x");
	PARSES("the message is not hashed with SHA-256 or SHA-512", .hash = "sha1");
	PARSES("the message is not hashed with SHA-256 or SHA-512", .hash = "SHA256");
	PARSES("the message is not hashed with SHA-256 or SHA-512", .hash = "");
	PARSES("bytes follow its end", .after_all = "x");
}

static void keys_of_other_kinds_are_refused(void **state)
{
	static const char *const OTHERS[] = {"ssh-rsa",
					     "ssh-dss",
					     "ecdsa-sha2-nistp384",
					     "ssh-ed25519-cert-v01@openssh.com",
					     "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
					     "ssh-ed448",
					     "ssh-ed2551",
					     "ssh-ed25519x",
					     ""};

	(void)state;
	for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
		PARSES("the key is not Ed25519 or ECDSA on P-256", .key_type = OTHERS[i]);
}

static void a_key_has_its_one_form(void **state)
{
	static uint8_t point[66] = {4};

	(void)state;
	PARSES("the key does not have 32 bytes", .public_key = bytes_of(point, 31));
	PARSES("the key does not have 32 bytes", .public_key = bytes_of(point, 33));
	PARSES("the key is not on P-256", .is_p256 = true, .curve = "nistp384");
	PARSES("the key is not an uncompressed point", .is_p256 = true,
	       .public_key = bytes_of(point, 64));
	PARSES("the key is not an uncompressed point", .is_p256 = true,
	       .public_key = bytes_of(point, 66));
	point[0] = 2;
	PARSES("the key is not an uncompressed point", .is_p256 = true,
	       .public_key = bytes_of(point, 65));
	PARSES("the key is not an uncompressed point", .is_p256 = true,
	       .public_key = bytes_of(point, 33));
	point[0] = 4;
	PARSES("bytes follow the key", .after_key = "x");
	PARSES("bytes follow the key", .is_token = true, .after_key = "x");
}

static void an_application_belongs_to_tokens(void **state)
{
	(void)state;
	PARSES("the application must have 1 to 64 bytes", .is_token = true, .application = "");
	PARSES("the application must have 1 to 64 bytes", .is_token = true,
	       .application = "0123456789012345678901234567890123456789012345678901234567890123x");
	assert_string_not_equal(parses(&(struct blob){.is_token = true, .no_application = true}),
				"");
	/* A plain key with an application behind it. */
	PARSES("bytes follow the key", .after_key = "ssh:");
}

static void the_signature_is_of_its_keys_form(void **state)
{
	static const char OTHER[] = "the signature is of another algorithm than its key";

	(void)state;
	PARSES(OTHER, .signature_type = "ecdsa-sha2-nistp256");
	PARSES(OTHER, .signature_type = "sk-ssh-ed25519@openssh.com");
	PARSES(OTHER, .is_token = true, .signature_type = "ssh-ed25519");
	PARSES(OTHER, .is_p256 = true, .signature_type = "sk-ecdsa-sha2-nistp256@openssh.com");
	PARSES("the key is not Ed25519 or ECDSA on P-256", .signature_type = "rsa-sha2-512");
	PARSES("bytes follow the signature", .after_signature = "x");
	PARSES("bytes follow the signature", .after_signature = "12345"); /* flags of no token */
	PARSES("bytes follow the signature", .is_token = true, .after_presence = "x");
	assert_string_not_equal(parses(&(struct blob){.is_token = true, .no_presence = true}), "");
	PARSES("the signature does not have 64 bytes", .signature = hex("0011"));
	PARSES("the signature does not have 64 bytes", .signature = bytes_of("", 0));
}

#define FULL "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static void numbers_have_one_encoding(void **state)
{
	static const char *const WRONG[] = {"",          "00",          "80",     "ff",
					    "0001",      "007f",        "000080", "01" FULL,
					    "0000" FULL, "00" FULL "00"};
	static const char WHY[] = "a number of the signature is not in its one encoding";

	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
		PARSES(WHY, .is_p256 = true, .signature = numbers(WRONG[i], "01"));
		PARSES(WHY, .is_p256 = true, .signature = numbers("01", WRONG[i]));
		PARSES(WHY, .is_token = true, .is_p256 = true,
		       .signature = numbers("01", WRONG[i]));
	}
	PARSES("", .is_p256 = true, .signature = numbers("00" FULL, "0080"));
	assert_int_equal(sig.signature[0], 0xff);
	assert_int_equal(sig.signature[63], 0x80);
	PARSES("bytes follow the signature's numbers", .is_p256 = true,
	       .signature = hex("0000000101000000010101"));
}

static void nothing_shorter_is_one(void **state)
{
	static const struct blob FORMS[] = {
		{.is_p256 = false},
		{.is_p256 = true},
		{.is_token = true},
		{.is_token = true, .is_p256 = true},
	};
	const char *why;

	(void)state;
	for (size_t form = 0; form < 4; form++) {
		struct bytes whole = make(&FORMS[form]);

		for (size_t n = 0; n < whole.n; n++)
			assert_false(sshsig_parse(bytes_of(whole.p, n), &sig, &why));
		assert_true(sshsig_parse(whole, &sig, &why));
	}
}

static void lengths_that_lie_are_refused(void **state)
{
	struct bytes whole = make(&(struct blob){.is_token = true, .is_p256 = true});
	uint8_t bytes[1024];
	const char *why;

	(void)state;
	memcpy(bytes, whole.p, whole.n);
	for (size_t i = 10; i + 4 <= whole.n; i++) { /* a length or not: no read leaves the input */
		memset(bytes + i, 0xff, 4);
		(void)!sshsig_parse(bytes_of(bytes, whole.n), &sig, &why);
		memcpy(bytes + i, whole.p + i, 4);
	}
	memset(bytes + 10, 0xff, 4);
	assert_false(sshsig_parse(bytes_of(bytes, whole.n), &sig, &why));
}

static void what_is_too_large_is_not_looked_at(void **state)
{
	static uint8_t large[SSHSIG_SIZE_MAX + 1];
	const char *why;

	(void)state;
	assert_false(sshsig_parse(bytes_of(large, sizeof large), &sig, &why));
	assert_string_equal(why, "the signature is larger than 1024 bytes");
}

static void what_is_signed_is_written_as_the_protocol_says(void **state)
{
	struct hash digest = {{0xab}}, application = sha256(bytes_text("ssh:x"));
	uint8_t buffer[256];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes out;

	(void)state;
	PARSES("", .is_token = true, .space = "ns", .application = "ssh:x", .hash = "sha256",
	       .flags = 0x81);
	sshsig_put_signed(&w, &sig, hash_bytes(&digest));
	out = made(&w);
	assert_bytes(bytes_of(out.p, 34),
		     bytes_of("SSHSIG\0\0\0\2ns\0\0\0\0\0\0\0\6sha256\0\0\0\40\xab\0", 34));
	assert_int_equal(out.n, 6 + 4 + 2 + 4 + 4 + 6 + 4 + 32);
	w = writer_of(buffer, sizeof buffer);
	sshsig_put_token(&w, &sig, digest);
	out = made(&w);
	assert_int_equal(out.n, 69);
	assert_bytes(bytes_of(out.p, 32), hash_bytes(&application));
	assert_hex(bytes_of(out.p + 32, 5), "8101020304");
	assert_bytes(bytes_of(out.p + 37, 32), hash_bytes(&digest));
}

/* ---- armor ---- */

#define BEGIN "-----BEGIN SSH SIGNATURE-----\n"
#define END   "-----END SSH SIGNATURE-----"

static bool unarmors(const char *text, const char *want)
{
	uint8_t out[16];
	size_t n = 0;

	if (!sshsig_unarmor(bytes_text(text), out, sizeof out, &n))
		return false;
	assert_hex(bytes_of(out, n), want);
	return true;
}

static void armor_is_taken_off(void **state)
{
	(void)state;
	assert_true(unarmors(BEGIN "AQID\n" END, "010203"));
	assert_true(unarmors(BEGIN "AQID\n" END "\n", "010203"));
	assert_true(unarmors(BEGIN "AQ\nID\nBA==\n" END "\n", "01020304"));
	assert_true(unarmors("-----BEGIN SSH SIGNATURE-----\r\nAQID\r\n" END "\r\n", "010203"));
}

static void armor_that_is_damaged_is_refused(void **state)
{
	static const char *const WRONG[] = {
		"",
		"AQID",
		BEGIN,
		BEGIN "AQID\n",
		BEGIN "AQID",
		BEGIN END,
		BEGIN "\n" END,
		BEGIN "AQID\n\n" END,
		BEGIN "AQID\n" END "\n\n",
		BEGIN "AQID\n" END "\nmore",
		BEGIN "AQID\n" END "x",
		BEGIN " AQID\n" END,
		BEGIN "AQID \n" END,
		BEGIN "AQ=D\n" END,
		BEGIN "AQIDBA\n" END,
		BEGIN "AQIDBB==\n" END, /* stray bits */
		BEGIN "AQ-_\n" END,
		BEGIN "-QID\n" END,
		"\n" BEGIN "AQID\n" END,
		"-----BEGIN SSH SIGNATURE----\nAQID\n" END,
		"-----BEGIN PGP SIGNATURE-----\nAQID\n" END,
		BEGIN "AQID\n-----END PGP SIGNATURE-----\n",
		/* 17 bytes into 16, and a line of 80 */
		BEGIN "AAAAAAAAAAAAAAAAAAAAAAA=\n" END,
		BEGIN "AQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQID"
		      "AQID\n" END,
	};

	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
		assert_false(unarmors(WRONG[i], "nothing"));
}

static void armor_of_any_length_is_bounded(void **state)
{
	static char text[64 * 1024];
	static uint8_t out[64 * 1024];
	size_t n = (size_t)snprintf(text, sizeof text, BEGIN);

	(void)state;
	while (n < 40000)
		n += (size_t)snprintf(text + n, sizeof text - n, "AQIDAQIDAQID\n");
	snprintf(text + n, sizeof text - n, END "\n");
	assert_false(sshsig_unarmor(bytes_text(text), out, sizeof out, &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_four_forms_are_read),
		cmocka_unit_test(a_frame_that_is_not_ours_is_refused),
		cmocka_unit_test(keys_of_other_kinds_are_refused),
		cmocka_unit_test(a_key_has_its_one_form),
		cmocka_unit_test(an_application_belongs_to_tokens),
		cmocka_unit_test(the_signature_is_of_its_keys_form),
		cmocka_unit_test(numbers_have_one_encoding),
		cmocka_unit_test(nothing_shorter_is_one),
		cmocka_unit_test(lengths_that_lie_are_refused),
		cmocka_unit_test(what_is_too_large_is_not_looked_at),
		cmocka_unit_test(what_is_signed_is_written_as_the_protocol_says),
		cmocka_unit_test(armor_is_taken_off),
		cmocka_unit_test(armor_that_is_damaged_is_refused),
		cmocka_unit_test(armor_of_any_length_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
