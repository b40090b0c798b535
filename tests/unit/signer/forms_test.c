/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of every form, and certificates for services and people, in a signer that has locked itself in: what it
 * needs for them must be in memory before. */
#include <stdio.h>
#include <string.h>

#include <openssl/sha.h>

#include "core/cbor.h"
#include "core/sha256.h"
#include "core/sshsig.h"
#include "log_testing.h"

enum { DAY_MS = 24 * 3600 * 1000, ROOM = 4096 };
#define CONSOLE "https://console.example.com"

static uint8_t *room(struct test_log *l)
{
	uint8_t *p = arena_alloc(&l->t->arena, ROOM);

	assert_non_null(p);
	return p;
}

static struct bytes written(const struct writer *w)
{
	struct bytes out;

	assert_true(writer_done(w, &out));
	return out;
}

/* ---- proofs ---- */

static void put_string(struct writer *w, struct bytes b)
{
	put_u32(w, (uint32_t)b.n);
	put_bytes(w, b);
}

/* What `ssh-keygen -Y sign` makes with an Ed25519 key; SHA-512 inside, as it does by itself. */
static struct bytes prove_ssh(struct test_log *l, const struct made *made, struct bytes claim)
{
	struct sshsig sig = {.name_space = bytes_text(SSHSIG_NAMESPACE), .hash = SSH_SHA512};
	uint8_t digest[SHA512_DIGEST_LENGTH];
	uint8_t raw[32], signature[64];
	struct writer message = writer_of(room(l), ROOM), key = writer_of(room(l), ROOM),
		      made_sig = writer_of(room(l), ROOM), w = writer_of(room(l), ROOM),
		      proof = writer_of(room(l), ROOM);

	assert_non_null(SHA512(claim.p, claim.n, digest));
	sshsig_put_signed(&message, &sig, bytes_of(digest, sizeof(digest)));
	assert_int_equal(key_sign(made->key, written(&message), signature, NULL).code, OK);
	assert_true(public_key_ed25519(private_key_public(made->key), raw));
	put_string(&key, bytes_text("ssh-ed25519"));
	put_string(&key, bytes_of(raw, 32));
	put_string(&made_sig, bytes_text("ssh-ed25519"));
	put_string(&made_sig, bytes_of(signature, 64));
	put_text(&w, "SSHSIG");
	put_u32(&w, 1);
	put_string(&w, written(&key));
	put_string(&w, sig.name_space);
	put_string(&w, (struct bytes){0});
	put_string(&w, bytes_text("sha512"));
	put_string(&w, written(&made_sig));
	cbor_put_bytes(&proof, written(&w));
	return written(&proof);
}

/* One number of an ECDSA signature, DER. */
static void put_integer(struct writer *w, const uint8_t n[32])
{
	size_t skip = 0;

	while (skip < 31 && n[skip] == 0)
		skip++;
	bool pad = (n[skip] & 0x80) != 0;
	put_u8(w, 0x02);
	put_u8(w, (uint8_t)(32 - skip + pad));
	if (pad)
		put_u8(w, 0);
	put_bytes(w, bytes_of(n + skip, 32 - skip));
}

static struct bytes prove_passkey(struct test_log *l, const struct made *made, struct bytes claim)
{
	struct hash challenge = sha256(claim), party = sha256(bytes_text("example.com"));
	char text[64], json[256];
	uint8_t signature[64];
	struct writer data = writer_of(room(l), ROOM), message = writer_of(room(l), ROOM),
		      numbers = writer_of(room(l), ROOM), der = writer_of(room(l), ROOM),
		      proof = writer_of(room(l), ROOM);

	base64url_encode(hash_bytes(&challenge), text);
	(void)snprintf(json, sizeof(json),
		       "{\"type\":\"webauthn.get\",\"challenge\":\"%s\",\"origin\":\"" CONSOLE
		       "\",\"crossOrigin\":false}",
		       text);
	put_bytes(&data, hash_bytes(&party));
	put_u8(&data, 0x05); /* present and verified */
	put_u32(&data, 1);
	struct hash client = sha256(bytes_text(json));
	put_bytes(&message, written(&data));
	put_bytes(&message, hash_bytes(&client));
	assert_int_equal(key_sign(made->key, written(&message), signature, NULL).code, OK);
	put_integer(&numbers, signature);
	put_integer(&numbers, signature + 32);
	put_u8(&der, 0x30);
	put_u8(&der, (uint8_t)written(&numbers).n);
	put_bytes(&der, written(&numbers));
	cbor_put_array(&proof, 3);
	cbor_put_bytes(&proof, written(&data));
	cbor_put_bytes(&proof, bytes_text(json));
	cbor_put_bytes(&proof, written(&der));
	return written(&proof);
}

