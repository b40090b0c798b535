/* SPDX-License-Identifier: Apache-2.0 */
/* What the signer reads again at its start: records of the journal after the first, each behind a u16
 * length. Whatever stands in them, what was counted stays within what was admitted, and each unit has a
 * number of its own. */
#include <stdlib.h>
#include <string.h>

#include "signer/found.h"
#include "signer/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* SubjectPublicKeyInfo of an Ed25519 key: nobody verifies with it here. */
static struct bytes some_key(struct arena *a, uint8_t which)
{
	static const uint8_t head[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
				       0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
	uint8_t *p = arena_alloc(a, sizeof(head) + 32);

	if (p == NULL)
		abort();
	memcpy(p, head, sizeof(head));
	memset(p + sizeof(head), which, 32);
	return bytes_of(p, sizeof(head) + 32);
}

static struct bytes first_record(struct arena *a)
{
	struct charter_holder founders[2] = {
		{.person = "ada", .kind = CHARTER_COSE, .outside = true},
		{.person = "ben", .kind = CHARTER_COSE, .outside = true}};
	struct charter_founding founding = {
		.origin = "example.com/log", .founders = founders, .founders_n = 2};
	struct genesis genesis = {.at = 1, .origin = bytes_text("example.com/log")};
	uint8_t *p = arena_alloc(a, GENESIS_MAX);
	struct writer w = writer_of(p, GENESIS_MAX);
	struct bytes record;

	for (uint8_t i = 0; i < 2; i++)
		founders[i].spki = some_key(a, (uint8_t)(i + 1));
	if (p == NULL || charter_found(&founding, a, &genesis.charter, NULL).code != OK)
		abort();
	genesis_put(&w, &genesis);
	if (!writer_done(&w, &record))
		abort();
	return record;
}

static void judge(const struct vault *v)
{
	uint64_t issued = 0;

	for (size_t i = 0; i < v->state.authorizations_n; i++)
		issued += v->state.authorizations[i].issued;
	if (issued != v->index.n || v->state.charter == NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct arena arena;
	static struct bytes first;
	struct vault v = {.last.counter = UINT64_MAX};
	struct replay replay = {.vault = &v};
	struct reader r = reader_of(bytes_of(data, n));
	struct fault f = {0};
	uint64_t at = 8;

	if (first.p == NULL)
		first = first_record(&arena);
	if (replay_record(&replay, first, at, &f).code != OK)
		abort();
	for (at += first.n; r.n >= 2; at += RECORD_MAX) {
		struct bytes record = get_bytes(&r, get_u16(&r));

		if (r.why != NULL || replay_record(&replay, record, at, &f).code != OK)
			break;
		judge(&v);
	}
	index_done(&v.index);
	state_done(&v.state);
	return 0;
}
