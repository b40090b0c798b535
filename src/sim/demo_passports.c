/* SPDX-License-Identifier: Apache-2.0 */
/* demo_passports.c — passports are fetched, and verified when no server runs. */
#include "sim/demo_internal.h"

#include "base/files.h"
#include "client/passport_check.h"
#include "client/take_home.h"

#include <stdio.h>
#include <string.h>

/* Of many units some, evenly. */
static size_t how_many(const struct demo *d)
{
	return d->options.units < PASSPORTS_MAX ? d->options.units : PASSPORTS_MAX;
}

static const char *serial_at(struct demo *d, size_t i)
{
	return demo_serial(d, i * d->options.units / how_many(d));
}

static const char *passport_path(struct demo *d, const char *serial)
{
	return demo_text(d, "%s/passports/%s-%s.passport", d->options.folder, PRODUCT, serial);
}

static err fetch(struct demo *d, const char *serial, struct fault *f)
{
	const char *path = demo_text(d, "/v1/passport/%s/%s", PRODUCT, serial);
	struct arena a = {.limit = (size_t)64 << 20};
	struct bytes file;
	err e = client_get(demo_actor(d, "quinn")->client, &a, path,
			   "application/vnd.sealwright.passport+cbor", PASSPORT_SIZE_MAX, &file, f);

	if (e.code == OK)
		e = file_write(passport_path(d, serial), file, 0644, f);
	arena_done(&a);
	return e;
}

err demo_fetch_passports(struct demo *d, struct fault *f)
{
	for (size_t i = 0; i < how_many(d); i++)
		TRY(fetch(d, serial_at(d, i), f));
	demo_step(d, "%zu passports saved in %s/passports", how_many(d), d->options.folder);
	return ERR_OK;
}

static err verify(struct demo *d, const char *serial, struct passport_report *report,
		  struct fault *f)
{
	struct arena a = {.limit = (size_t)64 << 20};
	struct bytes file;
	err e = file_read(&a, passport_path(d, serial), PASSPORT_SIZE_MAX, &file, f);

	if (e.code == OK)
		e = passport_check(file, &d->log, d->registry, NULL, NULL, report, f);
	arena_done(&a);
	TRY(e);
	bool same = strcmp(report->within, PRODUCT) == 0 && strcmp(report->id, serial) == 0;
	return same ? ERR_OK
		    : fail(f, "PASSPORT_WRONG", "detail", "it is of another unit", "where", "",
			   NULL);
}

err demo_verify_passports(struct demo *d, struct fault *f)
{
	struct passport_report report = {0};
	size_t entries = 0;

	for (size_t i = 0; i < how_many(d); i++) {
		TRY(verify(d, serial_at(d, i), &report, f));
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

err demo_take_home(struct demo *d, struct fault *f)
{
	struct passport_wish units[PASSPORTS_MAX] = {{0}};
	struct take_home_report report = {0};

	if (d->options.take_home == NULL)
		return ERR_OK;
	for (size_t i = 0; i < how_many(d); i++)
		units[i] = (struct passport_wish){.product = PRODUCT, .serial = serial_at(d, i)};
	TRY(take_home_write(demo_actor(d, "quinn")->client, units, how_many(d),
			    d->options.take_home, &report, f));
	demo_step(d, "%s: %zu passports, %llu entries of the log, and a verifier %s",
		  d->options.take_home, report.passports, (unsigned long long)report.entries,
		  report.program ? "with its source" : "as source");
	return ERR_OK;
}
