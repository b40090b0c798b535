/* SPDX-License-Identifier: Apache-2.0 */
/* former.c — keys and CA certificates that were replaced: public, and read by their digests. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/files.h"
#include "core/sha256.h"
#include "signer/vault.h"

err former_path(const char *folder, struct hash digest, char out[static 4096], struct fault *f)
{
	char name[80], hex[65];

	hex_encode(hash_bytes(&digest), hex);
	(void)snprintf(name, sizeof(name), "former.%s", hex);
	return vault_path(folder, name, out, f);
}

/* What it is shows in what it parses as: a public key, or else a certificate. */
static err take_in(struct vault *v, struct bytes content, struct fault *f)
{
	struct former *former = &v->former;
	struct public_key *key = NULL;
	struct fault not_a_key = {0};
	struct hash unused;

	if (content.n <= SPKI_SIZE_MAX && public_key_parse(content, &key, &not_a_key).code == OK) {
		former->keys[former->keys_n++] = key;
		return ERR_OK;
	}
	TRY(certificate_key_id(content, &unused, f));
	former->certificates[former->certificates_n++] = content;
	return ERR_OK;
}

err former_read(const char *folder, struct vault *v, struct fault *f)
{
	char path[4096];
	struct bytes content = {0};
	struct fault gone = {0};

	for (size_t i = 0; i < v->former.ids_n; i++) {
		TRY(former_path(folder, v->former.ids[i], path, f));
		err read = file_read(&v->arena, path, CERTIFICATE_SIZE_MAX, &content, &gone);
		if (read.code != OK || !hash_equal(sha256(content), v->former.ids[i]))
			return fail(f, "SIGNER_FORMER_MISSING", "path", path, NULL);
		TRY(take_in(v, content, f));
	}
	return ERR_OK;
}

void former_close(struct former *former)
{
	for (size_t i = 0; i < former->keys_n; i++)
		public_key_close(former->keys[i]);
	*former = (struct former){0};
}
