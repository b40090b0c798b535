/* SPDX-License-Identifier: Apache-2.0 */
/* device.h — a virtual device, for the demo, the load generator and the exercises: it makes its own
 * key, is programmed and certified on the line, starts, and proves what it runs. And two attackers:
 * a device with a copied certificate, and a unit that was made with another unit's key. Everything
 * but the hardware is real: keys, requests, certificates, claims and signatures. */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include "core/entry.h"
#include "crypto/x509.h"

enum { DEVICE_IMAGE_MAX = 64 << 20, DEVICE_NONCE_SIZE = 32 };

/* Belongs to one thread at a time; devices that share a key, too. */
struct device;

/* A blank unit with a fresh P-256 key that never leaves it. `product`, `serial` and
 * `product/serial`, its name as an author, must be ids (SIM_NAME_INVALID). */
MUST_CHECK err device_make(const char *product, const char *serial, struct device **out,
			   struct fault *f);
/* An attacker: product, serial, certificate and image of the victim, but a key of its own, as the
 * victim's cannot be read out. */
MUST_CHECK err device_make_copied_certificate(const struct device *victim, struct device **out,
					      struct fault *f);
/* An attacker, or a careless factory: a blank unit with a serial of its own and the other's key. */
MUST_CHECK err device_make_same_key(struct device *other, const char *serial, struct device **out,
				    struct fault *f);
void device_close(struct device *device); /* NULL is fine */

const char *device_product(const struct device *device);
const char *device_serial(const struct device *device);
const char *device_author(const struct device *device); /* "product/serial" */
struct hash device_key_id(const struct device *device);

/* ---- on the line ---- */

/* PKCS#10 request with the serial number, signed by the device. */
MUST_CHECK err device_csr(const struct device *device, struct arena *a, struct bytes *der,
			  struct fault *f);
/* Writes an image into its flash; what was there is gone. SIM_IMAGE_SIZE; SIM_PERMIT_MISSING once it is
 * locked. */
MUST_CHECK err device_program(struct device *device, struct bytes image, struct fault *f);

struct device_lock {
	struct bytes permit_spki; /* whose permits count */
	struct bytes origin;      /* of the log */
	const char *environment;
	uint64_t security_version; /* the least it takes */
};
/* From now on, and for good, it is programmed only with a permit of that key. */
MUST_CHECK err device_lock(struct device *device, const struct device_lock *lock, struct fault *f);
/* What the permit must answer: it is for the next programming only. */
MUST_CHECK err device_nonce(struct device *device, uint8_t out[static DEVICE_NONCE_SIZE],
			    struct fault *f);
/* SIM_PERMIT_WRONG with the reason unless the permit is for this unit, this image, this environment, the
 * last nonce, and no lower security version than it had before. */
MUST_CHECK err device_program_permitted(struct device *device, struct bytes image,
					struct bytes permit, struct fault *f);
/* If this is what is in the flash, the device refers to it from now on instead of its own copy, so that many
 * devices have one: it must stay as it is until the device is closed or programmed anew. */
void device_share_image(struct device *device, struct bytes image);
/* SHA-256 of what is in the flash now; SIM_NOT_PROGRAMMED. */
MUST_CHECK err device_read_back(const struct device *device, struct hash *out, struct fault *f);
/* Changes one byte of the flash, as an attacker with a programmer would. */
MUST_CHECK err device_tamper(struct device *device, size_t offset, struct fault *f);
/* Keeps its device certificate if `ca` issued it for this very product, serial and key
 * (SIM_CERTIFICATE_FOREIGN). */
MUST_CHECK err device_certify(struct device *device, struct bytes certificate, struct bytes ca,
			      struct fault *f);
/* Empty until certified; lives as long as the device. */
struct bytes device_certificate(const struct device *device);

/* ---- in the field ---- */

/* Starts what is in the flash, and counts it. */
MUST_CHECK err device_boot(struct device *device, struct fault *f);
uint32_t device_boots(const struct device *device);
/* Runs the counter back, as an attacker who restores old state would. */
void device_set_boots(struct device *device, uint32_t boots);

struct device_challenge {
	struct bytes origin; /* of the log */
	uint8_t nonce[DEVICE_NONCE_SIZE];
	uint64_t made_ms; /* the device's clock */
};
/* A claim of type boot.proved and the device's COSE_Sign1 over it; `submission` is both in the
 * form that POST /v1/records/boot.proved takes as CBOR: [claim, proof, {}]. */
struct device_answer {
	struct bytes claim, proof, submission;
};
/* SIM_NOT_STARTED before the first start. */
MUST_CHECK err device_answer(const struct device *device, struct arena *a,
			     const struct device_challenge *challenge, struct device_answer *out,
			     struct fault *f);

#endif
