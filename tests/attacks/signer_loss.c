/* SPDX-License-Identifier: Apache-2.0 */
/* (h): server and signer are put back to yesterday together, so that neither knows of today. (l): a disk is
 * lost, and what is left of log and journal goes on by a quorum. */
#include "signer_attack.h"
#include "tpm_kit.h"

#include <stdio.h>
#include <string.h>

#include "core/cbor.h"
#include "signer/anchor.h"
#include "signer/succeed.h"

#define SUCCESSOR "example.com/log2"

enum { INDEX = 0x01800100, QUOTA = 1 };

/* ---- (h) ---- */

/* Founded anew with a counter in a TPM, before anything is signed. */
static void with_a_counter(struct signer_test *t, const struct tpm *tpm)
{
	struct charter *c = arena_alloc(&t->arena, sizeof(*c));
	uint8_t *room = arena_alloc(&t->arena, CHARTER_SIZE_MAX);
	struct writer w = writer_of(room, CHARTER_SIZE_MAX);
	const char *why = NULL;
	struct fault f = {0};

	assert_true(charter_parse(t->founding.charter, c, &why));
	c->anchor = ANCHOR_TPM;
	charter_put(&w, c);
	assert_true(writer_done(&w, &t->founding.charter));
	(void)snprintf(t->vault, sizeof(t->vault), "%s/anchored", t->folder);
	if (signer_create(t->vault, &t->founding, &t->arena, &t->public, &f).code != OK ||
	    anchor_folder_make(t->vault, tpm->tcti, INDEX, (struct bytes){0}, &f).code != OK)
		stop_test("%s", f.message);
}

static const char *const STATE_FILES[] = {FILE_JOURNAL, FILE_SLOTS};
enum { STATE_FILES_N = 2 };

/* The only unit that was agreed is made; everything is put back to before; another one is asked for. */
static const char *both_are_put_back(struct tpm *tpm, enum charter_anchor anchor)
{
	struct signer_test *t = signer_test_new();
	struct test_log *l = log_new(t);
	struct bytes kept[STATE_FILES_N];
	struct issue_receipt receipt;
	struct cose_sign1 sign1;
	const char *why = NULL;

	if (tpm != NULL)
		with_a_counter(t, tpm);
	signer_start(t);
	house_builds(l, QUOTA);
	log_sign(l);
	assert_int_equal(signer_stop(t), 0);
	for (size_t i = 0; i < STATE_FILES_N; i++)
		kept[i] = vault_file(t, STATE_FILES[i]);
	size_t log_kept = l->n;
	signer_start(t);
	struct issued_unit first = issue_one(l, put_unit(l, 0, "A1", 0));
	assert_int_equal(first.why_not.code, OK);
	/* What every passport says about the count behind it. */
	assert_true(issue_receipt_parse(first.receipt, &sign1, &receipt, &why));
	assert_int_equal(receipt.anchor, anchor);
	assert_int_equal(signer_stop(t), 0);
	for (size_t i = 0; i < STATE_FILES_N; i++)
		put_vault_file(t, STATE_FILES[i], kept[i]);
	l->n = l->asked = log_kept;
	signer_start(t);
	uint64_t request = put_unit(l, 0, "A1", 1);
	struct bytes note;
	struct fault f = {0};
	static char message[64];
	err e = log_grow(l, l->n, &note, &f);
	(void)snprintf(message, sizeof(message), "%s", e.code == OK ? "" : f.message);
	return ended(l, e.code != OK ? message : wins_certificate(l, request, 1));
}

static const char *put_back_under_a_counter(void)
{
	struct tpm *tpm;

	if (!tpm_there())
		skip();
	tpm = tpm_new();
	const char *outcome = both_are_put_back(tpm, ANCHOR_TPM);
	tpm_done(tpm);
	return outcome;
}

/* The lawful switch: a house that has no anchor, and says so in every receipt. */
static const char *put_back_without_an_anchor(void)
{
	return both_are_put_back(NULL, ANCHOR_NONE);
}

/* ---- (l) ---- */

