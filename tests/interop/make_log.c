/* SPDX-License-Identifier: Apache-2.0 */
/* make_log FOLDER ENTRIES [PLANT AT]: makes a whole log in FOLDER (log.db, tiles/) and prints its
 * verifier key. PLANT names what the writer does wrong at entry AT. */
#include <stdio.h>
#include <stdlib.h>

#include "base/catalog.h"
#include "sample_log.h"

int main(int argc, char **argv)
{
	struct sample_options options = {.plant = PLANT_NONE};
	struct sample sample;
	struct fault f = {0};
	char text[1024];

	if (argc != 3 && argc != 5) {
		fprintf(stderr, "usage: make_log FOLDER ENTRIES [PLANT AT]\n");
		return 2;
	}
	options.folder = argv[1];
	options.entries = strtoull(argv[2], NULL, 10);
	if (argc == 5) {
		options.plant = plant_of(argv[3]);
		options.plant_at = strtoull(argv[4], NULL, 10);
	}
	if (options.entries < 4 || options.plant == PLANT_KINDS)
		return 2;
	if (sample_log_make(&options, &sample, &f).code != OK) {
		fault_text(&f, text, sizeof(text));
		fprintf(stderr, "make_log: %s\n", text);
		return 1;
	}
	printf("%s\n", sample.key_text);
	return 0;
}
