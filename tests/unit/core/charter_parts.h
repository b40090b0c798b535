/* SPDX-License-Identifier: Apache-2.0 */
/* charter_parts.h — a charter of a small house, for the tests of charter.h: ann, bob and cid are
 * founders, cid is of security too, dee may ask only. */
#ifndef TEST_UNIT_CORE_CHARTER_PARTS_H
#define TEST_UNIT_CORE_CHARTER_PARTS_H

#include "test.h"

#include "core/charter.h"

enum { ANN, BOB, CID, DEE };
/* Places of the keys. */
enum { ANN_COSE, ANN_PASSKEY, BOB_TOKEN, BOB_PASSKEY, CID_SSH, DEE_COSE, HOUSE_KEYS };
/* Places of the rules. */
enum { RULE_CHARTER, RULE_ANY, RULE_FIRMWARE };

static const uint64_t HOUR_MS = 3600000;

/* An Ed25519 key that nobody has: its last bytes are `number`. */
static inline struct bytes spki(uint8_t number)
{
	static uint8_t all[256][44];
	static const uint8_t HEAD[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
				       0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

	memcpy(all[number], HEAD, sizeof HEAD);
	memset(all[number] + sizeof HEAD, number, 32);
	return bytes_of(all[number], 44);
}

static inline void add_key(struct charter *c, uint8_t person, enum charter_key_kind kind,
			   bool outside)
{
	c->keys[c->keys_n] = (struct charter_key){.spki = spki((uint8_t)(c->keys_n + 1)),
						  .kind = kind,
						  .person = person,
						  .outside = outside};
	c->keys_n++;
}

static inline void add_person(struct charter *c, const char *id, const char *group,
			      const char *other)
{
	struct charter_person *p = &c->persons[c->persons_n++];

	p->id = bytes_text(id);
	p->groups[p->groups_n++] = bytes_text(group);
	if (other != NULL)
		p->groups[p->groups_n++] = bytes_text(other);
}

static inline struct charter_rule rule(const char *name, uint8_t need, const char *from)
{
	return (struct charter_rule){.name = bytes_text(name),
				     .need = need,
				     .from_n = 1,
				     .from = {bytes_text(from)},
				     .request_ttl_ms = 72 * HOUR_MS,
				     .vote_ttl_ms = 4 * HOUR_MS,
				     .newcomer_ms = 24 * HOUR_MS};
}

static inline struct charter house(void)
{
	struct charter c = {.revision = 1, .origin = bytes_text("ledger.example/test")};

	add_person(&c, "ann", "founders", NULL);
	add_person(&c, "bob", "founders", NULL);
	add_person(&c, "cid", "founders", "security");
	add_person(&c, "dee", "authors", NULL);
	add_key(&c, ANN, CHARTER_COSE, true);
	add_key(&c, ANN, CHARTER_WEBAUTHN, false);
	add_key(&c, BOB, CHARTER_SSHSIG, true);
	c.keys[BOB_TOKEN].application = bytes_text("ssh:approve");
	add_key(&c, BOB, CHARTER_WEBAUTHN, false);
	add_key(&c, CID, CHARTER_SSHSIG, true);
	add_key(&c, DEE, CHARTER_COSE, true);
	c.rules[c.rules_n++] = rule("charter", 1, "founders");
	c.rules[c.rules_n++] = rule("*", 1, "founders");
	c.rules[c.rules_n] = rule("firmware.release", 2, "founders");
	c.rules[c.rules_n].must[0] = (struct charter_must){bytes_text("security"), 1};
	c.rules[c.rules_n++].must_n = 1;
	c.relying_party = bytes_text("ledger.example");
	c.origins[c.origins_n++] = bytes_text("https://ledger.example");
	return c;
}

/* Writes and reads it. The bytes live until the next but three calls. NULL when it holds. */
static inline const char *reads_back(const struct charter *c, struct charter *out)
{
	static uint8_t buffers[4][CHARTER_SIZE_MAX];
	static unsigned next;
	struct writer w = writer_of(buffers[next++ % 4], CHARTER_SIZE_MAX);
	const char *why = "it is not written";
	struct bytes bytes;

	charter_put(&w, c);
	assert_true(writer_done(&w, &bytes));
	return charter_parse(bytes, out, &why) ? NULL : why;
}

#endif
