/* SPDX-License-Identifier: Apache-2.0 */
#include "authority_story.h"

#include "core/cbor.h"
#include "core/sha256.h"
#include "signer/found.h"

#include <stdlib.h>
#include <string.h>

static const char ORIGIN[] = "test.example/log";
static const uint64_t NOW = UINT64_C(1795149506000);
enum { MINUTE = 60000 };

static const char *const NAMES[PEOPLE] = {"ada", "ben", "erin", "mallory"};

int story_setup(void **state)
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

int story_teardown(void **state)
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

	cbor_put_map(&w, s->began_with_other ? 2 : 1);
	put_blob(&w, "charter", s->charter);
	if (s->began_with_other) {
		uint8_t raw[32];
		assert_true(public_key_ed25519(private_key_public(s->other_log), raw));
		put_blob(&w, "checkpoint_key", bytes_of(raw, sizeof raw));
	}
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

static void asks_in_vain(struct story *s)
{
	struct writer w = room(s);

	cbor_put_map(&w, 1);
	put_pair(&w, "release", "FW1");
	(void)shown(s, "firmware.released", ERIN, NOW - MINUTE, &w);
}

static void releases(struct story *s)
{
	struct writer w = room(s);
	struct hash image = sha256(bytes_text("image"));

	if (s->no_release)
		return;
	if (s->asked_before)
		asks_in_vain(s);
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

static void programs(struct story *s)
{
	struct writer w = room(s);

	if (s->programmed == NULL)
		return;
	cbor_put_map(&w, 1);
	put_pair(&w, "release", s->programmed);
	(void)shown(s, "unit.programmed", MALLORY, s->issued, &w);
}

err story_told(struct story *s, struct authority_report *out)
{
	begins(s);
	releases(s);
	builds(s, authorizes(s));
	programs(s);
	return authority_check_end(&s->check, &s->log_public, out, &s->f);
}
