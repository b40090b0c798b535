/* SPDX-License-Identifier: Apache-2.0 */
/* main.c — sealwright-verify PASSPORT --key LOGKEY: the story of a unit, and PASS or FAIL. */
#include "core/passport_story.h"
#include "verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HOLDS = 0, DOES_NOT_HOLD = 1, CANNOT_TELL = 2, KEY_TEXT_MAX = 1024 };

static const char HELP[] =
	"sealwright-verify PASSPORT --key LOGKEY [--log FOLDER] [--quiet]\n"
	"\n"
	"Verifies the passport of a unit offline, and tells what it says. LOGKEY is the log's "
	"verifier\n"
	"key, or a file that holds it (log.vkey): get it from somebody whom you trust, not with "
	"the\n"
	"passport. With --log, the copy of the whole log in FOLDER is looked through as well: "
	"nothing\n"
	"about the unit may be missing. --quiet tells only the last line.\n"
	"\n"
	"Ends with 0 if the passport holds, with 1 if it does not, with 2 if it could not be "
	"read.\n"
	"\n"
	"It needs nothing but OpenSSL's libcrypto. To build it from its source, type:\n"
	"  cc -O2 -Ilib -o sealwright-verify tools/verify/*.c lib/core/*.c lib/port/generic/*.c "
	"-lcrypto\n";

static bool read_key(const char *text, struct note_key *out)
{
	static uint8_t room[KEY_TEXT_MAX];
	struct bytes content;

	if (note_key_parse(bytes_text(text), out))
		return true;
	if (!verify_read_file(text, room, sizeof room, &content))
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

struct telling {
	const struct verification *v;
	enum story_section last;
};

static void print_shift(const struct verification *v, uint64_t sequence)
{
	for (size_t i = 0; i < v->by_shifts_n; i++)
		if (v->by_shifts[i].sequence == sequence)
			printf(" (signed with a shift's key, opened at %" PRIu64 ")",
			       v->by_shifts[i].opened);
}

static void print_line(void *context, const struct story_line *line)
{
	struct telling *telling = context;

	if (line->section != telling->last)
		printf("\n%s\n", story_section_title(line->section));
	telling->last = line->section;
	if (line->of_record)
		printf("%8" PRIu64 "  ", line->sequence);
	else
		printf("%8s  ", "-");
	print_safe(line->text);
	if (line->of_record) {
		printf(" [%s]", story_source_name(line->source));
		print_shift(telling->v, line->sequence);
	}
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

struct asked {
	const char *passport, *key, *log;
	bool quiet, help;
};

static bool read_words(int count, char **words, struct asked *out)
{
	for (int i = 1; i < count; i++) {
		bool more = i + 1 < count;
		if (strcmp(words[i], "--key") == 0 && more && out->key == NULL)
			out->key = words[++i];
		else if (strcmp(words[i], "--log") == 0 && more && out->log == NULL)
			out->log = words[++i];
		else if (strcmp(words[i], "--quiet") == 0)
			out->quiet = true;
		else if (strcmp(words[i], "--help") == 0)
			out->help = true;
		else if (out->passport == NULL && words[i][0] != '-')
			out->passport = words[i];
		else
			return false;
	}
	return out->help || (out->passport != NULL && out->key != NULL);
}

static int verify(const struct asked *asked, const struct note_key *key, struct bytes file)
{
	static struct verification v;
	struct telling telling = {&v, STORY_SECTIONS};

	if (!verify_passport(file, key, &v) ||
	    (asked->log != NULL && !verify_whole_log(&v, asked->log))) {
		print_fail(&v.failure);
		return DOES_NOT_HOLD;
	}
	if (!asked->quiet) {
		passport_story(&v.passport, print_line, &telling);
		putchar('\n');
	}
	print_pass(&v);
	if (asked->log != NULL)
		printf("The whole log beside it has no other record about the unit.\n");
	return HOLDS;
}

int main(int count, char **words)
{
	static uint8_t room[PASSPORT_SIZE_MAX];
	struct asked asked = {0};
	struct note_key key;
	struct bytes file;

	if (!read_words(count, words, &asked) || asked.help) {
		fputs(HELP, asked.help ? stdout : stderr);
		return asked.help ? HOLDS : CANNOT_TELL;
	}
	if (!read_key(asked.key, &key)) {
		fprintf(stderr, "%s is no verifier key of a log, nor a file with one.\n",
			asked.key);
		return CANNOT_TELL;
	}
	if (!verify_read_file(asked.passport, room, sizeof room, &file)) {
		fprintf(stderr, "%s cannot be read, or is larger than 4 MiB.\n", asked.passport);
		return CANNOT_TELL;
	}
	int status = verify(&asked, &key, file);
	return fflush(stdout) == 0 ? status : CANNOT_TELL;
}
