/* SPDX-License-Identifier: Apache-2.0 */
/* demo_release.c — firmware release and build authorization: people agree, and the signer weighs it. */
#include "sim/demo_internal.h"

#include "base/files.h"
#include "core/sha256.h"

#include <stdio.h>
#include <string.h>

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
err demo_await_signer(struct demo *d, const char *kind, const char *id, struct fault *f)
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
	json_t *body = json_pack("{s:s, s:s, s:o, s:s, s:s, s:I, s:i, s:s}", "release", d->release,
				 "product", PRODUCT, "version", json_sprintf("1.0.%u", d->run),
				 "environment", ENVIRONMENT, "image", hex, "image_size",
				 (json_int_t)d->image.n, "security_version", SECURITY_VERSION,
				 "notes", "first release of the demo");
	if (d->sbom[0] != '\0')
		json_object_set_new(body, "sbom", json_string(d->sbom));
	TRY(demo_sign_and_approve(d, "erin", "firmware.released", body, "ben cleo", f));
	TRY(demo_await_signer(d, "firmware_release", d->release, f));
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

err demo_authorize(struct demo *d, const char *id, size_t quantity, struct fault *f)
{
	TRY(demo_sign_and_approve(
		d, "erin", "build.authorized",
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:o, s:s, s:i, s:o, s:b}",
			  "authorization", id, "product", PRODUCT, "revision", d->revision,
			  "release", d->release, "site", FACTORY, "line", LINE, "quantity",
			  (json_int_t)quantity, "valid_until", demo_days(d, 30), "purchase_order",
			  json_sprintf("PO-%u", d->run), "hardware_type", HARDWARE_TYPE,
			  "security_version", SECURITY_VERSION, "stations", station_list(d),
			  "permits", true),
		"cleo", f));
	return demo_await_signer(d, "build_authorization", id, f);
}

err demo_release(struct demo *d, struct fault *f)
{
	size_t quantity = (size_t)d->options.units + SPOILT_UNITS;

	TRY(upload(d, f));
	TRY(demo_check_sbom(d, f));
	TRY(release(d, f));
	snprintf(d->production, sizeof d->production, "BA-%u", d->run);
	snprintf(d->spare, sizeof d->spare, "BA-%u-X", d->run);
	TRY(demo_authorize(d, d->production, quantity, f));
	demo_step(d,
		  "Build authorization %s: %zu units on line %s, by the key of station %s alone, "
		  "each programmed by permit; the signer counts them",
		  d->production, quantity, LINE, STATION);
	TRY(demo_refer(d, f));
	TRY(demo_authorize(d, d->spare, ATTACK_UNITS, f));
	snprintf(d->authorization, sizeof d->authorization, "%s", d->production);
	return demo_issue_lots(d, f);
}
