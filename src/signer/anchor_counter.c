/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/anchor_counter.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

enum {
	COUNTER_SIZE = 8,
	WAITS_MAX = 12, /* 10 ms and twice as much each time, at most 1 s: under 7 s in all */
	WAIT_MS = 10,
	WAIT_MAX_MS = 1000,
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
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys; /* NULL: closed */
	ESYS_TR session, nv;
	struct hash identity;
	bool known; /* identity was read, and must stay the same */
};

/* ---- answers ---- */

/* The TPM's own code, without the layer that it came through. */
static TSS2_RC code_of(TSS2_RC rc)
{
	return rc & 0xFFFF;
}

/* Format-one codes carry the number of the handle, parameter or session they complain about. */
static bool is_format_one(TSS2_RC rc, TSS2_RC wanted)
{
	return (code_of(rc) & TPM2_RC_FMT1) != 0 && (code_of(rc) & 0xBF) == wanted;
}

static bool asks_to_wait(TSS2_RC rc)
{
	static const TSS2_RC codes[] = {TPM2_RC_RETRY,   TPM2_RC_YIELDED,        TPM2_RC_TESTING,
					TPM2_RC_NV_RATE, TPM2_RC_NV_UNAVAILABLE, TPM2_RC_CANCELED};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (code_of(rc) == codes[i])
			return true;
	return false;
}

/* True after a pause, when the same command shall be sent again: nothing was done yet. */
static bool again(TSS2_RC rc, unsigned *waits)
{
	int ms = *waits < 7 ? WAIT_MS << *waits : WAIT_MAX_MS;

	if (!asks_to_wait(rc) || ++*waits > WAITS_MAX)
		return false;
	(void)poll(NULL, 0, ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS);
	return true;
}

static bool is_forged(TSS2_RC rc)
{
	return rc == TSS2_ESYS_RC_RSP_AUTH_FAILED || rc == TSS2_ESYS_RC_MALFORMED_RESPONSE ||
	       rc == TSS2_ESYS_RC_INSUFFICIENT_RESPONSE;
}

static void index_text(uint32_t index, char out[static 16])
{
	(void)snprintf(out, 16, "0x%08X", (unsigned)index);
}

static void shut(struct counter *c)
{
	/* A session that is not flushed would stay in a TPM without a resource manager. */
	if (c->esys != NULL && c->session != ESYS_TR_NONE)
		(void)Esys_FlushContext(c->esys, c->session);
	c->session = c->nv = ESYS_TR_NONE;
	Esys_Finalize(&c->esys);
	Tss2_TctiLdr_Finalize(&c->tcti);
}

/* Whatever it was: the next call begins from nothing. */
static err failed(struct counter *c, const char *step, TSS2_RC rc, struct fault *f)
{
	char index[16], why[160];

	(void)snprintf(why, sizeof(why), "%s", Tss2_RC_Decode(rc));
	index_text(c->config->index, index);
	shut(c);
	if (asks_to_wait(rc))
		return fail(f, "ANCHOR_BUSY", "step", step, "why", why, NULL);
	if (is_forged(rc))
		return fail(f, "ANCHOR_NOT_GENUINE", "why", why, NULL);
	if (code_of(rc) == TPM2_RC_NV_DEFINED)
		return fail(f, "ANCHOR_INDEX_EXISTS", "index", index, NULL);
	return fail(f, "ANCHOR_UNAVAILABLE", "step", step, "why", why, NULL);
}

/* ---- opening ---- */

/* Without a resource manager, what a process that was killed had loaded stays and fills the TPM. */
static void make_room(struct counter *c)
{
	const TPM2_HANDLE kinds[] = {TPM2_LOADED_SESSION_FIRST, TPM2_TRANSIENT_FIRST};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		TPMS_CAPABILITY_DATA *found = NULL;

		if (Esys_GetCapability(c->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				       TPM2_CAP_HANDLES, kinds[i], 16, NULL, &found) != 0)
			continue;
		for (size_t j = 0; j < found->data.handles.count; j++) {
			ESYS_TR handle;

			if (Esys_TR_FromTPMPublic(c->esys, found->data.handles.handle[j],
						  ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
						  &handle) == 0)
				(void)Esys_FlushContext(c->esys, handle);
		}
		Esys_Free(found);
	}
}

static bool is_full(TSS2_RC rc)
{
	return code_of(rc) == TPM2_RC_OBJECT_MEMORY || code_of(rc) == TPM2_RC_SESSION_MEMORY ||
	       code_of(rc) == TPM2_RC_SESSION_HANDLES || code_of(rc) == TPM2_RC_OBJECT_HANDLES;
}

