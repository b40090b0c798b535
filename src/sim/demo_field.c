/* SPDX-License-Identifier: Apache-2.0 */
/* demo_field.c — first start, the question where a part lot went, and the passports. */
#include "sim/demo_internal.h"

#include "base/clock.h"
#include "base/files.h"
#include "client/passport_check.h"

#include <stdio.h>
#include <string.h>

/* ---- first start ---- */

static err challenge(struct demo *d, struct device *unit, struct device_challenge *out,
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

/* The device signs; whoever is near brings it to the server. */
err demo_answer(struct demo *d, struct device *unit, struct told *told, struct fault *f)
{
	struct arena a = {0};
	struct device_challenge asked;
	struct device_answer answer;
	json_t *receipt = NULL;

	TRY(challenge(d, unit, &asked, f));
	err e = device_answer(unit, &a, &asked, &answer, f);
	if (e.code == OK)
		e = client_bring(demo_actor(d, "rita")->client, "boot.proved", answer.submission,
				 answer.claim, &receipt, f);
	arena_done(&a);
	if (e.code != OK)
		return e;
	const json_t *first = json_array_get(json_object_get(receipt, "raised"), 0);
	const char *code = json_string_value(json_object_get(first, "code"));
	const char *detail = json_string_value(json_object_get(first, "detail"));
	*told = (struct told){0};
	snprintf(told->raised, sizeof told->raised, "%s", code == NULL ? "" : code);
	snprintf(told->detail, sizeof told->detail, "%s", detail == NULL ? "" : detail);
	demo_count(d, receipt);
	json_decref(receipt);
	return ERR_OK;
}

err demo_first_start(struct demo *d, struct fault *f)
{
	const char *query[] = {"product",       PRODUCT,          "state", "commissioned",
			       "authorization", d->authorization, NULL};
	struct told told;
	json_t *rows = NULL;

	for (size_t i = 0; i < d->units_n; i++) {
		TRY(device_boot(d->units[i], f));
		TRY(demo_answer(d, d->units[i], &told, f));
		if (told.raised[0] != '\0')
			return fail(f, "DEMO_RAISED", "type", "boot.proved", "detail", told.detail,
				    NULL);
	}
	TRY(demo_rows(d, "quinn", "unit.list", query, &rows, f));
	d->commissioned = json_array_size(rows);
	json_decref(rows);
	demo_step(d, "First start: each unit answered a fresh challenge; %zu of %zu commissioned",
		  d->commissioned, d->units_n);
	return ERR_OK;
}

/* ---- where did it go? ---- */

err demo_recall(struct demo *d, struct fault *f)
{
	const struct demo_part *p = &d->parts[0];
	json_t *rows = NULL;

	for (size_t i = 0; i < d->parts_n; i++)
		if (d->parts[i].critical)
			p = &d->parts[i];
	const char *query[] = {"supplier", p->supplier, "part_lot", p->part_lot, NULL};
	uint64_t before = clock_steady_ms(&clock_system);
	TRY(demo_rows(d, "quinn", "recall.affected_units", query, &rows, f));
	size_t n = json_array_size(rows);
	json_decref(rows);
	demo_step(d, "Where did part lot %s (%s from %s) go? Into %zu units; answered in %llu ms",
		  p->part_lot, p->part, p->supplier, n,
		  (unsigned long long)(clock_steady_ms(&clock_system) - before));
	return n == d->units_n ? ERR_OK
			       : fail(f, "DEMO_RECALL_WRONG", "part_lot", p->part_lot, NULL);
}

/* ---- passports ---- */

static const char *passport_path(struct demo *d, const struct device *unit)
{
	return demo_text(d, "%s/passports/%s-%s.passport", d->options.folder, PRODUCT,
			 device_serial(unit));
}

static err fetch(struct demo *d, struct device *unit, struct fault *f)
{
	const char *path = demo_text(d, "/v1/passport/%s/%s", PRODUCT, device_serial(unit));
	struct arena a = {.limit = (size_t)64 << 20};
	struct bytes file;
	err e = client_get(demo_actor(d, "quinn")->client, &a, path,
			   "application/vnd.sealwright.passport+cbor", PASSPORT_SIZE_MAX, &file, f);

	if (e.code == OK)
		e = file_write(passport_path(d, unit), file, 0644, f);
	arena_done(&a);
	return e;
}

err demo_fetch_passports(struct demo *d, struct fault *f)
{
	for (size_t i = 0; i < d->units_n; i++)
		TRY(fetch(d, d->units[i], f));
	demo_step(d, "%zu passports saved in %s/passports", d->units_n, d->options.folder);
	return ERR_OK;
}

static err verify(struct demo *d, const struct device *unit, struct passport_report *report,
		  struct fault *f)
{
	struct arena a = {.limit = (size_t)64 << 20};
	struct bytes file;
	err e = file_read(&a, passport_path(d, unit), PASSPORT_SIZE_MAX, &file, f);

	if (e.code == OK)
		e = passport_check(file, &d->log, d->registry, NULL, NULL, report, f);
	arena_done(&a);
	TRY(e);
	bool same = strcmp(report->within, PRODUCT) == 0 &&
		    strcmp(report->id, device_serial(unit)) == 0;
	return same ? ERR_OK
		    : fail(f, "PASSPORT_WRONG", "detail", "it is of another unit", "where", "",
			   NULL);
}

err demo_verify_passports(struct demo *d, struct fault *f)
{
	struct passport_report report = {0};
	size_t entries = 0;

	for (size_t i = 0; i < d->units_n; i++) {
		TRY(verify(d, d->units[i], &report, f));
		entries += report.entries;
		d->passports++;
	}
	demo_step(
		d,
		"With the server stopped, %zu passports verified: %zu records, their inclusion in "
		"one signed tree, and every author's signature",
		d->passports, entries);
	return ERR_OK;
}
