/* SPDX-License-Identifier: Apache-2.0 */
/* sbom_match_world.h — components and advisories in few words, and what is said of them. Each test
 * program has its own. */
#ifndef TEST_FORMAT_SBOM_MATCH_WORLD_H
#define TEST_FORMAT_SBOM_MATCH_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "format/sbom_match.h"

#include <stdio.h>
#include <string.h>

static struct arena arena;
static struct fault fault;
static struct sbom_match match;

static inline int clean(void **state)
{
	(void)state;
	arena_done(&arena);
	arena = (struct arena){.limit = 512 << 20};
	fault = (struct fault){0};
	return 0;
}

/* JSON with ' for ". */
static inline struct bytes json(const char *text)
{
	char *p = arena_text(&arena, bytes_text(text));

	assert_non_null(p);
	for (char *c = p; *c != '\0'; c++)
		*c = *c == '\'' ? '"' : *c;
	return bytes_text(p);
}

static inline err matched(const char *components, const char *advisories)
{
	const char *bill = arena_printf(
		&arena, "{'bomFormat':'CycloneDX','specVersion':'1.6','components':[%s]}",
		components);
	const char *feed = arena_printf(&arena, "[%s]", advisories);

	return sbom_match(&arena, json(bill), json(feed), &match, &fault);
}

/* What is said of one component and these advisories: "no", "? what is missing", or for each finding
 * its number, "yes" with the fixed version, or "?" with what is missing. */
static inline const char *says(const char *component, const char *advisories)
{
	static char said[1024];
	size_t n = 0;

	if (matched(component, advisories).code != OK)
		fail_msg("%s %s", fault.message, fault.field);
	if (match.findings_n == 0)
		snprintf(said, sizeof said, "%s%s", match.answers[0] == OSV_UNKNOWN ? "? " : "no",
			 match.answers[0] == OSV_UNKNOWN ? sbom_missing_text(match.missing[0])
							 : "");
	for (size_t i = 0; i < match.findings_n; i++) {
		const struct sbom_finding *one = &match.findings[i];
		n += (size_t)snprintf(
			said + n, sizeof said - n, "%s%.*s %s %s%.*s", i > 0 ? "; " : "",
			(int)one->advisory.n, (const char *)one->advisory.p,
			one->answer == OSV_AFFECTED ? "yes" : "?", sbom_missing_text(one->missing),
			(int)one->fixed.n, (const char *)one->fixed.p);
	}
	return said;
}

#define PACKAGE(purl) "{'type':'library','name':'x','purl':'" purl "'}"
#define ABOUT(id, more, ecosystem, name, events)                                            \
	"{'id':'" id "','modified':'2026-01-01T00:00:00Z'," more "'affected':[{'package':{" \
	"'ecosystem':'" ecosystem "','name':'" name                                         \
	"'},'ranges':[{'type':'ECOSYSTEM','events':[" events "]}]}]}"
#define BELOW(id, ecosystem, name, version) \
	ABOUT(id, "", ecosystem, name, "{'introduced':'0'},{'fixed':'" version "'}")
#define SAYS(component, advisories, answer) assert_string_equal(says(component, advisories), answer)

#endif
