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

/* What becomes of a step; NULL without memory. */
static const char *outcome_of(struct arena *a, const struct ceremony_step *step, bool skipped)
{
	if (skipped)
		return arena_printf(a, "skipped: %s is not installed", step->needs);
	return step->kind == STEP_REFUSED ? "refused, as it must" : "done";
}

static err add_file(struct transcript *t, const char *name, json_t *files, struct fault *f)
{
	char hex[65];

	TRY(file_digest(t->arena, t->folder, name, hex, f));
	json_object_set_new(files, name, json_string(hex));
	return ERR_OK;
}

err transcript_step(struct transcript *t, const struct ceremony_step *step, bool skipped,
		    const char *output, struct fault *f)
{
	const char *outcome = outcome_of(t->arena, step, skipped);
	json_t *files = json_object(), *words = json_array();
	char at[TIME_TEXT_SIZE];
	err e = ERR_OK;

	for (size_t i = 0; e.code == OK && !skipped && i < STEP_FILES && step->files[i] != NULL;
	     i++)
		e = add_file(t, step->files[i], files, f);
	if (e.code == OK && output != NULL)
		e = add_file(t, output, files, f);
	for (size_t i = 0; i < STEP_WORDS && step->words[i] != NULL; i++)
		json_array_append_new(words, json_string(step->words[i]));
	time_text(clock_wall_ms(&clock_system), at);
	json_t *line = json_pack("{s:i, s:s, s:s, s:s, s:s, s:O, s:O}", "step", (int)++t->n, "at",
				 at, "who", step->who, "what", step->title, "outcome",
				 outcome == NULL ? "" : outcome, "command", words, "files", files);
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

static bool same_words(const json_t *said, const struct ceremony_step *step)
{
	size_t n = 0;

	while (n < STEP_WORDS && step->words[n] != NULL) {
		const char *word = json_string_value(json_array_get(said, n));

		if (word == NULL || strcmp(word, step->words[n]) != 0)
			return false;
		n++;
	}
	return json_array_size(said) == n;
}

/* Skipped is only what may be. */
static bool outcome_good(struct checking *c, const json_t *line, const struct ceremony_step *step,
			 bool *skipped)
{
	const char *said = text_in(line, "outcome"), *expected;

	*skipped = step->needs != NULL && strcmp(said, outcome_of(c->arena, step, false)) != 0;
	expected = outcome_of(c->arena, step, *skipped);
	return expected != NULL && strcmp(said, expected) == 0;
}

/* Those that the step makes, and what it said. */
static bool files_named(struct checking *c, const json_t *files, const struct ceremony_step *step)
{
	const char *output = arena_printf(c->arena, "out/%02u.txt", c->steps + 1);

	for (size_t i = 0; i < STEP_FILES && step->files[i] != NULL; i++)
		if (json_object_get(files, step->files[i]) == NULL)
			return false;
	return step->words[0] == NULL || (output != NULL && json_object_get(files, output) != NULL);
}

static err check_files(struct checking *c, json_t *files)
{
	const char *name;
	json_t *value;
	char hex[65];

	json_object_foreach(files, name, value)
	{
		struct fault gone;
		const char *why = arena_printf(c->arena, "the file %s is not what it was", name);

		if (strstr(name, "..") != NULL || name[0] == '/' || !json_is_string(value))
			return changed(c, "it names a file elsewhere");
		if (file_digest(c->arena, c->folder, name, hex, &gone).code != OK ||
		    strcmp(hex, json_string_value(value)) != 0)
			return changed(c, why == NULL ? "a file" : why);
	}
	return ERR_OK;
}

/* The step is that of the script, and every file is as it was. */
static err check_step(struct checking *c, const json_t *line)
{
	const struct ceremony_step *step = ceremony_step(c->steps, NULL);
	json_t *files = json_object_get(line, "files");
	bool skipped;

	if (c->signers > 0)
		return changed(c, "a step follows after the signatures");
	if (step == NULL ||
	    json_integer_value(json_object_get(line, "step")) != (json_int_t)c->steps + 1)
		return changed(c, "it is not the next step");
	if (strcmp(text_in(line, "who"), step->who) != 0 ||
	    strcmp(text_in(line, "what"), step->title) != 0)
		return changed(c, "it is another step than the script has there");
	if (!same_words(json_object_get(line, "command"), step))
		return changed(c, "its command is another than the script has");
	if (!outcome_good(c, line, step, &skipped))
		return changed(c, "its outcome is another than the script has");
	if (!skipped && !files_named(c, files, step))
		return changed(c, "a file is missing in it");
	TRY(check_files(c, files));
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

	if (ceremony_step(c->steps, NULL) != NULL)
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