static struct bytes succession(struct test_log *l, const struct succession_facts *facts,
			       struct merkle_head recovered, bool used_up)
{
	struct put fields[] = {
		TEXT("origin", SUCCESSOR),
		TEXT("old_origin", ORIGIN),
		NUMBER("old_size", facts->last.size),
		BYTES("old_root", hash_bytes(&facts->last.root)),
		NUMBER("recovered", recovered.size),
		BYTES("recovered_root", hash_bytes(&recovered.root)),
		BYTES("checkpoint_key", hash_bytes(&facts->next_key)),
		BOOL("used_up", used_up),
	};
	struct made made = {.author = "sealwright",
			    .type = "ledger.succeeded",
			    .origin = SUCCESSOR,
			    .body = body_make(&l->t->arena, fields, 8)};
	struct reader r = reader_of(record_make(l, &made));

	assert_int_equal(cbor_array(&r), 2);
	return cbor_bytes(&r);
}

static struct bytes agrees(struct test_log *l, enum person who, struct bytes statement)
{
	struct hash digest = claim_digest(statement);
	struct put fields[] = {BYTES("record", hash_bytes(&digest))};
	struct made made = {.key = person_key(who),
			    .author = PERSON_NAME[who],
			    .type = "approval.given",
			    .origin = SUCCESSOR,
			    .body = body_make(&l->t->arena, fields, 1)};

	return record_make(l, &made);
}

/* The log keeps its first entries; `who` agree to go on. NULL: it goes on. */
static const char *goes_on(struct test_log *l, size_t kept, enum person one, enum person two)
{
	struct signer_test *t = l->t;
	struct succession_facts facts;
	struct note_key key;
	struct bytes note;
	struct fault f = {0};
	static char message[64];

	assert_int_equal(signer_stop(t), 0);
	assert_int_equal(signer_succession_facts(t->vault, (struct bytes){0}, &facts, NULL).code,
			 OK);
	struct bytes statement = succession(l, &facts, log_head(l, kept), false);
	struct bytes approvals[] = {agrees(l, one, statement), agrees(l, two, statement)};
	err e = signer_succeed(t->vault, (struct bytes){0}, statement, approvals, 2, &t->arena,
			       &key, &note, &f);
	(void)snprintf(message, sizeof(message), "%s", e.code == OK ? "" : f.message);
	if (e.code != OK)
		return message;
	l->n = l->asked = kept;
	signer_start(t);
	return NULL;
}

static uint64_t asks_under_the_new_name(struct test_log *l, size_t unit)
{
	struct put fields[] = {TEXT("product", PRODUCT), TEXT("serial", unit_serial(unit)),
			       TEXT("authorization", "A1"), BYTES("csr", unit_csr(unit, unit))};
	struct made made = {.key = station_key(0),
			    .author = station_name(0),
			    .type = "unit.requested",
			    .origin = SUCCESSOR,
			    .body = body_make(&l->t->arena, fields, 4)};

	return log_put(l, &made);
}

/* The entries of the unit are lost with the disk: the successor's log does not know of it. */
static const char *unit_that_was_lost(void)
{
	struct test_log *l = taken_over(QUOTA);
	size_t kept = l->n;

	assert_null(wins_certificate(l, put_unit(l, 0, "A1", 0), 0));
	assert_null(goes_on(l, kept, ADA, BEN));
	return ended(l, wins_certificate(l, asks_under_the_new_name(l, 1), 1));
}

/* One alone loses what he likes to lose. */
static const char *succession_of_one(void)
{
	struct test_log *l = taken_over(QUOTA);

	return ended(l, goes_on(l, l->n, BEN, BEN));
}

const struct attack LOSS_ATTACKS[] = {
	{'h', "server and signer put back together, with a counter in the TPM",
	 put_back_under_a_counter, "SIGNER_TURNED_BACK", CHECK_SIGNER_TURNED_BACK, NULL, 0, NULL},
	{'h', "server and signer put back together, with or without an anchor",
	 put_back_under_a_counter, "SIGNER_TURNED_BACK", CHECK_NONE, NULL, 0,
	 put_back_without_an_anchor},
	{'h', "server and signer put back together, with a witness", put_back_under_a_witness,
	 "SIGNER_NOT_WITNESSED", CHECK_SIGNER_TURNED_BACK, NULL, 0, NULL},
	{'l', "a unit beyond the quota after a disk was lost", unit_that_was_lost,
	 "SIGNER_QUOTA_SPENT", CHECK_SIGNER_QUOTA, NULL, 0, NULL},
	{'l', "one alone lets the log go on from where he likes", succession_of_one,
	 "SIGNER_APPROVALS_MISSING", CHECK_SIGNER_AUTHOR, NULL, 0, NULL},
	{0},
};
