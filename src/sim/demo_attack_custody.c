/* SPDX-License-Identifier: Apache-2.0 */
/* demo_attack_custody.c — attacks on the way: what arrives is not what was sent. What is seen raises a
 * nonconformance that holds the shipment; RCV-01 keeps it out. */
#include "sim/demo_internal.h"

static json_t *box(const char *id)
{
	return json_pack("[{s:s, s:s, s:i}]", "kind", "item", "id", id, "quantity", 1);
}

static err arrive(struct demo *d, const char *shipment, const char *seal, const json_t *contents,
		  const struct arrival *arrival, struct attack_outcome *out, struct fault *f)
{
	struct told told;

	TRY(demo_move(d, shipment, seal, json_deep_copy(contents), f));
	TRY(demo_arrive(d, shipment, seal, contents, arrival, &told, f));
	return attack_refused(d, "rita", demo_admit(d, shipment, f), out, f);
}

static err send_box(struct demo *d, const char *tag, const char *name,
		    const struct arrival *arrival, struct attack_outcome *out, struct fault *f)
{
	json_t *contents = box("SPARE-1");
	err e = arrive(d, demo_text(d, "SH-%s-%s", tag, name), demo_text(d, "H%s-%s", tag, name),
		       contents, arrival, out, f);

	json_decref(contents);
	return e;
}

err attack_broken_seal(struct demo *d, const char *tag, struct attack_outcome *out, struct fault *f)
{
	static const struct arrival CUT = {.cut = true};

	attack_through(out, "1 shipment taken in with a cut seal");
	return send_box(d, tag, "CUT", &CUT, out, f);
}

/* The seal of the first shipment was broken with authority when that was received. */
err attack_used_seal(struct demo *d, const char *tag, struct attack_outcome *out, struct fault *f)
{
	struct arrival again = {.seal_read = demo_text(d, "H%u-001", d->run)};

	attack_through(out, "1 shipment taken in under a used seal");
	return send_box(d, tag, "USED", &again, out, f);
}

err attack_unknown_seal(struct demo *d, const char *tag, struct attack_outcome *out,
			struct fault *f)
{
	struct arrival foreign = {.seal_read = demo_text(d, "H%s-FAKE", tag)};

	attack_through(out, "1 shipment taken in under a seal that nobody gave out");
	return send_box(d, tag, "UNKNOWN", &foreign, out, f);
}

err attack_swapped_box(struct demo *d, const char *tag, struct attack_outcome *out, struct fault *f)
{
	json_t *other = box("COPY-1");
	struct arrival swapped = {.counted = other};
	err e = send_box(d, tag, "SWAPPED", &swapped, out, f);

	json_decref(other);
	attack_through(out, "1 box of something else taken in");
	return e;
}
