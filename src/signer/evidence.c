/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/evidence.h"

#include <stdio.h>

#include "core/sha256.h"
#include "crypto/proof.h"

bool claim_is(const struct claim *claim, const char *type)
{
	return bytes_equal(claim->type, bytes_text(type));
}

err shown_read(struct bytes entry, struct shown *out, struct fault *f)
{
	const char *why = NULL;

	if (!entry_parse(entry, &out->entry, &why))
		return fail(f, "SIGNER_ENTRY_MALFORMED", "why", why, NULL);
	out->digest = claim_digest(out->entry.claim_bytes);
	return ERR_OK;
}

err shown_origin(const struct vault *v, const struct shown *shown, struct fault *f)
{
	struct bytes ours = bytes_text(v->public.checkpoint.name);

	if (!check_left_out(CHECK_SIGNER_ORIGIN) && !bytes_equal(shown->entry.claim.origin, ours))
		return fail(f, "SIGNER_OTHER_LOG", "origin", v->public.checkpoint.name, NULL);
	return ERR_OK;
}

/* ---- heads ---- */

static err head_unknown(const struct vault *v, uint64_t size, struct fault *f)
{
	char asked[24], last[24];

	(void)snprintf(asked, sizeof(asked), "%llu", (unsigned long long)size);
	(void)snprintf(last, sizeof(last), "%llu", (unsigned long long)v->last.head.size);
	return fail(f, "SIGNER_HEAD_UNKNOWN", "size", asked, "last_size", last, NULL);
}

err evidence_head(const struct vault *v, uint64_t size, struct merkle_head *out, struct fault *f)
{
	const struct heads *heads = &v->heads;
	size_t kept = heads->n < HEADS_KEPT ? heads->n : HEADS_KEPT;

	if (v->state.charter->charter.anchor == ANCHOR_WITNESS &&
	    size > witness_anchor_counts(&v->witness) &&
	    !check_left_out(CHECK_SIGNER_TURNED_BACK)) {
		TRY(witness_anchor_check(&v->witness, f));
		return fail(f, "SIGNER_HEAD_NOT_COSIGNED", NULL);
	}
	for (size_t i = 0; i < kept; i++) {
		if (heads->ring[i].size != size)
			continue;
		*out = heads->ring[i];
		return ERR_OK;
	}
	if (check_left_out(CHECK_SIGNER_INCLUSION)) {
		*out = (struct merkle_head){.size = size};
		return ERR_OK;
	}
	return head_unknown(v, size, f);
}

static err not_included(const struct proved *proved, struct fault *f)
{
	char sequence[24];

	(void)snprintf(sequence, sizeof(sequence), "%llu", (unsigned long long)proved->sequence);
	return fail(f, "SIGNER_NOT_INCLUDED", "sequence", sequence, NULL);
}

err evidence_show(const struct vault *v, struct merkle_head head, const struct proved *proved,
		  struct shown *out, struct fault *f)
{
	struct hash path[MERKLE_DEPTH_MAX];

	TRY(shown_read(proved->entry, out, f));
	TRY(shown_origin(v, out, f));
	proved_path(proved, path);
	if (!check_left_out(CHECK_SIGNER_INCLUSION) &&
	    (out->entry.witness.sequence != proved->sequence ||
	     !merkle_includes(head, proved->sequence, merkle_leaf(proved->entry), path,
			      proved->path_n)))
		return not_included(proved, f);
	return ERR_OK;
}

err evidence_fresh(const struct vault *v, uint64_t newest, struct fault *f)
{
	if (v->state.charter->charter.anchor == ANCHOR_WITNESS &&
	    !witness_anchor_fresh(&v->witness, newest) && !check_left_out(CHECK_SIGNER_TURNED_BACK))
		return fail(f, "SIGNER_NOT_FRESH", NULL);
	return ERR_OK;
}

/* ---- proofs ---- */

const struct charter_key *evidence_key(const struct vault *v, const struct claim *claim)
{
	return claim->has_key ? charter_key_find(&v->state.charter->charter, claim->key) : NULL;
}

const struct charter_key *evidence_recovery_key(const struct vault *v, const struct claim *claim)
{
	const struct charter *c = &v->state.charter->charter;

	for (size_t i = 0; claim->has_key && i < c->recovery_n; i++)
		if (hash_equal(c->recovery_keys[i].id, claim->key))
			return &c->recovery_keys[i];
	return NULL;
}

static enum proof_kind proof_kind_of(enum charter_key_kind kind)
{
	switch (kind) {
	case CHARTER_COSE:
		return PROOF_COSE;
	case CHARTER_WEBAUTHN:
		return PROOF_WEBAUTHN;
	case CHARTER_SSHSIG:
		break;
	}
	return PROOF_SSHSIG;
}

static err check_proof(const struct shown *shown, struct bytes spki, struct bytes application,
		       const struct proof_party *party, struct fault *f)
{
	struct public_key *key = NULL;

	TRY(public_key_parse(spki, &key, f));
	err checked = proof_check(&shown->entry.proof, &shown->entry.claim,
				  shown->entry.claim_bytes, key, application, party, f);
	public_key_close(key);
	return checked;
}

err evidence_proof(const struct vault *v, const struct shown *shown, const struct charter_key *key,
		   struct fault *f)
{
	const struct charter *c = &v->state.charter->charter;
	struct proof_party party = {.relying_party = c->relying_party,
				    .origins = c->origins,
				    .origins_n = c->origins_n};

	if (check_left_out(CHECK_SIGNER_PROOF))
		return ERR_OK;
	if (shown->entry.proof.kind != proof_kind_of(key->kind))
		return fail(f, "SIGNER_PROOF_OTHER_KIND", NULL);
	return check_proof(shown, key->spki, key->application, &party, f);
}

err evidence_station(const struct shown *shown, struct bytes spki, struct fault *f)
{
	const struct claim *claim = &shown->entry.claim;

	if (check_left_out(CHECK_SIGNER_PROOF))
		return ERR_OK;
	if (spki.p == NULL || !claim->has_key || !hash_equal(sha256(spki), claim->key))
		return fail(f, "SIGNER_STATION_KEY_MISSING", NULL);
	if (shown->entry.proof.kind != PROOF_COSE)
		return fail(f, "SIGNER_PROOF_OTHER_KIND", NULL);
	return check_proof(shown, spki, (struct bytes){0}, NULL, f);
}
