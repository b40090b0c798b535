/* SPDX-License-Identifier: Apache-2.0 */
/* ceremony_transcript.c — what was done, a line a step. Nobody can change, drop or move a line, or a file that
 * it names, without its being seen; the signatures at the end are of those who were in the room. */
#include "cli/ceremony.h"

#include "base/clock.h"
#include "base/files.h"
#include "client/key_file.h"
#include "core/sha256.h"

#include <stdio.h>
#include <string.h>

enum { TRANSCRIPT_MAX = 1 << 20, FILE_MAX = 1 << 20, LINE_MAX_SIZE = 16384 };
static const char CONTEXT[] = "sealwright ceremony transcript\n";

/* ---- writing ---- */

static void digest_of(struct bytes bytes, char out[static 65])
{
	struct hash h = sha256(bytes);

	hex_encode(hash_bytes(&h), out);
}

static err file_digest(struct arena *a, const char *folder, const char *name, char out[static 65],
		       struct fault *f)
{
	const char *path = arena_printf(a, "%s/%s", folder, name);
	struct bytes content;

	if (path == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(file_read(a, path, FILE_MAX, &content, f));
	digest_of(content, out);
	return ERR_OK;
}

err transcript_open(struct transcript *t, struct fault *f)
{
	digest_of(bytes_text(CONTEXT), t->previous);
	t->n = 0;
	return file_write(t->path, (struct bytes){0}, 0600, f);
}

static err append(struct transcript *t, json_t *line, struct fault *f)
{
	json_object_set_new(line, "previous", json_string(t->previous));
	char *text = json_dumps(line, JSON_COMPACT | JSON_SORT_KEYS);
	struct bytes before;

	if (text == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	err e = file_read(t->arena, t->path, TRANSCRIPT_MAX, &before, f);
	const char *all = e.code != OK ? NULL
				       : arena_printf(t->arena, "%.*s%s\n", (int)before.n,
						      (const char *)before.p, text);
	if (e.code == OK)
		e = all == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
				: file_write(t->path, bytes_text(all), 0600, f);
	digest_of(bytes_text(text), t->previous);
	free(text);
	return e;
}

err transcript_step(struct transcript *t, const struct ceremony_step *step, const char *output,
		    struct fault *f)
{
	char at[TIME_TEXT_SIZE], hex[65];
	json_t *files = json_object(), *words = json_array();
	err e = ERR_OK;

	for (size_t i = 0; e.code == OK && i < STEP_FILES && step->files[i] != NULL; i++) {
		e = file_digest(t->arena, t->folder, step->files[i], hex, f);
		json_object_set_new(files, step->files[i], json_string(hex));
	}
	if (e.code == OK && output != NULL) {
		e = file_digest(t->arena, t->folder, output, hex, f);
		json_object_set_new(files, output, json_string(hex));
	}
	for (size_t i = 0; i < STEP_WORDS && step->words[i] != NULL; i++)
		json_array_append_new(words, json_string(step->words[i]));
	time_text(clock_wall_ms(&clock_system), at);
	json_t *line = json_pack("{s:i, s:s, s:s, s:s, s:s, s:O, s:O}", "step", (int)++t->n, "at",
				 at, "who", step->who, "what", step->title, "outcome",
				 step->kind == STEP_REFUSED ? "refused, as it must" : "done",
				 "command", words, "files", files);
	if (e.code == OK)
		e = line == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : append(t, line, f);
	json_decref(line);
	json_decref(files);
	json_decref(words);
	return e;
}

static bool message_of(const char *previous, struct writer *w, struct bytes *out)
{
	put_text(w, CONTEXT);
	put_text(w, previous);
	return writer_done(w, out);
}

err transcript_sign(struct transcript *t, const char *who, struct fault *f)
{
	const char *path = arena_printf(t->arena, "%s/%s.key", t->folder, who);
	uint8_t room[256], signature[64];
	struct writer w = writer_of(room, sizeof room);
	char spki[2 * SPKI_SIZE_MAX], text[96];
	struct private_key *key;
	struct bytes message;

	if (path == NULL || !message_of(t->previous, &w, &message))
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(private_key_load(path, (struct bytes){0}, &key, f));
	err e = key_sign(key, message, signature, f);
	base64url_encode(public_key_spki(private_key_public(key)), spki);
	private_key_close(key);
	TRY(e);
	base64url_encode(bytes_of(signature, sizeof signature), text);
	json_t *line =
		json_pack("{s:s, s:s, s:s}", "signed_by", who, "key", spki, "signature", text);
	e = line == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : append(t, line, f);
	json_decref(line);
	return e;
}

/* ---- checking ---- */

struct checking {
	struct arena *arena;
	const char *folder;
	char previous[65];
	unsigned line, steps;
	size_t signers;
	struct fault *f;
};

static err changed(struct checking *c, const char *why)
{
	char number[16];

	snprintf(number, sizeof number, "%u", c->line);
	return fail(c->f, "CEREMONY_CHANGED", "line", number, "why", why, NULL);
}

static const char *text_in(const json_t *line, const char *name)
{
	const char *text = json_string_value(json_object_get(line, name));

	return text == NULL ? "" : text;
}

/* The step is that of the script, and every file is as it was. */
static err check_step(struct checking *c, const json_t *line)
{
	const struct ceremony_step *step = &CEREMONY[c->steps];
	const char *name;
	json_t *value;
	char hex[65];
	size_t i;

	if (c->signers > 0)
		return changed(c, "a step follows after the signatures");
	if (step->title == NULL ||
	    json_integer_value(json_object_get(line, "step")) != (json_int_t)c->steps + 1)
		return changed(c, "it is not the next step");
	if (strcmp(text_in(line, "who"), step->who) != 0 ||
	    strcmp(text_in(line, "what"), step->title) != 0)
		return changed(c, "it is another step than the script has there");
	json_array_foreach(json_object_get(line, "command"), i, value)
	{
		if (i >= STEP_WORDS || step->words[i] == NULL || !json_is_string(value) ||
		    strcmp(json_string_value(value), step->words[i]) != 0)
			return changed(c, "its command is another than the script has");
	}
	for (i = 0; i < STEP_FILES && step->files[i] != NULL; i++)
		if (json_object_get(json_object_get(line, "files"), step->files[i]) == NULL)
			return changed(c, "a file is missing in it");
	json_object_foreach(json_object_get(line, "files"), name, value)
	{
		struct fault gone;
		const char *why = arena_printf(c->arena, "the file %s is not what it was", name);

		if (strstr(name, "..") != NULL || name[0] == '/' || !json_is_string(value))
			return changed(c, "it names a file elsewhere");
		if (file_digest(c->arena, c->folder, name, hex, &gone).code != OK ||
		    strcmp(hex, json_string_value(value)) != 0)
			return changed(c, why == NULL ? "a file" : why);
	}
	c->steps++;
	return ERR_OK;
}

static err check_signature(struct checking *c, const json_t *line)
{
	const char *who = CEREMONY_SIGNERS[c->signers], *spki = text_in(line, "key");
	const char *pub =
		who == NULL ? NULL : arena_printf(c->arena, "%s/%s.key.pub", c->folder, who);
	char expected[2 * SPKI_SIZE_MAX];
	uint8_t room[256], signature[64];
	struct writer w = writer_of(room, sizeof room);
	struct public_key *key;
	struct bytes message;
	struct fault gone;
	size_t n;

	if (CEREMONY[c->steps].title != NULL)
		return changed(c, "steps are missing before it");
	if (pub == NULL || strcmp(text_in(line, "signed_by"), who) != 0)
		return changed(c, "it is not who signs there");
	if (public_key_file_read(pub, &key, &gone).code != OK)
		return changed(c, "who signed has no public key here");
	base64url_encode(public_key_spki(key), expected);
	struct bytes text = bytes_text(text_in(line, "signature"));
	bool good = strcmp(expected, spki) == 0 && message_of(c->previous, &w, &message) &&
		    base64url_decode(text, signature, sizeof signature, &n) && n == 64 &&
		    key_verify(key, message, signature);
	public_key_close(key);
	c->signers++;
	return good ? ERR_OK : changed(c, "its signature does not hold");
}

static err check_line(struct checking *c, struct bytes text)
{
	json_t *line = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	err e;

	c->line++;
	if (!json_is_object(line))
		e = changed(c, "it is not JSON");
	else if (strcmp(text_in(line, "previous"), c->previous) != 0)
		e = changed(c, "the line before it is another than it was");
	else if (json_object_get(line, "step") != NULL)
		e = check_step(c, line);
	else
		e = check_signature(c, line);
	json_decref(line);
	digest_of(text, c->previous);
	return e;
}

err transcript_check(struct arena *a, const char *path, unsigned *steps, struct fault *f)
{
	const char *slash = strrchr(path, '/');
	struct checking c = {.arena = a, .f = f};
	struct bytes text;

	c.folder = slash == NULL ? "." : arena_text(a, bytes_of(path, (size_t)(slash - path)));
	if (c.folder == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(file_read(a, path, TRANSCRIPT_MAX, &text, f));
	digest_of(bytes_text(CONTEXT), c.previous);
	while (text.n > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.n);

		if (end == NULL || end - text.p > LINE_MAX_SIZE)
			return changed(&c, "what follows it is no whole line");
		TRY(check_line(&c, bytes_of(text.p, (size_t)(end - text.p))));
		size_t n = (size_t)(end - text.p) + 1;
		text = bytes_of(text.p + n, text.n - n);
	}
	*steps = c.steps;
	return CEREMONY_SIGNERS[c.signers] == NULL && c.signers > 0
		       ? ERR_OK
		       : changed(&c, "signatures are missing after it");
}
