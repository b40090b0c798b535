/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/found.h"

#include "core/sha256.h"

static const uint64_t HOUR_MS = 3600 * 1000;

static struct bytes text_of(const char *text)
{
	return text == NULL ? (struct bytes){0} : bytes_text(text);
}

static err wrong(const char *why, struct fault *f)
{
	return fail(f, "CHARTER_WRONG", "why", why, NULL);
}

/* ---- people ---- */

static struct charter_key key_of(const struct charter_holder *holder, size_t place)
{
	return (struct charter_key){
		.spki = holder->spki,
		.id = sha256(holder->spki),
		.kind = holder->kind,
		.outside = holder->outside,
		.application = text_of(holder->application),
		.person = (uint8_t)place,
	};
}

/* The place of the person, who may have come with an earlier key. */
static err place_of(struct charter *c, struct bytes id, size_t *place, struct fault *f)
{
	for (*place = 0; *place < c->persons_n; (*place)++)
		if (bytes_equal(c->persons[*place].id, id))
			return ERR_OK;
	if (c->persons_n == CHARTER_PERSONS_MAX)
		return wrong("it has more than 64 persons", f);
	c->persons[c->persons_n++] = (struct charter_person){.id = id};
	return ERR_OK;
}

static err join(struct charter_person *person, struct bytes group, struct fault *f)
{
	for (size_t i = 0; i < person->groups_n; i++)
		if (bytes_equal(person->groups[i], group))
			return ERR_OK;
	if (person->groups_n == CHARTER_GROUPS_MAX)
		return wrong("a person is in more than 8 groups", f);
	person->groups[person->groups_n++] = group;
	return ERR_OK;
}

static err add_people(struct charter *c, const struct charter_holder *holders, size_t n,
		      const char *group, struct fault *f)
{
	for (size_t i = 0; i < n; i++) {
		size_t place = 0;

		if (c->keys_n == CHARTER_KEYS_MAX)
			return wrong("it has more than 128 keys", f);
		TRY(place_of(c, text_of(holders[i].person), &place, f));
		TRY(join(&c->persons[place], bytes_text(group), f));
		c->keys[c->keys_n++] = key_of(&holders[i], place);
	}
	return ERR_OK;
}

static err add_recovery(struct charter *c, const struct charter_founding *founding, struct fault *f)
{
	if (founding->recovery_n > CHARTER_RECOVERY_MAX)
		return wrong("it has more than 16 recovery keys", f);
	for (size_t i = 0; i < founding->recovery_n; i++) {
		c->recovery[i].keeper = text_of(founding->recovery[i].person);
		c->recovery_keys[i] = key_of(&founding->recovery[i], i);
	}
	c->recovery_n = founding->recovery_n;
	c->recovery_need = founding->recovery_need;
	if (c->recovery_need == 0 && c->recovery_n > 0)
		c->recovery_need = (unsigned)c->recovery_n / 2 + 1;
	return ERR_OK;
}

/* ---- rules ---- */

static size_t persons_of(const struct charter *c, const char *group)
{
	size_t n = 0;

	for (size_t i = 0; i < c->persons_n; i++)
		for (size_t g = 0; g < c->persons[i].groups_n; g++)
			n += bytes_equal(c->persons[i].groups[g], bytes_text(group));
	return n;
}

static void add_rules(struct charter *c, const struct charter_founding *founding)
{
	static const struct {
		const char *name;
		unsigned days;
	} RULES[] = {{"*", 1}, {"charter", 14}, {"succession", 14}};
	bool several = persons_of(c, CHARTER_FOUNDERS) >= 2;
	uint64_t newcomer = c->mode == CHARTER_TRIAL ? 0 : 24 * HOUR_MS;

	for (size_t i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++)
		c->rules[c->rules_n++] = (struct charter_rule){
			.name = bytes_text(RULES[i].name),
			.need = (uint8_t)(founding->need != 0 ? founding->need : several),
			.from_n = 1,
			.from = {bytes_text(CHARTER_FOUNDERS)},
			.request_ttl_ms = RULES[i].days * 24 * HOUR_MS,
			.vote_ttl_ms = 4 * HOUR_MS,
			.newcomer_ms =
				founding->newcomer_ms != 0 ? founding->newcomer_ms : newcomer,
		};
}

/* ---- all of it ---- */

static err fill(struct charter *c, const struct charter_founding *founding, struct fault *f)
{
	if (founding->web_origins_n > CHARTER_ORIGINS_MAX ||
	    founding->witnesses_n > CHARTER_WITNESSES_MAX || founding->need > 16)
		return wrong("it has more than 4 web origins or witnesses, or needs more than 16 "
			     "persons",
			     f);
	c->revision = 1;
	c->origin = text_of(founding->origin);
	c->relying_party = text_of(founding->relying_party);
	c->mode = founding->mode;
	c->anchor = founding->anchor;
	for (; c->origins_n < founding->web_origins_n; c->origins_n++)
		c->origins[c->origins_n] = text_of(founding->web_origins[c->origins_n]);
	for (; c->witnesses_n < founding->witnesses_n; c->witnesses_n++)
		c->witnesses[c->witnesses_n] = text_of(founding->witnesses[c->witnesses_n]);
	TRY(add_people(c, founding->founders, founding->founders_n, CHARTER_FOUNDERS, f));
	TRY(add_people(c, founding->authors, founding->authors_n, CHARTER_AUTHORS, f));
	TRY(add_recovery(c, founding, f));
	add_rules(c, founding);
	return ERR_OK;
}

err charter_found(const struct charter_founding *founding, struct arena *a, struct bytes *out,
		  struct fault *f)
{
	struct charter *c = arena_alloc(a, sizeof(*c)), *judged = arena_alloc(a, sizeof(*judged));
	uint8_t *p = arena_alloc(a, CHARTER_SIZE_MAX);
	struct writer w = writer_of(p, CHARTER_SIZE_MAX);
	struct bytes document;
	const char *why = NULL;

	if (c == NULL || judged == NULL || p == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a charter", NULL);
	TRY(fill(c, founding, f));
	charter_put(&w, c);
	if (!writer_done(&w, &document))
		return wrong("it is larger than 16,384 bytes", f);
	if (!charter_parse(document, judged, &why))
		return wrong(why, f);
	*out = document;
	return ERR_OK;
}
