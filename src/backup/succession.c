/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/succession.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/log.h"
#include "core/cbor.h"
#include "ledger/audit.h"
#include "ledger/ledger.h"
#include "record/claim_make.h"
#include "record/engine.h"

enum { APPROVAL_MAX = 4096 };

static err wrong(const char *why, struct fault *f)
{
	return fail(f, "SUCCESSION_WRONG", "why", why, NULL);
}

/* ---- what is there ---- */

/* As far as the old log's key signed it, a stranger's audit; the rest must give the head's root. */
static err audit(const struct succession_question *q, struct succession_plan *out, struct fault *f)
{
	struct audit_options options = {.verify = ed25519_verify, .entry = audit_keys_entry};
	struct audit_keys keys = {.arena = {.limit = (size_t)1 << 30}};
	struct audit_report report;
	struct registry *registry;

	TRY(registry_make(q->areas, &registry, f));
	keys.registry = registry;
	options.key = *q->log;
	options.entry_context = &keys;
	err e = charter_check_open(q->log, &keys.charter, f);
	if (e.code == OK)
		e = audit_run(audit_folder(q->tiles), &options, &report, f);
	out->signatures = keys.verified;
	charter_check_close(keys.charter);
	audit_keys_done(&keys);
	registry_free(registry);
	return e;
}

struct prefix {
	struct merkle tree;
	uint64_t size;
};

static err prefix_entry(void *context, uint64_t sequence, struct bytes entry)
{
	struct prefix *p = context;

	if (sequence < p->size)
		merkle_append(&p->tree, merkle_leaf(entry));
	return ERR_OK;
}

/* Where the signer's last head lies within what is there, it must be its head. */
static err compare(struct ledger *l, const struct succession_plan *plan, struct fault *f)
{
	struct prefix p = {.size = plan->facts.last.size};

	if (plan->facts.last.size == 0 || plan->facts.last.size > plan->recovered.size)
		return ERR_OK;
	TRY(ledger_each(l, 0, prefix_entry, &p, f));
	if (hash_equal(merkle_head(&p.tree).root, plan->facts.last.root))
		return ERR_OK;
	return wrong(
		"what is there is not what the signer signed: it is another log, or was changed",
		f);
}

static err read_log(const struct succession_question *q, struct succession_plan *out,
		    struct fault *f)
{
	struct ledger *l;
	struct db *db;

	TRY(db_open_reader(q->store, &db, f));
	err e = ledger_open(db, q->tiles, &l, f);
	if (e.code == OK) {
		e = ledger_head(l, &out->recovered, f);
		if (e.code == OK && out->recovered.size == 0)
			e = wrong("nothing was recovered", f);
		if (e.code == OK)
			e = ledger_write_tiles(l, out->recovered.size, f);
		if (e.code == OK)
			e = compare(l, out, f);
		ledger_close(l);
	}
	db_close(db);
	return e;
}

/* ---- what there is to agree to ---- */

static json_t *body_of_plan(const struct succession_question *q, const struct succession_plan *plan)
{
	char old_root[65], root[65], key[65];

	hex_encode(hash_bytes(&plan->facts.last.root), old_root);
	hex_encode(hash_bytes(&plan->recovered.root), root);
	hex_encode(hash_bytes(&plan->facts.next_key), key);
	return json_pack("{s:{s:s, s:s, s:I, s:s, s:I, s:s, s:s, s:b}}", "body", "origin",
			 q->new_origin, "old_origin", q->origin, "old_size",
			 (json_int_t)plan->facts.last.size, "old_root", old_root, "recovered",
			 (json_int_t)plan->recovered.size, "recovered_root", root, "checkpoint_key",
			 key, "used_up", plan->used_up);
}

static err state(const struct succession_question *q, struct arena *a, struct succession_plan *out,
		 struct fault *f)
{
	struct registry *registry;
	struct prepared made;

