/* SPDX-License-Identifier: Apache-2.0 */
/* Who must agree: tricks with approvals, tried on a signer that decides for itself whom it believes. */
#include "signer_attack.h"

#include <stdio.h>
#include <string.h>

#include "core/cbor.h"
#include "core/sha256.h"

enum { ROOM = 4096 };
#define CONSOLE "https://console.example.com"

static const struct made *by(enum person who)
{
	static struct made made;

	made = (struct made){.key = person_key(who), .author = PERSON_NAME[who]};
	return &made;
}

/* ---- (b) the approver's tricks ---- */

static const char *author_approves_himself(void)
{
	struct test_log *l = taken_over(0);
	uint64_t release = asks_release(l, by(ADA), "R1");

	return ended(
		l, wins_decision(l, DECISION_FIRMWARE, AT(release, put_approval(l, ADA, release))));
}

/* Ben has two keys in the charter, and signs with both what takes two. */
static const char *one_person_two_keys(void)
{
	struct test_log *l = taken_over(0);
	struct charter *c = charter_in_force(l);

	key_of(c, 1, station_key(2), CHARTER_COSE);
	charter_is_revised(l, c);
	time_passes(l, DAY_MS + MINUTE_MS);
	c = charter_in_force(l);
	c->rules[0].vote_ttl_ms = HOUR_MS;
	uint64_t asked = charter_asked(l, ERIN, c);
	struct made second = {.key = station_key(2), .author = "ben"};
	const char *outcome =
		wins_decision(l, DECISION_POLICY,
			      AT(asked, put_approval(l, BEN, asked), says_yes(l, &second, asked)));
	if (outcome == NULL)
		assert_int_equal(charter_in_force(l)->revision, 4);
	return ended(l, outcome);
}

/* Erin is in groups that are called almost like the founders, and like a founder. */
static const char *group_of_almost_that_name(void)
{
	static const char *const groups[] = {"founder", "founders.berlin", "ada"};
	struct test_log *l = taken_over(0);
	struct charter *c = charter_in_force(l);

	for (uint8_t i = 0; i < c->persons_n; i++)
		for (size_t k = 0; k < 3 && bytes_equal(c->persons[i].id, bytes_text("erin")); k++)
			c->persons[i].groups[c->persons[i].groups_n++] = bytes_text(groups[k]);
	charter_is_revised(l, c);
	time_passes(l, DAY_MS + MINUTE_MS);
	uint64_t release = asks_release(l, by(ADA), "R1");
	return ended(l, wins_decision(l, DECISION_FIRMWARE,
				      AT(release, put_approval(l, ERIN, release))));
}

static const char *key_of_a_minute_ago(void)
{
	struct test_log *l = taken_over(0);
	struct charter *c = charter_in_force(l);

	key_of(c, 2, station_key(2), CHARTER_COSE);
	charter_is_revised(l, c);
	time_passes(l, MINUTE_MS);
	uint64_t release = put_release(l, "R1", "production", 1);
	struct made vote = {.key = station_key(2), .author = "cleo"};
	return ended(l,
		     wins_decision(l, DECISION_FIRMWARE, AT(release, says_yes(l, &vote, release))));
}

static const char *vote_of_yesterday(void)
{
	struct test_log *l = taken_over(0);
	uint64_t release = put_release(l, "R1", "production", 1), vote;

	vote = put_approval(l, BEN, release);
	time_passes(l, 5 * HOUR_MS);
	return ended(l, wins_decision(l, DECISION_FIRMWARE, AT(release, vote)));
}

static const char *decision_of_long_ago(void)
{
	struct test_log *l = taken_over(0);
	uint64_t release = put_release(l, "R1", "production", 1);

	time_passes(l, 15 * (int64_t)DAY_MS);
	return ended(
		l, wins_decision(l, DECISION_FIRMWARE, AT(release, put_approval(l, BEN, release))));
}

/* Ben agreed to R1, and his yes is shown for R2, which nobody showed him. */
static const char *yes_to_something_else(void)
{
	struct test_log *l = taken_over(0);
	uint64_t seen = put_release(l, "R1", "production", 1), vote = put_approval(l, BEN, seen);
	uint64_t other = put_release(l, "R2", "production", 1);

	return ended(l, wins_decision(l, DECISION_FIRMWARE, AT(other, vote)));
}

/* Erin asked for the same before, word for word, and ben said yes to that; it never took effect. */
static const char *yes_to_the_same_request_of_before(void)
{
	struct test_log *l = taken_over(0);
	uint64_t before = put_release(l, "R1", "production", 1),
		 vote = put_approval(l, BEN, before), again = put_release(l, "R1", "production", 1);

	return ended(l, wins_decision(l, DECISION_FIRMWARE, AT(again, vote)));
}