/* Template L-2 of "TCG EK Credential Profile": ECC P-256, for decryption. The same seed gives the same
 * key each time, also after the owner has cleared the TPM. */
static TPM2B_PUBLIC endorsement_template(void)
{
	/* PolicySecret(TPM_RH_ENDORSEMENT) */
	static const uint8_t policy[] = {0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8,
					 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
					 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64,
					 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa};
	TPM2B_PUBLIC public = {0};
	TPMT_PUBLIC *area = &public.publicArea;

	area->type = TPM2_ALG_ECC;
	area->nameAlg = TPM2_ALG_SHA256;
	area->objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
				 TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_ADMINWITHPOLICY |
				 TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
	area->authPolicy.size = sizeof(policy);
	memcpy(area->authPolicy.buffer, policy, sizeof(policy));
	area->parameters.eccDetail.symmetric.algorithm = TPM2_ALG_AES;
	area->parameters.eccDetail.symmetric.keyBits.aes = 128;
	area->parameters.eccDetail.symmetric.mode.aes = TPM2_ALG_CFB;
	area->parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
	area->parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
	area->parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
	area->unique.ecc.x.size = area->unique.ecc.y.size = 32;
	return public;
}

static TSS2_RC make_endorsement_key(struct counter *c, ESYS_TR *key)
{
	const TPM2B_SENSITIVE_CREATE sensitive = {0};
	const TPM2B_PUBLIC template = endorsement_template();
	const TPM2B_DATA outside = {0};
	const TPML_PCR_SELECTION pcrs = {0};
	unsigned waits = 0;
	TSS2_RC rc;

	do
		rc = Esys_CreatePrimary(c->esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD,
					ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &template, &outside,
					&pcrs, key, NULL, NULL, NULL, NULL);
	while (again(rc, &waits));
	return rc;
}

static err take_identity(struct counter *c, ESYS_TR key, struct fault *f)
{
	TPM2B_NAME *name = NULL;
	struct hash identity;
	TSS2_RC rc = Esys_TR_GetName(c->esys, key, &name);

	if (rc != 0 || name->size != 2 + sizeof(identity.b)) {
		Esys_Free(name);
		return failed(c, "read the endorsement key", rc, f);
	}
	memcpy(identity.b, name->name + 2, sizeof(identity.b));
	Esys_Free(name);
	if (c->known && !hash_equal(identity, c->identity)) {
		shut(c);
		return fail(f, "ANCHOR_NOT_GENUINE", "why", "it is another TPM than before", NULL);
	}
	c->identity = identity;
	c->known = true;
	return ERR_OK;
}

static TSS2_RC start_session(struct counter *c, ESYS_TR key)
{
	const TPMT_SYM_DEF none = {.algorithm = TPM2_ALG_NULL};
	unsigned waits = 0;
	TSS2_RC rc;

	do
		rc = Esys_StartAuthSession(c->esys, key, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					   ESYS_TR_NONE, NULL, TPM2_SE_HMAC, &none, TPM2_ALG_SHA256,
					   &c->session);
	while (again(rc, &waits));
	return rc != 0 ? rc
		       : Esys_TRSess_SetAttributes(c->esys, c->session,
						   TPMA_SESSION_CONTINUESESSION, 0xFF);
}

static err open_session(struct counter *c, struct fault *f)
{
	ESYS_TR key = ESYS_TR_NONE;
	TSS2_RC rc = make_endorsement_key(c, &key);

	if (code_of(rc) == TPM2_RC_INITIALIZE) { /* nobody has started it: an emulator */
		(void)Esys_Startup(c->esys, TPM2_SU_CLEAR);
		rc = make_endorsement_key(c, &key);
	}
	if (is_full(rc)) {
		make_room(c);
		rc = make_endorsement_key(c, &key);
	}
	if (rc != 0)
		return failed(c, "make the endorsement key", rc, f);
	rc = start_session(c, key);
	if (is_full(rc)) {
		make_room(c); /* of the key as well */
		rc = make_endorsement_key(c, &key);
		if (rc == 0)
			rc = start_session(c, key);
	}
	if (rc != 0)
		return failed(c, "start a session", rc, f);
	err taken = take_identity(c, key, f);
	if (taken.code == OK)
		(void)Esys_FlushContext(c->esys, key);
	return taken;
}

/* ---- the index ---- */

