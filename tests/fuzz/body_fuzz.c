/* SPDX-License-Identifier: Apache-2.0 */
/* A body as JSON, or as CBOR: what is taken encodes to bytes that are taken again, to the same, and the
 * type's own check has an answer to it. The first byte chooses the type, the second the coding. */
#include <stdlib.h>
#include <string.h>

#include "crypto/proof.h"
#include "record/check.h"
#include "record/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { CBOR_MAX = 1 << 18 };

extern const struct area *const AREAS[];

static const struct record_type *choose(uint8_t number)
{
	size_t count = 0;

	for (size_t pass = 0; pass < 2; pass++) {
		size_t at = 0;
		for (size_t i = 0; AREAS[i] != NULL; i++)
			for (const struct record_type *t = AREAS[i]->types; t->name != NULL; t++)
				if (pass == 1 && at++ == number % count)
					return t;
				else if (pass == 0)
					count++;
	}
	return NULL;
}

static struct bytes to_cbor(struct arena *a, const struct record_type *type,
			    const struct body *body)
{
	uint8_t *buffer = arena_alloc(a, CBOR_MAX);
	struct writer w = writer_of(buffer, CBOR_MAX);
	struct bytes out = {0};

	if (buffer == NULL)
		abort();
	body_to_cbor(&w, type->fields, body);
	return writer_done(&w, &out) ? out : (struct bytes){0};
}

/* Too large a body is the writer's to refuse. */
static void comes_through(struct arena *a, const struct record_type *type, const struct body *body,
			  struct bytes same_as)
{
	struct bytes cbor = to_cbor(a, type, body);
	struct body again;
	struct fault f = {0};

	if (cbor.n == 0)
		return;
	if (same_as.n > 0 && !bytes_equal(cbor, same_as))
		abort();
	if (body_from_cbor(a, type->fields, type->size, cbor, &again, &f).code != OK ||
	    again.present != body->present || !bytes_equal(to_cbor(a, type, &again), cbor))
		abort();
	json_decref(body_to_json(type->fields, &again, NULL, 0));
}

static bool from_json(struct arena *a, const struct record_type *type, struct bytes text,
		      struct body *out)
{
	static const uint8_t secret[32] = {1};
	static struct opening openings[OPENINGS_MAX];
	struct opener opener = {.secret = bytes_of(secret, sizeof secret),
				.author = bytes_text("ada"),
				.openings = openings};
	struct fault f = {0};
	json_t *json = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);

	if (json == NULL)
		return false;
	err result = body_from_json(a, type->fields, type->size, json, &opener, out, &f);
	json_decref(json);
	if (result.code != OK && f.message == NULL)
		abort();
	if (result.code == OK &&
	    openings_check(type->fields, out, openings, opener.n, &f).code != OK)
		abort();
	return result.code == OK;
}

static void checked(struct arena *a, const struct record_type *type, const struct body *body)
{
	static const struct claim claim = {.source = CLAIM_WITNESSED};
	const struct proof_party console = {.relying_party = bytes_text("fuzz.example"),
					    .any_origin = true};
	struct check_context context = {.arena = a,
					.origin = bytes_text("fuzz.example/log"),
					.console = &console,
					.claim = &claim};
	struct fault f = {0};
	uint64_t present = 0;

	if (type->check == NULL)
		return;
	void *outputs = arena_alloc(a, type->outputs_size);
	if (outputs == NULL)
		abort();
	err result = type->check(&context, body->p, body->present, outputs, &present, &f);
	if (result.code != OK && (f.message == NULL || type->nature == EVENT))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena arena = {.limit = 64u << 20};
	struct body body;
	struct fault f = {0};

	if (n < 2)
		return 0;
	const struct record_type *type = choose(data[0]);
	struct bytes text = bytes_of(data + 2, n - 2);
	if (data[1] % 2 == 0) {
		if (from_json(&arena, type, text, &body)) {
			comes_through(&arena, type, &body, (struct bytes){0});
			checked(&arena, type, &body);
		}
	} else if (body_from_cbor(&arena, type->fields, type->size, text, &body, &f).code == OK) {
		comes_through(&arena, type, &body, text);
		checked(&arena, type, &body);
	} else if (f.message == NULL) {
		abort();
	}
	arena_done(&arena);
	return 0;
}
