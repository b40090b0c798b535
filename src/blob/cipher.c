/* SPDX-License-Identifier: Apache-2.0 */
#include "blob/cipher.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

static bool lock_with(EVP_CIPHER_CTX *context, const uint8_t *key, struct bytes aad,
		      struct bytes plain, uint8_t *out)
{
	uint8_t *text = out + CIPHER_NONCE_SIZE;
	int n = 0;

	return EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, out) == 1 &&
	       EVP_EncryptUpdate(context, NULL, &n, aad.p, (int)aad.n) == 1 &&
	       (plain.n == 0 || EVP_EncryptUpdate(context, text, &n, plain.p, (int)plain.n) == 1) &&
	       EVP_EncryptFinal_ex(context, text + plain.n, &n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, CIPHER_TAG_SIZE,
				   text + plain.n) == 1;
}

err cipher_lock(const uint8_t key[static CIPHER_KEY_SIZE], struct bytes aad, struct bytes plain,
		uint8_t *out, struct fault *f)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	bool done = context != NULL && plain.n <= INT_MAX && aad.n <= INT_MAX &&
		    RAND_bytes(out, CIPHER_NONCE_SIZE) == 1 &&
		    lock_with(context, key, aad, plain, out);

	EVP_CIPHER_CTX_free(context);
	return done ? ERR_OK : fail(f, "BLOB_CIPHER_FAILED", NULL);
}

static bool unlock_with(EVP_CIPHER_CTX *context, const uint8_t *key, struct bytes aad,
			struct bytes locked, uint8_t *out)
{
	size_t size = locked.n - CIPHER_EXTRA;
	const uint8_t *text = locked.p + CIPHER_NONCE_SIZE;
	uint8_t tag[CIPHER_TAG_SIZE], rest[CIPHER_TAG_SIZE];
	int n = 0;

	for (size_t i = 0; i < sizeof(tag); i++)
		tag[i] = text[size + i];
	return EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, locked.p) == 1 &&
	       EVP_DecryptUpdate(context, NULL, &n, aad.p, (int)aad.n) == 1 &&
	       (size == 0 || EVP_DecryptUpdate(context, out, &n, text, (int)size) == 1) &&
	       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, CIPHER_TAG_SIZE, tag) == 1 &&
	       EVP_DecryptFinal_ex(context, rest, &n) == 1;
}

bool cipher_unlock(const uint8_t key[static CIPHER_KEY_SIZE], struct bytes aad, struct bytes locked,
		   uint8_t *out)
{
	if (locked.n < CIPHER_EXTRA || locked.n > INT_MAX || aad.n > INT_MAX)
		return false;
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	bool done = context != NULL && unlock_with(context, key, aad, locked, out);

	EVP_CIPHER_CTX_free(context);
	if (!done && locked.n > CIPHER_EXTRA)
		bytes_wipe(out, locked.n - CIPHER_EXTRA);
	return done;
}
