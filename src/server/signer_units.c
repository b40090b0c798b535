/* SPDX-License-Identifier: Apache-2.0 */
/* signer_units.c — device certificates and programming permits: many at a time, each with a result of its
 * own. */
#include "server/signer_work_internal.h"

#include <string.h>

/* A request whose authorization the signer has not answered yet can only be refused: it waits. */
static const char UNITS_SQL[] =
	"SELECT r.digest, r.since, 'issue', r.since, r.at, r.product, r.serial, NULL, NULL, NULL,"
	" d.code FROM unit_request r JOIN unit u ON u.product = r.product AND u.serial = r.serial"
	" JOIN build_authorization b ON b.id = u.build_authorization"
	" LEFT JOIN signer_decision d ON d.digest = b.digest AND d.verdict = 'refused'"
	" WHERE r.since > :after"
	" AND NOT EXISTS (SELECT 1 FROM signer_task t WHERE t.digest = b.digest)"
	" ORDER BY r.since LIMIT :most";

static const char PERMITS_SQL[] =
	"SELECT r.digest, r.since, 'permit', r.since, r.at, r.product, r.serial, NULL, NULL, NULL,"
	" NULL FROM permit_request r WHERE r.since > :after ORDER BY r.since LIMIT :most";

/* One batch on its way: what of a page is in it, and what came of each. */
struct batch_asked {
	struct arena *arena;
	struct wanted *items[WORK_BATCH];
	size_t n;
	bool permits;
	struct issued_unit units[WORK_BATCH];
	struct bytes permit[WORK_BATCH];
	struct fault faults[WORK_BATCH];
};

/* ---- asking ---- */

static err gather(struct signer_work *w, struct batch_asked *b, uint64_t size, struct evidence *out,
		  struct fault *f)
{
	struct proved_entry *entries = arena_array(b->arena, WORK_BATCH, sizeof *entries);
	struct reader_session *r;
	struct evidence_reader e;

	if (entries == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(reader_take(w->server->engine, &r, f));
	err result = evidence_open(r, &e, f);
	if (result.code == OK) {
		for (size_t i = 0; i < b->n && result.code == OK; i++)
			result = evidence_entry_and_key(&e, b->arena, size, b->items[i]->sequence,
							&entries[i], f);
		evidence_close(&e);
	}
	reader_give(r);
	*out = (struct evidence){.size = size, .entries = entries, .n = b->n};
	return result;
}

static err ask(struct signer_work *w, void *context, uint64_t size, struct fault *f)
{
	struct batch_asked *b = context;
	struct evidence evidence = {0};

	TRY(gather(w, b, size, &evidence, f));
	if (b->permits)
		return signer_permit(w->client, &evidence, b->arena, b->permit, b->faults, f);
	TRY(signer_issue_units(w->client, &evidence, b->arena, b->units, f));
	for (size_t i = 0; i < b->n; i++)
		b->faults[i] = b->units[i].why_not;
	return ERR_OK;
}

/* ---- recording ---- */

static json_t *issued_body(struct batch_asked *b, size_t i)
{
	const struct wanted *what = b->items[i];

	if (b->permits)
		return json_pack("{s:s, s:s, s:s, s:s}", "product", what->product, "serial",
				 what->serial, "permit", words_text(b->arena, b->permit[i]),
				 "request", words_hex(b->arena, what->digest));
	return json_pack("{s:s, s:s, s:s, s:s}", "product", what->product, "serial", what->serial,
			 "certificate", words_text(b->arena, b->units[i].certificate), "receipt",
			 words_text(b->arena, b->units[i].receipt));
}

static json_t *refused_body(struct batch_asked *b, const struct wanted *what, const char *code)
{
	json_t *body = json_pack("{s:s, s:s, s:s}", "product", what->product, "serial",
				 what->serial, "code", code);

	if (b->permits && body != NULL)
		json_object_set_new(body, "request",
				    json_string(words_hex(b->arena, what->digest)));
	return body;
}

static err add_refused(struct signer_work *w, struct batch_asked *b, struct words *words,
		       const struct wanted *what, const char *code, struct fault *f)
{
	return words_add(w, b->arena, words, what,
			 b->permits ? "permit.refused" : "certificate.refused",
			 refused_body(b, what, code), f);
}

static err add_answer(struct signer_work *w, struct batch_asked *b, struct words *words, size_t i,
		      struct fault *f)
{
	if (b->faults[i].code == OK)
		return words_add(w, b->arena, words, b->items[i],
				 b->permits ? "permit.issued" : "certificate.issued",
				 issued_body(b, i), f);
	if (signer_final(&b->faults[i]))
		return add_refused(w, b, words, b->items[i], b->faults[i].message, f);
	work_postpone(w, b->items[i], &b->faults[i]);
	return ERR_OK;
}

static void count(struct signer_work *w, const struct words *words)
{
	for (size_t i = 0; i < words->n; i++) {
		const char *type = submission_type(words->made[i])->type->name;
		if (submission_result(words->made[i])->state == RESULT_REFUSED)
			continue;
		if (strcmp(type, "certificate.issued") == 0)
			atomic_fetch_add(&w->server->metrics.certificates, 1);
		else if (strcmp(type, "permit.issued") == 0)
			atomic_fetch_add(&w->server->metrics.permits, 1);
		else
			atomic_fetch_add(&w->server->metrics.issue_failures, 1);
	}
}

/* What can never be issued is not asked for; what is not in a signed head yet waits for the next
 * round, and keeps nobody else from this one. */
static err sort(struct signer_work *w, struct page *page, struct batch_asked *b,
		struct words *words, struct fault *f)
{
	uint64_t head = work_head(w);

	for (size_t i = 0; i < page->n; i++) {
		struct wanted *what = &page->items[i];
		if (what->product == NULL || what->serial == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		if (what->refused != NULL)
			TRY(add_refused(w, b, words, what, what->refused, f));
		else if (what->sequence < head)
			b->items[b->n++] = what;
		else
			w->behind = true;
	}
	return ERR_OK;
}

static err do_page(struct signer_work *w, struct page *page, bool permits, struct fault *f)
{
	struct batch_asked *b = arena_alloc(page->arena, sizeof *b);
	struct words words = {.n = 0};

	if (b == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*b = (struct batch_asked){.arena = page->arena, .permits = permits};
	TRY(sort(w, page, b, &words, f));
	if (b->n > 0)
		TRY(work_at_head(w, ask, b, f));
	for (size_t i = 0; i < b->n; i++)
		TRY(add_answer(w, b, &words, i, f));
	TRY(words_record(w, &words, f));
	count(w, &words);
	return ERR_OK;
}

/* Every open request once, oldest first: one that is refused holds up no other. */
static err do_all(struct signer_work *w, struct arena *a, const char *sql, bool permits,
		  struct fault *f)
{
	int64_t after = -1;
	struct page *page;

	while (!work_is_stopping(w)) {
		arena_reset(a);
		TRY(work_read_page(w, a, sql, after, &page, f));
		if (page->last == after)
			break;
		after = page->last;
		if (page->n > 0)
			TRY(do_page(w, page, permits, f));
	}
	return ERR_OK;
}

err work_units(struct signer_work *w, struct arena *a, struct fault *f)
{
	return do_all(w, a, UNITS_SQL, false, f);
}

err work_permits(struct signer_work *w, struct arena *a, struct fault *f)
{
	return do_all(w, a, PERMITS_SQL, true, f);
}
