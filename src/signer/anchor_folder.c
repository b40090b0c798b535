/* SPDX-License-Identifier: Apache-2.0 */
/* anchor_folder.c — which TPM a signer's folder belongs to. */
#include <stdio.h>
#include <string.h>

#include "base/files.h"
#include "signer/anchor.h"
#include "signer/anchor_file.h"

enum { PATH_SIZE = 4096 };

static err path_of(const char *folder, char out[static PATH_SIZE], struct fault *f)
{
	int n = snprintf(out, PATH_SIZE, "%s/%s", folder, FILE_ANCHOR);

	return n > 0 && n < PATH_SIZE ? ERR_OK : fail(f, "ANCHOR_FILE_WRONG", "file", folder, NULL);
}

/* ---- reading ---- */

static err read_file(const char *path, struct anchor_file *out, struct fault *f)
{
	struct arena arena = {0};
	struct bytes text;
	err done = file_read(&arena, path, ANCHOR_FILE_MAX, &text, f);

	if (done.code == OK && !anchor_file_parse(text, out))
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
	uint8_t buffer[ANCHOR_FILE_MAX];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct anchor_file file = {.index = index};
	struct bytes text;

	memcpy(file.tcti, tcti, strlen(tcti));
	TRY(anchor_identity(a, &file.tpm, f));
	TRY(anchor_read(a, &file.value, f));
	anchor_file_put(&w, &file);
	if (!writer_done(&w, &text))
		return fail(f, "ANCHOR_FILE_WRONG", "file", path, NULL);
	return file_write(path, text, 0600, f);
}

err anchor_folder_make(const char *folder, const char *tcti, uint32_t index,
		       struct bytes owner_auth, struct fault *f)
{
	char path[PATH_SIZE];
	struct anchor *a = NULL;

	TRY(path_of(folder, path, f));
	if (file_exists(path))
		return fail(f, "ANCHOR_FOLDER_EXISTS", "file", path, NULL);
	if (tcti[0] == '\0' || strlen(tcti) > ANCHOR_TCTI_MAX || strchr(tcti, '\n') != NULL)
		return fail(f, "ANCHOR_TCTI_WRONG", "tcti", tcti, NULL);
	TRY(anchor_open_tpm_owned(tcti, index, true, owner_auth, &a, f));
	err written = write_file(path, tcti, index, a, f);
	anchor_close(a);
	return written;
}
