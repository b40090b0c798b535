/* SPDX-License-Identifier: Apache-2.0 */
/* demo_waves.c — units in waves: built, shipped and started together, and then forgotten here, so that our
 * memory does not grow with their number. */
#include "sim/demo_internal.h"

#include "base/clock.h"

#include <string.h>

static err make_devices(struct demo *d, size_t n, struct fault *f)
{
	for (d->units_n = 0; d->units_n < n; d->units_n++)
		TRY(device_make(PRODUCT, demo_serial(d, d->first + d->units_n),
				&d->units[d->units_n], f));
	return ERR_OK;
}

static void forget_devices(struct demo *d)
{
	for (size_t i = 0; i < d->units_n; i++)
		if (d->units[i] != d->victim)
			device_close(d->units[i]);
	d->units_n = 0;
}

static err wave(struct demo *d, size_t n, struct fault *f)
{
	bool only = n == d->options.units;

	TRY(make_devices(d, n, f));
	if (d->victim == NULL)
		d->victim = d->units[demo_dice(d, "victim", 0, (unsigned)n)];
	TRY(demo_make_units(d, d->units, n, d->first, f));
	if (only)
		demo_step(d,
			  "%zu units built: key made in the device, certificate issued, %zu parts "
			  "fitted, programmed by permit, image read back, tested, looked at",
			  n, d->parts_n);
	TRY(demo_ship(d, f));
	TRY(demo_start_units(d, d->units, n, f));
	d->built += n;
	d->first += n;
	forget_devices(d);
	return ERR_OK;
}

/* One more, that comes out wrong: it must be accounted for, too. */
static err make_spoilt(struct demo *d, struct fault *f)
{
	struct told told;

	TRY(device_make(PRODUCT, demo_text(d, "%s-BAD", demo_serial(d, d->options.units)),
			&d->spoilt, f));
	TRY(demo_certify_units(d, &d->spoilt, 1, f));
	TRY(demo_fit_units(d, &d->spoilt, 1, d->options.units, f));
	TRY(demo_write_units(d, &d->spoilt, 1, f));
	TRY(demo_program_units(d, &d->spoilt, 1, f));
	TRY(demo_sign(d, STATION, "test.recorded", demo_test_body(d, d->spoilt, true), &told, f));
	demo_step(d, "Unit %s failed its test, and is held: %s", device_serial(d->spoilt),
		  told.raised);
	return ERR_OK;
}

static err count_commissioned(struct demo *d, struct fault *f)
{
	const char *query[] = {"authorization", d->production, NULL};
	json_t *rows = NULL, *row;
	size_t i;

	d->commissioned = 0;
	TRY(demo_rows(d, "quinn", "unit.states", query, &rows, f));
	json_array_foreach(rows, i, row)
	{
		const char *state = json_string_value(json_object_get(row, "state"));
		if (state != NULL && strcmp(state, "commissioned") == 0)
			d->commissioned +=
				(size_t)json_integer_value(json_object_get(row, "units"));
	}
	json_decref(rows);
	return ERR_OK;
}

err demo_waves(struct demo *d, struct fault *f)
{
	uint64_t began = clock_steady_ms(&clock_system);
	size_t all = d->options.units;

	for (d->first = 0; d->first < all;) {
		size_t left = all - d->first;
		TRY(wave(d, left < WAVE_UNITS ? left : WAVE_UNITS, f));
		if (all > WAVE_UNITS)
			demo_progress(d, "Units built, shipped and started", d->built, all, began);
	}
	TRY(make_spoilt(d, f));
	TRY(count_commissioned(d, f));
	demo_step(d, "First start: each unit answered a fresh challenge; %zu of %zu commissioned",
		  d->commissioned, all);
	return ERR_OK;
}
