/* SPDX-License-Identifier: Apache-2.0 */
#include "core/passport.h"

#include "core/cbor.h"
#include "core/sha256.h"
#include "core/succession.h"

enum { KEY_VERSION = 1, KEY_NOTE, KEY_SUBJECT, KEY_ENTRIES, KEY_OPENINGS, KEY_NOTICES };
enum { SALT_BYTES = 16, VALUE_MAX = 4096, NOTICES_MAX = 32 };

static struct bytes nothing(void)
{
	return (struct bytes){0};
}

/* ---- lists, kept as checked spans ---- */

static struct reader list_start(struct bytes list, size_t *n)
{
	struct reader r = reader_of(list);

	*n = list.n == 0 ? 0 : cbor_array(&r);
	return r;
}

struct reader passport_entries(const struct passport *p, size_t *n)
{
	return list_start(p->entries, n);
}

struct reader passport_openings(const struct passport *p, size_t *n)
{
	return list_start(p->openings, n);
}

struct reader passport_notices(const struct passport *p, size_t *n)
{
	return list_start(p->notices, n);
}

bool passport_next_entry(struct reader *at, struct passport_entry *out)
{
	if (at->n == 0 || at->why != NULL || cbor_array(at) != 3)
		return false;
	out->sequence = cbor_uint(at);
	out->bytes = cbor_bytes(at);
	out->path_n = cbor_array(at);
	if (out->path_n > MERKLE_DEPTH_MAX)
		reader_fail(at, "an inclusion path is too long");
	for (size_t i = 0; i < out->path_n && at->why == NULL; i++) {
		struct bytes node = cbor_bytes(at);
		if (node.n != sizeof(struct hash)) {
			reader_fail(at, "an inclusion path holds something else than digests");
			break;
		}
		for (size_t k = 0; k < sizeof(struct hash); k++)
			out->path[i].b[k] = node.p[k];
	}
	return at->why == NULL;
}

bool passport_next_opening(struct reader *at, struct passport_opening *out)
{
	struct sha256 s;

	if (at->n == 0 || at->why != NULL || cbor_array(at) != 2)
		return false;
	out->salt = cbor_bytes(at);
	out->value = cbor_text(at);
	if (out->salt.n != SALT_BYTES || out->value.n > VALUE_MAX)
		reader_fail(at, "an opening is a salt of 16 bytes and a value");
	if (at->why != NULL)
		return false;
	sha256_init(&s);
	sha256_update(&s, out->salt);
	sha256_update(&s, out->value);
	out->commitment = sha256_final(&s);
	return true;
}

bool passport_next_notice(struct reader *at, struct bytes *out)
{
	if (at->n == 0 || at->why != NULL)
		return false;
	*out = cbor_text(at);
	return at->why == NULL;
}

/* ---- parsing ---- */

static bool check_entries(struct bytes list)
{
	size_t n;
	struct passport_entry e;
	struct reader at = list_start(list, &n);
	uint64_t last = 0;

	if (n == 0 || n > PASSPORT_ENTRIES_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!passport_next_entry(&at, &e) || e.bytes.n > ENTRY_SIZE_MAX ||
		    (i > 0 && e.sequence <= last))
			return false;
		last = e.sequence;
	}
	return reader_end(&at);
}

static bool check_openings(struct bytes list)
{
	size_t n;
	struct passport_opening o;
	struct reader at = list_start(list, &n);

	for (size_t i = 0; i < n; i++)
		if (!passport_next_opening(&at, &o))
			return false;
	return reader_end(&at);
}

static bool check_notices(struct bytes list)
{
	size_t n;
	struct bytes notice;
	struct reader at = list_start(list, &n);

	for (size_t i = 0; i < n; i++)
		if (n > NOTICES_MAX || !passport_next_notice(&at, &notice))
			return false;
	return reader_end(&at);
}

static void get_subject(struct reader *r, struct subject *out)
{
	if (cbor_array(r) != 3)
		reader_fail(r, "a subject is [kind, within, id]");
	out->kind = cbor_text(r);
	out->within = cbor_text(r);
	out->id = cbor_text(r);
}

static void get_members(struct reader *r, struct passport *out)
{
	static const uint64_t keys[] = {KEY_VERSION, KEY_NOTE,     KEY_SUBJECT,
					KEY_ENTRIES, KEY_OPENINGS, KEY_NOTICES};

	if (cbor_map(r) != sizeof keys / sizeof keys[0])
		reader_fail(r, "a passport has the members 1 to 6");
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		if (cbor_uint(r) != keys[i])
			reader_fail(r, "a passport has the members 1 to 6");
		if (keys[i] == KEY_VERSION && cbor_uint(r) != PASSPORT_VERSION)
			reader_fail(r, "this version of passports is unknown");
		if (keys[i] == KEY_NOTE)
			out->note = cbor_text(r);
		if (keys[i] == KEY_SUBJECT)
			get_subject(r, &out->subject);
		if (keys[i] == KEY_ENTRIES)
			out->entries = cbor_item(r);
		if (keys[i] == KEY_OPENINGS)
			out->openings = cbor_item(r);
		if (keys[i] == KEY_NOTICES)
			out->notices = cbor_item(r);
	}
}

