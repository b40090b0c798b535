/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/demo_internal.h"

#include "base/clock.h"
#include "base/files.h"

#include <stdio.h>
#include <stdlib.h>

static err story(struct demo *d, struct fault *f)
{
	TRY(demo_open(d, f));
	TRY(demo_start(d, f));
	TRY(demo_people(d, f));
	TRY(demo_read_bom(d, f));
	TRY(demo_supply(d, f));
	TRY(demo_route(d, f));
	TRY(demo_release(d, f));
	TRY(demo_waves(d, f));
	TRY(demo_recall(d, f));
	TRY(demo_attacks(d, f));
	TRY(demo_close(d, f));
	TRY(demo_fetch_passports(d, f));
	TRY(demo_take_home(d, f));
	demo_stop(d);
	TRY(demo_verify_passports(d, f));
	TRY(demo_audit(d, f));
	return demo_attacks_on_copies(d, f);
}

static void demo_done(struct demo *d)
{
	demo_stop(d);
	for (size_t i = 0; i < d->units_n; i++)
		if (d->units[i] != d->victim)
			device_close(d->units[i]);
	device_close(d->victim);
	device_close(d->spoilt);
	for (size_t i = 0; i < d->actors_n; i++)
		private_key_close(d->actors[i].key);
	registry_free(d->registry);
	json_decref(d->attempt);
	arena_done(&d->arena);
	free(d);
}

/* ---- what came of it ---- */

static void summary(const struct demo *d)
{
	if (d->results[0].tried && !d->options.quiet)
		demo_print_table(d);
	printf("\n%llu records in %.1f s, ", (unsigned long long)d->records,
	       (double)(clock_steady_ms(&clock_system) - d->started_ms) / 1000.0);
	if (d->verified == d->records)
		printf("every receipt verified\n");
	else
		printf("%llu receipts verified\n", (unsigned long long)d->verified);
	printf("%zu of %u units commissioned\n", d->commissioned, d->options.units);
	printf("%zu of %zu attacks stopped\n", demo_attacks_stopped(d), demo_attacks_n());
	fflush(stdout);
}

/* For people or for programs, and for programs into a file. */
static err conclude(struct demo *d, struct fault *f)
{
	json_t *report = demo_report(d);
	char *text = report == NULL ? NULL : json_dumps(report, JSON_INDENT(2));
	err e = text == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : ERR_OK;

	json_decref(report);
	if (e.code == OK && d->options.report != NULL)
		e = file_write(d->options.report, bytes_text(text), 0644, f);
	if (d->options.json && text != NULL) {
		printf("%s\n", text);
		fflush(stdout);
	} else if (text != NULL) {
		summary(d);
	}
	free(text);
	return e;
}

static bool is_good(const struct demo *d)
{
	bool off = true;

	for (size_t i = 0; i < demo_attacks_n(); i++)
		off = off && (ATTACKS[i].control == NULL ||
			      (d->results[i].tried_off && !d->results[i].off.stopped));
	return d->commissioned == d->options.units && d->passports > 0 &&
	       d->verified == d->records && demo_attacks_stopped(d) == demo_attacks_n() && off;
}

err demo_run(const struct demo_options *options, bool *good, struct fault *f)
{
	struct demo *d = calloc(1, sizeof *d);
	struct fault spare;

	*good = false;
	if (d == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	d->options = *options;
	d->options.quiet = options->quiet || options->json;
	d->arena.limit = (size_t)512 << 20;
	d->started_ms = clock_steady_ms(&clock_system);
	err e = story(d, f);
	demo_stop(d);
	err told = conclude(d, e.code == OK ? f : &spare);
	if (e.code == OK)
		e = told;
	*good = e.code == OK && is_good(d);
	if (e.code == OK && !options->once)
		e = demo_stay(d, f);
	demo_done(d);
	return e;
}