/* ---- a house with an SSH key and a passkey ---- */

static void add(struct charter *c, uint8_t person, const struct private_key *key,
		enum charter_key_kind kind)
{
	struct bytes spki = public_key_spki(private_key_public(key));

	c->keys[c->keys_n++] = (struct charter_key){.spki = spki,
						    .id = sha256(spki),
						    .kind = kind,
						    .outside = kind != CHARTER_WEBAUTHN,
						    .person = person};
}

static void move_on(struct test_log *l, int64_t ms)
{
	l->t->moved->wall_ahead += ms;
	l->t->moved->steady_ahead += ms;
}

/* Ben's SSH key is station_key(1), cleo's passkey station_key(2). */
static struct test_log *start(void)
{
	struct signer_test *t = signer_test_new();
	struct test_log *l = log_new(t);
	struct charter *c = arena_alloc(&t->arena, sizeof(*c));
	struct writer w = writer_of(arena_alloc(&t->arena, CHARTER_SIZE_MAX), CHARTER_SIZE_MAX);
	const char *why = NULL;

	signer_start(t);
	assert_true(charter_parse(t->founding.charter, c, &why));
	c->revision = 2;
	c->has_previous = true;
	c->previous = c->digest;
	c->relying_party = bytes_text("example.com");
	c->origins_n = 1;
	c->origins[0] = bytes_text(CONSOLE);
	add(c, 1, station_key(1), CHARTER_SSHSIG);
	add(c, 2, station_key(2), CHARTER_WEBAUTHN);
	charter_put(&w, c);
	uint64_t revised = put_charter(l, ERIN, written(&w), 2);
	(void)decided(l, DECISION_POLICY,
		      AT(revised, put_approval(l, ADA, revised), put_approval(l, BEN, revised)));
	move_on(l, DAY_MS + 60000);
	return l;
}

static uint64_t approve(struct test_log *l, uint64_t of, const struct private_key *key,
			prove_fn *prove)
{
	struct put fields[] = {BYTES("record", hash_bytes(&l->digests[of]))};
	struct made made = {.key = key,
			    .author = "somebody",
			    .type = "approval.given",
			    .body = body_make(&l->t->arena, fields, 1),
			    .prove = prove};

	return log_put(l, &made);
}

static void approval_by_ssh_counts(void **state)
{
	struct test_log *l = start();
	uint64_t release = put_release(l, "R1", "production", 1);

	(void)state;
	(void)decided(l, DECISION_FIRMWARE,
		      AT(release, approve(l, release, station_key(1), prove_ssh)));
	signer_test_done(l->t);
}

static void key_counts_in_its_own_form_only(void **state)
{
	struct test_log *l = start();
	uint64_t release = put_release(l, "R1", "production", 1);

	(void)state;
	refused(l, DECISION_FIRMWARE, AT(release, approve(l, release, station_key(1), NULL)),
		"SIGNER_PROOF_OTHER_KIND");
	refused(l, DECISION_FIRMWARE, AT(release, approve(l, release, station_key(2), NULL)),
		"SIGNER_PROOF_OTHER_KIND");
	refused(l, DECISION_FIRMWARE, AT(release, approve(l, release, person_key(ERIN), prove_ssh)),
		"SIGNER_PROOF_OTHER_KIND");
	signer_test_done(l->t);
}

static void passkeys_alone_are_not_enough(void **state)
{
	struct test_log *l = start();
	uint64_t release = put_release(l, "R1", "production", 1);
	uint64_t passkey = approve(l, release, station_key(2), prove_passkey);

	(void)state;
	refused(l, DECISION_FIRMWARE, AT(release, passkey), "SIGNER_NONE_OUTSIDE");
	(void)decided(l, DECISION_FIRMWARE, AT(release, passkey, put_approval(l, ADA, release)));
	signer_test_done(l->t);
}

