/* SPDX-License-Identifier: Apache-2.0 */
/* demo_batch.c — what is recorded of many units travels together, as a line's gateway sends it. */
#include "sim/demo_internal.h"

enum { FLUSH_AT = 400 }; /* so that a batch of the largest records stays far below what is taken */

err demo_batch_open(struct demo *d, const char *author, struct demo_batch *out, struct fault *f)
{
	struct actor *actor = demo_actor(d, author);

	*out = (struct demo_batch){.demo = d, .author = author};
	if (actor == NULL || actor->client == NULL)
		return fail(f, "DEMO_NOBODY", "principal", author, NULL);
	return client_batch_open(actor->client, &out->batch, f);
}

static err send(struct demo_batch *b, struct fault *f)
{
	json_t *receipts = NULL, *one;
	struct told told = {0};
	size_t i;

	TRY(client_batch_send(b->batch, &receipts, f));
	demo_batch_recorded(b->demo, b->steps, receipts);
	json_array_foreach(receipts, i, one)
	{
		demo_count(b->demo, one);
		if (told.raised[0] == '\0')
			demo_tell(one, &told);
	}
	json_decref(receipts);
	return told.raised[0] == '\0'
		       ? ERR_OK
		       : fail(f, "DEMO_RAISED", "type", "a record", "detail", told.detail, NULL);
}

static err make_room(struct demo_batch *b, struct fault *f)
{
	if (client_batch_size(b->batch) < FLUSH_AT)
		return ERR_OK;
	TRY(send(b, f));
	client_batch_close(b->batch);
	b->batch = NULL;
	return client_batch_open(demo_actor(b->demo, b->author)->client, &b->batch, f);
}

static void remember(struct demo_batch *b, const char *type, const json_t *body)
{
	json_t *step = demo_batch_step(b->demo, b->author, type, body);

	if (step == NULL)
		return;
	if (b->steps == NULL)
		b->steps = json_array();
	json_array_append_new(b->steps, step);
}

err demo_put(struct demo_batch *b, const char *type, json_t *body, struct fault *f)
{
	err e = body == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : make_room(b, f);

	if (e.code == OK)
		e = client_batch_add(b->batch, type, body, f);
	if (e.code == OK)
		remember(b, type, body);
	json_decref(body);
	return e;
}

err demo_bring(struct demo_batch *b, const char *type, struct bytes claim, struct bytes proof,
	       const json_t *about, struct fault *f)
{
	TRY(make_room(b, f));
	TRY(client_batch_bring(b->batch, type, claim, proof, f));
	remember(b, type, about);
	return ERR_OK;
}

err demo_batch_done(struct demo_batch *b, err so_far, struct fault *f)
{
	err e = so_far;

	if (e.code == OK && client_batch_size(b->batch) > 0)
		e = send(b, f);
	client_batch_close(b->batch);
	b->batch = NULL;
	json_decref(b->steps);
	b->steps = NULL;
	return e;
}
