/* SPDX-License-Identifier: Apache-2.0 */
/* demo_build.c — firmware release and build authorization, each by two people; then the units. */
#include "sim/demo_internal.h"

#include "base/files.h"
#include "core/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/signed_documents.h"

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

/* ---- what the signer says ---- */

struct admission_awaited {
	const char *id;
	bool refused;
	char code[ID_SIZE_MAX + 1];
};

static bool is_answered(void *context, const json_t *row)
{
	struct admission_awaited *x = context;
	const char *verdict = json_string_value(json_object_get(row, "verdict"));
	const char *code = json_string_value(json_object_get(row, "code"));

	x->refused = verdict == NULL || strcmp(verdict, "admitted") != 0;
	snprintf(x->code, sizeof x->code, "%s", code == NULL ? "" : code);
	return true;
}

/* The server brings the decision to the signer by itself: we only look what it said. */
static err await_signer(struct demo *d, const char *kind, const char *id, struct fault *f)
{
	const char *query[] = {"kind", kind, "id", id, NULL};
	struct admission_awaited x = {.id = id};

	TRY(demo_await(d, "signer.decisions", query, is_answered, &x, f));
	return x.refused ? fail(f, "DEMO_SIGNER_REFUSED", "id", id, "code", x.code, NULL) : ERR_OK;
}

/* ---- two decisions ---- */

static err release(struct demo *d, struct fault *f)
{
	char hex[65];

	hex_encode(hash_bytes(&d->image_digest), hex);
	snprintf(d->release, sizeof d->release, "FW-%u", d->run);
	TRY(demo_sign_and_approve(d, "erin", "firmware.released",
				  json_pack("{s:s, s:s, s:o, s:s, s:s, s:I, s:i, s:s}", "release",
					    d->release, "product", PRODUCT, "version",
					    json_sprintf("1.0.%u", d->run), "environment",
					    ENVIRONMENT, "image", hex, "image_size",
					    (json_int_t)d->image.n, "security_version",
					    SECURITY_VERSION, "notes", "first release of the demo"),
				  "ben cleo", f));
	TRY(await_signer(d, "firmware_release", d->release, f));
	demo_step(
		d,
		"Firmware release %s in force: the signer weighed the approvals itself and signed "
		"the manifest; image %.16s…",
		d->release, hex);
	return ERR_OK;
}

static json_t *station_list(struct demo *d)
{
	struct hash key = public_key_id(private_key_public(demo_actor(d, STATION)->key));
	char hex[65];

	hex_encode(hash_bytes(&key), hex);
	return json_pack("[{s:s, s:s}]", "station", STATION, "key", hex);
}

static err authorize(struct demo *d, struct fault *f)
{
	snprintf(d->authorization, sizeof d->authorization, "BA-%u", d->run);
	TRY(demo_sign_and_approve(
		d, "erin", "build.authorized",
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:o, s:s, s:i, s:o, s:b}",
			  "authorization", d->authorization, "product", PRODUCT, "revision",
			  d->revision, "release", d->release, "site", FACTORY, "line", LINE,
			  "quantity", (json_int_t)d->options.units + 1, "valid_until",
			  demo_days(d, 30), "purchase_order", json_sprintf("PO-%u", d->run),
			  "hardware_type", HARDWARE_TYPE, "security_version", SECURITY_VERSION,
			  "stations", station_list(d), "permits", true),
		"cleo", f));
	TRY(await_signer(d, "build_authorization", d->authorization, f));
	demo_step(d,
		  "Build authorization %s: %u units on line %s, by the key of station %s alone, "
		  "each programmed by permit; the signer counts them",
		  d->authorization, d->options.units + 1, LINE, STATION);
	return ERR_OK;
}

err demo_release(struct demo *d, struct fault *f)
{
	TRY(upload(d, f));
	TRY(release(d, f));
	TRY(authorize(d, f));
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

struct certificate_awaited {
	struct demo *demo;
	struct bytes der;
};

static bool has_certificate(void *context, const json_t *row)
{
	struct certificate_awaited *x = context;

	x->der = demo_hex(x->demo, row, "certificate", CERTIFICATE_SIZE_MAX);
	return x->der.n > 0;
}

/* The server asks the signer by itself: we only look whether it is there. The unit is then locked: from now
 * on it takes an image only with a permit. */
static err await_certificate(struct demo *d, struct device *unit, struct fault *f)
{
	const char *query[] = {"product", PRODUCT, "serial", device_serial(unit), NULL};
	struct certificate_awaited x = {.demo = d};
	struct device_lock lock = {.permit_spki = d->permit_spki,
				   .origin = bytes_text(d->log.name),
				   .environment = ENVIRONMENT,
				   .security_version = SECURITY_VERSION};

	TRY(demo_await(d, "unit.certificate", query, has_certificate, &x, f));
	TRY(device_certify(unit, x.der, d->device_ca, f));
	return device_lock(unit, &lock, f);
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

struct permit_awaited {
	struct demo *demo;
	const char *request;
	struct bytes permit;
};

static bool is_permit(void *context, const json_t *row)
{
	struct permit_awaited *x = context;
	const char *request = json_string_value(json_object_get(row, "request"));

	if (request == NULL || strcmp(request, x->request) != 0)
		return false;
	x->permit = demo_hex(x->demo, row, "permit", DOCUMENT_SIZE_MAX);
	return x->permit.n > 0;
}

err demo_write_image(struct demo *d, struct device *unit, struct bytes image, struct fault *f)
{
	const char *query[] = {"product", PRODUCT, "serial", device_serial(unit), NULL};
	uint8_t nonce[DEVICE_NONCE_SIZE];
	char text[64];
	struct told told = {0};

	TRY(device_nonce(unit, nonce, f));
	base64url_encode(bytes_of(nonce, sizeof nonce), text);
	TRY(demo_sign(d, STATION, "permit.requested",
		      json_pack("{s:s, s:s, s:s, s:s}", "product", PRODUCT, "serial",
				device_serial(unit), "release", d->release, "nonce", text),
		      &told, f));
	struct permit_awaited x = {.demo = d, .request = told.digest};
	TRY(demo_await(d, "permit.list", query, is_permit, &x, f));
	return device_program_permitted(unit, image, x.permit, f);
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
		TRY(demo_write_image(d, unit, image, f));
		TRY(demo_program_unit(d, unit, NULL, f));
		demo_step(d,
			  "Unit %s built: key made in the device, certificate issued, %zu parts, "
			  "programmed by permit, image read back (%u of %u)",
			  device_serial(unit), d->parts_n, i + 1, d->options.units);
	}
	return ERR_OK;
}