/* The same with one that was counted for R1, where nobody looks any more at what an approval names. */
static const char *yes_that_was_spent(void)
{
	struct test_log *l = taken_over(0);
	uint64_t seen = put_release(l, "R1", "production", 1), vote = put_approval(l, BEN, seen);

	(void)decided(l, DECISION_FIRMWARE, AT(seen, vote));
	uint64_t other = put_release(l, "R2", "production", 1);
	return ended(l, wins_decision(l, DECISION_FIRMWARE, AT(other, vote)));
}

/* ---- (i) another log's signatures ---- */

static const char *yes_of_a_trial_log(void)
{
	struct test_log *l = taken_over(0);
	struct made trial = {
		.key = person_key(BEN), .author = "ben", .origin = "trial.example.com/log"};
	uint64_t release = put_release(l, "R1", "production", 1);

	return ended(
		l, wins_decision(l, DECISION_FIRMWARE, AT(release, says_yes(l, &trial, release))));
}

static const char *whole_decision_of_a_trial_log(void)
{
	struct test_log *l = taken_over(0);
	struct made asks = {
		.key = person_key(ERIN), .author = "erin", .origin = "trial.example.com/log"};
	struct made agrees = {
		.key = person_key(BEN), .author = "ben", .origin = "trial.example.com/log"};
	uint64_t release = asks_release(l, &asks, "R1");

	return ended(
		l, wins_decision(l, DECISION_FIRMWARE, AT(release, says_yes(l, &agrees, release))));
}

/* ---- (c), (e) what nobody signed ---- */

/* The server has no key of ben's: it signs something, and writes ben's name and key on it. */
static const char *forged_yes(void)
{
	struct test_log *l = taken_over(0);
	struct made forged = {.key = person_key(BEN), .author = "ben", .spoiled = true};
	uint64_t release = put_release(l, "R1", "production", 1);

	return ended(
		l, wins_decision(l, DECISION_FIRMWARE, AT(release, says_yes(l, &forged, release))));
}

static const char *invented_authorization(void)
{
	struct test_log *l = taken_over(1);
	struct put fields[] = {
		TEXT("authorization", "A9"),
		TEXT("product", PRODUCT),
		TEXT("revision", "A"),
		TEXT("release", "R1"),
		NUMBER("quantity", 100000),
		NUMBER("valid_until", test_now(l->t) + DAY_MS),
		TEXT("hardware_type", HARDWARE_TYPE),
		ITEM("stations", stations_item(&l->t->arena, 1)),
	};
	struct made asks = {.key = person_key(ERIN),
			    .author = "erin",
			    .type = "build.authorized",
			    .version = 2,
			    .body = body_make(&l->t->arena, fields, 8),
			    .spoiled = true},
		    agrees = {.key = person_key(BEN), .author = "ben", .spoiled = true};
	uint64_t build = log_put(l, &asks);

	return ended(l,
		     wins_decision(l, DECISION_AUTHORIZE, AT(build, says_yes(l, &agrees, build))));
}

/* Signed by people who were tricked, and never written into the log where others would see it. */
static const char *decision_that_nobody_sees(void)
{
	struct test_log *l = taken_over(0);
	uint64_t seen = put_release(l, "R1", "production", 1);

	log_sign(l);
	uint64_t asked = l->asked;
	uint64_t release = put_release(l, "R2", "production", 1),
		 vote = put_approval(l, BEN, release);
	struct bytes document = {0};
	struct fault f = {0};
	struct proved_entry entries[] = {log_prove(l, seen), log_prove(l, seen)};
	struct evidence evidence = {.size = asked, .entries = entries, .n = 2};

	entries[0].entry = l->entries[release];
	entries[1].entry = l->entries[vote];
	err e = signer_decide(l->t->client, DECISION_FIRMWARE, &evidence, &l->t->arena, &document,
			      &f);
	if (e.code == OK)
		assert_true(document.n > 0);
	static char message[64];
	(void)snprintf(message, sizeof(message), "%s", f.message == NULL ? "" : f.message);
	return ended(l, e.code == OK ? NULL : message);
}

/* Ben says no; the server keeps his no to itself, but he has a way of his own to the signer. */
static const char *no_that_was_withheld(void)
{
	struct test_log *l = taken_over(0);
	uint64_t release = put_release(l, "R1", "production", 1),
		 vote = put_approval(l, CLEO, release);
	struct put fields[] = {BYTES("record", hash_bytes(&l->digests[release])),
			       TEXT("reason", "it phones home")};
	struct made made = {.key = person_key(BEN),
			    .author = "ben",
			    .type = "approval.denied",
			    .body = body_make(&l->t->arena, fields, 2)};
	struct hash digest;
	uint64_t count;

	assert_int_equal(
		signer_deny(l->t->client, record_make(l, &made), &digest, &count, NULL).code, OK);
	return ended(l, wins_decision(l, DECISION_FIRMWARE, AT(release, vote)));
}

/* ---- (e) shows X, asks for the signature of Y ---- */

static struct writer paper(struct test_log *l)
{
	uint8_t *p = arena_alloc(&l->t->arena, ROOM);

	assert_non_null(p);
	return writer_of(p, ROOM);
}

