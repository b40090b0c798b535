/* SPDX-License-Identifier: Apache-2.0 */
/* ceremony.c — plays the script in a folder of its own, with this very program as every person's, and checks
 * what was written about it. */
#include "cli/ceremony.h"

#include "base/files.h"
#include "client/key_file.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	OUTPUT_MAX = 1 << 20,
	AWAIT_TRIES = 600,
	SHOWN_LINES = 14,
	ARGUMENTS = 32,
	SAID_MAX = 4096,
	LINE_SHOWN = 100
};
#define ANY_DIGEST "00000000000000000000000000000000000000000000000000000000000000aa"

struct ceremony {
	struct cli *cli;
	const char *folder;
	struct child server;
	unsigned n;       /* of the step */
	uint64_t record;  /* sequence of the last one */
	const char *said; /* by the step before */
	unsigned port;
	struct transcript transcript;
};

static const char *inside(struct ceremony *c, const char *name)
{
	const char *text = arena_printf(&c->cli->arena, "%s/%s", c->folder, name);

	return text == NULL ? "" : text;
}

/* ---- the words of a step ---- */

static const char *key_id(struct ceremony *c, const char *name, size_t n)
{
	const char *path = arena_printf(&c->cli->arena, "%s/%.*s.key.pub", c->folder, (int)n, name);
	struct public_key *key;
	struct fault gone;
	char hex[65];

	if (path == NULL || public_key_file_read(path, &key, &gone).code != OK)
		return "";
	struct hash id = public_key_id(key);
	public_key_close(key);
	hex_encode(hash_bytes(&id), hex);
	return arena_text(&c->cli->arena, bytes_text(hex));
}

/* What stands for a name in braces; NULL: it is none of ours. */
static const char *meaning(struct ceremony *c, const char *name, size_t n)
{
	struct bytes text = bytes_of(name, n);

	if (bytes_equal(text, bytes_text("D")))
		return c->folder;
	if (bytes_equal(text, bytes_text("N")))
		return arena_printf(&c->cli->arena, "%" PRIu64, c->record);
	if (bytes_equal(text, bytes_text("ANY")))
		return ANY_DIGEST;
	if (bytes_equal(text, bytes_text("SAID")))
		return c->said;
	if (bytes_equal(text, bytes_text("HSM")))
		return ceremony_module();
	return n > 3 && memcmp(name, "ID:", 3) == 0 ? key_id(c, name + 3, n - 3) : NULL;
}

static const char *expand(struct ceremony *c, const char *word)
{
	const char *text = "";

	while (*word != '\0' && text != NULL) {
		size_t n = strcspn(word, "{"), named = word[n] == '{' ? strcspn(word + n, "}") : 0;
		const char *value = named > 1 && word[n + named] == '}'
					    ? meaning(c, word + n + 1, named - 1)
					    : NULL;

		if (value == NULL)
			n += word[n] == '{';
		text = arena_printf(&c->cli->arena, "%s%.*s%s", text, (int)n, word,
				    value == NULL ? "" : value);
		word += n + (value == NULL ? 0 : named + 1);
	}
	return text == NULL ? "" : text;
}

/* Where the server is, and who asks. */
static size_t put_who(struct ceremony *c, const char *who, const char **out)
{
	size_t n = 0;

	out[n++] = "--server";
	out[n++] = arena_printf(&c->cli->arena, "https://localhost:%u", c->port);
	out[n++] = "--ca";
	out[n++] = inside(c, "house/tls.crt");
	out[n++] = "--log";
	out[n++] = inside(c, "house/log.vkey");
	out[n++] = "--as";
	out[n++] = who;
	out[n++] = "--key";
	out[n++] = inside(c, arena_printf(&c->cli->arena, "%s.key", who));
	return n;
}

static void put_arguments(struct ceremony *c, const struct ceremony_step *step,
			  const char *out[static ARGUMENTS])
{
	size_t n = 0;

	for (size_t i = 0; i < STEP_WORDS && step->words[i] != NULL && n < ARGUMENTS - 11; i++) {
		if (step->words[i][0] == '@')
			n += put_who(c, step->words[i] + 1, out + n);
		else
			out[n++] = expand(c, step->words[i]);
	}
	out[n] = NULL;
}

/* ---- the room script ---- */

/* As a shell wants it. */
static void say_word(const char *word)
{
	if (word[0] == '@')
		printf(" --as %s --key {D}/%s.key …", word + 1, word + 1);
	else if (strpbrk(word, " ;&?\"") != NULL)
		printf(" '%s'", word);
	else
		printf(" %s", word);
}

