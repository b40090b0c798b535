/* SPDX-License-Identifier: Apache-2.0 */
/* demo_conformance.c — conformance certificates of critical part lots, as three kinds of suppliers bring them: one
 * signs with a key of its own, one uploads through a link, and of the others we see paper. */
#include "sim/demo_internal.h"

#include "core/sha256.h"

#include <stdio.h>
#include <string.h>

enum { LINK_DAYS = 30, LINK_TOKEN = 32 };

/* The supplier of the first critical part signs; the next other one uploads. */
void demo_choose_suppliers(struct demo *d)
{
	for (size_t i = 0; i < d->parts_n; i++) {
		const char *supplier = d->parts[i].supplier;
		if (!d->parts[i].critical)
			continue;
		if (d->signing_supplier == NULL)
			d->signing_supplier = supplier;
		else if (d->uploading_supplier == NULL &&
			 strcmp(supplier, d->signing_supplier) != 0)
			d->uploading_supplier = supplier;
	}
}

static bool is(const char *supplier, const char *which)
{
	return which != NULL && strcmp(supplier, which) == 0;
}

enum grade demo_grade(const struct demo *d, const struct demo_part *p, size_t reel)
{
	if (!p->critical)
		return GRADE_NONE;
	if (is(p->supplier, d->signing_supplier))
		return GRADE_SIGNED;
	/* What comes later comes on paper again. */
	return is(p->supplier, d->uploading_supplier) && reel == 0 ? GRADE_UPLOADED : GRADE_VOUCHED;
}

static char *document(struct demo *d, const struct demo_part *p, const char *part_lot)
{
	return demo_text(d,
			 "Conformance certificate\nPart lot %s of %s\nPart %s, made by %s\n"
			 "Delivered by %s as ordered.\n",
			 part_lot, PRODUCT, p->part, p->manufacturer, p->supplier);
}

err demo_keep_certificate(struct demo *d, const char *author, const struct demo_part *p,
			  const char *part_lot, char hex[static 65], struct fault *f)
{
	const char *text = document(d, p, part_lot);
	struct hash digest;

	if (text == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(client_blob_put(demo_actor(d, author)->client, bytes_text(text), "evidence", &digest,
			    f));
	hex_encode(hash_bytes(&digest), hex);
	return ERR_OK;
}

/* ---- signed ---- */

static const char *account_of(struct demo *d, const char *supplier)
{
	return demo_text(d, "key-of-%.50s", supplier); /* still an id */
}

static err hire_supplier(struct demo *d, struct fault *f)
{
	struct demo_job job = {.id = account_of(d, d->signing_supplier),
			       .kind = "supplier",
			       .what = "supplier",
			       .supplier = d->signing_supplier,
			       .permissions = "conformance.declare blob.write"};

	return job.id == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : demo_hire(d, &job, f);
}

static err declare(struct demo *d, const struct demo_part *p, size_t reel, struct fault *f)
{
	const char *author = account_of(d, p->supplier);
	char hex[65];

	TRY(demo_keep_certificate(d, author, p, p->reels[reel].part_lot, hex, f));
	return demo_sign(d, author, "conformance.declared",
			 json_pack("{s:s, s:s, s:s, s:I, s:s}", "supplier", p->supplier, "part_lot",
				   p->reels[reel].part_lot, "part", p->part, "quantity",
				   (json_int_t)demo_lot_quantity(d, p, reel), "document", hex),
			 NULL, f);
}

/* ---- uploaded ---- */

static err give_link(struct demo *d, char token[static 64], struct fault *f)
{
	uint8_t bytes[LINK_TOKEN];
	char hex[65];

	TRY(random_bytes(bytes, sizeof bytes, f));
	struct hash digest = sha256(bytes_of(bytes, sizeof bytes));
	base64url_encode(bytes_of(bytes, sizeof bytes), token);
	hex_encode(hash_bytes(&digest), hex);
	return demo_sign(d, "paul", "conformance.link_given",
			 json_pack("{s:s, s:s, s:s}", "link", hex, "supplier",
				   d->uploading_supplier, "expires", demo_days(d, LINK_DAYS)),
			 NULL, f);
}

/* Whoever has the link, without an account. */
static err upload(struct demo *d, const char *token, const struct demo_part *p, struct fault *f)
{
	struct client *client = demo_actor(d, "paul")->client;
	const char *text = document(d, p, p->reels[0].part_lot);
	struct arena a = {0};
	const char *lot = client_escape(client, &a, p->reels[0].part_lot);
	const char *path = lot == NULL ? NULL
				       : demo_text(d, "/upload/%s?part_lot=%s&name=conformance.txt",
						   token, lot);
	struct bytes reply;
	int status = 0;

	err e = path == NULL || text == NULL
			? fail(f, "OUT_OF_MEMORY", NULL)
			: client_raw(client, &a, "POST", path, "text/plain", bytes_text(text),
				     65536, &status, &reply, f);
	arena_done(&a);
	TRY(e);
	return status == 201 ? ERR_OK
			     : fail(f, "DEMO_UPLOAD_REFUSED", "part_lot", p->reels[0].part_lot,
				    "status", demo_text(d, "%d", status), NULL);
}

/* ---- all of them ---- */

err demo_conformance(struct demo *d, struct fault *f)
{
	size_t counts[GRADES_N] = {0};
	char token[64] = "";

	if (d->signing_supplier != NULL)
		TRY(hire_supplier(d, f));
	if (d->uploading_supplier != NULL)
		TRY(give_link(d, token, f));
	for (size_t i = 0; i < d->parts_n; i++)
		for (size_t r = 0; r < d->parts[i].reels_n; r++) {
			enum grade grade = demo_grade(d, &d->parts[i], r);
			counts[grade]++;
			if (grade == GRADE_SIGNED)
				TRY(declare(d, &d->parts[i], r, f));
			else if (grade == GRADE_UPLOADED)
				TRY(upload(d, token, &d->parts[i], f));
		}
	demo_step(d,
		  "Conformance certificates of critical part lots: %zu signed by %s itself, %zu "
		  "uploaded through a link by %s, %zu on paper",
		  counts[GRADE_SIGNED], d->signing_supplier, counts[GRADE_UPLOADED],
		  d->uploading_supplier == NULL ? "nobody" : d->uploading_supplier,
		  counts[GRADE_VOUCHED]);
	return ERR_OK;
}