static err wrong(struct counter *c, const char *why, struct fault *f)
{
	char index[16];

	index_text(c->config->index, index);
	shut(c);
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
	TSS2_RC rc = Esys_TRSess_SetAttributes(c->esys, c->session, TPMA_SESSION_AUDIT,
					       TPMA_SESSION_AUDIT);

	if (rc == 0)
		rc = Esys_NV_ReadPublic(c->esys, c->nv, c->session, ESYS_TR_NONE, ESYS_TR_NONE,
					public, name);
	if (rc == 0)
		rc = Esys_TRSess_SetAttributes(c->esys, c->session, 0, TPMA_SESSION_AUDIT);
	return rc;
}

static err find_index(struct counter *c, bool *counted, struct fault *f)
{
	TPM2B_NV_PUBLIC *public = NULL;
	TPM2B_NAME *name = NULL;
	char index[16];
	TSS2_RC rc = Esys_TR_FromTPMPublic(c->esys, c->config->index, ESYS_TR_NONE, ESYS_TR_NONE,
					   ESYS_TR_NONE, &c->nv);

	if (is_format_one(rc, TPM2_RC_HANDLE)) {
		index_text(c->config->index, index);
		shut(c);
		return fail(f, "ANCHOR_INDEX_MISSING", "index", index, NULL);
	}
	if (rc == 0)
		rc = read_public(c, &public, &name);
	if (rc != 0)
		return failed(c, "look for the index", rc, f);
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
		rc = Esys_NV_Increment(c->esys, c->nv, c->nv, c->session, ESYS_TR_NONE,
				       ESYS_TR_NONE);
	while (again(rc, &waits));
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
		rc = Esys_NV_DefineSpace(c->esys, ESYS_TR_RH_OWNER, c->session, ESYS_TR_NONE,
					 ESYS_TR_NONE, &none, &public, &c->nv);
	while (again(rc, &waits));
	return rc;
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
	TSS2_RC rc = Esys_TR_SetAuth(c->esys, ESYS_TR_RH_OWNER, &owner);
	bytes_wipe(&owner, sizeof(owner));
	return rc == 0 ? ERR_OK : failed(c, "take the owner's password", rc, f);
}

/* A counter that was never counted cannot be read. What it begins with is more than any counter of
 * this TPM ever showed (TPM 2.0 Library part 3, TPM2_NV_Increment): an index that is removed and
 * made anew never goes back. One that a crash left uncounted is taken as it is. */
static err create_index(struct counter *c, struct fault *f)
{
	bool counted = false;

	TRY(set_owner_auth(c, f));
	TSS2_RC rc = define(c);
	if (is_format_one(rc, TPM2_RC_BAD_AUTH) || is_format_one(rc, TPM2_RC_AUTH_FAIL)) {
		shut(c);
		return fail(f, "ANCHOR_OWNER_AUTH", NULL);
	}
	if (code_of(rc) == TPM2_RC_NV_DEFINED) {
		TRY(find_index(c, &counted, f));
		if (counted)
			return failed(c, "make the index", rc, f);
		rc = 0;
	}
	if (rc != 0)
		return failed(c, "make the index", rc, f);
	rc = increment(c);
	return rc == 0 ? ERR_OK : failed(c, "count", rc, f);
}

static err open_tpm(struct counter *c, bool create, struct fault *f)
{
	bool counted = false;
	TSS2_RC rc = Tss2_TctiLdr_Initialize(c->config->tcti, &c->tcti);

	if (rc == 0)
		rc = Esys_Initialize(&c->esys, c->tcti, NULL);
	if (rc != 0)
		return failed(c, "reach it", rc, f);
	TRY(open_session(c, f));
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
	c->session = c->nv = ESYS_TR_NONE;
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
	shut(c);
	free(c);
}

/* ---- counting ---- */

static err reach(struct counter *c, struct fault *f)
{
	return c->esys != NULL ? ERR_OK : open_tpm(c, false, f);
}

static err read_value(struct counter *c, uint64_t *value, struct fault *f)
{
	TPM2B_MAX_NV_BUFFER *data = NULL;
	unsigned waits = 0;
	TSS2_RC rc;

	do
		rc = Esys_NV_Read(c->esys, c->nv, c->nv, c->session, ESYS_TR_NONE, ESYS_TR_NONE,
				  COUNTER_SIZE, 0, &data);
	while (again(rc, &waits));
	if (rc != 0)
		return failed(c, "read the counter", rc, f);
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
		return failed(c, "count", rc, f);
	return read_value(c, value, f);
}

err counter_identity(struct counter *c, struct hash *out, struct fault *f)
{
	TRY(reach(c, f));
	*out = c->identity;
	return ERR_OK;
}
