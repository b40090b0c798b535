/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "core/cbor.h"
#include "core/sha256.h"
#include "core/signed_documents.h"

static const char ORIGIN[] = "test.example/log";
static const uint64_t NOW = UINT64_C(1795149506000);
static uint8_t payload_room[4096], document_room[8192], list_room[4096];
static const char *why;

static struct hash digest_of(const char *text)
{
	return sha256(bytes_text(text));
}

/* ---- one good document of each kind; tests change one member ---- */

static struct admission good_admission(void)
{
	static const uint8_t digests[2 * 34] = {[0] = 0x58, 0x20, 1, [34] = 0x58, 0x20, 2};

	return (struct admission){.origin = bytes_text(ORIGIN),
				  .claim = digest_of("claim"),
				  .approval_class = bytes_text("build.authorize"),
				  .charter = 3,
				  .approvals = bytes_of(digests, sizeof digests),
				  .approvals_n = 2,
				  .at = NOW,
				  .anchor = ANCHOR_TPM,
				  .has_value = true,
				  .value = 9};
}

static struct issue_receipt good_receipt(void)
{
	return (struct issue_receipt){.origin = bytes_text(ORIGIN),
				      .request = digest_of("request"),
				      .authorization = digest_of("claim"),
				      .n = 5,
				      .of = 5,
				      .certificate = digest_of("certificate"),
				      .at = NOW};
}

static struct firmware_manifest good_manifest(void)
{
	return (struct firmware_manifest){.origin = bytes_text(ORIGIN),
					  .claim = digest_of("release"),
					  .release = bytes_text("FW1"),
					  .product = bytes_text("GW"),
					  .environment = bytes_text("production"),
					  .version = bytes_text("1.0 β"),
					  .image = digest_of("image"),
					  .image_size = 4096,
					  .security_version = 2,
					  .at = NOW};
}

static struct programming_permit good_permit(void)
{
	static const uint8_t nonce[DOCUMENT_NONCE_MAX] = {7};

	return (struct programming_permit){.origin = bytes_text(ORIGIN),
					   .claim = digest_of("permit"),
					   .product = bytes_text("GW"),
					   .serial = bytes_text("S1"),
					   .unit_key = digest_of("key"),
					   .nonce = bytes_of(nonce, sizeof nonce),
					   .image = digest_of("image"),
					   .security_version = 2,
					   .environment = bytes_text("production"),
					   .station_key = digest_of("station"),
					   .from = NOW,
					   .until = NOW + PERMIT_LIFE_MS};
}

/* The COSE_Sign1 around what was written; nobody verifies it here. */
static struct bytes document(const struct writer *payload)
{
	static const uint8_t signature[COSE_SIGNATURE_SIZE] = {1};
	static uint8_t header[64];
	struct writer h = writer_of(header, sizeof header);
	struct writer w = writer_of(document_room, sizeof document_room);
	struct cose_sign1 sign1 = {.signature = bytes_of(signature, sizeof signature)};
	struct bytes out;

	cose_put_protected(&h, COSE_EDDSA, digest_of("signer"));
	assert_true(writer_done(&h, &sign1.protected));
	assert_true(writer_done(payload, &sign1.payload));
	cose_put(&w, &sign1);
	assert_true(writer_done(&w, &out));
	return out;
}

#define MADE(kind, value)                                                       \
	static struct bytes made_##kind(struct kind value)                      \
	{                                                                       \
		struct writer w = writer_of(payload_room, sizeof payload_room); \
		kind##_put(&w, &value);                                         \
		return document(&w);                                            \
	}                                                                       \
	static bool reads_##kind(struct bytes in, struct kind *out)             \
	{                                                                       \
		struct cose_sign1 sign1;                                        \
		bool good = kind##_parse(in, &sign1, out, &why);                \
		assert_int_equal(good, why == NULL);                            \
		return good;                                                    \
	}                                                                       \
	static bool good_or_not_##kind(struct kind value)                       \
	{                                                                       \
		struct kind read;                                               \
		return reads_##kind(made_##kind(value), &read);                 \
	}
