/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/anchor_counter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signer/anchor_link.h"

enum {
	COUNTER_SIZE = 8,
	INDEX_FIRST = 0x01800000, /* of the owner: TCG registry of reserved handles, 2.2.2 */
	INDEX_LAST = 0x01BFFFFF,
};

/* What the index must be, but for TPMA_NV_WRITTEN. Whoever reaches the TPM may count, since that
 * turns nothing back. Not orderly: such a counter may be ahead after power was lost. */
static const TPMA_NV ATTRIBUTES = TPMA_NV_AUTHWRITE | TPMA_NV_AUTHREAD | TPMA_NV_OWNERREAD |
				  TPMA_NV_NO_DA |
				  ((TPMA_NV)TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT);

struct counter {
	const struct counter_config *config;
	struct tpm_link link;
	ESYS_TR nv; /* of this opening */
};

static void index_text(uint32_t index, char out[static 16])
{
	(void)snprintf(out, 16, "0x%08X", (unsigned)index);
}

/* ---- the index ---- */

static err wrong(struct counter *c, const char *why, struct fault *f)
{
	char index[16];

	index_text(c->config->index, index);
	tpm_shut(&c->link);
	return fail(f, "ANCHOR_INDEX_WRONG", "index", index, "why", why, NULL);
}

static err judge_index(struct counter *c, const TPMS_NV_PUBLIC *nv, struct fault *f)
{
	TPMA_NV kind = (nv->attributes & TPMA_NV_TPM2_NT_MASK) >> TPMA_NV_TPM2_NT_SHIFT;

	if (kind != TPM2_NT_COUNTER || nv->dataSize != COUNTER_SIZE)
		return wrong(c, "it is no counter", f);
	if ((nv->attributes & TPMA_NV_ORDERLY) != 0)
		return wrong(c, "it may jump when power is lost (ORDERLY)", f);
	if ((nv->attributes & ~(TPMA_NV)TPMA_NV_WRITTEN) != ATTRIBUTES)
		return wrong(c, "its attributes differ", f);
	return ERR_OK;
}

/* Needs no authorization: as audit session it authenticates the answer all the same. */
static TSS2_RC read_public(struct counter *c, TPM2B_NV_PUBLIC **public, TPM2B_NAME **name)
{
	TSS2_RC rc = Esys_TRSess_SetAttributes(c->link.esys, c->link.session, TPMA_SESSION_AUDIT,
					       TPMA_SESSION_AUDIT);

	if (rc == 0)
		rc = Esys_NV_ReadPublic(c->link.esys, c->nv, c->link.session, ESYS_TR_NONE,
					ESYS_TR_NONE, public, name);
	if (rc == 0)
		rc = Esys_TRSess_SetAttributes(c->link.esys, c->link.session, 0,
					       TPMA_SESSION_AUDIT);
	return rc;
}

static err find_index(struct counter *c, bool *counted, struct fault *f)
{
	TPM2B_NV_PUBLIC *public = NULL;
	TPM2B_NAME *name = NULL;
	char index[16];
	TSS2_RC rc = Esys_TR_FromTPMPublic(c->link.esys, c->config->index, ESYS_TR_NONE,
					   ESYS_TR_NONE, ESYS_TR_NONE, &c->nv);

	if (tpm_format_one(rc, TPM2_RC_HANDLE)) {
		index_text(c->config->index, index);
		tpm_shut(&c->link);
		return fail(f, "ANCHOR_INDEX_MISSING", "index", index, NULL);
	}
	if (rc == 0)
		rc = read_public(c, &public, &name);
	if (rc != 0)
		return tpm_failed(&c->link, "look for the index", rc, f);
	*counted = (public->nvPublic.attributes & TPMA_NV_WRITTEN) != 0;
	err judged = judge_index(c, &public->nvPublic, f);
	Esys_Free(public);
	Esys_Free(name);
	return judged;
}

static TSS2_RC increment(struct counter *c)
{
	unsigned waits = 0;
	TSS2_RC rc;

	do
		rc = Esys_NV_Increment(c->link.esys, c->nv, c->nv, c->link.session, ESYS_TR_NONE,
				       ESYS_TR_NONE);
	while (tpm_again(rc, &waits));
	return rc;
}

static TSS2_RC define(struct counter *c)
{
	const TPM2B_AUTH none = {0};
	const TPM2B_NV_PUBLIC public = {.nvPublic = {.nvIndex = c->config->index,
						     .nameAlg = TPM2_ALG_SHA256,
						     .attributes = ATTRIBUTES,
						     .dataSize = COUNTER_SIZE}};
	unsigned waits = 0;
	TSS2_RC rc;

	do
		rc = Esys_NV_DefineSpace(c->link.esys, ESYS_TR_RH_OWNER, c->link.session,
					 ESYS_TR_NONE, ESYS_TR_NONE, &none, &public, &c->nv);
	while (tpm_again(rc, &waits));
	return rc;
}

