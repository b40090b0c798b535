/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/custody/shipment.h"

#include "core/sha256.h"
#include "record/check.h"

#include <string.h>

static int compare_ids(const struct id *a, const struct id *b)
{
	return bytes_compare(bytes_of(a->text, a->n), bytes_of(b->text, b->n));
}

static int compare_readings(const struct seal_reading *a, const struct seal_reading *b)
{
	int makers = compare_ids(&a->maker, &b->maker);

	return makers != 0 ? makers : compare_ids(&a->seal, &b->seal);
}

/* The smallest reading that is greater than `after` (NULL: of all), or NULL. */
static const struct seal_reading *next_reading(const struct seal_reading *readings, size_t n,
					       const struct seal_reading *after)
{
	const struct seal_reading *next = NULL;

	for (size_t i = 0; i < n; i++) {
		if (after != NULL && compare_readings(&readings[i], after) <= 0)
			continue;
		if (next == NULL || compare_readings(&readings[i], next) < 0)
			next = &readings[i];
	}
	return next;
}

static void add_id(struct sha256 *digest, const struct id *id)
{
	sha256_update(digest, bytes_of(&id->n, 1)); /* so that ab+c and a+bc differ */
	sha256_update(digest, bytes_of(id->text, id->n));
}

struct hash seal_readings_digest(const struct seal_reading *readings, size_t n)
{
	struct sha256 digest;

	sha256_init(&digest);
	for (const struct seal_reading *r = next_reading(readings, n, NULL); r != NULL;
	     r = next_reading(readings, n, r)) {
		add_id(&digest, &r->maker);
		add_id(&digest, &r->seal);
	}
	return sha256_final(&digest);
}

err seal_readings_check(struct check_context *context, const void *body, uint64_t present,
			void *outputs, uint64_t *outputs_present, struct fault *f)
{
	const struct hand_over *side = body;
	struct seal_outputs *out = outputs;

	(void)context;
	(void)present;
	(void)f;
	out->seals_digest = seal_readings_digest(side->seals.items, side->seals.n);
	*outputs_present = 1;
	return ERR_OK;
}

err arrival_points_check(struct check_context *context, const void *body, uint64_t present,
			 void *outputs, uint64_t *outputs_present, struct fault *f)
{
	const struct shipment_received *received = body;
	const struct arrival_point *points = received->points.items;
	struct arrival_outputs *out = outputs;
	size_t cap = received->points.n * (ID_SIZE_MAX + 1) + 1;
	uint8_t *text = arena_alloc(context->arena, cap);
	struct writer w = writer_of(text, cap);

	(void)present;
	if (text == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	put_text(&w, " ");
	for (size_t i = 0; i < received->points.n; i++) {
		put_bytes(&w, bytes_of(points[i].point.text, points[i].point.n));
		put_text(&w, " ");
		if (bytes_equal(bytes_of(points[i].result.text, points[i].result.n),
				bytes_text("not_ok")) &&
		    out->points_failed++ == 0)
			out->first_failed = points[i].point;
	}
	*outputs_present =
		2u | writer_done(&w, &out->points_given.bytes) | (out->points_failed > 0 ? 4u : 0u);
	return ERR_OK;
}