static struct bytes written(const struct writer *w)
{
	struct bytes out;

	assert_true(writer_done(w, &out));
	return out;
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

/* WebAuthn level 2, section 7.2, as a browser on our own page has it signed: over whatever challenge that
 * page chose, whatever it showed. */
static struct bytes passkey(struct test_log *l, const struct made *made, struct bytes claim)
{
	struct hash challenge = sha256(claim), party = sha256(bytes_text("example.com"));
	char text[64], json[256];
	uint8_t signature[64];
	struct writer data = paper(l), message = paper(l), numbers = paper(l), der = paper(l),
		      proof = paper(l);

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

/* Ben and cleo look at release X on a page that the server draws, and touch their passkeys: what they
 * sign is Y. Everything about the two approvals is right, but where they were made. */
static const char *shows_one_signs_another(void)
{
	struct test_log *l = taken_over(0);
	struct charter *c = charter_in_force(l);

	c->relying_party = bytes_text("example.com");
	c->origins_n = 1;
	c->origins[0] = bytes_text(CONSOLE);
	key_of(c, 1, station_key(0), CHARTER_WEBAUTHN);
	key_of(c, 2, station_key(2), CHARTER_WEBAUTHN);
	charter_is_revised(l, c);
	time_passes(l, DAY_MS + MINUTE_MS);
	struct made ben = {.key = station_key(0), .author = "ben", .prove = passkey},
		    cleo = {.key = station_key(2), .author = "cleo", .prove = passkey};
	uint64_t y = put_release(l, "Y", "production", 1);
	return ended(l, wins_decision(l, DECISION_FIRMWARE,
				      AT(y, says_yes(l, &ben, y), says_yes(l, &cleo, y))));
}

const struct attack PEOPLE_ATTACKS[] = {
	{'b', "the author approves his own release", author_approves_himself,
	 "SIGNER_APPROVALS_MISSING", CHECK_SIGNER_AUTHOR, NULL, 0, NULL},
	{'b', "one person with two keys agrees twice", one_person_two_keys,
	 "SIGNER_APPROVALS_MISSING", CHECK_SIGNER_DISTINCT, NULL, 0, NULL},
	{'b', "groups that are called almost like the founders", group_of_almost_that_name,
	 "SIGNER_APPROVALS_MISSING", CHECK_SIGNER_ELIGIBLE, NULL, 0, NULL},
	{'b', "an approver's key that is a minute old", key_of_a_minute_ago,
	 "SIGNER_APPROVALS_MISSING", CHECK_SIGNER_NEWCOMER, NULL, 0, NULL},
	{'b', "a vote that is over", vote_of_yesterday, "SIGNER_APPROVALS_MISSING",
	 CHECK_SIGNER_EXPIRY, NULL, 0, NULL},
	{'b', "a decision that waited too long", decision_of_long_ago, "SIGNER_REQUEST_OVER",
	 CHECK_SIGNER_EXPIRY, NULL, 0, NULL},
	{'b', "an approval of another record, replayed", yes_to_something_else,
	 "SIGNER_APPROVAL_WRONG", CHECK_SIGNER_TARGET, NULL, 0, NULL},
	{'b', "an approval of the same request, made before, replayed",
	 yes_to_the_same_request_of_before, "SIGNER_APPROVAL_WRONG", CHECK_SIGNER_TARGET, NULL, 0,
	 NULL},
	{'b', "an approval that was counted before, replayed", yes_that_was_spent,
	 "SIGNER_APPROVAL_SPENT", CHECK_SIGNER_SPENT, NULL, CHECK_SIGNER_TARGET, NULL},
	{'b', "an approval given in another log, replayed", yes_of_a_trial_log, "SIGNER_OTHER_LOG",
	 CHECK_SIGNER_ORIGIN, NULL, 0, NULL},
	{'c', "a release that nobody signed: the approver's signature is forged", forged_yes,
	 "PROOF_WRONG", CHECK_SIGNER_PROOF, NULL, 0, NULL},
	{'e', "a taken-over server invents an authorization", invented_authorization, "PROOF_WRONG",
	 CHECK_SIGNER_PROOF, NULL, 0, NULL},
	{'e', "a taken-over server shows evidence that is in no log", decision_that_nobody_sees,
	 "SIGNER_NOT_INCLUDED", CHECK_SIGNER_INCLUSION, NULL, 0, NULL},
	{'e', "a taken-over server withholds a denial", no_that_was_withheld, "SIGNER_DENIED",
	 CHECK_SIGNER_DENIED, NULL, 0, NULL},
	{'e', "a taken-over server shows X and has two passkeys sign Y", shows_one_signs_another,
	 "SIGNER_NONE_OUTSIDE", CHECK_SIGNER_OUTSIDE, NULL, 0, NULL},
	{'i', "a decision of the trial log, brought to production", whole_decision_of_a_trial_log,
	 "SIGNER_OTHER_LOG", CHECK_SIGNER_ORIGIN, NULL, 0, NULL},
	{0},
};
