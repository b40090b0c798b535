/* SPDX-License-Identifier: Apache-2.0 */
/* demo_attacks.c — attacks while the server runs, or on a copy of its store; each counts as
 * stopped only when the system says why, in words. */
#include "sim/demo_internal.h"

#include "base/catalog.h"

#include <stdio.h>
#include <string.h>

static void stopped(struct demo *d, const char *attack, const char *how, const char *message)
{
	d->stopped++;
	demo_step(d, "Attack %zu: %s", d->stopped, attack);
	demo_said(d, "%s: %s", how, message);
}

static err got_through(struct fault *f, const char *attack)
{
	return fail(f, "DEMO_ATTACK_WORKED", "attack", attack, NULL);
}

/* It must have been refused, and for this reason. */
static err expect_refusal(struct demo *d, err result, const char *id, const char *attack,
			  struct fault *f)
{
	char why[1024];

	if (result.code == OK)
		return got_through(f, attack);
	if (f->message == NULL || strcmp(f->message, id) != 0)
		return result;
	demo_why(f, why, sizeof why);
	stopped(d, attack, "refused", why);
	*f = (struct fault){0};
	return ERR_OK;
}

/* ---- 1: one key in two units ---- */

static err same_key(struct demo *d, struct fault *f)
{
	struct device *clone;

	TRY(device_make_same_key(d->units[0], demo_text(d, "S%u-CLONE", d->run), &clone, f));
	err e = demo_request(d, clone, f);
	device_close(clone);
	return expect_refusal(d, e, "UNIT_KEY_ALREADY_USED",
			      "a second unit that has the key of the first", f);
}

/* ---- 2: a certificate without its key ---- */

static err copied_certificate(struct demo *d, struct fault *f)
{
	struct device *thief;
	struct told told;

	TRY(device_make_copied_certificate(d->units[0], &thief, f));
	err e = device_boot(thief, f);
	if (e.code == OK)
		e = demo_answer(d, thief, &told, f);
	device_close(thief);
	return expect_refusal(d, e, "KEY_UNKNOWN",
			      "a device with the copied certificate of a unit, but not its key", f);
}

/* ---- 3: an image that nobody released ---- */

static err ask_gate(struct demo *d, const char *serial, char *out, size_t cap, struct fault *f)
{
	struct arena a = {0};
	const char *path = demo_text(d, "/v1/gates/ship/unit/%s/%s", PRODUCT, serial);
	struct bytes text;
	err e = client_get(demo_actor(d, "quinn")->client, &a, path, "text/plain", 4096, &text, f);

	if (e.code == OK) {
		while (text.n > 0 && text.p[text.n - 1] == '\n')
			text.n--;
		snprintf(out, cap, "%.*s", (int)text.n, (const char *)text.p);
	}
	arena_done(&a);
	return e;
}

static err program_changed(struct demo *d, struct device *unit, struct told *told, struct fault *f)
{
	TRY(demo_build_unit(d, unit, f));
	TRY(demo_write_image(d, unit, d->image, f));
	TRY(device_tamper(unit, d->image.n / 2, f));
	return demo_program_unit(d, unit, told, f);
}

static err changed_image(struct demo *d, struct fault *f)
{
	static const char ATTACK[] = "a unit programmed with an image that was changed by one byte";
	struct device *unit;
	struct told told = {0};
	char gate[512] = "";

	TRY(device_make(PRODUCT, demo_text(d, "S%u-EVIL", d->run), &unit, f));
	err e = program_changed(d, unit, &told, f);
	if (e.code == OK)
		e = ask_gate(d, device_serial(unit), gate, sizeof gate, f);
	device_close(unit);
	TRY(e);
	if (strcmp(told.raised, "IMAGE_NOT_RELEASED") != 0 || strncmp(gate, "FAIL", 4) != 0)
		return got_through(f, ATTACK);
	stopped(d, ATTACK, "caught and held", told.detail);
	demo_said(d, "the gate before shipping says: %s", gate);
	return ERR_OK;
}

/* ---- 4: a unit beyond the quota ---- */

/* The last one that was authorized went to the attack before. */
static err one_more_unit(struct demo *d, struct fault *f)
{
	struct device *unit;

	TRY(device_make(PRODUCT, demo_text(d, "S%u-MORE", d->run), &unit, f));
	err e = demo_request(d, unit, f);
	device_close(unit);
	return expect_refusal(d, e, "BUILD_QUOTA_EXCEEDED", "a unit more than people authorized",
			      f);
}

