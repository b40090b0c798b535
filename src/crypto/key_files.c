/* SPDX-License-Identifier: Apache-2.0 */
/* key_files.c — private keys in files: PKCS#8 PEM, encrypted with a passphrase or not. Nothing
 * secret passes through the arena, and every buffer that held a secret is wiped. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "crypto/crypto_internal.h"

enum { KEY_FILE_MAX = 8192, SCRYPT_N = 1 << 14, SCRYPT_R = 8, SCRYPT_P = 1, SCRYPT_SALT = 16 };

struct key_file {
	size_t n;
	uint8_t b[KEY_FILE_MAX];
};

static void key_file_wipe(struct key_file *file)
{
	bytes_wipe(file, sizeof(*file));
}

static void key_info_close(PKCS8_PRIV_KEY_INFO **info)
{
	PKCS8_PRIV_KEY_INFO_free(*info); /* wipes what it holds */
}

static void encrypted_close(X509_SIG **encrypted)
{
	X509_SIG_free(*encrypted);
}

/* ---- saving ---- */

/* PBES2 with scrypt and AES-256-CBC (RFC 7914 section 7); N, r and p as `openssl pkcs8` has them. */
static X509_SIG *encrypt(PKCS8_PRIV_KEY_INFO *info, struct bytes passphrase)
{
	uint8_t salt[SCRYPT_SALT];

	if (random_bytes(salt, sizeof(salt), NULL).code != OK)
		return NULL;
	X509_ALGOR *method = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt, sizeof(salt), NULL,
						   SCRYPT_N, SCRYPT_R, SCRYPT_P);
	if (method == NULL)
		return NULL;
	X509_SIG *encrypted =
		PKCS8_set0_pbe((const char *)passphrase.p, (int)passphrase.n, info, method);
	if (encrypted == NULL)
		X509_ALGOR_free(method);
	return encrypted;
}

static bool write_pem(BIO *out, EVP_PKEY *pkey, struct bytes passphrase)
{
	AUTO(key_info_close) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);

	if (info == NULL)
		return false;
	if (passphrase.n == 0)
		return PEM_write_bio_PKCS8_PRIV_KEY_INFO(out, info) == 1;
	AUTO(encrypted_close) X509_SIG *encrypted = encrypt(info, passphrase);

	return encrypted != NULL && PEM_write_bio_PKCS8(out, encrypted) == 1;
}

static err sync_folder_of(const char *path, struct fault *f)
{
	char folder[4096] = ".";
	const char *slash = strrchr(path, '/');

	if (slash != NULL)
		(void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path) + 1, path);
	AUTO(fd_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return fail(f, "KEY_FILE_FAILED", "path", path, "detail", strerror(errno), NULL);
	return ERR_OK;
}

/* link() never replaces, so the name appears with the whole file behind it, or not at all. */
static err publish(const char *temporary, const char *path, struct bytes content, struct fault *f)
{
	AUTO(fd_close)
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return fail(f, "KEY_FILE_FAILED", "path", path, "detail", strerror(errno), NULL);
	err wrote = fd_write_all(fd, content, f);
	if (wrote.code == OK && fsync(fd) != 0)
		wrote = fail(f, "KEY_FILE_FAILED", "path", path, "detail", strerror(errno), NULL);
	if (wrote.code == OK && link(temporary, path) != 0)
		wrote = errno == EEXIST ? fail(f, "KEY_FILE_EXISTS", "path", path, NULL)
					: fail(f, "KEY_FILE_FAILED", "path", path, "detail",
					       strerror(errno), NULL);
	(void)unlink(temporary);
	TRY(wrote);
	return sync_folder_of(path, f);
}

err private_key_save(const struct private_key *key, const char *path, struct bytes passphrase,
		     struct fault *f)
{
	AUTO(bio_close) BIO *pem = BIO_new(BIO_s_secmem()); /* wiped when freed */
	char temporary[4096], mark[17];
	uint8_t random[8];
	char *p = NULL;

	if (passphrase.n > PASSPHRASE_MAX)
		return fail(f, "KEY_PASSPHRASE_TOO_LONG", NULL);
	if (private_key_is_outside(key))
		return fail(f, "KEY_OUTSIDE", NULL);
	if (pem == NULL || !write_pem(pem, key->pkey, passphrase))
		return crypto_failed(f);
	long n = BIO_get_mem_data(pem, &p);
	TRY(random_bytes(random, sizeof(random), f));
	hex_encode(bytes_of(random, sizeof(random)), mark);
	int length = snprintf(temporary, sizeof(temporary), "%s.%s", path, mark);
	if (length < 0 || (size_t)length >= sizeof(temporary))
		return fail(f, "KEY_FILE_FAILED", "path", path, "detail", strerror(ENAMETOOLONG),
			    NULL);
	return publish(temporary, path, bytes_of(p, (size_t)n), f);
}

/* ---- loading ---- */

