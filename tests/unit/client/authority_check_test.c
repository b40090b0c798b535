/* SPDX-License-Identifier: Apache-2.0 */
/* A unit that was built by right, and every way in which it was not. The entries are made here as a
 * passport would show them; that they are in the log is passport_check's to say, and that those who agreed
 * were enough, charter_check's. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
/* clang-format on */

#include "base/catalog.h"
#include "client/authority_check.h"
#include "core/cbor.h"
#include "core/sha256.h"
#include "crypto/crypto.h"
#include "signer/found.h"

#include <stdlib.h>
#include <string.h>

static const char ORIGIN[] = "test.example/log";
static const uint64_t NOW = UINT64_C(1795149506000);
enum { MINUTE = 60000 };

enum who { ADA, BEN, ERIN, MALLORY, PEOPLE };
static const char *const NAMES[PEOPLE] = {"ada", "ben", "erin", "mallory"};

/* What is true; a test changes one thing before it is told. */
struct story {
	struct arena arena;
	struct private_key *log, *other_log, *firmware, *keys[PEOPLE];
	struct note_key log_public;
	struct bytes charter;
	uint64_t sequence;
	struct authority_check check;
	struct fault f;
	/* the parts */
	enum who author, voter;
	uint64_t asked, voted, admitted, issued, charter_revision;
	const char *admission_class, *approval_target; /* NULL: right */
	uint64_t n, of, quantity;
	struct private_key *admission_key, *receipt_key;
	struct firmware_manifest manifest;
	bool emergency, no_admission, no_receipt, no_manifest, no_vote, no_release;
	bool other_certificate, other_request, other_origin;
};

static int setup(void **state)
{
	struct story *s = calloc(1, sizeof *s);
	struct charter_holder people[PEOPLE];

	assert_non_null(s);
	assert_int_equal(private_key_generate(KEY_ED25519, &s->log, &s->f).code, OK);
	assert_int_equal(private_key_generate(KEY_ED25519, &s->other_log, &s->f).code, OK);
	assert_int_equal(private_key_generate(KEY_P256, &s->firmware, &s->f).code, OK);
	for (size_t i = 0; i < PEOPLE; i++) {
		assert_int_equal(private_key_generate(KEY_ED25519, &s->keys[i], &s->f).code, OK);
		people[i] = (struct charter_holder){
			.person = NAMES[i],
			.spki = public_key_spki(private_key_public(s->keys[i])),
			.kind = CHARTER_COSE,
			.outside = true};
	}
	struct charter_founding founding = {.origin = ORIGIN,
					    .founders = people,
					    .founders_n = 2,
					    .authors = &people[ERIN],
					    .authors_n = 1,
					    .newcomer_ms = 1};
	assert_int_equal(charter_found(&founding, &s->arena, &s->charter, &s->f).code, OK);
	assert_true(public_key_ed25519(private_key_public(s->log), s->log_public.public_key));
	s->author = ERIN;
	s->voter = BEN;
	s->asked = NOW;
	s->voted = NOW + MINUTE;
	s->admitted = NOW + 2 * MINUTE;
	s->issued = NOW + 3 * MINUTE;
	s->charter_revision = 1;
	s->n = 2;
	s->of = s->quantity = 5;
	s->admission_key = s->receipt_key = s->log;
	s->check.product = "GW";
	s->check.serial = "S1";
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct story *s = *state;

	authority_check_done(&s->check);
	private_key_close(s->log);
	private_key_close(s->other_log);
	private_key_close(s->firmware);
	for (size_t i = 0; i < PEOPLE; i++)
		private_key_close(s->keys[i]);
	arena_done(&s->arena);
	free(s);
	return 0;
}

/* ---- entries ---- */

static struct writer room(struct story *s)
{
	enum { ROOM = 20000 };
	uint8_t *p = arena_alloc(&s->arena, ROOM);

	assert_non_null(p);
	return writer_of(p, ROOM);
}

static struct bytes done(const struct writer *w)
{
	struct bytes out;

	assert_true(writer_done(w, &out));
	return out;
}

static void put_pair(struct writer *w, const char *name, const char *text)
{
	cbor_put_text(w, bytes_text(name));
	cbor_put_text(w, bytes_text(text));
}

static void put_blob(struct writer *w, const char *name, struct bytes blob)
{
	cbor_put_text(w, bytes_text(name));
	cbor_put_bytes(w, blob);
}

