/* SPDX-License-Identifier: Apache-2.0 */
/* note.h — C2SP signed notes, checkpoints (tlog-checkpoint), verifier keys and cosignatures
 * (tlog-cosignature), byte for byte. Knows no cryptography: a callback verifies one signature. */
#ifndef CORE_NOTE_H
#define CORE_NOTE_H

#include "core/bytes.h"
#include "core/merkle.h"

enum {
	NOTE_SIZE_MAX = 16384,
	NOTE_SIGNATURES_MAX = 64,
	NOTE_NAME_MAX = 255,
	NOTE_COSIGNED_MAX = 4096, /* longest text whose cosignature is checked */
	NOTE_ED25519 = 0x01,      /* key type: Ed25519 over the note's text */
	NOTE_COSIGNATURE = 0x04,  /* key type: timestamped Ed25519 cosignature */
};

/* A verifier key `name+hex(keyid)+base64(type ‖ public key)`. Ed25519 only (types 1 and 4). */
struct note_key {
	char name[NOTE_NAME_MAX + 1];
	uint32_t id;
	uint8_t type;
	uint8_t public_key[32];
};

struct note_signature {
	struct bytes name;
	uint32_t id;
	uint8_t blob[128]; /* after the key id */
	size_t blob_n;     /* 0 if it is longer than that: of a kind not known here */
};

/* A parsed note, for use only after note_parse() said true. Spans point into the input. */
struct note {
	struct bytes text; /* with its last line feed: what is signed */
	size_t n;
	struct note_signature signatures[NOTE_SIGNATURES_MAX];
};

struct checkpoint {
	struct bytes origin;
	struct merkle_head head;
};

/* First 4 bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key), big-endian. */
uint32_t note_key_id(const char *name, uint8_t type, const uint8_t public_key[static 32]);
MUST_CHECK bool note_key_make(const char *name, uint8_t type, const uint8_t public_key[static 32],
			      struct note_key *out);
MUST_CHECK bool note_key_parse(struct bytes text, struct note_key *out);
void note_key_put(struct writer *w, const struct note_key *key);

/* Strict: no control characters but line feeds, valid UTF-8, at least one signature line. */
MUST_CHECK bool note_parse(struct bytes in, struct note *out, const char **why);
/* Appends one signature line: `— name base64(key id ‖ blob)\n`. */
void note_put_signature(struct writer *w, const char *name, uint32_t id, struct bytes blob);

/* Verifies an Ed25519 signature (RFC 8032) of 64 bytes. */
typedef bool note_verify_fn(const uint8_t public_key[static 32], struct bytes message,
			    const uint8_t signature[static 64]);
enum note_verdict { NOTE_UNSIGNED = 0, NOTE_BAD_SIGNATURE, NOTE_VALID };
/* Whether `key` signed the note. Other keys' lines are ignored; a line of this key that does not
 * verify makes it BAD. When VALID, `*time` is the latest unix second of this key's cosignatures,
 * or 0 for a plain signature (may be NULL). */
MUST_CHECK enum note_verdict note_verify(const struct note *note, const struct note_key *key,
					 note_verify_fn *verify, uint64_t *time);

/* The note text of a checkpoint: origin, size, base64 root, each line ended. */
void checkpoint_put(struct writer *w, struct bytes origin, struct merkle_head head);
/* Refuses extension lines, leading zeros, a wrong root length. */
MUST_CHECK bool checkpoint_parse(struct bytes text, struct checkpoint *out, const char **why);
/* The same with the extension lines that tlog-checkpoint allows after the root: `*extensions` is
 * all of them, each ended and none empty; a span of `text`, empty if there is none. */
MUST_CHECK bool checkpoint_parse_extended(struct bytes text, struct checkpoint *out,
					  struct bytes *extensions, const char **why);
/* What a type 0x04 cosigner signs: "cosignature/v1\ntime N\n" ‖ text. */
void cosignature_put_message(struct writer *w, uint64_t time, struct bytes text);

#endif