/* ---- credentials ---- */

static uint64_t put_credential(struct test_log *l, const char *id, const char *profile,
			       const char *name, uint64_t not_after)
{
	struct put names[] = {TEXT("name", name != NULL ? name : "")};
	struct writer w = writer_of(room(l), ROOM);
	struct bytes csr;

	cbor_put_array(&w, 1);
	put_bytes(&w, body_make(&l->t->arena, names, 1));
	assert_int_equal(csr_make(&l->t->arena, station_key(0), "service", &csr, NULL).code, OK);
	struct put fields[] = {TEXT("credential", id),         TEXT("profile", profile),
			       TEXT("principal", "front"),     BYTES("csr", csr),
			       NUMBER("not_after", not_after), ITEM("names", written(&w))};
	struct made made = {.key = person_key(ERIN),
			    .author = "erin",
			    .type = "credential.requested",
			    .body = body_make(&l->t->arena, fields, name != NULL ? 6 : 5)};
	return log_put(l, &made);
}

static void service_gets_a_certificate_that_people_agreed_to(void **state)
{
	struct signer_test *t = signer_test_new();
	struct test_log *l = log_new(t);
	uint64_t until = test_now(t) + 30u * (uint64_t)DAY_MS;

	(void)state;
	signer_start(t);
	uint64_t asked = put_credential(l, "C1", "service", "front.example.com", until);
	refused(l, DECISION_CREDENTIAL, AT(asked), "SIGNER_APPROVALS_MISSING");
	uint64_t vote = put_approval(l, BEN, asked);
	struct bytes der = decided(l, DECISION_CREDENTIAL, AT(asked, vote));
	struct hash key, own = public_key_id(private_key_public(station_key(0)));
	assert_int_equal(certificate_key_id(der, &key, NULL).code, OK);
	assert_true(hash_equal(key, own));
	assert_int_equal(certificate_check_issued(der, t->public.ca_certificate, NULL).code, OK);
	assert_int_equal(signer_stop(t), 0);
	signer_start(t);
	assert_true(bytes_equal(der, decided(l, DECISION_CREDENTIAL, AT(asked, vote))));
	uint64_t again = put_credential(l, "C1", "person", NULL, until);
	refused(l, DECISION_CREDENTIAL, AT(again, put_approval(l, BEN, again)), "SIGNER_ID_TAKEN");
	uint64_t person = put_credential(l, "C2", "person", NULL, until);
	(void)decided(l, DECISION_CREDENTIAL, AT(person, put_approval(l, BEN, person)));
	signer_test_done(t);
}

static void credential_that_cannot_be_made_is_refused_before(void **state)
{
	struct signer_test *t = signer_test_new();
	struct test_log *l = log_new(t);
	uint64_t now = test_now(t);
	const struct {
		const char *profile, *name, *message;
		uint64_t until;
	} bad[] = {
		{"service", "*.example.com", "CERTIFICATE_HOST_INVALID", now + DAY_MS},
		{"person", "front.example.com", "CERTIFICATE_HOST_INVALID", now + DAY_MS},
		{"robot", NULL, "SIGNER_BODY_WRONG", now + DAY_MS},
		{"person", NULL, "SIGNER_BODY_WRONG", now - 1},
		{"person", NULL, "CERTIFICATE_LIFE_TOO_LONG", now + 400u * (uint64_t)DAY_MS},
	};

	(void)state;
	signer_start(t);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t asked = put_credential(l, "C1", bad[i].profile, bad[i].name, bad[i].until);

		refused(l, DECISION_CREDENTIAL, AT(asked, put_approval(l, BEN, asked)),
			bad[i].message);
	}
	signer_test_done(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(approval_by_ssh_counts),
		cmocka_unit_test(key_counts_in_its_own_form_only),
		cmocka_unit_test(passkeys_alone_are_not_enough),
		cmocka_unit_test(service_gets_a_certificate_that_people_agreed_to),
		cmocka_unit_test(credential_that_cannot_be_made_is_refused_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
