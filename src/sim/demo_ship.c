/* SPDX-License-Identifier: Apache-2.0 */
/* demo_ship.c — packed, sealed, handed over by two signatures at every hop, received. */
#include "sim/demo_internal.h"

#include <stdio.h>
#include <string.h>

static json_t *hand_over(const char *shipment, const char *site, const char *manifest,
			 const char *seal)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:[{s:s, s:s}]}", "shipment", shipment, "site", site,
			 "manifest", manifest, "condition", "good", "seals", "maker", SEAL_MAKER,
			 "seal", seal);
}

/* Both sides of one hop. */
static err hop(struct demo *d, const char *giver, const char *taker, json_t *body, struct fault *f)
{
	json_t *same = json_deep_copy(body);
	err e = demo_sign(d, giver, "shipment.handed_over", body, NULL, f);

	if (e.code != OK) {
		json_decref(same);
		return e;
	}
	return demo_sign(d, taker, "shipment.accepted", same, NULL, f);
}

static err pack(struct demo *d, const char *shipment, json_t *contents, char manifest[static 65],
		struct fault *f)
{
	struct told told = {0};
	err e = ERR_OK;

	for (size_t at = 0; at < json_array_size(contents) && e.code == OK; at += PER_RECORD) {
		json_t *some = json_array(), *body;
		for (size_t i = at; i < at + PER_RECORD && i < json_array_size(contents); i++)
			json_array_append(some, json_array_get(contents, i));
		body = json_pack("{s:s, s:s, s:o}", "shipment", shipment, "site", FACTORY,
				 "contents", some);
		if (at > 0)
			json_object_set_new(body, "previous", json_string(told.digest));
		e = demo_sign(d, "wim", "shipment.packed", body, &told, f);
		if (e.code == OK && told.raised[0] != '\0')
			e = fail(f, "DEMO_RAISED", "type", "shipment.packed", "detail", told.detail,
				 NULL);
	}
	json_decref(contents);
	memcpy(manifest, told.digest, 65);
	return e;
}

static err close_with_seal(struct demo *d, const char *shipment, const char *seal, struct fault *f)
{
	TRY(demo_sign(d, "wim", "seal.received",
		      json_pack("{s:s, s:o, s:s, s:s, s:[{s:s}]}", "maker", SEAL_MAKER,
				"purchase_lot", json_sprintf("PL-%s", seal), "class", "H", "site",
				FACTORY, "seals", "seal", seal),
		      NULL, f));
	TRY(demo_sign(d, "wim", "seal.issued",
		      json_pack("{s:s, s:s, s:s, s:s}", "maker", SEAL_MAKER, "seal", seal, "holder",
				"sara", "site", FACTORY),
		      NULL, f));
	return demo_sign(d, "sara", "seal.applied",
			 json_pack("{s:s, s:s, s:s, s:s}", "maker", SEAL_MAKER, "seal", seal,
				   "shipment", shipment, "site", FACTORY),
			 NULL, f);
}

err demo_move(struct demo *d, const char *shipment, const char *seal, json_t *contents,
	      struct fault *f)
{
	char manifest[65] = "";
	err e = demo_sign(d, "wim", "shipment.planned",
			  json_pack("{s:s, s:s, s:s, s:s}", "shipment", shipment, "from_site",
				    FACTORY, "to_site", WAREHOUSE, "freight_carrier", "CARRIER-1"),
			  NULL, f);

	if (e.code != OK) {
		json_decref(contents);
		return e;
	}
	TRY(pack(d, shipment, contents, manifest, f));
	TRY(close_with_seal(d, shipment, seal, f));
	TRY(demo_sign(d, "sara", "shipment.dispatched",
		      json_pack("{s:s, s:s}", "shipment", shipment, "manifest", manifest), NULL,
		      f));
	TRY(hop(d, "sara", "carl", hand_over(shipment, FACTORY, manifest, seal), f));
	return hop(d, "carl", "rita", hand_over(shipment, WAREHOUSE, manifest, seal), f);
}

json_t *demo_unit_lines(struct device *const *units, size_t n)
{
	json_t *lines = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(lines, json_pack("{s:s, s:s, s:s, s:i}", "kind", "unit",
						       "within", device_product(units[i]), "id",
						       device_serial(units[i]), "quantity", 1));
	return lines;
}

