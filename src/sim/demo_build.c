/* SPDX-License-Identifier: Apache-2.0 */
/* demo_build.c — firmware release and build authorization, each by two people; then the units. */
#include "sim/demo_internal.h"

#include "base/files.h"
#include "core/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CERTIFICATE_TRIES = 3000, CERTIFICATE_PAUSE_MS = 10 };

/* ---- firmware ---- */

static err upload(struct demo *d, struct fault *f)
{
	const char *path = d->options.image != NULL ? d->options.image : "/proc/self/exe";

	TRY(file_read(&d->arena, path, DEVICE_IMAGE_MAX, &d->image, f));
	TRY(client_blob_put(demo_actor(d, "erin")->client, d->image, "evidence", &d->image_digest,
			    f));
	demo_step(d, "Firmware %s uploaded: %zu bytes",
		  d->options.image != NULL ? path : "(this very program)", d->image.n);
	return ERR_OK;
}

err demo_release(struct demo *d, struct fault *f)
{
	char hex[65];

	TRY(upload(d, f));
	hex_encode(hash_bytes(&d->image_digest), hex);
	snprintf(d->release, sizeof d->release, "FW-%u", d->run);
	TRY(demo_sign_and_approve(d, "erin", "firmware.released",
				  json_pack("{s:s, s:s, s:o, s:s, s:s, s:I, s:i, s:s}", "release",
					    d->release, "product", PRODUCT, "version",
					    json_sprintf("1.0.%u", d->run), "environment",
					    "production", "image", hex, "image_size",
					    (json_int_t)d->image.n, "security_version", 1, "notes",
					    "first release of the demo"),
				  "ben", f));
	demo_step(d, "Firmware release %s in force: image %.16s…", d->release, hex);
	snprintf(d->authorization, sizeof d->authorization, "BA-%u", d->run);
	TRY(demo_sign_and_approve(
		d, "erin", "build.authorized",
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:o}", "authorization",
			  d->authorization, "product", PRODUCT, "revision", d->revision, "release",
			  d->release, "site", FACTORY, "line", LINE, "quantity",
			  (json_int_t)d->options.units + 1, "valid_until", demo_days(d, 30),
			  "purchase_order", json_sprintf("PO-%u", d->run)),
		"cleo", f));
	demo_step(d, "Build authorization %s: %u units on line %s", d->authorization,
		  d->options.units + 1, LINE);
	for (size_t i = 0; i < d->parts_n; i++)
		TRY(demo_sign(
			d, "wim", "part_lot.issued",
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "supplier",
				  d->parts[i].supplier, "part_lot", d->parts[i].part_lot,
				  "authorization", d->authorization, "site", FACTORY, "line", LINE,
				  "quantity",
				  (json_int_t)(d->parts[i].quantity * (d->options.units + 1))),
			NULL, f));
	demo_step(d, "%zu part lots given to line %s", d->parts_n, LINE);
	return ERR_OK;
}

/* ---- identity ---- */

err demo_request(struct demo *d, struct device *unit, struct fault *f)
{
	struct arena a = {0};
	struct bytes der;
	err e = device_csr(unit, &a, &der, f);
	char *text = e.code == OK ? arena_alloc(&a, base64_size(der.n) + 2) : NULL;

	if (text != NULL) {
		base64url_encode(der, text);
		e = demo_sign(d, STATION, "unit.requested",
			      json_pack("{s:s, s:s, s:s, s:s}", "product", PRODUCT, "serial",
					device_serial(unit), "authorization", d->authorization,
					"csr", text),
			      NULL, f);
	} else if (e.code == OK) {
		e = fail(f, "OUT_OF_MEMORY", NULL);
	}
	arena_done(&a);
	return e;
}

static err certificate_read(struct demo *d, const char *serial, struct bytes *der, struct fault *f)
{
	const char *query[] = {"product", PRODUCT, "serial", serial, NULL};
	json_t *rows = NULL;

	*der = (struct bytes){0};
	TRY(demo_rows(d, "quinn", "unit.certificate", query, &rows, f));
	const char *text =
		json_string_value(json_object_get(json_array_get(rows, 0), "certificate"));
	err e = ERR_OK;
	if (text != NULL) {
		size_t n = strlen(text) / 2;
		uint8_t *out = n <= CERTIFICATE_SIZE_MAX ? arena_alloc(&d->arena, n) : NULL;
		if (out != NULL && hex_decode(bytes_text(text), out, n))
			*der = bytes_of(out, n);
		else
			e = fail(f, "DEMO_CERTIFICATE_UNREADABLE", "serial", serial, NULL);
	}
	json_decref(rows);
	return e;
}

