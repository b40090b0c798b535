/* SPDX-License-Identifier: Apache-2.0 */
/* audit_keys.c — whose key is whose, from the log alone. */
#include "client/audit_keys_internal.h"
#include "crypto/proof.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { INDEX_SIZE = 1 << 16 };

/* Ids are digests: their first bytes spread evenly. */
static size_t place_of(struct hash id)
{
	return (size_t)id.b[0] << 8 | id.b[1];
}

static struct audit_key *find(const struct audit_keys *k, struct hash id)
{
	struct audit_key *one = k->index == NULL ? NULL : k->index[place_of(id)];

	while (one != NULL && !hash_equal(one->id, id))
		one = one->next_alike;
	return one;
}

static void link_in(struct audit_keys *k, struct audit_key *one)
{
	struct audit_key **alike = &k->index[place_of(one->id)];

	one->next = k->first;
	k->first = one;
	one->next_alike = *alike;
	*alike = one;
	if (one->given_by[0] == '\0')
		return;
	one->next_given = k->given;
	k->given = one;
}

err audit_add_key(struct audit_keys *k, struct bytes spki, const struct audit_key *like,
		  struct fault *f)
{
	struct audit_key *one = arena_alloc(&k->arena, sizeof *one);

	if (k->index == NULL)
		k->index = arena_array(&k->arena, INDEX_SIZE, sizeof(struct audit_key *));
	if (one == NULL || k->index == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*one = *like;
	TRY(public_key_parse(spki, &one->key, f));
	one->id = public_key_id(one->key);
	if (find(k, one->id) != NULL) {
		public_key_close(one->key);
		return ERR_OK;
	}
	link_in(k, one);
	k->keys++;
	return ERR_OK;
}

static err add(struct audit_keys *k, struct bytes spki, const char *owner, struct fault *f)
{
	struct audit_key like = {0};

	snprintf(like.owner, sizeof like.owner, "%s", owner);
	return audit_add_key(k, spki, &like, f);
}

void audit_keys_done(struct audit_keys *k)
{
	for (struct audit_key *one = k->first; one != NULL; one = one->next)
		public_key_close(one->key);
	arena_done(&k->arena);
	k->first = k->given = NULL;
	k->index = NULL;
}

/* ---- signatures ---- */

err audit_wrong(struct fault *f, uint64_t sequence, const char *detail)
{
	char number[24];

	snprintf(number, sizeof number, "%" PRIu64, sequence);
	return fail(f, "AUDIT_SIGNATURE_WRONG", "sequence", number, "detail", detail, NULL);
}

/* Passkeys are bound to the relying party that the log was started with; from which web page of it
 * they came, a stranger need not know. Of which application of a token a key must be, the charter
 * says, and the signer asks. */
static err verify_proof(struct audit_keys *k, uint64_t sequence, const struct entry *entry,
			const struct public_key *key, struct fault *f)
{
	const struct proof_party party = {.relying_party = bytes_text(k->relying_party),
					  .any_origin = true};
	struct fault why = {0};

	if (entry->proof.kind == PROOF_WEBAUTHN && k->relying_party[0] == '\0') {
		k->passkeys++;
		return ERR_OK;
	}
	if (proof_check(&entry->proof, &entry->claim, entry->claim_bytes, key,
			proof_application(&entry->proof), &party, &why)
		    .code != OK)
		return audit_wrong(f, sequence, fault_value(&why, "detail"));
	k->verified++;
	return ERR_OK;
}

static err verify(struct audit_keys *k, uint64_t sequence, const struct entry *entry,
		  struct fault *f)
{
	const struct claim *c = &entry->claim;
	const struct compiled_type *t = registry_type(k->registry, c->type);

	if (entry->proof.kind == PROOF_NONE && t != NULL && t->type->origin == SIGNED)
		return audit_wrong(f, sequence, "records of its type are signed, and it is not");
	if (entry->proof.kind == PROOF_NONE)
		return ERR_OK;
	struct audit_key *key = c->has_key ? find(k, c->key) : NULL;
	const char *why = audit_key_wrong(key, t, entry);
	if (why != NULL || key == NULL)
		return audit_wrong(f, sequence, why);
	k->by_shifts += key->is_shifts;
	return verify_proof(k, sequence, entry, key->key, f);
}

/* ---- who gets a key ---- */

static err add_text(struct audit_keys *k, const json_t *json, struct fault *f)
{
	const char *owner = json_string_value(json_object_get(json, "principal"));
	const char *text = json_string_value(json_object_get(json, "public_key"));
	uint8_t spki[SPKI_SIZE_MAX];
	size_t n;

	if (owner == NULL || text == NULL ||
	    !base64url_decode(bytes_text(text), spki, sizeof spki, &n))
		return ERR_OK;
	return add(k, bytes_of(spki, n), owner, f);
}

/* ---- whose key ends ---- */

static void end_keys(struct audit_keys *k, const char *owner, const struct hash *id)
{
	struct audit_key *own = id == NULL ? NULL : find(k, *id);

	if (own != NULL)
		own->ended = true;
	for (struct audit_key *one = k->first; owner != NULL && one != NULL; one = one->next)
		if (strcmp(one->owner, owner) == 0)
			one->ended = true;
	/* A shift ends with the key that opened it. */
	for (struct audit_key *one = k->given; id != NULL && one != NULL; one = one->next_given)
		if (one->is_shifts && hash_equal(one->opened_by, *id))
			one->ended = true;
}

static void end_from_json(struct audit_keys *k, const json_t *json)
{
	const char *owner = json_string_value(json_object_get(json, "principal"));
	const char *hex = json_string_value(json_object_get(json, "key_id"));
	struct hash id;

	if (owner != NULL)
		end_keys(k, owner, NULL);
	if (hex != NULL && hex_decode(bytes_text(hex), id.b, sizeof id.b))
		end_keys(k, NULL, &id);
}

/* ---- what an entry does to keys ---- */

static err take_start(struct audit_keys *k, const json_t *json, struct fault *f)
{
	const char *mode = json_string_value(json_object_get(json, "mode"));
	const char *party = json_string_value(json_object_get(json, "relying_party"));
	size_t i;
	json_t *one;

	snprintf(k->mode, sizeof k->mode, "%s", mode == NULL ? "" : mode);
	snprintf(k->relying_party, sizeof k->relying_party, "%s", party == NULL ? "" : party);
	json_array_foreach(json_object_get(json, "founders"), i, one) TRY(add_text(k, one, f));
	return ERR_OK;
}

static err take_json(struct audit_keys *k, const struct compiled_type *t, const struct body *body,
		     enum body_use use, struct fault *f)
{
	json_t *json = body_to_json(t->type->fields, body, NULL, 0);
	err e = json == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : ERR_OK;

