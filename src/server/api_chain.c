/* SPDX-License-Identifier: Apache-2.0 */
/* api_chain.c — what is recorded about one thing, for those who see the thing in its view. */
#include "server/server_internal.h"

#include <string.h>

enum { LIMIT_DEFAULT = 50 };

/* Where a kind of thing is listed: who finds a row there may read what is recorded about it. The first
 * parameter is the whole, where there is one. */
static const struct listed {
	const char *kind, *view, *within, *id;
} LISTED[] = {
	{"unit", "unit.list", "product", "serial"},
	{"part_lot", "part_lot.list", "supplier", "part_lot"},
	{"supplier", "supplier.list", NULL, "supplier"},
	{"build_authorization", "build.list", NULL, "authorization"},
	{"firmware_release", "firmware.releases", NULL, "release"},
	/* Either site of a shipment sees it. */
	{"shipment", "shipment.outbound", NULL, "shipment"},
	{"shipment", "shipment.inbound", NULL, "shipment"},
	{"seal", "seal.stock", "maker", "where.seal"},
	{"containment", "containment.list", NULL, "containment"},
};

struct chain_asked {
	struct subject subject;
	const char *within, *id;
	uint64_t from, limit;
	bool has_from;
};

static err read_numbers(struct call *c, struct chain_asked *q, struct fault *f)
{
	const char *limit = http_query(c->request, "limit");
	const char *cursor = http_query(c->request, "cursor");

	q->limit = LIMIT_DEFAULT;
	q->has_from = cursor != NULL;
	if (limit != NULL)
		TRY(number_read("limit", limit, &q->limit, f));
	if (q->limit < 1 || q->limit > CHAIN_PAGE_MAX)
		return fail_field(f, "limit", "FIELD_WRONG", "field", "limit", "expected",
				  "a whole number from 1 to 200", NULL);
	return cursor == NULL ? ERR_OK : number_read("cursor", cursor, &q->from, f);
}

static err read_question(struct call *c, struct chain_asked *q, struct fault *f)
{
	static const char *const NAMES[] = {"limit", "cursor"};
	const char *kind = c->arguments[0];

	TRY(call_only_query(c, NAMES, 2, f));
	q->within = strcmp(c->arguments[1], "-") == 0 ? "" : c->arguments[1];
	q->id = c->arguments[2];
	if (!id_valid(bytes_text(kind)) || !id_valid(bytes_text(q->id)) ||
	    (q->within[0] != '\0' && !id_valid(bytes_text(q->within))))
		return fail_field(f, "subject", "API_SUBJECT_WRONG", NULL);
	q->subject = (struct subject){bytes_text(kind), bytes_text(q->within), bytes_text(q->id)};
	return read_numbers(c, q, f);
}

static err is_listed(struct call *c, struct reader_session *r, const struct listed *where,
		     const struct chain_asked *q, bool *out, struct fault *f)
{
	const char *names[] = {"limit", where->id, where->within};
	const char *values[] = {"1", q->id, q->within};
	struct view_request request = {.name = bytes_text(where->view),
				       .caller = &c->caller,
				       .n = where->within == NULL ? 2 : 3,
				       .names = names,
				       .values = values};
	json_t *page;

	TRY(view_read(c->server->engine, r, c->request->arena, &request, &page, f));
	*out = json_array_size(json_object_get(page, "rows")) > 0;
	json_decref(page);
	return ERR_OK;
}

/* Who reads the evidence log reads everything; others what they see. */
static err must_see(struct call *c, struct reader_session *r, const struct chain_asked *q,
		    struct fault *f)
{
	const char *kind = c->arguments[0];
	bool sees, known = false;

	TRY(call_may(c, r, "ledger.read", NULL, &sees, f));
	for (size_t i = 0; i < sizeof LISTED / sizeof LISTED[0] && !sees; i++) {
		if (strcmp(LISTED[i].kind, kind) != 0 ||
		    (LISTED[i].within == NULL) != (q->within[0] == '\0'))
			continue;
		known = true;
		TRY(is_listed(c, r, &LISTED[i], q, &sees, f));
	}
	if (!sees && !known)
		return call_needs(c, r, "ledger.read", NULL, f);
	return sees ? ERR_OK : fail(f, "CHAIN_NOTHING", "kind", kind, "id", q->id, NULL);
}

static err read_chain(struct call *c, struct reader_session *r, json_t **out, struct fault *f)
{
	struct chain_asked q = {0};

	TRY(read_question(c, &q, f));
	TRY(must_see(c, r, &q, f));
	return chain_to_json(c->server->engine, r, c->request->arena, &q.subject,
			     q.has_from ? &q.from : NULL, (size_t)q.limit, out, f);
}

err handle_chain(struct call *c, struct fault *f)
{
	struct reader_session *r;
	json_t *reply = NULL;

	TRY(reader_take(c->server->engine, &r, f));
	err result = read_chain(c, r, &reply, f);
	reader_give(r);
	TRY(result);
	reply_json(c, 200, reply);
	return ERR_OK;
}