static err exists(struct counter *c, struct fault *f)
{
	char index[16];

	index_text(c->config->index, index);
	tpm_shut(&c->link);
	return fail(f, "ANCHOR_INDEX_EXISTS", "index", index, NULL);
}

static err set_owner_auth(struct counter *c, struct fault *f)
{
	TPM2B_AUTH owner = {0};
	struct bytes auth = c->config->owner_auth;

	if (auth.n > sizeof(owner.buffer))
		return fail(f, "ANCHOR_OWNER_AUTH", NULL);
	owner.size = (UINT16)auth.n;
	if (auth.n > 0)
		memcpy(owner.buffer, auth.p, auth.n);
	TSS2_RC rc = Esys_TR_SetAuth(c->link.esys, ESYS_TR_RH_OWNER, &owner);
	bytes_wipe(&owner, sizeof(owner));
	return rc == 0 ? ERR_OK : tpm_failed(&c->link, "take the owner's password", rc, f);
}

/* A counter that was never counted cannot be read. What it begins with is more than any counter of
 * this TPM ever showed (TPM 2.0 Library part 3, TPM2_NV_Increment): an index that is removed and
 * made anew never goes back. One that a crash left uncounted is taken as it is. */
static err create_index(struct counter *c, struct fault *f)
{
	bool counted = false;

	TRY(set_owner_auth(c, f));
	TSS2_RC rc = define(c);
	if (tpm_format_one(rc, TPM2_RC_BAD_AUTH) || tpm_format_one(rc, TPM2_RC_AUTH_FAIL)) {
		tpm_shut(&c->link);
		return fail(f, "ANCHOR_OWNER_AUTH", NULL);
	}
	if (tpm_code(rc) == TPM2_RC_NV_DEFINED) {
		TRY(find_index(c, &counted, f));
		if (counted)
			return exists(c, f);
		rc = 0;
	}
	if (rc != 0)
		return tpm_failed(&c->link, "make the index", rc, f);
	rc = increment(c);
	return rc == 0 ? ERR_OK : tpm_failed(&c->link, "count", rc, f);
}

static err open_tpm(struct counter *c, bool create, struct fault *f)
{
	bool counted = false;

	TRY(tpm_open(&c->link, c->config->tcti, f));
	if (create)
		TRY(create_index(c, f));
	TRY(find_index(c, &counted, f));
	return counted ? ERR_OK : wrong(c, "it was never counted", f);
}

err counter_open(const struct counter_config *config, struct counter **out, struct fault *f)
{
	char index[16];

	if (config->index < INDEX_FIRST || config->index > INDEX_LAST) {
		index_text(config->index, index);
		return fail(f, "ANCHOR_INDEX_INVALID", "index", index, NULL);
	}
	struct counter *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "the anchor", NULL);
	c->config = config;
	c->link.session = c->nv = ESYS_TR_NONE;
	/* Its complaints would stand on standard error without time and place: ours say the same. */
	(void)setenv("TSS2_LOG", "all+none", 0);
	err opened = open_tpm(c, config->create, f);
	if (opened.code != OK) {
		counter_close(c);
		return opened;
	}
	*out = c;
	return ERR_OK;
}

void counter_close(struct counter *c)
{
	if (c == NULL)
		return;
	tpm_shut(&c->link);
	free(c);
}

/* ---- counting ---- */

static err reach(struct counter *c, struct fault *f)
{
	return c->link.esys != NULL ? ERR_OK : open_tpm(c, false, f);
}

static err read_value(struct counter *c, uint64_t *value, struct fault *f)
{
	TPM2B_MAX_NV_BUFFER *data = NULL;
	unsigned waits = 0;
	TSS2_RC rc;

	do
		rc = Esys_NV_Read(c->link.esys, c->nv, c->nv, c->link.session, ESYS_TR_NONE,
				  ESYS_TR_NONE, COUNTER_SIZE, 0, &data);
	while (tpm_again(rc, &waits));
	if (rc != 0)
		return tpm_failed(&c->link, "read the counter", rc, f);
	struct reader r = reader_of(bytes_of(data->buffer, data->size));
	uint64_t read = get_u64(&r);
	bool whole = reader_end(&r);
	Esys_Free(data);
	if (!whole)
		return wrong(c, "it is no counter", f);
	*value = read;
	return ERR_OK;
}

err counter_read(struct counter *c, uint64_t *value, struct fault *f)
{
	TRY(reach(c, f));
	return read_value(c, value, f);
}

err counter_advance(struct counter *c, uint64_t *value, struct fault *f)
{
	TRY(reach(c, f));
	TSS2_RC rc = increment(c);
	if (rc != 0)
		return tpm_failed(&c->link, "count", rc, f);
	return read_value(c, value, f);
}

err counter_identity(struct counter *c, struct hash *out, struct fault *f)
{
	TRY(reach(c, f));
	*out = c->link.identity;
	return ERR_OK;
}
