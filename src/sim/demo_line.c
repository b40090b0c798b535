/* SPDX-License-Identifier: Apache-2.0 */
/* demo_line.c — the line: key and certificate, parts, permit and program. What is recorded of many units
 * goes in one request; what the signer answers is asked for unit by unit. */
#include "sim/demo_internal.h"

#include "core/sha256.h"
#include "core/signed_documents.h"

#include <stdio.h>
#include <string.h>

/* ---- identity ---- */

/* A locally administered EUI-64 that follows from the serial. */
static const char *address_of(const struct device *unit, char out[static 17])
{
	struct hash h = sha256(bytes_text(device_serial(unit)));

	snprintf(out, 17, "02");
	for (size_t i = 0; i < 7; i++)
		snprintf(out + 2 + 2 * i, 3, "%02X", h.b[i]);
	return out;
}

err demo_request_body(struct demo *d, struct device *unit, json_t **out, struct fault *f)
{
	struct arena a = {0};
	struct bytes der;
	char address[17];
	err e = device_csr(unit, &a, &der, f);
	char *text = e.code == OK ? arena_alloc(&a, base64_size(der.n) + 2) : NULL;

	if (text != NULL) {
		base64url_encode(der, text);
		*out = json_pack("{s:s, s:s, s:s, s:s, s:s}", "product", PRODUCT, "serial",
				 device_serial(unit), "authorization", d->authorization, "csr",
				 text, "address", address_of(unit, address));
	} else if (e.code == OK) {
		e = fail(f, "OUT_OF_MEMORY", NULL);
	}
	arena_done(&a);
	return e;
}

err demo_request(struct demo *d, struct device *unit, struct fault *f)
{
	json_t *body = NULL;

	TRY(demo_request_body(d, unit, &body, f));
	return demo_sign(d, STATION, "unit.requested", body, NULL, f);
}

struct certificate_awaited {
	struct arena *arena;
	struct bytes der;
};

static bool has_certificate(void *context, const json_t *row)
{
	struct certificate_awaited *x = context;

	x->der = demo_hex(x->arena, row, "certificate", CERTIFICATE_SIZE_MAX);
	return x->der.n > 0;
}

/* The server asks the signer by itself: we only look whether it is there. The unit is then locked: from now
 * on it takes an image only with a permit. */
static err await_certificate(struct demo *d, struct device *unit, struct fault *f)
{
	const char *query[] = {"product", PRODUCT, "serial", device_serial(unit), NULL};
	struct arena a = {0};
	struct certificate_awaited x = {.arena = &a};
	struct device_lock lock = {.permit_spki = d->permit_spki,
				   .origin = bytes_text(d->log.name),
				   .environment = ENVIRONMENT,
				   .security_version = SECURITY_VERSION};

	err e = demo_await(d, "unit.certificate", query, has_certificate, &x, f);
	if (e.code == OK)
		e = device_certify(unit, x.der, d->device_ca, f);
	arena_done(&a);
	return e.code == OK ? device_lock(unit, &lock, f) : e;
}

err demo_certify_units(struct demo *d, struct device *const *units, size_t n, struct fault *f)
{
	struct demo_batch b;
	err e = demo_batch_open(d, STATION, &b, f);

	for (size_t i = 0; i < n && e.code == OK; i++) {
		json_t *body = NULL;
		e = demo_request_body(d, units[i], &body, f);
		if (e.code == OK)
			e = demo_put(&b, "unit.requested", body, f);
	}
	TRY(demo_batch_done(&b, e, f));
	for (size_t i = 0; i < n; i++)
		TRY(await_certificate(d, units[i], f));
	return ERR_OK;
}

/* ---- parts ---- */

static const char *reel_of(const struct demo *d, const struct demo_part *p, size_t number)
{
	size_t r = p->reels_n - 1;

	if (p == d->odd_part)
		return d->odd_lot;
	while (r > 0 && p->reels[r].from > number)
		r--;
	return p->reels[r].part_lot;
}

static json_t *fitted(const struct demo *d, size_t number, size_t from)
{
	json_t *list = json_array();

	for (size_t i = from; i < d->parts_n && i < from + PER_RECORD; i++) {
		const struct demo_part *p = &d->parts[i];
		const char *supplier = p == d->odd_part ? d->odd_supplier : p->supplier;
		json_t *one = json_pack("{s:s, s:s, s:s, s:I}", "supplier", supplier, "part_lot",
					reel_of(d, p, number), "part", p->part, "quantity",
					(json_int_t)p->quantity);
		if (p->designators[0] != '\0')
			json_object_set_new(one, "designators", json_string(p->designators));
		json_array_append_new(list, one);
	}
	return list;
}

static err fit(struct demo *d, struct demo_batch *b, const struct device *unit, size_t number,
	       struct fault *f)
{
	const char *serial = device_serial(unit);

	for (size_t at = 0; at < d->parts_n; at += PER_RECORD)
		TRY(demo_put(b, "unit.fitted",
			     json_pack("{s:s, s:s, s:s, s:s, s:o}", "product", PRODUCT, "serial",
				       serial, "station", STATION, "operator", OPERATOR, "parts",
				       fitted(d, number, at)),
			     f));
	return demo_put(b, "unit.built",
			json_pack("{s:s, s:s, s:s, s:s}", "product", PRODUCT, "serial", serial,
				  "station", STATION, "operator", OPERATOR),
			f);
}

