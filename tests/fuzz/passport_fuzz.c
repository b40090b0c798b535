/* SPDX-License-Identifier: Apache-2.0 */
/* A passport from anywhere: it is read without harm, told without harm even where nothing of it holds, and
 * one that holds is of a real thing; what its holder hides is gone, and nothing else. */
#include <stdlib.h>

#include "client/passport_check.h"
#include "client/passport_file.h"
#include "core/passport_story.h"
#include "log_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void count_line(void *context, const struct story_line *line)
{
	size_t *lines = context;

	if (line->section >= STORY_SECTIONS || line->text.n == 0)
		abort();
	++*lines;
}

static void check(struct bytes file, const char *key, const struct registry *registry)
{
	struct note_key log;
	struct passport_report report;
	struct fault f = {0};

	if (!note_key_parse(bytes_text(key), &log))
		abort();
	if (passport_check(file, &log, registry, NULL, NULL, &report, &f).code == OK) {
		if (report.entries == 0 || !id_valid(bytes_text(report.id)) ||
		    report.entries != report.signed_by_author + report.passkeys + report.reported)
			abort();
	} else if (f.message == NULL || report.failure.step == PASSPORT_HOLDS) {
		abort();
	}
}

static void redact(struct bytes file, const struct passport *p)
{
	struct arena a = {.limit = (size_t)64 << 20};
	struct fault f = {0};
	struct passport less;
	struct bytes out;
	const char *why;
	size_t shown, hidden;

	(void)passport_openings(p, &shown);
	if (passport_redact(&a, file, NULL, 0, &out, &hidden, &f).code == OK) {
		if (!passport_parse(out, &less, &why) || hidden != shown ||
		    !bytes_equal(less.entries, p->entries))
			abort();
		(void)passport_openings(&less, &shown);
		if (shown != 0)
			abort();
	}
	arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct registry *registry;
	struct fault f = {0};
	struct bytes file = bytes_of(data, n);
	struct passport p;
	const char *why;
	size_t lines = 0;

	if (registry == NULL && registry_make(AREAS, &registry, &f).code != OK)
		abort();
	check(file, FUZZ_LOG_KEY, registry);
	check(file, FUZZ_LOG_KEY_BUILT, registry);
	check(file, FUZZ_LOG_KEY_SHOWN, registry);
	if (passport_parse(file, &p, &why)) {
		passport_story(&p, count_line, &lines);
		if (lines == 0)
			abort();
		redact(file, &p);
	}
	return 0;
}
