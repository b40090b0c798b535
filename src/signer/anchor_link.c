/* SPDX-License-Identifier: Apache-2.0 */
/* anchor_link.c — reaching a TPM, and a session that only that TPM can answer. */
#include "signer/anchor_link.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

enum {
	WAITS_MAX = 12, /* 10 ms and twice as much each time, at most 1 s: under 7 s in all */
	WAIT_MS = 10,
	WAIT_MAX_MS = 1000,
};

/* ---- answers ---- */

/* The TPM's own code, without the layer that it came through. */
TSS2_RC tpm_code(TSS2_RC rc)
{
	return rc & 0xFFFF;
}

/* Format-one codes carry the number of the handle, parameter or session they complain about. */
bool tpm_format_one(TSS2_RC rc, TSS2_RC wanted)
{
	return (tpm_code(rc) & TPM2_RC_FMT1) != 0 && (tpm_code(rc) & 0xBF) == wanted;
}

static bool asks_to_wait(TSS2_RC rc)
{
	static const TSS2_RC codes[] = {TPM2_RC_RETRY,   TPM2_RC_YIELDED,        TPM2_RC_TESTING,
					TPM2_RC_NV_RATE, TPM2_RC_NV_UNAVAILABLE, TPM2_RC_CANCELED};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (tpm_code(rc) == codes[i])
			return true;
	return false;
}

/* True after a pause, when the same command shall be sent again: nothing was done yet. */
bool tpm_again(TSS2_RC rc, unsigned *waits)
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

void tpm_shut(struct tpm_link *c)
{
	/* A session that is not flushed would stay in a TPM without a resource manager. */
	if (c->esys != NULL && c->session != ESYS_TR_NONE)
		(void)Esys_FlushContext(c->esys, c->session);
	c->session = ESYS_TR_NONE;
	Esys_Finalize(&c->esys);
	Tss2_TctiLdr_Finalize(&c->tcti);
}

/* Whatever it was: the next call begins from nothing. */
err tpm_failed(struct tpm_link *c, const char *step, TSS2_RC rc, struct fault *f)
{
	char why[160];

	(void)snprintf(why, sizeof(why), "%s", Tss2_RC_Decode(rc));
	tpm_shut(c);
	if (asks_to_wait(rc))
		return fail(f, "ANCHOR_BUSY", "step", step, "why", why, NULL);
	if (is_forged(rc))
		return fail(f, "ANCHOR_NOT_GENUINE", "why", why, NULL);
	return fail(f, "ANCHOR_UNAVAILABLE", "step", step, "why", why, NULL);
}

/* ---- opening ---- */

/* Without a resource manager, what a process that was killed had loaded stays and fills the TPM. */
static void make_room(struct tpm_link *c)
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
	return tpm_code(rc) == TPM2_RC_OBJECT_MEMORY || tpm_code(rc) == TPM2_RC_SESSION_MEMORY ||
	       tpm_code(rc) == TPM2_RC_SESSION_HANDLES || tpm_code(rc) == TPM2_RC_OBJECT_HANDLES;
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

static TSS2_RC make_endorsement_key(struct tpm_link *c, ESYS_TR *key)
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
	while (tpm_again(rc, &waits));
	return rc;
}

static err take_identity(struct tpm_link *c, ESYS_TR key, struct fault *f)
{
	TPM2B_NAME *name = NULL;
	struct hash identity;
	TSS2_RC rc = Esys_TR_GetName(c->esys, key, &name);

	if (rc != 0 || name->size != 2 + sizeof(identity.b)) {
		Esys_Free(name);
		return tpm_failed(c, "read the endorsement key", rc, f);
	}
	memcpy(identity.b, name->name + 2, sizeof(identity.b));
	Esys_Free(name);
	if (c->known && !hash_equal(identity, c->identity)) {
		tpm_shut(c);
		return fail(f, "ANCHOR_NOT_GENUINE", "why", "it is another TPM than before", NULL);
	}
	c->identity = identity;
	c->known = true;
	return ERR_OK;
}

static TSS2_RC start_session(struct tpm_link *c, ESYS_TR key)
{
	const TPMT_SYM_DEF none = {.algorithm = TPM2_ALG_NULL};
	unsigned waits = 0;
	TSS2_RC rc;

	do
		rc = Esys_StartAuthSession(c->esys, key, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					   ESYS_TR_NONE, NULL, TPM2_SE_HMAC, &none, TPM2_ALG_SHA256,
					   &c->session);
	while (tpm_again(rc, &waits));
	return rc != 0 ? rc
		       : Esys_TRSess_SetAttributes(c->esys, c->session,
						   TPMA_SESSION_CONTINUESESSION, 0xFF);
}

static err open_session(struct tpm_link *c, struct fault *f)
{
	ESYS_TR key = ESYS_TR_NONE;
	TSS2_RC rc = make_endorsement_key(c, &key);

	if (tpm_code(rc) == TPM2_RC_INITIALIZE) { /* nobody has started it: an emulator */
		(void)Esys_Startup(c->esys, TPM2_SU_CLEAR);
		rc = make_endorsement_key(c, &key);
	}
	if (is_full(rc)) {
		make_room(c);
		rc = make_endorsement_key(c, &key);
	}
	if (rc != 0)
		return tpm_failed(c, "make the endorsement key", rc, f);
	rc = start_session(c, key);
	if (is_full(rc)) {
		make_room(c); /* of the key as well */
		rc = make_endorsement_key(c, &key);
		if (rc == 0)
			rc = start_session(c, key);
	}
	if (rc != 0)
		return tpm_failed(c, "start a session", rc, f);
	err taken = take_identity(c, key, f);
	if (taken.code == OK)
		(void)Esys_FlushContext(c->esys, key);
	return taken;
}

err tpm_open(struct tpm_link *c, const char *tcti, struct fault *f)
{
	TSS2_RC rc = Tss2_TctiLdr_Initialize(tcti, &c->tcti);

	if (rc == 0)
		rc = Esys_Initialize(&c->esys, c->tcti, NULL);
	return rc != 0 ? tpm_failed(c, "reach it", rc, f) : open_session(c, f);
}
