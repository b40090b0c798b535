/* SPDX-License-Identifier: Apache-2.0 */
/* hostile_envelope.c — what stands around a record's fields: ids, times, source, type, headers, and
 * batches. */
#include "hostile.h"

#include <stdio.h>
#include <string.h>

#define PART  "/v1/records/part.defined"
#define SOUND "'body': {'part': 'R-@ID', 'description': 'resistor', 'critical': false}"

static struct bytes spaces(struct hostile *h, size_t n)
{
	uint8_t *p = arena_alloc(&h->api->arena, n);

	assert_non_null(p);
	memset(p, ' ', n);
	return bytes_of(p, n);
}

static struct bytes body_193k(struct hostile *h)
{
	return spaces(h, (192u << 10) + 1);
}

static struct bytes body_17k(struct hostile *h)
{
	return spaces(h, (16u << 10) + 1);
}

static struct bytes body_17m(struct hostile *h)
{
	return spaces(h, (16u << 20) + 1);
}

static struct bytes records_1001(struct hostile *h)
{
	char *text = arena_alloc(&h->api->arena, 8192);
	size_t n = (size_t)snprintf(text, 8192, "{\"records\": [0");

	for (size_t i = 0; i < 1000; i++, n += 2)
		memcpy(text + n, ",0", 2);
	memcpy(text + n, "]}", 3);
	return bytes_text(text);
}

/* 257 members, each an empty object. */
static struct bytes openings_257(struct hostile *h)
{
	char *text = arena_alloc(&h->api->arena, 16384);
	int n = snprintf(text, 16384, "{\"claim\":\"AAAA\",\"openings\":{\"f\":{}");

	for (int i = 0; i < 256; i++)
		n += snprintf(text + n, (size_t)(16384 - n), ",\"f%d\":{}", i);
	n += snprintf(text + n, (size_t)(16384 - n), "}}");
	assert_true(n < 16384);
	return bytes_text(text);
}

