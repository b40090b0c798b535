/* SPDX-License-Identifier: Apache-2.0 */
/* vault.c — opening the signer's folder: keys, checkpoint slots, journal, state. */
#include "signer/vault.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "core/sha256.h"
#include "crypto/proof.h"
#include "signer/key_worker.h"
#include "signer/replay.h"
#include "signer/spend.h"

enum { PATH_SIZE = 4096 };

const char *const SIGNER_KEY_FILE[SIGNER_KEYS] = {
	[SIGNER_KEY_CHECKPOINT] = FILE_CHECKPOINT_KEY, [SIGNER_KEY_CA] = FILE_CA_KEY,
	[SIGNER_KEY_FIRMWARE] = "development.key",     [SIGNER_KEY_FIRMWARE + 1] = "staging.key",
	[SIGNER_KEY_FIRMWARE + 2] = "production.key",  [SIGNER_KEY_PERMIT] = "permit.key",
};

err vault_path(const char *folder, const char *name, char out[static 4096], struct fault *f)
{
	int n = snprintf(out, PATH_SIZE, "%s/%s", folder, name);

	if (n < 0 || n >= PATH_SIZE)
		return fail(f, "SIGNER_FOLDER_FAILED", "path", folder, "why",
			    strerror(ENAMETOOLONG), NULL);
	return ERR_OK;
}

static err judge_folder(const char *folder, struct fault *f)
{
	struct stat status;

	if (stat(folder, &status) != 0)
		return fail(f, "SIGNER_FOLDER_FAILED", "path", folder, "why", strerror(errno),
			    NULL);
	if (!S_ISDIR(status.st_mode) || (status.st_mode & 077) != 0 ||
	    (status.st_uid != geteuid() && status.st_uid != 0))
		return fail(f, "SIGNER_FOLDER_OPEN_TO_OTHERS", "path", folder, NULL);
	return ERR_OK;
}

/* ---- keys ---- */

/* Those in an HSM, or those in files. The workers of the first kind are forked before the others
 * are read: the vendor's library does not have them in its memory. */
static err open_keys(const char *folder, struct bytes passphrase, bool in_hsm, struct vault *v,
		     struct fault *f)
{
	char path[PATH_SIZE], address[KEY_ADDRESS_MAX + 1];

	for (size_t i = 0; i < SIGNER_KEYS; i++) {
		TRY(vault_path(folder, SIGNER_KEY_FILE[i], path, f));
		TRY(key_file_address(path, address, f));
		if ((address[0] != 0) == in_hsm)
			TRY(key_file_open(path, passphrase, &v->keys[i], f));
	}
	return ERR_OK;
}

static err load_keys(const char *folder, struct bytes passphrase, struct vault *v, struct fault *f)
{
	char path[PATH_SIZE];

	TRY(open_keys(folder, passphrase, true, v, f));
	TRY(open_keys(folder, passphrase, false, v, f));
	v->encrypted = passphrase.n > 0;
	for (size_t i = 0; i < SIGNER_KEYS; i++)
		v->in_hsm = v->in_hsm || private_key_is_outside(v->keys[i]);
	TRY(vault_path(folder, FILE_CA, path, f));
	return file_read(&v->arena, path, CERTIFICATE_SIZE_MAX, &v->public.ca_certificate, f);
}

/* The journal says whose keys these must be. */
static err compare_keys(struct vault *v, const struct replay *replay, struct fault *f)
{
	struct hash certificate = sha256(v->public.ca_certificate);
	uint8_t raw[32];

	memcpy(v->named, replay->keys, sizeof(v->named));
	v->named_ca = replay->ca_certificate;
	for (size_t i = 0; i < SIGNER_KEYS; i++) {
		struct hash id = public_key_id(private_key_public(v->keys[i]));

		if (!hash_equal(id, replay->keys[i]))
			return fail(f, "SIGNER_KEYS_DIFFER", NULL);
	}
	if (!hash_equal(certificate, replay->ca_certificate) ||
	    !public_key_ed25519(private_key_public(v->keys[SIGNER_KEY_CHECKPOINT]), raw) ||
	    !note_key_make(replay->origin, NOTE_ED25519, raw, &v->public.checkpoint))
		return fail(f, "SIGNER_KEYS_DIFFER", NULL);
	v->public.ca_key = public_key_id(private_key_public(v->keys[SIGNER_KEY_CA]));
	return ERR_OK;
}

