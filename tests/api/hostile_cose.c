/* SPDX-License-Identifier: Apache-2.0 */
/* hostile_cose.c — submissions in CBOR that are sound but for one thing, which the row names. */
#include "hostile.h"

#include "core/cbor.h"

#include <stdio.h>
#include <string.h>

#define ROLE   "/v1/records/role.defined"
#define SUPPLY "/v1/records/supplier.approved"
#define SEALS  "/v1/records/seal.received"

/* ---- the bytes of a claim, changed before they are signed ---- */

static struct bytes joined(struct arena *a, const char *before, size_t before_n,
			   struct bytes middle, struct bytes after)
{
	uint8_t *p = arena_alloc(a, before_n + middle.n + after.n + 1);

	assert_non_null(p);
	memcpy(p, before, before_n);
	if (middle.n > 0)
		memcpy(p + before_n, middle.p, middle.n);
	if (after.n > 0)
		memcpy(p + before_n + middle.n, after.p, after.n);
	return bytes_of(p, before_n + middle.n + after.n);
}

static struct bytes from(struct bytes claim, size_t at)
{
	return bytes_of(claim.p + at, claim.n - at);
}

static const struct bytes NOTHING = {NULL, 0};

static struct bytes long_head(struct arena *a, struct bytes claim)
{
	return joined(a, "\xb8\x09", 2, from(claim, 1), NOTHING);
}

static struct bytes indefinite(struct arena *a, struct bytes claim)
{
	return joined(a, "\xbf", 1, from(claim, 1), bytes_text("\xff"));
}

static struct bytes byte_after(struct arena *a, struct bytes claim)
{
	return joined(a, "", 0, claim, bytes_text("\x01"));
}

static struct bytes tagged(struct arena *a, struct bytes claim)
{
	return joined(a, "\xc1", 1, claim, NOTHING);
}

/* The origin takes 18 bytes with its key, the type 14. */
enum { ORIGIN_END = 1 + 18, TYPE_END = ORIGIN_END + 14 };

static struct bytes key_twice(struct arena *a, struct bytes claim)
{
	return joined(a, "\xaa", 1, bytes_of(claim.p + 1, ORIGIN_END - 1), from(claim, 1));
}

static struct bytes keys_unsorted(struct arena *a, struct bytes claim)
{
	struct bytes type = bytes_of(claim.p + ORIGIN_END, TYPE_END - ORIGIN_END);
	struct bytes origin = bytes_of(claim.p + 1, ORIGIN_END - 1);

	return joined(a, "\xa9", 1, joined(a, "", 0, type, origin), from(claim, TYPE_END));
}

static struct bytes key_unknown(struct arena *a, struct bytes claim)
{
	return joined(a, "\xaa", 1, from(claim, 1), bytes_text("\x18\x63\x01"));
}

static struct bytes without_origin(struct arena *a, struct bytes claim)
{
	return joined(a, "\xa8", 1, from(claim, ORIGIN_END), NOTHING);
}

static struct bytes list_instead(struct arena *a, struct bytes claim)
{
	(void)claim;
	return joined(a, "\x80", 1, NOTHING, NOTHING);
}

static struct bytes huge_count(struct arena *a, struct bytes claim)
{
	return joined(a, "\xbb\xff\xff\xff\xff\xff\xff\xff\xff", 9, from(claim, 1), NOTHING);
}

static struct bytes nothing(struct arena *a, struct bytes claim)
{
	(void)claim;
	return joined(a, "", 0, NOTHING, NOTHING);
}

/* ---- bodies ---- */

static void put_seal_head(struct writer *w, size_t n)
{
	cbor_put_map(w, 5);
	cbor_put_text(w, bytes_text("site"));
	cbor_put_text(w, bytes_text("alpha"));
	cbor_put_text(w, bytes_text("class"));
	cbor_put_text(w, bytes_text("H"));
	cbor_put_text(w, bytes_text("maker"));
	cbor_put_text(w, bytes_text("bulk"));
	cbor_put_text(w, bytes_text("seals"));
	cbor_put_array(w, n);
}

/* 72 bytes a seal; `last_n` characters for the last one. */
static struct bytes seals(struct arena *a, size_t n, size_t last_n)
{
	uint8_t *p = arena_alloc(a, 65536);
	struct writer w = writer_of(p, 65536);
	struct bytes out;
	char id[65];

	put_seal_head(&w, n);
	for (size_t i = 0; i < n; i++) {
		snprintf(id, sizeof id, "%064zu", i);
		cbor_put_map(&w, 1);
		cbor_put_text(&w, bytes_text("seal"));
		cbor_put_text(
			&w, bytes_of(id + 64 - (i + 1 < n ? 64 : last_n), i + 1 < n ? 64 : last_n));
	}
	cbor_put_text(&w, bytes_text("purchase_lot"));
	cbor_put_text(&w, bytes_text("bulk"));
	assert_true(writer_done(&w, &out));
	return out;
}

