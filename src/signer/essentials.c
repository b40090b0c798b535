/* SPDX-License-Identifier: Apache-2.0 */
/* essentials.c — what the signer keeps in mind of a build authorization and of a firmware release. */
#include "core/cbor.h"
#include "signer/state.h"

const char *const SIGNER_ENVIRONMENT[SIGNER_ENVIRONMENTS] = {"development", "staging",
							     "production"};

err authorization_read(const struct claim *claim, struct hash digest, struct authorization *out,
		       struct fault *f)
{
	struct body b = body_of(claim);
	struct authorization read = {
		.digest = digest,
		.id = body_id(&b, "authorization"),
		.product = body_id(&b, "product"),
		.release = body_id(&b, "release"),
		.quantity = body_number(&b, "quantity", 10000000),
		.valid_until = body_number(&b, "valid_until", INSTANT_MS_MAX),
		.stations = body_item(&b, "stations"),
		.permits = body_flag(&b, "permits"),
	};

	if (body_has(&b, "security_version"))
		read.security_version = body_number(&b, "security_version", SEQUENCE_MAX);
	if (body_has(&b, "hardware_type"))
		read.hardware_type = body_id(&b, "hardware_type");
	TRY(body_check(&b, f));
	*out = read;
	return ERR_OK;
}

int environment_find(struct bytes name)
{
	for (int i = 0; i < SIGNER_ENVIRONMENTS; i++)
		if (bytes_equal(name, bytes_text(SIGNER_ENVIRONMENT[i])))
			return i;
	return NOT_AN_ENVIRONMENT;
}

err release_read(const struct claim *claim, struct hash digest, struct release *out,
		 struct fault *f)
{
	struct body b = body_of(claim);
	struct release read = {
		.digest = digest,
		.id = body_id(&b, "release"),
		.product = body_id(&b, "product"),
		.version = body_id(&b, "version"),
		.environment = environment_find(body_id(&b, "environment")),
		.image = body_hash(&b, "image"),
		.image_size = body_number(&b, "image_size", SEQUENCE_MAX),
		.security_version = body_number(&b, "security_version", SEQUENCE_MAX),
		.emergency = bytes_equal(claim->type, bytes_text("firmware.emergency")),
	};

	if (read.environment == NOT_AN_ENVIRONMENT && b.wrong == NULL)
		b.wrong = "environment";
	TRY(body_check(&b, f));
	*out = read;
	return ERR_OK;
}

/* One {key: hash, station: id}, with whatever else a later version adds. */
static bool station_is(struct bytes item, struct bytes station, struct hash key)
{
	struct body b = {.map = item};

	struct bytes id = body_id(&b, "station");
	struct hash hash = body_hash(&b, "key");
	return b.wrong == NULL && bytes_equal(id, station) && hash_equal(hash, key);
}

bool authorization_names(const struct authorization *authorization, struct bytes station,
			 struct hash key)
{
	struct reader r = reader_of(authorization->stations);

	if (authorization->stations.p == NULL)
		return false;
	for (size_t n = cbor_array(&r); r.why == NULL && n > 0; n--) {
		struct bytes item = cbor_item(&r);

		if (r.why == NULL && station_is(item, station, key))
			return true;
	}
	return false;
}

size_t authorization_stations(const struct authorization *authorization)
{
	struct reader r = reader_of(authorization->stations);

	return authorization->stations.p == NULL ? 0 : cbor_array(&r);
}