	if (json != NULL && use == BODY_STARTS)
		e = take_start(k, json, f);
	if (json != NULL && use == BODY_ENROLLS)
		e = add_text(k, json, f);
	if (json != NULL && use == BODY_ENDS)
		end_from_json(k, json);
	json_decref(json);
	return e;
}

static err take_body(struct audit_keys *k, const struct entry *entry, enum body_use use,
		     struct fault *f)
{
	const struct compiled_type *t = registry_type(k->registry, entry->claim.type);
	struct arena a = {0};
	struct body body;
	err e = body_from_cbor(&a, t->type->fields, t->type->size, entry->claim.body, &body, f);

	if (e.code == OK)
		e = audit_check_shown(k, entry, t, &body, f);
	if (e.code == OK)
		e = use <= BODY_ENDS ? take_json(k, t, &body, use, f)
				     : audit_take_given(k, entry, t, &body, use, f);
	arena_done(&a);
	return e;
}

/* A unit's key stands in what the writer noted of its request. */
static err add_from_outputs(struct audit_keys *k, const struct entry *entry, struct fault *f)
{
	char owner[2 * ID_SIZE_MAX + 2];
	const struct subject *s = &entry->witness.subject;
	struct output output;
	size_t n;
	struct reader at = witness_outputs(&entry->witness, &n);

	snprintf(owner, sizeof owner, "%.*s/%.*s", (int)s->within.n, (const char *)s->within.p,
		 (int)s->id.n, (const char *)s->id.p);
	for (size_t i = 0; i < n && witness_next_output(&at, &output); i++)
		if (bytes_equal(output.name, bytes_text("spki")))
			return add(k, output.value, owner, f);
	return ERR_OK;
}

static const struct key_rule {
	const char *type;
	enum body_use use;
} KEY_RULES[] = {
	{"ledger.started", BODY_STARTS},
	{"key.enrolled", BODY_ENROLLS},
	{"key.revoked", BODY_ENDS},
	{"principal.left", BODY_ENDS},
	{"shift.opened", BODY_OPENS_SHIFT},
	{"shift.closed", BODY_CLOSES_SHIFT},
	{"recovery.requested", BODY_RECOVERS},
	{"recovery.stopped", BODY_STOPS_RECOVERY},
};

/* What only waits, was kept without effect or is unverified gives and takes no key; but what waits may take
 * effect later. */
static bool counts(const struct entry *entry)
{
	return entry->witness.outcome == OUTCOME_FOLDED ||
	       (entry->witness.outcome == OUTCOME_PENDING &&
		bytes_equal(entry->claim.type, bytes_text("recovery.requested")));
}

err audit_keys_entry(void *context, uint64_t sequence, struct bytes bytes,
		     const struct entry *entry, struct fault *f)
{
	struct audit_keys *k = context;
	struct bytes type = entry->claim.type;

	TRY(verify(k, sequence, entry, f));
	if (k->charter != NULL)
		TRY(charter_check_entry(k->charter, sequence, bytes, entry, f));
	if (entry->witness.outcome == OUTCOME_EXECUTES)
		return audit_execute(k, entry, f);
	if (!counts(entry))
		return ERR_OK;
	if (registry_type(k->registry, type) == NULL)
		return ERR_OK; /* of a newer version: it can give nobody a key that we would use */
	if (sequence > 0 && bytes_equal(type, bytes_text("ledger.started")))
		return audit_wrong(f, sequence, "a log starts once, with its first entry");
	if (bytes_equal(type, bytes_text("unit.requested")))
		return add_from_outputs(k, entry, f);
	for (size_t i = 0; i < sizeof KEY_RULES / sizeof KEY_RULES[0]; i++)
		if (bytes_equal(type, bytes_text(KEY_RULES[i].type)))
			return take_body(k, entry, KEY_RULES[i].use, f);
	return ERR_OK;
}
