/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c — the table of typed requests, and the checkpoint. */
#include <stdio.h>
#include <string.h>

#include "core/cbor.h"
#include "signer/admit.h"

typedef err answer_fn(struct vault *vault, const struct signer_request *request, struct arena *a,
		      struct writer *reply, struct fault *f);

static err answer_public(struct vault *vault, const struct signer_request *request, struct arena *a,
			 struct writer *reply, struct fault *f)
{
	(void)request;
	(void)a;
	(void)f;
	reply_put_ok(reply);
	reply_put_public(reply, &vault->public);
	return ERR_OK;
}

static err answer_last(struct vault *vault, const struct signer_request *request, struct arena *a,
		       struct writer *reply, struct fault *f)
{
	(void)request;
	(void)a;
	(void)f;
	reply_put_ok(reply);
	head_put(reply, vault->last.head);
	return ERR_OK;
}

/* ---- checkpoints ---- */

static bool head_equal(struct merkle_head a, struct merkle_head b)
{
	return a.size == b.size && hash_equal(a.root, b.root);
}

/* Names both heads: with the two notes, somebody can prove which one was signed. */
static void fault_of_heads(struct fault *f, const char *id, struct merkle_head asked,
			   struct merkle_head last)
{
	char asked_size[24], asked_root[65], last_size[24], last_root[65];

	(void)snprintf(asked_size, sizeof(asked_size), "%llu", (unsigned long long)asked.size);
	(void)snprintf(last_size, sizeof(last_size), "%llu", (unsigned long long)last.size);
	hex_encode(hash_bytes(&asked.root), asked_root);
	hex_encode(hash_bytes(&last.root), last_root);
	(void)fail(f, id, "size", asked_size, "root", asked_root, "last_size", last_size,
		   "last_root", last_root, NULL);
}

/* Whether `request` may be signed after `last`; otherwise `why_not` is filled. */
static bool extends_last(const struct signer_request *request, struct merkle_head last,
			 struct fault *why_not)
{
	/* A proof that starts elsewhere proves nothing about the last head; ask again from there.
	 * A head that cannot follow, whatever the proof, is a fork. */
	if (!head_equal(request->old, last) && request->old.size != last.size &&
	    request->now.size > last.size) {
		fault_of_heads(why_not, "SIGNER_PROOF_STARTS_ELSEWHERE", request->old, last);
		return false;
	}
	if (!head_equal(request->old, last) ||
	    !merkle_extends(last, request->now, request->path, request->path_n)) {
		fault_of_heads(why_not, "SIGNER_FORK", request->now, last);
		return false;
	}
	return true;
}

/* text ‖ "\n" ‖ signature line (C2SP signed-note). */
static err note_make(const struct vault *vault, struct merkle_head head,
		     struct checkpoint_state *out, struct fault *f)
{
	struct writer w = writer_of(out->note, sizeof(out->note));
	const struct note_key *key = &vault->public.checkpoint;
	uint8_t signature[64];
	struct bytes text, note;

	checkpoint_put(&w, bytes_text(key->name), head);
	if (!writer_done(&w, &text))
		return fail(f, "SIGNER_CHECKPOINT_FAILED", "what", "write", "why", "the size",
			    NULL);
	TRY(key_sign(vault->keys[SIGNER_KEY_CHECKPOINT], text, signature, f));
	put_text(&w, "\n");
	note_put_signature(&w, key->name, key->id, bytes_of(signature, sizeof(signature)));
	if (!writer_done(&w, &note))
		return fail(f, "SIGNER_CHECKPOINT_FAILED", "what", "write", "why", "the size",
			    NULL);
	out->note_n = note.n;
	return ERR_OK;
}

static void put_note(struct writer *reply, const struct checkpoint_state *state)
{
	reply_put_ok(reply);
	cbor_put_bytes(reply, bytes_of(state->note, state->note_n));
}

static err answer_checkpoint(struct vault *vault, const struct signer_request *request,
			     struct arena *a, struct writer *reply, struct fault *f)
{
	struct checkpoint_state next = {.counter = vault->last.counter + 1,
					.head = request->now,
					.journal = vault->journal.end};
	struct fault why_not = {0};