	TRY(registry_make(q->areas, &registry, f));
	struct claim_maker maker = {.registry = registry,
				    .origin = q->new_origin,
				    .author = SYSTEM_AUTHOR,
				    .now_ms = q->now_ms};
	json_t *json = body_of_plan(q, out);
	err e = json == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
			     : claim_make(&maker, a, bytes_text(SUCCESSION_TYPE), json, &made, f);
	json_decref(json);
	registry_free(registry);
	TRY(e);
	out->statement = made.claim;
	out->digest = made.digest;
	return ERR_OK;
}

err succession_plan_make(const struct succession_question *question, struct arena *a,
			 struct succession_plan *out, struct fault *f)
{
	const struct succession_question *q = question;

	*out = (struct succession_plan){0};
	if (strcmp(q->origin, q->new_origin) == 0)
		return wrong("the new log needs a name that was never used", f);
	TRY(signer_succession_facts(q->signer, q->passphrase, &out->facts, f));
	if (strcmp(out->facts.origin, q->origin) != 0)
		return wrong("the signer is of another log than the settings say", f);
	TRY(read_log(q, out, f));
	TRY(audit(q, out, f));
	out->used_up = q->used_up || out->facts.restored;
	if (out->facts.last.size > out->recovered.size)
		out->lost = out->facts.last.size - out->recovered.size;
	return state(q, a, out, f);
}

/* ---- the entry ---- */

static err submit(struct engine *e, struct arena *a, const char *type, struct uuid id,
		  const json_t *body, const struct hash *digest, struct fault *f)
{
	struct submission *s;

	TRY(submission_system(e, a, type, id, body, &s, f));
	if (digest != NULL && !hash_equal(submission_digest(s), *digest))
		return wrong("it is not as this version would make it", f);
	TRY(record_submit_wait(e, &s, 1, false, f));
	if (submission_result(s)->state != RESULT_REFUSED)
		return ERR_OK;
	if (f != NULL)
		*f = submission_result(s)->fault;
	return (err){submission_result(s)->fault.code};
}

/* The body again as JSON, from which the same claim is made. */
static err record_statement(struct engine *e, struct arena *a, struct bytes statement,
			    struct fault *f)
{
	const struct compiled_type *t =
		registry_type(engine_registry(e), bytes_text(SUCCESSION_TYPE));
	struct hash digest = claim_digest(statement);
	struct claim claim;
	struct body body;
	const char *why;

	if (!claim_parse(statement, &claim, &why))
		return wrong(why, f);
	TRY(body_from_cbor(a, t->type->fields, t->type->size, claim.body, &body, f));
	json_t *json = body_to_json(t->type->fields, &body, NULL, 0);
	err result = json == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
				  : submit(e, a, SUCCESSION_TYPE, claim.id, json, &digest, f);
	json_decref(json);
	return result;
}

/* Under the id of the approval itself, so that it is recorded once. */
static err record_approval(struct engine *e, struct arena *a, struct bytes statement,
			   struct bytes approval, struct fault *f)
{
	struct hash digest = claim_digest(statement);
	struct reader r = reader_of(approval);
	char hex[65], *text = arena_alloc(a, base64_size(approval.n) + 1);
	struct claim claim;
	const char *why = "an approval is not [claim, proof]";

	if (text == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (approval.n > APPROVAL_MAX || cbor_array(&r) != 2 ||
	    !claim_parse(cbor_bytes(&r), &claim, &why))
		return wrong(why, f);
	hex_encode(hash_bytes(&digest), hex);
	base64url_encode(approval, text);
	json_t *json = json_pack("{s:s, s:s}", "statement", hex, "approval", text);
	err result = json == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
				  : submit(e, a, "succession.approved", claim.id, json, NULL, f);
	json_decref(json);
	return result;
}

err succession_record(const struct engine_config *config, struct bytes statement,
		      const struct bytes *approvals, size_t n, struct fault *f)
{
	struct engine_config succeeds = *config;
	struct arena a = {0};
	struct engine *e;

	succeeds.succeeds = true;
	TRY(engine_open(&succeeds, &e, f));
	err result = record_statement(e, &a, statement, f);
	for (size_t i = 0; i < n && result.code == OK; i++)
		result = record_approval(e, &a, statement, approvals[i], f);
	engine_close(e);
	arena_done(&a);
	bytes_wipe(succeeds.secret, sizeof succeeds.secret);
	return result;
}
