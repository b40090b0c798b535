/* SPDX-License-Identifier: Apache-2.0 */
/* shift.c — what the key that signed may sign. Every record comes through here, whatever brought it: a
 * request, a batch, a spool. A shift's key is no authenticator: it reports what its operator saw and did at
 * one station, with the few permissions that were listed when the shift was opened. */
#include "base/checks.h"
#include "record/writer.h"

#include <string.h>

static err refuse_key(struct attempt *x, const char *code, const char *name, const char *value)
{
	struct fault why = {0};

	(void)fail_field(&why, "key", code, name, value, NULL);
	fault_add_record(&why, x->record);
	refuse(x->s, &why);
	return ERR_OK;
}

/* Only its own one. */
static bool closes_itself(const struct attempt *x, const struct key_standing *key)
{
	return strcmp(x->record->type->type->name, "shift.closed") == 0 &&
	       bytes_equal(x->subject.id, bytes_text(key->shift));
}

static err refuse_over(struct attempt *x, const struct key_standing *key)
{
	char ended[TIME_TEXT_SIZE];

	time_text(key->not_after, ended);
	return refuse_key(x, x->batch->clocks.stepped ? "CLOCK_DISAGREES" : "SHIFT_OVER", "ended",
			  ended);
}

/* What of it the shift does not cover; NULL: nothing. */
static const char *outside_shift(const struct attempt *x, const struct key_standing *key)
{
	const struct record_type *type = x->record->type->type;
	const char *station = x->scope.text[SCOPE_STATION];

	if (type->nature != EVENT || (type->flags & VOTE) != 0 || type->permission == NULL)
		return "SHIFT_SIGNS_EVENTS";
	if (closes_itself(x, key))
		return NULL;
	if (!key_lists(key, type->permission))
		return "SHIFT_NOT_LISTED";
	if (type->scope == NULL || !x->has_scope || station[0] == '\0')
		return "SHIFT_STATION_UNDETERMINED";
	return strcmp(station, key->station) == 0 ? NULL : "SHIFT_AT_OTHER_STATION";
}

/* Nothing enters as an unverified report, either: the key was not given for that. */
static err shift_may(struct attempt *x, const struct key_standing *key, bool *yes, struct fault *f)
{
	const char *permission = x->record->type->type->permission;

	*yes = false;
	if (key_is_over(key, &x->batch->clocks))
		return refuse_over(x, key);
	*yes = check_left_out(CHECK_ENGINE_SHIFT_EVENTS);
	if (*yes)
		return ERR_OK;
	const char *outside = outside_shift(x, key);
	if (outside != NULL)
		return refuse_key(x, outside, "station", key->station);
	TRY(may(x, permission, yes, f));
	return *yes ? ERR_OK : refuse_key(x, "NOT_ALLOWED", "permission", permission);
}

err key_may(struct attempt *x, bool *yes, struct fault *f)
{
	const struct claim *c = &x->record->claim;
	const struct key_standing *key;
	char text[65];

	*yes = true;
	if (x->s->proof.kind == PROOF_NONE || check_left_out(CHECK_ENGINE_KEY))
		return ERR_OK;
	*yes = false;
	TRY(authority_key(x->batch->engine->authority, c->key, &key, f));
	hex_encode(hash_bytes(&c->key), text);
	if (!bytes_equal(bytes_text(key->owner), c->author))
		return refuse_key(x, "KEY_NOT_AUTHORS", "key", text);
	if (key_waits(key, &x->batch->clocks)) {
		time_text(key->usable_from, text);
		return refuse_key(x, "KEY_WAITS", "usable_from", text);
	}
	*yes = true;
	return key->shift[0] == '\0' ? ERR_OK : shift_may(x, key, yes, f);
}
