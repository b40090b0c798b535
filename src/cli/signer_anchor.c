/* SPDX-License-Identifier: Apache-2.0 */
/* signer_anchor.c — makes a TPM's counter the anchor of a signer. */
#include "cli/cli.h"

#include "base/files.h"
#include "server/config.h"
#include "signer/anchor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { AUTH_FILE_MAX = 256, INDEX_STANDARD = 0x01800100 };

/* `0x` and eight digits, as the tools for TPMs write it. */
static err read_index(const struct cli *cli, uint32_t *out, struct fault *f)
{
	const char *text = cli_option(cli, "index");
	uint8_t number[4];

	*out = INDEX_STANDARD;
	if (text == NULL)
		return ERR_OK;
	if (strncmp(text, "0x", 2) != 0 || !hex_decode(bytes_text(text + 2), number, 4))
		return fail(f, "ANCHOR_INDEX_INVALID", "index", text, NULL);
	struct reader r = reader_of(bytes_of(number, sizeof number));
	*out = get_u32(&r);
	return ERR_OK;
}

/* One line end is the editor's, not the password's. */
static err read_auth(struct cli *cli, struct bytes *out, struct fault *f)
{
	const char *path = cli_option(cli, "owner-auth-file");

	*out = (struct bytes){0};
	if (path == NULL)
		return ERR_OK;
	TRY(file_read(&cli->arena, path, AUTH_FILE_MAX, out, f));
	if (out->n > 0 && out->p[out->n - 1] == '\n')
		out->n--;
	return ERR_OK;
}

err command_signer_anchor(struct cli *cli, struct fault *f)
{
	struct server_config *config = arena_alloc(&cli->arena, sizeof *config);
	const char *tcti = cli_option(cli, "tcti");
	char folder[CONFIG_PATH_SIZE];
	struct bytes auth;
	uint32_t index;

	if (config == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(config_read(cli->words[0], config, f));
	TRY(config_path(config, "signer", folder, f));
	TRY(read_index(cli, &index, f));
	TRY(read_auth(cli, &auth, f));
	tcti = tcti == NULL ? "device:/dev/tpmrm0" : tcti;
	err made = anchor_folder_make(folder, tcti, index, auth, f);
	bytes_wipe((void *)(uintptr_t)auth.p, auth.n);
	TRY(made);
	printf("The counter 0x%08" PRIX32 " of the TPM is this signer's anchor from its next "
	       "start on.\n",
	       index);
	return ERR_OK;
}
