/* SPDX-License-Identifier: Apache-2.0 */
/* evidence_types.c — the record types of the mechanism itself. */
#include "record/evidence.h"

#include "core/charter.h"
#include "core/sha256.h"
#include "core/succession.h"
#include "record/check.h"

#include <string.h>

struct founder {
	struct id principal;
	struct hash key;
	struct blob public_key;
};
static const struct field founder[] = {
	FIELD(founder, principal, REQUIRED, "opaque id of the person"),
	FIELD(founder, key, REQUIRED, "SHA-256 of the public key"),
	SIZED(founder, public_key, REQUIRED, 160, "SubjectPublicKeyInfo, DER"),
	{0},
};

struct founder_permission {
	struct id permission;
};
static const struct field founder_permission[] = {
	FIELD(founder_permission, permission, REQUIRED, "what the role `founder` may do"),
	{0},
};

struct ledger_started {
	struct id mode;
	struct text origin;
	struct hash ca_key;
	struct hash ca_certificate;
	struct hash checkpoint_key;
	struct text relying_party;
	struct list founders;
	struct list founder_permissions;
	struct blob charter;
	struct text web_origin;
};
static const struct field ledger_started[] = {
	CHOICE(ledger_started, mode, REQUIRED, "founded|bootstrap|trial",
	       "two or more founders; one; or a log for trying out"),
	SIZED(ledger_started, origin, REQUIRED, 255, "name of the log, for ever"),
	FIELD(ledger_started, ca_key, REQUIRED, "key id of the device CA"),
	FIELD(ledger_started, ca_certificate, REQUIRED, "SHA-256 of the device CA's certificate"),
	FIELD(ledger_started, checkpoint_key, REQUIRED, "the Ed25519 key that signs checkpoints"),
	SIZED(ledger_started, relying_party, OPTIONAL, 253, "domain that passkeys are bound to"),
	LIST(ledger_started, founders, REQUIRED, founder, struct founder, 16, "who starts the log"),
	LIST(ledger_started, founder_permissions, REQUIRED, founder_permission,
	     struct founder_permission, 64, "what founders may do"),
	/* version 2 */
	SIZED(ledger_started, charter, OPTIONAL, 16384,
	      "the signer's first charter (docs/formats/charter.cddl)"),
	SIZED(ledger_started, web_origin, OPTIONAL, 255, "web origin of the console"),
	{0},
};

struct ledger_started_outputs {
	int64_t founders_n;
	struct hash charter_digest;
};
static const struct field ledger_started_outputs[] = {
	NUMBER(ledger_started_outputs, founders_n, REQUIRED, 1, 16, "founders with sound keys"),
	FIELD(ledger_started_outputs, charter_digest, OPTIONAL, "SHA-256 of the charter"),
	{0},
};

/* The charter is what the signer will judge by: a bad one would bind the log for ever. */
static err check_first_charter(struct check_context *context, const struct ledger_started *b,
			       struct fault *f)
{
	struct charter *charter = arena_alloc(context->arena, sizeof *charter);
	const char *why = NULL;

