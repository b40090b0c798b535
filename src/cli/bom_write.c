/* SPDX-License-Identifier: Apache-2.0 */
/* bom_write.c — parts, sources, lines and the release, in this sequence: whatever is cut off, the
 * same file brings the rest. */
#include "cli/bom.h"
#include "cli/import.h"
#include "client/batch.h"

#include <stdio.h>
#include <string.h>

/* What goes out in one request. */
struct sending {
	struct bom_import *b;
	struct client_batch *batch;
	size_t recorded;
};

static err stop_at(const json_t *result, struct fault *f)
{
	const char *detail, *code = import_refusal(result, &detail);

	if (code == NULL || strcmp(code, "PART_EXISTS") == 0 || strcmp(code, "ID_USED") == 0)
		return ERR_OK;
	return fail(f, "IMPORT_REFUSED", "detail", detail, NULL);
}

static err flush(struct sending *s, struct fault *f)
{
	json_t *results = NULL, *one;
	size_t i;
	err e = ERR_OK;

	if (s->batch == NULL)
		return ERR_OK;
	if (client_batch_size(s->batch) > 0)
		e = client_batch_results(s->batch, &results, f);
	json_array_foreach(results, i, one)
	{
		if (e.code == OK)
			e = stop_at(one, f);
		s->recorded += json_integer_value(json_object_get(one, "status")) < 400;
	}
	json_decref(results);
	client_batch_close(s->batch);
	s->batch = NULL;
	return e;
}

/* Takes the body's reference. */
static err add(struct sending *s, const char *type, const char *key, json_t *body, struct fault *f)
{
	json_t *envelope = NULL;

	if (s->batch != NULL && client_batch_size(s->batch) == IMPORT_BATCH_MAX)
		TRY(flush(s, f));
	if (s->batch == NULL)
		TRY(client_batch_open(s->b->client, &s->batch, f));
	if (body == NULL || key == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(import_envelope(s->b->client, type, key, "declared", body, &envelope, f));
	err e = client_batch_add_envelope(s->batch, type, envelope, f);
	json_decref(envelope);
	return e;
}

static err send_parts(struct sending *s, struct fault *f)
{
	const struct bill *bill = &s->b->bill;

	for (size_t i = 0; i < bill->parts_n; i++) {
		const struct bill_part *p = &bill->parts[i];

		if (!p->is_new)
			continue;
		TRY(add(s, "part.defined", p->part,
			json_pack("{s:s, s:s*, s:s*, s:s, s:b}", "part", p->part, "manufacturer",
				  p->manufacturer, "manufacturer_part", p->manufacturer_part,
				  "description", p->description, "critical", (int)p->critical),
			f));
	}
	return flush(s, f);
}

static err send_sources(struct sending *s, struct fault *f)
{
	const struct bill *bill = &s->b->bill;

	for (size_t i = 0; i < bill->parts_n; i++) {
		const struct bill_part *p = &bill->parts[i];

		if (!s->b->sources[i])
			continue;
		TRY(add(s, "part.source_approved",
			arena_printf(&s->b->cli->arena, "%s\n%s", p->part, p->supplier),
			json_pack("{s:s, s:s}", "part", p->part, "supplier", p->supplier), f));
	}
	return flush(s, f);
}

static json_t *line_body(const struct bill *bill, const struct bill_line *line)
{
	json_t *body = json_pack("{s:s, s:s, s:I, s:s*}", "line", line->line, "part",
				 bill->parts[line->part].part, "quantity",
				 (json_int_t)line->quantity, "conformance", line->conformance);

	if (line->critical)
		json_object_set_new(body, "critical", json_true());
	if (line->designators[0] != '\0')
		json_object_set_new(body, "designators", json_string(line->designators));
	return body;
}

static const char *key_of(const struct bom_import *b, const char *what)
{
	return arena_printf(&b->cli->arena, "%s\n%s\n%s", b->product, b->revision, what);
}

/* As many lines from `*at` on as fit in one record. */
static json_t *lines_body(const struct bom_import *b, size_t *at, const char **first)
{
	json_t *lines = json_array();
	size_t bytes = 0;

	for (; *at < b->bill.lines_n && bytes < BOM_RECORD_BYTES &&
	       json_array_size(lines) < BOM_RECORD_LINES;
	     *at += 1) {
		const struct bill_line *line = &b->bill.lines[*at];

		if (!line->is_new)
			continue;
		if (json_array_size(lines) == 0)
			*first = line->line;
		bytes += 64 + strlen(b->bill.parts[line->part].part) + strlen(line->designators);
		json_array_append_new(lines, line_body(&b->bill, line));
	}
	return json_pack("{s:s, s:s, s:o}", "product", b->product, "revision", b->revision, "lines",
			 lines);
}

static err send_lines(struct sending *s, struct fault *f)
{
	for (size_t at = 0; at < s->b->bill.lines_n;) {
		const char *first = NULL;
		json_t *body = lines_body(s->b, &at, &first);

		if (first == NULL) {
			json_decref(body);
			break;
		}
		TRY(add(s, "bom.lines_added", key_of(s->b, first), body, f));
	}
	return flush(s, f);
}

static err send_release(struct sending *s, struct fault *f)
{
	const struct bom_import *b = s->b;

	if (!b->release)
		return ERR_OK;
	TRY(add(s, "bom.released", key_of(b, "release"),
		json_pack("{s:s, s:s, s:I}", "product", b->product, "revision", b->revision,
			  "line_count", (json_int_t)b->bill.lines_n),
		f));
	return flush(s, f);
}

static err send_all(struct sending *s, struct fault *f)
{
	TRY(send_parts(s, f));
	TRY(send_sources(s, f));
	TRY(send_lines(s, f));
	return send_release(s, f);
}

err bom_write(struct bom_import *b, struct fault *f)
{
	struct sending s = {.b = b};
	err e = send_all(&s, f);

	client_batch_close(s.batch);
	if (!b->cli->json)
		printf("%zu records written\n", s.recorded);
	return e;
}