MADE(admission, value)
MADE(issue_receipt, value)
MADE(firmware_manifest, value)
MADE(programming_permit, value)

/* ---- what holds ---- */

static void an_admission_is_read_as_it_was_written(void **state)
{
	struct admission read, want = good_admission();

	(void)state;
	assert_true(reads_admission(made_admission(want), &read));
	assert_bytes(read.origin, want.origin);
	assert_bytes(read.approval_class, want.approval_class);
	assert_true(hash_equal(read.claim, want.claim));
	assert_int_equal(read.charter, 3);
	assert_int_equal(read.approvals_n, 2);
	assert_int_equal(admission_approval(&read, 0).b[0], 1);
	assert_int_equal(admission_approval(&read, 1).b[0], 2);
	assert_int_equal(admission_approval(&read, 2).b[0], 0); /* there is none */
	assert_int_equal(read.at, NOW);
	assert_int_equal(read.anchor, ANCHOR_TPM);
	assert_int_equal(read.value, 9);
}

static void a_receipt_is_read_as_it_was_written(void **state)
{
	struct issue_receipt read, want = good_receipt();

	(void)state;
	assert_true(reads_issue_receipt(made_issue_receipt(want), &read));
	assert_int_equal(read.n, 5);
	assert_int_equal(read.of, 5);
	assert_true(hash_equal(read.request, want.request));
	assert_true(hash_equal(read.authorization, want.authorization));
	assert_true(hash_equal(read.certificate, want.certificate));
	assert_int_equal(read.anchor, ANCHOR_NONE);
	assert_false(read.has_value);
}

static void a_manifest_is_read_with_and_without_its_optional_members(void **state)
{
	struct firmware_manifest read, want = good_manifest();

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		want.has_configuration = (i & 1) != 0;
		want.emergency = (i & 2) != 0;
		want.configuration = digest_of("configuration");
		want.revisions[0] = bytes_text("B");
		want.revisions[1] = bytes_text("C");
		want.revisions_n = i & 2;
		assert_true(reads_firmware_manifest(made_firmware_manifest(want), &read));
		assert_int_equal(read.has_configuration, want.has_configuration);
		assert_int_equal(read.emergency, want.emergency);
		assert_int_equal(read.revisions_n, want.revisions_n);
		assert_bytes(read.version, want.version);
		assert_int_equal(read.security_version, 2);
	}
}

static void a_permit_is_read_as_it_was_written(void **state)
{
	struct programming_permit read, want = good_permit();

	(void)state;
	assert_true(reads_programming_permit(made_programming_permit(want), &read));
	assert_bytes(read.nonce, want.nonce);
	assert_bytes(read.serial, want.serial);
	assert_true(hash_equal(read.unit_key, want.unit_key));
	assert_true(hash_equal(read.image, want.image));
	assert_true(hash_equal(read.station_key, want.station_key));
	assert_int_equal(read.until - read.from, PERMIT_LIFE_MS);
}

static void every_kind_is_signed_under_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = DOCUMENT_ADMISSION; i <= DOCUMENT_PERMIT; i++)
		for (int j = DOCUMENT_ADMISSION; j < i; j++)
			assert_false(bytes_equal(document_name((enum document_kind)i),
						 document_name((enum document_kind)j)));
}

/* ---- what does not ---- */

static unsigned kinds_of(struct bytes in)
{
	struct admission a;
	struct issue_receipt r;
	struct firmware_manifest m;
	struct programming_permit p;

	return (unsigned)reads_admission(in, &a) + (unsigned)reads_issue_receipt(in, &r) +
	       (unsigned)reads_firmware_manifest(in, &m) +
	       (unsigned)reads_programming_permit(in, &p);
}

