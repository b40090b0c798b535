/* SPDX-License-Identifier: Apache-2.0 */
/* A path that is accepted has one spelling, and never leaves its folder. */
#include <stdlib.h>
#include <string.h>

#include "ledger/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char path[256], again[TILE_PATH_SIZE];
	struct tile_name name;

	if (n >= sizeof(path))
		return 0;
	if (n > 0)
		memcpy(path, data, n);
	path[n] = 0;
	if (!tile_name_parse(path, &name))
		return 0;
	tile_name_put(name, again);
	if (strcmp(path, again) != 0 || strstr(again, "..") || again[0] == '/')
		abort();
	return 0;
}
