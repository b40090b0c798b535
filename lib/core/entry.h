/* SPDX-License-Identifier: Apache-2.0 */
/* entry.h — what stands in the ledger for ever: [claim, proof, witness] (docs/formats/entry.cddl).
 * The claim is what the author signed, kept byte for byte; the proof is the author's; the witness
 * is what the writer added. Parsing is strict: unknown keys and trailing bytes are refused. */
#ifndef CORE_ENTRY_H
#define CORE_ENTRY_H

#include "core/bytes.h"
#include "core/cose.h"
#include "core/sshsig.h"

enum {
	ENTRY_SIZE_MAX = 32768,
	ID_SIZE_MAX = 64,
	ORIGIN_SIZE_MAX = 255,
	TYPE_SIZE_MAX = 64,
	TYPE_VERSION_MAX = 65535,
	REFERENCE_SIZE_MAX = 64,
	AUTHENTICATOR_DATA_MAX = 512,
	CLIENT_DATA_MAX = 2048,
	WEBAUTHN_SIGNATURE_MAX = 512,
	ENTRY_OUTPUTS_MAX = 16,
	ENTRY_RAISED_MAX = 64,
	ENTRY_CONTROLS_MAX = 64,
};

/* Instants end with the year 9999, the last that RFC 3339 can write. */
static const uint64_t INSTANT_MS_MAX = UINT64_C(253402300799999);
/* Sequences and counters fit a signed 64-bit column. */
static const uint64_t SEQUENCE_MAX = UINT64_C(9223372036854775807);

/* 1 to 64 characters of GS1's 82-character set, compared bytewise. */
MUST_CHECK bool id_valid(struct bytes text);
/* Two words of lower-case letters, digits and underscores with a dot between: "seal.applied". */
MUST_CHECK bool type_name_valid(struct bytes text);

/* Where a claim's content comes from. Values are permanent. */
enum claim_source { CLAIM_WITNESSED = 0, CLAIM_DECLARED = 1, CLAIM_IMPORTED = 2 };

struct uuid {
	uint8_t b[16];
};
/* Version 7, variant 10 (RFC 9562 section 5.7). */
MUST_CHECK bool uuid7_valid(struct uuid id);
uint64_t uuid7_time_ms(struct uuid id);

/* Map keys 1 to 11 of the claim. Times are unix milliseconds. */
struct claim {
	struct bytes origin; /* 1 */
	struct bytes type;   /* 2: like "seal.applied" */
	uint32_t version;    /* 3 */
	struct bytes author; /* 4: id of a principal */
	bool has_key;
	struct hash key; /* 5: SHA-256 of the author's public key (SPKI DER) */
	struct uuid id;  /* 6 */
	uint64_t made;   /* 7 */
	bool has_occurred;
	uint64_t occurred;        /* 8 */
	enum claim_source source; /* 9 */
	struct bytes body;        /* 10: one map with text keys, as bytes */
	struct bytes spool;       /* 11: [name, counter]; p is NULL when absent */
	uint64_t spool_counter;
};

enum proof_kind { PROOF_NONE = 0, PROOF_COSE = 1, PROOF_WEBAUTHN = 2, PROOF_SSHSIG = 3 };
struct proof {
	enum proof_kind kind;
	struct cose_sign1 cose;          /* payload detached */
	struct bytes authenticator_data; /* WebAuthn: the three spans */
	struct bytes client_data;
	struct bytes signature;
	struct bytes sshsig; /* for sshsig_parse */
};

/* How the author was known. Values are permanent. */
enum channel_kind {
	CHANNEL_LOCAL = 0,   /* init and the server's own services */
	CHANNEL_KEY = 1,     /* a client certificate: reference = SHA-256 of its public key */
	CHANNEL_SESSION = 2, /* a session: reference = SHA-256 of its token */
	CHANNEL_SPOOL = 3,   /* replayed from an offline spool: reference = the uploader's key */
};

/* What became of the record. Values are permanent. */
enum outcome {
	OUTCOME_FOLDED = 0,
	OUTCOME_PENDING = 1,    /* waits for approvals */
	OUTCOME_EXECUTES = 2,   /* this vote made the pending record `target` take effect */
	OUTCOME_UNFOLDED = 3,   /* kept as evidence; its fold failed */
	OUTCOME_UNVERIFIED = 4, /* reported outside the author's permission: changes no state */
};

/* Something a record concerns: kind, what its id is unique within (may be empty), id. */
struct subject {
	struct bytes kind, within, id;
};

struct raised {
	struct bytes code; /* message id of the nonconformance */
	bool has_subject;  /* what it holds, if anything */
	struct subject subject;
};

/* A check's output. kind is CBOR_UINT, CBOR_BYTES or CBOR_TEXT of cbor.h. */
struct output {
	struct bytes name;
	int kind;
	uint64_t number;
	struct bytes value;
};

struct control_result {
	struct bytes control;
	struct bytes result; /* pass, warn, observe, excepted, glass */
};

/* Map keys 1 to 9 of the witness. Lists are kept as checked spans and walked with the
 * witness_* functions, so that a parsed witness is small. */
struct witness {
	uint64_t sequence;         /* 1 */
	uint64_t at;               /* 2: the writer's time, never decreasing */
	enum channel_kind channel; /* 3: [kind, reference] */
	struct bytes reference;
	enum outcome outcome; /* 4: [outcome] or [2, target] */
	uint64_t target;
	struct bytes gate;    /* 5: [policy revision, {control: result}] */
	struct bytes raised;  /* 6: [[code] or [code, kind, within, id], …] */
	struct bytes outputs; /* 7: {name: value} */
	bool has_previous;
	uint64_t previous; /* 8: last sequence of the same subject */
	bool has_subject;
	struct subject subject; /* 9: [kind, within, id] */
};

struct entry {
	struct bytes claim_bytes;
	struct claim claim;
	struct proof proof;
	struct witness witness;
};

/* Each parses the whole of `in`, or returns false with `*why` (a static sentence). */
MUST_CHECK bool claim_parse(struct bytes in, struct claim *out, const char **why);
MUST_CHECK bool proof_parse(struct bytes in, struct proof *out, const char **why);
MUST_CHECK bool witness_parse(struct bytes in, struct witness *out, const char **why);
MUST_CHECK bool entry_parse(struct bytes in, struct entry *out, const char **why);

void claim_put(struct writer *w, const struct claim *claim);
void witness_put(struct writer *w, const struct witness *witness);
/* [bstr claim, proof, witness]; `proof` and `witness` are complete items. */
void entry_put(struct writer *w, struct bytes claim, struct bytes proof, struct bytes witness);

/* What stands behind the claim in an entry: proof and witness. Empty if it is none. */
struct bytes entry_after_claim(struct bytes entry);

/* Walk a witness's lists: `*at` starts as the list's span (empty: nothing), each call takes one
 * item; false at the end. */
bool witness_next_raised(struct reader *at, struct raised *out);
bool witness_next_output(struct reader *at, struct output *out);
bool witness_next_control(struct reader *at, struct control_result *out);
/* Readers placed on the first item of each list, with how many there are. */
struct reader witness_raised(const struct witness *w, size_t *n);
struct reader witness_outputs(const struct witness *w, size_t *n);
struct reader witness_controls(const struct witness *w, uint64_t *policy_revision, size_t *n);

/* SHA-256 over the claim: what approvals and receipts name. */
struct hash claim_digest(struct bytes claim);

#endif
