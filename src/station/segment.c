/* SPDX-License-Identifier: Apache-2.0 */
/* segment.c — the bytes of a spool's segment: "SWSPOOL1", the counter of its first record, the chain
 * before it; then records: length, counter, payload, and SHA-256 over the chain before and all of these. */
#include "station/spool_internal.h"

#include "core/sha256.h"

#include <string.h>

static const char MAGIC[8] = {'S', 'W', 'S', 'P', 'O', 'O', 'L', '1'};

struct hash segment_chain(struct hash before, uint64_t counter, struct bytes payload)
{
	uint8_t head[12];
	struct writer w = writer_of(head, sizeof head);
	struct sha256 sum;

	put_u32(&w, (uint32_t)payload.n);
	put_u64(&w, counter);
	sha256_init(&sum);
	sha256_update(&sum, hash_bytes(&before));
	sha256_update(&sum, bytes_of(head, sizeof head));
	sha256_update(&sum, payload);
	return sha256_final(&sum);
}

void segment_put_head(struct writer *w, uint64_t first, struct hash chain)
{
	put_bytes(w, bytes_of(MAGIC, sizeof MAGIC));
	put_u64(w, first);
	put_bytes(w, hash_bytes(&chain));
}

void segment_put_record(struct writer *w, uint64_t counter, struct bytes payload, struct hash chain)
{
	put_u32(w, (uint32_t)payload.n);
	put_u64(w, counter);
	put_bytes(w, payload);
	put_bytes(w, hash_bytes(&chain));
}

bool segment_begin(struct segment *s)
{
	struct reader r = reader_of(s->content);
	struct bytes magic = get_bytes(&r, sizeof MAGIC);
	uint64_t first = get_u64(&r);
	struct bytes chain = get_bytes(&r, sizeof s->chain);

	if (r.why != NULL || !bytes_equal(magic, bytes_of(MAGIC, sizeof MAGIC)) || first == 0 ||
	    first > SEQUENCE_MAX)
		return false;
	memcpy(s->chain.b, chain.p, sizeof s->chain);
	s->counter = first - 1;
	s->at = SPOOL_HEAD_SIZE;
	return true;
}

bool segment_next(struct segment *s, struct segment_record *out)
{
	struct reader r = reader_of(bytes_of(s->content.p + s->at, s->content.n - s->at));
	uint32_t n = get_u32(&r);
	uint64_t counter = get_u64(&r);

	if (r.why != NULL || n == 0 || n > SPOOL_RECORD_MAX || counter != s->counter + 1)
		return false;
	struct bytes payload = get_bytes(&r, n), said = get_bytes(&r, sizeof(struct hash));
	if (r.why != NULL)
		return false;
	struct hash chain = segment_chain(s->chain, counter, payload);
	if (!bytes_equal(said, hash_bytes(&chain)))
		return false;
	*out = (struct segment_record){counter, s->at + SEGMENT_RECORD_HEAD, payload};
	s->at += SEGMENT_RECORD_HEAD + n + sizeof(struct hash);
	s->counter = counter;
	s->chain = chain;
	return true;
}
