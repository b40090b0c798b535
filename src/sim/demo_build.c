/* SPDX-License-Identifier: Apache-2.0 */
/* demo_build.c — more units while somebody watches: one after the other through the line, then shipped together
 * and started. */
#include "sim/demo_live.h"

static err build_all(struct demo *d, const char *tag, struct device **units, size_t n,
		     struct fault *f)
{
	json_t *contents;

	for (size_t i = 0; i < n; i++) {
		TRY(device_make(PRODUCT, demo_text(d, "S%s-%03zu", tag, i + 1), &units[i], f));
		TRY(demo_make_units(d, &units[i], 1, d->options.units, f));
	}
	contents = demo_unit_lines(units, n);
	err e = demo_deliver(d, demo_text(d, "SH-%s", tag), demo_text(d, "H%s", tag), contents, f);
	json_decref(contents);
	return e.code == OK ? demo_start_units(d, units, n, f) : e;
}

err demo_build(struct demo *d, const char *tag, size_t n, struct fault *f)
{
	struct device *units[RUN_UNITS_MAX] = {NULL};
	err e = build_all(d, tag, units, n, f);

	for (size_t i = 0; i < n; i++)
		device_close(units[i]);
	return e;
}
