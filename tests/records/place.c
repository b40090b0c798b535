/* SPDX-License-Identifier: Apache-2.0 */
#include "records/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cbor.h"
#include "record/evidence.h"

/* ---- a small area ---- */

struct noted {
	struct id item;
	int64_t size;
};
static const struct field noted[] = {
	FIELD(noted, item, REQUIRED, "id of the item"),
	NUMBER(noted, size, REQUIRED, 0, 1000, "how large it is"),
	{0},
};
static const struct record_type types[] = {
	{.name = "review.noted",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "review.write",
	 .origin = REPORTED,
	 .subject = {"item", NULL, "item"},
	 .size = sizeof(struct noted),
	 .fields = noted,
	 .help = "an item is known"},
	{.name = "review.decided",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "review.write",
	 .origin = SIGNED,
	 .subject = {"item", NULL, "item"},
	 .size = sizeof(struct noted),
	 .fields = noted,
	 .help = "something is decided about an item"},
	{0},
};
static const char sql[] =
	"-- table review_item key item\nitem TEXT NOT NULL\nsize BIGINT NOT NULL\n"
	"-- fold review.noted\nINSERT INTO review_item (item, size) VALUES (:item, :size)\n"
	"ON CONFLICT DO NOTHING;\n"
	"-- view review.items review.read global\nSELECT item, size FROM review_item ORDER BY "
	"item;\n";

static const struct area review_area = {.name = "review", .types = types, .sql = sql};
extern const struct area access_area;
static const struct area *const REVIEW_AREAS[] = {&evidence_area, &access_area, &review_area, NULL};

/* ---- a signer that may lose its answers, and says so of a proof that starts elsewhere ---- */

static bool same_head(struct merkle_head a, struct merkle_head b)
{
	return a.size == b.size && hash_equal(a.root, b.root);
}

static err line_sign(void *context, struct merkle_head old, struct merkle_head now,
		     const struct hash *path, size_t path_n, struct arena *a, struct bytes *note,
		     struct fault *f)
{
	struct line *l = context;

	pthread_mutex_lock(&l->lock);
	struct merkle_head last = l->house->signed_last;
	bool again = same_head(now, last);
	err result = same_head(old, last) || again
			     ? l->sign(l->house, again ? now : old, now, path, again ? 0 : path_n,
				       a, note, f)
			     : (fail)(f, "SIGNER_PROOF_STARTS_ELSEWHERE", NULL);
	if (result.code == OK && l->loses) {
		l->lost++;
		pthread_cond_broadcast(&l->signs);
		result = (fail)(f, "SIGNER_UNAVAILABLE", NULL);
	}
	pthread_mutex_unlock(&l->lock);
	return result;
}

static err line_last(void *context, struct merkle_head *out, struct fault *f)
{
	struct line *l = context;

	(void)f;
	pthread_mutex_lock(&l->lock);
	*out = l->house->signed_last;
	pthread_mutex_unlock(&l->lock);
	return ERR_OK;
}

/* ---- the house ---- */

int place_setup(void **state)
{
	if (store_setup(state) != 0)
		return -1;
	struct place *p = calloc(1, sizeof *p);

	assert_non_null(p);
	p->store = *state;
	*state = p;
	house_open_with(&p->house, p->store->address, REVIEW_AREAS);
	p->mo = house_actor(&p->house, "mo", "person", "review.write,review.read");
	pthread_mutex_init(&p->line.lock, NULL);
	pthread_cond_init(&p->line.signs, NULL);
	p->line.house = &p->house;
	p->line.sign = p->house.config.sign;
	house_stop(&p->house);
	p->house.config.sign = line_sign;
	p->house.config.last_signed = line_last;
	p->house.config.sign_context = &p->line;
	house_start(&p->house);
	return 0;
}

int place_teardown(void **state)
{
	struct place *p = *state;
	struct store_test *store = p->store;

	house_must_rebuild(&p->house);
	actor_done(&p->mo);
	house_close(&p->house);
	pthread_mutex_destroy(&p->line.lock);
	pthread_cond_destroy(&p->line.signs);
	free(p);
	*state = store;
	return store_teardown(state);
}