bool passport_parse(struct bytes in, struct passport *out, const char **why)
{
	struct reader r = reader_of(in);

	*out = (struct passport){.note = nothing()};
	*why = NULL;
	if (in.n > PASSPORT_SIZE_MAX)
		*why = "a passport is at most 4 MiB";
	get_members(&r, out);
	if (*why == NULL && !reader_end(&r))
		*why = r.why != NULL ? r.why : "bytes follow the passport";
	if (*why == NULL && !check_entries(out->entries))
		*why = "the list of entries is not as it should be";
	if (*why == NULL && !check_openings(out->openings))
		*why = "the list of openings is not as it should be";
	if (*why == NULL && !check_notices(out->notices))
		*why = "the list of notices is not as it should be";
	return *why == NULL;
}

/* ---- verifying ---- */

static bool failed(struct passport_failure *f, const char *why)
{
	*f = (struct passport_failure){.why = why};
	return false;
}

static bool failed_at(struct passport_failure *f, const char *why, uint64_t sequence)
{
	*f = (struct passport_failure){why, true, sequence};
	return false;
}

static bool subjects_equal(const struct subject *a, const struct subject *b)
{
	return bytes_equal(a->kind, b->kind) && bytes_equal(a->within, b->within) &&
	       bytes_equal(a->id, b->id);
}

/* The last entry before `sequence` with this subject. */
static bool find_previous(const struct passport *p, const struct subject *subject,
			  uint64_t sequence, bool *found, uint64_t *previous)
{
	size_t n;
	struct passport_entry e;
	struct reader at = passport_entries(p, &n);
	const char *why;

	*found = false;
	for (size_t i = 0; i < n && passport_next_entry(&at, &e) && e.sequence < sequence; i++) {
		struct entry entry;
		if (!entry_parse(e.bytes, &entry, &why))
			return false;
		if (!entry.witness.has_subject || !subjects_equal(&entry.witness.subject, subject))
			continue;
		*found = true;
		*previous = e.sequence;
	}
	return true;
}

static bool verify_entry(const struct passport *p, const struct checkpoint *checkpoint,
			 const struct passport_entry *e, struct origin_line *line,
			 struct passport_failure *f, bool *about_subject)
{
	struct entry entry;
	struct succession succession;
	const char *why;
	bool found;
	uint64_t previous;

	if (!merkle_includes(checkpoint->head, e->sequence, merkle_leaf(e->bytes), e->path,
			     e->path_n))
		return failed_at(f, "the entry is not in the signed log", e->sequence);
	if (!entry_parse(e->bytes, &entry, &why))
		return failed_at(f, why, e->sequence);
	if (entry.witness.sequence != e->sequence)
		return failed_at(f, "the entry stands at another place than it says", e->sequence);
	/* Of a log that was succeeded, earlier entries carry earlier names: all that changed them are
	 * in the passport. */
	if (!origin_follow(line, e->sequence, &entry, &succession, &why))
		return failed_at(f, "the entry was made for another log", e->sequence);
	if (!entry.witness.has_subject)
		return true;
	*about_subject = *about_subject || subjects_equal(&entry.witness.subject, &p->subject);
	if (!find_previous(p, &entry.witness.subject, e->sequence, &found, &previous))
		return failed_at(f, "an entry before it cannot be read", e->sequence);
	if (found != entry.witness.has_previous || (found && previous != entry.witness.previous))
		return failed_at(f, "a record before it was left out", e->sequence);
	return true;
}

static bool verify_checkpoint(const struct passport *p, const struct note_key *key,
			      note_verify_fn *verify, struct checkpoint *out,
			      struct passport_failure *f)
{
	struct note note;
	const char *why;

	if (!note_parse(p->note, &note, &why))
		return failed(f, why);
	if (note_verify(&note, key, verify, NULL) != NOTE_VALID)
		return failed(f, "the checkpoint is not signed by the log's key");
	if (!checkpoint_parse(note.text, out, &why))
		return failed(f, why);
	return true;
}

bool passport_verify(const struct passport *p, const struct note_key *key, note_verify_fn *verify,
		     struct passport_failure *failure)
{
	struct checkpoint checkpoint;
	struct passport_entry e;
	size_t n;
	struct reader at = passport_entries(p, &n);
	struct origin_line line = {.now = ""};
	bool about_subject = false;

	*failure = (struct passport_failure){0};
	if (!verify_checkpoint(p, key, verify, &checkpoint, failure))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!passport_next_entry(&at, &e))
			return failed(failure, "the list of entries is not as it should be");
		if (!verify_entry(p, &checkpoint, &e, &line, failure, &about_subject))
			return false;
	}
	if (!bytes_equal(bytes_text(line.now), checkpoint.origin))
		return failed_at(failure, "the entry was made for another log", line.since);
	return about_subject || failed(failure, "no entry is about what the passport names");
}

void passport_put_entry(struct writer *w, uint64_t sequence, struct bytes entry,
			const struct hash *path, size_t path_n)
{
	cbor_put_array(w, 3);
	cbor_put_uint(w, sequence);
	cbor_put_bytes(w, entry);
	cbor_put_array(w, path_n);
	for (size_t i = 0; i < path_n; i++)
		cbor_put_bytes(w, hash_bytes(&path[i]));
}
