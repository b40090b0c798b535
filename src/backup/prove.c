/* SPDX-License-Identifier: Apache-2.0 */
/* prove.c — what was put back, looked at as a stranger would: the log audited to its last signature,
 * the tables folded anew, every file read, the signer's journal walked. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backup/put.h"
#include "base/files.h"
#include "blob/blob.h"
#include "client/log.h"
#include "ledger/audit.h"
#include "signer/journal.h"
#include "signer/slots.h"

/* ---- the log ---- */

static err audit(struct put *p, const char *tiles, const struct registry *registry, struct fault *f)
{
	struct audit_options options = {.verify = ed25519_verify, .entry = audit_keys_entry};
	struct audit_keys keys = {.registry = registry, .arena = {.limit = (size_t)1 << 30}};
	struct audit_report found;

	options.key = p->plan->log != NULL ? *p->plan->log : p->key;
	options.entry_context = &keys;
	TRY(charter_check_open(&options.key, &keys.charter, f));
	err e = audit_run(audit_folder(tiles), &options, &found, f);
	p->report->verified_signatures = keys.verified;
	charter_check_close(keys.charter);
	audit_keys_done(&keys);
	if (e.code == OK && found.head.size != p->report->head.size)
		return put_damaged(f, "the restored log is of another size");
	return e;
}

static err write_tiles(struct put *p, const char *tiles, struct fault *f)
{
	struct ledger *ledger;

	TRY(ledger_open(p->db, tiles, &ledger, f));
	err e = ledger_write_tiles(ledger, p->report->head.size, f);
	if (e.code == OK)
		e = ledger_publish(ledger, p->report->head, bytes_of(p->note, p->note_n), f);
	if (e.code == OK)
		e = ledger_show(ledger, f);
	ledger_close(ledger);
	return e;
}

struct fold_progress {
	const struct restore_plan *plan;
};

static void folded(void *context, uint64_t done, uint64_t total)
{
	const struct fold_progress *progress = context;

	if (progress->plan->progress != NULL)
		progress->plan->progress(progress->plan->context, "tables", done, total);
}

static err rebuild(struct put *p, struct fault *f)
{
	struct engine_config config = {.store = p->store,
				       .origin = p->report->origin,
				       .areas = p->plan->areas,
				       .clock = &clock_system};
	struct fold_progress progress = {p->plan};
	struct rebuild_report report;

	return engine_rebuild(&config, true, folded, &progress, &report, f);
}

err prove_facts(struct put *p, struct fault *f)
{
	char tiles[PUT_PATH_SIZE + 8];
	struct registry *registry;

	(void)snprintf(tiles, sizeof tiles, "%s/tiles", p->folder);
	if (p->report->head.size > 0) {
		TRY(write_tiles(p, tiles, f));
		TRY(registry_make(p->plan->areas, &registry, f));
		err e = audit(p, tiles, registry, f);
		registry_free(registry);
		TRY(e);
	}
	TRY(rebuild(p, f));
	p->report->facts = true;
	return ERR_OK;
}

/* ---- files ---- */

struct blob_list {
	struct put *put;
	size_t n;
	struct hash digest[PART_BLOBS_N];
	bool personal[PART_BLOBS_N];
};

static err blob_row(void *context, const struct value *columns, size_t n)
{
	struct blob_list *list = context;

	(void)n;
	if (list->n == PART_BLOBS_N || columns[0].bytes.n != 32)
		return (err){ERR_CORRUPT};
	memcpy(list->digest[list->n].b, columns[0].bytes.p, 32);
	list->personal[list->n++] = bytes_equal(columns[1].bytes, bytes_text("personal"));
	return ERR_OK;
}

static void check_page(struct put *p, struct blob_store *store, bool has_key,
		       const struct blob_list *list)
{
	char digest[65];

	for (size_t i = 0; i < list->n; i++) {
		struct fault why = {0};

		if (list->personal[i] && !has_key)
			continue;
		if (blob_check(store, list->digest[i], &why).code == OK)
			continue;
		hex_encode(hash_bytes(&list->digest[i]), digest);
		p->report->sound = false;
		backup_say(&p->report->missing, "file %s does not hold (%s)", digest, why.message);
	}
}

static err check_all(struct put *p, struct blob_store *store, bool has_key, struct fault *f)
{
	static const struct parameter AFTER[] = {{"after", VALUE_BLOB}};
	struct blob_list list = {.put = p};
	struct hash last;
	struct statement *s;
	bool first = true;
	err e = ERR_OK;

	TRY(db_prepare(p->db,
		       "SELECT digest, class FROM stored_blob WHERE state = 'stored' "
		       "AND digest > :after ORDER BY digest LIMIT 64",
		       AFTER, 1, &s, f));
	do {
		struct value after[] = {value_blob(first ? (struct bytes){0} : hash_bytes(&last))};

		first = false;
		list.n = 0;
		e = db_query(p->db, s, after, blob_row, &list, NULL, f);
		if (e.code != OK || list.n == 0)
			break;
		last = list.digest[list.n - 1];
		check_page(p, store, has_key, &list);
	} while (list.n == PART_BLOBS_N);
	statement_close(s);
	return e;
}

err prove_blobs(struct put *p, struct fault *f)
{
	char folder[PUT_PATH_SIZE + 8], path[PUT_PATH_SIZE + 16];
	struct blob_config config = {.folder = folder};
	struct blob_store *store;
	struct bytes key = {0};
	struct fault none;

	if (p->report->blobs == 0)
		return ERR_OK;
	(void)snprintf(folder, sizeof folder, "%s/blobs", p->folder);
	(void)snprintf(path, sizeof path, "%s/blob.key", p->folder);
	arena_reset(&p->arena);
	if (file_exists(path) &&
	    file_read(&p->arena, path, BLOB_KEY_SIZE, &key, &none).code == OK &&
	    key.n == BLOB_KEY_SIZE)
		config.key = key.p;
	TRY(blob_store_open(&config, p->db, &store, f));
	err e = check_all(p, store, config.key != NULL, f);
	blob_store_close(store);
	if (config.key == NULL)
		backup_say(&p->report->missing,
			   "blob.key: files about people cannot be read without it");
	bytes_wipe((void *)(uintptr_t)key.p, key.n);
	return e;
}

/* ---- the signer ---- */

static err pass(void *context, struct bytes record, uint64_t at, struct fault *f)
{
	(void)record;
	(void)at;
	(void)f;
	++*(uint64_t *)context;
	return ERR_OK;
}

/* Its chain, and that it comes as far as its last checkpoint. Keys are not needed for that. */
err prove_signer(struct put *p, struct fault *f)
{
	char path[PUT_PATH_SIZE + 32];
	struct checkpoint_state last;
	struct slots slots = {.fd = -1};
	struct journal journal = {.fd = -1};
	uint64_t records = 0, cut = 0;

	if (!p->report->signer)
		return ERR_OK;
	(void)snprintf(path, sizeof path, "%s/signer/checkpoint", p->folder);
	TRY(slots_open(path, &slots, &last, f));
	(void)snprintf(path, sizeof path, "%s/signer/journal", p->folder);
	err e = journal_open(path, last.journal, pass, &records, &journal, &cut, f);
	journal_close(&journal);
	slots_close(&slots);
	TRY(e);
	if (!p->signer_only && last.head.size > p->report->head.size)
		backup_say(&p->report->missing,
			   "the signer had signed %" PRIu64 " entries, %" PRIu64
			   " more than are here: see `sealwright ledger succeed`",
			   last.head.size, last.head.size - p->report->head.size);
	return ERR_OK;
}