/* ---- rehearsal ---- */

static err rehearse_certificate(struct vault *v, struct arena *a, struct fault *f)
{
	struct device_profile profile = {.product = "REHEARSAL",
					 .serial = "REHEARSAL",
					 .hardware_type = "2.25.1",
					 .certificate_serial = {1}};
	struct private_key *key = NULL;
	struct public_key *asked = NULL;
	struct bytes csr, der, serial;

	err done = private_key_generate(KEY_P256, &key, f);
	if (done.code == OK)
		done = csr_make(a, key, "REHEARSAL", &csr, f);
	if (done.code == OK)
		done = csr_check(a, csr, &asked, &serial, f);
	if (done.code == OK)
		done = certificate_issue_device(a, v->keys[SIGNER_KEY_CA], v->public.ca_certificate,
						asked, &profile, &der, f);
	private_key_close(key);
	public_key_close(asked);
	return done;
}

/* A passkey's assertion: its parser seeds itself at the first object that it meets, from a file. */
static void rehearse_assertion(const struct vault *v)
{
	static const uint8_t der[] = {0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01};
	struct bytes origin = bytes_text("https://rehearsal.example");
	struct proof_party party = {.relying_party = bytes_text("rehearsal.example"),
				    .origins = &origin,
				    .origins_n = 1};
	struct proof proof = {.kind = PROOF_WEBAUTHN,
			      .authenticator_data = bytes_text("rehearsal"),
			      .client_data = bytes_text("{\"type\":\"rehearsal\"}"),
			      .signature = bytes_of(der, sizeof(der))};
	struct claim claim = {.type = bytes_text("rehearsal")};
	uint8_t signature[64];
	struct fault expected = {0};

	err checked = proof_check(&proof, &claim, bytes_text("rehearsal"),
				  private_key_public(v->keys[SIGNER_KEY_PERMIT]), (struct bytes){0},
				  &party, &expected);
	(void)checked; /* it holds for nobody */
	bool parsed = ecdsa_from_der(proof.signature, signature);
	(void)parsed;
}

/* A request, a certificate and signatures, all thrown away. It proves that keys and CA certificate fit
 * together, and makes OpenSSL load everything before the process locks itself in. */
static err rehearse(struct vault *v, struct fault *f)
{
	struct bytes text = bytes_text("rehearsal, signs nothing\n");
	struct arena scratch = {0};
	uint8_t signature[64];

	rehearse_assertion(v);
	err done = rehearse_certificate(v, &scratch, f);
	for (size_t i = 0; done.code == OK && i < SIGNER_KEYS; i++) {
		done = key_sign(v->keys[i], text, signature, f);
		if (done.code == OK && !key_verify(private_key_public(v->keys[i]), text, signature))
			done = fail(f, "SIGNER_KEYS_DIFFER", NULL);
	}
	arena_done(&scratch);
	return done;
}

/* ---- all of it ---- */

static err read_journal(const char *folder, struct vault *v, struct fault *f)
{
	char path[PATH_SIZE];
	struct replay replay = {.vault = v};

	TRY(random_bytes(v->index.seed.b, sizeof(v->index.seed.b), f));
	TRY(random_bytes(v->state.known.seed.b, sizeof(v->state.known.seed.b), f));
	TRY(vault_path(folder, FILE_SLOTS, path, f));
	TRY(slots_open(path, &v->slots, &v->last, f));
	TRY(vault_path(folder, FILE_JOURNAL, path, f));
	TRY(journal_open(path, v->last.journal, replay_record, &replay, &v->journal, &v->cut, f));
	TRY(compare_keys(v, &replay, f));
	return former_read(folder, v, f);
}

err charter_anchor_check(const struct charter *charter, const struct note_key *log, struct fault *f)
{
	struct merkle empty = {0};
	struct witness_anchor tried;

	return charter->anchor == ANCHOR_WITNESS
		       ? witness_anchor_start(charter, log, merkle_head(&empty), &tried, f)
		       : ERR_OK;
}

