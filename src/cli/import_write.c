/* SPDX-License-Identifier: Apache-2.0 */
/* import_write.c — the lines that are new, in batches. */
#include "cli/import.h"

#include "base/clock.h"
#include "client/batch.h"
#include "core/sha256.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HOUR_MS = 3600 * 1000, MANY_ROWS = 1000 };

/* A UUID of version 7 (RFC 9562 section 5.7) of this hour whose other bits follow from the rest. */
static void uuid_of(const char *author, const char *type, const char *key, uint64_t now_ms,
		    char out[static 37])
{
	uint64_t ms = now_ms - now_ms % HOUR_MS;
	struct sha256 state;
	uint8_t b[16];
	char hex[33];

	sha256_init(&state);
	sha256_update(&state, bytes_of(author, strlen(author) + 1));
	sha256_update(&state, bytes_of(type, strlen(type) + 1));
	sha256_update(&state, bytes_text(key));
	struct hash hash = sha256_final(&state);
	memcpy(b + 6, hash.b, 10);
	for (size_t i = 0; i < 6; i++)
		b[i] = (uint8_t)(ms >> (8 * (5 - i)));
	b[6] = (uint8_t)(0x70 | (b[6] & 0x0f));
	b[8] = (uint8_t)(0x80 | (b[8] & 0x3f));
	hex_encode(bytes_of(b, 16), hex);
	snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

err import_envelope(struct client *c, const char *type, const char *key, const char *source,
		    json_t *body, json_t **out, struct fault *f)
{
	char id[37];

	uuid_of(client_configuration(c)->principal, type, key, clock_wall_ms(&clock_system), id);
	*out = json_pack("{s:s, s:s, s:o}", "id", id, "source", source, "body", body);
	return *out != NULL ? ERR_OK : fail(f, "OUT_OF_MEMORY", NULL);
}

const char *import_refusal(const json_t *result, const char **detail)
{
	static const char PREFIX[] = "urn:sealwright:problem:";
	const char *type = json_string_value(json_object_get(result, "type"));

	*detail = json_string_value(json_object_get(result, "detail"));
	if (*detail == NULL)
		*detail = "no reason given";
	if (json_integer_value(json_object_get(result, "status")) < 400)
		return NULL;
	return type != NULL && strncmp(type, PREFIX, sizeof PREFIX - 1) == 0
		       ? type + sizeof PREFIX - 1
		       : "REFUSED";
}

/* ---- one batch ---- */

/* Somebody else was quicker: it is there. */
static bool is_there(const char *code)
{
	static const char *const CODES[] = {"UNIT_SERIAL_ALREADY_USED", "SUPPLIER_EXISTS",
					    "CERTIFICATE_ALREADY_DECLARED", "ID_USED"};

	for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++)
		if (strcmp(code, CODES[i]) == 0)
			return true;
	return false;
}

static err note(struct import *im, struct import_row *row, const json_t *result, struct fault *f)
{
	const char *detail, *code = import_refusal(result, &detail);

	if (code == NULL) {
		im->recorded++;
		row->state = IMPORT_THERE;
		return ERR_OK;
	}
	struct fault *why = arena_alloc(&im->cli->arena, sizeof *why);
	if (why == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	(void)fail(why, "IMPORT_REFUSED", "detail", detail, NULL);
	row->why = why;
	row->state = is_there(code) ? IMPORT_THERE : IMPORT_WRONG;
	if (row->state == IMPORT_WRONG && !im->cli->json) {
		char safe[1024];
		cli_safe_text(detail, safe, sizeof safe);
		fprintf(stderr, "line %u: %s\n", row->row->line, safe);
	}
	return ERR_OK;
}

static err add_row(struct import *im, struct client_batch *batch, const struct import_row *row,
		   struct fault *f)
{
	json_t *envelope = NULL;

	TRY(import_envelope(im->client, im->kind->type, row->key, "imported",
			    im->kind->body(im, row), &envelope, f));
	err e = client_batch_add_envelope(batch, im->kind->type, envelope, f);
	json_decref(envelope);
	return e;
}

struct piece {
	size_t places[IMPORT_BATCH_MAX];
	size_t n;
};

static err send_piece(struct import *im, const struct piece *piece, struct fault *f)
{
	struct client_batch *batch = NULL;
	json_t *results = NULL;
	err e = client_batch_open(im->client, &batch, f);

	for (size_t i = 0; i < piece->n && e.code == OK; i++)
		e = add_row(im, batch, &im->rows[piece->places[i]], f);
	if (e.code == OK)
		e = client_batch_results(batch, &results, f);
	for (size_t i = 0; i < piece->n && e.code == OK; i++)
		e = note(im, &im->rows[piece->places[i]], json_array_get(results, i), f);
	json_decref(results);
	client_batch_close(batch);
	return e;
}

/* ---- all ---- */

static void say_progress(const struct import *im, size_t done, size_t all, uint64_t began_ms)
{
	uint64_t ms = clock_steady_ms(&clock_system) - began_ms + 1;
	uint64_t rate = (uint64_t)done * 1000 / ms;

	if (all < MANY_ROWS || im->cli->json)
		return;
	fprintf(stderr, "%zu of %zu %s, %" PRIu64 "/s, %" PRIu64 " s left\n", done, all,
		im->kind->what, rate, rate == 0 ? 0 : (uint64_t)(all - done) / rate);
}

/* What stopped it, after how many: the rest is still to come. */
static err stopped(const struct import *im, struct fault *f)
{
	fprintf(stderr, "%zu of the %s are recorded; bring the same file again for the rest.\n",
		im->recorded, im->kind->what);
	return (err){f->code};
}

err import_write(struct import *im, struct fault *f)
{
	struct piece *piece = arena_alloc(&im->cli->arena, sizeof *piece);
	size_t all = im->n - im->there - im->wrong, done = 0;
	uint64_t began_ms = clock_steady_ms(&clock_system);

	if (piece == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < im->n; i++) {
		if (im->rows[i].state == IMPORT_NEW)
			piece->places[piece->n++] = i;
		if (piece->n == 0 || (piece->n < IMPORT_BATCH_MAX && i + 1 < im->n))
			continue;
		if (send_piece(im, piece, f).code != OK)
			return stopped(im, f);
		done += piece->n;
		piece->n = 0;
		say_progress(im, done, all, began_ms);
	}
	return ERR_OK;
}
