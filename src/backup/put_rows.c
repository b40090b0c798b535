/* SPDX-License-Identifier: Apache-2.0 */
/* put_rows.c — entries, openings and blobs back into a store, in one transaction, which is committed
 * only when its tree is the checkpoint's. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backup/put.h"
#include "core/cbor.h"
#include "record/codec.h"
#include "record/schema.h"

enum { BLOB_FIELDS = 10, OPENING_FIELDS = 5, WRAPPED_MAX = 128 };

static const struct parameter OPENING[] = {{"commitment", VALUE_BLOB},
					   {"salt", VALUE_BLOB},
					   {"value", VALUE_TEXT},
					   {"personal", VALUE_INT},
					   {"seq", VALUE_INT}};
static const struct parameter BLOB[] = {
	{"digest", VALUE_BLOB}, {"class", VALUE_TEXT},   {"size", VALUE_INT},
	{"state", VALUE_TEXT},  {"created", VALUE_INT},  {"referenced", VALUE_INT},
	{"key_id", VALUE_BLOB}, {"wrapped", VALUE_BLOB}, {"key_created", VALUE_INT}};

/* ---- the store ---- */

static err prepare(struct put *p, struct fault *f)
{
	TRY(db_prepare(p->db,
		       "INSERT INTO opening (commitment, salt, value, personal, seq) "
		       "VALUES (:commitment, :salt, :value, :personal, :seq)",
		       OPENING, 5, &p->add_opening, f));
	TRY(db_prepare(p->db,
		       "INSERT INTO stored_blob (digest, class, size, state, created, referenced, "
		       "key_id) VALUES (:digest, :class, :size, :state, :created, :referenced, "
		       ":key_id)",
		       BLOB, 9, &p->add_blob, f));
	return db_prepare(p->db,
			  "INSERT INTO blob_key (key_id, wrapped, upload, created) "
			  "VALUES (:key_id, :wrapped, '', :key_created)",
			  BLOB, 9, &p->add_key, f);
}

err put_store_open(struct put *p, struct fault *f)
{
	struct merkle_head head;

	if (p->db != NULL)
		return ERR_OK;
	TRY(db_open(p->store, &p->db, f));
	TRY(schema_create_kept(p->db, f));
	TRY(ledger_open(p->db, NULL, &p->ledger, f));
	TRY(ledger_head(p->ledger, &head, f));
	if (head.size > 0)
		return fail(f, "BACKUP_STORE_NOT_EMPTY", NULL);
	TRY(prepare(p, f));
	return db_begin(p->db, f);
}

static err check_note(const struct put *p, struct fault *f)
{
	const struct note_key *key = p->plan->log != NULL ? p->plan->log : &p->key;
	const struct restore_report *r = p->report;
	struct checkpoint checkpoint;
	struct note note;
	const char *why;

	if (p->plan->log == NULL && !p->has_key)
		return put_damaged(f, "the log's key is not in it: name it");
	if (!note_parse(bytes_of(p->note, p->note_n), &note, &why) ||
	    !checkpoint_parse(note.text, &checkpoint, &why))
		return put_damaged(f, why);
	if (!bytes_equal(checkpoint.origin, bytes_text(r->origin)) ||
	    checkpoint.head.size != r->head.size ||
	    !hash_equal(checkpoint.head.root, r->head.root) ||
	    note_verify(&note, key, ed25519_verify, NULL) != NOTE_VALID)
		return put_damaged(f, "its checkpoint is not one that the log's key signed");
	return ERR_OK;
}

err put_store_commit(struct put *p, struct fault *f)
{
	struct merkle_head head;

	TRY(check_note(p, f));
	TRY(put_store_open(p, f)); /* of a log without entries */
	TRY(ledger_head(p->ledger, &head, f));
	if (head.size != p->report->head.size || !hash_equal(head.root, p->report->head.root))
		return put_damaged(f,
				   "its entries are not those that the checkpoint was signed over");
	TRY(db_commit(p->db, f));
	p->cleans_store = true;
	return ledger_publish(p->ledger, head, bytes_of(p->note, p->note_n), f);
}