const char *sees(struct place *p, const char *who, const char *view)
{
	struct caller caller = {.channel = CHANNEL_SESSION};
	struct view_request request = {.name = bytes_text(view), .caller = &caller};
	struct reader_session *r;
	struct fault f = {0};
	json_t *page = NULL;

	snprintf(caller.principal, sizeof caller.principal, "%s", who);
	ok(reader_take(p->house.engine, &r, &f), &f);
	err result = view_read(p->house.engine, r, &p->house.arena, &request, &page, &f);
	reader_give(r);
	json_decref(page);
	return result.code == OK ? "" : f.message;
}

/* ---- several submissions on their way at once ---- */

static void came(void *context)
{
	struct sent *s = context;

	pthread_mutex_lock(&s->lock);
	s->open--;
	pthread_cond_broadcast(&s->came);
	pthread_mutex_unlock(&s->lock);
}

void send_off(struct engine *e, struct sent *s, struct item *one)
{
	struct fault f = {0};

	pthread_mutex_lock(&s->lock);
	s->open++;
	pthread_mutex_unlock(&s->lock);
	ok(record_submit(e, &one->s, 1, false, came, s, &f), &f);
}

void wait_for_all(struct sent *s)
{
	pthread_mutex_lock(&s->lock);
	while (s->open > 0)
		pthread_cond_wait(&s->came, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

void decided(struct place *p, const char *name, struct item *out)
{
	struct house *h = &p->house;
	struct fault f = {0};
	char body[128];

	snprintf(body, sizeof body, "{'item':'%s','size':1}", name);
	out->s = house_make(h, &out->arena, &p->mo, "review.decided", body, NULL, &f);
	if (out->s == NULL)
		fail_msg("%s", f.message);
}

/* ---- claims by hand ---- */

const char *writes(struct place *p, struct written how)
{
	struct house *h = &p->house;
	struct arena *a = &h->arena;
	struct caller caller = {.principal = "mo", .channel = how.channel};
	uint64_t made = (uint64_t)((int64_t)clock_wall_ms(&h->clock) + how.made);
	struct claim claim = {.origin = bytes_text(HOUSE_ORIGIN),
			      .type = bytes_text("review.noted"),
			      .version = 1,
			      .author = bytes_text("mo"),
			      .has_key = how.key != NULL,
			      .made = made};
	struct writer w = writer_of(arena_alloc(a, 1024), 1024), whole;
	struct submission *s;
	struct fault f = {0};
	struct bytes bytes;
	uint8_t body[64];

	if (how.key != NULL)
		claim.key = *how.key;
	if (how.spool != NULL)
		claim.spool = bytes_text(how.spool);
	claim.spool_counter = how.counter;
	ok(random_bytes(claim.id.b, 16, &f), &f);
	for (size_t i = 0; i < 6; i++)
		claim.id.b[i] = (uint8_t)(made >> (8 * (5 - i)));
	claim.id.b[6] = (uint8_t)(0x70 | (claim.id.b[6] & 0x0f));
	claim.id.b[8] = (uint8_t)(0x80 | (claim.id.b[8] & 0x3f));
	whole = writer_of(body, sizeof body);
	cbor_put_map(&whole, 2);
	cbor_put_text(&whole, bytes_text("item"));
	cbor_put_text(&whole, bytes_text("a"));
	cbor_put_text(&whole, bytes_text("size"));
	cbor_put_uint(&whole, 1);
	assert_true(writer_done(&whole, &claim.body));
	claim_put(&w, &claim);
	assert_true(writer_done(&w, &bytes));
	whole = writer_of(arena_alloc(a, 2048), 2048);
	cbor_put_array(&whole, 3);
	cbor_put_bytes(&whole, bytes);
	cbor_put_null(&whole);
	cbor_put_map(&whole, 0);
	assert_true(writer_done(&whole, &bytes));
	err result = submission_from_cbor(h->engine, a, &caller, bytes_of("", 0), bytes, &s, &f);
	/* What was sent may go away once it has been read. */
	memset((uint8_t *)(uintptr_t)bytes.p, 0xff, bytes.n);
	if (result.code != OK)
		return f.message;
	ok(record_submit_wait(h->engine, &s, 1, false, &f), &f);
	return submission_result(s)->state == RESULT_REFUSED ? submission_result(s)->fault.message
							     : "";
}
