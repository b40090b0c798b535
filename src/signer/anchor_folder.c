/* SPDX-License-Identifier: Apache-2.0 */
/* anchor_folder.c — which TPM a signer's folder belongs to. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/files.h"
#include "signer/anchor.h"

enum { PATH_SIZE = 4096, FILE_MAX = 1024, TCTI_MAX = 255 };

struct anchor_file {
	char tcti[TCTI_MAX + 1];
	uint32_t index;
	struct hash tpm;
	uint64_t value;
};

static err path_of(const char *folder, char out[static PATH_SIZE], struct fault *f)
{
	int n = snprintf(out, PATH_SIZE, "%s/%s", folder, FILE_ANCHOR);

	return n > 0 && n < PATH_SIZE ? ERR_OK : fail(f, "ANCHOR_FILE_WRONG", "file", folder, NULL);
}

/* ---- reading ---- */

/* The rest of a line that begins with `name = `, and the line's end taken off. */
static bool take_line(struct bytes *text, const char *name, struct bytes *value)
{
	const uint8_t *end = text->n > 0 ? memchr(text->p, '\n', text->n) : NULL;
	size_t prefix = strlen(name);

	if (end == NULL)
		return false;
	struct bytes line = bytes_of(text->p, (size_t)(end - text->p));
	*text = bytes_of(end + 1, text->n - line.n - 1);
	if (line.n <= prefix || memcmp(line.p, name, prefix) != 0)
		return false;
	*value = bytes_of(line.p + prefix, line.n - prefix);
	return true;
}

/* 18 digits at most. */
static bool take_number(struct bytes digits, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < digits.n; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9' || digits.n > 18)
			return false;
		*out = *out * 10 + (uint64_t)(digits.p[i] - '0');
	}
	return digits.n > 0;
}

static bool parse_file(struct bytes text, struct anchor_file *out)
{
	struct bytes tcti, index, tpm, value;
	uint8_t number[4];

	if (!take_line(&text, "tcti = ", &tcti) || !take_line(&text, "index = 0x", &index) ||
	    !take_line(&text, "tpm = ", &tpm) || !take_line(&text, "value = ", &value) ||
	    text.n != 0 || !take_number(value, &out->value))
		return false;
	if (tcti.n > TCTI_MAX || memchr(tcti.p, 0, tcti.n) != NULL ||
	    !hex_decode(index, number, sizeof(number)) ||
	    !hex_decode(tpm, out->tpm.b, sizeof(out->tpm.b)))
		return false;
	memcpy(out->tcti, tcti.p, tcti.n);
	out->tcti[tcti.n] = '\0';
	struct reader r = reader_of(bytes_of(number, sizeof(number)));
	out->index = get_u32(&r);
	return true;
}

static err read_file(const char *path, struct anchor_file *out, struct fault *f)
{
	struct arena arena = {0};
	struct bytes text;
	err done = file_read(&arena, path, FILE_MAX, &text, f);

	if (done.code == OK && !parse_file(text, out))
		done = fail(f, "ANCHOR_FILE_WRONG", "file", path, NULL);
	arena_done(&arena);
	return done;
}

static err check_tpm(struct anchor *a, const struct anchor_file *file, struct fault *f)
{
	struct hash tpm;

	TRY(anchor_identity(a, &tpm, f));
	return hash_equal(tpm, file->tpm)
		       ? ERR_OK
		       : fail(f, "ANCHOR_NOT_GENUINE", "why",
			      "it is not the TPM that the signer's anchor was made with", NULL);
}

err anchor_folder_first(const char *folder, uint64_t *value, struct hash *tpm, struct fault *f)
{
	char path[PATH_SIZE];
	struct anchor_file file;

	TRY(path_of(folder, path, f));
	TRY(read_file(path, &file, f));
	*value = file.value;
	*tpm = file.tpm;
	return ERR_OK;
}

err anchor_folder_open(const char *folder, struct anchor **out, struct fault *f)
{
	char path[PATH_SIZE];
	struct anchor_file file;
	struct anchor *a = NULL;

	*out = NULL;
	TRY(path_of(folder, path, f));
	if (!file_exists(path))
		return ERR_OK;
	TRY(read_file(path, &file, f));
	TRY(anchor_open_tpm(file.tcti, file.index, false, &a, f));
	err checked = check_tpm(a, &file, f);
	if (checked.code != OK) {
		anchor_close(a);
		return checked;
	}
	*out = a;
	return ERR_OK;
}

/* ---- making ---- */

static err write_file(const char *path, const char *tcti, uint32_t index, struct anchor *a,
		      struct fault *f)
{
	char tpm_text[2 * sizeof(struct hash) + 1], text[FILE_MAX];
	struct hash tpm;
	uint64_t value = 0;

	TRY(anchor_identity(a, &tpm, f));
	TRY(anchor_read(a, &value, f));
	hex_encode(hash_bytes(&tpm), tpm_text);
	int n = snprintf(text, sizeof(text),
			 "tcti = %s\nindex = 0x%08" PRIx32 "\ntpm = %s\nvalue = %" PRIu64 "\n",
			 tcti, index, tpm_text, value);
	return file_write(path, bytes_of(text, (size_t)n), 0600, f);
}

err anchor_folder_make(const char *folder, const char *tcti, uint32_t index,
		       struct bytes owner_auth, struct fault *f)
{
	char path[PATH_SIZE];
	struct anchor *a = NULL;

	TRY(path_of(folder, path, f));
	if (file_exists(path))
		return fail(f, "ANCHOR_FOLDER_EXISTS", "file", path, NULL);
	if (tcti[0] == '\0' || strlen(tcti) > TCTI_MAX || strchr(tcti, '\n') != NULL)
		return fail(f, "ANCHOR_TCTI_WRONG", "tcti", tcti, NULL);
	TRY(anchor_open_tpm_owned(tcti, index, true, owner_auth, &a, f));
	err written = write_file(path, tcti, index, a, f);
	anchor_close(a);
	return written;
}
