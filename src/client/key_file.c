/* SPDX-License-Identifier: Apache-2.0 */
#include "client/key_file.h"

#include "base/files.h"
#include "crypto/x509.h"

#include <stdio.h>
#include <string.h>

enum { PEM_SIZE_MAX = 65536 };

err public_key_file_write(const struct public_key *key, const char *path, struct fault *f)
{
	char buffer[1024];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes pem;

	if (file_exists(path))
		return fail(f, "KEY_FILE_EXISTS", "path", path, NULL);
	pem_put(&w, "PUBLIC KEY", public_key_spki(key));
	if (!writer_done(&w, &pem))
		return fail(f, "OUT_OF_MEMORY", NULL);
	return file_write(path, pem, 0644, f);
}

/* The text between the two marks without line feeds. */
static bool pem_body(struct bytes text, const char *label, char *out, size_t *n)
{
	char begin[64], end[64];

	snprintf(begin, sizeof begin, "-----BEGIN %s-----", label);
	snprintf(end, sizeof end, "-----END %s-----", label);
	const char *p = memmem(text.p, text.n, begin, strlen(begin));
	if (p == NULL)
		return false;
	p += strlen(begin);
	size_t left = text.n - (size_t)(p - (const char *)text.p);
	const char *stop = memmem(p, left, end, strlen(end));
	if (stop == NULL)
		return false;
	*n = 0;
	for (; p < stop; p++)
		if (*p != '\n' && *p != '\r')
			out[(*n)++] = *p;
	return true;
}

bool pem_decode(struct arena *a, struct bytes text, const char *label, struct bytes *der)
{
	char *body = arena_alloc(a, text.n + 1);
	uint8_t *out = arena_alloc(a, text.n + 1);
	size_t n;

	if (body == NULL || out == NULL || !pem_body(text, label, body, &n) ||
	    !base64_decode(bytes_of(body, n), out, text.n, &n))
		return false;
	*der = bytes_of(out, n);
	return true;
}

err public_key_file_read(const char *path, struct public_key **out, struct fault *f)
{
	struct arena a = {0};
	struct bytes text, der;
	err e = file_read(&a, path, PEM_SIZE_MAX, &text, f);

	if (e.code == OK && !pem_decode(&a, text, "PUBLIC KEY", &der))
		e = fail(f, "PEM_WRONG", "file", path, "label", "PUBLIC KEY", NULL);
	if (e.code == OK)
		e = public_key_parse(der, out, f);
	arena_done(&a);
	return e;
}

err possession_make(const struct private_key *key, struct bytes message, struct possession *out,
		    struct fault *f)
{
	uint8_t signature[64];

	TRY(key_sign(key, message, signature, f));
	base64url_encode(public_key_spki(private_key_public(key)), out->public_key);
	base64url_encode(bytes_of(signature, sizeof signature), out->signature);
	return ERR_OK;
}
