/* SPDX-License-Identifier: Apache-2.0 */
#include "record/sections.h"

#include <stdio.h>
#include <string.h>

struct splitter {
	struct arena *arena;
	const char *area;
	struct section *sections;
	size_t n;
	struct fault *fault;
};

struct kind_rule {
	const char *name;
	enum section_kind kind;
	size_t words_min, words_max;
};

static const struct kind_rule KINDS[] = {
	{"table", SECTION_TABLE, 3, SECTION_WORDS_MAX},
	{"scope", SECTION_SCOPE, 1, 1},
	{"refuse", SECTION_REFUSE, 2, SECTION_WORDS_MAX},
	{"flag", SECTION_FLAG, 2, SECTION_WORDS_MAX},
	{"fold", SECTION_FOLD, 1, SECTION_WORDS_MAX},
	{"control", SECTION_CONTROL, 2, SECTION_WORDS_MAX},
	{"view", SECTION_VIEW, 2, SECTION_WORDS_MAX},
	{"policy", SECTION_POLICY, 1, 1},
};

static err bad(const struct splitter *s, unsigned line, const char *detail)
{
	char number[16];

	snprintf(number, sizeof number, "%u", line);
	return fail(s->fault, "SQL_SECTION_BAD", "area", s->area, "line", number, "detail", detail,
		    NULL);
}

static const struct kind_rule *kind_find(const char *word)
{
	for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++)
		if (strcmp(word, KINDS[i].name) == 0)
			return &KINDS[i];
	return NULL;
}

/* A header is "-- " and a letter at the first column; "---" and indented dashes are comments. */
static bool is_header(struct bytes line)
{
	return line.n > 3 && memcmp(line.p, "-- ", 3) == 0 && line.p[3] >= 'a' && line.p[3] <= 'z';
}

static err split_words(struct splitter *s, struct section *section, struct bytes header,
		       unsigned line, const char **kind)
{
	char *text = arena_text(s->arena, header);
	size_t n = 0;
	const char *words[SECTION_WORDS_MAX + 1];

	if (text == NULL)
		return fail(s->fault, "OUT_OF_MEMORY", NULL);
	for (char *p = text; *p != '\0';) {
		while (*p == ' ' || *p == '\t' || *p == ',' || *p == '\r')
			*p++ = '\0';
		if (*p == '\0' || *p == '(')
			break; /* a remark in brackets ends the header */
		if (n == SECTION_WORDS_MAX + 1)
			return bad(s, line, "too many words in the header");
		words[n++] = p;
		p += strcspn(p, " \t,\r");
	}
	if (n == 0)
		return bad(s, line, "empty header");
	*kind = words[0];
	section->words_n = n - 1;
	memcpy(section->words, words + 1, (n - 1) * sizeof words[0]);
	return ERR_OK;
}

static bool is_gate(const char *word)
{
	return strncmp(word, "gate:", strlen("gate:")) == 0 && word[strlen("gate:")] != '\0';
}

/* One name or more, then one gate or more, then perhaps when it judges. */
static bool is_control(const struct section *s)
{
	size_t names = 0, gates = 0;

	while (names < s->words_n && !is_gate(s->words[names]))
		names++;
	while (names + gates < s->words_n && is_gate(s->words[names + gates]))
		gates++;
	size_t rest = s->words_n - names - gates;
	const char *last = s->words[s->words_n - 1];
	return names > 0 && gates > 0 &&
	       (rest == 0 ||
		(rest == 1 && (strcmp(last, "adopted") == 0 || strcmp(last, "evidence") == 0 ||
			       strcmp(last, "always") == 0)));
}

/* `TYPE …`, or `TYPE … CODE` of a refusal or flag; then perhaps `each LIST`. Only a type's name has a
 * dot in it. */
static bool is_rule(struct section *s, enum section_kind kind)
{
	while (s->types_n < s->words_n && strchr(s->words[s->types_n], '.') != NULL)
		s->types_n++;
	size_t named = s->types_n + (kind == SECTION_FOLD ? 0 : 1);
	return s->types_n > 0 && (s->words_n == named || (s->words_n == named + 2 &&
							  strcmp(s->words[named], "each") == 0));
}