void put_store_close(struct put *p, bool keep)
{
	static const char *const TABLES[] = {"entry_batch", "log_head",    "checkpoint",
					     "opening",     "stored_blob", "blob_key"};
	struct fault ignored = {0};
	char sql[64];

	if (p->db == NULL)
		return;
	if (!keep)
		db_rollback(p->db);
	for (size_t i = 0; !keep && p->cleans_store && i < sizeof TABLES / sizeof TABLES[0]; i++) {
		(void)snprintf(sql, sizeof sql, "DELETE FROM %s", TABLES[i]);
		err dropped = db_run(p->db, sql, &ignored);
		(void)dropped; /* the next restore refuses a store that is not empty, and says so */
	}
	statement_close(p->add_opening);
	statement_close(p->add_blob);
	statement_close(p->add_key);
	ledger_close(p->ledger);
	db_close(p->db);
	p->db = NULL;
}

/* ---- entries ---- */

err put_entries(struct put *p, const struct tar_member *m, struct fault *f)
{
	struct bytes in;
	uint64_t sequence, at = 0;
	struct entry entry;
	const char *why;

	TRY(put_store_open(p, f));
	TRY(put_member(p, m, PART_ROWS_MAX, &in, f));
	TRY(ledger_begin(p->ledger, f));
	struct reader r = reader_of(in);

	while (r.n > 0) {
		struct bytes bytes = get_bytes(&r, get_u16(&r));

		if (r.why != NULL || !entry_parse(bytes, &entry, &why))
			return put_damaged(f, "an entry in it is not well-formed");
		if (p->report->entries == p->report->head.size)
			return put_damaged(f, "it has more entries than its checkpoint covers");
		TRY(ledger_append(p->ledger, bytes, &sequence, f));
		if (entry.witness.sequence != sequence || entry.witness.at < at)
			return put_damaged(f, "an entry in it stands in the wrong place");
		at = entry.witness.at;
		p->report->entries++;
	}
	TRY(ledger_store(p->ledger, at, f));
	if (p->plan->progress != NULL)
		p->plan->progress(p->plan->context, "entries", p->report->entries,
				  p->report->head.size);
	return ERR_OK;
}

/* ---- openings ---- */

static bool opening_get(struct reader *r, struct value *out)
{
	if (cbor_array(r) != OPENING_FIELDS)
		reader_fail(r, "a row has another number of fields");
	out[0] = value_blob(cbor_bytes(r));
	out[1] = value_blob(cbor_bytes(r));
	out[2] = value_text(cbor_text(r));
	out[3] = value_int((int64_t)cbor_uint(r));
	out[4] = value_int((int64_t)cbor_uint(r));
	return r->why == NULL && out[0].bytes.n == 32 && out[1].bytes.n == SALT_SIZE &&
	       (out[3].number == 0 || out[3].number == 1) && out[4].number >= 0 &&
	       memchr(out[2].bytes.n == 0 ? (const void *)"" : out[2].bytes.p, 0, out[2].bytes.n) ==
		       NULL;
}

static bool opens(const struct value *row)
{
	struct hash commitment = commitment_of(row[1].bytes.p, row[2].bytes);

	return bytes_equal(hash_bytes(&commitment), row[0].bytes);
}

err put_openings(struct put *p, const struct tar_member *m, struct fault *f)
{
	struct value row[OPENING_FIELDS];
	struct bytes in;

	TRY(put_store_open(p, f));
	TRY(put_member(p, m, PART_ROWS_MAX, &in, f));
	struct reader r = reader_of(in);

	while (r.n > 0) {
		if (!opening_get(&r, row) || !opens(row) ||
		    (uint64_t)row[4].number >= p->report->head.size)
			return put_damaged(f, "a value in it is not the one that was committed to");
		TRY(db_query(p->db, p->add_opening, row, NULL, NULL, NULL, f));
		p->report->openings++;
	}
	return ERR_OK;
}

/* ---- blobs ---- */

struct blob_in {
	struct put_blob blob;
	bool stored, is_here;
	struct bytes key_id, wrapped;
	uint64_t size, created, referenced, key_created;
};

