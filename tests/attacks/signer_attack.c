/* SPDX-License-Identifier: Apache-2.0 */
#include "signer_attack.h"

#include <stdio.h>
#include <string.h>

#include "core/sha256.h"

/* Messages outlive the company that they came from. */
static const char *kept(const char *message)
{
	static char text[64];

	(void)snprintf(text, sizeof(text), "%s", message);
	return text;
}

struct test_log *taken_over(uint64_t quantity)
{
	struct signer_test *t = signer_test_new();
	struct test_log *l = log_new(t);

	signer_start(t);
	if (quantity > 0)
		house_builds(l, quantity);
	return l;
}

const char *ended(struct test_log *l, const char *outcome)
{
	signer_test_done(l->t);
	return outcome;
}

const char *wins_decision(struct test_log *l, enum signer_decision decision,
			  const uint64_t *sequences, size_t n)
{
	struct bytes document = {0};
	struct fault f = {0};

	if (decide(l, decision, sequences, n, &document, &f).code != OK)
		return kept(f.message);
	assert_true(document.n > 0);
	return NULL;
}

const char *wins_certificate(struct test_log *l, uint64_t request, size_t serial)
{
	struct issued_unit unit = issue_one(l, request);
	struct device_certificate read;

	if (unit.why_not.code != OK)
		return kept(unit.why_not.message);
	assert_int_equal(certificate_check_device(&l->t->arena, unit.certificate,
						  l->t->public.ca_certificate, &read, NULL)
				 .code,
			 OK);
	assert_true(bytes_equal(read.serial, bytes_text(unit_serial(serial))));
	return NULL;
}

const char *wins_permit(struct test_log *l, uint64_t request, const char *release)
{
	struct fault f = {0};
	struct programming_permit permit;
	struct cose_sign1 sign1;
	const char *why = NULL;
	struct bytes bytes = permit_one(l, request, &f);
	struct hash image = sha256(bytes_text(release));

	if (f.code != OK)
		return kept(f.message);
	assert_true(programming_permit_parse(bytes, &sign1, &permit, &why));
	assert_true(hash_equal(permit.image, image));
	return NULL;
}

void is_released(struct test_log *l, const char *id, const char *environment,
		 uint64_t security_version)
{
	uint64_t release = put_release(l, id, environment, security_version);

	(void)decided(l, DECISION_FIRMWARE, AT(release, put_approval(l, BEN, release)));
}

void time_passes(struct test_log *l, int64_t ms)
{
	l->t->moved->wall_ahead += ms;
	l->t->moved->steady_ahead += ms;
}

void clock_is_put(struct test_log *l, int64_t ms)
{
	l->t->moved->wall_ahead += ms;
}

void starts_again(struct test_log *l)
{
	assert_int_equal(signer_stop(l->t), 0);
	signer_start(l->t);
}

/* ---- records ---- */

uint64_t says_yes(struct test_log *l, const struct made *how, uint64_t of)
{
	struct put fields[] = {BYTES("record", hash_bytes(&l->digests[of]))};
	struct made made = *how;

	made.type = "approval.given";
	made.body = body_make(&l->t->arena, fields, 1);
	return log_put(l, &made);
}

uint64_t asks_release(struct test_log *l, const struct made *how, const char *id)
{
	struct hash image = sha256(bytes_text(id));
	struct put fields[] = {
		TEXT("release", id),
		TEXT("product", PRODUCT),
		TEXT("version", "1.0"),
		TEXT("environment", "production"),
		BYTES("image", hash_bytes(&image)),
		NUMBER("image_size", 4096),
		NUMBER("security_version", 1),
	};
	struct made made = *how;

	made.type = "firmware.released";
	made.version = 2;
	made.body = body_make(&l->t->arena, fields, 7);
	return log_put(l, &made);
}

/* ---- the charter ---- */

struct charter *charter_in_force(struct test_log *l)
{
	struct charter *c = arena_alloc(&l->t->arena, sizeof(*c));
	struct signer_status status;
	const char *why = NULL;

	assert_int_equal(signer_status_read(l->t->client, &l->t->arena, &status, NULL).code, OK);
	if (!charter_parse(status.charter, c, &why))
		stop_test("%s", why);
	c->has_previous = true;
	c->previous = sha256(status.charter);
	c->revision++;
	return c;
}

void key_of(struct charter *c, uint8_t person, const struct private_key *key,
	    enum charter_key_kind kind)
{
	struct bytes spki = public_key_spki(private_key_public(key));

	c->keys[c->keys_n++] = (struct charter_key){.spki = spki,
						    .id = sha256(spki),
						    .kind = kind,
						    .outside = kind != CHARTER_WEBAUTHN,
						    .person = person};
}

uint64_t charter_asked(struct test_log *l, enum person author, const struct charter *c)
{
	uint8_t *p = arena_alloc(&l->t->arena, CHARTER_SIZE_MAX);
	struct writer w = writer_of(p, CHARTER_SIZE_MAX);
	struct bytes document;

	charter_put(&w, c);
	assert_true(writer_done(&w, &document));
	return put_charter(l, author, document, c->revision);
}

void charter_is_revised(struct test_log *l, const struct charter *c)
{
	uint64_t asked = charter_asked(l, ERIN, c);

	(void)decided(l, DECISION_POLICY,
		      AT(asked, put_approval(l, ADA, asked), put_approval(l, BEN, asked)));
}