static struct bytes body_beyond_the_entry(struct arena *a)
{
	return seals(a, 452, 20);
}

static struct bytes body_beyond_the_claim(struct arena *a)
{
	return seals(a, 460, 20);
}

/* ---- the table ---- */

#define FORGED(...)                                                    \
	.type = "application/cbor", .forgery = &(const struct forgery) \
	{                                                              \
		__VA_ARGS__                                            \
	}
#define SALT   \
	"\x50" \
	"0123456789abcdef"

static const struct row ROWS[] = {
	{"the claim's map said in two bytes", 400, "CLAIM_BAD", NULL, ROLE,
	 FORGED(.edit = long_head)},
	{"the claim's map without a length", 400, "CLAIM_BAD", NULL, ROLE,
	 FORGED(.edit = indefinite)},
	{"a byte after the claim", 400, "CLAIM_BAD", NULL, ROLE, FORGED(.edit = byte_after)},
	{"a tag before the claim", 400, "CLAIM_BAD", NULL, ROLE, FORGED(.edit = tagged)},
	{"a key of the claim twice", 400, "CLAIM_BAD", NULL, ROLE, FORGED(.edit = key_twice)},
	{"keys of the claim out of order", 400, "CLAIM_BAD", NULL, ROLE,
	 FORGED(.edit = keys_unsorted)},
	{"an unknown key of the claim", 400, "CLAIM_BAD", NULL, ROLE, FORGED(.edit = key_unknown)},
	{"a claim without an origin", 400, "CLAIM_BAD", NULL, ROLE, FORGED(.edit = without_origin)},
	{"a claim that is a list", 400, "CLAIM_BAD", NULL, ROLE, FORGED(.edit = list_instead)},
	{"a claim of 2^64-1 pairs", 400, "CLAIM_BAD", NULL, ROLE, FORGED(.edit = huge_count)},
	{"an empty claim", 400, "CLAIM_BAD", NULL, ROLE, FORGED(.edit = nothing)},
	{"a claim with an id of version 4", 400, "CLAIM_BAD", NULL, ROLE,
	 FORGED(.uuid_version = 4)},
	{"an author that is no id", 400, "CLAIM_BAD", NULL, ROLE, FORGED(.author = "w anda")},
	{"an author of 65 characters", 400, "CLAIM_BAD", NULL, ROLE,
	 FORGED(.author = REPEAT64("w") "w")},
	{"a type that is none", 400, "CLAIM_BAD", NULL, ROLE, FORGED(.type = "Role.Defined")},
	{"a time beyond the year 9999", 400, "CLAIM_BAD", NULL, ROLE,
	 FORGED(.made = UINT64_C(253402300800000))},

	{"another log's origin", 400, "ORIGIN_WRONG", "origin", ROLE,
	 FORGED(.origin = "trial.example/log")},
	{"an origin that only begins like ours", 400, "ORIGIN_WRONG", "origin", ROLE,
	 FORGED(.origin = API_ORIGIN "2")},
	{"another type than the address says", 400, "TYPE_NOT_OF_PATH", "type",
	 "/v1/records/duty.separated", FORGED(.version = 1)},
	{"a type that is not known", 404, "TYPE_UNKNOWN", "type", "/v1/records/role.stolen",
	 FORGED(.type = "role.stolen")},
	{"a version that is not known", 400, "TYPE_VERSION_UNKNOWN", "version", ROLE,
	 FORGED(.version = 2)},
	{"a record of the server's own", 403, "TYPE_IS_SYSTEM", "type", "/v1/records/clock.stepped",
	 FORGED(.type = "clock.stepped", .body = RAW("\xa2\x64wall\x01\x68"
						     "expected\x01"))},
	{"a record in the server's name", 403, "TYPE_IS_SYSTEM", "type", ROLE,
	 FORGED(.author = "sealwright")},
	{"a key and no proof", 400, "KEY_WITHOUT_PROOF", "proof", ROLE,
	 FORGED(.proof = RAW("\xf6"))},
	{"a proof that is a number", 400, "PROOF_BAD", "proof", ROLE, FORGED(.proof = RAW("\x01"))},
	{"a proof that is true", 400, "PROOF_BAD", "proof", ROLE, FORGED(.proof = RAW("\xf5"))},
	{"a proof of two parts", 400, "PROOF_BAD", "proof", ROLE,
	 FORGED(.proof = RAW("\x82\x40\x40"))},
	{"a passkey's proof where there are none", 401, "PROOF_WRONG", "proof", ROLE,
	 FORGED(.proof = RAW("\x83\x41"
			     "a\x42{}\x41s"))},
	{"a passkey's proof with an empty part", 400, "PROOF_BAD", "proof", ROLE,
	 FORGED(.proof = RAW("\x83\x40\x42{}\x41s"))},
	{"a claim without a key", 400, "PROOF_WITHOUT_KEY", "key", ROLE, FORGED(.no_key = true)},
	{"a claim without key and proof", 400, "PROOF_MISSING", "proof", ROLE,
	 FORGED(.no_key = true, .proof = RAW("\xf6"))},
	{"the key id of another key", 401, "PROOF_WRONG", "proof", ROLE, FORGED(.kid = ADA)},
	{"the signature of another key", 401, "PROOF_WRONG", "proof", ROLE, FORGED(.signer = ADA)},
	{"another key throughout", 403, "KEY_NOT_AUTHORS", NULL, ROLE,
	 FORGED(.key = ADA, .kid = ADA, .signer = ADA)},
	{"another author, with one's own key", 403, "KEY_NOT_AUTHORS", NULL, ROLE,
	 FORGED(.author = "ada")},
	{"an author who is not known", 403, "KEY_NOT_AUTHORS", NULL, ROLE,
	 FORGED(.author = "nobody")},
	{"the algorithm of another kind of key", 401, "PROOF_WRONG", "proof", ROLE,
	 FORGED(.algorithm = COSE_ES256)},
	{"an algorithm without a signature", 400, "PROOF_BAD", "proof", ROLE,
	 FORGED(.algorithm = 5)},
	{"an algorithm that is too weak", 400, "PROOF_BAD", "proof", ROLE,
	 FORGED(.algorithm = -65535)},
	{"an unprotected header", 400, "PROOF_BAD", "proof", ROLE, FORGED(.unprotected = true)},
	{"the claim inside the proof", 400, "PROOF_BAD", "proof", ROLE, FORGED(.payload = true)},
	{"a signature of 63 bytes", 400, "PROOF_BAD", "proof", ROLE, FORGED(.signature_n = 63)},
	{"a signature of 65 bytes", 400, "PROOF_BAD", "proof", ROLE, FORGED(.signature_n = 65)},
	{"the tag of another message", 400, "PROOF_BAD", "proof", ROLE, FORGED(.tag = 98)},
	{"signed as another type", 401, "PROOF_WRONG", "proof", ROLE,
	 FORGED(.aad = "role.granted")},
	{"signed as no type", 401, "PROOF_WRONG", "proof", ROLE, FORGED(.aad = "")},
	{"made 25 hours ago", 400, "MADE_OUT_OF_WINDOW", "made", ROLE,
	 FORGED(.made_ms = -25ll * 3600 * 1000)},
	{"made in 25 hours", 400, "MADE_OUT_OF_WINDOW", "made", ROLE,
	 FORGED(.made_ms = 25ll * 3600 * 1000)},
	{"something that is still to come", 400, "OCCURRED_AFTER_MADE", "occurred", ROLE,
	 FORGED(.occurred = UINT64_C(253402300799999))},
	{"made in 1970", 400, "MADE_OUT_OF_WINDOW", "made", ROLE, FORGED(.made = 1)},
	{"an author without the permission", 403, "NOT_ALLOWED", NULL, ROLE,
	 FORGED(.author = "nemo", .key = NEMO, .kid = NEMO, .signer = NEMO)},
	{"an author whose permission is for a site", 403, "NOT_ALLOWED", NULL, ROLE,
	 FORGED(.author = "alma", .key = ALMA, .kid = ALMA, .signer = ALMA)},

	{"a body that is a list", 400, "CLAIM_BAD", NULL, ROLE, FORGED(.body = RAW("\x80"))},
	{"a body whose keys are numbers", 400, "CLAIM_BAD", NULL, ROLE,
	 FORGED(.body = RAW("\xa1\x01\x61r"))},
	{"a float", 400, "CLAIM_BAD", NULL, ROLE, FORGED(.body = RAW("\xa1\x64role\xf9\x3c\x00"))},
	{"undefined", 400, "CLAIM_BAD", NULL, ROLE, FORGED(.body = RAW("\xa1\x64role\xf7"))},
	{"a text in pieces", 400, "CLAIM_BAD", NULL, ROLE,
	 FORGED(.body = RAW("\xa1\x64role\x7f\x61r\xff"))},
	{"a length that is not the shortest", 400, "CLAIM_BAD", NULL, ROLE,
	 FORGED(.body = RAW("\xa1\x64role\x78\x01r"))},
	{"a text that is no UTF-8", 400, "CLAIM_BAD", NULL, ROLE,
	 FORGED(.body = RAW("\xa1\x64role\x61\xff"))},
	{"a field twice", 400, "CLAIM_BAD", NULL, ROLE,
	 FORGED(.body = RAW("\xa2\x64role\x61r\x64role\x61s"))},
	{"fields out of order", 400, "CLAIM_BAD", NULL, ROLE,
	 FORGED(.body = RAW("\xa2\x68includes\x80\x64role\x61r"))},
	{"twenty levels", 400, "CLAIM_BAD", NULL, ROLE,
	 FORGED(.body = RAW("\xa1\x64role"
			    "\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81"
			    "\x81\x81\x81\x81\x81\x81\x81\x81\x81\x80"))},
	{"an unknown field", 400, "FIELD_UNKNOWN", "rule", ROLE,
	 FORGED(.body = RAW("\xa1\x64rule\x61r"))},
	{"a field that is missing", 400, "FIELD_MISSING", "role", ROLE,
	 FORGED(.body = RAW("\xa0"))},
	{"null for an id", 400, "FIELD_WRONG", "role", ROLE,
	 FORGED(.body = RAW("\xa1\x64role\xf6"))},
	{"bytes for an id", 400, "FIELD_WRONG", "role", ROLE,
	 FORGED(.body = RAW("\xa1\x64role\x41r"))},
	{"a tagged id", 400, "FIELD_WRONG", "role", ROLE,
	 FORGED(.body = RAW("\xa1\x64role\xc0\x61r"))},
	{"an empty list", 400, "FIELD_WRONG", "includes", ROLE,
	 FORGED(.body = RAW("\xa2\x64role\x61r\x68includes\x80"))},
	{"a digest of 31 bytes", 400, "FIELD_WRONG", "record", "/v1/records/approval.given",
	 FORGED(.type = "approval.given", .body = RAW("\xa1\x66record\x58\x1f"
						      "0123456789abcdef0123456789abcde"))},
	{"a time of 2^62", 400, "FIELD_WRONG", "expires", SUPPLY,
	 FORGED(.type = "supplier.approved",
		.body = RAW("\xa2\x67"
			    "expires\x1b\x40\0\0\0\0\0\0\0\x68supplier\x61s"))},
	{"a time before 1970", 400, "FIELD_WRONG", "expires", SUPPLY,
	 FORGED(.type = "supplier.approved", .body = RAW("\xa2\x67"
							 "expires\x20\x68supplier\x61s"))},
	{"a claim that leaves no room for the entry", 413, "RECORD_TOO_LARGE", NULL, SEALS,
	 FORGED(.type = "seal.received", .bulk = body_beyond_the_entry)},
	{"a claim above 32 KiB", 400, "CLAIM_BAD", NULL, SEALS,
	 FORGED(.type = "seal.received", .bulk = body_beyond_the_claim)},

	{"openings that are a list", 400, "SUBMISSION_BAD", NULL, ROLE,
	 FORGED(.openings = RAW("\x80"))},
	{"a value that nothing commits to", 400, "OPENING_WRONG", NULL, ROLE,
	 FORGED(.openings = RAW("\xa1\x64name\x82" SALT "\x63"
				"Eve"))},
	{"a salt of 15 bytes", 400, "SUBMISSION_BAD", NULL, ROLE,
	 FORGED(.openings = RAW("\xa1\x64name\x82\x4f"
				"0123456789abcde\x63"
				"Eve"))},
	{"an opening without its salt", 400, "SUBMISSION_BAD", NULL, ROLE,
	 FORGED(.openings = RAW("\xa1\x64name\x63"
				"Eve"))},
	{"an opening with an empty value", 400, "SUBMISSION_BAD", NULL, ROLE,
	 FORGED(.openings = RAW("\xa1\x64name\x82" SALT "\x60"))},
	{"an opening twice", 400, "SUBMISSION_BAD", NULL, ROLE,
	 FORGED(.openings = RAW("\xa2\x64name\x82" SALT "\x63"
				"Eve\x64name\x82" SALT "\x63"
				"Eve"))},
	{"more openings than a record may have", 400, "OPENINGS_TOO_MANY", NULL, ROLE,
	 FORGED(.openings = RAW("\xb9\x03\xe8" REPEAT64(REPEAT8("\x01\x01\x01\x01"))))},
	{"openings of a length that is not there", 400, "SUBMISSION_BAD", NULL, ROLE,
	 FORGED(.openings = RAW("\xba\xff\xff\xff\xff"))},
	{"a byte after the submission", 400, "SUBMISSION_BAD", NULL, ROLE,
	 FORGED(.openings = RAW("\xa0\x01"))},
	{"no bytes at all", 400, "SUBMISSION_BAD", NULL, ROLE, .raw = RAW(""),
	 .type = "application/cbor"},
	{"JSON said to be CBOR", 400, "SUBMISSION_BAD", NULL, ROLE, .body = "{'body': {}}",
	 .type = "application/cbor", .once = true},
};

const struct table COSE_TABLE = TABLE_OF("COSE", ROWS);
