/* SPDX-License-Identifier: Apache-2.0 */
/* deny.c — the end of a decision, for good. Any person of the charter may, also with a record that never came
 * into the log: whoever holds the server cannot keep a no from the signer. */
#include "core/cbor.h"
#include "signer/admit.h"

struct denying {
	struct vault *vault;
	struct shown shown;
	struct bytes claim, proof; /* as they travelled */
	struct hash target;
	uint64_t issued;
};

/* An entry, or [claim, proof]. */
static err read_record(struct bytes record, struct denying *d, struct fault *f)
{
	struct reader r = reader_of(record);
	size_t parts = cbor_array(&r);
	const char *why = NULL;

	d->claim = cbor_bytes(&r);
	d->proof = cbor_item(&r);
	if (parts == 3)
		return shown_read(record, &d->shown, f);
	if (parts != 2 || !reader_end(&r))
		return fail(f, "SIGNER_ENTRY_MALFORMED", "why",
			    "it is neither an entry nor [claim, proof]", NULL);
	if (!claim_parse(d->claim, &d->shown.entry.claim, &why) ||
	    !proof_parse(d->proof, &d->shown.entry.proof, &why))
		return fail(f, "SIGNER_ENTRY_MALFORMED", "why", why, NULL);
	d->shown.entry.claim_bytes = d->claim;
	d->shown.digest = claim_digest(d->claim);
	return ERR_OK;
}

static err judge_author(struct denying *d, struct fault *f)
{
	const struct charter_key *key = evidence_key(d->vault, &d->shown.entry.claim);

	if (key == NULL)
		return fail(f, "SIGNER_DENIER_UNKNOWN", NULL);
	return evidence_proof(d->vault, &d->shown, key, f);
}

static err not_admitted(const char *what, struct fault *f)
{
	return fail(f, "SIGNER_NOT_ADMITTED", "what", what, NULL);
}

/* What it ends: by digest, also what was never admitted; by id, only what was. */
static err find_target(struct denying *d, struct fault *f)
{
	const struct signer_state *s = &d->vault->state;
	const struct claim *claim = &d->shown.entry.claim;
	const struct authorization *authorization = NULL;
	const struct release *release = NULL;
	struct body b = body_of(claim);

	if (claim_is(claim, "approval.denied"))
		d->target = body_hash(&b, "record");
	else if (claim_is(claim, "build.closed"))
		authorization = state_authorization(s, body_id(&b, "authorization"));
	else if (claim_is(claim, "firmware.withdrawn"))
		release = state_release(s, body_id(&b, "release"));
	else
		return fail(f, "SIGNER_TYPE_UNKNOWN", NULL);
	if (b.wrong != NULL)
		return fail(f, "SIGNER_BODY_WRONG", "field", b.wrong, NULL);
	if (claim_is(claim, "build.closed") && authorization == NULL)
		return not_admitted("build authorization", f);
	if (claim_is(claim, "firmware.withdrawn") && release == NULL)
		return not_admitted("firmware release", f);
	if (authorization != NULL)
		d->target = authorization->digest;
	if (release != NULL)
		d->target = release->digest;
	return ERR_OK;
}

/* A charter that is in force ends by the next revision, not by one voice. */
static err judge_target(struct denying *d, struct fault *f)
{
	const struct signer_state *s = &d->vault->state;
	const struct authorization *authorization = state_authorization_by(s, d->target);
	const struct known *known = known_find(&s->known, KNOWN_DECISION, d->target);

	if (authorization != NULL)
		d->issued = authorization->issued;
	if (known != NULL && known->value == DECIDED_CHARTER)
		return fail(f, "SIGNER_CHARTER_IN_FORCE", NULL);
	if (known == NULL && s->denials_n >= DENIED_MAX && !state_is_denied(s, d->target))
		return fail(f, "SIGNER_FULL", NULL);
	return ERR_OK;
}

static err judge(struct denying *d, struct bytes record, struct fault *f)
{
	TRY(vault_settle(d->vault, f));
	TRY(read_record(record, d, f));
	TRY(shown_origin(d->vault, &d->shown, f));
	TRY(find_target(d, f));
	TRY(judge_author(d, f));
	return judge_target(d, f);
}

static err journal_denial(struct denying *d, struct arena *a, struct fault *f)
{
	struct vault *v = d->vault;
	size_t room = d->claim.n + d->proof.n + 64;
	uint8_t *p = arena_alloc(a, room);
	struct writer w = writer_of(p, room);
	uint64_t at = vault_time(v);
	struct journal_span span;

	if (p == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a denial", NULL);
	cbor_put_array(&w, 5);
	cbor_put_uint(&w, RECORD_DENIAL);
	cbor_put_uint(&w, at);
	cbor_put_uint(&w, v->state.spent + 1);
	cbor_put_bytes(&w, d->claim);
	put_bytes(&w, d->proof);
	TRY(vault_spend(v, &w, at, &span, f));
	return state_denied(&v->state, &d->shown.entry.claim, f);
}

err vault_deny(struct vault *vault, const struct signer_request *request, struct arena *a,
	       struct writer *reply, struct fault *f)
{
	struct denying *d = arena_alloc(a, sizeof(*d));
	struct fault why_not = {0};

	if (d == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a denial", NULL);
	d->vault = vault;
	bool held = judge(d, request->record, &why_not).code == OK;
	if (held && !state_is_denied(&vault->state, d->target)) {
		TRY(journal_denial(d, a, f));
		held = vault_reach(vault, &why_not).code == OK;
	}
	if (!held) {
		reply_put_fault(reply, &why_not);
		return ERR_OK;
	}
	reply_put_ok(reply);
	cbor_put_array(reply, 2);
	hash_put(reply, d->target);
	cbor_put_uint(reply, d->issued);
	return ERR_OK;
}
