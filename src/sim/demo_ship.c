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

static json_t *unit_lines(const struct demo *d)
{
	json_t *lines = json_array();

	for (size_t i = 0; i < d->units_n; i++)
		json_array_append_new(lines, json_pack("{s:s, s:s, s:s, s:i}", "kind", "unit",
						       "within", PRODUCT, "id",
						       device_serial(d->units[i]), "quantity", 1));
	return lines;
}

static err count(struct demo *d, struct fault *f)
{
	json_t *all = unit_lines(d);
	err e = ERR_OK;

	for (size_t at = 0; at < json_array_size(all) && e.code == OK; at += PER_RECORD) {
		json_t *some = json_array();
		for (size_t i = at; i < at + PER_RECORD && i < json_array_size(all); i++)
			json_array_append(some, json_array_get(all, i));
		e = demo_sign(d, "rita", "shipment.counted",
			      json_pack("{s:s, s:s, s:o}", "shipment", d->shipment, "site",
					WAREHOUSE, "lines", some),
			      NULL, f);
	}
	json_decref(all);
	return e;
}

static err receive(struct demo *d, const char *seal, struct fault *f)
{
	TRY(demo_sign(d, "rita", "seal.checked",
		      json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b}", "maker",
				SEAL_MAKER, "seal", seal, "read", seal, "shipment", d->shipment,
				"site", WAREHOUSE, "viewed", 1, "tugged", 1, "twisted", 1, "intact",
				1),
		      NULL, f));
	TRY(demo_sign(d, "rita", "seal.broken",
		      json_pack("{s:s, s:s, s:s, s:s, s:b, s:s}", "maker", SEAL_MAKER, "seal", seal,
				"site", WAREHOUSE, "shipment", d->shipment, "authorized", 1,
				"reason", "opened to receive"),
		      NULL, f));
	TRY(count(d, f));
	TRY(demo_sign(d, "rita", "shipment.received",
		      json_pack("{s:s, s:s, s:s}", "shipment", d->shipment, "site", WAREHOUSE,
				"condition", "good"),
		      NULL, f));
	return demo_sign(d, "rita", "shipment.admitted",
			 json_pack("{s:s}", "shipment", d->shipment), NULL, f);
}

err demo_ship(struct demo *d, struct fault *f)
{
	const char *seal = demo_text(d, "H%u01", d->run);

	snprintf(d->shipment, sizeof d->shipment, "SH-%u", d->run);
	TRY(demo_move(d, d->shipment, seal, unit_lines(d), f));
	demo_step(d,
		  "Shipment %s packed, closed with seal %s, handed over twice, both sides signing "
		  "each time",
		  d->shipment, seal);
	TRY(receive(d, seal, f));
	demo_step(d, "Shipment %s received: seal checked, %zu units counted as packed", d->shipment,
		  d->units_n);
	return ERR_OK;
}
