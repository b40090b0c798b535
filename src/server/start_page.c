/* SPDX-License-Identifier: Apache-2.0 */
/* start_page.c — the first page: who reads, how many units are how far, what is held, what is on its way, and a
 * link to every view. */
#include "server/start_page.h"

#include <stdio.h>
#include <string.h>

/* ---- nobody yet ---- */

bool pages_known(struct call *c)
{
	if (c->known)
		return true;
	struct page *p = page_open(c, "Sealwright");

	page_raw(p, "<p>The evidence log <b>");
	page_text(p, c->server->config.origin);
	page_raw(
		p,
		"</b> is read by people who signed in. In a terminal:</p>\n"
		"<pre>sealwright sign-in-link --as YOU --key FILE --server "
		"https://HOST:PORT</pre>\n"
		"<p>prints a link that signs this browser in, once. What anybody may have without: "
		"<a href=\"/log/checkpoint\">the last signed checkpoint</a>, "
		"<a href=\"/openapi.json\">the description of the API</a>.</p>\n");
	http_header_set(c->request, "WWW-Authenticate", "Bearer");
	page_reply(c, 401, p);
	return false;
}

/* ---- counts ---- */

/* As many words as rows are read: none is left out. */
#define ROWS_MAX      1000
#define ROWS_MAX_TEXT "1000"

struct tally {
	const char *words[ROWS_MAX];
	uint64_t numbers[ROWS_MAX];
	size_t n;
};

static void tally_add(struct tally *t, const char *word, uint64_t number)
{
	size_t i = 0;

	while (i < t->n && strcmp(t->words[i], word) != 0)
		i++;
	if (i == ROWS_MAX)
		return;
	if (i == t->n)
		t->words[t->n++] = word;
	t->numbers[i] += number;
}

/* Rows of a view by the word in `column`; each counts as its column `weight`, or as one. */
static err put_tally(struct call *c, struct page *p, const char *title, const char *view,
		     const char *column, const char *weight, struct fault *f)
{
	static const char *const MANY[] = {"limit", ROWS_MAX_TEXT, NULL};
	json_t *page = NULL, *row;
	struct tally *tally = arena_alloc(c->request->arena, sizeof *tally);
	size_t i;

	if (tally == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(pages_view(c, view, MANY, &page, f));
	if (page == NULL)
		return ERR_OK;
	json_array_foreach(json_object_get(page, "rows"), i, row)
	{
		const char *word = json_string_value(json_object_get(row, column));
		json_t *number = weight == NULL ? NULL : json_object_get(row, weight);
		tally_add(tally, word == NULL ? "?" : word,
			  number == NULL ? 1 : (uint64_t)json_integer_value(number));
	}
	page_raw(p, "<tr><th>");
	page_link(p, title, (const char *[]){"view", view, NULL});
	page_raw(p, "</th><td>");
	for (i = 0; i < tally->n; i++) {
		page_raw(p, i == 0 ? "" : ", ");
		page_number(p, tally->numbers[i]);
		page_raw(p, " ");
		page_text(p, tally->words[i]);
	}
	page_raw(p, tally->n == 0 ? "none" : "");
	page_raw(p, json_object_get(page, "next") != NULL ? ", and more" : "");
	page_raw(p, "</td></tr>\n");
	json_decref(page);
	return ERR_OK;
}

static err put_counts(struct call *c, struct page *p, struct fault *f)
{
	page_raw(p, "<table>\n");
	TRY(put_tally(c, p, "Units", "unit.states", "state", "units", f));
	TRY(put_tally(c, p, "Open holds", "hold.open", "code", NULL, f));
	TRY(put_tally(c, p, "Nonconformances", "nonconformance.open", "code", NULL, f));
	TRY(put_tally(c, p, "Shipments out", "shipment.outbound", "state", NULL, f));
	TRY(put_tally(c, p, "Shipments in", "shipment.inbound", "state", NULL, f));
	TRY(put_tally(c, p, "Build authorizations", "build.list", "state", NULL, f));
	page_raw(p, "</table>\n");
	return ERR_OK;
}

/* ---- every view ---- */

static err put_views(struct call *c, struct page *p, struct reader_session *r, struct fault *f)
{
	const struct registry *registry = engine_registry(c->server->engine);

	page_raw(p, "<h2>Views</h2>\n<table>\n<tr><th>view</th><th>asked with</th></tr>\n");
	for (size_t i = 0; i < registry->views_n; i++) {
		const struct view *v = &registry->views[i];
		err result = call_holds(c, r, v->permission, f);
		if (result.code == ERR_FORBIDDEN) {
			*f = (struct fault){0};
			continue;
		}
		TRY(result);
		page_raw(p, "<tr><td>");
		page_link(p, v->name, (const char *[]){"view", v->name, NULL});
		page_raw(p, "</td><td><small>");
		for (size_t k = 0; k < v->parameters_n; k++) {
			page_raw(p, k == 0 ? "" : ", ");
			page_text(p, v->parameters[k].name);
		}
		page_raw(p, "</small></td></tr>\n");
	}
	page_raw(p, "</table>\n");
	return ERR_OK;
}

static err put_start(struct call *c, struct page *p, struct fault *f)
{
	struct reader_session *r;

	page_raw(p, "<p>Evidence log <b>");
	page_text(p, c->server->config.origin);
	page_raw(p, "</b>. You are <b>");
	page_text(p, c->caller.principal);
	page_raw(p, "</b>, and may read here. <form method=\"post\" action=\"/sign-out\">"
		    "<button>Sign out</button></form></p>\n");
	TRY(put_counts(c, p, f));
	TRY(reader_take(c->server->engine, &r, f));
	err result = put_views(c, p, r, f);
	reader_give(r);
	return result;
}

err handle_start_page(struct call *c, struct fault *f)
{
	if (!pages_known(c))
		return ERR_OK;
	struct page *p = page_open(c, "Sealwright");
	err result = put_start(c, p, f);

	if (result.code == OK)
		page_reply(c, 200, p);
	else
		page_fault(c, f);
	return ERR_OK;
}
