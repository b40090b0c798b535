/* SPDX-License-Identifier: Apache-2.0 */
/* signer_tasks.c — decisions that took effect, and denials. What the signer answers stands in the log
 * beside the decision: admitted, with the document that it signed; or refused, and why. */
#include "core/cbor.h"
#include "core/entry.h"
#include "server/signer_work_internal.h"

#include <string.h>

/* A denial wins at any time, so it is brought first; a charter before what is weighed by it. */
static const char *const TASKS_SQL[] = {
	"SELECT t.digest, t.since, t.operation, t.sequence, 0, NULL, NULL, t.kind, t.id, t.target,"
	" NULL FROM signer_task t WHERE t.since > :after AND t.operation = 'deny'"
	" ORDER BY t.since LIMIT :most",
	"SELECT t.digest, t.since, t.operation, t.sequence, 0, NULL, NULL, t.kind, t.id, t.target,"
	" NULL FROM signer_task t WHERE t.since > :after AND t.operation = 'policy'"
	" ORDER BY t.since LIMIT :most",
	"SELECT t.digest, t.since, t.operation, t.sequence, 0, NULL, NULL, t.kind, t.id, t.target,"
	" NULL FROM signer_task t WHERE t.since > :after AND t.operation NOT IN ('deny', 'policy')"
	" ORDER BY t.since LIMIT :most",
};
enum { PASSES = sizeof TASKS_SQL / sizeof TASKS_SQL[0] };

struct task {
	struct wanted *what;
	struct arena *arena;
	struct bytes document; /* the signer's answer */
	uint64_t charter;      /* revision that it was weighed by */
};

/* ---- asking ---- */

static err decision_of(const char *operation, enum signer_decision *out, struct fault *f)
{
	static const char *const NAMES[] = {[DECISION_POLICY] = "policy",
					    [DECISION_AUTHORIZE] = "authorize",
					    [DECISION_FIRMWARE] = "firmware",
					    [DECISION_CREDENTIAL] = "credential"};

	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		*out = (enum signer_decision)i;
		if (strcmp(NAMES[i], operation) == 0)
			return ERR_OK;
	}
	return fail(f, "SIGNER_TASK_UNKNOWN", "operation", operation, NULL);
}

