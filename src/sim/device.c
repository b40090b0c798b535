/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/device_internal.h"

#include "core/cbor.h"
#include "core/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLAIM_SIZE_MAX = 2048, BODY_SIZE_MAX = 512, SUBMISSION_SIZE_MAX = 3072 };

static err memory(struct fault *f)
{
	return fail(f, "SIM_MEMORY", NULL);
}

/* ---- making ---- */

static err key_make(struct shared_key **out, struct fault *f)
{
	struct shared_key *key = calloc(1, sizeof(*key));

	if (key == NULL)
		return memory(f);
	key->users = 1;
	err e = private_key_generate(KEY_P256, &key->key, f);
	if (e.code != OK) {
		free(key);
		return e;
	}
	*out = key;
	return ERR_OK;
}

static err name_set(struct device *d, const char *product, const char *serial, struct fault *f)
{
	int n = snprintf(d->author, sizeof(d->author), "%s/%s", product, serial);

	if (n < 0 || (size_t)n >= sizeof(d->author) || !id_valid(bytes_text(product)) ||
	    !id_valid(bytes_text(serial)) || !id_valid(bytes_text(d->author)))
		return fail(f, "SIM_NAME_INVALID", "product", product, "serial", serial, NULL);
	snprintf(d->product, sizeof(d->product), "%s", product);
	snprintf(d->serial, sizeof(d->serial), "%s", serial);
	return ERR_OK;
}

/* A blank unit; `key` is shared if given, made if NULL. */
static err make(const char *product, const char *serial, struct shared_key *key,
		struct device **out, struct fault *f)
{
	struct device *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return memory(f);
	err e = name_set(d, product, serial, f);
	if (e.code == OK && key == NULL)
		e = key_make(&d->key, f);
	if (e.code != OK) {
		device_close(d);
		return e;
	}
	if (key != NULL) {
		key->users++;
		d->key = key;
	}
	*out = d;
	return ERR_OK;
}

err device_make(const char *product, const char *serial, struct device **out, struct fault *f)
{
	return make(product, serial, NULL, out, f);
}

err device_make_same_key(struct device *other, const char *serial, struct device **out,
			 struct fault *f)
{
	return make(other->product, serial, other->key, out, f);
}

err device_make_copied_certificate(const struct device *victim, struct device **out,
				   struct fault *f)
{
	struct device *d = NULL;
	err e = ERR_OK;

	TRY(make(victim->product, victim->serial, NULL, &d, f));
	if (victim->image != NULL)
		e = device_flash(d, bytes_of(victim->image, victim->image_n), f);
	if (e.code != OK) {
		device_close(d);
		return e;
	}
	memcpy(d->certificate, victim->certificate, victim->certificate_n);
	d->certificate_n = victim->certificate_n;
	d->boots = victim->boots; /* it has watched, and goes on counting from there */
	d->started = victim->started;
	*out = d;
	return ERR_OK;
}

void device_close(struct device *device)
{
	if (device == NULL)
		return;
	if (device->key != NULL && --device->key->users == 0) {
		private_key_close(device->key->key);
		free(device->key);
	}
	public_key_close(device->permit_key);
	if (!device->borrowed)
		free(device->image);
	free(device);
}

const char *device_product(const struct device *device)
{
	return device->product;
}

const char *device_serial(const struct device *device)
{
	return device->serial;
}

const char *device_author(const struct device *device)
{
	return device->author;
}

struct hash device_key_id(const struct device *device)
{
	return public_key_id(private_key_public(device->key->key));
}

/* ---- on the line ---- */

err device_csr(const struct device *device, struct arena *a, struct bytes *der, struct fault *f)
{
	return csr_make(a, device->key->key, device->serial, der, f);
}

err device_flash(struct device *device, struct bytes image, struct fault *f)
{
	uint8_t *copy;

	if (image.n == 0 || image.n > DEVICE_IMAGE_MAX)
		return fail(f, "SIM_IMAGE_SIZE", NULL);
	copy = malloc(image.n);
	if (copy == NULL)
		return memory(f);
	memcpy(copy, image.p, image.n);
	if (!device->borrowed)
		free(device->image);
	device->image = copy;
	device->image_n = image.n;
	device->borrowed = false;
	return ERR_OK;
}

void device_share_image(struct device *device, struct bytes image)
{
	if (device->image == NULL || device->borrowed ||
	    !bytes_equal(bytes_of(device->image, device->image_n), image))
		return;
	free(device->image);
	device->image = (uint8_t *)(uintptr_t)image.p;
	device->borrowed = true;
}

err device_program(struct device *device, struct bytes image, struct fault *f)
{
	if (device->permit_key != NULL)
		return fail(f, "SIM_PERMIT_MISSING", "serial", device->serial, NULL);
	return device_flash(device, image, f);
}

err device_read_back(const struct device *device, struct hash *out, struct fault *f)
{
	if (device->image == NULL)
		return fail(f, "SIM_NOT_PROGRAMMED", "serial", device->serial, NULL);
	*out = sha256(bytes_of(device->image, device->image_n));
	return ERR_OK;
}

err device_tamper(struct device *device, size_t offset, struct fault *f)
{
	if (device->image == NULL)
		return fail(f, "SIM_NOT_PROGRAMMED", "serial", device->serial, NULL);
	if (device->borrowed)
		TRY(device_flash(device, bytes_of(device->image, device->image_n), f));
	device->image[offset % device->image_n] ^= 1;
	return ERR_OK;
}

