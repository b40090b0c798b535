/* SPDX-License-Identifier: Apache-2.0 */
#include "base/catalog.h"

#include <string.h>

#include "base/catalog_table.h"

const struct message *catalog_find(const char *id)
{
	size_t low = 0, high = CATALOG_N;

	while (id && low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(id, CATALOG[middle].id);

		if (order == 0)
			return &CATALOG[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct message *catalog_at(size_t i)
{
	return i < CATALOG_N ? &CATALOG[i] : NULL;
}

/* Where a sentence goes: cut at `cap`, always closed by a zero. */
struct sentence {
	char *p;
	size_t cap, n;
	bool full;
};

static void say(struct sentence *s, const char *text, size_t n)
{
	if (s->full || s->cap == 0)
		return;
	size_t room = s->cap - 1 - s->n;

	if (n > room) {
		n = room;
		s->full = true;
		/* Never half a character: step back over continuation bytes of UTF-8. */
		while (n > 0 && ((uint8_t)text[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(s->p + s->n, text, n);
	s->n += n;
	s->p[s->n] = 0;
}

static const char *value_of(const struct fault *f, const char *name, size_t n)
{
	for (size_t i = 0; i < f->n; i++)
		if (strlen(f->values[i].name) == n && memcmp(f->values[i].name, name, n) == 0)
			return f->values[i].value;
	if (n == strlen("field") && memcmp(name, "field", n) == 0 && f->field[0])
		return f->field;
	return NULL;
}

/* Values are written as they are and never looked at for further names. */
static void say_template(struct sentence *s, const char *text, const struct fault *f)
{
	while (*text) {
		size_t plain = strcspn(text, "{");

		say(s, text, plain);
		text += plain;
		if (!*text)
			return;
		size_t name = strcspn(text + 1, "{}");
		const char *value = text[1 + name] == '}' ? value_of(f, text + 1, name) : NULL;

		if (value) {
			say(s, value, strlen(value));
			text += name + 2;
		} else {
			say(s, text, 1);
			text++;
		}
	}
}

static struct sentence sentence_in(char *out, size_t cap)
{
	if (cap > 0)
		out[0] = 0;
	return (struct sentence){.p = out, .cap = cap};
}

void catalog_render(const char *template_text, const struct fault *f, char *out, size_t cap)
{
	static const struct fault nothing = {.code = OK};
	struct sentence s = sentence_in(out, cap);

	say_template(&s, template_text, f ? f : &nothing);
}

void fault_text(const struct fault *f, char *out, size_t cap)
{
	struct sentence s = sentence_in(out, cap);
	const struct message *m = f->message ? catalog_find(f->message) : NULL;

	if (!m) {
		say_template(&s, err_info(f->code)->sentence, f);
		return;
	}
	say_template(&s, m->text, f);
	if (m->fix[0]) {
		say(&s, " Fix: ", strlen(" Fix: "));
		say_template(&s, m->fix, f);
	}
}
