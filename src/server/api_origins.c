/* SPDX-License-Identifier: Apache-2.0 */
/* api_origins.c — what a unit was made of, back to its suppliers: from the genealogy in memory for those who
 * may see everything, else from the view recall.origins. Each row is one thing and that of which it is a part. */
#include "server/affected.h"
#include "server/genealogy.h"
#include "server/server_internal.h"

enum { LINKS_MAX = 100000 };

struct origins {
	struct call *call;
	struct reader_session *reader;
	const char *product, *serial;
	json_t *links, *reply;
};

/* ---- through the view ---- */

static err view_page(struct origins *o, const char *view, const char *cursor, json_t **page,
		     struct fault *f)
{
	const char *const names[] = {"product", "serial", "limit", "cursor"};
	const char *const values[] = {o->product, o->serial, "1000", cursor};
	struct view_request request = {.name = bytes_text(view),
				       .caller = &o->call->caller,
				       .n = cursor == NULL ? 3 : 4,
				       .names = names,
				       .values = values};

	return view_read(o->call->server->engine, o->reader, o->call->request->arena, &request,
			 page, f);
}

/* One who sees no such unit hears that there is none. */
static err must_be_seen(struct origins *o, struct fault *f)
{
	json_t *page;

	TRY(view_page(o, "recall.affected_unit", NULL, &page, f));
	const json_t *row = json_array_get(json_object_get(page, "rows"), 0);
	bool seen = json_is_string(json_object_get(row, "state"));
	json_decref(page);
	return seen ? ERR_OK
		    : fail(f, "AFFECTED_UNIT_UNKNOWN", "product", o->product, "serial", o->serial,
			   NULL);
}

static err links_from_view(struct origins *o, struct fault *f)
{
	const char *cursor = NULL;
	json_t *page;

	do {
		TRY(view_page(o, "recall.origins", cursor, &page, f));
		json_array_extend(o->links, json_object_get(page, "rows"));
		const char *next = json_string_value(json_object_get(page, "next"));
		cursor =
			next == NULL ? NULL : arena_text(o->call->request->arena, bytes_text(next));
		json_decref(page);
	} while (cursor != NULL && json_array_size(o->links) < LINKS_MAX);
	return ERR_OK;
}

/* ---- from memory ---- */

static bool is_shown(enum graph_kind kind)
{
	return kind == GRAPH_UNIT || kind == GRAPH_PART_LOT || kind == GRAPH_SUPPLIER;
}

static json_t *link_json(const struct graph *g, const struct graph_walk *walk, size_t place)
{
	struct graph_name of = graph_name_of(g, walk->nodes[walk->via[place]]);
	json_t *link = affected_name(g, walk->nodes[place]);

	json_object_set_new(link, "of_kind", json_string(graph_kind_name(of.kind)));
	json_object_set_new(link, "of_within",
			    json_stringn((const char *)of.within.p, of.within.n));
	json_object_set_new(link, "of_id", json_stringn((const char *)of.id.p, of.id.n));
	json_object_set_new(link, "certainty",
			    json_string(place < walk->certain_n ? "certain" : "possible"));
	return link;
}

static err links_from_memory(struct origins *o, const struct graph *g, struct fault *f)
{
	struct graph_name name = {GRAPH_UNIT, bytes_text(o->product), bytes_text(o->serial)};
	struct graph_walk walk;
	uint32_t unit;

	if (!graph_find(g, &name, &unit))
		return ERR_OK;
	TRY(graph_walk(g, unit, GRAPH_BACKWARD, &walk, f));
	for (size_t i = 1; i < walk.n && json_array_size(o->links) < LINKS_MAX; i++)
		if (is_shown(graph_kind_of(g, walk.nodes[i])))
			json_array_append_new(o->links, link_json(g, &walk, i));
	graph_walk_done(&walk);
	return ERR_OK;
}

static err answer(struct origins *o, struct fault *f)
{
	struct genealogy *genealogy = o->call->server->genealogy;
	struct merkle_head head;
	struct graph *g = NULL;
	uint64_t known = 0;
	bool all;

	TRY(call_holds(o->call, o->reader, "recall.read", f));
	TRY(must_be_seen(o, f));
	TRY(call_may(o->call, o->reader, "recall.read", NULL, &all, f));
	TRY(ledger_head(reader_ledger(o->reader), &head, f));
	if (all)
		g = genealogy_begin(genealogy, head.size, &known);
	err result = g == NULL ? links_from_view(o, f) : links_from_memory(o, g, f);
	if (g != NULL)
		genealogy_end(genealogy, g);
	TRY(result);
	json_object_set_new(o->reply, "sequence",
			    json_integer((json_int_t)(g == NULL ? head.size : known)));
	json_object_set_new(o->reply, "from", json_string(g == NULL ? "views" : "memory"));
	return ERR_OK;
}

err handle_origins(struct call *c, struct fault *f)
{
	struct origins o = {.call = c, .product = c->arguments[0], .serial = c->arguments[1]};

	if (!id_valid(bytes_text(o.product)) || !id_valid(bytes_text(o.serial)))
		return fail_field(f, "unit", "API_SUBJECT_WRONG", NULL);
	TRY(reader_take(c->server->engine, &o.reader, f));
	o.reply = json_object();
	o.links = json_array();
	json_object_set_new(o.reply, "links", o.links);
	err result = answer(&o, f);
	reader_give(o.reader);
	if (result.code != OK) {
		json_decref(o.reply);
		return result;
	}
	reply_json(c, 200, o.reply);
	return ERR_OK;
}