/* The server asks the signer by itself: we only look whether it is there. */
static err await_certificate(struct demo *d, struct device *unit, struct fault *f)
{
	const struct timespec pause = {.tv_nsec = CERTIFICATE_PAUSE_MS * 1000000L};
	struct bytes der;

	for (int i = 0; i < CERTIFICATE_TRIES; i++) {
		TRY(certificate_read(d, device_serial(unit), &der, f));
		if (der.n > 0)
			return device_certify(unit, der, d->device_ca, f);
		nanosleep(&pause, NULL);
	}
	return fail(f, "DEMO_NO_CERTIFICATE", "serial", device_serial(unit), NULL);
}

/* ---- parts and program ---- */

static json_t *fitted(const struct demo *d, size_t from, size_t to)
{
	json_t *list = json_array();

	for (size_t i = from; i < to; i++) {
		const struct demo_part *p = &d->parts[i];
		json_t *one = json_pack("{s:s, s:s, s:s, s:I}", "supplier", p->supplier, "part_lot",
					p->part_lot, "part", p->part, "quantity",
					(json_int_t)p->quantity);
		if (p->designators[0] != '\0')
			json_object_set_new(one, "designators", json_string(p->designators));
		json_array_append_new(list, one);
	}
	return list;
}

err demo_build_unit(struct demo *d, struct device *unit, struct fault *f)
{
	const char *serial = device_serial(unit);

	TRY(demo_request(d, unit, f));
	TRY(await_certificate(d, unit, f));
	for (size_t at = 0; at < d->parts_n; at += PER_RECORD)
		TRY(demo_sign(d, STATION, "unit.fitted",
			      json_pack("{s:s, s:s, s:s, s:o}", "product", PRODUCT, "serial",
					serial, "station", STATION, "parts",
					fitted(d, at,
					       at + PER_RECORD < d->parts_n ? at + PER_RECORD
									    : d->parts_n)),
			      NULL, f));
	return demo_sign(d, STATION, "unit.built",
			 json_pack("{s:s, s:s, s:s}", "product", PRODUCT, "serial", serial,
				   "station", STATION),
			 NULL, f);
}

err demo_program_unit(struct demo *d, struct device *unit, struct told *told, struct fault *f)
{
	struct hash image;
	char hex[65];

	TRY(device_read_back(unit, &image, f));
	hex_encode(hash_bytes(&image), hex);
	return demo_sign(d, STATION, "unit.programmed",
			 json_pack("{s:s, s:s, s:s, s:s, s:s}", "product", PRODUCT, "serial",
				   device_serial(unit), "station", STATION, "release", d->release,
				   "image", hex),
			 told, f);
}

err demo_build(struct demo *d, struct fault *f)
{
	struct bytes image;

	d->units = arena_array(&d->arena, d->options.units, sizeof(struct device *));
	if (d->units == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	d->arena.limit += 2 * (size_t)DEVICE_IMAGE_MAX;
	TRY(client_blob_get(demo_actor(d, STATION)->client, &d->arena, d->image_digest,
			    DEVICE_IMAGE_MAX, &image, f));
	for (unsigned i = 0; i < d->options.units; i++) {
		struct device *unit;
		TRY(device_make(PRODUCT, demo_text(d, "S%u-%03u", d->run, i + 1), &unit, f));
		d->units[d->units_n++] = unit;
		TRY(demo_build_unit(d, unit, f));
		TRY(device_program(unit, image, f));
		TRY(demo_program_unit(d, unit, NULL, f));
		demo_step(d,
			  "Unit %s built: key made in the device, certificate issued, %zu parts, "
			  "image "
			  "read back (%u of %u)",
			  device_serial(unit), d->parts_n, i + 1, d->options.units);
	}
	return ERR_OK;
}