err vault_follow_anchor(struct vault *v, enum charter_anchor before, struct fault *f)
{
	const struct charter *now = &v->state.charter->charter;

	/* A TPM that is let go counts that, too: a journal from before is behind it for ever. */
	if (before == ANCHOR_TPM && now->anchor != ANCHOR_TPM && v->guard.anchor != NULL)
		TRY(anchor_guard_reach(&v->guard, f));
	if (now->anchor != ANCHOR_WITNESS)
		return ERR_OK;
	return before == ANCHOR_WITNESS ? witness_anchor_revise(&v->witness, now, f)
					: witness_anchor_start(now, &v->public.checkpoint,
							       v->last.head, &v->witness, f);
}

/* ---- the anchor ---- */

/* The journal takes note of an anchor that it does not know yet: only with the value that this had when
 * it was made, so that a journal of before cannot begin with it a second time. */
static err begin_anchor(struct vault *v, uint64_t value, struct hash tpm, struct fault *f)
{
	uint8_t buffer[128];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct signer_state *s = &v->state;
	struct journal_span span;

	v->guard.journaled = value;
	if (anchor_guard_settle(&v->guard, &v->anchor_fault).code != OK)
		return ERR_OK; /* and nothing is signed: vault_settle() says why */
	uint64_t at = vault_time(v);
	anchor_record_put(&w, at, s->spent, value, tpm);
	TRY(vault_append(v, &w, at, &span, f));
	state_anchored(s, s->spent, value, tpm);
	return ERR_OK;
}

/* The folder's anchor, which is open, against the journal. */
static err follow_tpm(const char *folder, struct vault *v, struct fault *f)
{
	struct signer_state *s = &v->state;
	struct hash tpm;
	uint64_t value;

	if (v->anchor_fault.code != OK || v->guard.anchor == NULL)
		return ERR_OK;
	TRY(anchor_folder_first(folder, &value, &tpm, f));
	bool same = hash_equal(tpm, s->anchor_identity) && value == s->anchor_value;
	if (!s->anchored && s->anchor_left && same) { /* the charter let this one go */
		struct fault gone = {0};
		v->guard.journaled = s->anchor_value + (s->anchor_left_spent - s->anchor_spent);
		err counted = anchor_guard_settle(&v->guard, &gone);
		(void)counted; /* what a crash left; else it is nobody's business any more */
		anchor_close(v->guard.anchor);
		v->guard.anchor = NULL;
		return ERR_OK;
	}
	if (!s->anchored)
		return begin_anchor(v, value, tpm, f);
	if (!same)
		(void)fail(&v->anchor_fault, "SIGNER_ANCHOR_OTHER", "journal", "", "anchor", "",
			   NULL);
	(void)vault_anchor_value(v, s->spent, &v->guard.journaled);
	return ERR_OK;
}

err vault_open(const char *folder, struct bytes passphrase, struct vault *out, struct fault *f)
{
	out->journal.fd = -1;
	out->slots.fd = -1;
	if (out->clock.wall_ms == NULL)
		out->clock = clock_system;
	out->started_wall = clock_wall_ms(&out->clock);
	out->started_steady = clock_steady_ms(&out->clock);
	TRY(judge_folder(folder, f));
	/* Before a key is in memory, of which its worker has a copy. A TPM that does not answer is asked
	 * again at the next start; until then nothing is signed. */
	err anchored = anchor_folder_open(folder, &out->guard.anchor, &out->anchor_fault);
	(void)anchored;
	TRY(load_keys(folder, passphrase, out, f));
	TRY(read_journal(folder, out, f));
	if (out->last.note_n > 0)
		out->heads.ring[out->heads.n++] = out->last.head;
	TRY(follow_tpm(folder, out, f));
	TRY(vault_follow_anchor(out, ANCHOR_NONE, f));
	return rehearse(out, f);
}

void vault_close(struct vault *vault)
{
	journal_close(&vault->journal);
	slots_close(&vault->slots);
	index_done(&vault->index);
	state_done(&vault->state);
	for (size_t i = 0; i < SIGNER_KEYS; i++)
		private_key_close(vault->keys[i]);
	former_close(&vault->former);
	anchor_close(vault->guard.anchor);
	arena_done(&vault->arena);
	*vault = (struct vault){.journal.fd = -1, .slots.fd = -1};
}
