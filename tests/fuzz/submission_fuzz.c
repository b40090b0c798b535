/* SPDX-License-Identifier: Apache-2.0 */
/* A submission as it comes from outside: raw CBOR, raw JSON, or any claim that its author has signed.
 * What passes is recorded by a real engine. The first byte chooses. */
#include "engine_fuzz.h"

#include "core/cbor.h"
#include "core/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { RAW_CBOR, RAW_JSON, SIGNED_CLAIM, REPORTED_CLAIM, WAYS };

/* The claim in its author's name, for this log, signed with its author's key. */
static struct bytes sign_claim(struct house *h, struct arena *a, struct bytes in, bool sign)
{
	struct claim claim;
	const char *why;
	uint8_t *p = arena_alloc(a, 4 * (size_t)ENTRY_SIZE_MAX);
	struct writer w = writer_of(p, 2 * (size_t)ENTRY_SIZE_MAX);
	struct bytes made, proof = bytes_of("\xf6", 1), out = {0};
	struct fault f = {0};

	if (p == NULL || !claim_parse(in, &claim, &why))
		return out;
	claim.origin = bytes_text(HOUSE_ORIGIN);
	claim.author = bytes_text(h->ada.id);
	claim.has_key = sign;
	claim.key = public_key_id(private_key_public(h->ada.key));
	claim_put(&w, &claim);
	if (!writer_done(&w, &made))
		return out;
	if (sign && cose_sign(a, h->ada.key, claim.type, made, &proof, &f).code != OK)
		abort();
	w = writer_of(p + 2 * (size_t)ENTRY_SIZE_MAX, 2 * (size_t)ENTRY_SIZE_MAX);
	cbor_put_array(&w, 3);
	cbor_put_bytes(&w, made);
	put_bytes(&w, proof);
	cbor_put_map(&w, 0);
	return writer_done(&w, &out) ? out : (struct bytes){0};
}

static err read_json(struct house *h, struct arena *a, const struct caller *caller,
		     struct bytes text, struct submission **out, struct fault *f)
{
	json_t *json = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	const char *type = json_string_value(json_object_get(json, "type"));

	if (type == NULL) {
		json_decref(json);
		return (fail)(f, "TYPE_UNKNOWN", NULL);
	}
	err result = submission_from_json(h->engine, a, caller, bytes_text(type), json, out, f);
	json_decref(json);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct house *h = fuzz_house();
	struct arena arena = {.limit = 64u << 20};
	struct caller caller = {.principal = "ada", .channel = CHANNEL_SESSION};
	struct submission *s = NULL;
	struct fault f = {0};
	err result;

	if (n < 1)
		return 0;
	struct bytes in = bytes_of(data + 1, n - 1);
	if (data[0] % WAYS == RAW_JSON) {
		result = read_json(h, &arena, &caller, in, &s, &f);
	} else {
		if (data[0] % WAYS != RAW_CBOR)
			in = sign_claim(h, &arena, in, data[0] % WAYS == SIGNED_CLAIM);
		result = submission_from_cbor(h->engine, &arena, &caller, bytes_of("", 0), in, &s,
					      &f);
	}
	if (result.code == OK) {
		if (record_submit_wait(h->engine, &s, 1, false, &f).code != OK)
			fuzz_is_fine(&f);
		else if (submission_result(s)->state == RESULT_REFUSED)
			fuzz_is_fine(&submission_result(s)->fault);
		else if (submission_result(s)->outcome == OUTCOME_UNFOLDED)
			abort();
		json_decref(result_to_json(s));
	} else {
		fuzz_is_fine(&f);
	}
	arena_done(&arena);
	return 0;
}
