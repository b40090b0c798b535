/* SPDX-License-Identifier: Apache-2.0 */
/* view_cursor.c — where a page ended, sealed: what is taken back is what was given, for that very
 * question. It is the values that the last row is ordered by: of `sort`, then of the view's order. */
#include "record/views.h"

#include "core/cbor.h"
#include "core/sha256.h"

#include <stdlib.h>
#include <string.h>

enum { SEAL_SIZE = 16, VALUES_MAX = 1024, CURSOR_MAX = SEAL_SIZE + VALUES_MAX };

/* ---- the seal ---- */

struct asked {
	const char *name, *value;
};

static int order_asked(const void *a, const void *b)
{
	const struct asked *x = a, *y = b;
	int names = strcmp(x->name, y->name);

	return names != 0 ? names : strcmp(x->value, y->value);
}

/* All that was asked, in whatever order, but for the page's size and place. False without memory. */
static bool hash_question(const struct query *q, struct sha256 *s)
{
	struct asked *all = arena_array(q->arena, q->request->n + 1, sizeof *all);
	size_t n = 0;

	if (all == NULL)
		return false;
	for (size_t i = 0; i < q->request->n; i++)
		if (strcmp(q->request->names[i], "limit") != 0 &&
		    strcmp(q->request->names[i], "cursor") != 0)
			all[n++] = (struct asked){q->request->names[i], q->request->values[i]};
	qsort(all, n, sizeof *all, order_asked);
	for (size_t i = 0; i < n; i++) {
		sha256_update(s, bytes_of(all[i].name, strlen(all[i].name) + 1));
		sha256_update(s, bytes_of(all[i].value, strlen(all[i].value) + 1));
	}
	sha256_update(s, bytes_of("", 1));
	return true;
}

/* HMAC-SHA256 (RFC 2104) of 0 ‖ view ‖ 0 ‖ question ‖ values, cut to 16 bytes. Salts are made with the
 * same secret; their messages begin with an author, which is never a zero. */
static bool seal(const struct engine *e, const struct query *q, struct bytes values,
		 uint8_t out[static SEAL_SIZE])
{
	uint8_t key[64] = {0};
	struct sha256 s;

	memcpy(key, e->config.secret, sizeof e->config.secret);
	for (size_t i = 0; i < sizeof key; i++)
		key[i] ^= 0x36;
	sha256_init(&s);
	sha256_update(&s, bytes_of(key, sizeof key));
	sha256_update(&s, bytes_of("", 1));
	sha256_update(&s, bytes_of(q->view->name, strlen(q->view->name) + 1));
	bool hashed = hash_question(q, &s);
	sha256_update(&s, values);
	struct hash inner = sha256_final(&s);
	for (size_t i = 0; i < sizeof key; i++)
		key[i] ^= 0x36 ^ 0x5c;
	sha256_init(&s);
	sha256_update(&s, bytes_of(key, sizeof key));
	sha256_update(&s, hash_bytes(&inner));
	struct hash outer = sha256_final(&s);
	memcpy(out, outer.b, SEAL_SIZE);
	bytes_wipe(key, sizeof key);
	return hashed;
}

/* ---- making ---- */

static const struct value *value_at(const struct query *q, const struct value *columns,
				    const struct view_column *c)
{
	return &columns[c - q->view->columns];
}

json_t *view_cursor_make(const struct engine *e, const struct query *q, const struct value *columns,
			 struct fault *f)
{
	uint8_t cursor[CURSOR_MAX];
	char text[2 * CURSOR_MAX];
	struct writer w = writer_of(cursor + SEAL_SIZE, VALUES_MAX);
	struct bytes values;

	cbor_put_array(&w, (q->sort != NULL) + q->shape.order_n);
	if (q->sort != NULL)
		value_put_cbor(&w, value_at(q, columns, q->sort));
	for (size_t i = 0; i < q->shape.order_n; i++)
		value_put_cbor(&w, value_at(q, columns, view_column(q->view, q->shape.order[i])));
	if (!writer_done(&w, &values)) {
		(void)fail_field(f, "sort", "VIEW_SORT_TOO_LONG", "column",
				 q->sort != NULL ? q->sort->name : q->view->name, NULL);
		return NULL;
	}
	if (!seal(e, q, values, cursor)) {
		(void)fail(f, "OUT_OF_MEMORY", NULL);
		return NULL;
	}
	base64url_encode(bytes_of(cursor, SEAL_SIZE + values.n), text);
	json_t *json = json_string(text);
	if (json == NULL)
		(void)fail(f, "OUT_OF_MEMORY", NULL);
	return json;
}

/* ---- taking back ---- */

