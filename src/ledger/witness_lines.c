/* SPDX-License-Identifier: Apache-2.0 */
/* witness_lines.c — the text of requests and replies. Pure. */
#include "ledger/witness.h"

#include <stdio.h>
#include <string.h>

/* Takes one line without its line feed. */
static bool take_line(struct bytes *rest, struct bytes *line)
{
	const uint8_t *end = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;

	if (!end)
		return false;
	*line = bytes_of(rest->p, (size_t)(end - rest->p));
	*rest = bytes_of(end + 1, rest->n - line->n - 1);
	return true;
}

/* Decimal without leading zeros, below 2^63. */
static bool parse_size(struct bytes text, uint64_t *out)
{
	uint64_t v = 0;

	if (text.n == 0 || text.n > 19 || (text.n > 1 && text.p[0] == '0'))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(text.p[i] - '0');
	}
	*out = v;
	return v <= INT64_MAX;
}

static const char *parse_request(struct bytes body, struct witness_request *out)
{
	static const char OLD[] = "old ";
	const size_t prefix = sizeof(OLD) - 1;
	struct bytes line;
	size_t n;

	if (body.n > WITNESS_BODY_MAX)
		return "the request is too large";
	if (!take_line(&body, &line) || line.n < prefix || memcmp(line.p, OLD, prefix) != 0 ||
	    !parse_size(bytes_of(line.p + prefix, line.n - prefix), &out->old))
		return "the first line must be \"old\" and a size";
	for (out->n = 0;; out->n++) {
		if (!take_line(&body, &line))
			return "there is no empty line before the checkpoint";
		if (line.n == 0)
			break;
		if (out->n == WITNESS_PATH_MAX)
			return "the consistency proof has more than 63 lines";
		if (!base64_decode(line, out->path[out->n].b, sizeof(struct hash), &n) ||
		    n != sizeof(struct hash))
			return "a line of the consistency proof is not base64 of 32 bytes";
	}
	out->checkpoint = body;
	return NULL;
}

bool witness_request_parse(struct bytes body, struct witness_request *out, const char **why)
{
	*why = parse_request(body, out);
	return !*why;
}

void witness_request_put(struct writer *w, uint64_t old, const struct hash *path, size_t n,
			 struct bytes checkpoint)
{
	char line[64];

	snprintf(line, sizeof(line), "old %llu\n", (unsigned long long)old);
	put_text(w, line);
	for (size_t i = 0; i < n; i++) {
		base64_encode(hash_bytes(&path[i]), line);
		put_text(w, line);
		put_u8(w, '\n');
	}
	put_u8(w, '\n');
	put_bytes(w, checkpoint);
}

/* The note with the reply's lines after it, if that is a note which the witness signed. */
static bool take_cosignatures(struct bytes body, struct bytes note, const struct note_key *witness,
			      note_verify_fn *verify, struct writer *cosigned)
{
	uint8_t joined[NOTE_SIZE_MAX];
	struct writer w = writer_of(joined, sizeof(joined));
	struct bytes all;
	struct note before, parsed;
	const char *why;

	put_bytes(&w, note);
	put_bytes(&w, body);
	if (!note_parse(note, &before, &why) || !writer_done(&w, &all) ||
	    !note_parse(all, &parsed, &why) || parsed.text.n != before.text.n ||
	    note_verify(&parsed, witness, verify, NULL) != NOTE_VALID)
		return false;
	put_bytes(cosigned, note);
	size_t taken = 0;

	for (size_t i = before.n; i < parsed.n; i++) {
		const struct note_signature *s = &parsed.signatures[i];

		if (s->id != witness->id || !bytes_equal(s->name, bytes_text(witness->name)))
			continue;
		note_put_signature(cosigned, witness->name, s->id, bytes_of(s->blob, s->blob_n));
		taken++;
	}
	return taken > 0;
}

enum witness_answer witness_answer_read(unsigned status, struct bytes body, struct bytes note,
					const struct note_key *witness, note_verify_fn *verify,
					struct writer *cosigned, uint64_t *size)
{
	struct bytes line;

	if (status == 200 && take_cosignatures(body, note, witness, verify, cosigned))
		return WITNESS_COSIGNED;
	if (status == 409 && take_line(&body, &line) && body.n == 0 && parse_size(line, size))
		return WITNESS_STALE;
	return WITNESS_REFUSED;
}
