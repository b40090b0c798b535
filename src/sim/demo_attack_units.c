/* SPDX-License-Identifier: Apache-2.0 */
/* demo_attack_units.c — attacks on units: keys, certificates, numbers, images, permits, boot evidence. */
#include "sim/demo_internal.h"

#include <stdio.h>
#include <string.h>

static const char *name_of(struct demo *d, const char *tag, const char *name)
{
	return demo_text(d, "X%s-%s", tag, name);
}

/* ---- identity ---- */

err attack_cloned_key(struct demo *d, const char *tag, struct attack_outcome *out, struct fault *f)
{
	struct device *clone;

	TRY(device_make_same_key(d->victim, name_of(d, tag, "CLONE"), &clone, f));
	err e = demo_request(d, clone, f);
	device_close(clone);
	attack_through(out, "2 units with one key");
	return attack_refused(d, STATION, e, out, f);
}

err attack_copied_certificate(struct demo *d, const char *tag, struct attack_outcome *out,
			      struct fault *f)
{
	struct device *thief;
	struct device_challenge challenge;
	struct told told;

	(void)tag;
	TRY(device_make_copied_certificate(d->victim, &thief, f));
	err e = device_boot(thief, f);
	if (e.code == OK)
		e = demo_challenge(d, thief, &challenge, f);
	if (e.code == OK)
		e = demo_answer(d, thief, &challenge, &told, f);
	device_close(thief);
	attack_through(out, "1 copy passes for unit %s", device_serial(d->victim));
	return attack_refused(d, "rita", e, out, f);
}

static err request_new(struct demo *d, const char *serial, struct fault *f)
{
	struct device *unit;

	TRY(device_make(PRODUCT, serial, &unit, f));
	err e = demo_request(d, unit, f);
	device_close(unit);
	return e;
}

/* Under a build authorization of its own, for one unit. */
static err two_of_one(struct demo *d, const char *tag, struct attack_outcome *out, struct fault *f)
{
	TRY(demo_authorize(d, d->authorization, 1, f));
	TRY(request_new(d, name_of(d, tag, "ONE"), f));
	return attack_refused(d, STATION, request_new(d, name_of(d, tag, "MORE"), f), out, f);
}

err attack_over_quota(struct demo *d, const char *tag, struct attack_outcome *out, struct fault *f)
{
	snprintf(d->authorization, sizeof d->authorization, "BA-%s-ONE", tag);
	err e = two_of_one(d, tag, out, f);
	snprintf(d->authorization, sizeof d->authorization, "%s", d->spare);
	attack_through(out, "2 units where 1 was authorized");
	return e;
}

/* A station at the same line, with the same rights, but nobody put its key into the authorization. */
err attack_foreign_station(struct demo *d, const char *tag, struct attack_outcome *out,
			   struct fault *f)
{
	const char *station = demo_text(d, "ST-%s", tag);
	struct demo_job job = {.id = station,
			       .kind = "station",
			       .what = "a second station",
			       .station = station,
			       .permissions = "line.build identity.request firmware.program"};
	struct device *unit;
	json_t *body = NULL;

	if (station == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(demo_define(d, "erin", "station.defined",
			json_pack("{s:s, s:s, s:s, s:s}", "station", station, "site", FACTORY,
				  "line", LINE, "environment", ENVIRONMENT),
			"STATION_EXISTS", f));
	TRY(demo_hire(d, &job, f));
	TRY(device_make(PRODUCT, name_of(d, tag, "ELSEWHERE"), &unit, f));
	err e = demo_request_body(d, unit, &body, f);
	device_close(unit);
	TRY(e);
	attack_through(out, "1 unit made where nobody agreed to");
	return attack_refused(d, station, demo_sign(d, station, "unit.requested", body, NULL, f),
			      out, f);
}

/* ---- firmware ---- */

static err program_changed(struct demo *d, struct device *unit, struct told *told, struct fault *f)
{
	TRY(demo_certify_units(d, &unit, 1, f));
	TRY(demo_fit_units(d, &unit, 1, d->options.units, f));
	TRY(demo_write_units(d, &unit, 1, f));
	TRY(device_tamper(unit, d->image.n / 2, f));
	TRY(demo_program_unit(d, unit, told, f));
	return demo_test_units(d, &unit, 1, f); /* it works as it should, they say */
}

err attack_changed_image(struct demo *d, const char *tag, struct attack_outcome *out,
			 struct fault *f)
{
	struct device *unit;
	struct told told = {0};

