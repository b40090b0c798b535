/* SPDX-License-Identifier: Apache-2.0 */
/* console_files.h — the console's files, made when the program is built (tools/console_bundle.py). */
#ifndef SERVER_CONSOLE_FILES_H
#define SERVER_CONSOLE_FILES_H

#include "core/bytes.h"

struct console_file {
	const char *
		role; /* main, worker, style, text.LANGUAGE, pages.LANGUAGE, more.LANGUAGE; else empty */
	const char *name; /* with a digest of the content in it */
	const char *type;
	struct bytes plain, packed; /* packed: gzip */
};
extern const struct console_file CONSOLE_FILES[];
extern const size_t CONSOLE_FILES_N;

#endif
