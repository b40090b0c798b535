/* SPDX-License-Identifier: Apache-2.0 */
/* A signer with a TPM: what it signs while that is away, and when its charter lets it go. */
#include "log_testing.h"
#include "tpm_kit.h"

#include "core/sha256.h"

#include <string.h>

enum { INDEX = 0x01800100 };

struct house {
	struct tpm *tpm;
	struct test_log *l;
};

/* Its TPM counts from the first start. */
static struct house house_new(void)
{
	struct signer_test *t = signer_test_new();
	struct house h = {tpm_new(), log_new(t)};
	struct fault f = {0};

	if (anchor_folder_make(t->vault, h.tpm->tcti, INDEX, (struct bytes){0}, &f).code != OK)
		stop_test("%s", f.message);
	signer_start(t);
	return h;
}

static void house_done(struct house *h)
{
	signer_test_done(h->l->t);
	tpm_done(h->tpm);
}

/* The charter's next revision with this anchor. */
static void revise(struct test_log *l, enum charter_anchor anchor)
{
	struct charter *c = arena_alloc(&l->t->arena, sizeof(*c));
	uint8_t *p = arena_alloc(&l->t->arena, CHARTER_SIZE_MAX);
	struct writer w = writer_of(p, CHARTER_SIZE_MAX);
	struct signer_status status;
	struct bytes document;
	const char *why = NULL;

	assert_int_equal(signer_status_read(l->t->client, &l->t->arena, &status, NULL).code, OK);
	if (!charter_parse(status.charter, c, &why))
		stop_test("%s", why);
	c->has_previous = true;
	c->previous = sha256(status.charter);
	c->revision++;
	c->anchor = anchor;
	charter_put(&w, c);
	assert_true(writer_done(&w, &document));
	uint64_t revised = put_charter(l, ERIN, document, c->revision);
	(void)decided(l, DECISION_POLICY,
		      AT(revised, put_approval(l, ADA, revised), put_approval(l, BEN, revised)));
}

struct files {
	struct bytes journal, slots;
};

static struct files copied(struct signer_test *t)
{
	return (struct files){vault_file(t, FILE_JOURNAL), vault_file(t, FILE_SLOTS)};
}

static void put_back(struct signer_test *t, struct files files)
{
	put_vault_file(t, FILE_JOURNAL, files.journal);
	put_vault_file(t, FILE_SLOTS, files.slots);
}

static void a_tpm_that_is_let_go_counts_that_too(void **state)
{
	(void)state;
	if (!tpm_there())
		skip();
	struct house h = house_new();
	struct signer_test *t = h.l->t;

	revise(h.l, ANCHOR_TPM);
	uint64_t release = put_release(h.l, "R1", "production", 1);
	uint64_t vote = put_approval(h.l, BEN, release);
	log_sign(h.l);
	assert_int_equal(signer_stop(t), 0);
	struct files before = copied(t);
	signer_start(t);
	revise(h.l, ANCHOR_NONE);
	assert_int_equal(signer_stop(t), 0);
	struct files after = copied(t);
	size_t n = h.l->n;
	uint64_t asked = h.l->asked;
	put_back(t, before);
	h.l->n = h.l->asked = vote + 1;
	signer_start(t);
	refused(h.l, DECISION_FIRMWARE, AT(release, vote), "SIGNER_TURNED_BACK");
	assert_int_equal(signer_stop(t), 0);
	put_back(t, after);
	h.l->n = n;
	h.l->asked = asked;
	signer_start(t);
	(void)decided(h.l, DECISION_FIRMWARE, AT(release, vote));
	house_done(&h);
}

static void nothing_is_signed_before_the_tpm_has_agreed_once(void **state)
{
	struct bytes note;
	struct fault f = {0};

	(void)state;
	if (!tpm_there())
		skip();
	struct house h = house_new();
	struct signer_test *t = h.l->t;
	revise(h.l, ANCHOR_TPM);
	assert_int_equal(signer_stop(t), 0);
	tpm_off(h.tpm);
	signer_start(t);
	(void)put_release(h.l, "R1", "production", 1);
	assert_int_equal(log_grow(h.l, h.l->n, &note, &f).code, ERR_UNAVAILABLE);
	assert_string_equal(f.message, "ANCHOR_UNAVAILABLE");
	assert_int_equal(signer_stop(t), 0);
	tpm_on(h.tpm);
	signer_start(t);
	assert_int_equal(log_grow(h.l, h.l->n, &note, &f).code, OK);
	house_done(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tpm_that_is_let_go_counts_that_too),
		cmocka_unit_test(nothing_is_signed_before_the_tpm_has_agreed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
