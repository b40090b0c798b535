/* SPDX-License-Identifier: Apache-2.0 */
/* take.c — a record comes: its claim is made and signed, and on the disk before anybody is answered. */
#include "station/station_internal.h"

#include "core/cbor.h"
#include "record/engine.h"

#include <stdio.h>
#include <string.h>

/* What happens at a station. Decisions about people, rights, rules and firmware are made elsewhere, by
 * people with keys of their own. */
static const char *const TYPES[] = {
	"allowance.returned",   "boot.proved",       "part_lot.counted",  "part_lot.issued",
	"part_lot.received",    "part_lot.split",    "permit.requested",  "seal.applied",
	"seal.broken",          "seal.checked",      "seal.destroyed",    "seal.received",
	"shipment.accepted",    "shipment.admitted", "shipment.counted",  "shipment.dispatched",
	"shipment.handed_over", "shipment.packed",   "shipment.received", "step.completed",
	"test.recorded",        "unit.built",        "unit.fitted",       "unit.part_removed",
	"unit.programmed",      "unit.requested",    "unit.scrapped",
};

/* The clock of whoever chose an id may be a little off ours. */
enum { ID_SLACK_MS = 5 * 60 * 1000 };

bool station_writes(const char *type)
{
	for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++)
		if (strcmp(TYPES[i], type) == 0)
			return true;
	return false;
}

/* ---- making ---- */

struct made {
	struct prepared prepared;
	struct claim claim;
	struct bytes submission;
};

static err make_claim(struct station *s, struct arena *a, const char *type, const json_t *envelope,
		      uint64_t counter, struct made *out, struct fault *f)
{
	const struct client_config *c = &s->config.client;
	struct claim_maker maker = {.registry = c->registry,
				    .origin = c->origin,
				    .author = c->principal,
				    .key = &s->key_id,
				    .secret = bytes_of(s->secret, sizeof s->secret),
				    .now_ms = station_now(s),
				    .spool = spool_name(s->spool),
				    .spool_counter = counter};
	const char *why;

	TRY(claim_make(&maker, a, bytes_text(type), envelope, &out->prepared, f));
	return claim_parse(out->prepared.claim, &out->claim, &why)
		       ? ERR_OK
		       : fail(f, "CLAIM_BAD", "detail", why, NULL);
}

/* What the server would refuse whoever asks is refused here, before it takes a place in the spool. */
static err check_claim(struct station *s, struct arena *a, const struct made *made, struct fault *f)
{
	struct record *record = arena_alloc(a, sizeof *record);

	if (record == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(record_decode(s->config.client.registry, a, made->prepared.claim, record, f));
	return record_check_run(record, bytes_text(s->config.client.origin), NULL, a, f);
}

/* ---- the same again ---- */

/* With its counter of then it must be the same claim, byte for byte. */
static err same_claim(struct station *s, struct arena *a, const char *type, const json_t *envelope,
		      uint64_t counter, struct hash digest, struct fault *f)
{
	struct made made;

	TRY(make_claim(s, a, type, envelope, counter, &made, f));
	return hash_equal(made.prepared.digest, digest) ? ERR_OK
							: fail_field(f, "id", "ID_USED", NULL);
}

/* A unit that was started under an allowance has it in its claim though nobody said so. */
static err with_allowance(const json_t *envelope, const char *allowance, json_t **out,
			  struct fault *f)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)envelope);
	json_t *body = json_copy(json_object_get(copy, "body"));

	if (copy == NULL || body == NULL ||
	    json_object_set_new(body, "allowance", json_string(allowance)) != 0 ||
	    json_object_set_new(copy, "body", body) != 0) {
		json_decref(copy);
		return fail(f, "OUT_OF_MEMORY", NULL);
	}
	*out = copy;
	return ERR_OK;
}

static const char *body_word(const json_t *envelope, const char *name)
{
	const char *text =
		json_string_value(json_object_get(json_object_get(envelope, "body"), name));

	return text == NULL ? "" : text;
}

static err repeated(struct station *s, struct arena *a, const char *type, const json_t *envelope,
		    uint64_t counter, struct hash digest, struct fault *f)
{
	const char *under = allowances_of(s->allowances, body_word(envelope, "product"),
					  body_word(envelope, "serial"));
	json_t *other = NULL;

	if (same_claim(s, a, type, envelope, counter, digest, f).code == OK)
		return ERR_OK;
	if (under == NULL || strcmp(type, "unit.requested") != 0)
		return fail_field(f, "id", "ID_USED", NULL);
	TRY(with_allowance(envelope, under, &other, f));
	err e = same_claim(s, a, type, other, counter, digest, f);
	json_decref(other);
	return e;
}

/* True if this id came before: then `out` says what became of it. */
static err find_repeated(struct station *s, struct arena *a, const char *type,
			 const json_t *envelope, struct uuid id, bool *found, struct taken *out,
			 struct fault *f)
{
	const struct spool_item *item = spool_find_id(s->spool, id);
	const struct answer *answer = item == NULL ? answers_find_id(s->answers, id) : NULL;