/* A key that others can read, or that another user could swap, is no secret of ours. */
static err judge_file(int fd, const char *path, struct fault *f)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return fail(f, "KEY_FILE_FAILED", "path", path, "detail", strerror(errno), NULL);
	if (!S_ISREG(status.st_mode))
		return fail(f, "KEY_FILE_MALFORMED", "path", path, NULL);
	if ((status.st_mode & 077) != 0)
		return fail(f, "KEY_FILE_OPEN_TO_OTHERS", "path", path, NULL);
	if (status.st_uid != geteuid() && status.st_uid != 0)
		return fail(f, "KEY_FILE_OF_ANOTHER_USER", "path", path, NULL);
	if (status.st_size > KEY_FILE_MAX)
		return fail(f, "KEY_FILE_MALFORMED", "path", path, NULL);
	return ERR_OK;
}

static err read_file(const char *path, struct key_file *file, struct fault *f)
{
	/* O_NONBLOCK: a named pipe in the file's place must not hold us. */
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 && errno == ENOENT)
		return fail(f, "KEY_FILE_NOT_FOUND", "path", path, NULL);
	if (fd < 0)
		return fail(f, "KEY_FILE_FAILED", "path", path, "detail", strerror(errno), NULL);
	TRY(judge_file(fd, path, f));
	while (file->n < sizeof(file->b)) {
		ssize_t got = read(fd, file->b + file->n, sizeof(file->b) - file->n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(f, "KEY_FILE_FAILED", "path", path, "detail", strerror(errno),
				    NULL);
		if (got == 0)
			return ERR_OK;
		file->n += (size_t)got;
	}
	return fail(f, "KEY_FILE_MALFORMED", "path", path, NULL);
}

err secret_read(const char *path, uint8_t *out, size_t cap, size_t *n, struct fault *f)
{
	AUTO(key_file_wipe) struct key_file file = {0};

	TRY(read_file(path, &file, f));
	if (file.n > 0 && file.b[file.n - 1] == '\n')
		file.n--;
	if (file.n == 0 || file.n > cap)
		return fail(f, "KEY_FILE_FAILED", "path", path, "detail",
			    "it is empty, or too long", NULL);
	memcpy(out, file.b, file.n);
	*n = file.n;
	return ERR_OK;
}

static err decrypt(const char *path, struct bytes der, struct bytes passphrase,
		   PKCS8_PRIV_KEY_INFO **info, struct fault *f)
{
	const uint8_t *p = der.p;
	AUTO(encrypted_close) X509_SIG *encrypted = d2i_X509_SIG(NULL, &p, (long)der.n);

	if (encrypted == NULL)
		return fail(f, "KEY_FILE_MALFORMED", "path", path, NULL);
	if (passphrase.n == 0)
		return fail(f, "KEY_PASSPHRASE_NEEDED", "path", path, NULL);
	*info = PKCS8_decrypt(encrypted, (const char *)passphrase.p, (int)passphrase.n);
	if (*info == NULL)
		return fail(f, "KEY_PASSPHRASE_WRONG", "path", path, NULL);
	return ERR_OK;
}

static err decode(const char *path, const char *label, struct bytes der, struct bytes passphrase,
		  EVP_PKEY **out, struct fault *f)
{
	AUTO(key_info_close) PKCS8_PRIV_KEY_INFO *info = NULL;
	const uint8_t *p = der.p;

	if (strcmp(label, PEM_STRING_PKCS8) == 0)
		TRY(decrypt(path, der, passphrase, &info, f));
	else if (strcmp(label, PEM_STRING_PKCS8INF) == 0)
		info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.n);
	*out = info == NULL ? NULL : EVP_PKCS82PKEY(info);
	if (*out == NULL)
		return fail(f, "KEY_FILE_MALFORMED", "path", path, NULL);
	return ERR_OK;
}

err private_key_load(const char *path, struct bytes passphrase, struct private_key **out,
		     struct fault *f)
{
	AUTO(key_file_wipe) struct key_file file = {0};
	char *label = NULL, *header = NULL;
	EVP_PKEY *pkey = NULL;
	uint8_t *der = NULL;
	long n = 0;

	if (passphrase.n > PASSPHRASE_MAX)
		return fail(f, "KEY_PASSPHRASE_TOO_LONG", NULL);
	TRY(read_file(path, &file, f));
	AUTO(bio_close) BIO *pem = BIO_new_mem_buf(file.b, (int)file.n);
	if (pem == NULL || PEM_read_bio(pem, &label, &header, &der, &n) != 1) {
		ERR_clear_error();
		return fail(f, "KEY_FILE_MALFORMED", "path", path, NULL);
	}
	err decoded = decode(path, label, bytes_of(der, (size_t)n), passphrase, &pkey, f);
	OPENSSL_clear_free(der, (size_t)n);
	OPENSSL_free(label);
	OPENSSL_free(header);
	ERR_clear_error();
	TRY(decoded);
	err adopted = private_key_adopt(pkey, out, f);
	if (adopted.code != OK)
		fault_add(f, "path", path);
	return adopted;
}
