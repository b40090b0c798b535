/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/body.h"

#include <string.h>

#include "core/cbor.h"

err body_check(const struct body *b, struct fault *f)
{
	return b->wrong == NULL ? ERR_OK : fail(f, "SIGNER_BODY_WRONG", "field", b->wrong, NULL);
}

struct body body_of(const struct claim *claim)
{
	return (struct body){.map = claim->body};
}

struct bytes body_item(const struct body *b, const char *name)
{
	struct reader r = reader_of(b->map);

	if (b->wrong != NULL)
		return (struct bytes){0};
	for (size_t n = cbor_map(&r); r.why == NULL && n > 0; n--) {
		struct bytes key = cbor_text(&r), item = cbor_item(&r);

		if (r.why == NULL && bytes_equal(key, bytes_text(name)))
			return item;
	}
	return (struct bytes){0};
}

bool body_has(const struct body *b, const char *name)
{
	return body_item(b, name).p != NULL;
}

/* Takes the item's content by `get`, and remembers the first name that did not do. */
static struct bytes take(struct body *b, const char *name, struct bytes (*get)(struct reader *),
			 size_t least, size_t most)
{
	struct reader r = reader_of(body_item(b, name));
	struct bytes content = get(&r);

	if (b->wrong == NULL && reader_end(&r) && content.n >= least && content.n <= most)
		return content;
	if (b->wrong == NULL)
		b->wrong = name;
	return (struct bytes){0};
}

struct bytes body_text(struct body *b, const char *name, size_t most)
{
	return take(b, name, cbor_text, 1, most);
}

struct bytes body_id(struct body *b, const char *name)
{
	struct bytes id = take(b, name, cbor_text, 1, ID_SIZE_MAX);

	if (b->wrong == NULL && !id_valid(id))
		b->wrong = name;
	return b->wrong == NULL ? id : (struct bytes){0};
}

struct bytes body_blob(struct body *b, const char *name, size_t least, size_t most)
{
	return take(b, name, cbor_bytes, least, most);
}

struct hash body_hash(struct body *b, const char *name)
{
	struct hash hash = {{0}};
	struct bytes content = take(b, name, cbor_bytes, sizeof(hash.b), sizeof(hash.b));

	if (content.n == sizeof(hash.b))
		memcpy(hash.b, content.p, sizeof(hash.b));
	return hash;
}

uint64_t body_number(struct body *b, const char *name, uint64_t most)
{
	struct reader r = reader_of(body_item(b, name));
	uint64_t number = cbor_uint(&r);

	if (b->wrong == NULL && reader_end(&r) && number <= most)
		return number;
	if (b->wrong == NULL)
		b->wrong = name;
	return 0;
}

bool body_flag(struct body *b, const char *name)
{
	struct bytes item = body_item(b, name);
	struct reader r = reader_of(item);

	if (item.p == NULL)
		return false;
	bool flag = cbor_bool(&r);
	if (reader_end(&r))
		return flag;
	if (b->wrong == NULL)
		b->wrong = name;
	return false;
}
