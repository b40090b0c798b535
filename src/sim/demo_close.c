/* SPDX-License-Identifier: Apache-2.0 */
/* demo_close.c — the end of a build: what must not leave is destroyed before a witness, and every unit
 * that was authorized is accounted for. */
#include "sim/demo_internal.h"

#include "core/sha256.h"

#include <string.h>

/* Each thing that was found wrong with the unit: what becomes of it. */
static err dispose(struct demo *d, const char *serial, struct fault *f)
{
	json_t *rows = NULL, *row;
	size_t i;
	err e = ERR_OK;

	TRY(demo_rows(d, "quinn", "nonconformance.open", NULL, &rows, f));
	json_array_foreach(rows, i, row)
	{
		const char *id = json_string_value(json_object_get(row, "id"));
		if (e.code != OK || id == NULL || strcmp(id, serial) != 0)
			continue;
		e = demo_sign(d, "quinn", "nonconformance.disposed",
			      json_pack("{s:O, s:O, s:s, s:s}", "raised_seq",
					json_object_get(row, "seq"), "raised_n",
					json_object_get(row, "n"), "disposition", "scrap", "reason",
					"it failed its test"),
			      NULL, f);
	}
	json_decref(rows);
	return e;
}

static err scrap(struct demo *d, const char *serial, struct fault *f)
{
	const char *text = demo_text(d, "Picture of unit %s, drilled through.\n", serial);
	struct hash digest;
	char hex[65];

	if (text == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(client_blob_put(demo_actor(d, "sara")->client, bytes_text(text), "evidence", &digest,
			    f));
	hex_encode(hash_bytes(&digest), hex);
	return demo_sign(d, "sara", "unit.scrapped",
			 json_pack("{s:s, s:s, s:s, s:s, s:s}", "product", PRODUCT, "serial",
				   serial, "reason", "it failed its test for good", "photo", hex,
				   "witness", "wim"),
			 NULL, f);
}

err demo_close(struct demo *d, struct fault *f)
{
	const char *spoilt = device_serial(d->spoilt);
	struct told told;
	json_t *one_short =
		json_pack("{s:s, s:I, s:i, s:i, s:i}", "authorization", d->production, "built",
			  (json_int_t)d->options.units, "scrapped", 0, "returned", 0, "unused", 1);

	/* Who keeps the spoilt unit for himself and calls it unused does not get away with it. */
	err e = demo_sign(d, "erin", "build.closed", one_short, &told, f);
	if (e.code == OK)
		return fail(f, "DEMO_CLOSED_TOO_EARLY", "authorization", d->production, NULL);
	*f = (struct fault){0};
	TRY(dispose(d, spoilt, f));
	TRY(scrap(d, spoilt, f));
	TRY(demo_sign(d, "erin", "build.closed",
		      json_pack("{s:s, s:I, s:i, s:i, s:i}", "authorization", d->production,
				"built", (json_int_t)d->options.units, "scrapped", 1, "returned", 0,
				"unused", 0),
		      NULL, f));
	demo_step(d,
		  "Build authorization %s balances and ends: %u authorized, %u built, 1 destroyed "
		  "before a witness",
		  d->production, d->options.units + 1, d->options.units);
	return ERR_OK;
}
