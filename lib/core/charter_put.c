/* SPDX-License-Identifier: Apache-2.0 */
/* The charter, written as charter.c reads it. */
#include "core/cbor.h"
#include "core/charter.h"

static void put_texts(struct writer *w, const struct bytes *list, size_t n)
{
	cbor_put_array(w, n);
	for (size_t i = 0; i < n; i++)
		cbor_put_text(w, list[i]);
}

static void put_key(struct writer *w, const struct charter_key *key)
{
	cbor_put_map(w, key->application.p ? 4 : 3);
	cbor_put_uint(w, 1);
	cbor_put_bytes(w, key->spki);
	cbor_put_uint(w, 2);
	cbor_put_uint(w, key->kind);
	cbor_put_uint(w, 3);
	cbor_put_bool(w, key->outside);
	if (key->application.p) {
		cbor_put_uint(w, 4);
		cbor_put_text(w, key->application);
	}
}

static void put_person(struct writer *w, const struct charter *c, size_t place)
{
	const struct charter_person *person = &c->persons[place];
	size_t n = 0;

	for (size_t i = 0; i < c->keys_n; i++)
		n += c->keys[i].person == place;
	cbor_put_map(w, 3);
	cbor_put_uint(w, 1);
	cbor_put_text(w, person->id);
	cbor_put_uint(w, 2);
	put_texts(w, person->groups, person->groups_n);
	cbor_put_uint(w, 3);
	cbor_put_array(w, n);
	for (size_t i = 0; i < c->keys_n; i++) {
		if (c->keys[i].person == place)
			put_key(w, &c->keys[i]);
	}
}

static void put_rule(struct writer *w, const struct charter_rule *rule)
{
	cbor_put_map(w, 7);
	cbor_put_uint(w, 1);
	cbor_put_text(w, rule->name);
	cbor_put_uint(w, 2);
	cbor_put_uint(w, rule->need);
	cbor_put_uint(w, 3);
	put_texts(w, rule->from, rule->from_n);
	cbor_put_uint(w, 4);
	cbor_put_array(w, rule->must_n);
	for (size_t i = 0; i < rule->must_n; i++) {
		cbor_put_array(w, 2);
		cbor_put_text(w, rule->must[i].group);
		cbor_put_uint(w, rule->must[i].need);
	}
	cbor_put_uint(w, 5);
	cbor_put_uint(w, rule->request_ttl_ms);
	cbor_put_uint(w, 6);
	cbor_put_uint(w, rule->vote_ttl_ms);
	cbor_put_uint(w, 7);
	cbor_put_uint(w, rule->newcomer_ms);
}

static void put_recovery(struct writer *w, const struct charter *c)
{
	cbor_put_array(w, c->recovery_n);
	for (size_t i = 0; i < c->recovery_n; i++) {
		cbor_put_map(w, 3);
		cbor_put_uint(w, 1);
		cbor_put_text(w, c->recovery[i].keeper);
		cbor_put_uint(w, 2);
		cbor_put_bytes(w, c->recovery_keys[i].spki);
		cbor_put_uint(w, 3);
		cbor_put_uint(w, c->recovery_keys[i].kind);
	}
}

/* Keys 1 to 6: what the charter belongs to. */
static void put_head(struct writer *w, const struct charter *c)
{
	cbor_put_uint(w, 1);
	cbor_put_uint(w, c->revision);
	if (c->has_previous) {
		cbor_put_uint(w, 2);
		cbor_put_bytes(w, hash_bytes(&c->previous));
	}
	cbor_put_uint(w, 3);
	cbor_put_text(w, c->origin);
	cbor_put_uint(w, 4);
	cbor_put_uint(w, c->mode);
	if (c->relying_party.p) {
		cbor_put_uint(w, 5);
		cbor_put_text(w, c->relying_party);
	}
	if (c->origins_n > 0) {
		cbor_put_uint(w, 6);
		put_texts(w, c->origins, c->origins_n);
	}
}

void charter_put(struct writer *w, const struct charter *c)
{
	size_t optional = (size_t)c->has_previous + (c->relying_party.p ? 1 : 0) +
			  (c->origins_n > 0 ? 1 : 0) + (c->witnesses_n > 0 ? 1 : 0);

	cbor_put_map(w, 8 + optional);
	put_head(w, c);
	cbor_put_uint(w, 7);
	cbor_put_array(w, c->persons_n);
	for (size_t i = 0; i < c->persons_n; i++)
		put_person(w, c, i);
	cbor_put_uint(w, 8);
	cbor_put_array(w, c->rules_n);
	for (size_t i = 0; i < c->rules_n; i++)
		put_rule(w, &c->rules[i]);
	cbor_put_uint(w, 9);
	put_recovery(w, c);
	cbor_put_uint(w, 10);
	cbor_put_uint(w, c->recovery_need);
	cbor_put_uint(w, 11);
	cbor_put_uint(w, c->anchor);
	if (c->witnesses_n > 0) {
		cbor_put_uint(w, 12);
		put_texts(w, c->witnesses, c->witnesses_n);
	}
}
