/* SPDX-License-Identifier: Apache-2.0 */
/* demo_attack_custody.c — attacks on the way: what arrives is not what was sent. What is seen raises a
 * nonconformance that holds the shipment; RCV-01 keeps it out. */
#include "sim/demo_internal.h"

/* Not stopped, it is taken in and put to use. */
static err arrive(struct demo *d, struct device *unit, const char *shipment, const char *seal,
		  const struct arrival *arrival, struct attack_outcome *out, struct fault *f)
{
	struct told told;
	json_t *contents = demo_unit_lines(&unit, 1);
	err e = demo_move(d, shipment, seal, json_deep_copy(contents), f);

	if (e.code == OK)
		e = demo_arrive(d, shipment, seal, contents, arrival, &told, f);
	json_decref(contents);
	TRY(e);
	TRY(attack_refused(d, "rita", demo_admit(d, shipment, f), out, f));
	return out->stopped || arrival->counted != NULL ? ERR_OK : demo_start_units(d, &unit, 1, f);
}

static err send_unit(struct demo *d, const char *tag, const char *name,
		     const struct arrival *arrival, struct attack_outcome *out, struct fault *f)
{
	struct device *unit;

	TRY(device_make(PRODUCT, demo_text(d, "X%s-%s", tag, name), &unit, f));
	err e = demo_make_units(d, &unit, 1, d->options.units, f);
	if (e.code == OK)
		e = arrive(d, unit, demo_text(d, "SH-%s-%s", tag, name),
			   demo_text(d, "H%s-%s", tag, name), arrival, out, f);
	device_close(unit);
	return e;
}

err attack_broken_seal(struct demo *d, const char *tag, struct attack_outcome *out, struct fault *f)
{
	static const struct arrival CUT = {.cut = true};

	attack_through(out, "1 unit in use that came under a cut seal");
	return send_unit(d, tag, "CUT", &CUT, out, f);
}

/* The seal of the first shipment was broken with authority when that was received. */
err attack_used_seal(struct demo *d, const char *tag, struct attack_outcome *out, struct fault *f)
{
	struct arrival again = {.seal_read = demo_text(d, "H%u-001", d->run)};

	attack_through(out, "1 unit in use that came under a used seal");
	return send_unit(d, tag, "USED", &again, out, f);
}

err attack_unknown_seal(struct demo *d, const char *tag, struct attack_outcome *out,
			struct fault *f)
{
	struct arrival foreign = {.seal_read = demo_text(d, "H%s-FAKE", tag)};

	attack_through(out, "1 unit in use that came under a seal that nobody gave out");
	return send_unit(d, tag, "UNKNOWN", &foreign, out, f);
}

err attack_swapped_box(struct demo *d, const char *tag, struct attack_outcome *out, struct fault *f)
{
	json_t *other =
		json_pack("[{s:s, s:s, s:i}]", "kind", "item", "id", "COPY-1", "quantity", 1);
	struct arrival swapped = {.counted = other};
	err e = send_unit(d, tag, "SWAPPED", &swapped, out, f);

	json_decref(other);
	attack_through(out, "1 box of something else taken in, and nobody looks for the unit");
	return e;
}