/* When the claim was recorded: the id of the answer's record begins with it. */
static err take_time(struct task *t, struct bytes bytes, struct fault *f)
{
	struct entry *entry = arena_alloc(t->arena, sizeof *entry);
	const char *why;

	if (entry == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (!entry_parse(bytes, entry, &why))
		return fail(f, "ENTRY_BAD", "detail", why, NULL);
	t->what->at = entry->witness.at;
	return ERR_OK;
}

static err gather(struct signer_work *w, struct task *t, uint64_t size, bool alone,
		  struct evidence *out, struct fault *f)
{
	struct reader_session *r;
	struct evidence_reader e;
	struct proved_entry *entry = arena_alloc(t->arena, sizeof *entry);

	if (entry == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(reader_take(w->server->engine, &r, f));
	err result = evidence_open(r, &e, f);
	if (result.code == OK) {
		*out = (struct evidence){.size = size, .entries = entry, .n = 1};
		result = alone ? evidence_entry(&e, t->arena, size, t->what->sequence, entry, f)
			       : evidence_decision(&e, t->arena, size, t->what->digest,
						   t->what->sequence, out, f);
		evidence_close(&e);
	}
	reader_give(r);
	TRY(result);
	return take_time(t, out->entries[0].entry, f);
}

static err decide(struct signer_work *w, void *context, uint64_t size, struct fault *f)
{
	struct task *t = context;
	enum signer_decision decision;
	struct evidence evidence = {0};

	TRY(decision_of(t->what->operation, &decision, f));
	TRY(gather(w, t, size, false, &evidence, f));
	return signer_decide(w->client, decision, &evidence, t->arena, &t->document, f);
}

/* The answer to a denial is no signed document: it is kept as it came. */
static err deny(struct signer_work *w, void *context, uint64_t size, struct fault *f)
{
	struct task *t = context;
	struct evidence evidence = {0};
	struct hash digest;
	uint64_t issued;
	uint8_t buffer[64];
	struct writer out = writer_of(buffer, sizeof buffer);
	struct bytes written;

	TRY(gather(w, t, size, true, &evidence, f));
	TRY(signer_deny(w->client, evidence.entries[0].entry, &digest, &issued, f));
	cbor_put_array(&out, 2);
	cbor_put_bytes(&out, hash_bytes(&digest));
	cbor_put_uint(&out, issued);
	if (!writer_done(&out, &written))
		return fail(f, "OUT_OF_MEMORY", NULL);
	t->document = arena_copy(t->arena, written);
	return t->document.p != NULL ? ERR_OK : fail(f, "OUT_OF_MEMORY", NULL);
}

/* An admission says by which charter; of another document it is the one in force. */
static err read_charter(struct signer_work *w, struct task *t, struct fault *f)
{
	struct admission admission;
	struct cose_sign1 sign1;
	struct signer_status status;
	struct charter *charter = arena_alloc(t->arena, sizeof *charter);
	const char *why;

	if (admission_parse(t->document, &sign1, &admission, &why)) {
		t->charter = admission.charter;
		return ERR_OK;
	}
	if (charter == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(signer_status_read(w->client, t->arena, &status, f));
	if (!charter_parse(status.charter, charter, &why))
		return fail(f, "SIGNER_REPLY_MALFORMED", "detail", why, NULL);
	t->charter = charter->revision;
	return ERR_OK;
}

/* ---- recording ---- */

/* A denial of something that never took effect is about the waiting record itself. */
static const char *id_of(const struct task *t)
{
	if (t->what->id != NULL)
		return t->what->id;
	return words_hex(t->arena, t->what->has_target ? t->what->target : t->what->digest);
}

static err record_admitted(struct signer_work *w, struct task *t, struct fault *f)
{
	struct words words = {.n = 0};
	bool credential = strcmp(t->what->operation, "credential") == 0;
	json_t *body;

	if (credential)
		body = json_pack("{s:s, s:s}", "credential", id_of(t), "certificate",
				 words_text(t->arena, t->document));
	else
		body = json_pack("{s:s, s:s, s:s, s:s, s:I}", "record",
				 words_hex(t->arena, t->what->digest), "kind", t->what->kind, "id",
				 id_of(t), "document", words_text(t->arena, t->document), "charter",
				 (json_int_t)t->charter);
	TRY(words_add(w, t->arena, &words, t->what,
		      credential ? "credential.issued" : "signer.admitted", body, f));
	return words_record(w, &words, f);
}

static err record_refused(struct signer_work *w, struct task *t, const char *code, struct fault *f)
{
	struct words words = {.n = 0};

	TRY(words_add(w, t->arena, &words, t->what, "signer.refused",
		      json_pack("{s:s, s:s, s:s, s:s}", "record",
				words_hex(t->arena, t->what->digest), "kind", t->what->kind, "id",
				id_of(t), "code", code),
		      f));
	return words_record(w, &words, f);
}

/* An error is one of ours, or the signer is away: then nothing else would go better. What it says to this
 * task holds up no other. */
static err do_task(struct signer_work *w, struct arena *a, struct wanted *what, struct fault *f)
{
	struct task t = {.what = what, .arena = a};
	struct fault said = {0};
	bool denial = strcmp(what->operation, "deny") == 0;
	err result = work_at_head(w, denial ? deny : decide, &t, &said);

	if (result.code == OK && strcmp(what->operation, "credential") != 0)
		result = read_charter(w, &t, &said);
	if (result.code == OK)
		return record_admitted(w, &t, f);
	if (signer_final(&said))
		return record_refused(w, &t, said.message, f);
	if (work_is_away(&said)) {
		*f = said;
		return result;
	}
	if (work_is_early(&said))
		w->behind = true;
	else
		work_postpone(w, what, &said);
	return ERR_OK;
}

static err do_pass(struct signer_work *w, struct arena *a, const char *sql, struct fault *f)
{
	int64_t after = -1;
	struct page *page;

	while (!work_is_stopping(w)) {
		arena_reset(a);
		TRY(work_read_page(w, a, sql, after, &page, f));
		if (page->last == after)
			break;
		after = page->last;
		for (size_t i = 0; i < page->n && !work_is_stopping(w); i++)
			TRY(do_task(w, a, &page->items[i], f));
	}
	return ERR_OK;
}

err work_tasks(struct signer_work *w, struct arena *a, struct fault *f)
{
	for (size_t i = 0; i < PASSES; i++)
		TRY(do_pass(w, a, TASKS_SQL[i], f));
	return ERR_OK;
}