	*found = item != NULL || answer != NULL;
	if (item != NULL)
		*out = (struct taken){.counter = item->counter, .digest = item->digest};
	if (answer != NULL)
		*out = (struct taken){.counter = answer->counter,
				      .digest = answer->digest,
				      .answered = true,
				      .answer = *answer};
	return *found ? repeated(s, a, type, envelope, out->counter, out->digest, f) : ERR_OK;
}

/* ---- allowances ---- */

/* While it is cut off, a unit is started only under an allowance; it is counted first. */
static err apply_allowance(struct station *s, const char *type, const json_t *envelope,
			   const char **allowance, struct fault *f)
{
	const char *wanted = body_word(envelope, "allowance");

	*allowance = NULL;
	if (strcmp(type, "unit.requested") != 0 || (s->linked && wanted[0] == '\0'))
		return ERR_OK;
	return allowances_choose(s->allowances, body_word(envelope, "authorization"),
				 wanted[0] == '\0' ? NULL : wanted, body_word(envelope, "product"),
				 body_word(envelope, "serial"), station_now(s), allowance, f);
}

/* What is given back is what was not started here. */
static err check_return(struct station *s, const char *type, const json_t *envelope,
			struct fault *f)
{
	const json_t *used = json_object_get(json_object_get(envelope, "body"), "used");
	const char *allowance = body_word(envelope, "allowance");
	char here[24];
	size_t n = allowances_used(s->allowances, allowance);

	if (strcmp(type, "allowance.returned") != 0 || !allowances_know(s->allowances, allowance) ||
	    json_integer_value(used) == (json_int_t)n)
		return ERR_OK;
	snprintf(here, sizeof here, "%zu", n);
	return fail_field(f, "used", "STATION_ALLOWANCE_COUNT", "allowance", allowance, "used",
			  here, NULL);
}

static err count_first(struct station *s, const char *type, const json_t *envelope,
		       const char *allowance, struct fault *f)
{
	uint64_t counter = spool_next(s->spool);

	if (allowance != NULL)
		return allowances_start(s->allowances, allowance, body_word(envelope, "product"),
					body_word(envelope, "serial"), counter, f);
	if (strcmp(type, "allowance.returned") == 0)
		return allowances_start(s->allowances, body_word(envelope, "allowance"), "", "",
					counter, f);
	return ERR_OK;
}

/* ---- taking ---- */

static err take_new(struct station *s, struct arena *a, const char *type, const json_t *envelope,
		    struct taken *out, struct fault *f)
{
	struct made made;
	const char *allowance;
	json_t *other = NULL;

	TRY(apply_allowance(s, type, envelope, &allowance, f));
	TRY(check_return(s, type, envelope, f));
	if (allowance != NULL)
		TRY(with_allowance(envelope, allowance, &other, f));
	err e = make_claim(s, a, type, other != NULL ? other : envelope, spool_next(s->spool),
			   &made, f);
	json_decref(other);
	TRY(e);
	TRY(check_claim(s, a, &made, f));
	TRY(claim_submission(a, s->config.client.key, type, &made.prepared, &made.submission, f));
	TRY(count_first(s, type, envelope, allowance, f));
	out->counter = spool_next(s->spool);
	out->digest = made.prepared.digest;
	e = spool_append(s->spool, made.claim.id, out->digest, made.submission, f);
	if (e.code == OK) {
		bell_ring(&s->bell);
		return ERR_OK;
	}
	struct fault other_fault; /* the first one is what people must hear of */
	(void)allowances_check(s->allowances, out->counter - 1, &other_fault).code;
	return e;
}

/* The time in an id dates the record: nothing is written that is still to come. */
static err check_id_time(struct station *s, struct uuid id, struct fault *f)
{
	uint64_t now = station_now(s), made = uuid7_time_ms(id);

	if (made <= now + ID_SLACK_MS)
		return ERR_OK;
	return fail_field(f, "id", "STATION_ID_TIME", NULL);
}

err station_take(struct station *s, struct arena *a, const char *type, const json_t *envelope,
		 struct taken *out, struct fault *f)
{
	struct made probe;
	bool found = false;

	*out = (struct taken){0};
	if (!station_writes(type))
		return fail_field(f, "type", "STATION_TYPE_FOREIGN", "type", type, NULL);
	if (json_object_get(envelope, "made") != NULL)
		return fail_field(f, "made", "FIELD_UNKNOWN", "field", "made", NULL);
	if (json_object_get(envelope, "id") != NULL) {
		TRY(make_claim(s, a, type, envelope, spool_next(s->spool), &probe, f));
		TRY(find_repeated(s, a, type, envelope, probe.claim.id, &found, out, f));
		if (found)
			return ERR_OK;
		TRY(check_id_time(s, probe.claim.id, f));
	}
	if (s->refused >= STATION_REFUSED_MAX)
		return fail(f, "STATION_REFUSALS_FULL", NULL);
	return take_new(s, a, type, envelope, out, f);
}
