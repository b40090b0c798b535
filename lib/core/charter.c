/* SPDX-License-Identifier: Apache-2.0 */
/* The charter as it is written. charter_weigh.c judges by it. */
#include "core/charter.h"

#include "core/cbor.h"
#include "core/entry_fields.h"
#include "core/sha256.h"

enum field {
	REVISION = 1,
	PREVIOUS,
	ORIGIN,
	MODE,
	RELYING_PARTY,
	WEB_ORIGINS,
	PERSONS,
	RULES,
	RECOVERY,
	RECOVERY_NEED,
	ANCHOR,
	WITNESSES,
};

/* All numbers are written in JSON too, which has doubles. */
static const uint64_t REVISION_MAX = UINT64_C(9007199254740991);
static const uint64_t DURATION_MAX = UINT64_C(14) * 86400000;

enum { PARTY_MAX = 253, WEB_ORIGIN_MAX = 255, WITNESS_MAX = 1024, NEED_MAX = 16 };

static const uint32_t REQUIRED = 1u << REVISION | 1u << ORIGIN | 1u << MODE | 1u << PERSONS |
				 1u << RULES | 1u << RECOVERY | 1u << RECOVERY_NEED | 1u << ANCHOR;

/* ---- pieces ---- */

static struct bytes get_line(struct reader *r, size_t most, const char *why)
{
	struct bytes text = cbor_text(r);

	if (text.n == 0 || text.n > most)
		reader_fail(r, why);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < 0x20)
			reader_fail(r, why);
	}
	return text;
}

static size_t get_count(struct reader *r, size_t least, size_t most, const char *why)
{
	size_t n = cbor_array(r);

	if (n < least || n > most)
		reader_fail(r, why);
	return r->why ? 0 : n;
}

static void get_map(struct reader *r, size_t n, const char *why)
{
	if (cbor_map(r) != n)
		reader_fail(r, why);
}

static void get_field(struct reader *r, uint64_t number, const char *why)
{
	if (cbor_uint(r) != number)
		reader_fail(r, why);
}

static bool among(const struct bytes *list, size_t n, struct bytes one)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes_equal(list[i], one))
			return true;
	}
	return false;
}

static uint8_t get_groups(struct reader *r, struct bytes out[CHARTER_GROUPS_MAX])
{
	size_t n = get_count(r, 1, CHARTER_GROUPS_MAX, "groups must be 1 to 8");

	for (size_t i = 0; i < n && !r->why; i++) {
		out[i] = field_id(r, "a group's name is not an id");
		if (among(out, i, out[i]))
			reader_fail(r, "a group is named twice in one place");
	}
	return (uint8_t)n;
}

/* ---- keys ---- */

/* SubjectPublicKeyInfo up to the key itself (RFC 8410 section 4; RFC 5480 section 2, uncompressed):
 * a key in another encoding would be a second key of the same person. */
