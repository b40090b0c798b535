/* SPDX-License-Identifier: Apache-2.0 */
/* whole_log.c — a copy of the whole log beside a passport: it alone can show that the passport leaves no
 * record about its unit out, at the end either. Files as in C2SP tlog-tiles. */
#include "verify.h"

#include "keys.h"

#include <inttypes.h>
#include <stdio.h>

enum { BUNDLE = 256, BUNDLE_MAX = BUNDLE * (ENTRY_SIZE_MAX + 2), PATH_MAX_ = 4096 };

static bool fails(struct verification *v, const char *why)
{
	v->failure = (struct passport_failure){.step = PASSPORT_CHAIN, .why = why};
	return false;
}

bool verify_read_file(const char *path, uint8_t *room, size_t cap, struct bytes *out)
{
	FILE *file = fopen(path, "rb");
	size_t n = file == NULL ? 0 : fread(room, 1, cap, file);
	bool good = file != NULL && ferror(file) == 0 && fgetc(file) == EOF;

	if (file != NULL)
		fclose(file);
	*out = bytes_of(room, n);
	return good;
}

/* tile/entries/x001/x234/067, and .p/W behind it if it is not full. */
static bool read_bundle(const char *folder, uint64_t index, uint64_t width, struct bytes *out)
{
	static uint8_t room[BUNDLE_MAX];
	char path[PATH_MAX_], name[64];
	size_t n = 0;
	uint64_t thousands = 1;

	while (index / thousands >= 1000)
		thousands *= 1000;
	for (; thousands > 0; thousands /= 1000)
		n += (size_t)snprintf(name + n, sizeof name - n, "/%s%03" PRIu64,
				      thousands > 1 ? "x" : "", index / thousands % 1000);
	if (width < BUNDLE)
		snprintf(name + n, sizeof name - n, ".p/%" PRIu64, width);
	int wrote = snprintf(path, sizeof path, "%s/tile/entries%s", folder, name);
	return wrote > 0 && (size_t)wrote < sizeof path &&
	       verify_read_file(path, room, sizeof room, out);
}

static bool is_in_passport(const struct verification *v, uint64_t sequence)
{
	static struct passport_entry e;
	size_t n;
	struct reader at = passport_entries(&v->passport, &n);

	for (size_t i = 0; i < n && passport_next_entry(&at, &e) && e.sequence <= sequence; i++)
		if (e.sequence == sequence)
			return true;
	return false;
}

static bool take_entry(struct verification *v, struct merkle *tree, struct bytes bytes)
{
	struct entry entry;
	const char *why;

	if (entry_parse(bytes, &entry, &why) && entry_is_of_unit(v, &entry) &&
	    !is_in_passport(v, tree->size))
		return verify_fails(v, PASSPORT_CHAIN, tree->size,
				    "the log has a record about the unit that the passport lacks");
	merkle_append(tree, merkle_leaf(bytes));
	if (tree->size == v->head.size && !hash_equal(merkle_head(tree).root, v->head.root))
		return fails(v, "the log beside it is another one than the passport's");
	return true;
}

static bool read_checkpoint(struct verification *v, const char *folder, struct checkpoint *out)
{
	static uint8_t room[NOTE_SIZE_MAX];
	static struct note note;
	char path[PATH_MAX_];
	struct bytes text;
	const char *why;
	int n = snprintf(path, sizeof path, "%s/checkpoint", folder);

	return n > 0 && (size_t)n < sizeof path &&
	       verify_read_file(path, room, sizeof room, &text) && note_parse(text, &note, &why) &&
	       note_verify(&note, v->log, key_signed_note, NULL) == NOTE_VALID &&
	       checkpoint_parse(note.text, out, &why) && out->head.size >= v->head.size;
}

bool verify_whole_log(struct verification *v, const char *folder)
{
	struct merkle tree = {0};
	struct checkpoint checkpoint;
	struct bytes bundle;

	if (!read_checkpoint(v, folder, &checkpoint))
		return fails(v, "the log beside it has no checkpoint of this key, or an older one");
	while (tree.size < checkpoint.head.size) {
		uint64_t width = checkpoint.head.size - tree.size;
		width = width < BUNDLE ? width : BUNDLE;
		if (!read_bundle(folder, tree.size / BUNDLE, width, &bundle))
			return fails(v, "entries of the log beside it are missing");
		struct reader r = reader_of(bundle);
		for (uint64_t i = 0; i < width && r.why == NULL; i++)
			if (!take_entry(v, &tree, get_bytes(&r, get_u16(&r))))
				return false;
		if (!reader_end(&r))
			return fails(v, "entries of the log beside it are damaged");
	}
	return hash_equal(merkle_head(&tree).root, checkpoint.head.root) ||
	       fails(v, "entries of the log beside it are not those that its key signed");
}