/* Cut anywhere, or with something behind it, it is no document; and it is never two kinds. */
static void must_be_whole(struct bytes in)
{
	uint8_t longer[sizeof document_room + 1];

	assert_int_equal(kinds_of(in), 1);
	for (size_t n = 0; n < in.n; n++)
		assert_int_equal(kinds_of(bytes_of(in.p, n)), 0);
	memcpy(longer, in.p, in.n);
	longer[in.n] = 0xf6;
	assert_int_equal(kinds_of(bytes_of(longer, in.n + 1)), 0);
}

static void a_part_of_a_document_is_none(void **state)
{
	(void)state;
	must_be_whole(made_admission(good_admission()));
	must_be_whole(made_issue_receipt(good_receipt()));
	must_be_whole(made_firmware_manifest(good_manifest()));
	must_be_whole(made_programming_permit(good_permit()));
}

/* No single bit can be changed outside the signature so that it is then read as something that is
 * written otherwise: what is read is what stands there. */
static void a_changed_bit_is_refused_or_read_as_it_stands(void **state)
{
	static uint8_t changed[sizeof document_room];
	struct bytes in = made_programming_permit(good_permit());
	struct programming_permit read;
	struct cose_sign1 sign1;
	size_t refused = 0;

	(void)state;
	for (size_t bit = 0; bit < 8 * in.n; bit++) {
		memcpy(changed, in.p, in.n);
		changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (!programming_permit_parse(bytes_of(changed, in.n), &sign1, &read, &why)) {
			refused++;
			continue;
		}
		struct writer w = writer_of(list_room, sizeof list_room);
		struct bytes again;
		programming_permit_put(&w, &read);
		assert_true(writer_done(&w, &again));
		assert_bytes(again, sign1.payload);
	}
	assert_in_range(refused, 100, 8 * in.n);
}

static void a_document_beside_its_signature_is_refused(void **state)
{
	static const struct bytes none = {0};
	static const uint8_t signature[COSE_SIGNATURE_SIZE] = {1};
	uint8_t header[64];
	struct writer h = writer_of(header, sizeof header);
	struct writer w = writer_of(document_room, sizeof document_room);
	struct cose_sign1 sign1 = {.payload = none, .signature = bytes_of(signature, 64)};
	struct bytes out;

	(void)state;
	cose_put_protected(&h, COSE_EDDSA, digest_of("signer"));
	assert_true(writer_done(&h, &sign1.protected));
	cose_put(&w, &sign1);
	assert_true(writer_done(&w, &out));
	assert_int_equal(kinds_of(out), 0);
	assert_string_equal(why, "the document is not inside its signature");
}

static void an_admission_with_a_wrong_member_is_refused(void **state)
{
	static const uint8_t twice[2 * 34] = {[0] = 0x58, 0x20, 1, [34] = 0x58, 0x20, 1};
	static const uint8_t backwards[2 * 34] = {[0] = 0x58, 0x20, 2, [34] = 0x58, 0x20, 1};
	struct admission a = good_admission();

	(void)state;
	a.approvals = bytes_of(twice, sizeof twice);
	assert_false(good_or_not_admission(a));
	a.approvals = bytes_of(backwards, sizeof backwards);
	assert_false(good_or_not_admission(a));
	a = good_admission();
	a.anchor = (enum charter_anchor)3;
	assert_false(good_or_not_admission(a));
	a = good_admission();
	a.approval_class = bytes_text("two words");
	assert_false(good_or_not_admission(a));
	a = good_admission();
	a.at = INSTANT_MS_MAX + 1;
	assert_false(good_or_not_admission(a));
	a = good_admission();
	a.origin = bytes_text("");
	assert_false(good_or_not_admission(a));
}

static void an_admission_of_more_approvals_than_there_are_people_is_refused(void **state)
{
	static uint8_t many[65 * 34];
	struct admission a = good_admission();

	(void)state;
	for (size_t i = 0; i < 65; i++) {
		many[34 * i] = 0x58;
		many[34 * i + 1] = 0x20;
		many[34 * i + 2] = (uint8_t)i;
	}
	a.approvals = bytes_of(many, 64 * 34);
	a.approvals_n = 64;
	assert_true(good_or_not_admission(a));
	a.approvals = bytes_of(many, 65 * 34);
	a.approvals_n = 65;
	assert_false(good_or_not_admission(a));
}

