/* SPDX-License-Identifier: Apache-2.0 */
/* audit_given.c — keys with a limit, from the log alone: a shift's, which signs some events until the
 * shift ends, and a recovery's, which waits before it speaks. */
#include "client/audit_keys_internal.h"

#include "crypto/proof.h"
#include "record/check.h"

#include <string.h>

/* ---- who may have signed ---- */

/* NULL, or why a shift's key may not have signed this. Which station a record is about, its type knows, and
 * the server asked: that is not asked again. */
static const char *shift_wrong(const struct audit_key *key, const struct compiled_type *t,
			       const struct entry *entry)
{
	if (entry->witness.at >= key->not_after)
		return "its shift was over";
	if (t == NULL)
		return NULL; /* of a newer version: nobody here knows what it takes */
	if (t->type->nature != EVENT || (t->type->flags & VOTE) != 0)
		return "a shift's key signs events only";
	if (strcmp(t->type->name, "shift.closed") == 0 &&
	    bytes_equal(entry->witness.subject.id, bytes_text(key->given_by)))
		return NULL;
	for (const struct listed *l = key->listed; l != NULL; l = l->next)
		if (t->type->permission != NULL &&
		    strcmp(l->permission.text, t->type->permission) == 0)
			return NULL;
	return "its shift was not opened for this";
}

const char *audit_key_wrong(const struct audit_key *key, const struct compiled_type *t,
			    const struct entry *entry)
{
	if (key == NULL)
		return "nobody had enrolled its key";
	if (!bytes_equal(entry->claim.author, bytes_text(key->owner)))
		return "its key belongs to somebody else than its author";
	if (key->ended)
		return "its key had ended before";
	if (entry->witness.at < key->usable_from)
		return "its key was made in a recovery and had to wait";
	return key->is_shifts ? shift_wrong(key, t, entry) : NULL;
}

/* ---- who gets a key ---- */

/* What the body says under this name, in its C type; NULL: nothing. */
static const void *member(const struct compiled_type *t, const struct body *body, const char *name)
{
	for (size_t i = 0; i < t->fields_n; i++)
		if ((body->present >> i & 1) != 0 && strcmp(t->type->fields[i].name, name) == 0)
			return (const uint8_t *)body->p + t->type->fields[i].offset;
	return NULL;
}

err audit_check_shown(const struct audit_keys *k, const struct entry *entry,
		      const struct compiled_type *t, const struct body *body, struct fault *f)
{
	const struct proof_party party = {.relying_party = bytes_text(k->relying_party),
					  .any_origin = true};
	bool passkey = member(t, body, "credential") != NULL;
	struct arena a = {0};
	struct check_context context = {.arena = &a,
					.origin = entry->claim.origin,
					.console = &party,
					.claim = &entry->claim,
					.digest = claim_digest(entry->claim_bytes)};
	struct fault ignored = {0};
	uint64_t present = 0;

	if (passkey ? k->relying_party[0] == '\0' : strcmp(t->type->name, "shift.opened") != 0)
		return ERR_OK;
	void *outputs = arena_alloc(&a, t->type->outputs_size);
	err e = outputs == NULL ? fail(f, "OUT_OF_MEMORY", NULL)
				: t->type->check(&context, body->p, body->present, outputs,
						 &present, &ignored);
	arena_done(&a);
	if (e.code == OK || outputs == NULL)
		return e;
	return audit_wrong(f, entry->witness.sequence,
			   "it does not show that the key is held by whom it is given to");
}

static err open_shift(struct audit_keys *k, const struct entry *entry,
		      const struct compiled_type *t, const struct body *body, struct fault *f)
{
	const struct id *shift = member(t, body, "shift");
	const struct blob *spki = member(t, body, "public_key");
	const struct instant *not_after = member(t, body, "not_after");
	const struct list *permissions = member(t, body, "permissions");
	struct audit_key like = {.is_shifts = true, .opened_by = entry->claim.key};

	if (shift == NULL || spki == NULL || not_after == NULL || permissions == NULL)
		return ERR_OK;
	like.not_after = not_after->ms;
	memcpy(like.given_by, shift->text, sizeof like.given_by);
	memcpy(like.owner, entry->claim.author.p, entry->claim.author.n);
	for (size_t i = 0; i < permissions->n; i++) {
		struct listed *one = arena_alloc(&k->arena, sizeof *one);
		if (one == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		*one = (struct listed){((const struct id *)permissions->items)[i], like.listed};
		like.listed = one;
	}
	return audit_add_key(k, spki->bytes, &like, f);
}

enum { RECOVERY_WAIT_MS = 24 * 3600 * 1000 };

/* In force from when it was asked for, and a day after it took effect at the earliest. */
static uint64_t waits_until(uint64_t asked_for, uint64_t at)
{
	return asked_for < at + RECOVERY_WAIT_MS ? at + RECOVERY_WAIT_MS : asked_for;
}

static err recover(struct audit_keys *k, const struct entry *entry, const struct compiled_type *t,
		   const struct body *body, struct fault *f)
{
	const struct id *id = member(t, body, "recovery"), *owner = member(t, body, "principal");
	const struct blob *spki = member(t, body, "public_key");
	const struct instant *from = member(t, body, "usable_from");
	struct waiting_key *one = arena_alloc(&k->arena, sizeof *one);

	if (one == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (id == NULL || owner == NULL || spki == NULL || from == NULL)
		return ERR_OK;
	one->sequence = entry->witness.sequence;
	one->key.usable_from = from->ms;
	memcpy(one->key.given_by, id->text, sizeof one->key.given_by);
	memcpy(one->key.owner, owner->text, sizeof owner->text);
	if (entry->witness.outcome == OUTCOME_FOLDED) {
		one->key.usable_from = waits_until(from->ms, entry->witness.at);
		return audit_add_key(k, spki->bytes, &one->key, f);
	}
	one->spki = arena_copy(&k->arena, spki->bytes);
	one->next = k->waiting;
	k->waiting = one;
	return one->spki.p == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : ERR_OK;
}

err audit_execute(struct audit_keys *k, const struct entry *entry, struct fault *f)
{
	for (struct waiting_key *one = k->waiting; one != NULL; one = one->next)
		if (one->sequence == entry->witness.target) {
			one->key.usable_from = waits_until(one->key.usable_from, entry->witness.at);
			return audit_add_key(k, one->spki, &one->key, f);
		}
	return ERR_OK;
}

/* The key of this shift of the owner's, or of this recovery. */
static void end_given_by(struct audit_keys *k, bool shift, const struct id *id, struct bytes owner)
{
	for (struct audit_key *one = k->given; id != NULL && one != NULL; one = one->next_given)
		if (one->is_shifts == shift && strcmp(one->given_by, id->text) == 0 &&
		    (!shift || bytes_equal(owner, bytes_text(one->owner))))
			one->ended = true;
}

err audit_take_given(struct audit_keys *k, const struct entry *entry, const struct compiled_type *t,
		     const struct body *body, enum body_use use, struct fault *f)
{
	struct bytes author = entry->claim.author;

	if (use == BODY_OPENS_SHIFT)
		return open_shift(k, entry, t, body, f);
	if (use == BODY_RECOVERS)
		return recover(k, entry, t, body, f);
	if (use == BODY_CLOSES_SHIFT)
		end_given_by(k, true, member(t, body, "shift"), author);
	if (use == BODY_STOPS_RECOVERY)
		end_given_by(k, false, member(t, body, "recovery"), author);
	return ERR_OK;
}
