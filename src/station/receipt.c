/* SPDX-License-Identifier: Apache-2.0 */
/* receipt.c — a submission as it lies in the spool, and as a batch takes it. */
#include "station/station_internal.h"

#include "core/cbor.h"

#include <string.h>

struct submission_parts {
	struct bytes claim, proof;
	struct reader openings; /* the map */
};

static err parts_read(struct bytes submission, struct submission_parts *out, struct fault *f)
{
	struct reader r = reader_of(submission);
	size_t n = cbor_array(&r);

	if (n == 3) {
		out->claim = cbor_bytes(&r);
		out->proof = cbor_item(&r);
		struct bytes openings = cbor_item(&r);
		out->openings = reader_of(openings);
		if (reader_end(&r))
			return ERR_OK;
	}
	return fail(f, "SUBMISSION_BAD", "detail", "a submission is [claim, proof, openings]",
		    NULL);
}

err submission_claim(struct bytes submission, struct bytes *claim, struct fault *f)
{
	struct submission_parts parts;

	TRY(parts_read(submission, &parts, f));
	*claim = parts.claim;
	return ERR_OK;
}

static json_t *base64_json(struct arena *a, struct bytes raw)
{
	char *text = arena_alloc(a, base64_size(raw.n) + 1);

	if (text == NULL)
		return NULL;
	base64url_encode(raw, text);
	return json_string(text);
}

static json_t *openings_json(struct arena *a, struct reader *r)
{
	json_t *out = json_object();
	size_t n = cbor_map(r);

	for (size_t i = 0; i < n && r->why == NULL; i++) {
		struct bytes name = cbor_text(r);
		size_t two = cbor_array(r);
		struct bytes salt = cbor_bytes(r), value = cbor_text(r);
		const char *field = arena_text(a, name);
		if (two != 2 || field == NULL)
			reader_fail(r, "an opening is [salt, value]");
		json_t *one = json_pack("{s:o, s:s%}", "salt", base64_json(a, salt), "value",
					(const char *)value.p, value.n);
		if (one == NULL || json_object_set_new(out, field == NULL ? "" : field, one) != 0)
			reader_fail(r, "out of memory");
	}
	if (reader_end(r))
		return out;
	json_decref(out);
	return NULL;
}

static json_t *parts_json(struct arena *a, struct submission_parts *parts)
{
	struct claim claim;
	const char *why;

	if (!claim_parse(parts->claim, &claim, &why))
		return NULL;
	json_t *openings = openings_json(a, &parts->openings);
	if (openings == NULL)
		return NULL;
	return json_pack("{s:s%, s:o, s:o, s:o}", "type", (const char *)claim.type.p, claim.type.n,
			 "claim", base64_json(a, parts->claim), "proof",
			 base64_json(a, parts->proof), "openings", openings);
}

err submission_to_json(struct bytes submission, json_t **out, struct fault *f)
{
	struct submission_parts parts;
	struct arena a = {0};

	TRY(parts_read(submission, &parts, f));
	*out = parts_json(&a, &parts);
	arena_done(&a);
	return *out != NULL ? ERR_OK
			    : fail(f, "SUBMISSION_BAD", "detail", "it cannot be read", NULL);
}
