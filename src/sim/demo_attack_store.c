/* SPDX-License-Identifier: Apache-2.0 */
/* demo_attack_store.c — attacks by somebody with the disk in his hands: one byte changed, and the whole database
 * put back to a moment before. On copies. */
#include "sim/demo_internal.h"

#include "base/catalog.h"
#include "base/clock.h"
#include "base/files.h"
#include "client/log.h"
#include "db/db.h"
#include "record/record.h"

#include <stdio.h>
#include <string.h>

enum { BUNDLE_SIZE = 256, LOG_MAX = 64 << 20 };

/* ---- the database ---- */

static err change_row(const char *store, const char *serial, struct fault *f)
{
	static const struct parameter parameters[] = {{"serial", VALUE_TEXT}};
	struct value values[] = {value_text(bytes_text(serial))};
	struct statement *s = NULL;
	int64_t changed = 0;
	struct db *db;

	TRY(db_open(store, &db, f));
	err e = db_prepare(db, "UPDATE unit SET boot_count = boot_count + 1 WHERE serial = :serial",
			   parameters, 1, &s, f);
	if (e.code == OK) {
		e = db_query(db, s, values, NULL, NULL, &changed, f);
		statement_close(s);
	}
	db_close(db);
	TRY(e);
	return changed == 1 ? ERR_OK : fail(f, "DEMO_STATE_WRONG", "folder", store, NULL);
}

static err check_store(struct demo *d, const char *folder, struct rebuild_report *report,
		       struct fault *f)
{
	const char *address = demo_text(d, "sqlite:%s/store.db", folder);
	struct engine_config config = {
		.store = address, .origin = d->log.name, .areas = AREAS, .clock = &clock_system};

	TRY(file_copy(demo_text(d, "%s/store.db", d->state), demo_text(d, "%s/store.db", folder),
		      f));
	TRY(change_row(address, device_serial(d->victim), f));
	return engine_rebuild(&config, false, NULL, NULL, report, f);
}

/* ---- the published log ---- */

static err audit(struct demo *d, const char *tiles, struct audit_report *report, struct fault *f)
{
	struct audit_keys keys = {.registry = d->registry, .arena = {.limit = (size_t)64 << 20}};
	struct audit_options options = {.key = d->log,
					.verify = ed25519_verify,
					.entry = audit_keys_entry,
					.entry_context = &keys};
	err e = audit_run(audit_folder(tiles), &options, report, f);

	audit_keys_done(&keys);
	return e;
}

/* In the middle of the first bundle of entries, whole or as far as the tree goes. */
static err change_byte(struct demo *d, const char *tiles, uint64_t size, struct fault *f)
{
	const char *whole = demo_text(d, "%s/tile/entries/000", tiles);
	const char *path = size >= BUNDLE_SIZE
				   ? whole
				   : demo_text(d, "%s.p/%llu", whole, (unsigned long long)size);
	struct bytes content;

	TRY(file_read(&d->arena, path, BUNDLE_SIZE * ENTRY_SIZE_MAX, &content, f));
	((uint8_t *)(uintptr_t)content.p)[content.n / 2] ^= 1;
	return file_write(path, content, 0600, f);
}

err demo_audit(struct demo *d, struct fault *f)
{
	struct audit_report audited = {0};

	TRY(audit(d, demo_text(d, "%s/tiles", d->state), &audited, f));
	demo_step(d,
		  "Audit of the untouched log: %llu entries, every tile, link and author's "
		  "signature holds",
		  (unsigned long long)audited.head.size);
	return ERR_OK;
}

/* ---- one byte ---- */

static err change_and_look(struct demo *d, const char *copy, struct attack_outcome *out,
			   struct fault *f)
{
	struct rebuild_report rebuilt;
	struct audit_report audited = {0};
	char why[512];