static err start_section(struct splitter *s, struct bytes header, unsigned line)
{
	struct section *section = &s->sections[s->n];
	const char *word = NULL;

	if (s->n == SECTIONS_MAX)
		return bad(s, line, "too many sections in one file");
	TRY(split_words(s, section, header, line, &word));
	const struct kind_rule *rule = kind_find(word);
	if (rule == NULL)
		return bad(s, line, "unknown kind of section");
	if (section->words_n < rule->words_min || section->words_n > rule->words_max)
		return bad(s, line, "wrong number of words in the header");
	if ((rule->kind == SECTION_FOLD || rule->kind == SECTION_REFUSE ||
	     rule->kind == SECTION_FLAG) &&
	    !is_rule(section, rule->kind))
		return bad(s, line, "a rule is `TYPE … [CODE] [each LIST]`");
	if (rule->kind == SECTION_TABLE && strcmp(section->words[1], "key") != 0)
		return bad(s, line, "a table is `table NAME key COLUMN, …`");
	if (rule->kind == SECTION_CONTROL && !is_control(section))
		return bad(s, line,
			   "a control is `control ID … gate:GATE … [adopted|evidence|always]`");
	section->kind = rule->kind;
	section->line = line;
	s->n++;
	return ERR_OK;
}

/* One past the end of the line that starts at `at`, without its line feed. */
static size_t line_end(struct bytes text, size_t at)
{
	const uint8_t *feed = memchr(text.p + at, '\n', text.n - at);

	return feed == NULL ? text.n : (size_t)(feed - text.p);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The index where a `--` comment begins on this line, outside quotes; or the line's end. `quoted`
 * carries an open string over line ends. */
static size_t comment_start(struct bytes text, size_t at, size_t end, bool *quoted)
{
	for (size_t i = at; i < end; i++) {
		if (text.p[i] == '\'')
			*quoted = !*quoted;
		else if (!*quoted && text.p[i] == '-' && i + 1 < end && text.p[i + 1] == '-')
			return i;
	}
	return end;
}

/* Copies the section's body without comments, so that what is prepared is what is meant. */
static err finish_body(struct splitter *s, struct bytes text, size_t from, size_t to)
{
	struct section *section = &s->sections[s->n - 1];
	uint8_t *out = arena_alloc(s->arena, to - from + 1);
	size_t n = 0;
	bool quoted = false;

	if (out == NULL)
		return fail(s->fault, "OUT_OF_MEMORY", NULL);
	for (size_t at = from; at < to;) {
		size_t end = line_end(text, at);
		if (end > to)
			end = to;
		size_t stop = comment_start(text, at, end, &quoted);
		memcpy(out + n, text.p + at, stop - at);
		n += stop - at;
		if (end < to)
			out[n++] = '\n';
		at = end + 1;
	}
	while (n > 0 && (is_blank(out[n - 1]) || out[n - 1] == ';'))
		n--;
	out[n] = '\0';
	section->sql = (const char *)out;
	if (quoted)
		return bad(s, section->line, "a string is not closed");
	if (n == 0)
		return bad(s, section->line, "the section is empty");
	if (section->kind != SECTION_TABLE && memchr(out, ';', n) != NULL)
		return bad(s, section->line, "a section holds one statement");
	return ERR_OK;
}

err sections_split(struct arena *a, const char *area, struct bytes text, struct section **out,
		   size_t *n, struct fault *f)
{
	struct splitter s = {.arena = a, .area = area, .fault = f};
	size_t body = 0;
	unsigned line = 0;

	if (text.n > SECTION_FILE_MAX)
		return bad(&s, 0, "the file is too large");
	if (text.n > 0 && (memchr(text.p, '\0', text.n) != NULL || !utf8_valid(text)))
		return bad(&s, 0, "the file is not UTF-8 text");
	s.sections = arena_array(a, SECTIONS_MAX, sizeof *s.sections);
	if (s.sections == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t at = 0; at < text.n;) {
		size_t end = line_end(text, at);
		struct bytes here = bytes_of(text.p + at, end - at);
		line++;
		if (is_header(here)) {
			if (s.n > 0)
				TRY(finish_body(&s, text, body, at));
			TRY(start_section(&s, bytes_of(here.p + 3, here.n - 3), line));
			body = end < text.n ? end + 1 : end;
		}
		at = end + 1;
	}
	if (s.n > 0)
		TRY(finish_body(&s, text, body, text.n));
	*out = s.sections;
	*n = s.n;
	return ERR_OK;
}