static void a_receipt_beyond_its_authorization_is_refused(void **state)
{
	struct issue_receipt r = good_receipt();

	(void)state;
	r.n = 6;
	assert_false(good_or_not_issue_receipt(r));
	r.n = 0;
	assert_false(good_or_not_issue_receipt(r));
	r.n = 1;
	r.of = DOCUMENT_UNITS_MAX + 1;
	assert_false(good_or_not_issue_receipt(r));
	r.of = 0;
	assert_false(good_or_not_issue_receipt(r));
}

static void a_manifest_for_an_unknown_environment_is_refused(void **state)
{
	struct firmware_manifest m = good_manifest();

	(void)state;
	m.environment = bytes_text("prod");
	assert_false(good_or_not_firmware_manifest(m));
	assert_string_equal(why, "the document names an unknown environment");
	m.environment = bytes_text("staging");
	assert_true(good_or_not_firmware_manifest(m));
	m.revisions[0] = bytes_text("no id");
	m.revisions_n = 1;
	assert_false(good_or_not_firmware_manifest(m));
	m.revisions_n = 0;
	m.version = bytes_text("");
	assert_false(good_or_not_firmware_manifest(m));
}

static void an_emergency_that_says_no_is_refused(void **state)
{
	struct firmware_manifest m = good_manifest();
	struct writer w = writer_of(payload_room, sizeof payload_room);

	(void)state;
	m.emergency = true;
	firmware_manifest_put(&w, &m);
	assert_int_equal(payload_room[w.n - 1], 0xf5);
	payload_room[w.n - 1] = 0xf4;
	assert_false(reads_firmware_manifest(document(&w), &m));
}

static void a_permit_that_lasts_too_long_or_not_at_all_is_refused(void **state)
{
	struct programming_permit p = good_permit();

	(void)state;
	p.until++;
	assert_false(good_or_not_programming_permit(p));
	p.until = p.from;
	assert_false(good_or_not_programming_permit(p));
	p.until = p.from - 1;
	assert_false(good_or_not_programming_permit(p));
}

static void a_permit_with_a_short_nonce_is_refused(void **state)
{
	static const uint8_t nonce[DOCUMENT_NONCE_MAX + 1] = {0};
	struct programming_permit p = good_permit();

	(void)state;
	p.nonce = bytes_of(nonce, DOCUMENT_NONCE_LEAST);
	assert_true(good_or_not_programming_permit(p));
	p.nonce.n = DOCUMENT_NONCE_LEAST - 1;
	assert_false(good_or_not_programming_permit(p));
	p.nonce.n = sizeof nonce;
	assert_false(good_or_not_programming_permit(p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_admission_is_read_as_it_was_written),
		cmocka_unit_test(a_receipt_is_read_as_it_was_written),
		cmocka_unit_test(a_manifest_is_read_with_and_without_its_optional_members),
		cmocka_unit_test(a_permit_is_read_as_it_was_written),
		cmocka_unit_test(every_kind_is_signed_under_a_name_of_its_own),
		cmocka_unit_test(a_part_of_a_document_is_none),
		cmocka_unit_test(a_changed_bit_is_refused_or_read_as_it_stands),
		cmocka_unit_test(a_document_beside_its_signature_is_refused),
		cmocka_unit_test(an_admission_with_a_wrong_member_is_refused),
		cmocka_unit_test(an_admission_of_more_approvals_than_there_are_people_is_refused),
		cmocka_unit_test(a_receipt_beyond_its_authorization_is_refused),
		cmocka_unit_test(a_manifest_for_an_unknown_environment_is_refused),
		cmocka_unit_test(an_emergency_that_says_no_is_refused),
		cmocka_unit_test(a_permit_that_lasts_too_long_or_not_at_all_is_refused),
		cmocka_unit_test(a_permit_with_a_short_nonce_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
