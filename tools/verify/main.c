/* SPDX-License-Identifier: Apache-2.0 */
/* main.c — sealwright-verify PASSPORT --key LOGKEY: the story of a unit, and PASS or FAIL. */
#include "core/passport_story.h"
#include "verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HOLDS = 0, DOES_NOT_HOLD = 1, CANNOT_TELL = 2, KEY_TEXT_MAX = 1024 };

static const char HELP[] =
	"sealwright-verify PASSPORT --key LOGKEY\n"
	"\n"
	"Verifies the passport of a unit offline, and tells what it says. LOGKEY is the log's "
	"verifier\n"
	"key, or a file that holds it (log.vkey): get it from somebody whom you trust, not with "
	"the\n"
	"passport. --quiet tells only the last line.\n"
	"\n"
	"Ends with 0 if the passport holds, with 1 if it does not, with 2 if it could not be "
	"read.\n"
	"\n"
	"It needs nothing but OpenSSL's libcrypto. To build it from its source, type:\n"
	"  cc -O2 -Ilib -o sealwright-verify tools/verify/*.c lib/core/*.c lib/port/generic/*.c "
	"-lcrypto\n";

/* As much of the file as fits; false if it cannot be read or is larger. */
static bool read_file(const char *path, uint8_t *room, size_t cap, struct bytes *out)
{
	FILE *file = fopen(path, "rb");
	size_t n = file == NULL ? 0 : fread(room, 1, cap, file);
	bool good = file != NULL && ferror(file) == 0 && fgetc(file) == EOF;

	if (file != NULL)
		fclose(file);
	*out = bytes_of(room, n);
	return good;
}

static bool read_key(const char *text, struct note_key *out)
{
	static uint8_t room[KEY_TEXT_MAX];
	struct bytes content;

	if (note_key_parse(bytes_text(text), out))
		return true;
	if (!read_file(text, room, sizeof room, &content))
		return false;
	while (content.n > 0 && content.p[content.n - 1] == '\n')
		content.n--;
	return note_key_parse(content, out);
}

/* Others' words: what a terminal could obey, or show in another sequence, stands as \xHH. */
static void print_safe(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] >= 0x20 && text.p[i] < 0x7f && text.p[i] != '\\')
			putchar(text.p[i]);
		else
			printf("\\x%02x", text.p[i]);
}

static void print_line(void *context, const struct story_line *line)
{
	enum story_section *last = context;

	if (line->section != *last)
		printf("\n%s\n", story_section_title(line->section));
	*last = line->section;
	if (line->of_record)
		printf("%8" PRIu64 "  ", line->sequence);
	else
		printf("%8s  ", "-");
	print_safe(line->text);
	if (line->of_record)
		printf(" [%s]", story_source_name(line->source));
	putchar('\n');
}

static void print_pass(const struct verification *v)
{
	const struct subject *unit = &v->passport.subject;

	printf("PASS: ");
	print_safe(unit->kind);
	putchar(' ');
	print_safe(unit->within);
	putchar(' ');
	print_safe(unit->id);
	printf(": %zu records in the log of %" PRIu64
	       " entries that %s signed; %zu signed by their "
	       "authors, %zu reported, %zu decisions weighed again.\n",
	       v->entries, v->head.size, v->log->name, v->signed_by_author, v->reported, v->agreed);
	if (v->passkeys > 0)
		printf("But %zu passkeys could not be verified: the log names no relying party.\n",
		       v->passkeys);
	if (v->succeeded)
		printf("But the log went on under another name: who agreed to that, only "
		       "`sealwright verify passport` weighs.\n");
	if (!bytes_equal(v->mode, bytes_text("founded")))
		printf("But the log is not a founded one: one person alone may have decided.\n");
}

static void print_fail(const struct passport_failure *f)
{
	printf("FAIL at step %s", passport_step_name(f->step));
	if (f->has_sequence)
		printf(", record %" PRIu64, f->sequence);
	printf(": %s.\n", f->why);
}

int main(int count, char **words)
{
	static uint8_t file[PASSPORT_SIZE_MAX];
	static struct verification v;
	const char *path = NULL, *key_text = NULL;
	bool quiet = false;
	struct note_key key;
	struct bytes content;
	enum story_section last = STORY_SECTIONS;

	for (int i = 1; i < count; i++) {
		if (strcmp(words[i], "--key") == 0 && i + 1 < count)
			key_text = words[++i];
		else if (strcmp(words[i], "--quiet") == 0)
			quiet = true;
		else if (path == NULL && words[i][0] != '-')
			path = words[i];
		else
			path = key_text = NULL, i = count;
	}
	if (path == NULL || key_text == NULL) {
		fputs(HELP, stdout);
		return count == 2 && strcmp(words[1], "--help") == 0 ? HOLDS : CANNOT_TELL;
	}
	if (!read_key(key_text, &key)) {
		fprintf(stderr, "%s is no verifier key of a log, nor a file with one.\n", key_text);
		return CANNOT_TELL;
	}
	if (!read_file(path, file, sizeof file, &content)) {
		fprintf(stderr, "%s cannot be read, or is larger than 4 MiB.\n", path);
		return CANNOT_TELL;
	}
	if (!verify_passport(content, &key, &v)) {
		print_fail(&v.failure);
		return DOES_NOT_HOLD;
	}
	if (!quiet)
		passport_story(&v.passport, print_line, &last);
	if (!quiet)
		putchar('\n');
	print_pass(&v);
	return fflush(stdout) == 0 ? HOLDS : CANNOT_TELL;
}
