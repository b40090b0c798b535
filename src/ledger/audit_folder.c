/* SPDX-License-Identifier: Apache-2.0 */
/* audit_folder.c — a log in a folder, as the source of an audit. */
#include "ledger/audit.h"

#include <string.h>

#include "base/files.h"

static err fetch_file(void *context, struct arena *a, const char *path, size_t max,
		      struct bytes *out, struct fault *f)
{
	char *whole = arena_printf(a, "%s/%s", (const char *)context, path);

	if (!whole)
		return fail(f, "MEMORY_EXHAUSTED", "what", path, NULL);
	return file_read(a, whole, max, out, f);
}

struct audit_source audit_folder(const char *folder)
{
	struct audit_source source = {.fetch = fetch_file};

	/* The callback only reads it. */
	memcpy(&source.context, &folder, sizeof(folder));
	return source;
}