static void put_count(struct writer *w, const char *name, uint64_t n)
{
	cbor_put_text(w, bytes_text(name));
	cbor_put_uint(w, n);
}

/* Shows one record to the check; the digest of its claim. */
static struct hash shown(struct story *s, const char *type, enum who who, uint64_t made,
			 const struct writer *body)
{
	struct passport_entry place = {.sequence = s->sequence++};
	struct entry entry = {.claim = {.origin = bytes_text(ORIGIN),
					.type = bytes_text(type),
					.author = bytes_text(NAMES[who]),
					.has_key = true,
					.key = public_key_id(private_key_public(s->keys[who])),
					.made = made,
					.body = done(body)}};
	struct writer w = room(s);

	/* The digest only has to be the record's own. */
	put_text(&w, type);
	put_text(&w, NAMES[who]);
	put_u64(&w, made);
	put_bytes(&w, entry.claim.body);
	entry.claim_bytes = done(&w);
	if (strncmp(type, "unit.", 5) == 0 || strcmp(type, "certificate.issued") == 0) {
		entry.witness.has_subject = true;
		entry.witness.subject =
			(struct subject){bytes_text("unit"), bytes_text("GW"), bytes_text("S1")};
	}
	authority_check_each(&s->check, &place, &entry);
	return claim_digest(entry.claim_bytes);
}

static struct bytes signed_by(struct story *s, const struct private_key *key,
			      enum document_kind kind, const struct writer *payload)
{
	struct bytes inside = done(payload), detached;
	struct cose_sign1 sign1;
	struct writer w = room(s);

	assert_int_equal(
		cose_sign(&s->arena, key, document_name(kind), inside, &detached, &s->f).code, OK);
	struct reader r = reader_of(detached);
	cose_get(&r, &sign1);
	sign1.payload = inside;
	cose_put(&w, &sign1);
	return done(&w);
}

static void answer(struct story *s, struct hash record, struct bytes document)
{
	struct writer w = room(s);

	cbor_put_map(&w, 2);
	put_blob(&w, "record", hash_bytes(&record));
	put_blob(&w, "document", document);
	(void)shown(s, "signer.admitted", ADA, NOW, &w);
}

/* ---- the story ---- */

static void begins(struct story *s)
{
	struct writer w = room(s);

	cbor_put_map(&w, 1);
	put_blob(&w, "charter", s->charter);
	(void)shown(s, "ledger.started", ADA, NOW - MINUTE, &w);
}

static struct hash vote(struct story *s, struct hash digest)
{
	struct writer w = room(s);
	struct hash target =
		s->approval_target == NULL ? digest : sha256(bytes_text(s->approval_target));

	cbor_put_map(&w, 1);
	put_blob(&w, "record", hash_bytes(&target));
	return shown(s, "approval.given", s->voter, s->voted, &w);
}

static void releases(struct story *s)
{
	struct writer w = room(s);
	struct hash image = sha256(bytes_text("image"));

	if (s->no_release)
		return;
	cbor_put_map(&w, 7);
	put_blob(&w, "image", hash_bytes(&image));
	put_pair(&w, "release", "FW1");
	put_pair(&w, "product", "GW");
	put_pair(&w, "version", "1.0");
	put_pair(&w, "environment", "production");
	put_count(&w, "image_size", 4096);
	put_count(&w, "security_version", 1);
	struct hash digest =
		shown(s, s->emergency ? "firmware.emergency" : "firmware.released", ERIN, NOW, &w);
	struct firmware_manifest m = {.origin = bytes_text(ORIGIN),
				      .claim = digest,
				      .release = bytes_text("FW1"),
				      .product = bytes_text("GW"),
				      .environment = bytes_text("production"),
				      .version = bytes_text("1.0"),
				      .image = image,
				      .image_size = 4096,
				      .security_version = 1,
				      .at = NOW};
	if (s->manifest.version.p != NULL)
		m.version = s->manifest.version;
	if (s->manifest.image_size != 0)
		m.image = sha256(bytes_text("evil"));
	if (s->manifest.security_version != 0)
		m.security_version = s->manifest.security_version;
	w = room(s);
	firmware_manifest_put(&w, &m);
	if (!s->no_manifest)
		answer(s, digest, signed_by(s, s->firmware, DOCUMENT_MANIFEST, &w));
}

static struct hash authorizes(struct story *s)
{
	struct writer w = room(s), list = room(s);
	struct admission a = {.origin = bytes_text(ORIGIN),
			      .approval_class = bytes_text("build.authorize"),
			      .charter = s->charter_revision,
			      .at = s->admitted};

