/* SPDX-License-Identifier: Apache-2.0 */
#include "client/passport_file.h"

#include "core/cbor.h"
#include "core/passport.h"

#include <stdio.h>
#include <string.h>

err client_passport(struct client *c, struct arena *a, const struct passport_wish *wish,
		    struct bytes *out, struct fault *f)
{
	const char *product = client_escape(c, a, wish->product);
	const char *serial = client_escape(c, a, wish->serial);
	const char *without = wish->without == NULL ? NULL : client_escape(c, a, wish->without);

	if (product == NULL || serial == NULL || (wish->without != NULL && without == NULL))
		return fail(f, "OUT_OF_MEMORY", NULL);
	const char *path =
		arena_printf(a, "/v1/passport/%s/%s%s%s%s%s", product, serial,
			     wish->confidential ? "?show=confidential" : "",
			     without == NULL      ? ""
			     : wish->confidential ? "&"
						  : "?",
			     without == NULL ? "" : "without=", without == NULL ? "" : without);
	if (path == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	return client_get(c, a, path, "application/vnd.sealwright.passport+cbor", PASSPORT_SIZE_MAX,
			  out, f);
}

/* ---- less of it ---- */

static err wrong(struct fault *f, const char *detail)
{
	return fail(f, "PASSPORT_WRONG", "detail", detail, "where", " (step file)", NULL);
}

/* "customer", or "unit.declared.customer". */
static bool is_named(struct bytes type, struct bytes field, struct bytes name)
{
	if (bytes_equal(field, name))
		return true;
	return name.n == type.n + 1 + field.n && bytes_equal(bytes_of(name.p, type.n), type) &&
	       name.p[type.n] == '.' && bytes_equal(bytes_of(name.p + type.n + 1, field.n), field);
}

struct hiding {
	const char *const *names;
	size_t n;
	struct hash commitments[PASSPORT_OPENINGS_MAX]; /* of the openings, as they stand */
	bool hide[PASSPORT_OPENINGS_MAX];
	size_t openings_n;
	bool found; /* the name that is being looked for */
	struct entry entry;
};

static void hide_value(struct hiding *h, struct bytes value)
{
	for (size_t i = 0; i < h->openings_n; i++) {
		if (!bytes_equal(hash_bytes(&h->commitments[i]), value))
			continue;
		h->hide[i] = true;
		h->found = true;
	}
}

/* Every digest under the name, in the body or in an element of its lists. */
static void hide_field(struct hiding *h, struct bytes body, struct bytes name, bool inside)
{
	struct reader r = reader_of(body);

	for (size_t n = cbor_map(&r); n > 0 && r.why == NULL; n--) {
		struct bytes field = cbor_text(&r), item = cbor_item(&r);
		struct reader value = reader_of(item);
		if (cbor_peek(&value) == CBOR_BYTES && is_named(h->entry.claim.type, field, name))
			hide_value(h, cbor_bytes(&value));
		if (cbor_peek(&value) != CBOR_ARRAY || inside)
			continue;
		for (size_t i = cbor_array(&value); i > 0 && value.why == NULL; i--)
			hide_field(h, cbor_item(&value), name, true);
	}
}

/* A name that fits nothing would leave shown what its holder believes hidden. */
static err choose(struct hiding *h, const struct passport *p, struct fault *f)
{
	for (size_t i = 0; i < h->openings_n; i++)
		h->hide[i] = h->n == 0;
	for (size_t i = 0; i < h->n; i++) {
		struct passport_entry e;
		const char *why;
		size_t n;
		struct reader at = passport_entries(p, &n);
		h->found = false;
		for (size_t k = 0; k < n && passport_next_entry(&at, &e); k++)
			if (entry_parse(e.bytes, &h->entry, &why))
				hide_field(h, h->entry.claim.body, bytes_text(h->names[i]), false);
		if (!h->found)
			return fail(f, "PASSPORT_NOTHING_HIDDEN", "field", h->names[i], NULL);
	}
	return h->n > 0 || h->openings_n > 0
		       ? ERR_OK
		       : fail(f, "PASSPORT_NOTHING_HIDDEN", "field", "at all", NULL);
}

static size_t put_rest(const struct hiding *h, const struct passport *p, struct writer *w)
{
	struct passport_opening o;
	size_t n, hidden = 0;
	struct reader at = passport_openings(p, &n);

	for (size_t i = 0; i < n; i++)
		hidden += h->hide[i];
	cbor_put_array(w, n - hidden);
	for (size_t i = 0; i < n && passport_next_opening(&at, &o); i++) {
		if (h->hide[i])
			continue;
		cbor_put_array(w, 2);
		cbor_put_bytes(w, o.salt);
		cbor_put_text(w, o.value);
	}
	return hidden;
}

static err write_rest(struct arena *a, const struct hiding *h, struct passport *p, size_t size,
		      struct bytes *out, size_t *hidden, struct fault *f)
{
	uint8_t *list = arena_alloc(a, size), *file = arena_alloc(a, size + 64);
	struct writer w = writer_of(list, size);

	if (list == NULL || file == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	*hidden = put_rest(h, p, &w);
	if (!writer_done(&w, &p->openings))
		return wrong(f, "it is too large");
	w = writer_of(file, size + 64);
	passport_put(&w, p);
	return writer_done(&w, out) ? ERR_OK : wrong(f, "it is too large");
}

err passport_redact(struct arena *a, struct bytes file, const char *const *fields, size_t n,
		    struct bytes *out, size_t *hidden, struct fault *f)
{
	struct passport p;
	struct passport_opening o;
	struct hiding *h = arena_alloc(a, sizeof *h);
	const char *why;
	size_t openings_n;

	if (h == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (!passport_parse(file, &p, &why))
		return wrong(f, why);
	*h = (struct hiding){.names = fields, .n = n};
	struct reader at = passport_openings(&p, &openings_n);
	while (h->openings_n < openings_n && passport_next_opening(&at, &o))
		h->commitments[h->openings_n++] = o.commitment;
	TRY(choose(h, &p, f));
	/* Version 1 never had openings: whatever comes here says what version 2 says. */
	if (p.version < PASSPORT_VERSION)
		return wrong(f, "a passport of version 1 shows no values");
	return write_rest(a, h, &p, file.n, out, hidden, f);
}