	TRY(audit(d, demo_text(d, "%s/tiles", d->state), &audited, f));
	TRY(check_store(d, copy, &rebuilt, f));
	TRY(folder_copy(&d->arena, demo_text(d, "%s/tiles", d->state),
			demo_text(d, "%s/tiles", copy), f));
	TRY(change_byte(d, demo_text(d, "%s/tiles", copy), audited.head.size, f));
	err e = audit(d, demo_text(d, "%s/tiles", copy), &audited, f);
	/* The replay must name the table that was changed and no other; an audit that could not
	 * read its files has found nothing. */
	if (rebuilt.differing != 1 || strcmp(rebuilt.first_table, "unit") != 0 || e.code == OK)
		return ERR_OK;
	if (e.code != ERR_CORRUPT)
		return e;
	demo_why(f, why, sizeof why);
	*f = (struct fault){0};
	attack_seen(out, "the audit and the replay", "");
	snprintf(out->said, sizeof out->said, "the replay differs in table %s; %s",
		 rebuilt.first_table, why);
	return ERR_OK;
}

err attack_changed_bytes(struct demo *d, const char *tag, struct attack_outcome *out,
			 struct fault *f)
{
	const char *copy = demo_text(d, "%s/bytes", d->options.folder);

	(void)tag;
	demo_stop(d);
	TRY(folder_make(copy, f));
	d->arena.limit += (size_t)64 << 20;
	attack_through(out, "a changed history that nobody notices");
	return change_and_look(d, copy, out, f);
}

/* ---- everything ---- */

static err restart(struct demo *d, struct fault *f)
{
	TRY(demo_start(d, f));
	return demo_sign_in(d, f);
}

/* What the server has: the signer's folder is another account's. */
static err copy_server(struct demo *d, const char *from, const char *to, struct fault *f)
{
	const char *tiles = demo_text(d, "%s/tiles", to);

	TRY(folder_make(to, f));
	TRY(folder_remove(tiles, f));
	TRY(file_copy(demo_text(d, "%s/store.db", from), demo_text(d, "%s/store.db", to), f));
	return folder_copy(&d->arena, demo_text(d, "%s/tiles", from), tiles, f);
}

/* The last line of a log. */
static err last_line(struct demo *d, const char *path, char *out, size_t cap, struct fault *f)
{
	struct bytes text;

	TRY(file_read(&d->arena, path, LOG_MAX, &text, f));
	while (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	size_t from = text.n;
	while (from > 0 && text.p[from - 1] != '\n')
		from--;
	snprintf(out, cap, "%.*s", (int)(text.n - from), (const char *)text.p + from);
	return ERR_OK;
}

/* It must not start, and say that its log is shorter than what the signer has signed. */
static err start_anyway(struct demo *d, struct attack_outcome *out, struct fault *f)
{
	char line[512];
	err e = demo_start(d, f);

	if (e.code == OK)
		return ERR_OK;
	if (f->message == NULL || strcmp(f->message, "CHILD_FAILED") != 0)
		return e;
	*f = (struct fault){0};
	TRY(last_line(d, demo_text(d, "%s/server.log", d->logs), line, sizeof line, f));
	const struct message *expected = catalog_find("LEDGER_PROOF_RANGE");
	size_t n = expected == NULL ? 0 : strcspn(expected->text, "{");
	if (n > 0 && strstr(line, demo_text(d, "%.*s", (int)n, expected->text)) != NULL)
		attack_seen(out, "LEDGER_PROOF_RANGE", line);
	return ERR_OK;
}

/* Something happens, all that the server has is put back, and the server is started as if nothing had. */
err attack_turned_back(struct demo *d, const char *tag, struct attack_outcome *out, struct fault *f)
{
	const char *kept = demo_text(d, "%s/kept", d->options.folder);

	demo_stop(d);
	TRY(copy_server(d, d->state, kept, f));
	TRY(restart(d, f));
	TRY(demo_sign(d, "paul", "supplier.registered",
		      json_pack("{s:s, s:s, s:s, s:s}", "supplier", demo_text(d, "S-%s", tag),
				"class", "broker", "country", "US", "name", "what happened"),
		      NULL, f));
	demo_stop(d);
	TRY(copy_server(d, kept, d->state, f));
	attack_through(out, "1 record that never happened");
	return start_anyway(d, out, f);
}
