/* SPDX-License-Identifier: Apache-2.0 */
/* api_views.c — views, as JSON and as CSV. Each is read by a thread of the pool: a slow one holds up nobody's other
 * requests. */
#include "server/csv_text.h"
#include "server/read_pool.h"
#include "server/server_internal.h"

#include <stdlib.h>
#include <string.h>

static json_t *view_json(const struct view *v)
{
	json_t *parameters = json_array(), *columns = json_array();

	for (size_t i = 0; i < v->columns_n; i++)
		json_array_append_new(columns,
				      json_pack("{s:s, s:s}", "name", v->columns[i].name, "kind",
						column_kind_name(v->columns[i].kind)));
	for (size_t i = 0; i < v->parameters_n; i++)
		json_array_append_new(parameters,
				      json_pack("{s:s, s:s}", "name", v->parameters[i].name, "kind",
						field_kind_name(v->kinds[i])));
	return json_pack("{s:s, s:s, s:s, s:b, s:o, s:o}", "name", v->name, "area", v->area->name,
			 "permission", v->permission, "global", v->global, "parameters", parameters,
			 "columns", columns);
}

err handle_views(struct call *c, struct fault *f)
{
	const struct registry *registry = engine_registry(c->server->engine);
	json_t *views = json_array();

	(void)f;
	for (size_t i = 0; i < registry->views_n; i++)
		json_array_append_new(views, view_json(&registry->views[i]));
	reply_json(c, 200, json_pack("{s:o}", "views", views));
	return ERR_OK;
}

static err read_view(struct call *c, struct reader_session *r, bool closed, json_t **out,
		     struct fault *f)
{
	const char *names[HTTP_QUERY_MAX], *values[HTTP_QUERY_MAX];
	struct view_request request = {.name = bytes_text(c->arguments[0]),
				       .caller = &c->caller,
				       .n = http_query_count(c->request),
				       .names = names,
				       .values = values,
				       .closed = closed};

	for (size_t i = 0; i < request.n; i++)
		names[i] = http_query_at(c->request, i, &values[i]);
	return view_read(c->server->engine, r, c->request->arena, &request, out, f);
}

/* ---- one reading: lives in the request's arena ---- */

struct reading {
	struct read_job job; /* first: a job is its reading */
	struct call *call;
	struct http_ticket *ticket;
	bool closed, csv;
	err result;
	struct fault fault;
	struct bytes body;
	const char *next; /* cursor, NULL at the end */
};

/* From here on the reply lies in the arena: nothing is left to be freed if the client has gone. */
static err keep(struct reading *w, const char *text, size_t n, const char *next, struct fault *f)
{
	struct arena *a = w->call->request->arena;

	w->body = arena_copy(a, bytes_of(text, n));
	w->next = next == NULL ? NULL : arena_text(a, bytes_text(next));
	return w->body.p != NULL && (next == NULL || w->next != NULL)
		       ? ERR_OK
		       : fail(f, "OUT_OF_MEMORY", NULL);
}

static err render(struct reading *w, json_t *page, struct fault *f)
{
	const char *next = json_string_value(json_object_get(page, "next"));
	char *text = NULL;
	size_t n = 0;
	err result = ERR_OK;

	if (w->csv)
		result = csv_from_page(page, &text, &n, f);
	else
		text = json_dumps(page, JSON_COMPACT);
	if (result.code == OK && text == NULL)
		result = fail(f, "OUT_OF_MEMORY", NULL);
	if (result.code == OK)
		result = keep(w, text, w->csv ? n : strlen(text), next, f);
	free(text);
	return result;
}

static err read_page(struct reading *w, struct fault *f)
{
	struct call *c = w->call;
	struct reader_session *r;
	json_t *page = NULL;

	TRY(reader_take(c->server->engine, &r, f));
	err result = read_view(c, r, w->closed, &page, f);
	reader_give(r);
	if (result.code == OK)
		result = render(w, page, f);
	json_decref(page);
	return result;
}

/* On a thread of the pool. */
static void run(struct read_job *job)
{
	struct reading *w = (struct reading *)job;

	w->result = read_page(w, &w->fault);
	http_finish(w->ticket);
}

static void drop(struct read_job *job)
{
	http_finish(((struct reading *)job)->ticket);
}

/* On a thread of the server again. */
static void answer(struct http_request *r, void *context)
{
	struct reading *w = context;

	if (w->result.code != OK) {
		reply_fault(w->call, &w->fault, NULL);
		return;
	}
	http_header_set(r, "Vary", "Accept");
	if (!w->csv) {
		reply_bytes(w->call, 200, "application/json", w->body);
		return;
	}
	if (w->next != NULL)
		http_header_set(r, "X-Next-Cursor", w->next);
	http_header_set(r, "Content-Disposition", "attachment; filename=\"view.csv\"");
	reply_bytes(w->call, 200, "text/csv; charset=utf-8; header=present", w->body);
}

err handle_view(struct call *c, struct fault *f)
{
	struct reading *w = arena_alloc(c->request->arena, sizeof *w);

	if (w == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*w = (struct reading){.job = {.run = run, .drop = drop},
			      .call = c,
			      .closed = call_is_closed(c),
			      .csv = call_accepts(c, "text/csv")};
	w->ticket = http_suspend(c->request, answer, w);
	/* From here on the reply is made by answer(), whatever happens. */
	struct fault busy = {0};
	err taken = read_pool_add(c->server->readings, &w->job, &busy);
	if (taken.code == OK)
		return ERR_OK;
	w->result = taken;
	w->fault = busy;
	http_finish(w->ticket);
	return ERR_OK;
}
