/* SPDX-License-Identifier: Apache-2.0 */
/* Backups that somebody made up: whoever knows the public key can encrypt what he likes. None of them
 * leaves anything behind. */
#include "backup_kit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backup/tar.h"
#include "base/files.h"
#include "core/cbor.h"
#include "core/sha256.h"

enum { MEMBERS_MAX = 256 };

struct member {
	char name[TAR_NAME_MAX + 1];
	struct bytes content;
};
/* A good backup, opened, to be changed and closed again. */
struct opened {
	struct arena arena;
	struct member members[MEMBERS_MAX];
	size_t n;
	uint8_t *out;
	size_t out_n;
};

static struct opened o;

static err out_put(void *context, struct bytes content, struct fault *f)
{
	struct opened *to = context;

	(void)f;
	memcpy(to->out + to->out_n, content.p, content.n);
	to->out_n += content.n;
	return ERR_OK;
}

static err in_get(void *context, uint8_t *out, size_t n, size_t *got, struct fault *f)
{
	struct bytes *in = context;

	(void)f;
	*got = n < in->n ? n : in->n;
	memcpy(out, in->p, *got);
	*in = bytes_of(in->p + *got, in->n - *got);
	return ERR_OK;
}

static void open_backup(struct backup_kit *k)
{
	char plain[KIT_PATH_MAX];
	const char *decrypt[] = {"age", "-d", "-i", k->identity[0], k->file, NULL};
	struct tar_member m;
	struct bytes in;
	bool more;

	arena_done(&o.arena);
	o = (struct opened){.arena = {.limit = 64 << 20}};
	snprintf(plain, sizeof plain, "%s/plain", k->folder);
	assert_int_equal(kit_program(decrypt, plain), 0);
	ok(file_read(&o.arena, plain, 8 << 20, &in, &k->f), &k->f);
	o.out = arena_alloc(&o.arena, 16 << 20);
	struct tar_reader r = {.source = {in_get, &in}};
	for (;;) {
		size_t got;

		ok(tar_next(&r, &m, &more, &k->f), &k->f);
		if (!more)
			break;
		assert_true(o.n < MEMBERS_MAX);
		uint8_t *content = arena_alloc(&o.arena, (size_t)m.size + 1);
		ok(tar_get(&r, content, (size_t)m.size, &got, &k->f), &k->f);
		memcpy(o.members[o.n].name, m.name, sizeof m.name);
		o.members[o.n++].content = bytes_of(content, got);
	}
}

static void encrypt(struct backup_kit *k, struct bytes plain_bytes)
{
	char plain[KIT_PATH_MAX];
	const char *encrypt_it[] = {"age", "-r", k->recipient[0], plain, NULL};

	snprintf(plain, sizeof plain, "%s/plain", k->folder);
	ok(file_write(plain, plain_bytes, 0600, &k->f), &k->f);
	assert_int_equal(kit_program(encrypt_it, k->file), 0);
}

static struct bytes archive(void)
{
	struct tar_writer w = {.sink = {out_put, &o}};
	struct fault f = {0};

	o.out_n = 0;
	for (size_t i = 0; i < o.n; i++)
		ok(tar_file(&w, o.members[i].name, o.members[i].content, &f), &f);
	ok(tar_close(&w, &f), &f);
	return bytes_of(o.out, o.out_n);
}

static size_t find(const char *beginning)
{
	for (size_t i = 0; i < o.n; i++)
		if (strncmp(o.members[i].name, beginning, strlen(beginning)) == 0)
			return i;
	fail_msg("no %s", beginning);
	return 0;
}

static void restore_refuses(struct backup_kit *k, const char *message)
{
	struct restore_plan plan = kit_restore_plan(k, 0);
	struct restore_report report;
	char list[KIT_PATH_MAX];
	const char *left[] = {"find",  k->folder, "-mindepth", "1",          "-name",
			      "back*", "-not",    "-name",     "backup.age", NULL};
	struct arena a = {0};
	struct bytes text;

	k->f = (struct fault){0};
	refused(restore_run(&plan, &report, &k->f), &k->f, message);
	snprintf(list, sizeof list, "%s/list", k->folder);
	assert_int_equal(kit_program(left, list), 0);
	ok(file_read(&a, list, 4096, &text, &k->f), &k->f);
	assert_int_equal(text.n, 0);
	arena_done(&a);
}

static void closed_again_is_refused(struct backup_kit *k)
{
	encrypt(k, archive());
	restore_refuses(k, "BACKUP_DAMAGED");
}

static void begin(struct backup_kit *k)
{
	struct backup_report report;

	kit_back_up(k, &report);
	open_backup(k);
}

static uint8_t *changeable(size_t member)
{
	struct bytes copy = arena_copy(&o.arena, o.members[member].content);

	o.members[member].content = copy;
	return (uint8_t *)(uintptr_t)copy.p;
}

static void one_that_was_only_opened_and_closed_restores(void **state)
{
	struct backup_kit *k = *state;
	struct restore_plan plan = kit_restore_plan(k, 2);
	struct restore_report report;

	begin(k);
	encrypt(k, archive());
	ok(restore_run(&plan, &report, &k->f), &k->f);
	assert_true(report.facts && report.secrets && report.sound);
}