static bool blob_get(struct reader *r, struct blob_in *out)
{
	*out = (struct blob_in){0};
	if (cbor_array(r) != BLOB_FIELDS)
		reader_fail(r, "a row has another number of fields");
	struct bytes digest = cbor_bytes(r);

	out->blob.personal = cbor_bool(r);
	out->size = cbor_uint(r);
	out->stored = cbor_bool(r);
	out->created = cbor_uint(r);
	out->referenced = cbor_uint(r);
	out->key_id = cbor_bytes(r);
	out->wrapped = cbor_bytes(r);
	out->key_created = cbor_uint(r);
	out->is_here = cbor_bool(r);
	if (r->why != NULL || digest.n != 32 ||
	    (out->key_id.n != 0 && out->key_id.n != PUT_KEY_ID) || out->wrapped.n > WRAPPED_MAX ||
	    (out->key_id.n == 0) != (out->wrapped.n == 0) ||
	    (out->key_id.n > 0 && !out->blob.personal) ||
	    (out->is_here && (!out->stored || (out->blob.personal && out->key_id.n == 0))) ||
	    (out->size | out->created | out->referenced | out->key_created) > INT64_MAX)
		return false;
	memcpy(out->blob.digest.b, digest.p, 32);
	if (out->key_id.n > 0)
		memcpy(out->blob.key_id, out->key_id.p, PUT_KEY_ID);
	return true;
}

static err blob_insert(struct put *p, const struct blob_in *b, struct fault *f)
{
	struct value row[] = {value_blob(hash_bytes(&b->blob.digest)),
			      value_text(bytes_text(b->blob.personal ? "personal" : "evidence")),
			      value_int((int64_t)b->size),
			      value_text(bytes_text(b->stored ? "stored" : "erased")),
			      value_int((int64_t)b->created),
			      value_int((int64_t)b->referenced),
			      b->key_id.n == 0 ? value_null : value_blob(b->key_id),
			      b->key_id.n == 0 ? value_null : value_blob(b->wrapped),
			      value_int((int64_t)b->key_created)};

	if (b->key_id.n > 0)
		TRY(db_query(p->db, p->add_key, row, NULL, NULL, NULL, f));
	return db_query(p->db, p->add_blob, row, NULL, NULL, NULL, f);
}

err put_blob_rows(struct put *p, const struct tar_member *m, struct fault *f)
{
	struct bytes in;
	struct blob_in b;

	TRY(put_store_open(p, f));
	if (p->blobs_at != p->blobs_n)
		return put_damaged(f, "a file that it names is not in it");
	TRY(put_member(p, m, PART_ROWS_MAX, &in, f));
	struct reader r = reader_of(in);

	p->blobs_n = p->blobs_at = 0;
	for (size_t n = 0; r.n > 0; n++) {
		if (n == PART_BLOBS_N || !blob_get(&r, &b))
			return put_damaged(f, "a row about a file does not hold");
		TRY(blob_insert(p, &b, f));
		p->report->blobs++;
		p->report->personal += b.blob.personal && b.stored;
		if (b.is_here)
			p->blobs[p->blobs_n++] = b.blob;
		else if (b.stored)
			backup_say(&p->report->missing, "a file was not there when it was taken");
	}
	return ERR_OK;
}

err put_blob(struct put *p, const struct tar_member *m, struct fault *f)
{
	char digest[65], ending[2 * PUT_KEY_ID + 2] = "", name[2 * TAR_NAME_MAX];
	struct hash found;

	if (p->blobs_at == p->blobs_n)
		return put_damaged(f, "it has a file that no row names");
	const struct put_blob *b = &p->blobs[p->blobs_at++];

	hex_encode(hash_bytes(&b->digest), digest);
	if (strcmp(digest, m->name + strlen(PART_BLOB)) != 0)
		return put_damaged(f, "a file in it is not the one that its row names");
	if (b->personal) {
		ending[0] = '.';
		hex_encode(bytes_of(b->key_id, PUT_KEY_ID), ending + 1);
	}
	(void)snprintf(name, sizeof name, "blobs/%.2s/%s%s", digest, digest + 2, ending);
	TRY(put_file(p, name, tar_source(&p->tar), m->size, &found, f));
	if (b->personal || hash_equal(found, b->digest))
		return ERR_OK;
	p->report->sound = false;
	backup_say(&p->report->missing, "file %s does not match its digest", digest);
	return ERR_OK;
}
