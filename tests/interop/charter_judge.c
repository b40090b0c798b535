/* SPDX-License-Identifier: Apache-2.0 */
/* Reads cases, each after its length in four bytes, and answers each with a line: a charter, then
 * questions about it. For tests/interop/charter_differential.py. A case is CBOR:
 * [charter, charter that may follow, [* [class, author's key id, made, now, more,
 *  [* [key id, made, not_after, since]]]]]. The line: "-" if it is none; otherwise whether the second
 * follows ("-", "f" or "m" for one more), each of its keys ("s" if it stays, "n" if it is new), and for each question its verdict and the votes that
 * counted, in hexadecimal. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cbor.h"
#include "core/charter.h"

enum { CASE_MAX = 1 << 18 };

static struct charter charter, following;

static struct hash key_id(struct reader *r)
{
	struct bytes b = cbor_bytes(r);
	struct hash id = {{0}};

	if (b.n == sizeof id)
		memcpy(id.b, b.p, sizeof id);
	return id;
}

static void answer_question(struct reader *r)
{
	struct charter_vote votes[CHARTER_VOTES_MAX + 8];
	struct charter_question q = {.votes = votes};
	struct charter_answer a;

	(void)cbor_array(r);
	q.approval_class = cbor_text(r);
	q.author = charter_key_find(&charter, key_id(r));
	q.author_made = cbor_uint(r);
	q.now = cbor_uint(r);
	q.more = (unsigned)cbor_uint(r);
	for (size_t n = cbor_array(r); n > 0 && q.votes_n < CHARTER_VOTES_MAX + 8; n--) {
		struct charter_vote *vote = &votes[q.votes_n++];

		(void)cbor_array(r);
		vote->key = charter_key_find(&charter, key_id(r));
		vote->made = cbor_uint(r);
		vote->not_after = cbor_uint(r);
		vote->key_since = cbor_uint(r);
	}
	charter_weigh(&charter, &q, &a);
	printf(" %d:%" PRIx64, (int)a.verdict, a.used);
}

static void answer(struct bytes in)
{
	struct reader r = reader_of(in);
	bool more = false, follow;
	const char *why;
	struct bytes next;

	(void)cbor_array(&r);
	if (!charter_parse(cbor_bytes(&r), &charter, &why)) {
		puts("-");
		return;
	}
	next = cbor_bytes(&r);
	follow = charter_parse(next, &following, &why) &&
		 charter_follows(&charter, &following, &more, &why);
	printf("%c", !follow ? '-' : more ? 'm' : 'f');
	for (size_t i = 0; i < (follow ? following.keys_n : 0); i++) {
		size_t place;

		putchar(charter_key_stays(&charter, &following, &following.keys[i], &place) ? 's'
											    : 'n');
	}
	for (size_t n = cbor_array(&r); n > 0 && r.why == NULL; n--)
		answer_question(&r);
	puts("");
}

int main(void)
{
	static uint8_t item[CASE_MAX];
	uint8_t head[4];

	while (fread(head, 1, sizeof head, stdin) == sizeof head) {
		struct reader r = reader_of(bytes_of(head, sizeof head));
		size_t n = get_u32(&r);
		uint8_t *exact;

		if (n > CASE_MAX || fread(item, 1, n, stdin) != n)
			return 1;
		/* A copy of its own size, so that a sanitizer sees a read past the end. */
		exact = malloc(n > 0 ? n : 1);
		if (!exact)
			return 1;
		memcpy(exact, item, n);
		answer(bytes_of(exact, n));
		free(exact);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