static void say_step(size_t n)
{
	const char *part;
	const struct ceremony_step *step = ceremony_step(n, &part);

	if (part != NULL)
		printf("\n== %s ==\n", part);
	printf("\n%2zu. %s %s%s\n", n + 1, step->who, step->title,
	       step->kind == STEP_REFUSED ? " (it must be refused)" : "");
	if (step->words[0] != NULL)
		printf("    $%s", step->kind == STEP_TOOL ? "" : " sealwright");
	for (size_t i = 0; i < STEP_WORDS && step->words[i] != NULL; i++)
		say_word(step->words[i]);
	if (step->words[0] != NULL)
		printf("\n");
	if (step->aloud != NULL)
		printf("    read aloud, write down: %s\n", step->aloud);
	if (step->protects != NULL)
		printf("    so that %s\n", step->protects);
}

static void say_signers(void)
{
	for (size_t i = 0; CEREMONY_SIGNERS[i] != NULL; i++)
		printf("%s%s", i == 0 ? "" : " and ", CEREMONY_SIGNERS[i]);
}

static void say_script(void)
{
	printf("The room script. {D} is a folder for the day; everybody has their own machine in "
	       "truth.\n");
	for (size_t i = 0; ceremony_step(i, NULL) != NULL; i++)
		say_step(i);
	printf("\nAt the end ");
	say_signers();
	printf(" sign the transcript.\n");
}

static void say_output(struct bytes text)
{
	for (unsigned line = 0; text.n > 0 && line < SHOWN_LINES; line++) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		size_t n = end == NULL ? text.n : (size_t)(end - text.p);

		printf("    | %.*s%s\n", n > LINE_SHOWN ? LINE_SHOWN : (int)n, (const char *)text.p,
		       n > LINE_SHOWN ? "…" : "");
		n += end != NULL;
		text = bytes_of(text.p + n, text.n - n);
	}
	if (text.n > 0)
		printf("    | …\n");
}

/* ---- playing ---- */

static bool says(struct bytes output, const char *expected)
{
	return expected == NULL || expected[0] == '\0' ||
	       memmem(output.p, output.n, expected, strlen(expected)) != NULL;
}

static err went_wrong(struct ceremony *c, const struct ceremony_step *step, const char *output,
		      struct fault *f)
{
	char number[16];

	snprintf(number, sizeof number, "%u", c->n);
	return fail(f, "CEREMONY_FAILED", "step", number, "what", step->title, "log", output, NULL);
}

static err run_once(struct ceremony *c, const struct ceremony_step *step, const char *path,
		    bool *ended_well, struct bytes *output, struct fault *f)
{
	const char *arguments[ARGUMENTS];
	struct fault why = {0};

	put_arguments(c, step, arguments);
	if (unlink(path) != 0 && errno != ENOENT)
		return went_wrong(c, step, path, f);
	if (step->kind == STEP_TOOL)
		TRY(ceremony_tool(arguments, path, ended_well, f));
	else
		*ended_well = child_run(arguments, path, &why).code == OK;
	return file_read(&c->cli->arena, path, OUTPUT_MAX, output, f);
}

/* A record that was made here is what the next step is about; and so is what was said. */
static void note_output(struct ceremony *c, struct bytes output)
{
	const uint8_t *start = memchr(output.p, '{', output.n);
	size_t n = start == NULL ? 0 : output.n - (size_t)(start - output.p);
	json_t *receipt = json_loadb((const char *)start, n, JSON_DISABLE_EOF_CHECK, NULL);
	const json_t *sequence = json_object_get(receipt, "sequence");

	if (json_is_integer(sequence))
		c->record = (uint64_t)json_integer_value(sequence);
	json_decref(receipt);
	while (output.n > 0 && output.p[output.n - 1] == '\n')
		output.n--;
	c->said = output.n > SAID_MAX ? NULL : arena_text(&c->cli->arena, output);
	if (c->said == NULL)
		c->said = "";
}

static err run_step(struct ceremony *c, const struct ceremony_step *step, const char *path,
		    struct fault *f)
{
	unsigned tries = step->kind == STEP_AWAIT ? AWAIT_TRIES : 1;
	struct bytes output = {0};
	bool ended_well = false, good = false;

