/* SPDX-License-Identifier: Apache-2.0 */
/* demo_field.c — first start, and the question where a part lot went. */
#include "sim/demo_internal.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

/* ---- first start ---- */

err demo_challenge(struct demo *d, struct device *unit, struct device_challenge *out,
		   struct fault *f)
{
	json_t *body = json_pack("{s:s, s:s, s:s}", "for", "unit", "product", device_product(unit),
				 "serial", device_serial(unit)),
	       *reply = NULL;
	err e = client_json(demo_actor(d, "rita")->client, "POST", "/v1/challenges", body, &reply,
			    f);
	const char *nonce = json_string_value(json_object_get(reply, "nonce"));
	size_t n;

	json_decref(body);
	*out = (struct device_challenge){.origin = bytes_text(d->log.name),
					 .made_ms = clock_wall_ms(&clock_system)};
	if (e.code == OK &&
	    (nonce == NULL ||
	     !base64url_decode(bytes_text(nonce), out->nonce, sizeof out->nonce, &n) ||
	     n != sizeof out->nonce))
		e = fail(f, "CLIENT_REPLY_BAD", "path", "/v1/challenges", NULL);
	json_decref(reply);
	return e;
}

static json_t *about_unit(const struct device *unit)
{
	return json_pack("{s:s, s:s}", "product", device_product(unit), "serial",
			 device_serial(unit));
}

err demo_answer(struct demo *d, struct device *unit, const struct device_challenge *challenge,
		struct told *told, struct fault *f)
{
	struct arena a = {0};
	struct device_answer answer;
	json_t *receipt = NULL;
	json_t *about = about_unit(unit);
	err e = device_answer(unit, &a, challenge, &answer, f);

	demo_attempt(d, "rita", "boot.proved", about);
	json_decref(about);
	if (e.code == OK)
		e = client_bring(demo_actor(d, "rita")->client, "boot.proved", answer.submission,
				 answer.claim, &receipt, f);
	arena_done(&a);
	TRY(e);
	demo_attempt_recorded(d, receipt);
	demo_tell(receipt, told);
	demo_count(d, receipt);
	json_decref(receipt);
	return ERR_OK;
}

static err start(struct demo *d, struct demo_batch *b, struct device *unit, struct fault *f)
{
	struct arena a = {0};
	struct device_challenge challenge;
	struct device_answer answer;

	TRY(device_boot(unit, f));
	TRY(demo_challenge(d, unit, &challenge, f));
	err e = device_answer(unit, &a, &challenge, &answer, f);
	json_t *about = about_unit(unit);
	if (e.code == OK)
		e = demo_bring(b, "boot.proved", answer.claim, answer.proof, about, f);
	json_decref(about);
	arena_done(&a);
	return e;
}

/* Each device signs for itself; whoever is near brings what they say to the server. */
err demo_start_units(struct demo *d, struct device *const *units, size_t n, struct fault *f)
{
	struct demo_batch b;
	err e = demo_batch_open(d, "rita", &b, f);

	for (size_t i = 0; i < n && e.code == OK; i++)
		e = start(d, &b, units[i], f);
	return demo_batch_done(&b, e, f);
}

/* ---- where did it go? ---- */

err demo_recall(struct demo *d, struct fault *f)
{
	const struct demo_part *p = &d->parts[0];
	json_t *rows = NULL;

	for (size_t i = 0; i < d->parts_n; i++)
		if (d->parts[i].critical)
			p = &d->parts[i];
	const char *part_lot = p->reels[0].part_lot;
	const char *query[] = {"supplier", p->supplier, "part_lot", part_lot, NULL};
	uint64_t before = clock_steady_ms(&clock_system);
	TRY(demo_rows(d, "quinn", "recall.affected_units", query, &rows, f));
	size_t n = json_array_size(rows);
	json_decref(rows);
	demo_step(d, "Where did part lot %s (%s from %s) go? Into %zu units; answered in %llu ms",
		  part_lot, p->part, p->supplier, n,
		  (unsigned long long)(clock_steady_ms(&clock_system) - before));
	return n == demo_lot_units(d, p, 0)
		       ? ERR_OK
		       : fail(f, "DEMO_RECALL_WRONG", "part_lot", part_lot, NULL);
}