	cbor_put_map(&w, 3);
	put_pair(&w, "release", "FW1");
	put_count(&w, "quantity", s->quantity);
	put_pair(&w, "authorization", "BA1");
	struct hash digest = shown(s, "build.authorized", s->author, s->asked, &w);
	struct hash approval = s->no_vote ? digest : vote(s, digest);
	a.claim = digest;
	cbor_put_bytes(&list, hash_bytes(&approval));
	a.approvals = done(&list);
	a.approvals_n = 1;
	if (s->admission_class != NULL)
		a.approval_class = bytes_text(s->admission_class);
	w = room(s);
	admission_put(&w, &a);
	if (!s->no_admission)
		answer(s, digest, signed_by(s, s->admission_key, DOCUMENT_ADMISSION, &w));
	return digest;
}

static void builds(struct story *s, struct hash authorization)
{
	struct writer w = room(s);

	cbor_put_map(&w, 1);
	put_pair(&w, "serial", "S1");
	struct hash request = shown(s, "unit.requested", MALLORY, s->issued, &w);
	struct issue_receipt r = {
		.origin = bytes_text(s->other_origin ? "test.example/trial" : ORIGIN),
		.request = s->other_request ? authorization : request,
		.authorization = authorization,
		.n = s->n,
		.of = s->of,
		.certificate =
			sha256(bytes_text(s->other_certificate ? "another" : "a certificate")),
		.at = s->issued,
		.anchor = ANCHOR_TPM,
		.has_value = true,
		.value = 9};
	w = room(s);
	issue_receipt_put(&w, &r);
	struct bytes receipt = signed_by(s, s->receipt_key, DOCUMENT_RECEIPT, &w);
	w = room(s);
	cbor_put_map(&w, s->no_receipt ? 1 : 2);
	if (!s->no_receipt)
		put_blob(&w, "receipt", receipt);
	put_blob(&w, "certificate", bytes_text("a certificate"));
	(void)shown(s, "certificate.issued", ADA, s->issued, &w);
}

static err told(struct story *s, struct authority_report *out)
{
	begins(s);
	releases(s);
	builds(s, authorizes(s));
	return authority_check_end(&s->check, &s->log_public, out, &s->f);
}

static void must_be_wrong(struct story *s, const char *what, const char *detail)
{
	struct authority_report report;

	assert_int_equal(told(s, &report).code, ERR_CORRUPT);
	assert_string_equal(s->f.message, "AUTHORITY_WRONG");
	assert_string_equal(fault_value(&s->f, "what"), what);
	assert_string_equal(fault_value(&s->f, "detail"), detail);
}

#define BUILD "build authorization"

/* ---- what holds ---- */

static void a_unit_built_by_right_says_who_agreed(void **state)
{
	struct story *s = *state;
	struct authority_report r;

	if (told(s, &r).code != OK)
		print_error("%s\n", fault_value(&s->f, "detail"));
	assert_true(r.issued);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.of, 5);
	assert_int_equal(r.anchor, ANCHOR_TPM);
	assert_string_equal(r.authorization.id, "BA1");
	assert_string_equal(r.authorization.names, "ben");
	assert_int_equal(r.authorization.charter, 1);
	assert_string_equal(r.firmware.id, "FW1");
}

static void a_log_from_before_charters_says_nothing(void **state)
{
	struct story *s = *state;
	struct authority_report r;

	s->charter = bytes_text("");
	s->no_receipt = true;
	assert_int_equal(told(s, &r).code, OK);
	assert_false(r.issued);
}

/* ---- what does not ---- */

static void a_unit_without_a_receipt_is_refused_where_there_is_a_charter(void **state)
{
	struct story *s = *state;

	s->no_receipt = true;
	must_be_wrong(s, "issue receipt", "it is not here");
}

static void a_receipt_by_another_key_is_refused(void **state)
{
	struct story *s = *state;

	s->receipt_key = s->other_log;
	must_be_wrong(s, "issue receipt", "the log's key did not sign it");
}

static void a_receipt_for_something_else_is_refused(void **state)
{
	struct story *s = *state;

	s->other_certificate = true;
	must_be_wrong(s, "issue receipt", "it is for another certificate");
}

static void a_receipt_for_another_request_is_refused(void **state)
{
	struct story *s = *state;

	s->other_request = true;
	must_be_wrong(s, "issue receipt", "it is for another request");
}

