/* SPDX-License-Identifier: Apache-2.0 */
/* beach.h — an area of one table with thousands of rows, many alike and many empty, and questions about
 * its views: what tests of lists stand on. */
#ifndef TEST_RECORDS_BEACH_H
#define TEST_RECORDS_BEACH_H

#include "records/house.h"
#include "stores.h"

enum { PEBBLES = 2000 };

struct pebble {
	char id[8], color[8];
	bool has_color, has_weight, has_stamp;
	int64_t weight;
	uint8_t stamp[2];
};

struct beach {
	struct store_test *store;
	struct house house;
	struct actor maya, nils;
	struct pebble pebbles[PEBBLES];
	size_t n;
};

/* maya may read the pebbles, nils may not. */
int beach_setup(void **state);
int beach_teardown(void **state);
#define BEACH_TEST(name) cmocka_unit_test_setup_teardown(name, beach_setup, beach_teardown)

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
/* "name=value" words up to NULL; the message of the refusal, or "" with the page (which may be NULL). */
const char *asks_view(struct house *h, const char *who, const char *view, const char *const *words,
		      json_t **out);
extern struct fault refusal; /* of the last question */
/* One word, asked by maya. */
void must_refuse_with(struct beach *b, const char *view, const char *word, const char *code);

#endif