static const struct row ROWS[] = {
	{"an id that is a number", 400, "FIELD_WRONG", "id", PART, .body = "{'id': 1, " SOUND "}"},
	{"an id that is null", 400, "FIELD_WRONG", "id", PART, .body = "{'id': null, " SOUND "}"},
	{"an empty id", 400, "FIELD_WRONG", "id", PART, .body = "{'id': '', " SOUND "}"},
	{"a UUID of version 4", 400, "FIELD_WRONG", "id", PART,
	 .body = "{'id': '0f8fad5b-d9cb-469f-a165-70867728950e', " SOUND "}"},
	{"a UUID of version 7 of another variant", 400, "FIELD_WRONG", "id", PART,
	 .body = "{'id': '018f2d6e-7b00-7000-0000-000000000000', " SOUND "}"},
	{"the UUID of zeros", 400, "FIELD_WRONG", "id", PART,
	 .body = "{'id': '00000000-0000-0000-0000-000000000000', " SOUND "}"},
	{"a UUID in brackets", 400, "FIELD_WRONG", "id", PART,
	 .body = "{'id': '{@ID}', " SOUND "}"},
	{"a UUID as a name", 400, "FIELD_WRONG", "id", PART,
	 .body = "{'id': 'urn:uuid:@ID', " SOUND "}"},
	{"a UUID without dashes", 400, "FIELD_WRONG", "id", PART,
	 .body = "{'id': '018f2d6e7b0070008000000000000000', " SOUND "}"},
	{"a UUID with a space after", 400, "FIELD_WRONG", "id", PART,
	 .body = "{'id': '@ID ', " SOUND "}"},
	{"a time that is none", 400, "FIELD_WRONG", "made", PART,
	 .body = "{'made': 'now', " SOUND "}"},
	{"a time that is a number", 400, "FIELD_WRONG", "made", PART,
	 .body = "{'made': 0, " SOUND "}"},
	{"an occurrence with a wrong zone", 400, "FIELD_WRONG", "occurred", PART,
	 .body = "{'occurred': '2026-01-01T00:00:00+25:00', " SOUND "}"},
	{"something that is still to come", 400, "OCCURRED_AFTER_MADE", "occurred", PART,
	 .body = "{'occurred': '9999-12-31T23:59:59Z', " SOUND "}"},
	{"something of tomorrow", 400, "OCCURRED_AFTER_MADE", "occurred", PART,
	 .body = "{'occurred': '@FUTURE', " SOUND "}"},
	{"a source that is none", 400, "FIELD_WRONG", "source", PART,
	 .body = "{'source': 'guessed', " SOUND "}"},
	{"a source that is a number", 400, "FIELD_WRONG", "source", PART,
	 .body = "{'source': 0, " SOUND "}"},
	{"a source that is null", 400, "FIELD_WRONG", "source", PART,
	 .body = "{'source': null, " SOUND "}"},
	{"an author of one's own choice", 400, "FIELD_UNKNOWN", "author", PART,
	 .body = "{'author': 'ada', " SOUND "}"},
	{"an origin of one's own choice", 400, "FIELD_UNKNOWN", "origin", PART,
	 .body = "{'origin': 'other.example', " SOUND "}"},
	{"a time of the server's", 400, "FIELD_UNKNOWN", "at", PART,
	 .body = "{'at': '@NOW', " SOUND "}"},
	{"a version of one's own choice", 400, "FIELD_UNKNOWN", "version", PART,
	 .body = "{'version': 2, " SOUND "}"},
	{"another type than the address says", 400, "TYPE_NOT_OF_PATH", "type", PART,
	 .body = "{'type': 'role.defined', " SOUND "}"},
	{"a type that is a number", 400, "TYPE_NOT_OF_PATH", "type", PART,
	 .body = "{'type': 7, " SOUND "}"},
	{"a type that is not known", 404, "TYPE_UNKNOWN", "type", "/v1/records/part.stolen",
	 .body = "{" SOUND "}"},
	{"a type in capitals", 404, "TYPE_UNKNOWN", "type", "/v1/records/PART.DEFINED",
	 .body = "{" SOUND "}"},
	{"a type with a slash in it", 404, "TYPE_UNKNOWN", "type", "/v1/records/part%2Fdefined",
	 .body = "{" SOUND "}"},
	{"a type of 400 characters", 404, "TYPE_UNKNOWN", "type",
	 "/v1/records/" REPEAT64("abcdef") "abcdefghijklmnop", .body = "{" SOUND "}"},
	{"a type in Cyrillic letters", 404, "TYPE_UNKNOWN", "type", "/v1/records/p%D0%B0rt.defined",
	 .body = "{" SOUND "}"},
	{"a record that its author has not signed", 400, "PROOF_MISSING", "proof", PART,
	 .body = "{" SOUND "}", .once = true},
	{"a record of the server's own", 403, "TYPE_IS_SYSTEM", "type",
	 "/v1/records/decision.refused",
	 .body = "{'body': {'type': 'part.defined', 'asked_by': 'ada', 'code': 'NO', 'record': "
		 "'" REPEAT8("01234567") "'}}",
	 .once = true},
	{"a device certificate of one's own", 403, "TYPE_IS_SYSTEM", "type",
	 "/v1/records/certificate.issued",
	 .body = "{'body': {'product': 'alpha-product', 'serial': '1', 'certificate': 'AAAA'}}",
	 .once = true},
	{"a second beginning of the log", 400, "FIELD_MISSING", NULL, "/v1/records/ledger.started",
	 .body = "{'body': {}}"},

	{"a claim that is a number", 400, "FIELD_WRONG", "claim", PART, .body = "{'claim': 5}",
	 .once = true},
	{"a claim that is null", 400, "FIELD_WRONG", "claim", PART, .body = "{'claim': null}",
	 .once = true},
	{"an empty claim", 400, "FIELD_WRONG", "claim", PART, .body = "{'claim': ''}",
	 .once = true},
	{"a claim with padding", 400, "FIELD_WRONG", "claim", PART, .body = "{'claim': 'oA=='}",
	 .once = true},
	{"a claim in the other alphabet", 400, "FIELD_WRONG", "claim", PART,
	 .body = "{'claim': '+/+/'}", .once = true},
	{"a claim in two lines", 400, "FIELD_WRONG", "claim", PART, .body = "{'claim': 'AA\\nAA'}",
	 .once = true},
	{"a claim of nothing", 400, "CLAIM_BAD", NULL, PART, .body = "{'claim': 'oA'}",
	 .once = true},
	{"a claim and a body", 400, "FIELD_UNKNOWN", "body", PART,
	 .body = "{'claim': 'oA', 'body': {}}", .once = true},
	{"a claim and an id", 400, "FIELD_UNKNOWN", "id", PART,
	 .body = "{'claim': 'oA', 'id': '@ID'}", .once = true},
	{"a proof that is an object", 400, "FIELD_WRONG", "proof", PART,
	 .body = "{'claim': 'oA', 'proof': {}}", .once = true},
	{"an empty proof", 400, "FIELD_WRONG", "proof", PART,
	 .body = "{'claim': 'oA', 'proof': ''}", .once = true},
	{"openings that are a list", 400, "FIELD_WRONG", "openings", PART,
	 .body = "{'claim': 'oA', 'openings': []}", .once = true},
	{"an opening that is a text", 400, "FIELD_WRONG", "salt", PART,
	 .body = "{'claim': 'oA', 'openings': {'name': 'Eve'}}", .once = true},
	{"an opening without its value", 400, "FIELD_WRONG", "openings", PART,
	 .body = "{'claim': 'oA', 'openings': {'name': {'salt': "
		 "'AAAAAAAAAAAAAAAAAAAAAA'}}}",
	 .once = true},
	{"an opening whose salt is too short", 400, "FIELD_WRONG", "openings", PART,
	 .body = "{'claim': 'oA', 'openings': {'name': {'salt': 'AAAA', 'value': 'Eve'}}}",
	 .once = true},
	{"257 openings", 400, "FIELD_WRONG", "openings", PART, .make = openings_257, .once = true},
	{"a signed claim for `prepare`", 400, "FIELD_UNKNOWN", "claim", PART "/prepare",
	 .body = "{'claim': 'oA', " SOUND "}"},
	{"a key for `prepare` that is a number", 400, "FIELD_WRONG", "key", PART "/prepare",
	 .body = "{'key': 5, " SOUND "}"},
	{"a key for `prepare` that is no digest", 400, "FIELD_WRONG", "key", PART "/prepare",
	 .body = "{'key': 'abcd', " SOUND "}"},
	{"a key of repetition that is no UUID", 400, "FIELD_WRONG", "id", PART,
	 .body = "{" SOUND "}", .headers = "Idempotency-Key: once\r\n"},
	{"a key of repetition that is no UTF-8", 400, "FIELD_WRONG", "Idempotency-Key", PART,
	 .body = "{" SOUND "}", .headers = "Idempotency-Key: \xff\r\n"},
	{"a key of repetition and another id", 400, "API_KEY_DIFFERS", "Idempotency-Key", PART,
	 .body = "{'id': '@ID', " SOUND "}",
	 .headers = "Idempotency-Key: 018f2d6e-7b00-7000-8000-000000000000\r\n"},
	{"a key of repetition and an id that is a number", 400, "API_KEY_DIFFERS",
	 "Idempotency-Key", PART, .body = "{'id': 5, " SOUND "}",
	 .headers = "Idempotency-Key: 5\r\n"},
	{"a key of repetition for a signed claim", 400, "API_KEY_OF_SIGNED", "Idempotency-Key",
	 PART, .body = "{'claim': 'AAAA'}",
	 .headers = "Idempotency-Key: 018f2d6e-7b00-7000-8000-000000000000\r\n"},
	{"two keys of repetition", 400, "HTTP_HEADER_REPEATED", NULL, PART, .body = "{" SOUND "}",
	 .headers = "Idempotency-Key: a\r\nIdempotency-Key: b\r\n"},

	{"no content type", 415, "API_CONTENT_TYPE", NULL, PART, .body = "{" SOUND "}", .type = ""},
	{"a form", 415, "API_CONTENT_TYPE", NULL, PART, .body = "{" SOUND "}",
	 .type = "application/x-www-form-urlencoded"},
	{"plain text", 415, "API_CONTENT_TYPE", NULL, PART, .body = "{" SOUND "}",
	 .type = "text/plain"},
	{"a type that only begins like JSON", 415, "API_CONTENT_TYPE", NULL, PART,
	 .body = "{" SOUND "}", .type = "application/jsonx"},
	{"CBOR said with a parameter", 415, "API_CONTENT_TYPE", NULL, PART, .raw = RAW("\x80"),
	 .type = "application/cbor; x=y"},
	{"CBOR for prepare", 415, "API_CONTENT_TYPE", NULL, PART "/prepare", .raw = RAW("\x80"),
	 .type = "application/cbor"},
	{"two content types", 400, "HTTP_HEADER_REPEATED", NULL, PART, .body = "{" SOUND "}",
	 .headers = "Content-Type: text/plain\r\n"},
	{"a compressed body", 415, "HTTP_CONTENT_CODING_UNKNOWN", NULL, PART, .body = "{" SOUND "}",
	 .headers = "Content-Encoding: gzip\r\n"},
	{"a body of 192 KiB and one", 413, "HTTP_BODY_TOO_LARGE", NULL, PART, .make = body_193k},
	{"a request for a nonce of 16 KiB and one", 413, "HTTP_BODY_TOO_LARGE", NULL,
	 "/v1/challenges", .make = body_17k},
	{"a batch of 16 MiB and one", 413, "HTTP_BODY_TOO_LARGE", NULL, "/v1/records",
	 .make = body_17m},
	{"a large batch without a session", 401, "API_IDENTITY_MISSING", NULL, "/v1/records",
	 .make = body_17k, .who = NOBODY},

	{"a batch that is a list", 400, "API_JSON_BAD", NULL, "/v1/records", .body = "[]"},
	{"a batch without records", 400, "FIELD_WRONG", "records", "/v1/records", .body = "{}"},
	{"a batch whose records are an object", 400, "FIELD_WRONG", "records", "/v1/records",
	 .body = "{'records': {}}"},
	{"an empty batch", 400, "BATCH_SIZE", NULL, "/v1/records", .body = "{'records': []}"},
	{"a batch of 1,001", 400, "BATCH_SIZE", NULL, "/v1/records", .make = records_1001},
	{"a batch with an unknown member", 400, "FIELD_UNKNOWN", "force", "/v1/records",
	 .body = "{'force': true, 'records': [1]}"},
	{"a batch whose `whole` is a text", 400, "FIELD_WRONG", "whole", "/v1/records",
	 .body = "{'whole': 'yes', 'records': [1]}"},
	{"a batch whose `whole` is null", 400, "FIELD_WRONG", "whole", "/v1/records",
	 .body = "{'whole': null, 'records': [1]}"},
	{"an item that is a number", 422, "API_JSON_BAD", NULL, "/v1/records",
	 .body = "{'records': [1]}", .item = true},
	{"an item without a type", 422, "FIELD_MISSING", "type", "/v1/records",
	 .body = "{'records': [{" SOUND "}]}", .item = true},
	{"an item whose type is a number", 422, "FIELD_WRONG", "type", "/v1/records",
	 .body = "{'records': [{'type': 1, " SOUND "}]}", .item = true},
	{"an item of an unknown type", 422, "TYPE_UNKNOWN", "type", "/v1/records",
	 .body = "{'records': [{'type': 'part.stolen', " SOUND "}]}", .item = true},
	{"an item that is not signed", 422, "PROOF_MISSING", "proof", "/v1/records",
	 .body = "{'records': [{'type': 'part.defined', " SOUND "}]}", .item = true},
	{"an item of the server's own", 422, "TYPE_IS_SYSTEM", "type", "/v1/records",
	 .body = "{'records': [{'type': 'clock.stepped', 'body': {'wall': '@NOW', 'expected': "
		 "'@NOW'}}]}",
	 .item = true},
	{"an item with a wrong claim", 422, "CLAIM_BAD", NULL, "/v1/records",
	 .body = "{'whole': true, 'records': [{'type': 'part.defined', 'claim': 'AAAA'}]}",
	 .item = true},
};

const struct table ENVELOPE_TABLE = TABLE_OF("envelopes", ROWS);