static void a_receipt_of_another_log_is_refused(void **state)
{
	struct story *s = *state;

	s->other_origin = true;
	must_be_wrong(s, "issue receipt", "it is of another log");
}

static void a_receipt_for_more_units_than_were_authorized_is_refused(void **state)
{
	struct story *s = *state;

	s->of = 500;
	must_be_wrong(s, BUILD, "it is for another number of units");
}

static void a_unit_issued_before_its_authorization_was_admitted_is_refused(void **state)
{
	struct story *s = *state;

	s->issued = s->admitted - 1;
	must_be_wrong(s, BUILD, "the unit was issued before it was admitted");
}

static void an_authorization_that_the_signer_never_admitted_is_refused(void **state)
{
	struct story *s = *state;

	s->no_admission = true;
	must_be_wrong(s, BUILD, "the signer's admission is not here");
}

static void an_admission_by_another_key_is_refused(void **state)
{
	struct story *s = *state;

	s->admission_key = s->other_log;
	must_be_wrong(s, BUILD, "the log's key did not sign it");
}

static void an_admission_weighed_as_something_else_is_refused(void **state)
{
	struct story *s = *state;

	s->admission_class = "charter";
	must_be_wrong(s, BUILD, "the signer's admission is of something else");
}

static void an_approval_of_something_else_does_not_count(void **state)
{
	struct story *s = *state;

	s->approval_target = "another decision";
	must_be_wrong(s, BUILD, "an approval that it counts is for something else");
}

static void an_approval_that_is_not_in_the_passport_does_not_count(void **state)
{
	struct story *s = *state;

	s->no_vote = true;
	must_be_wrong(s, BUILD, "an approval that it counts is not here");
}

static void a_manifest_of_another_image_or_version_is_refused(void **state)
{
	struct story *s = *state;

	s->manifest.image_size = 1;
	must_be_wrong(s, "firmware manifest", "it names another image than was agreed to");
}

static void a_manifest_of_another_version_is_refused(void **state)
{
	struct story *s = *state;

	s->manifest.version = bytes_text("9.9");
	must_be_wrong(s, "firmware manifest", "it names another release than was agreed to");
}

static void a_manifest_that_lowers_or_raises_the_security_version_is_refused(void **state)
{
	struct story *s = *state;

	s->manifest.security_version = 3;
	must_be_wrong(s, "firmware manifest",
		      "it names another security version than was agreed to");
}

static void an_emergency_release_that_does_not_say_so_is_refused(void **state)
{
	struct story *s = *state;

	s->emergency = true;
	must_be_wrong(s, "firmware manifest", "it is an emergency release, or the other way round");
}

static void a_release_without_its_manifest_is_refused(void **state)
{
	struct story *s = *state;

	s->no_manifest = true;
	must_be_wrong(s, "firmware manifest", "it is not here");
}

static void an_authorization_for_a_release_that_is_not_here_is_refused(void **state)
{
	struct story *s = *state;

	s->no_release = true;
	must_be_wrong(s, "firmware manifest",
		      "the release that the authorization names is not here");
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		STORY(a_unit_built_by_right_says_who_agreed),
		STORY(a_log_from_before_charters_says_nothing),
		STORY(a_unit_without_a_receipt_is_refused_where_there_is_a_charter),
		STORY(a_receipt_by_another_key_is_refused),
		STORY(a_receipt_for_something_else_is_refused),
		STORY(a_receipt_for_another_request_is_refused),
		STORY(a_receipt_of_another_log_is_refused),
		STORY(a_receipt_for_more_units_than_were_authorized_is_refused),
		STORY(a_unit_issued_before_its_authorization_was_admitted_is_refused),
		STORY(an_authorization_that_the_signer_never_admitted_is_refused),
		STORY(an_admission_by_another_key_is_refused),
		STORY(an_admission_weighed_as_something_else_is_refused),
		STORY(an_approval_of_something_else_does_not_count),
		STORY(an_approval_that_is_not_in_the_passport_does_not_count),
		STORY(a_manifest_of_another_image_or_version_is_refused),
		STORY(a_manifest_of_another_version_is_refused),
		STORY(a_manifest_that_lowers_or_raises_the_security_version_is_refused),
		STORY(an_emergency_release_that_does_not_say_so_is_refused),
		STORY(a_release_without_its_manifest_is_refused),
		STORY(an_authorization_for_a_release_that_is_not_here_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
