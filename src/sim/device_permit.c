/* SPDX-License-Identifier: Apache-2.0 */
/* device_permit.c — a locked boot loader: it takes an image only with a permit that was made for this
 * unit, this image and the nonce that it gave out last. It has no clock, and needs none. */
#include "core/sha256.h"
#include "core/signed_documents.h"
#include "sim/device_internal.h"

#include <stdio.h>
#include <string.h>

err device_lock(struct device *device, const struct device_lock *lock, struct fault *f)
{
	struct public_key *key;

	if (device->permit_key != NULL)
		return fail(f, "SIM_LOCKED", "serial", device->serial, NULL);
	if (lock->origin.n == 0 || lock->origin.n > ORIGIN_SIZE_MAX)
		return fail(f, "SIM_ORIGIN_INVALID", NULL);
	if (!id_valid(bytes_text(lock->environment)))
		return fail(f, "SIM_ENVIRONMENT_INVALID", "environment", lock->environment, NULL);
	TRY(public_key_parse(lock->permit_spki, &key, f));
	device->permit_key = key;
	snprintf(device->origin, sizeof device->origin, "%.*s", (int)lock->origin.n,
		 (const char *)lock->origin.p);
	snprintf(device->environment, sizeof device->environment, "%s", lock->environment);
	device->security_version = lock->security_version;
	return ERR_OK;
}

err device_nonce(struct device *device, uint8_t out[static DEVICE_NONCE_SIZE], struct fault *f)
{
	TRY(random_bytes(device->nonce, sizeof device->nonce, f));
	device->asked = true;
	memcpy(out, device->nonce, sizeof device->nonce);
	return ERR_OK;
}

/* What is wrong with it, or NULL. The signature is checked before anything that it covers. */
static const char *judge(const struct device *d, struct bytes image, struct bytes document,
			 struct programming_permit *permit)
{
	struct cose_sign1 sign1;
	const char *why;

	if (!programming_permit_parse(document, &sign1, permit, &why))
		return why;
	if (!cose_verify(&sign1, d->permit_key, document_name(DOCUMENT_PERMIT), sign1.payload))
		return "it is not signed with the permit key";
	if (!bytes_equal(permit->origin, bytes_text(d->origin)))
		return "it is of another log";
	if (!bytes_equal(permit->product, bytes_text(d->product)) ||
	    !bytes_equal(permit->serial, bytes_text(d->serial)) ||
	    !hash_equal(permit->unit_key, device_key_id(d)))
		return "it is for another unit";
	if (!d->asked || !bytes_equal(permit->nonce, bytes_of(d->nonce, sizeof d->nonce)))
		return "it does not answer the nonce that this unit gave out last";
	if (!hash_equal(permit->image, sha256(image)))
		return "it is for another image";
	if (!bytes_equal(permit->environment, bytes_text(d->environment)))
		return "it is for another environment";
	if (permit->security_version < d->security_version)
		return "its security version is lower than what this unit had before";
	return NULL;
}

err device_program_permitted(struct device *device, struct bytes image, struct bytes document,
			     struct fault *f)
{
	struct programming_permit permit;
	const char *why;

	if (device->permit_key == NULL)
		return fail(f, "SIM_NOT_LOCKED", "serial", device->serial, NULL);
	why = judge(device, image, document, &permit);
	if (why != NULL)
		return fail(f, "SIM_PERMIT_WRONG", "serial", device->serial, "detail", why, NULL);
	TRY(device_flash(device, image, f));
	device->asked = false;
	device->security_version = permit.security_version;
	return ERR_OK;
}