err demo_fit_units(struct demo *d, struct device *const *units, size_t n, size_t number,
		   struct fault *f)
{
	struct demo_batch b;
	err e = demo_batch_open(d, STATION, &b, f);

	for (size_t i = 0; i < n && e.code == OK; i++)
		e = fit(d, &b, units[i], number + i, f);
	return demo_batch_done(&b, e, f);
}

/* ---- program ---- */

struct permit_awaited {
	struct arena *arena;
	struct bytes nonce, permit;
};

static bool is_permit(void *context, const json_t *row)
{
	struct permit_awaited *x = context;
	struct bytes document = demo_hex(x->arena, row, "permit", DOCUMENT_SIZE_MAX);
	struct programming_permit permit;
	struct cose_sign1 sign1;
	const char *why;

	if (!programming_permit_parse(document, &sign1, &permit, &why) ||
	    !bytes_equal(permit.nonce, x->nonce))
		return false;
	x->permit = document;
	return true;
}

static err permit_body(struct demo *d, struct device *unit, uint8_t nonce[static DEVICE_NONCE_SIZE],
		       json_t **out, struct fault *f)
{
	char text[64];

	TRY(device_nonce(unit, nonce, f));
	base64url_encode(bytes_of(nonce, DEVICE_NONCE_SIZE), text);
	*out = json_pack("{s:s, s:s, s:s, s:s}", "product", PRODUCT, "serial", device_serial(unit),
			 "release", d->release, "nonce", text);
	return ERR_OK;
}

err demo_ask_permit(struct demo *d, struct device *unit, uint8_t nonce[static DEVICE_NONCE_SIZE],
		    struct fault *f)
{
	json_t *body = NULL;

	TRY(permit_body(d, unit, nonce, &body, f));
	return demo_sign(d, STATION, "permit.requested", body, NULL, f);
}

err demo_await_permit(struct demo *d, struct device *unit, struct arena *a, struct bytes nonce,
		      struct bytes *permit, struct fault *f)
{
	const char *query[] = {"product", PRODUCT, "serial", device_serial(unit), NULL};
	struct permit_awaited x = {.arena = a, .nonce = nonce};

	TRY(demo_await(d, "permit.list", query, is_permit, &x, f));
	*permit = x.permit;
	return ERR_OK;
}

static err write_image(struct demo *d, struct device *unit,
		       const uint8_t nonce[static DEVICE_NONCE_SIZE], struct fault *f)
{
	struct arena a = {0};
	struct bytes permit;
	err e = demo_await_permit(d, unit, &a, bytes_of(nonce, DEVICE_NONCE_SIZE), &permit, f);

	if (e.code == OK)
		e = device_program_permitted(unit, d->image, permit, f);
	if (e.code == OK)
		device_share_image(unit, d->image);
	arena_done(&a);
	return e;
}

err demo_write_units(struct demo *d, struct device *const *units, size_t n, struct fault *f)
{
	uint8_t nonces[WAVE_UNITS][DEVICE_NONCE_SIZE];
	struct demo_batch b;
	err e = demo_batch_open(d, STATION, &b, f);

	for (size_t i = 0; i < n && e.code == OK; i++) {
		json_t *body = NULL;
		e = permit_body(d, units[i], nonces[i], &body, f);
		if (e.code == OK)
			e = demo_put(&b, "permit.requested", body, f);
	}
	TRY(demo_batch_done(&b, e, f));
	for (size_t i = 0; i < n; i++)
		TRY(write_image(d, units[i], nonces[i], f));
	return ERR_OK;
}

static err programmed_body(struct demo *d, struct device *unit, json_t **out, struct fault *f)
{
	struct hash image;
	char hex[65];

	TRY(device_read_back(unit, &image, f));
	hex_encode(hash_bytes(&image), hex);
	*out = json_pack("{s:s, s:s, s:s, s:s, s:s}", "product", PRODUCT, "serial",
			 device_serial(unit), "station", STATION, "release", d->release, "image",
			 hex);
	return ERR_OK;
}

err demo_program_unit(struct demo *d, struct device *unit, struct told *told, struct fault *f)
{
	json_t *body = NULL;

	TRY(programmed_body(d, unit, &body, f));
	return demo_sign(d, STATION, "unit.programmed", body, told, f);
}

err demo_program_units(struct demo *d, struct device *const *units, size_t n, struct fault *f)
{
	struct demo_batch b;
	err e = demo_batch_open(d, STATION, &b, f);

	for (size_t i = 0; i < n && e.code == OK; i++) {
		json_t *body = NULL;
		e = programmed_body(d, units[i], &body, f);
		if (e.code == OK)
			e = demo_put(&b, "unit.programmed", body, f);
	}
	return demo_batch_done(&b, e, f);
}

/* ---- all of it ---- */

err demo_make_units(struct demo *d, struct device *const *units, size_t n, size_t number,
		    struct fault *f)
{
	TRY(demo_certify_units(d, units, n, f));
	TRY(demo_fit_units(d, units, n, number, f));
	TRY(demo_write_units(d, units, n, f));
	TRY(demo_program_units(d, units, n, f));
	return demo_test_units(d, units, n, f);
}