static void a_changed_entry_is_refused(void **state)
{
	struct backup_kit *k = *state;

	begin(k);
	size_t i = find("entries/");
	uint8_t *p = changeable(i);
	for (size_t at = 40; at < o.members[i].content.n; at += o.members[i].content.n / 7) {
		p[at] ^= 1;
		closed_again_is_refused(k);
		p[at] ^= 1;
	}
}

/* Any part, one at a time. */
static void a_missing_part_is_refused(void **state)
{
	static const char *const PARTS[] = {"sealwright-backup",
					    "checkpoint",
					    "entries/",
					    "openings/",
					    "blobs/",
					    "blob/",
					    "end"};
	struct backup_kit *k = *state;

	begin(k);
	for (size_t p = 0; p < sizeof PARTS / sizeof PARTS[0]; p++) {
		size_t i = find(PARTS[p]), n = o.n;
		struct member kept[MEMBERS_MAX];

		memcpy(kept, o.members, sizeof kept);
		memmove(&o.members[i], &o.members[i + 1], (o.n - i - 1) * sizeof o.members[0]);
		o.n--;
		closed_again_is_refused(k);
		memcpy(o.members, kept, sizeof kept);
		o.n = n;
	}
}

static void a_part_that_is_there_twice_is_refused(void **state)
{
	struct backup_kit *k = *state;
	size_t parts;

	begin(k);
	parts = o.n;
	for (size_t i = 0; i < parts; i += 1 + parts / 24) {
		memmove(&o.members[i + 1], &o.members[i], (o.n - i) * sizeof o.members[0]);
		o.n++;
		closed_again_is_refused(k);
		memmove(&o.members[i], &o.members[i + 1], (o.n - i - 1) * sizeof o.members[0]);
		o.n--;
	}
}

static void parts_in_another_order_are_refused(void **state)
{
	struct backup_kit *k = *state;

	begin(k);
	for (size_t i = 0; i + 1 < o.n; i += 1 + o.n / 24) {
		struct member held = o.members[i];

		o.members[i] = o.members[i + 1];
		o.members[i + 1] = held;
		closed_again_is_refused(k);
		o.members[i + 1] = o.members[i];
		o.members[i] = held;
	}
}

static void a_part_that_nobody_knows_is_refused(void **state)
{
	static const char *const NAMES[] = {"files/sub/folder", "evil",        "entries",
					    "secrets/x",        "checkpoint2", "signer/journal"};
	struct backup_kit *k = *state;

	begin(k);
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		struct member held = o.members[2];

		snprintf(o.members[2].name, sizeof held.name, "%s", NAMES[i]);
		closed_again_is_refused(k);
		o.members[2] = held;
	}
}

/* Names that no writer of ours writes, put into the finished archive. */
static void names_that_lead_out_of_the_folder_are_refused(void **state)
{
	static const char *const NAMES[] = {"files/../../evil", "/etc/evil", "files/..",
					    "files//evil", "../evil"};
	struct backup_kit *k = *state;

	begin(k);
	struct bytes good = archive();
	/* The third member is of files/. */
	size_t at = 0;
	for (size_t i = 0; i < 2; i++)
		at += 512 + (o.members[i].content.n + 511) / 512 * 512;
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
		uint8_t *header = o.out + at;
		unsigned sum = 0;
		char digits[16];

		memset(header, 0, 100);
		memcpy(header, NAMES[i], strlen(NAMES[i]));
		memset(header + 148, ' ', 8);
		for (size_t b = 0; b < 512; b++)
			sum += header[b];
		snprintf(digits, sizeof digits, "%06o", sum);
		memcpy(header + 148, digits, 6);
		header[154] = 0;
		encrypt(k, good);
		restore_refuses(k, "BACKUP_DAMAGED");
	}
}

static void bytes_behind_the_end_are_refused(void **state)
{
	struct backup_kit *k = *state;

	begin(k);
	struct bytes good = archive();
	memset(o.out + o.out_n, 'x', 512);
	encrypt(k, bytes_of(good.p, good.n + 512));
	restore_refuses(k, "BACKUP_DAMAGED");
	encrypt(k, bytes_of(good.p, good.n + 1));
	restore_refuses(k, "BACKUP_DAMAGED");
}

static void a_cut_archive_is_refused(void **state)
{
	struct backup_kit *k = *state;

	begin(k);
	struct bytes good = archive();
	for (size_t i = 0; i < 24; i++) {
		encrypt(k, bytes_of(good.p, good.n / 24 * i));
		restore_refuses(k, "BACKUP_DAMAGED");
	}
}

