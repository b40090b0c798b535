/* SPDX-License-Identifier: Apache-2.0 */
/* (f): somebody writes past the server, to its database and its files. Nothing stops who owns the machine from
 * that: it is found, and named, by whoever folds the log again or audits its files. Without that the
 * attack succeeds. */
#include "engine_attack.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/files.h"
#include "ledger/audit.h"

/* What the fold of the whole log says to the tables as they are. */
static const char *folded_again(struct trial *t, bool replace)
{
	static char message[96];
	struct rebuild_report report;
	struct fault f = {0};

	if (t->house.engine != NULL)
		house_stop(&t->house);
	err e = engine_rebuild(&t->house.config, replace, NULL, NULL, &report, &f);
	if (e.code != OK)
		(void)snprintf(message, sizeof message, "%s", f.message);
	else
		(void)snprintf(message, sizeof message, "differs in %s", report.first_table);
	return e.code != OK || report.differing > 0 ? message : NULL;
}

/* Without the check of the teardown, that the tables follow from the log: they do not. */
static const char *put_away(struct trial *t, const char *outcome)
{
	void *state = t;
	struct fault f = {0};
	struct rebuild_report report;

	if (t->house.engine != NULL)
		house_stop(&t->house);
	ok(engine_rebuild(&t->house.config, true, NULL, NULL, &report, &f), &f);
	house_start(&t->house);
	assert_int_equal(trial_teardown(&state), 0);
	return outcome;
}

/* Over a log that does not hold any more nothing starts: what is left is thrown away. */
static const char *thrown_away(struct trial *t, const char *outcome)
{
	void *state = t->store;

	actor_done(&t->maya);
	actor_done(&t->nils);
	actor_done(&t->olga);
	actor_done(&t->olga2);
	actor_done(&t->pia);
	house_close(&t->house);
	free(t);
	assert_int_equal(store_teardown(&state), 0);
	return outcome;
}

/* ---- a row that folds made ---- */

/* Zoe, who may nothing, gives herself maya's role, in the table. */
static struct trial *row_is_edited(struct actor *zoe)
{
	struct trial *t = trial_new();

	*zoe = house_actor(&t->house, "zoe", "person", NULL);
	trial_grants(t, "g1", "zoe", "role-nils", "");
	trial_item(t, "a", "VN");
	house_stop(&t->house);
	run(t->store->db, "UPDATE role_grant SET role = 'role-maya' WHERE id = 'g1'");
	return t;
}

static const char *edited_row(void)
{
	struct actor zoe;
	struct trial *t = row_is_edited(&zoe);
	const char *found = folded_again(t, false);

	actor_done(&zoe);
	return put_away(t, found);
}

static const char *edited_row_unseen(void)
{
	struct actor zoe;
	struct trial *t = row_is_edited(&zoe);

	house_start(&t->house);
	assert_string_equal(asks(t, &zoe, "trial.decided", "{'item':'a'}"), "");
	/* Her decision is in the log now: as hers. The row is put right, and the decision stays. */
	actor_done(&zoe);
	return put_away(t, NULL);
}

/* ---- an entry ---- */

static err keep_bytes(void *context, const struct value *columns, size_t n)
{
	struct bytes *out = context;

	(void)n;
	memcpy((uint8_t *)(uintptr_t)out->p, columns[0].bytes.p, columns[0].bytes.n);
	out->n = columns[0].bytes.n;
	return ERR_OK;
}

/* The batch of entries in which this text stands last, and where. */
static int64_t find_batch(struct trial *t, const char *text, struct bytes *out)
{
	static const struct parameter parameters[] = {{"first", VALUE_INT}};
	struct db *db = t->store->db;
	struct statement *s =
		prepared(db, "SELECT bytes FROM entry_batch WHERE first = :first", parameters, 1);
	int64_t first = number_of(db, "SELECT max(first) FROM entry_batch");
	struct fault f = {0};

	out->p = arena_alloc(&t->house.arena, 1 << 20);
	assert_non_null(out->p);
	for (;; first--) {
		struct value v[] = {value_int(first)};

		assert_true(first >= 0);
		out->n = 0;
		ok(db_query(db, s, v, keep_bytes, out, NULL, &f), &f);
		if (out->n > 0 && memmem(out->p, out->n, text, strlen(text)) != NULL)
			break;
	}
	statement_close(s);
	return first;
}

/* An item was noted at HH; the entry in the database says VN now. */
static struct trial *entry_is_changed(void)
{
	static const struct parameter parameters[] = {{"bytes", VALUE_BLOB}, {"first", VALUE_INT}};
	struct trial *t = trial_new();
	struct bytes batch;
	struct fault f = {0};

	trial_item(t, "needle", "HHHHHH");
	house_stop(&t->house);
	int64_t first = find_batch(t, "HHHHHH", &batch);
	memcpy(memmem(batch.p, batch.n, "HHHHHH", 6), "VNVNVN", 6);
	struct statement *s =
		prepared(t->store->db, "UPDATE entry_batch SET bytes = :bytes WHERE first = :first",
			 parameters, 2);
	struct value v[] = {value_blob(batch), value_int(first)};
	ok(db_query(t->store->db, s, v, NULL, NULL, NULL, &f), &f);
	statement_close(s);
	return t;
}

