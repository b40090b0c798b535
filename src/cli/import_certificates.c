/* SPDX-License-Identifier: Apache-2.0 */
/* import_certificates.c — device certificates that exist already: from a table that names a file
 * for each, or from one file of many (PEM), whose serials they name themselves. */
#include "cli/import.h"

#include "base/files.h"
#include "client/key_file.h"
#include "core/sha256.h"
#include "crypto/x509.h"

#include <stdio.h>
#include <string.h>

enum { CERTIFICATE_FILE_MAX = 4 * CERTIFICATE_SIZE_MAX };

enum { CERTIFICATE_PRODUCT, CERTIFICATE_SERIAL, CERTIFICATE_FILE, CERTIFICATE_COLUMNS };

static const struct table_column CERTIFICATES[CERTIFICATE_COLUMNS] = {
	[CERTIFICATE_PRODUCT] = {.name = "product",
				 .names = {"product", "productid", "productcode", "model", "?sku"},
				 .required = true,
				 .kind = TABLE_ID},
	[CERTIFICATE_SERIAL] = {.name = "serial",
				.names = {"serial", "serialnumber", "serialno", "sn", "unitserial",
					  "deviceserial"},
				.required = true,
				.kind = TABLE_ID},
	[CERTIFICATE_FILE] = {.name = "file",
			      .names = {"file", "filename", "path", "certificate",
					"certificatefile", "cert", "certfile", "pem"},
			      .required = true,
			      .most = 1024},
};

/* ---- what a line becomes ---- */

static json_t *certificate_body(const struct import *im, const struct import_row *row)
{
	char *text = arena_alloc(&im->cli->arena, base64_size(row->content.n) + 1);
	json_t *body = json_object();

	import_put(body, "product", row, CERTIFICATE_PRODUCT);
	import_put(body, "serial", row, CERTIFICATE_SERIAL);
	if (text != NULL) {
		base64url_encode(row->content, text);
		json_object_set_new(body, "certificate", json_string(text));
	}
	return body;
}

static void digest_text(struct bytes content, char hex[static 65])
{
	struct hash digest = sha256(content);

	hex_encode(hash_bytes(&digest), hex);
}

/* A unit without a device certificate is there, but its line is new all the same. */
static bool certificate_differs(const struct import *im, struct import_row *row,
				const json_t *there, struct fault *f)
{
	const char *digest = json_string_value(json_object_get(there, "certificate_digest"));
	char hex[65];

	(void)im;
	if (!json_is_string(json_object_get(there, "declared_by"))) {
		(void)fail(f, "IMPORT_BUILT_HERE", "key", row->key, NULL);
		return true;
	}
	digest_text(row->content, hex);
	if (digest == NULL)
		row->state = IMPORT_NEW;
	if (digest == NULL || strcmp(digest, hex) == 0)
		return false;
	(void)fail(f, "IMPORT_DIFFERS", "key", row->key, "member", "device certificate", "found",
		   digest, "said", hex, NULL);
	return true;
}

static const char *const CERTIFICATE_PREVIEW[] = {"product", "serial", NULL};
static const struct import_kind CERTIFICATE_KIND = {
	.what = "device certificates",
	.type = "certificate.declared",
	.columns = CERTIFICATES,
	.columns_n = CERTIFICATE_COLUMNS,
	.view = "unit.serials",
	.key_members = {"product", "serial"},
	.absent = "UNIT_NOT_DECLARED",
	.preview = CERTIFICATE_PREVIEW,
	.body = certificate_body,
	.differs = certificate_differs,
};

/* ---- reading ---- */

static void say(struct import *im, unsigned line, const char *id, const char *file,
		const char *detail)
{
	struct fault f = {0};

	(void)fail(&f, id, "file", file, "detail", detail, NULL);
	table_report_add(&im->cli->arena, &im->report, line, 1, &f);
}

/* DER as it is, or the only device certificate of a PEM file. */
static bool read_der(struct arena *a, struct bytes content, struct bytes *der)
{
	struct fault ignored;
	struct hash key;

	*der = content;
	if (content.n > 0 && content.p[0] != 0x30 && !pem_decode(a, content, "CERTIFICATE", der))
		return false;
	return certificate_key_id(*der, &key, &ignored).code == OK;
}

