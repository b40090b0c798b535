/* SPDX-License-Identifier: Apache-2.0 */
#include "server/passkey_offers.h"

#include "server/operational_internal.h"

enum { OFFER_MS = OFFER_DAYS * 24 * 3600 * 1000 };

static struct value value_or_null(const char *text)
{
	return text == NULL ? value_null : value_name(text);
}

/* ---- offers ---- */

static err count_offer(void *context, const struct passkey_offer *offer)
{
	(void)offer;
	*(size_t *)context += 1;
	return ERR_OK;
}

/* It was not taken: either there are too many, or this one is there. */
static err not_added(struct operational *o, const char *principal, struct fault *f)
{
	size_t n = 0;

	TRY(passkey_offer_each(o, principal, NULL, count_offer, &n, f));
	if (n >= OFFERS_MAX)
		return fail(f, "API_PASSKEY_OFFERS_MANY", "number", "5", NULL);
	return fail(f, "API_PASSKEY_KNOWN", NULL);
}

err passkey_offer_add(struct operational *o, struct passkey_offer *offer, struct fault *f)
{
	int64_t changed = 0;
	char principal[ID_SIZE_MAX + 1];

	offer->created = clock_wall_ms(o->clock);
	offer->expires = offer->created + OFFER_MS;
	struct value values[] = {
		value_hash(&offer->key),        value_text(offer->principal),
		value_blob(offer->spki),        value_blob(offer->credential),
		value_text(offer->label),       value_text(offer->transports),
		value_blob(offer->possession),  value_blob(offer->authenticator_data),
		value_blob(offer->client_data), value_time(offer->created),
		value_time(offer->expires)};
	TRY(operation_write(o, OFFER_ADD, values, &changed, f));
	if (changed == 1 || !text_take(principal, sizeof principal, offer->principal))
		return ERR_OK;
	return not_added(o, principal, f);
}

struct each {
	passkey_offer_fn *function;
	void *context;
};

static err each_offer(void *context, const struct value *columns, size_t n)
{
	const struct each *each = context;
	struct passkey_offer offer = {.principal = columns[1].bytes,
				      .spki = columns[2].bytes,
				      .credential = columns[3].bytes,
				      .label = columns[4].bytes,
				      .transports = columns[5].bytes,
				      .possession = columns[6].bytes,
				      .authenticator_data = columns[7].bytes,
				      .client_data = columns[8].bytes,
				      .created = (uint64_t)columns[9].number,
				      .expires = (uint64_t)columns[10].number};

	(void)n;
	return hash_take(&offer.key, columns[0].bytes) ? each->function(each->context, &offer)
						       : ERR_OK;
}

err passkey_offer_each(struct operational *o, const char *principal, const struct hash *key,
		       passkey_offer_fn *function, void *context, struct fault *f)
{
	struct value values[] = {value_or_null(principal),
				 key == NULL ? value_null : value_hash(key),
				 value_time(clock_wall_ms(o->clock))};
	struct each each = {function, context};

	return operation_read(o, OFFER_LIST, values, each_offer, &each, f);
}

err passkey_offer_drop(struct operational *o, const char *principal, struct hash key, bool *found,
		       struct fault *f)
{
	struct value values[] = {value_hash(&key), value_or_null(principal),
				 value_time(clock_wall_ms(o->clock))};
	int64_t changed = 0;

	TRY(operation_write(o, OFFER_DROP, values, &changed, f));
	*found = changed > 0;
	return ERR_OK;
}

/* ---- counters ---- */

static err take_counter(void *context, const struct value *columns, size_t n)
{
	(void)n;
	*(uint32_t *)context = (uint32_t)columns[0].number;
	return ERR_OK;
}

err passkey_counter_set(struct operational *o, struct hash key, uint32_t counter, bool *grew,
			uint32_t *stored, struct fault *f)
{
	struct value values[] = {value_hash(&key), value_int(counter),
				 value_time(clock_wall_ms(o->clock))};
	int64_t changed = 0;

	*stored = 0;
	TRY(operation_write(o, COUNTER_SET, values, &changed, f));
	*grew = changed == 1;
	if (*grew)
		return ERR_OK;
	return operation_read(o, COUNTER_FIND, values, take_counter, stored, f);
}
