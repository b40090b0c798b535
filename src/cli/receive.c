/* SPDX-License-Identifier: Apache-2.0 */
/* receive.c — a part lot at the dock: its 2-D label is read, compared with what the bills of material
 * need, and what was seen is recorded. What is said on the command line counts before the label. */
#include "cli/receive.h"

#include "base/files.h"
#include "core/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CERTIFICATE_MAX = 16 << 20 };

/* One line: what a scanner sends, or who holds it types. */
static err read_line(struct cli *cli, struct bytes *out, struct fault *f)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n = getline(&line, &cap, stdin);

	*out = n < 0 || n > LABEL_SIZE_MAX ? (struct bytes){0}
					   : arena_copy(&cli->arena, bytes_of(line, (size_t)n));
	free(line);
	return n > LABEL_SIZE_MAX ? fail(f, "LABEL_TOO_LONG", NULL) : ERR_OK;
}

static err read_label(struct receiving *r, struct fault *f)
{
	const char *said = cli_option(r->cli, "label");
	struct bytes text;

	if (said == NULL)
		return ERR_OK;
	text = bytes_text(said);
	if (strcmp(said, "-") == 0)
		TRY(read_line(r->cli, &text, f));
	return label_read(&r->cli->arena, text, &r->label, f);
}

static err missing(struct fault *f, const char *option, enum label_field field)
{
	return fail_field(f, option, "RECEIVE_MISSING", "field", label_field_name(field), "option",
			  option, NULL);
}

/* What only the label or the command line can say. */
static err read_lot(struct receiving *r, struct fault *f)
{
	uint64_t quantity;

	TRY(cli_number(r->cli, "quantity", (uint64_t)r->label.quantity, LABEL_QUANTITY_MAX,
		       &quantity, f));
	r->quantity = (int64_t)quantity;
	r->part_lot = cli_option(r->cli, "part-lot");
	if (r->part_lot == NULL)
		r->part_lot = receive_said(r, LABEL_PART_LOT);
	if (r->part_lot == NULL)
		return missing(f, "part-lot", LABEL_PART_LOT);
	if (quantity == 0)
		return missing(f, "quantity", LABEL_QUANTITY);
	if (!id_valid(bytes_text(r->part_lot)))
		return fail_field(f, "part-lot", "RECEIVE_NO_ID", "field",
				  label_field_name(LABEL_PART_LOT), "value", r->part_lot, "option",
				  "part-lot", NULL);
	return ERR_OK;
}

static err read_certificate(struct receiving *r, struct fault *f)
{
	const char *path = cli_option(r->cli, "certificate");

	if (path == NULL)
		return ERR_OK;
	TRY(file_read(&r->cli->arena, path, CERTIFICATE_MAX, &r->certificate, f));
	return r->certificate.n > 0 ? ERR_OK : fail(f, "RECEIVE_FILE_EMPTY", "file", path, NULL);
}

/* ---- the record ---- */

static void add(struct receiving *r, const char *name, const char *text)
{
	if (text != NULL)
		json_object_set_new(r->body, name, json_string(text));
}

/* What the label says, where it can stand in a record; all of it is kept in `label`. */
static void add_said(struct receiving *r, const char *name, struct bytes text)
{
	if (id_valid(text))
		add(r, name, arena_text(&r->cli->arena, text));
	else if (text.n > 0 && !r->cli->json)
		printf("The %s on the label, %.*s, cannot stand in the record by itself; it is "
		       "kept with the label.\n",
		       name, (int)text.n, (const char *)text.p);
}

static err make_body(struct receiving *r, struct fault *f)
{
	r->body = json_pack("{s:s, s:s, s:s, s:s, s:I}", "supplier", r->supplier, "part_lot",
			    r->part_lot, "part", r->part, "site", cli_option(r->cli, "site"),
			    "quantity", (json_int_t)r->quantity);
	if (r->body == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	add_said(r, "date_code", label_date_code(&r->label));
	add_said(r, "manufacturer_part", r->label.field[LABEL_MANUFACTURER_PART]);
	add_said(r, "purchase_order", r->label.field[LABEL_PURCHASE_ORDER]);
	if (r->label.text.n > 0)
		add(r, "label", arena_text(&r->cli->arena, r->label.text));
	add(r, "packaging", cli_option(r->cli, "packaging"));
	add(r, "seal", cli_option(r->cli, "seal"));
	if (r->certificate.n > 0) {
		struct hash digest = sha256(r->certificate);
		char hex[65];
		hex_encode(hash_bytes(&digest), hex);
		add(r, "conformance_certificate", hex);
	}
	return ERR_OK;
}

/* The file goes up only after the question, and before what names it. */
static err record(struct receiving *r, struct fault *f)
{
	struct prepared prepared;
	struct hash digest;
	json_t *receipt = NULL;

	TRY(make_body(r, f));
	TRY(cli_prepare(r->cli, r->client, "part_lot.received", r->body, &prepared, f));
	if (r->certificate.n > 0)
		TRY(client_blob_put(r->client, r->certificate, "evidence", &digest, f));
	TRY(client_sign(r->client, &r->cli->arena, "part_lot.received", &prepared, &receipt, f));
	err e = receive_show_result(r, receipt, f);
	json_decref(receipt);
	return e;
}

static err receive(struct receiving *r, struct fault *f)
{
	TRY(read_label(r, f));
	TRY(read_lot(r, f));
	TRY(read_certificate(r, f));
	TRY(cli_client(r->cli, true, &r->client, f));
	TRY(receive_find_part(r, f));
	TRY(receive_find_supplier(r, f));
	const char *const query[] = {"part", r->part, NULL};
	TRY(receive_rows(r, "bom.uses", query, &r->needs, f));
	receive_show_needs(r);
	return record(r, f);
}

err command_receive(struct cli *cli, struct fault *f)
{
	struct receiving r = {.cli = cli};

	if (cli_option(cli, "site") == NULL)
		return fail_field(f, "site", "RECEIVE_NO_SITE", NULL);
	err e = receive(&r, f);
	json_decref(r.needs);
	json_decref(r.body);
	return e;
}