	TRY(device_make(PRODUCT, name_of(d, tag, "EVIL"), &unit, f));
	err e = program_changed(d, unit, &told, f);
	if (e.code == OK)
		e = attack_ask_gate(d, "ship", device_serial(unit), &told, out, f);
	device_close(unit);
	attack_through(out, "1 unit with foreign firmware may be shipped");
	return e;
}

static err use_permit_twice(struct demo *d, struct device *unit, struct arena *a,
			    struct bytes *permit, struct fault *f)
{
	uint8_t nonce[DEVICE_NONCE_SIZE];

	TRY(demo_certify_units(d, &unit, 1, f));
	TRY(demo_fit_units(d, &unit, 1, d->options.units, f));
	TRY(demo_ask_permit(d, unit, nonce, f));
	TRY(demo_await_permit(d, unit, a, bytes_of(nonce, sizeof nonce), permit, f));
	return device_program_permitted(unit, d->image, *permit, f);
}

err attack_permit_replayed(struct demo *d, const char *tag, struct attack_outcome *out,
			   struct fault *f)
{
	struct arena a = {0};
	struct bytes permit;
	struct device *unit;

	TRY(device_make(PRODUCT, name_of(d, tag, "AGAIN"), &unit, f));
	err e = use_permit_twice(d, unit, &a, &permit, f);
	if (e.code == OK)
		e = attack_refused(d, STATION, device_program_permitted(unit, d->image, permit, f),
				   out, f);
	device_close(unit);
	arena_done(&a);
	attack_through(out, "1 unit programmed without being asked");
	return e;
}

/* ---- the traveler ---- */

static err make_untested(struct demo *d, struct device *unit, struct fault *f)
{
	TRY(demo_certify_units(d, &unit, 1, f));
	TRY(demo_fit_units(d, &unit, 1, d->options.units, f));
	TRY(demo_write_units(d, &unit, 1, f));
	TRY(demo_program_units(d, &unit, 1, f));
	/* Nobody looks at it. */
	return demo_sign(d, STATION, "test.recorded", demo_test_body(d, unit, false), NULL, f);
}

err attack_skipped_step(struct demo *d, const char *tag, struct attack_outcome *out,
			struct fault *f)
{
	struct device *unit;
	json_t *contents;

	TRY(device_make(PRODUCT, name_of(d, tag, "HASTE"), &unit, f));
	contents = demo_unit_lines(&unit, 1);
	err e = make_untested(d, unit, f);
	if (e.code == OK)
		e = attack_refused(d, "sara",
				   demo_move(d, demo_text(d, "SH-%s-HASTE", tag),
					     demo_text(d, "H%s-HASTE", tag), contents, f),
				   out, f);
	else
		json_decref(contents);
	device_close(unit);
	attack_through(out, "1 unit shipped with a skipped step");
	return e;
}

/* ---- in the field ---- */

static err ship_one(struct demo *d, struct device *unit, const char *shipment, const char *seal,
		    struct fault *f)
{
	json_t *contents = demo_unit_lines(&unit, 1);
	err e = demo_deliver(d, shipment, seal, contents, f);

	json_decref(contents);
	return e;
}

/* It proves its first start; what runs on it later answers with the same challenge. */
static err start_twice(struct demo *d, struct device *unit, struct told *told, struct fault *f)
{
	struct device_challenge challenge;

	TRY(device_boot(unit, f));
	TRY(demo_challenge(d, unit, &challenge, f));
	TRY(demo_answer(d, unit, &challenge, told, f));
	if (told->raised[0] != '\0')
		return fail(f, "DEMO_RAISED", "type", "boot.proved", "detail", told->detail, NULL);
	TRY(device_boot(unit, f));
	return demo_answer(d, unit, &challenge, told, f);
}

err attack_replayed_challenge(struct demo *d, const char *tag, struct attack_outcome *out,
			      struct fault *f)
{
	struct device *unit;
	struct told told = {0};

	TRY(device_make(PRODUCT, name_of(d, tag, "ECHO"), &unit, f));
	err e = demo_make_units(d, &unit, 1, d->options.units, f);
	if (e.code == OK)
		e = ship_one(d, unit, demo_text(d, "SH-%s-ECHO", tag),
			     demo_text(d, "H%s-ECHO", tag), f);
	if (e.code == OK)
		e = start_twice(d, unit, &told, f);
	if (e.code == OK)
		e = attack_ask_gate(d, "commission", device_serial(unit), &told, out, f);
	device_close(unit);
	attack_through(out, "1 unit in use on old boot evidence");
	return e;
}
