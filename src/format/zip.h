/* SPDX-License-Identifier: Apache-2.0 */
/* zip.h — writes a ZIP archive (PKWARE APPNOTE 6.3): stored files, UTF-8 names, one fixed time, so
 * that the same files give the same bytes. No ZIP64: below 4 GiB and 65,535 files. */
#ifndef FORMAT_ZIP_H
#define FORMAT_ZIP_H

#include "base/arena.h"

enum { ZIP_NAME_MAX = 255, ZIP_FILES_MAX = 65534 };

struct zip;
/* The archive takes its name when it is whole: zip_end. Messages ZIP_*, FILE_*. */
MUST_CHECK err zip_create(const char *path, struct zip **out, struct fault *f);
/* One file after the other. A name is relative, with slashes, and leads nowhere else: no empty, "."
 * or ".." part, no backslash, no control character; each once. `runs`: it is a program. */
MUST_CHECK err zip_add(struct zip *z, const char *name, struct bytes content, bool runs,
		       struct fault *f);
/* Writes the directory, and puts the archive where it belongs. zip_close() all the same. */
MUST_CHECK err zip_end(struct zip *z, struct fault *f);
void zip_close(struct zip *z); /* NULL is fine; what did not end is removed */

#endif