	if (charter == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (!charter_parse(b->charter.bytes, charter, &why))
		return fail_field(f, "charter", "CHARTER_UNFIT", "detail", why, NULL);
	if (!bytes_equal(charter->origin, b->origin.bytes))
		why = "it is of another log";
	else if (charter->revision != 1)
		why = "the first one has revision 1";
	return why == NULL ? ERR_OK
			   : fail_field(f, "charter", "CHARTER_UNFIT", "detail", why, NULL);
}

/* Each founder once, each key what its digest says; two founders or more make a founded log. */
static err check_ledger_started(struct check_context *context, const void *body, uint64_t present,
				void *outputs, uint64_t *outputs_present, struct fault *f)
{
	const struct ledger_started *b = body;
	const struct founder *founders = b->founders.items;
	struct ledger_started_outputs *out = outputs;

	(void)present;
	for (size_t i = 0; i < b->founders.n; i++) {
		if (!hash_equal(sha256(founders[i].public_key.bytes), founders[i].key))
			return fail_field(f, "founders", "FOUNDER_KEY_WRONG", "founder",
					  founders[i].principal.text, NULL);
		for (size_t j = 0; j < i; j++)
			if (strcmp(founders[i].principal.text, founders[j].principal.text) == 0 ||
			    hash_equal(founders[i].key, founders[j].key))
				return fail_field(f, "founders", "FOUNDER_TWICE", "founder",
						  founders[i].principal.text, NULL);
	}
	if (strcmp(b->mode.text, "founded") == 0 && b->founders.n < 2)
		return fail_field(f, "mode", "FOUNDERS_TOO_FEW", NULL);
	out->founders_n = (int64_t)b->founders.n;
	*outputs_present = 1;
	if (b->charter.bytes.n > 0) {
		TRY(check_first_charter(context, b, f));
		out->charter_digest = sha256(b->charter.bytes);
		*outputs_present |= 2;
	}
	return ERR_OK;
}

struct decision_refused {
	struct id type;
	struct id asked_by;
	struct id code;
	struct hash record;
	struct id kind, within, id, from_spool;
	int64_t counter;
};
static const struct field decision_refused[] = {
	FIELD(decision_refused, type, REQUIRED, "type of the refused decision"),
	FIELD(decision_refused, asked_by, REQUIRED, "who asked for it"),
	FIELD(decision_refused, code, REQUIRED, "message id of the first reason"),
	FIELD(decision_refused, record, REQUIRED, "digest of the refused claim"),
	FIELD(decision_refused, kind, OPTIONAL, "kind of what it was about"),
	FIELD(decision_refused, within, OPTIONAL, "what its id is unique within"),
	FIELD(decision_refused, id, OPTIONAL, "its id"),
	/* version 2 */
	FIELD(decision_refused, from_spool, OPTIONAL, "offline spool that brought it"),
	NUMBER(decision_refused, counter, OPTIONAL, 1, INT64_MAX, "its counter in that spool"),
	{0},
};

struct clock_stepped {
	struct instant wall, expected;
};
static const struct field clock_stepped[] = {
	FIELD(clock_stepped, wall, REQUIRED, "what the wall clock says"),
	FIELD(clock_stepped, expected, REQUIRED, "last recorded time plus the steady clock"),
	{0},
};

struct approval {
	struct hash record;
	struct text reason;
	struct instant not_after;
};
static const struct field approval_given[] = {
	FIELD(approval, record, REQUIRED, "digest of the claim that is approved"),
	SIZED(approval, reason, OPTIONAL, 500, "what was looked at"),
	/* version 2 */
	FIELD(approval, not_after, OPTIONAL, "until when the approval counts"),
	{0},
};
static const struct field approval_ended[] = {
	FIELD(approval, record, REQUIRED, "digest of the claim that waits"),
	SIZED(approval, reason, REQUIRED, 500, "why not"),
	{0},
};

struct value_erased {
	struct hash commitment;
	struct text reason;
};
static const struct field value_erased[] = {
	FIELD(value_erased, commitment, REQUIRED, "the commitment whose value is erased"),
	SIZED(value_erased, reason, REQUIRED, 500, "why, for example the request's number"),
	{0},
};

/* The log goes on under another name (lib/core/succession.h, which reads the same fields). */
struct ledger_succeeded {
	struct text origin, old_origin;
	int64_t old_size;
	struct hash old_root;
	int64_t recovered;
	struct hash recovered_root;
	struct hash checkpoint_key;
	bool used_up;
};
static const struct field ledger_succeeded[] = {
	SIZED(ledger_succeeded, origin, REQUIRED, 255, "name of the log from here on"),
	SIZED(ledger_succeeded, old_origin, REQUIRED, 255, "its name until here, never used again"),
	NUMBER(ledger_succeeded, old_size, REQUIRED, 0, INT64_MAX,
	       "entries that the old key signed"),
	FIELD(ledger_succeeded, old_root, REQUIRED, "and the root that it signed last"),
	NUMBER(ledger_succeeded, recovered, REQUIRED, 1, INT64_MAX, "entries that are still there"),
	FIELD(ledger_succeeded, recovered_root, REQUIRED, "and their root"),
	FIELD(ledger_succeeded, checkpoint_key, REQUIRED, "the new Ed25519 key of checkpoints"),
	FIELD(ledger_succeeded, used_up, REQUIRED,
	      "the signer's journal is behind, too: every build authorization counts as used up"),
	{0},
};

struct ledger_succeeded_outputs {
	int64_t lost;
};
static const struct field ledger_succeeded_outputs[] = {
	NUMBER(ledger_succeeded_outputs, lost, REQUIRED, 0, INT64_MAX,
	       "entries that were signed and are not there"),
	{0},
};

static err check_ledger_succeeded(struct check_context *context, const void *body, uint64_t present,
				  void *outputs, uint64_t *outputs_present, struct fault *f)
{
	struct ledger_succeeded_outputs *out = outputs;
	struct succession s;
	const char *why;

	(void)body;
	(void)present;
	if (!succession_read(context->claim, &s, &why))
		return fail(f, "LOG_SUCCESSION_WRONG", "why", why, NULL);
	if (s.last.size > s.recovered.size)
		out->lost = (int64_t)(s.last.size - s.recovered.size);
	*outputs_present = 1;
	return ERR_OK;
}

struct succession_approved {
	struct hash statement;
	struct blob approval;
};
static const struct field succession_approved[] = {
	FIELD(succession_approved, statement, REQUIRED, "digest of the claim ledger.succeeded"),
	SIZED(succession_approved, approval, REQUIRED, 4096,
	      "[claim, proof] of an approval.given that names it"),
	{0},
};

static const struct record_type types[] = {
	{.name = "ledger.started",
	 .version = 2,
	 .nature = EVENT,
	 .origin = REPORTED,
	 .flags = SYSTEM,
	 .size = sizeof(struct ledger_started),
	 .fields = ledger_started,
	 .outputs_size = sizeof(struct ledger_started_outputs),
	 .outputs = ledger_started_outputs,
	 .check = check_ledger_started,
	 .help = "the first entry: origin, keys and founders"},
	{.name = "ledger.succeeded",
	 .version = 1,
	 .nature = EVENT,
	 .origin = REPORTED,
	 .flags = SYSTEM,
	 .size = sizeof(struct ledger_succeeded),
	 .fields = ledger_succeeded,
	 .outputs_size = sizeof(struct ledger_succeeded_outputs),
	 .outputs = ledger_succeeded_outputs,
	 .check = check_ledger_succeeded,
	 .help = "the log goes on under another name, with what could be recovered"},
	{.name = "succession.approved",
	 .version = 1,
	 .nature = EVENT,
	 .origin = REPORTED,
	 .flags = SYSTEM,
	 .size = sizeof(struct succession_approved),
	 .fields = succession_approved,
	 .help = "somebody agreed to the succession"},
	{.name = "decision.refused",
	 .version = 2,
	 .nature = EVENT,
	 .origin = REPORTED,
	 .flags = SYSTEM,
	 .size = sizeof(struct decision_refused),
	 .fields = decision_refused,
	 .help = "a decision was refused to somebody whose identity was proved"},
	{.name = "clock.stepped",
	 .version = 1,
	 .nature = EVENT,
	 .origin = REPORTED,
	 .flags = SYSTEM,
	 .size = sizeof(struct clock_stepped),
	 .fields = clock_stepped,
	 .help = "the machine's clock was moved; time-limited rights do not count until it agrees"},
	{.name = "approval.given",
	 .version = 2,
	 .nature = DECISION,
	 .permission = "approval.vote",
	 .origin = SIGNED,
	 .flags = VOTE,
	 .subject = {"approval", NULL, "record"},
	 .size = sizeof(struct approval),
	 .fields = approval_given,
	 .help = "a person agrees to exactly one waiting record"},
	{.name = "approval.denied",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "approval.vote",
	 .origin = SIGNED,
	 .flags = VOTE,
	 .subject = {"approval", NULL, "record"},
	 .size = sizeof(struct approval),
	 .fields = approval_ended,
	 .help = "a person refuses a waiting record, for good"},
	{.name = "approval.withdrawn",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "approval.vote",
	 .origin = SIGNED,
	 .flags = VOTE,
	 .subject = {"approval", NULL, "record"},
	 .size = sizeof(struct approval),
	 .fields = approval_ended,
	 .help = "the author takes a waiting record back"},
	{.name = "value.erased",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "privacy.erase",
	 .origin = SIGNED,
	 .size = sizeof(struct value_erased),
	 .fields = value_erased,
	 .help = "a confidential or personal value is erased; its commitment stays"},
	{0},
};

extern const char evidence_sql[];
const struct area evidence_area = {.name = "evidence", .types = types, .sql = evidence_sql};
