/* SPDX-License-Identifier: Apache-2.0 */
#include "core/passport.h"

#include "core/cbor.h"
#include "core/sha256.h"

enum {
	KEY_VERSION = 1,
	KEY_NOTE,
	KEY_SUBJECT,
	KEY_ENTRIES,
	KEY_OPENINGS,
	KEY_NOTICES,
	KEY_WITHHELD,
	KEY_CA,
	KEY_LAST,
};
enum { SALT_BYTES = 16, VALUE_MAX = 4096, MEMBERS_1 = KEY_NOTICES, MEMBERS_2 = KEY_LAST };

/* Chains that a passport cannot do without: what verifying it rests on. */
static const char *const NEEDED[] = {"unit",
				     "principal",
				     "key",
				     "approval",
				     "nonconformance",
				     "charter",
				     "build_authorization",
				     "firmware_release",
				     "shift",
				     "recovery"};

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

struct reader passport_withheld(const struct passport *p, size_t *n)
{
	return list_start(p->withheld, n);
}

bool passport_next_withheld(struct reader *at, struct bytes *kind)
{
	return passport_next_notice(at, kind);
}

bool passport_may_withhold(struct bytes kind)
{
	for (size_t i = 0; i < sizeof NEEDED / sizeof NEEDED[0]; i++)
		if (bytes_equal(kind, bytes_text(NEEDED[i])))
			return false;
	return id_valid(kind);
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
	struct hash last = {{0}};

	if (n > PASSPORT_OPENINGS_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!passport_next_opening(&at, &o) ||
		    (i > 0 && bytes_compare(hash_bytes(&last), hash_bytes(&o.commitment)) >= 0))
			return false;
		last = o.commitment;
	}
	return reader_end(&at);
}

static bool check_notices(struct bytes list)
{
	size_t n;
	struct bytes notice;
	struct reader at = list_start(list, &n);

	for (size_t i = 0; i < n; i++)
		if (n > PASSPORT_NOTICES_MAX || !passport_next_notice(&at, &notice))
			return false;
	return reader_end(&at);
}

static bool check_withheld(struct bytes list)
{
	size_t n;
	struct bytes kind, last = {0};
	struct reader at = list_start(list, &n);

	for (size_t i = 0; i < n; i++) {
		if (n > PASSPORT_WITHHELD_MAX || !passport_next_withheld(&at, &kind) ||
		    !passport_may_withhold(kind) || (i > 0 && bytes_compare(last, kind) >= 0))
			return false;
		last = kind;
	}
	return list.n == 0 || reader_end(&at);
}

static void get_subject(struct reader *r, struct subject *out)
{
	if (cbor_array(r) != 3)
		reader_fail(r, "a subject is [kind, within, id]");
	out->kind = cbor_text(r);
	out->within = cbor_text(r);
	out->id = cbor_text(r);
}

static void get_version(struct reader *r, struct passport *out)
{
	static const char MEMBERS[] =
		"the members of a passport are 1 to 6, and 7 to 9 of version 2";
	size_t n = cbor_map(r);

	if (cbor_uint(r) != KEY_VERSION)
		reader_fail(r, MEMBERS);
	out->version = cbor_uint(r);
	if (r->why == NULL && (out->version == 0 || out->version > PASSPORT_VERSION))
		reader_fail(r, "this version of passports is unknown");
	if (n != (out->version == 1 ? MEMBERS_1 : MEMBERS_2))
		reader_fail(r, MEMBERS);
}

static void get_key(struct reader *r, uint64_t key)
{
	if (cbor_uint(r) != key)
		reader_fail(r, "a member of the passport is not where it belongs");
}

static void get_members(struct reader *r, struct passport *out)
{
	get_version(r, out);
	get_key(r, KEY_NOTE);
	out->note = cbor_text(r);
	get_key(r, KEY_SUBJECT);
	get_subject(r, &out->subject);
	get_key(r, KEY_ENTRIES);
	out->entries = cbor_item(r);
	get_key(r, KEY_OPENINGS);
	out->openings = cbor_item(r);
	get_key(r, KEY_NOTICES);
	out->notices = cbor_item(r);
	if (r->why != NULL || out->version == 1)
		return;
	get_key(r, KEY_WITHHELD);
	out->withheld = cbor_item(r);
	get_key(r, KEY_CA);
	out->ca = cbor_bytes(r);
	if (out->ca.n > PASSPORT_CA_MAX)
		reader_fail(r, "the CA's certificate is too large");
	get_key(r, KEY_LAST);
	out->last = cbor_uint(r);
}

bool passport_parse(struct bytes in, struct passport *out, const char **why)
{
	struct reader r = reader_of(in);

	*out = (struct passport){0};
	*why = NULL;
	if (in.n > PASSPORT_SIZE_MAX)
		*why = "a passport is at most 4 MiB";
	if (*why != NULL)
		return false;
	get_members(&r, out);
	if (!reader_end(&r))
		*why = r.why != NULL ? r.why : "bytes follow the passport";
	else if (!check_entries(out->entries))
		*why = "the list of entries is not as it should be";
	else if (!check_openings(out->openings))
		*why = "the list of openings is not as it should be";
	else if (!check_notices(out->notices))
		*why = "the list of notices is not as it should be";
	else if (!check_withheld(out->withheld))
		*why = "the list of what is withheld is not as it should be";
	return *why == NULL;
}

/* ---- making one ---- */

static void put_list(struct writer *w, struct bytes list)
{
	if (list.n == 0)
		cbor_put_array(w, 0);
	else
		put_bytes(w, list);
}

void passport_put(struct writer *w, const struct passport *p)
{
	cbor_put_map(w, MEMBERS_2);
	cbor_put_uint(w, KEY_VERSION);
	cbor_put_uint(w, PASSPORT_VERSION);
	cbor_put_uint(w, KEY_NOTE);
	cbor_put_text(w, p->note);
	cbor_put_uint(w, KEY_SUBJECT);
	cbor_put_array(w, 3);
	cbor_put_text(w, p->subject.kind);
	cbor_put_text(w, p->subject.within);
	cbor_put_text(w, p->subject.id);
	cbor_put_uint(w, KEY_ENTRIES);
	put_list(w, p->entries);
	cbor_put_uint(w, KEY_OPENINGS);
	put_list(w, p->openings);
	cbor_put_uint(w, KEY_NOTICES);
	put_list(w, p->notices);
	cbor_put_uint(w, KEY_WITHHELD);
	put_list(w, p->withheld);
	cbor_put_uint(w, KEY_CA);
	cbor_put_bytes(w, p->ca);
	cbor_put_uint(w, KEY_LAST);
	cbor_put_uint(w, p->last);
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
