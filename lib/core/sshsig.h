/* SPDX-License-Identifier: Apache-2.0 */
/* sshsig.h — OpenSSH's detached signatures (PROTOCOL.sshsig), as `ssh-keygen -Y sign` makes them,
 * in a closed profile: ssh-ed25519, ecdsa-sha2-nistp256 and their FIDO `sk-` forms. Knows no
 * cryptography: it says what to verify, and with which key. */
#ifndef CORE_SSHSIG_H
#define CORE_SSHSIG_H

#include "core/bytes.h"

/* What an approval of ours is signed under. */
#define SSHSIG_NAMESPACE "sealwright-approve@v1"

enum { SSHSIG_SIZE_MAX = 1024, SSHSIG_APPLICATION_MAX = 64 };

enum ssh_algorithm { SSH_ED25519 = 1, SSH_P256, SSH_SK_ED25519, SSH_SK_P256 };
enum ssh_hash { SSH_SHA256 = 1, SSH_SHA512 };

/* Spans point into the input. */
struct sshsig {
	enum ssh_algorithm algorithm;
	struct bytes public_key;  /* 32 bytes of Ed25519, or x ‖ y: 64 */
	struct bytes application; /* sk forms; otherwise empty */
	struct bytes name_space;
	enum ssh_hash hash;
	uint8_t signature[64]; /* Ed25519, or r ‖ s */
	uint8_t flags;         /* sk forms: 0x01 user present, 0x04 user verified */
	uint32_t counter;
};

/* Parses the whole binary blob (what stands base64-coded between the armor lines), or returns false with
 * `*why`. */
MUST_CHECK bool sshsig_parse(struct bytes in, struct sshsig *out, const char **why);
/* What the signature covers, for a message with this digest (by sig->hash): for a plain key the
 * "SSHSIG" structure; for an sk key the caller hashes that with SHA-256 and puts it through
 * sshsig_put_token. */
void sshsig_put_signed(struct writer *w, const struct sshsig *sig, struct bytes message_digest);
/* SHA-256(application) ‖ flags ‖ counter ‖ SHA-256(structure): what a FIDO token signed. */
void sshsig_put_token(struct writer *w, const struct sshsig *sig, struct hash structure);
/* Out of "-----BEGIN SSH SIGNATURE-----" armor, strictly. False unless it fits `cap`. */
MUST_CHECK bool sshsig_unarmor(struct bytes text, uint8_t *out, size_t cap, size_t *n);

#endif