/* ---- arrival ---- */

/* What it raises is kept if it is the first. */
static err report(struct demo *d, const char *type, json_t *body, struct told *told,
		  struct fault *f)
{
	struct told own = {0};

	TRY(demo_sign(d, "rita", type, body, &own, f));
	if (told->raised[0] == '\0')
		*told = own;
	return ERR_OK;
}

static err look_at_seal(struct demo *d, const char *shipment, const char *seal,
			const struct arrival *arrival, struct told *told, struct fault *f)
{
	const char *read = arrival->seal_read != NULL ? arrival->seal_read : seal;

	if (!arrival->cut)
		TRY(report(d, "seal.checked",
			   json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b}", "maker",
				     SEAL_MAKER, "seal", read, "read", read, "shipment", shipment,
				     "site", WAREHOUSE, "viewed", 1, "tugged", 1, "twisted", 1,
				     "intact", 1),
			   told, f));
	/* What is on the box is opened; a seal of ours that was not found stays what it was. */
	return report(d, "seal.broken",
		      json_pack("{s:s, s:s, s:s, s:s, s:b, s:s}", "maker", SEAL_MAKER, "seal", read,
				"site", WAREHOUSE, "shipment", shipment, "authorized",
				!arrival->cut, "reason",
				arrival->cut ? "found cut on arrival" : "opened to receive"),
		      told, f);
}

static err count(struct demo *d, const char *shipment, const json_t *lines, struct told *told,
		 struct fault *f)
{
	for (size_t at = 0; at < json_array_size(lines); at += PER_RECORD) {
		json_t *some = json_array();
		for (size_t i = at; i < at + PER_RECORD && i < json_array_size(lines); i++)
			json_array_append(some, json_array_get(lines, i));
		TRY(report(d, "shipment.counted",
			   json_pack("{s:s, s:s, s:o}", "shipment", shipment, "site", WAREHOUSE,
				     "lines", some),
			   told, f));
	}
	return ERR_OK;
}

err demo_arrive(struct demo *d, const char *shipment, const char *seal, const json_t *contents,
		const struct arrival *arrival, struct told *told, struct fault *f)
{
	static const struct arrival AS_IT_SHOULD_BE;
	const struct arrival *a = arrival != NULL ? arrival : &AS_IT_SHOULD_BE;

	*told = (struct told){0};
	TRY(look_at_seal(d, shipment, seal, a, told, f));
	TRY(count(d, shipment, a->counted != NULL ? a->counted : contents, told, f));
	return report(d, "shipment.received", demo_arrival_body(shipment), told, f);
}

err demo_admit(struct demo *d, const char *shipment, struct fault *f)
{
	return demo_sign(d, "rita", "shipment.admitted", json_pack("{s:s}", "shipment", shipment),
			 NULL, f);
}

err demo_deliver(struct demo *d, const char *shipment, const char *seal, const json_t *contents,
		 struct fault *f)
{
	struct told told;

	TRY(demo_move(d, shipment, seal, json_deep_copy(contents), f));
	TRY(demo_arrive(d, shipment, seal, contents, NULL, &told, f));
	if (told.raised[0] != '\0')
		return fail(f, "DEMO_RAISED", "type", "shipment.received", "detail", told.detail,
			    NULL);
	return demo_admit(d, shipment, f);
}

err demo_ship(struct demo *d, struct fault *f)
{
	size_t wave = d->first / WAVE_UNITS + 1;
	const char *seal = demo_text(d, "H%u-%03zu", d->run, wave);
	const char *shipment = demo_text(d, "SH-%u-%zu", d->run, wave);
	json_t *contents = demo_unit_lines(d->units, d->units_n);
	err e = demo_deliver(d, shipment, seal, contents, f);

	json_decref(contents);
	if (e.code == OK && d->units_n == d->options.units)
		demo_step(d,
			  "Shipment %s closed with seal %s, handed over twice, both sides signing "
			  "each time; received: seal checked, %zu units counted as packed",
			  shipment, seal, d->units_n);
	return e;
}
