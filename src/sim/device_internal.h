/* SPDX-License-Identifier: Apache-2.0 */
/* device_internal.h — inside a virtual device. */
#ifndef SIM_DEVICE_INTERNAL_H
#define SIM_DEVICE_INTERNAL_H

#include "sim/device.h"

/* A key that several units may present. */
struct shared_key {
	struct private_key *key;
	unsigned users;
};

struct device {
	char product[ID_SIZE_MAX + 1], serial[ID_SIZE_MAX + 1], author[ID_SIZE_MAX + 1];
	struct shared_key *key;
	uint8_t *image; /* NULL: blank */
	bool borrowed;  /* the image is somebody else's memory, which is only read */
	size_t image_n;
	struct hash started; /* SHA-256 of the image as it was at the last start */
	uint8_t certificate[CERTIFICATE_SIZE_MAX];
	size_t certificate_n;
	uint32_t boots;
	/* In the boot loader, written once: */
	struct public_key *permit_key; /* NULL: not locked */
	char origin[ORIGIN_SIZE_MAX + 1], environment[ID_SIZE_MAX + 1];
	uint64_t security_version; /* the highest that it was ever programmed with */
	bool asked;                /* `nonce` waits for its permit */
	uint8_t nonce[DEVICE_NONCE_SIZE];
};

/* Writes the flash, without asking. */
MUST_CHECK err device_flash(struct device *device, struct bytes image, struct fault *f);

#endif
