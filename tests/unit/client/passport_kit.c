/* SPDX-License-Identifier: Apache-2.0 */
#include "passport_kit.h"

#include "base/files.h"
#include "client/authority_check.h"
#include "core/cbor.h"
#include "verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- taken apart ---- */

static void take_lists(struct kit *k)
{
	struct passport_opening o;
	size_t n;
	struct reader at = passport_entries(&k->p, &n);

	assert_true(n <= KIT_ENTRIES_MAX);
	while (k->entries_n < n && passport_next_entry(&at, &k->entries[k->entries_n]))
		k->entries_n++;
	at = passport_openings(&k->p, &n);
	while (k->openings_n < n && passport_next_opening(&at, &o)) {
		k->salts[k->openings_n] = o.salt;
		k->values[k->openings_n++] = o.value;
	}
	at = passport_withheld(&k->p, &n);
	while (k->withheld_n < n && passport_next_withheld(&at, &k->withheld[k->withheld_n]))
		k->withheld_n++;
}

struct kit *kit_open(const char *name, const char *key)
{
	char path[512];
	struct kit *k = calloc(1, sizeof *k);
	struct fault f = {0};
	const char *why;

	assert_non_null(k);
	k->arena.limit = (size_t)1 << 30;
	snprintf(path, sizeof path, "%s/passport/%s", FUZZ_CORPUS, name);
	assert_int_equal(file_read(&k->arena, path, PASSPORT_SIZE_MAX, &k->file, &f).code, OK);
	assert_true(note_key_parse(bytes_text(key), &k->key));
	assert_true(passport_parse(k->file, &k->p, &why));
	take_lists(k);
	return k;
}

void kit_close(struct kit *k)
{
	arena_done(&k->arena);
	free(k);
}

/* ---- put together ---- */

static struct writer room(struct kit *k)
{
	enum { ROOM = 256 << 10 };
	uint8_t *p = arena_alloc(&k->arena, ROOM);

	assert_non_null(p);
	return writer_of(p, ROOM);
}

static struct bytes done(const struct writer *w)
{
	struct bytes out;

	assert_true(writer_done(w, &out));
	return out;
}

struct bytes kit_file(struct kit *k)
{
	struct passport p = k->p;
	struct writer w = room(k);

	cbor_put_array(&w, k->entries_n);
	for (size_t i = 0; i < k->entries_n; i++)
		passport_put_entry(&w, k->entries[i].sequence, k->entries[i].bytes,
				   k->entries[i].path, k->entries[i].path_n);
	p.entries = done(&w);
	w = room(k);
	cbor_put_array(&w, k->openings_n);
	for (size_t i = 0; i < k->openings_n; i++) {
		cbor_put_array(&w, 2);
		cbor_put_bytes(&w, k->salts[i]);
		cbor_put_text(&w, k->values[i]);
	}
	p.openings = done(&w);
	w = room(k);
	cbor_put_array(&w, k->withheld_n);
	for (size_t i = 0; i < k->withheld_n; i++)
		cbor_put_text(&w, k->withheld[i]);
	p.withheld = done(&w);
	w = room(k);
	passport_put(&w, &p);
	return done(&w);
}

struct bytes kit_copy(struct kit *k, struct bytes bytes)
{
	struct bytes copy = arena_copy(&k->arena, bytes);

	assert_non_null(copy.p);
	return copy;
}

struct bytes kit_flip(struct kit *k, struct bytes bytes, size_t at)
{
	struct bytes copy = kit_copy(k, bytes);

	assert_true(at < bytes.n);
	((uint8_t *)(uintptr_t)copy.p)[at] ^= 1;
	return copy;
}

/* ---- entries ---- */

/* False for one that was changed and is none any more. */
static bool parsed(const struct kit *k, size_t place, struct entry *out)
{
	const char *why;

	return entry_parse(k->entries[place].bytes, out, &why);
}

size_t kit_find_type(const struct kit *k, const char *type)
{
	struct entry entry;

	for (size_t i = 0; i < k->entries_n; i++)
		if (parsed(k, i, &entry) && bytes_equal(entry.claim.type, bytes_text(type)))
			return i;
	return KIT_ENTRIES_MAX;
}

static bool is_about(const struct kit *k, size_t place, const char *kind, const char *id)
{
	struct entry entry;

	return parsed(k, place, &entry) && entry.witness.has_subject &&
	       bytes_equal(entry.witness.subject.kind, bytes_text(kind)) &&
	       (id == NULL || bytes_equal(entry.witness.subject.id, bytes_text(id)));
}

size_t kit_last_of_unit(const struct kit *k)
{
	for (size_t i = k->entries_n; i > 0; i--)
		if (is_about(k, i - 1, "unit", NULL))
			return i - 1;
	return KIT_ENTRIES_MAX;
}

void kit_drop(struct kit *k, size_t place)
{
	assert_true(place < k->entries_n);
	k->entries_n--;
	memmove(&k->entries[place], &k->entries[place + 1],
		(k->entries_n - place) * sizeof k->entries[0]);
}

size_t kit_drop_chain(struct kit *k, const char *kind, const char *id)
{
	size_t n = 0;

	for (size_t i = k->entries_n; i > 0; i--) {
		if (!is_about(k, i - 1, kind, id))
			continue;
		kit_drop(k, i - 1);
		n++;
	}
	return n;
}

/* ---- the two verifiers ---- */

static enum passport_step ours(struct bytes file, const struct note_key *key)
{
	static struct registry *registry;
	static struct authority_check check;
	struct passport_report report;
	struct authority_report authority;
	struct fault f = {0};
	struct passport p;
	const char *why;
	char product[ID_SIZE_MAX + 1] = "", serial[ID_SIZE_MAX + 1] = "";

	if (registry == NULL)
		assert_int_equal(registry_make(AREAS, &registry, &f).code, OK);
	if (passport_parse(file, &p, &why)) {
		snprintf(product, sizeof product, "%.*s", (int)p.subject.within.n,
			 (const char *)p.subject.within.p);
		snprintf(serial, sizeof serial, "%.*s", (int)p.subject.id.n,
			 (const char *)p.subject.id.p);
	}
	check = (struct authority_check){.product = product, .serial = serial};
	assert_int_equal(authority_check_open(&check, key, &f).code, OK);
	err e = passport_check(file, key, registry, authority_check_each, &check, &report, &f);
	enum passport_step step = report.failure.step;
	if (e.code == OK && authority_check_end(&check, key, &authority, &f).code != OK)
		step = PASSPORT_AGREEMENT;
	authority_check_done(&check);
	assert_true(e.code == OK || step != PASSPORT_HOLDS);
	return step;
}

struct verdicts kit_verdicts(struct bytes file, const struct note_key *key)
{
	struct verification *v = calloc(1, sizeof *v);
	struct verdicts said = {.ours = ours(file, key)};

	assert_non_null(v);
	if (!verify_passport(file, key, v)) {
		assert_non_null(v->failure.why);
		assert_int_not_equal(v->failure.step, PASSPORT_HOLDS);
		said.other = v->failure.step;
	}
	free(v);
	return said;
}

void kit_must_say(struct bytes file, const struct note_key *key, enum passport_step step)
{
	struct verdicts said = kit_verdicts(file, key);

	assert_string_equal(passport_step_name(said.ours), passport_step_name(step));
	assert_string_equal(passport_step_name(said.other), passport_step_name(step));
}

void kit_must_fail(struct kit *k, enum passport_step step)
{
	kit_must_say(kit_file(k), &k->key, step);
	kit_close(k);
}