static bool open_cursor(const struct engine *e, const struct query *q, const char *text,
			struct bytes *values)
{
	uint8_t *bytes = arena_alloc(q->arena, CURSOR_MAX), expected[SEAL_SIZE];
	size_t n;

	if (bytes == NULL || !base64url_decode(bytes_text(text), bytes, CURSOR_MAX, &n) ||
	    n <= SEAL_SIZE)
		return false;
	*values = bytes_of(bytes + SEAL_SIZE, n - SEAL_SIZE);
	return seal(e, q, *values, expected) && bytes_equal_secret(expected, bytes, SEAL_SIZE);
}

/* A cursor may be older than the program: its values must be what the columns hold now. */
static bool get_cursor_value(struct reader *r, const struct view_column *c, bool nullable,
			     struct value *out)
{
	switch (cbor_peek(r)) {
	case CBOR_UINT:
	case CBOR_NINT:
		*out = value_int(cbor_int(r));
		break;
	case CBOR_TEXT:
		*out = value_text(cbor_text(r));
		break;
	case CBOR_BYTES:
		*out = value_blob(cbor_bytes(r));
		break;
	case CBOR_NULL:
		cbor_null(r);
		*out = value_null;
		return nullable;
	case CBOR_INVALID:
	case CBOR_ARRAY:
	case CBOR_MAP:
	case CBOR_TAG:
	case CBOR_BOOL:
	default:
		return false;
	}
	return out->kind == c->kind;
}

/* Among equals of `sort`: " (v.a, v.b) > (:q_1, :q_2)". */
static err put_after_own(struct query *q, const struct value *own, struct fault *f)
{
	query_put(q, "(");
	for (size_t i = 0; i < q->shape.order_n; i++) {
		query_put(q, i == 0 ? "" : ", ");
		query_put_column(q, q->shape.order[i]);
	}
	query_put(q, ") > (");
	for (size_t i = 0; i < q->shape.order_n; i++) {
		query_put(q, i == 0 ? "" : ", ");
		TRY(query_put_value(q, own[i], f));
	}
	query_put(q, ")");
	return ERR_OK;
}

static void put_sort(struct query *q, const char *before, const char *after)
{
	query_put(q, before);
	query_put_column(q, q->sort->name);
	query_put(q, after);
}

/* Rows without a value stand last, in descending order first: as PostgreSQL has it by itself. */
static err put_after_null(struct query *q, const struct value *own, struct fault *f)
{
	put_sort(q, "(", q->descending ? " IS NOT NULL OR " : " IS NULL AND ");
	TRY(put_after_own(q, own, f));
	query_put(q, ")");
	return ERR_OK;
}

/* Descending, the bound that no NULL meets stands first, so that an index is entered there. */
static err put_after_value(struct query *q, struct value at, const struct value *own,
			   struct fault *f)
{
	put_sort(q, "", q->descending ? " <= " : " IS NULL OR ");
	if (q->descending)
		TRY(query_put_value(q, at, f));
	put_sort(q, q->descending ? " AND (" : "", q->descending ? " < " : " > ");
	TRY(query_put_value(q, at, f));
	put_sort(q, " OR (", " = ");
	TRY(query_put_value(q, at, f));
	query_put(q, " AND ");
	TRY(put_after_own(q, own, f));
	query_put(q, q->descending ? "))" : ")");
	return ERR_OK;
}

static err cursor_wrong(struct fault *f)
{
	return fail_field(f, "cursor", "VIEW_CURSOR_WRONG", NULL);
}

err query_put_cursor(struct query *q, const struct engine *e, struct fault *f)
{
	const char *text = query_text(q, "cursor");
	struct value at = value_null, own[VIEW_ORDER_MAX];
	struct bytes values;

	if (text == NULL)
		return ERR_OK;
	if (!open_cursor(e, q, text, &values))
		return cursor_wrong(f);
	struct reader r = reader_of(values);
	if (cbor_array(&r) != (q->sort != NULL) + q->shape.order_n)
		return cursor_wrong(f);
	if (q->sort != NULL && !get_cursor_value(&r, q->sort, true, &at))
		return cursor_wrong(f);
	for (size_t i = 0; i < q->shape.order_n; i++)
		if (!get_cursor_value(&r, view_column(q->view, q->shape.order[i]), false, &own[i]))
			return cursor_wrong(f);
	if (!reader_end(&r))
		return cursor_wrong(f);
	query_put(q, " AND (");
	if (q->sort == NULL)
		TRY(put_after_own(q, own, f));
	else if (at.kind == VALUE_NULL)
		TRY(put_after_null(q, own, f));
	else
		TRY(put_after_value(q, at, own, f));
	query_put(q, ")");
	return ERR_OK;
}
