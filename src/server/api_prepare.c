/* SPDX-License-Identifier: Apache-2.0 */
/* api_prepare.c — the bytes of a claim for its author to sign, and how they read. */
#include "server/server_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Characters that take no place or turn the writing round (Unicode 15, section 23.2 and UAX #9):
 * U+200B to U+200F, U+2028 to U+202E, U+2066 to U+2069, U+FEFF. All take three bytes. */
static unsigned hidden_character(const char *p)
{
	const uint8_t *b = (const uint8_t *)p;

	if (b[0] < 0xe2 || b[1] == 0 || b[2] == 0)
		return 0;
	unsigned c = (b[0] & 0x0fu) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
	bool hidden = (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
		      (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
	return b[0] < 0xf0 && hidden ? c : 0;
}

/* No text can look like a line of its own, or like another text: its further lines stand to the
 * right, and what is hidden in it is named. */
static void put_value(struct writer *w, const char *text)
{
	char name[16];

	for (const char *p = text; *p != '\0'; p++) {
		unsigned hidden = hidden_character(p);
		if (hidden != 0) {
			snprintf(name, sizeof name, "<U+%04X>", hidden);
			put_text(w, name);
			p += 2;
		} else {
			put_u8(w, (uint8_t)*p);
			if (*p == '\n')
				put_text(w, "        ");
		}
	}
}

/* What the author is about to sign, line by line: `field: value`. */
static void put_lines(struct writer *w, const char *path, const json_t *json)
{
	char name[256];
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_object(json)) {
		json_object_foreach((json_t *)(uintptr_t)json, key, value)
		{
			snprintf(name, sizeof name, "%s%s%s", path, path[0] == '\0' ? "" : ".",
				 key);
			put_lines(w, name, value);
		}
		return;
	}
	if (json_is_array(json)) {
		json_array_foreach(json, i, value)
		{
			snprintf(name, sizeof name, "%s[%zu]", path, i + 1);
			put_lines(w, name, value);
		}
		return;
	}
	char *text = json_is_string(json) ? NULL : json_dumps(json, JSON_ENCODE_ANY);
	put_text(w, path);
	put_text(w, ": ");
	put_value(w, text == NULL ? json_string_value(json) : text);
	put_text(w, "\n");
	free(text);
}

static void put_time(struct writer *w, const char *name, uint64_t ms)
{
	char text[TIME_TEXT_SIZE];

	time_text(ms, text);
	put_text(w, name);
	put_text(w, text);
	put_text(w, "\n");
}

static void put_span(struct writer *w, const char *name, struct bytes span)
{
	put_text(w, name);
	put_bytes(w, span);
	put_text(w, "\n");
}

/* Read back from the bytes that will be signed, not from what was sent. */
static err render(struct call *c, const struct prepared *p, char **out, struct fault *f)
{
	struct arena *a = c->request->arena;
	size_t cap = 8 * (size_t)ENTRY_SIZE_MAX;
	struct writer w = writer_of(arena_alloc(a, cap), cap - 1);
	struct claim claim;
	struct body body;
	struct bytes written;
	const char *why;

	if (w.p == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (!claim_parse(p->claim, &claim, &why))
		return fail(f, "CLAIM_BAD", "detail", why, NULL);
	const struct compiled_type *t =
		registry_type(engine_registry(c->server->engine), claim.type);
	if (t == NULL)
		return fail(f, "TYPE_UNKNOWN", NULL);
	TRY(body_from_cbor(a, t->type->fields, t->type->size, claim.body, &body, f));
	put_span(&w, "record: ", claim.type);
	put_text(&w, "meaning: ");
	put_text(&w, t->type->help);
	put_text(&w, "\n");
	put_span(&w, "log: ", claim.origin);
	put_span(&w, "author: ", claim.author);
	put_time(&w, "made: ", claim.made);
	if (claim.has_occurred)
		put_time(&w, "occurred: ", claim.occurred);
	json_t *json = body_to_json(t->type->fields, &body, p->openings, p->openings_n);
	put_lines(&w, "", json);
	json_decref(json);
	if (!writer_done(&w, &written))
		return fail(f, "RECORD_TOO_LARGE", NULL);
	*out = (char *)w.p;
	return ERR_OK;
}

static json_t *openings_json(const struct prepared *p)
{
	json_t *all = json_object();
	char salt[64];

	for (size_t i = 0; i < p->openings_n; i++) {
		const struct opening *o = &p->openings[i];
		base64url_encode(bytes_of(o->salt, sizeof o->salt), salt);
		json_object_set_new(all, o->field,
				    json_pack("{s:s, s:o}", "salt", salt, "value",
					      json_stringn((const char *)o->value.p, o->value.n)));
	}
	return all;
}

static err prepare_key(struct call *c, json_t *json, struct hash *out, struct fault *f)
{
	const char *text;

	*out = c->key;
	if (json_object_get(json, "key") == NULL)
		return ERR_OK;
	TRY(json_member(json, "key", 64, &text, f));
	TRY(hash_read("key", text, out, f));
	(void)json_object_del(json, "key");
	return ERR_OK;
}

static err prepare(struct call *c, json_t *json, struct fault *f)
{
	struct arena *a = c->request->arena;
	struct prepared p;
	struct hash key;
	char hex[65], *text = NULL;

	TRY(call_apply_key(c, json, f));
	TRY(prepare_key(c, json, &key, f));
	TRY(submission_prepare(c->server->engine, a, &c->caller, bytes_text(c->arguments[0]), json,
			       key, &p, f));
	TRY(render(c, &p, &text, f));
	char *claim = arena_alloc(a, base64_size(p.claim.n) + 1);
	if (claim == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	base64url_encode(p.claim, claim);
	hex_encode(hash_bytes(&p.digest), hex);
	reply_json(c, 200,
		   json_pack("{s:s, s:s, s:s, s:o, s:s}", "type", c->arguments[0], "claim", claim,
			     "digest", hex, "openings", openings_json(&p), "text", text));
	return ERR_OK;
}

err handle_prepare(struct call *c, struct fault *f)
{
	json_t *json;

	TRY(call_read_json(c, &json, f));
	err result = prepare(c, json, f);
	json_decref(json);
	return result;
}
