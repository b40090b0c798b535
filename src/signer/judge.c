/* SPDX-License-Identifier: Apache-2.0 */
/* judge.c — what a decision must say before anybody's approval counts. What can never become right is
 * refused with a message that signer_final() knows. */
#include "core/cbor.h"
#include "core/sha256.h"
#include "signer/admit.h"

static const char *id_text(struct arena *a, struct bytes id)
{
	const char *text = arena_text(a, id);

	return text == NULL ? "" : text;
}

static err id_taken(struct deciding *d, const char *what, struct bytes id, struct fault *f)
{
	return fail(f, "SIGNER_ID_TAKEN", "what", what, "id", id_text(d->arena, id), NULL);
}

/* ---- build authorizations ---- */

/* Each names a station and a key. */
static err judge_stations(const struct authorization *authorization, struct fault *f)
{
	struct reader r = reader_of(authorization->stations);
	size_t n = authorization->stations.p == NULL ? 0 : cbor_array(&r);

	if (n == 0 || n > STATIONS_MAX)
		return fail(f, "SIGNER_STATIONS_MISSING", NULL);
	for (; r.why == NULL && n > 0; n--) {
		struct body b = {.map = cbor_item(&r)};

		(void)body_id(&b, "station");
		(void)body_hash(&b, "key");
		if (b.wrong != NULL)
			return fail(f, "SIGNER_BODY_WRONG", "field", "stations", NULL);
	}
	return ERR_OK;
}

/* Certificates can be made for it: what is promised later must not fail then. */
static err judge_profile(struct deciding *d, const struct authorization *authorization,
			 struct fault *f)
{
	struct device_profile profile = {.product = id_text(d->arena, authorization->product),
					 .serial = "1",
					 .hardware_type =
						 id_text(d->arena, authorization->hardware_type),
					 .certificate_serial = {1},
					 .not_before_ms = d->now};

	return device_profile_check(&profile, f);
}

/* What is built carries a release that the same people let go. */
static err judge_its_release(struct deciding *d, const struct authorization *authorization,
			     struct fault *f)
{
	const struct release *release = state_release(&d->vault->state, authorization->release);

	if (release == NULL)
		return fail(f, "SIGNER_NOT_ADMITTED", "what", "firmware release", NULL);
	if (!bytes_equal(release->product, authorization->product))
		return fail(f, "SIGNER_RELEASE_OF_OTHER", "release", id_text(d->arena, release->id),
			    NULL);
	if (release->ended && !check_left_out(CHECK_SIGNER_DENIED))
		return fail(f, "SIGNER_ENDED", "what", "firmware release", "id",
			    id_text(d->arena, release->id), NULL);
	return ERR_OK;
}

err judge_authorization(struct deciding *d, struct fault *f)
{
	struct authorization read;

	TRY(authorization_read(&d->target.entry.claim, d->target.digest, &read, f));
	if (read.quantity == 0)
		return fail(f, "SIGNER_BODY_WRONG", "field", "quantity", NULL);
	if (read.hardware_type.p == NULL)
		return fail(f, "SIGNER_BODY_WRONG", "field", "hardware_type", NULL);
	TRY(judge_stations(&read, f));
	TRY(judge_profile(d, &read, f));
	if (d->vault->state.authorizations_n >= ADMITTED_MAX)
		return fail(f, "SIGNER_FULL", NULL);
	if (state_authorization(&d->vault->state, read.id) != NULL)
		return id_taken(d, "build authorization", read.id, f);
	if (!check_left_out(CHECK_SIGNER_VALIDITY) && read.valid_until <= d->now)
		return fail(f, "SIGNER_AUTHORIZATION_OVER", "authorization",
			    id_text(d->arena, read.id), NULL);
	return judge_its_release(d, &read, f);
}

/* ---- firmware ---- */

err judge_release(struct deciding *d, struct fault *f)
{
	struct firmware_manifest manifest;

	TRY(manifest_read(&d->target.entry.claim, d->target.digest, &manifest, f));
	if (d->vault->state.releases_n >= ADMITTED_MAX)
		return fail(f, "SIGNER_FULL", NULL);
	if (state_release(&d->vault->state, manifest.release) != NULL)
		return id_taken(d, "firmware release", manifest.release, f);
	return ERR_OK;
}

/* ---- the charter ---- */

err judge_charter(struct deciding *d, struct fault *f)
{
	struct body b = body_of(&d->target.entry.claim);
	struct charter *next = arena_alloc(d->arena, sizeof(*next));
	struct bytes bytes = body_blob(&b, "charter", 1, CHARTER_SIZE_MAX);
	uint64_t revision = body_number(&b, "revision", SEQUENCE_MAX);
	const char *why = NULL;
	bool more = false;

	if (b.wrong != NULL)
		return fail(f, "SIGNER_BODY_WRONG", "field", b.wrong, NULL);
	if (next == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a charter", NULL);
	if (!charter_parse(bytes, next, &why))
		return fail(f, "CHARTER_WRONG", "why", why, NULL);
	if (next->revision != revision)
		return fail(f, "SIGNER_BODY_WRONG", "field", "revision", NULL);
	if (next->revision > d->vault->state.charter->charter.revision + 1)
		return fail(f, "SIGNER_CHARTER_AHEAD", NULL); /* the one between may yet come */
	if (!charter_follows(&d->vault->state.charter->charter, next, &more, &why))
		return fail(f, "SIGNER_CHARTER_NOT_NEXT", "why", why, NULL);
	d->more = more ? 1 : 0;
	if (next->anchor == ANCHOR_TPM && !d->vault->state.anchored)
		return fail(f, "SIGNER_ANCHOR_MISSING", NULL);
	return charter_anchor_check(next, &d->vault->public.checkpoint, f);
}

/* ---- credentials ---- */

err judge_credential(struct deciding *d, struct fault *f)
{
	struct credential_asked asked;
	struct hash id;

	TRY(credential_read(&d->target.entry.claim, d->now, d->arena, &asked, f));
	public_key_close(asked.key);
	if (check_left_out(CHECK_SIGNER_VALIDITY) || asked.credential.not_after_ms > d->now)
		TRY(credential_check(&asked.credential, f));
	else
		return fail(f, "SIGNER_BODY_WRONG", "field", "not_after", NULL);
	id = sha256(asked.id);
	return known_find(&d->vault->state.known, KNOWN_CREDENTIAL_ID, id) == NULL
		       ? ERR_OK
		       : id_taken(d, "credential", asked.id, f);
}
