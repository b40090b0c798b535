/* SPDX-License-Identifier: Apache-2.0 */
/* document.c — signed documents: made, and read again from the journal. */
#include <string.h>

#include "core/cbor.h"
#include "signer/spend.h"

enum { HEAD_ROOM = 64, ENVELOPE_ROOM = 192 };

static int64_t algorithm_of(const struct private_key *key)
{
	return public_key_algorithm(private_key_public(key)) == KEY_ED25519 ? COSE_EDDSA
									    : COSE_ES256;
}

static err no_memory(struct fault *f)
{
	return fail(f, "MEMORY_EXHAUSTED", "what", "a signed document", NULL);
}

/* The Sig_structure of RFC 9052 section 4.4. */
static err message_of(struct arena *a, struct bytes protected, enum document_kind kind,
		      struct bytes payload, struct bytes *out, struct fault *f)
{
	size_t room = payload.n + protected.n + ENVELOPE_ROOM;
	uint8_t *p = arena_alloc(a, room);
	struct writer w = writer_of(p, room);

	if (p == NULL)
		return no_memory(f);
	cose_put_to_be_signed(&w, protected, document_name(kind), payload);
	return writer_done(&w, out) ? ERR_OK : no_memory(f);
}

static err assemble(struct arena *a, struct cose_sign1 sign1, struct bytes *out, struct fault *f)
{
	size_t room = sign1.payload.n + sign1.protected.n + ENVELOPE_ROOM;
	uint8_t *p = arena_alloc(a, room);
	struct writer w = writer_of(p, room);

	if (p == NULL)
		return no_memory(f);
	cose_put(&w, &sign1);
	return writer_done(&w, out) ? ERR_OK : no_memory(f);
}

err documents_sign(struct arena *a, const struct private_key *key, enum document_kind kind,
		   struct document_job *jobs, size_t n, struct fault *f)
{
	struct signing *signings = arena_array(a, n, sizeof(*signings));
	uint8_t *head = arena_alloc(a, HEAD_ROOM);
	struct writer w = writer_of(head, HEAD_ROOM);
	struct cose_sign1 sign1 = {.algorithm = algorithm_of(key),
				   .kid = public_key_id(private_key_public(key))};

	if (signings == NULL || head == NULL)
		return no_memory(f);
	cose_put_protected(&w, sign1.algorithm, sign1.kid);
	if (!writer_done(&w, &sign1.protected))
		return no_memory(f);
	for (size_t i = 0; i < n; i++)
		TRY(message_of(a, sign1.protected, kind, jobs[i].payload, &signings[i].message, f));
	TRY(key_sign_many(key, signings, n, f));
	for (size_t i = 0; i < n; i++) {
		sign1.payload = jobs[i].payload;
		sign1.signature = bytes_of(signings[i].signature, COSE_SIGNATURE_SIZE);
		TRY(assemble(a, sign1, &jobs[i].document, f));
	}
	return ERR_OK;
}

err document_verify(const struct vault *v, struct bytes document, enum document_kind kind,
		    struct fault *f)
{
	struct reader r = reader_of(document);
	struct cose_sign1 sign1;

	cose_get(&r, &sign1);
	for (size_t i = 0; reader_end(&r) && sign1.payload.p != NULL && i < SIGNER_KEYS; i++)
		if (cose_verify(&sign1, private_key_public(v->keys[i]), document_name(kind),
				sign1.payload))
			return ERR_OK;
	for (size_t i = 0; r.why == NULL && sign1.payload.p != NULL && i < v->former.keys_n; i++)
		if (cose_verify(&sign1, v->former.keys[i], document_name(kind), sign1.payload))
			return ERR_OK;
	return fail(f, "SIGNER_JOURNAL_CORRUPT", "at", "", "why",
		    "a document reads otherwise than at start", NULL);
}

err document_read(const struct vault *v, struct journal_span span, enum document_kind kind,
		  struct arena *a, struct bytes *out, struct fault *f)
{
	TRY(span_read(v, span, a, out, f));
	return document_verify(v, *out, kind, f);
}