/* The file of a line lies beside the table. */
static err read_beside(struct import *im, struct import_row *row, struct fault *f)
{
	const char *slash = strrchr(im->file, '/');
	struct bytes name = import_cell(row, CERTIFICATE_FILE), content, product, serial;
	bool whole = name.n > 0 && name.p[0] == '/';
	const char *path = arena_printf(&im->cli->arena, "%.*s%.*s",
					whole || slash == NULL ? 0 : (int)(slash - im->file + 1),
					im->file, (int)name.n, (const char *)name.p);
	struct fault why = {0};

	if (path == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	err e = file_read(&im->cli->arena, path, CERTIFICATE_FILE_MAX, &content, &why);
	if (e.code == ERR_MEMORY)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (e.code != OK || !read_der(&im->cli->arena, content, &row->content)) {
		say(im, row->row->line, "IMPORT_CERTIFICATE_FILE", path, "");
		return ERR_OK;
	}
	TRY(certificate_names(&im->cli->arena, row->content, &product, &serial, f));
	if (serial.n > 0 && !bytes_equal(serial, import_cell(row, CERTIFICATE_SERIAL)) &&
	    !cli_flag(im->cli, "any-name"))
		say(im, row->row->line, "IMPORT_CERTIFICATE_SERIAL", path,
		    arena_text(&im->cli->arena, serial));
	return ERR_OK;
}

static err read_table(struct import *im, struct bytes content, struct fault *f)
{
	TRY(import_read(im, content, f));
	for (size_t i = 0; i < im->n; i++)
		TRY(read_beside(im, &im->rows[i], f));
	return ERR_OK;
}

static unsigned line_at(struct bytes text, const uint8_t *at)
{
	unsigned line = 1;

	for (const uint8_t *p = text.p; p < at; p++)
		line += *p == '\n';
	return line;
}

/* The row that a line of a table would have been. */
static err put_row(struct import *im, unsigned line, struct bytes der, struct fault *f)
{
	struct arena *a = &im->cli->arena;
	struct table_row *row = &im->table.rows[im->n];
	struct bytes product, serial;
	const char *said = cli_option(im->cli, "product");
	char where[32];

	row->line = line;
	row->cells = arena_array(a, CERTIFICATE_COLUMNS, sizeof *row->cells);
	if (row->cells == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(certificate_names(a, der, &product, &serial, f));
	row->cells[CERTIFICATE_PRODUCT] = said != NULL ? bytes_text(said) : product;
	row->cells[CERTIFICATE_SERIAL] = serial;
	im->rows[im->n] = (struct import_row){.row = row, .content = der};
	im->n++;
	snprintf(where, sizeof where, "line %u", line);
	if (!id_valid(row->cells[CERTIFICATE_SERIAL]) || !id_valid(row->cells[CERTIFICATE_PRODUCT]))
		say(im, line, "IMPORT_CERTIFICATE_NAMELESS", where, "");
	return ERR_OK;
}

static const char END_MARK[] = "-----END CERTIFICATE-----";

static size_t count_marks(struct bytes text)
{
	const uint8_t *p = text.p;
	size_t n = 0;

	while ((p = memmem(p, (size_t)(text.p + text.n - p), END_MARK, sizeof END_MARK - 1)) !=
	       NULL) {
		p += sizeof END_MARK - 1;
		n++;
	}
	return n;
}

static err read_bundle(struct import *im, struct bytes text, struct fault *f)
{
	struct arena *a = &im->cli->arena;
	const uint8_t *from = text.p, *end;
	size_t most = count_marks(text);
	struct bytes der;
	char where[32];

	im->table.rows = arena_array(a, most + 1, sizeof *im->table.rows);
	im->rows = arena_array(a, most + 1, sizeof *im->rows);
	if (im->table.rows == NULL || im->rows == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (unsigned line = 1; (end = memmem(from, (size_t)(text.p + text.n - from), END_MARK,
					      sizeof END_MARK - 1)) != NULL;) {
		end += sizeof END_MARK - 1;
		struct bytes one = bytes_of(from, (size_t)(end - from));
		const uint8_t *begin = memmem(one.p, one.n, "-----BEGIN", 10);
		line += begin == NULL ? 0 : line_at(one, begin) - 1;
		snprintf(where, sizeof where, "line %u", line);
		if (!read_der(a, one, &der))
			say(im, line, "IMPORT_CERTIFICATE_FILE", where, "");
		else
			TRY(put_row(im, line, der, f));
		line += line_at(bytes_of(begin == NULL ? from : begin, 0), end) - 1;
		from = end;
	}
	return im->n + im->report.n > 0 ? ERR_OK : fail(f, "TABLE_EMPTY", NULL);
}

static bool is_bundle(struct bytes content)
{
	return memmem(content.p, content.n, "-----BEGIN CERTIFICATE-----", 27) != NULL;
}

err command_import_certificates_help(struct cli *cli, struct fault *f)
{
	(void)cli;
	(void)f;
	import_print_columns(CERTIFICATES, CERTIFICATE_COLUMNS);
	return ERR_OK;
}

err command_import_certificates(struct cli *cli, struct fault *f)
{
	struct import *im = arena_alloc(&cli->arena, sizeof *im);
	struct bytes content;

	if (im == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*im = (struct import){.cli = cli, .kind = &CERTIFICATE_KIND, .file = cli->words[0]};
	TRY(file_read(&cli->arena, im->file, CSV_FILE_MAX, &content, f));
	TRY(is_bundle(content) ? read_bundle(im, content, f) : read_table(im, content, f));
	TRY(import_index(im, f));
	return import_finish(im, f);
}
