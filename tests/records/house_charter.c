/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "records/house.h"

#include "core/charter.h"
#include "core/sha256.h"

enum { HOUR = 3600 * 1000 };

static void add_founder(struct charter *c, const struct actor *who)
{
	struct charter_person *person = &c->persons[c->persons_n];

	person->id = bytes_text(who->id);
	person->groups[person->groups_n++] = bytes_text("founders");
	c->keys[c->keys_n++] =
		(struct charter_key){.spki = public_key_spki(private_key_public(who->key)),
				     .kind = CHARTER_COSE,
				     .outside = true,
				     .person = (uint8_t)c->persons_n++};
}

struct bytes house_charter(struct house *h, uint64_t revision, const struct bytes *previous)
{
	struct charter *c = arena_alloc(&h->arena, sizeof *c);
	uint8_t *buffer = arena_alloc(&h->arena, CHARTER_SIZE_MAX);
	struct writer w = writer_of(buffer, CHARTER_SIZE_MAX);
	struct bytes document;

	assert_non_null(c);
	assert_non_null(buffer);
	*c = (struct charter){.revision = revision,
			      .has_previous = previous != NULL,
			      .origin = bytes_text(HOUSE_ORIGIN)};
	if (previous != NULL)
		c->previous = sha256(*previous);
	add_founder(c, &h->ada);
	add_founder(c, &h->ben);
	add_founder(c, &h->cleo);
	c->rules[c->rules_n++] = (struct charter_rule){.name = bytes_text("*"),
						       .need = 1,
						       .from_n = 1,
						       .from = {bytes_text("founders")},
						       .request_ttl_ms = 72 * HOUR,
						       .vote_ttl_ms = 4 * HOUR,
						       .newcomer_ms = 24 * HOUR};
	charter_put(&w, c);
	assert_true(writer_done(&w, &document));
	return document;
}

json_t *house_charter_json(struct house *h)
{
	struct bytes charter = house_charter(h, 1, NULL);
	char *text = arena_alloc(&h->arena, base64_size(charter.n) + 1);

	assert_non_null(text);
	base64url_encode(charter, text);
	return json_string(text);
}
