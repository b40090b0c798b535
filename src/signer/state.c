/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/state.h"

#include <stdlib.h>
#include <string.h>

#include "core/cbor.h"
#include "core/sha256.h"

static err no_memory(struct fault *f)
{
	return fail(f, "MEMORY_EXHAUSTED", "what", "the signer's index", NULL);
}

/* ---- the charter ---- */

/* A newcomer's approvals wait. */
static uint64_t since_before(const struct charter_state *before, const struct charter *next,
			     const struct charter_key *key, uint64_t at)
{
	size_t place;

	if (before == NULL)
		return 0;
	return charter_key_stays(&before->charter, next, key, &place) ? before->since[place] : at;
}

err state_charter(struct signer_state *s, struct bytes charter, uint64_t at, struct fault *f)
{
	struct charter_state *next = calloc(1, sizeof(*next));
	const char *why = NULL;

	if (next == NULL)
		return no_memory(f);
	if (charter.n <= sizeof(next->bytes))
		memcpy(next->bytes, charter.p, charter.n);
	if (charter.n > sizeof(next->bytes) ||
	    !charter_parse(bytes_of(next->bytes, charter.n), &next->charter, &why)) {
		free(next);
		return fail(f, "CHARTER_WRONG", "why", why != NULL ? why : "it is too large", NULL);
	}
	for (size_t i = 0; i < next->charter.keys_n; i++)
		next->since[i] =
			since_before(s->charter, &next->charter, &next->charter.keys[i], at);
	/* A charter that does without a TPM lets it go; another may begin. */
	if (s->charter != NULL && s->charter->charter.anchor == ANCHOR_TPM &&
	    next->charter.anchor != ANCHOR_TPM) {
		s->anchor_left = s->anchored;
		s->anchor_left_spent = s->spent;
		s->anchored = false;
	}
	free(s->charter);
	s->charter = next;
	return ERR_OK;
}

uint64_t state_key_since(const struct signer_state *s, const struct charter_key *key)
{
	return s->charter->since[key - s->charter->charter.keys];
}

/* ---- lists ---- */

static bool make_room(void **list, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return true;
	size_t larger = *cap == 0 ? 64 : *cap * 2;
	void *grown = n >= ADMITTED_MAX ? NULL : reallocarray(*list, larger, size);

	if (grown == NULL)
		return false;
	*list = grown;
	*cap = larger;
	return true;
}

static struct hash id_digest(struct bytes id)
{
	return sha256(id);
}

static bool know(struct signer_state *s, enum known_kind kind, struct hash digest, uint64_t value)
{
	struct known known = {.digest = digest, .value = value, .kind = (uint16_t)kind};

	return known_add(&s->known, &known);
}

/* The claim read again, from a body that stays. */
static uint8_t *keep_body(const struct claim *claim, struct claim *kept)
{
	uint8_t *p = malloc(claim->body.n);

	if (p == NULL)
		return NULL;
	memcpy(p, claim->body.p, claim->body.n);
	*kept = *claim;
	kept->body = bytes_of(p, claim->body.n);
	return p;
}

static err add_authorization(struct signer_state *s, const struct claim *claim, struct hash digest,
			     struct fault *f)
{
	struct claim kept;
	struct authorization read = {0};

	if (!make_room((void **)&s->authorizations, s->authorizations_n, &s->authorizations_cap,
		       sizeof(read)))
		return no_memory(f);
	uint8_t *p = keep_body(claim, &kept);
	if (p == NULL)
		return no_memory(f);
	err done = authorization_read(&kept, digest, &read, f);
	if (done.code == OK &&
	    (!know(s, KNOWN_AUTHORIZATION_ID, id_digest(read.id), s->authorizations_n) ||
	     !know(s, KNOWN_AUTHORIZATION, digest, s->authorizations_n)))
		done = no_memory(f);
	if (done.code != OK) {
		free(p);
		return done;
	}
	read.kept = p;
	read.ended = state_is_denied(s, digest);
	s->authorizations[s->authorizations_n++] = read;
	return ERR_OK;
}

static err add_release(struct signer_state *s, const struct claim *claim, struct hash digest,
		       struct fault *f)
{
	struct claim kept;
	struct release read = {0};

	if (!make_room((void **)&s->releases, s->releases_n, &s->releases_cap, sizeof(read)))
		return no_memory(f);
	uint8_t *p = keep_body(claim, &kept);
	if (p == NULL)
		return no_memory(f);
	err done = release_read(&kept, digest, &read, f);
	if (done.code == OK && !know(s, KNOWN_RELEASE_ID, id_digest(read.id), s->releases_n))
		done = no_memory(f);
	if (done.code != OK) {
		free(p);
		return done;
	}
	read.kept = p;
	read.ended = state_is_denied(s, digest);
	s->releases[s->releases_n++] = read;
	return ERR_OK;
}

static err add_charter(struct signer_state *s, const struct claim *claim, uint64_t at,
		       struct fault *f)
{
	struct body b = body_of(claim);
	struct bytes charter = body_blob(&b, "charter", 1, CHARTER_SIZE_MAX);

	TRY(body_check(&b, f));
	return state_charter(s, charter, at, f);
}

static err add_credential(struct signer_state *s, const struct claim *claim, struct fault *f)
{
	struct body b = body_of(claim);
	struct bytes id = body_id(&b, "credential");

	TRY(body_check(&b, f));
	return know(s, KNOWN_CREDENTIAL_ID, id_digest(id), 0) ? ERR_OK : no_memory(f);
}

