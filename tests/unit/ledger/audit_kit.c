/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/files.h"

void fixture_open(struct fixture *x, struct sample_options options)
{
	const char *base = getenv("TMPDIR");

	memset(x, 0, sizeof(*x));
	snprintf(x->folder, sizeof(x->folder), "%s/audit-XXXXXX", base ? base : "/tmp");
	assert_non_null(mkdtemp(x->folder));
	snprintf(x->tiles, sizeof(x->tiles), "%s/tiles", x->folder);
	options.folder = x->folder;
	if (options.entries == 0)
		options.entries = ENTRIES;
	kit_must(sample_log_make(&options, &x->sample, &x->f), &x->f);
	x->options.key = x->sample.key;
	x->options.verify = ed25519_verify;
}

void fixture_close(struct fixture *x)
{
	kit_remove_folder(x->folder);
}

err audit(struct fixture *x)
{
	memset(&x->f, 0, sizeof(x->f));
	return audit_run(audit_folder(x->tiles), &x->options, &x->report, &x->f);
}

void assert_value(const struct fixture *x, const char *name, const char *expected)
{
	assert_non_null(fault_value(&x->f, name));
	assert_string_equal(fault_value(&x->f, name), expected);
}

void read_tile_file(struct fixture *x, const char *name, struct arena *a, struct bytes *out)
{
	char path[KIT_PATH_SIZE * 2];

	snprintf(path, sizeof(path), "%s/%s", x->tiles, name);
	kit_must(file_read(a, path, 32 << 20, out, &x->f), &x->f);
}

void write_tile_file(struct fixture *x, const char *name, struct bytes content)
{
	char path[KIT_PATH_SIZE * 2];

	snprintf(path, sizeof(path), "%s/%s", x->tiles, name);
	kit_must(file_write(path, content, 0600, &x->f), &x->f);
}

void rename_tile_file(struct fixture *x, const char *from, const char *to)
{
	char a[KIT_PATH_SIZE * 2], b[KIT_PATH_SIZE * 2];

	snprintf(a, sizeof(a), "%s/%s", x->tiles, from);
	snprintf(b, sizeof(b), "%s/%s", x->tiles, to);
	assert_int_equal(rename(a, b), 0);
}

void flip(struct fixture *x, const char *name, long at)
{
	struct arena a = {.limit = 64 << 20};
	struct bytes content, copy;

	read_tile_file(x, name, &a, &content);
	copy = arena_copy(&a, content);
	size_t i = at < 0 ? content.n - (size_t)-at : (size_t)at;
	uint8_t changed = copy.p[i] ^ 1;

	struct bytes before = bytes_of(copy.p, i), after = bytes_of(copy.p + i + 1, copy.n - i - 1);
	uint8_t *whole = arena_alloc(&a, copy.n);
	struct writer w = writer_of(whole, copy.n);

	put_bytes(&w, before);
	put_u8(&w, changed);
	put_bytes(&w, after);
	write_tile_file(x, name, bytes_of(whole, copy.n));
	arena_done(&a);
}