err device_certify(struct device *device, struct bytes certificate, struct bytes ca,
		   struct fault *f)
{
	struct arena arena = {0};
	struct device_certificate found;
	err e = certificate_check_device(&arena, certificate, ca, &found, f);

	if (e.code == OK && (!hash_equal(found.key_id, device_key_id(device)) ||
			     !bytes_equal(found.product, bytes_text(device->product)) ||
			     !bytes_equal(found.serial, bytes_text(device->serial)) ||
			     certificate.n > sizeof(device->certificate)))
		e = fail(f, "SIM_CERTIFICATE_FOREIGN", "serial", device->serial, NULL);
	arena_done(&arena);
	TRY(e);
	memcpy(device->certificate, certificate.p, certificate.n);
	device->certificate_n = certificate.n;
	return ERR_OK;
}

struct bytes device_certificate(const struct device *device)
{
	return bytes_of(device->certificate, device->certificate_n);
}

/* ---- in the field ---- */

err device_boot(struct device *device, struct fault *f)
{
	TRY(device_read_back(device, &device->started, f));
	if (device->boots == UINT32_MAX)
		return fail(f, "SIM_WORN_OUT", "serial", device->serial, NULL);
	device->boots++;
	return ERR_OK;
}

uint32_t device_boots(const struct device *device)
{
	return device->boots;
}

void device_set_boots(struct device *device, uint32_t boots)
{
	device->boots = boots;
}

/* Version 7 of RFC 9562: 48 bits of time, the rest random. */
static err uuid_make(uint64_t now_ms, struct uuid *out, struct fault *f)
{
	TRY(random_bytes(out->b, sizeof(out->b), f));
	for (size_t i = 0; i < 6; i++)
		out->b[i] = (uint8_t)(now_ms >> (40 - 8 * i));
	out->b[6] = (uint8_t)(0x70 | (out->b[6] & 0x0f));
	out->b[8] = (uint8_t)(0x80 | (out->b[8] & 0x3f));
	return ERR_OK;
}

/* The body of boot.proved; keys in the order of their encoding. */
static struct bytes body_put(const struct device *d, const struct device_challenge *challenge,
			     uint8_t buffer[static BODY_SIZE_MAX])
{
	struct writer w = writer_of(buffer, BODY_SIZE_MAX);
	struct bytes out = {0};

	cbor_put_map(&w, 5);
	cbor_put_text(&w, bytes_text("image"));
	cbor_put_bytes(&w, hash_bytes(&d->started));
	cbor_put_text(&w, bytes_text("nonce"));
	cbor_put_bytes(&w, bytes_of(challenge->nonce, sizeof(challenge->nonce)));
	cbor_put_text(&w, bytes_text("serial"));
	cbor_put_text(&w, bytes_text(d->serial));
	cbor_put_text(&w, bytes_text("product"));
	cbor_put_text(&w, bytes_text(d->product));
	cbor_put_text(&w, bytes_text("boot_count"));
	cbor_put_uint(&w, d->boots);
	return writer_done(&w, &out) ? out : (struct bytes){0};
}

static err claim_make(const struct device *d, struct arena *a,
		      const struct device_challenge *challenge, struct bytes *out, struct fault *f)
{
	uint8_t body[BODY_SIZE_MAX], *buffer = arena_alloc(a, CLAIM_SIZE_MAX);
	struct writer w = writer_of(buffer, buffer != NULL ? CLAIM_SIZE_MAX : 0);
	struct claim claim = {
		.origin = challenge->origin,
		.type = bytes_text("boot.proved"),
		.version = 1,
		.author = bytes_text(d->author),
		.has_key = true,
		.key = device_key_id(d),
		.made = challenge->made_ms,
		.source = CLAIM_WITNESSED,
		.body = body_put(d, challenge, body),
	};

	TRY(uuid_make(challenge->made_ms, &claim.id, f));
	claim_put(&w, &claim);
	return writer_done(&w, out) ? ERR_OK : memory(f);
}

static err submission_make(struct arena *a, struct device_answer *answer, struct fault *f)
{
	uint8_t *buffer = arena_alloc(a, SUBMISSION_SIZE_MAX);
	struct writer w = writer_of(buffer, buffer != NULL ? SUBMISSION_SIZE_MAX : 0);

	cbor_put_array(&w, 3);
	cbor_put_bytes(&w, answer->claim);
	put_bytes(&w, answer->proof);
	cbor_put_map(&w, 0);
	return writer_done(&w, &answer->submission) ? ERR_OK : memory(f);
}

err device_answer(const struct device *device, struct arena *a,
		  const struct device_challenge *challenge, struct device_answer *out,
		  struct fault *f)
{
	struct device_answer answer;

	if (device->boots == 0)
		return fail(f, "SIM_NOT_STARTED", "serial", device->serial, NULL);
	if (challenge->origin.n == 0 || challenge->origin.n > ORIGIN_SIZE_MAX)
		return fail(f, "SIM_ORIGIN_INVALID", NULL);
	TRY(claim_make(device, a, challenge, &answer.claim, f));
	TRY(cose_sign(a, device->key->key, bytes_text("boot.proved"), answer.claim, &answer.proof,
		      f));
	TRY(submission_make(a, &answer, f));
	*out = answer;
	return ERR_OK;
}
