/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte chooses. 0: the rest is a bundle, and a log is made that agrees with it, so that
 * every entry is judged. 1 to 3: the rest stands for the checkpoint, the tile or the bundle of a
 * log of one entry. Whatever comes, the audit ends with a verdict. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { ENTRIES_MAX = 255 };

struct memory_log {
	char checkpoint[512];
	struct bytes file[3]; /* checkpoint, tile, bundle */
	struct hash hashes[ENTRIES_MAX];
	size_t n;
};

static bool verify_all(const uint8_t public_key[static 32], struct bytes message,
		       const uint8_t signature[static 64])
{
	(void)public_key;
	(void)message;
	(void)signature;
	return true;
}

static err fetch(void *context, struct arena *a, const char *path, size_t max, struct bytes *out,
		 struct fault *f)
{
	const struct memory_log *log = context;
	size_t which = strcmp(path, "checkpoint") == 0        ? 0
		       : strncmp(path, "tile/0/000", 10) == 0 ? 1
							      : 2;

	if (log->file[which].n > max)
		return fail(f, "AUDIT_FILE_MISSING", "path", path, NULL);
	*out = arena_copy(a, log->file[which]);
	return ERR_OK;
}

/* As many whole entries as the bundle has. */
static void take_bundle(struct memory_log *log, struct bytes bundle)
{
	struct reader r = reader_of(bundle);
	size_t whole = 0;

	for (log->n = 0; log->n < ENTRIES_MAX && r.n > 0; log->n++) {
		struct bytes entry = get_bytes(&r, get_u16(&r));

		if (r.why)
			break;
		log->hashes[log->n] = merkle_leaf(entry);
		whole = r.at;
	}
	log->file[1] = bytes_of(log->hashes, log->n * sizeof(log->hashes[0]));
	log->file[2] = bytes_of(bundle.p, whole);
}

static void sign(struct memory_log *log, const struct note_key *key)
{
	struct writer w = writer_of(log->checkpoint, sizeof(log->checkpoint));
	uint8_t signature[64] = {0};
	struct merkle tree = {0};

	for (size_t i = 0; i < log->n; i++)
		merkle_append(&tree, log->hashes[i]);
	checkpoint_put(&w, bytes_text(key->name), merkle_head(&tree));
	put_text(&w, "\n");
	note_put_signature(&w, key->name, key->id, bytes_of(signature, sizeof(signature)));
	if (!writer_done(&w, &log->file[0]))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint8_t ONE[] = {0, 1, 'x'};
	static struct memory_log log;
	uint8_t public_key[32] = {0};
	struct audit_options options = {.verify = verify_all};
	struct audit_source source = {fetch, &log};
	struct audit_report report;
	struct fault f = {0};

	if (n == 0 || data[0] > 3 ||
	    !note_key_make("test.example/log", NOTE_ED25519, public_key, &options.key))
		return 0;
	struct bytes rest = bytes_of(data + 1, n - 1);

	take_bundle(&log, data[0] == 0 ? rest : bytes_of(ONE, sizeof(ONE)));
	sign(&log, &options.key);
	if (data[0] > 0)
		log.file[data[0] - 1] = rest;
	err e = audit_run(source, &options, &report, &f);

	if (e.code != OK && (f.code != e.code || !f.message))
		abort();
	return 0;
}