static void a_cut_or_changed_file_is_refused_by_age(void **state)
{
	struct backup_kit *k = *state;
	struct backup_report report;
	struct arena a = {0};
	struct bytes whole;

	kit_back_up(k, &report);
	ok(file_read(&a, k->file, 8 << 20, &whole, &k->f), &k->f);
	for (size_t i = 1; i < 8; i++) {
		ok(file_write(k->file, bytes_of(whole.p, whole.n / 8 * i), 0600, &k->f), &k->f);
		restore_refuses(k, "AGE_FAILED");
	}
	for (size_t i = 0; i < 8; i++) {
		uint8_t *p = (uint8_t *)(uintptr_t)whole.p + whole.n / 8 * i + 5;
		*p ^= 1;
		ok(file_write(k->file, whole, 0600, &k->f), &k->f);
		restore_refuses(k, "AGE_FAILED");
		*p ^= 1;
	}
	arena_done(&a);
}

static void rows_that_are_too_large_are_refused(void **state)
{
	struct backup_kit *k = *state;
	uint8_t *large;

	begin(k);
	large = arena_alloc(&o.arena, (5 << 20));
	o.members[find("openings/")].content = bytes_of(large, 5 << 20);
	closed_again_is_refused(k);
	o.members[find("checkpoint")].content = bytes_of(large, 5 << 20);
	closed_again_is_refused(k);
}

static void another_value_behind_a_commitment_is_refused(void **state)
{
	struct backup_kit *k = *state;

	begin(k);
	size_t i = find("openings/");
	uint8_t *p = changeable(i);
	uint8_t *value = memmem(p, o.members[i].content.n, "7 euros", 7);
	assert_non_null(value);
	*value = '9';
	closed_again_is_refused(k);
}

/* Somebody's own log, signed by a key of his own, is not ours: the key is known from elsewhere. */
static void a_checkpoint_by_another_key_is_refused(void **state)
{
	struct backup_kit *k = *state;
	struct private_key *key;
	struct note_key theirs;
	struct restore_plan plan;
	struct restore_report report;
	struct fault f = {0};
	uint8_t raw[32];

	begin(k);
	ok(private_key_generate(KEY_ED25519, &key, &f), &f);
	assert_true(public_key_ed25519(private_key_public(key), raw));
	assert_true(note_key_make(HOUSE_ORIGIN, NOTE_ED25519, raw, &theirs));
	private_key_close(key);
	plan = kit_restore_plan(k, 0);
	plan.log = &theirs;
	refused(restore_run(&plan, &report, &f), &f, "BACKUP_DAMAGED");
	assert_false(file_exists(k->back));
}

static void a_head_that_says_something_else_is_refused(void **state)
{
	static const char *const HEADS[] = {
		"format = 2\nkind = house\n",
		"format = 1\nkind = castle\norigin = x\nmade = 1\nsize = 1\nroot = 00\n",
		"format = 1\nkind = house\norigin = x\nmade = 1\nsize = 1\n",
		"format = 1\nkind = house\norigin = \nmade = 1\nsize = 1\n",
		"format = 1\nkind = house\norigin = x\nmade = 99999999999999999999\n",
		""};
	struct backup_kit *k = *state;

	begin(k);
	o.members[0].content = bytes_text(HEADS[0]);
	encrypt(k, archive());
	restore_refuses(k, "BACKUP_FORMAT_UNKNOWN");
	for (size_t i = 1; i + 1 < sizeof HEADS / sizeof HEADS[0]; i++) {
		o.members[0].content = bytes_text(HEADS[i]);
		closed_again_is_refused(k);
	}
}

static void rows_about_files_that_do_not_hold_are_refused(void **state)
{
	struct backup_kit *k = *state;

	begin(k);
	size_t i = find("blobs/");
	uint8_t *p = changeable(i);
	for (size_t at = 0; at < 60; at++) {
		p[at] ^= 0x20;
		struct restore_plan plan = kit_restore_plan(k, 0);
		struct restore_report report;
		encrypt(k, archive());
		err e = restore_run(&plan, &report, &k->f);
		/* Sizes and times of operational rows are nobody's evidence, but the file tells. */
		assert_true(e.code != OK || at > 32);
		if (e.code == OK) {
			const char *remove_it[] = {"rm", "-rf", k->back, NULL};
			assert_int_equal(kit_program(remove_it, "/dev/null"), 0);
		}
		p[at] ^= 0x20;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(one_that_was_only_opened_and_closed_restores),
		KIT_TEST(a_changed_entry_is_refused),
		KIT_TEST(a_missing_part_is_refused),
		KIT_TEST(a_part_that_is_there_twice_is_refused),
		KIT_TEST(parts_in_another_order_are_refused),
		KIT_TEST(a_part_that_nobody_knows_is_refused),
		KIT_TEST(names_that_lead_out_of_the_folder_are_refused),
		KIT_TEST(bytes_behind_the_end_are_refused),
		KIT_TEST(a_cut_archive_is_refused),
		KIT_TEST(a_cut_or_changed_file_is_refused_by_age),
		KIT_TEST(rows_that_are_too_large_are_refused),
		KIT_TEST(another_value_behind_a_commitment_is_refused),
		KIT_TEST(a_checkpoint_by_another_key_is_refused),
		KIT_TEST(a_head_that_says_something_else_is_refused),
		KIT_TEST(rows_about_files_that_do_not_hold_are_refused),
	};

	return run_on_sqlite(tests, sizeof tests / sizeof tests[0]);
}