/* ---- 5: the author agrees with herself ---- */

static err own_release(struct demo *d, struct told *waits, struct fault *f)
{
	char hex[65];

	hex_encode(hash_bytes(&d->image_digest), hex);
	return demo_sign(d, "erin", "firmware.released",
			 json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:i}", "release",
				   demo_text(d, "FW-%u-OWN", d->run), "product", PRODUCT, "version",
				   "9", "environment", ENVIRONMENT, "image", hex, "image_size",
				   (json_int_t)d->image.n, "security_version", SECURITY_VERSION),
			 waits, f);
}

static err author_approves(struct demo *d, struct fault *f)
{
	struct told waits, told;

	TRY(own_release(d, &waits, f));
	err e = demo_sign(d, "erin", "approval.given", json_pack("{s:s}", "record", waits.digest),
			  &told, f);
	TRY(expect_refusal(d, e, "APPROVAL_NOT_ELIGIBLE",
			   "a firmware release that is approved by who asked for it", f));
	return demo_sign(d, "erin", "approval.withdrawn",
			 json_pack("{s:s, s:s}", "record", waits.digest, "reason", "an attack"),
			 NULL, f);
}

/* ---- 6: a broken seal ---- */

static void print_failures(struct demo *d, const json_t *problem)
{
	size_t i;
	json_t *one;

	json_array_foreach(json_object_get(problem, "failures"), i, one)
	{
		demo_said(d, "%s: expected %s, found %s",
			  json_string_value(json_object_get(one, "control")),
			  json_string_value(json_object_get(one, "expected")),
			  json_string_value(json_object_get(one, "found")));
	}
}

static err break_seal(struct demo *d, const char *shipment, const char *seal, struct told *told,
		      struct fault *f)
{
	json_t *line = json_pack("{s:s, s:s, s:i}", "kind", "item", "id", "SPARE-1", "quantity", 1);

	TRY(demo_move(d, shipment, seal, json_pack("[O]", line), f));
	TRY(demo_sign(d, "rita", "seal.broken",
		      json_pack("{s:s, s:s, s:s, s:s, s:b, s:s}", "maker", SEAL_MAKER, "seal", seal,
				"site", WAREHOUSE, "shipment", shipment, "authorized", 0, "reason",
				"found cut on arrival"),
		      told, f));
	struct told counted;
	TRY(demo_sign(d, "rita", "shipment.counted",
		      json_pack("{s:s, s:s, s:[o]}", "shipment", shipment, "site", WAREHOUSE,
				"lines", line),
		      &counted, f));
	return demo_sign(d, "rita", "shipment.received",
			 json_pack("{s:s, s:s, s:s}", "shipment", shipment, "site", WAREHOUSE,
				   "condition", "good"),
			 &counted, f);
}

static err broken_seal(struct demo *d, struct fault *f)
{
	static const char ATTACK[] = "a shipment whose seal was cut on the way";
	const char *shipment = demo_text(d, "SH-%u-CUT", d->run);
	struct told told = {0};

	TRY(break_seal(d, shipment, demo_text(d, "H%u02", d->run), &told, f));
	if (strcmp(told.raised, "SEAL_FOUND_BROKEN") != 0)
		return got_through(f, ATTACK);
	err e = demo_sign(d, "rita", "shipment.admitted", json_pack("{s:s}", "shipment", shipment),
			  NULL, f);
	TRY(expect_refusal(d, e, "GATE_CLOSED", ATTACK, f));
	print_failures(d, client_problem(demo_actor(d, "rita")->client));
	return ERR_OK;
}

/* In this order: each finds what those before it left. */
static demo_attack *const ATTACKS[] = {same_key,      copied_certificate, changed_image,
				       one_more_unit, author_approves,    broken_seal};
enum { ATTACKS_N = sizeof ATTACKS / sizeof ATTACKS[0] };

size_t demo_attacks_n(void)
{
	return ATTACKS_N + 1; /* and the one on the store, when nothing runs */
}

err demo_attacks(struct demo *d, struct fault *f)
{
	for (size_t i = 0; i < ATTACKS_N; i++)
		TRY(ATTACKS[i](d, f));
	return ERR_OK;
}