static const char *changed_entry(void)
{
	struct trial *t = entry_is_changed();
	struct fault f = {0};

	/* The server does not start over it, and the fold names the record. */
	assert_int_equal(engine_open(&t->house.config, &t->house.engine, &f).code, ERR_CORRUPT);
	assert_string_equal(f.message, "LEDGER_ROOT_MISMATCH");
	t->house.engine = NULL;
	return thrown_away(t, folded_again(t, false));
}

static const char *changed_entry_unseen(void)
{
	struct trial *t = entry_is_changed();

	(void)folded_again(t, true); /* without a look at what differs */
	assert_int_equal(trial_number(t, "SELECT count(*) FROM trial_item WHERE site = 'VNVNVN'"),
			 1);
	return thrown_away(t, NULL);
}

/* ---- the published files ---- */

static const char *audited(struct trial *t)
{
	static char message[96];
	struct audit_options options = {.key = t->house.checkpoint_public,
					.verify = ed25519_verify};
	struct audit_report report = {0};
	struct fault f = {0};

	if (audit_run(audit_folder(t->house.tiles), &options, &report, &f).code == OK)
		return NULL;
	const char *entry = fault_value(&f, "entry");
	(void)snprintf(message, sizeof message, "%s%s", f.message, entry != NULL ? " entry" : "");
	return message;
}

/* The newest bundle of entries, which anybody reads. */
static struct bytes bundle(struct trial *t, char *path, size_t cap)
{
	struct bytes content = {0};
	struct fault f = {0};

	for (unsigned n = 255; n > 0; n--) {
		(void)snprintf(path, cap, "%s/tile/entries/000.p/%u", t->house.tiles, n);
		if (file_exists(path))
			break;
	}
	ok(file_read(&t->house.arena, path, 1 << 20, &content, &f), &f);
	return content;
}

static struct trial *file_is_changed(char *path, size_t cap)
{
	struct trial *t = trial_new();
	struct fault f = {0};

	trial_item(t, "needle", "HHHHHH");
	house_stop(&t->house); /* all of it is published then */
	assert_null(audited(t));
	struct bytes content = bundle(t, path, cap);
	uint8_t *p = arena_alloc(&t->house.arena, content.n);
	assert_non_null(p);
	memcpy(p, content.p, content.n);
	memcpy(memmem(p, content.n, "HHHHHH", 6), "VNVNVN", 6);
	ok(file_write(path, bytes_of(p, content.n), 0644, &f), &f);
	return t;
}

static const char *changed_file(void)
{
	char path[512];
	struct trial *t = file_is_changed(path, sizeof path);

	return put_away(t, audited(t));
}

static const char *changed_file_unseen(void)
{
	char path[512];
	struct trial *t = file_is_changed(path, sizeof path);
	struct bytes content = bundle(t, path, sizeof path);

	assert_non_null(memmem(content.p, content.n, "VNVNVN", 6));
	return put_away(t, NULL);
}

/* While the server runs. */
static struct trial *entry_is_deleted(void)
{
	struct trial *t = trial_new();
	struct bytes batch;
	char sql[128];

	trial_item(t, "needle", "HHHHHH");
	trial_item(t, "later", "VN");
	(void)snprintf(sql, sizeof sql, "DELETE FROM entry_batch WHERE first = %lld",
		       (long long)find_batch(t, "HHHHHH", &batch));
	run(t->store->db, sql);
	run(t->store->db, "DELETE FROM trial_item WHERE item = 'needle'");
	return t;
}

static const char *deleted_entry(void)
{
	struct trial *t = entry_is_deleted();

	return thrown_away(t, folded_again(t, false));
}

static const char *deleted_entry_unseen(void)
{
	struct trial *t = entry_is_deleted();

	trial_item(t, "after", "VN"); /* as if nothing had happened */
	assert_int_equal(trial_number(t, "SELECT count(*) FROM trial_item WHERE item = 'needle'"),
			 0);
	return thrown_away(t, NULL);
}

const struct attack STORAGE_ATTACKS[] = {
	{'f', "a right is written into the database", edited_row, "differs in role_grant",
	 CHECK_NONE, NULL, 0, edited_row_unseen},
	{'f', "an entry is changed in the database", changed_entry, "differs in entry_id",
	 CHECK_NONE, NULL, 0, changed_entry_unseen},
	{'f', "an entry is deleted from the database", deleted_entry, "LEDGER_CORRUPT", CHECK_NONE,
	 NULL, 0, deleted_entry_unseen},
	{'f', "an entry is changed in the published files", changed_file,
	 "AUDIT_LEAF_MISMATCH entry", CHECK_NONE, NULL, 0, changed_file_unseen},
	{0},
};
