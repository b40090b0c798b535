/* SPDX-License-Identifier: Apache-2.0 */
/* Any file: read or refused with a line; what is read again gives the same. */
#include "server/config.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct server_config config, again, before;
	struct fault f = {0};

	assert(config_defaults("/dir", &config, &f).code == OK);
	before = again = config;
	if (config_parse(&config, "fuzz", bytes_of(data, size), &f).code != OK) {
		assert(f.message != NULL && fault_value(&f, "line") != NULL);
		assert(memcmp(&config, &before, sizeof config) == 0);
		return 0;
	}
	assert(config_parse(&again, "fuzz", bytes_of(data, size), &f).code == OK);
	assert(memcmp(&config, &again, sizeof config) == 0);
	assert(config.threads >= 1 && config.threads <= 256 && config.people_port <= 65535);
	return 0;
}