	while (!good && tries-- > 0) {
		TRY(run_once(c, step, path, &ended_well, &output, f));
		good = ended_well == (step->kind != STEP_REFUSED) && says(output, step->expected);
	}
	say_output(output);
	if (!good)
		return went_wrong(c, step, path, f);
	note_output(c, output);
	return ERR_OK;
}

static err serve(struct ceremony *c, struct fault *f)
{
	const char *house = inside(c, "house"), *log = inside(c, "server.log");
	const char *arguments[] = {"serve", house, NULL};

	TRY(child_start(arguments, log, &c->server, f));
	c->port = (unsigned)strtoul(c->server.ready, NULL, 10);
	printf("    | it serves at https://localhost:%u\n", c->port);
	return ERR_OK;
}

static err play_step(struct ceremony *c, const struct ceremony_step *step, struct fault *f)
{
	const char *output = arena_printf(&c->cli->arena, "out/%02u.txt", c->n + 1);
	const char *path = output == NULL ? NULL : inside(c, output);
	bool runs = step->words[0] != NULL;

	if (path == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	say_step(c->n++);
	fflush(stdout);
	if (!ceremony_has(step->needs)) {
		printf("    | skipped: %s is not installed\n", step->needs);
		return transcript_step(&c->transcript, step, true, NULL, f);
	}
	if (runs)
		TRY(run_step(c, step, path, f));
	else if (step->kind == STEP_SERVE)
		TRY(serve(c, f));
	else
		child_stop(&c->server);
	return transcript_step(&c->transcript, step, false, runs ? output : NULL, f);
}

static err play(struct ceremony *c, struct fault *f)
{
	const struct ceremony_step *step;
	unsigned steps;

	TRY(folder_make(inside(c, "out"), f));
	TRY(ceremony_prepare(&c->cli->arena, c->folder, f));
	TRY(transcript_open(&c->transcript, f));
	while ((step = ceremony_step(c->n, NULL)) != NULL)
		TRY(play_step(c, step, f));
	for (size_t i = 0; CEREMONY_SIGNERS[i] != NULL; i++)
		TRY(transcript_sign(&c->transcript, CEREMONY_SIGNERS[i], f));
	TRY(transcript_check(&c->cli->arena, c->transcript.path, &steps, f));
	printf("\n%u steps; the transcript holds, and ", steps);
	say_signers();
	printf(" signed it.\n");
	return ERR_OK;
}

/* ---- the folder ---- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static err rehearse(struct cli *cli, struct fault *f)
{
	struct ceremony c = {.cli = cli, .folder = cli_option(cli, "dir"), .said = ""};
	char made[] = "/tmp/sealwright-ceremony-XXXXXX", absolute[PATH_MAX];
	bool keeps = c.folder != NULL;
	struct stat st;

	if (keeps && lstat(c.folder, &st) == 0)
		return fail(f, "STATE_EXISTS", "folder", c.folder, NULL);
	if (keeps)
		TRY(folder_make(c.folder, f));
	else if ((c.folder = mkdtemp(made)) == NULL)
		return fail(f, "FOLDER_MAKE_FAILED", "path", made, "why", strerror(errno), NULL);
	/* The address of a key in a token has whole paths. */
	if (realpath(c.folder, absolute) == NULL)
		return fail(f, "FOLDER_MAKE_FAILED", "path", c.folder, "why", strerror(errno),
			    NULL);
	c.folder = absolute;
	c.transcript = (struct transcript){.arena = &cli->arena, .folder = c.folder};
	c.transcript.path = inside(&c, "transcript");
	err e = play(&c, f);
	child_stop(&c.server);
	if (keeps)
		printf("Everything is in %s: its keys are worth nothing. `sealwright ceremony "
		       "--check "
		       "%s/transcript` checks it again.\n",
		       c.folder, c.folder);
	else if (e.code == OK)
		nftw(c.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return e;
}

err command_ceremony(struct cli *cli, struct fault *f)
{
	const char *check = cli_option(cli, "check");
	bool print = cli_flag(cli, "print"), plays = cli_flag(cli, "rehearse");
	unsigned steps;

	if ((check != NULL) + print + plays != 1)
		return fail(f, "CEREMONY_HOW", NULL);
	if (print)
		say_script();
	if (plays)
		TRY(rehearse(cli, f));
	if (check == NULL)
		return ERR_OK;
	TRY(transcript_check(&cli->arena, check, &steps, f));
	printf("The transcript holds: %u steps in their order, every file as it was, all "
	       "signatures.\n",
	       steps);
	return ERR_OK;
}