static const uint8_t ED25519_HEAD[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
				       0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
static const uint8_t P256_HEAD[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
				    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
				    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};

static bool is_spki(struct bytes spki)
{
	if (spki.n == sizeof ED25519_HEAD + 32)
		return bytes_equal(bytes_of(spki.p, sizeof ED25519_HEAD),
				   bytes_of(ED25519_HEAD, sizeof ED25519_HEAD));
	return spki.n == sizeof P256_HEAD + 64 &&
	       bytes_equal(bytes_of(spki.p, sizeof P256_HEAD),
			   bytes_of(P256_HEAD, sizeof P256_HEAD));
}

static struct bytes get_spki(struct reader *r, struct hash *id)
{
	static const char WHY[] = "a key is not Ed25519 or P-256 in its one encoding";
	struct bytes spki = field_bytes(r, 32, 160, WHY);

	if (!r->why && !is_spki(spki))
		reader_fail(r, WHY);
	if (!r->why)
		*id = sha256(spki);
	return spki;
}

static bool key_known(const struct charter *c, struct hash id)
{
	for (size_t i = 0; i < c->keys_n; i++) {
		if (hash_equal(c->keys[i].id, id))
			return true;
	}
	for (size_t i = 0; i < c->recovery_n; i++) {
		if (hash_equal(c->recovery_keys[i].id, id))
			return true;
	}
	return false;
}

static enum charter_key_kind get_kind(struct reader *r)
{
	uint64_t kind = cbor_uint(r);

	if (kind < CHARTER_COSE || kind > CHARTER_SSHSIG)
		reader_fail(r, "a key's kind is unknown");
	return (enum charter_key_kind)kind;
}

static void get_key(struct reader *r, uint8_t person, struct charter *out)
{
	static const char WHY[] = "a key must be a map of key, kind, outside and application";
	struct charter_key key = {.person = person};
	size_t n = cbor_map(r);

	if (n != 3 && n != 4)
		reader_fail(r, WHY);
	get_field(r, 1, WHY);
	key.spki = get_spki(r, &key.id);
	get_field(r, 2, WHY);
	key.kind = get_kind(r);
	get_field(r, 3, WHY);
	key.outside = cbor_bool(r);
	if (key.outside && key.kind == CHARTER_WEBAUTHN)
		reader_fail(r, "a passkey signs on our screen: it cannot be outside");
	if (n == 4) {
		get_field(r, 4, WHY);
		key.application = get_line(r, 64, "an application must have 1 to 64 bytes");
		if (key.kind != CHARTER_SSHSIG)
			reader_fail(r, "an application belongs to keys of kind 3");
	}
	if (!r->why && key_known(out, key.id))
		reader_fail(r, "a key is named twice");
	if (!r->why)
		out->keys[out->keys_n++] = key;
}

/* ---- persons ---- */

static void get_person(struct reader *r, struct charter *out)
{
	static const char WHY[] = "a person must be a map of id, groups and keys";
	struct charter_person *person = &out->persons[out->persons_n];
	size_t keys;

	get_map(r, 3, WHY);
	get_field(r, 1, WHY);
	person->id = field_id(r, "a person's id is not an id");
	for (size_t i = 0; i < out->persons_n; i++) {
		if (bytes_equal(out->persons[i].id, person->id))
			reader_fail(r, "a person is named twice");
	}
	get_field(r, 2, WHY);
	person->groups_n = get_groups(r, person->groups);
	get_field(r, 3, WHY);
	keys = get_count(r, 1, CHARTER_PERSON_KEYS_MAX, "a person must have 1 to 8 keys");
	if (out->keys_n + keys > CHARTER_KEYS_MAX)
		reader_fail(r, "the charter has more than 128 keys");
	for (; keys > 0 && !r->why; keys--)
		get_key(r, (uint8_t)out->persons_n, out);
	out->persons_n++;
}

static void get_persons(struct reader *r, struct charter *out)
{
	size_t n = get_count(r, 1, CHARTER_PERSONS_MAX, "the charter must have 1 to 64 persons");

	for (; n > 0 && !r->why; n--)
		get_person(r, out);
}

/* ---- rules ---- */

static void get_must(struct reader *r, struct charter_rule *rule)
{
	static const char WHY[] = "a must-sign group must be a group and a number";
	size_t n = get_count(r, 0, CHARTER_GROUPS_MAX, "must-sign groups must be at most 8");

	for (; n > 0 && !r->why; n--) {
		struct charter_must *must = &rule->must[rule->must_n];

		(void)get_count(r, 2, 2, WHY);
		must->group = field_id(r, WHY);
		must->need = (uint8_t)field_number(r, NEED_MAX, WHY);
		if (must->need == 0)
			reader_fail(r, "a must-sign group must sign at least once");
		for (size_t i = 0; i < rule->must_n; i++) {
			if (bytes_equal(rule->must[i].group, must->group))
				reader_fail(r, "a must-sign group is named twice in one rule");
		}
		rule->must_n++;
	}
}

static uint64_t get_duration(struct reader *r, uint64_t least)
{
	uint64_t ms = field_number(r, DURATION_MAX, "a time of a rule is above 14 days");

	if (ms < least)
		reader_fail(r, "decisions and approvals must last longer than no time");
	return ms;
}

static void get_rule(struct reader *r, struct charter *out)
{
	static const char WHY[] = "a rule must be a map with the keys 1 to 7";
	struct charter_rule *rule = &out->rules[out->rules_n];

	get_map(r, 7, WHY);
	get_field(r, 1, WHY);
	rule->name = field_id(r, "a rule's class is not an id");
	for (size_t i = 0; i < out->rules_n; i++) {
		if (bytes_equal(out->rules[i].name, rule->name))
			reader_fail(r, "a class has two rules");
	}
	get_field(r, 2, WHY);
	rule->need = (uint8_t)field_number(r, NEED_MAX, "a rule needs more than 16 persons");
	get_field(r, 3, WHY);
	rule->from_n = get_groups(r, rule->from);
	get_field(r, 4, WHY);
	get_must(r, rule);
	get_field(r, 5, WHY);
	rule->request_ttl_ms = get_duration(r, 1);
	get_field(r, 6, WHY);
	rule->vote_ttl_ms = get_duration(r, 1);
	get_field(r, 7, WHY);
	rule->newcomer_ms = get_duration(r, 0);
	out->rules_n++;
}

static void get_rules(struct reader *r, struct charter *out)
{
	size_t n = get_count(r, 1, CHARTER_RULES_MAX, "the charter must have 1 to 32 rules");

	for (; n > 0 && !r->why; n--)
		get_rule(r, out);
}

/* ---- recovery ---- */

static void get_recovery(struct reader *r, struct charter *out)
{
	static const char WHY[] = "a recovery key must be a map of keeper, key and kind";
	size_t n = get_count(r, 0, CHARTER_RECOVERY_MAX, "recovery keys must be at most 16");

	for (; n > 0 && !r->why; n--) {
		struct charter_key key = {.person = (uint8_t)out->recovery_n, .outside = true};
		struct bytes keeper;

		get_map(r, 3, WHY);
		get_field(r, 1, WHY);
		keeper = field_id(r, "a keeper's name is not an id");
		for (size_t i = 0; i < out->recovery_n; i++) {
			if (bytes_equal(out->recovery[i].keeper, keeper))
				reader_fail(r, "a keeper has two recovery keys");
		}
		get_field(r, 2, WHY);
		key.spki = get_spki(r, &key.id);
		get_field(r, 3, WHY);
		key.kind = get_kind(r);
		if (key.kind == CHARTER_WEBAUTHN)
			reader_fail(r, "a recovery key must be of kind 1 or 3");
		if (!r->why && key_known(out, key.id))
			reader_fail(r, "a key is named twice");
		if (r->why)
			return;
		out->recovery[out->recovery_n].keeper = keeper;
		out->recovery_keys[out->recovery_n++] = key;
	}
}

/* ---- the whole ---- */

static void get_previous(struct reader *r, struct charter *out)
{
	struct bytes v = field_bytes(r, 32, 32, "the charter before is named by 32 bytes");

	out->has_previous = true;
	if (!r->why)
		__builtin_memcpy(out->previous.b, v.p, sizeof out->previous.b);
}

static size_t get_lines(struct reader *r, struct bytes *out, size_t most, size_t size,
			const char *why)
{
	size_t n = get_count(r, 1, most, why);

	for (size_t i = 0; i < n && !r->why; i++) {
		out[i] = get_line(r, size, why);
		if (among(out, i, out[i]))
			reader_fail(r, why);
	}
	return n;
}

static void get_charter_field(struct reader *r, uint64_t key, struct charter *out)
{
	switch (key) {
	case REVISION:
		out->revision = field_number(r, REVISION_MAX, "the revision is too large");
		break;
	case PREVIOUS:
		get_previous(r, out);
		break;
	case ORIGIN:
		out->origin = get_line(r, ORIGIN_SIZE_MAX, "the origin is not one line");
		break;
	case MODE:
		out->mode = (enum charter_mode)field_number(r, CHARTER_TRIAL,
							    "the charter's mode is unknown");
		break;
	case RELYING_PARTY:
		out->relying_party =
			get_line(r, PARTY_MAX, "the relying party must have 1 to 253 bytes");
		break;
	case WEB_ORIGINS:
		out->origins_n =
			get_lines(r, out->origins, CHARTER_ORIGINS_MAX, WEB_ORIGIN_MAX,
				  "web origins must be 1 to 4 different lines of 255 bytes");
		break;
	case PERSONS:
		get_persons(r, out);
		break;
	case RULES:
		get_rules(r, out);
		break;
	case RECOVERY:
		get_recovery(r, out);
		break;
	case RECOVERY_NEED:
		out->recovery_need = (unsigned)field_number(r, CHARTER_RECOVERY_MAX,
							    "more recovery keys needed than 16");
		break;
	case ANCHOR:
		out->anchor = (enum charter_anchor)field_number(r, ANCHOR_WITNESS,
								"the anchor is unknown");
		break;
	case WITNESSES:
		out->witnesses_n = get_lines(r, out->witnesses, CHARTER_WITNESSES_MAX, WITNESS_MAX,
					     "witnesses must be 1 to 4 different verifier keys");
		break;
	default:
		reader_fail(r, "the charter has an unknown key");
	}
}

static const char *head_wrong(const struct charter *c)
{
	if (c->revision == 0)
		return "revisions count from 1";
	if (c->has_previous != (c->revision > 1))
		return "every revision but the first names the charter before it";
	if (c->recovery_need > c->recovery_n)
		return "more recovery keys are needed than there are";
	if ((c->recovery_need == 0) != (c->recovery_n == 0))
		return "recovery keys are there, but none is needed";
	if ((c->anchor == ANCHOR_WITNESS) != (c->witnesses_n > 0))
		return "witnesses belong to the anchor that is one";
	return NULL;
}

bool charter_parse(struct bytes in, struct charter *out, const char **why)
{
	struct reader r = reader_of(in);
	struct cbor_keys keys = {{0}};
	uint32_t seen = 0;

	__builtin_memset(out, 0, sizeof *out);
	if (in.n > CHARTER_SIZE_MAX)
		reader_fail(&r, "the charter is larger than 16384 bytes");
	for (size_t n = cbor_map(&r); n > 0 && !r.why; n--) {
		uint64_t key = field_key(&r, &keys);

		get_charter_field(&r, key, out);
		seen |= r.why ? 0 : 1u << key;
	}
	if (!r.why && r.n > 0)
		reader_fail(&r, "bytes follow its end");
	if ((seen & REQUIRED) != REQUIRED)
		reader_fail(&r, "the charter lacks a required key");
	if (!r.why)
		r.why = head_wrong(out);
	if (!r.why)
		r.why = charter_rules_wrong(out);
	*why = r.why;
	if (r.why) {
		__builtin_memset(out, 0, sizeof *out);
		return false;
	}
	out->bytes = in;
	out->digest = sha256(in);
	return true;
}