/* ---- what the journal says ---- */

static bool spend(struct signer_state *s, const struct decision *decision)
{
	for (size_t i = 0; i < decision->approvals_n; i++)
		if (known_find(&s->known, KNOWN_SPENT, decision->approvals[i]) == NULL &&
		    !know(s, KNOWN_SPENT, decision->approvals[i], 0))
			return false;
	return true;
}

static err promise(struct signer_state *s, enum known_kind kind, struct hash digest, uint64_t value,
		   struct journal_span span, struct fault *f)
{
	struct known known = {
		.digest = digest, .value = value, .span = span, .kind = (uint16_t)kind};

	return known_add(&s->known, &known) ? ERR_OK : no_memory(f);
}

err state_decided(struct signer_state *s, const struct decision *decision, struct journal_span span,
		  struct fault *f)
{
	struct hash digest = claim_digest(decision->claim);
	struct claim claim;
	const char *why = NULL;

	if (!claim_parse(decision->claim, &claim, &why))
		return fail(f, "SIGNER_ENTRY_MALFORMED", "why", why, NULL);
	bool revises = bytes_equal(claim.type, bytes_text("charter.revised"));
	TRY(promise(s, KNOWN_DECISION, digest, revises ? DECIDED_CHARTER : 0, span, f));
	if (!spend(s, decision))
		return no_memory(f);
	if (bytes_equal(claim.type, bytes_text("build.authorized")))
		return add_authorization(s, &claim, digest, f);
	if (bytes_equal(claim.type, bytes_text("firmware.released")) ||
	    bytes_equal(claim.type, bytes_text("firmware.emergency")))
		return add_release(s, &claim, digest, f);
	if (revises)
		return add_charter(s, &claim, decision->at, f);
	return add_credential(s, &claim, f);
}

static void end_by_digest(struct signer_state *s, struct hash digest)
{
	struct authorization *authorization = state_authorization_by(s, digest);

	if (authorization != NULL)
		authorization->ended = true;
	for (size_t i = 0; i < s->releases_n; i++)
		if (hash_equal(s->releases[i].digest, digest))
			s->releases[i].ended = true;
}

err state_denied(struct signer_state *s, const struct claim *claim, struct fault *f)
{
	struct body b = body_of(claim);
	struct hash digest = {{0}};
	bool closes = bytes_equal(claim->type, bytes_text("build.closed"));

	if (closes || bytes_equal(claim->type, bytes_text("firmware.withdrawn"))) {
		struct bytes id = body_id(&b, closes ? "authorization" : "release");
		const struct authorization *authorization =
			closes ? state_authorization(s, id) : NULL;
		const struct release *release = closes ? NULL : state_release(s, id);

		if (authorization != NULL)
			digest = authorization->digest;
		else if (release != NULL)
			digest = release->digest;
		else if (b.wrong == NULL)
			return fail(f, "SIGNER_NOT_ADMITTED", "what", "decision", NULL);
	} else {
		digest = body_hash(&b, "record");
	}
	TRY(body_check(&b, f));
	bool again = state_is_denied(s, digest);
	if (!again && !know(s, KNOWN_DENIED, digest, 0))
		return no_memory(f);
	s->denials_n += !again;
	end_by_digest(s, digest);
	return ERR_OK;
}

void state_anchored(struct signer_state *s, uint64_t spent, uint64_t value, struct hash identity)
{
	s->anchored = true;
	s->anchor_left = false;
	s->anchor_spent = spent;
	s->anchor_value = value;
	s->anchor_identity = identity;
}

void state_end_all(struct signer_state *s)
{
	for (size_t i = 0; i < s->authorizations_n; i++)
		s->authorizations[i].ended = true;
}

/* ---- finding ---- */

struct authorization *state_authorization(const struct signer_state *s, struct bytes id)
{
	const struct known *known = known_find(&s->known, KNOWN_AUTHORIZATION_ID, id_digest(id));

	return known == NULL ? NULL : &s->authorizations[known->value];
}

struct authorization *state_authorization_by(const struct signer_state *s, struct hash digest)
{
	const struct known *known = known_find(&s->known, KNOWN_AUTHORIZATION, digest);

	return known == NULL ? NULL : &s->authorizations[known->value];
}

struct release *state_release(const struct signer_state *s, struct bytes id)
{
	const struct known *known = known_find(&s->known, KNOWN_RELEASE_ID, id_digest(id));

	return known == NULL ? NULL : &s->releases[known->value];
}

struct known *state_promise(const struct signer_state *s, struct hash digest)
{
	struct known *known = known_find(&s->known, KNOWN_DECISION, digest);

	return known != NULL ? known : known_find(&s->known, KNOWN_PERMIT, digest);
}

err state_permitted(struct signer_state *s, struct hash digest, struct journal_span span,
		    struct fault *f)
{
	s->permits_n++;
	return promise(s, KNOWN_PERMIT, digest, 0, span, f);
}

bool state_is_denied(const struct signer_state *s, struct hash digest)
{
	return known_find(&s->known, KNOWN_DENIED, digest) != NULL;
}

void state_done(struct signer_state *s)
{
	for (size_t i = 0; i < s->authorizations_n; i++)
		free(s->authorizations[i].kept);
	for (size_t i = 0; i < s->releases_n; i++)
		free(s->releases[i].kept);
	free(s->authorizations);
	free(s->releases);
	free(s->charter);
	known_done(&s->known);
	*s = (struct signer_state){0};
}