	(void)a;
	/* A signer that was turned back must not walk its old head forward, nor one of which that is not
	 * known. One whose TPM agreed since the start and is only away may: a checkpoint spends nothing. */
	if (vault_settle(vault, &why_not).code != OK &&
	    (vault->state.charter->charter.anchor == ANCHOR_WITNESS ||
	     why_not.code == ERR_CORRUPT || (vault->state.anchored && !vault->guard.agreed))) {
		reply_put_fault(reply, &why_not);
		return ERR_OK;
	}
	if (vault->last.note_n > 0 && head_equal(request->now, vault->last.head)) {
		put_note(reply, &vault->last);
		return ERR_OK;
	}
	if (!check_left_out(CHECK_SIGNER_FORK) &&
	    !extends_last(request, vault->last.head, &why_not)) {
		reply_put_fault(reply, &why_not);
		return ERR_OK;
	}
	TRY(note_make(vault, request->now, &next, f));
	TRY(slots_write(&vault->slots, &next, f));
	vault->last = next;
	vault->heads.ring[vault->heads.n++ % HEADS_KEPT] = next.head;
	put_note(reply, &vault->last);
	return ERR_OK;
}

/* ---- witnesses ---- */

static err answer_nonce(struct vault *vault, const struct signer_request *request, struct arena *a,
			struct writer *reply, struct fault *f)
{
	struct bytes note = {0};
	struct fault why_not = {0};

	(void)request;
	(void)f;
	if (vault->state.charter->charter.anchor == ANCHOR_WITNESS &&
	    witness_anchor_note(&vault->witness, vault->keys[SIGNER_KEY_CHECKPOINT], a, &note,
				&why_not)
			    .code != OK) {
		reply_put_fault(reply, &why_not);
		return ERR_OK;
	}
	reply_put_ok(reply);
	cbor_put_bytes(reply, note);
	return ERR_OK;
}

static bool head_known(const struct vault *vault, struct merkle_head head)
{
	size_t kept = vault->heads.n < HEADS_KEPT ? vault->heads.n : HEADS_KEPT;

	for (size_t i = 0; i < kept; i++)
		if (head_equal(vault->heads.ring[i], head))
			return true;
	return head_equal(vault->last.head, head);
}

static err answer_witnessed(struct vault *vault, const struct signer_request *request,
			    struct arena *a, struct writer *reply, struct fault *f)
{
	struct witness_anchor taken = vault->witness;
	struct fault why_not = {0};
	struct merkle_head head = {0};

	(void)a;
	(void)f;
	if (vault->state.charter->charter.anchor != ANCHOR_WITNESS)
		(void)fail(&why_not, "SIGNER_WITNESS_NOTE", "why",
			   "the charter's anchor is not a witness", NULL);
	else if (witness_anchor_take(&taken, request->record, &head, &why_not).code == OK) {
		if (head_known(vault, head))
			vault->witness = taken;
		else
			fault_of_heads(&why_not, "SIGNER_FORK", head, vault->last.head);
	}
	if (why_not.code != OK) {
		reply_put_fault(reply, &why_not);
		return ERR_OK;
	}
	reply_put_ok(reply);
	head_put(reply, head);
	return ERR_OK;
}

/* ---- the table ---- */

static const struct {
	answer_fn *answer;
	bool for_all; /* also for whoever is not the server */
} ANSWERS[OPERATIONS] = {
	[OPERATION_PUBLIC] = {answer_public, true},
	[OPERATION_LAST] = {answer_last, true},
	[OPERATION_STATUS] = {vault_status, true},
	[OPERATION_NONCE] = {answer_nonce, false},
	[OPERATION_CHECKPOINT] = {answer_checkpoint, false},
	[OPERATION_WITNESSED] = {answer_witnessed, false},
	[OPERATION_DENY] = {vault_deny, true},
	[OPERATION_POLICY] = {vault_decide, false},
	[OPERATION_AUTHORIZE] = {vault_decide, false},
	[OPERATION_FIRMWARE] = {vault_decide, false},
	[OPERATION_CREDENTIAL] = {vault_decide, false},
	[OPERATION_ISSUE] = {vault_issue, false},
	[OPERATION_PERMIT] = {vault_permit, false},
};

err vault_answer(struct vault *vault, struct bytes request, bool limited, struct arena *a,
		 struct writer *reply, struct fault *f)
{
	struct signer_request *parsed = arena_alloc(a, sizeof(*parsed));
	struct fault refused = {0};
	const char *why = NULL;

	if (parsed == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a request", NULL);
	if (!request_parse(request, parsed, &why)) {
		(void)fail(&refused, "SIGNER_REQUEST_MALFORMED", "why", why, NULL);
		reply_put_fault(reply, &refused);
		return ERR_OK;
	}
	if (limited && !ANSWERS[parsed->operation].for_all) {
		(void)fail(&refused, "SIGNER_PEER_REFUSED", NULL);
		reply_put_fault(reply, &refused);
		return ERR_OK;
	}
	return ANSWERS[parsed->operation].answer(vault, parsed, a, reply, f);
}
