/* SPDX-License-Identifier: Apache-2.0 */
#include "issue_crash.h"

#include "ledger/audit.h"
#include "server/evidence.h"
#include "server/server_internal.h"
#undef fail

#include <stdio.h>
#include <stdlib.h>

struct counted {
	size_t requested, issued;
	uint64_t sequences[REQUESTS_MAX]; /* of unit.requested, by unit */
	unsigned certificates[REQUESTS_MAX];
};

static err count_entry(void *context, uint64_t sequence, struct bytes bytes)
{
	struct counted *counted = context;
	static struct entry entry;
	const char *why;
	unsigned long unit;
	char id[ID_SIZE_MAX + 1];

	assert_true(entry_parse(bytes, &entry, &why));
	const struct subject *s = &entry.witness.subject;
	if (!entry.witness.has_subject || !bytes_equal(s->kind, bytes_text("unit")))
		return ERR_OK;
	snprintf(id, sizeof id, "%.*s", (int)s->id.n, (const char *)s->id.p);
	unit = strtoul(id + 2, NULL, 10);
	assert_in_range(unit, 0, REQUESTS_MAX - 1);
	if (bytes_equal(entry.claim.type, bytes_text("unit.requested"))) {
		counted->sequences[unit] = sequence;
		counted->requested++;
	} else if (bytes_equal(entry.claim.type, bytes_text("certificate.issued"))) {
		counted->certificates[unit]++;
		counted->issued++;
	}
	assert_int_equal(entry.witness.raised.n, 0);
	return ERR_OK;
}

/* The journal is asked for each request once more: it must say what the tables say. */
static void signer_says_the_same(struct crash *c, struct server *s, const struct counted *counted,
				 size_t n)
{
	struct signer_client *client;
	struct reader_session *r;
	struct evidence_reader e;
	struct merkle_head head;
	struct fault f = {0};

	api_check(signer_connect(c->x->config.signer_socket, 20000, &client, &f), &f, "signer");
	api_check(signer_last(client, &head, &f), &f, "last");
	api_check(reader_take(s->engine, &r, &f), &f, "reader");
	api_check(evidence_open(r, &e, &f), &f, "evidence");
	for (size_t i = 0; i < n; i++) {
		struct arena a = {0};
		struct proved_entry entry;
		struct evidence evidence = {.size = head.size, .entries = &entry, .n = 1};
		struct issued_unit unit = {0};
		api_check(evidence_entry_and_key(&e, &a, head.size, counted->sequences[i], &entry,
						 &f),
			  &f, "entry");
		api_check(signer_issue_units(client, &evidence, &a, &unit, &f), &f, "issue");
		assert_int_equal(unit.why_not.code, OK);
		assert_true(hash_equal(sha256(unit.certificate), c->seen->units[i].certificate));
		arena_done(&a);
	}
	evidence_close(&e);
	reader_give(r);
	signer_disconnect(client);
}

static void tables_and_log_agree(struct crash *c, const struct server_config *config)
{
	struct engine_config engine = {.store = config->store,
				       .origin = config->origin,
				       .areas = AREAS,
				       .clock = c->x->config.clock};
	struct audit_options options = {.key = c->x->public.checkpoint, .verify = ed25519_verify};
	struct audit_report audited;
	struct rebuild_report report;
	struct fault f = {0};

	api_check(engine_rebuild(&engine, false, NULL, NULL, &report, &f), &f, "rebuild");
	if (report.differing > 0)
		stop_test("rebuild differs in %s: %s\n", report.first_table, report.first_row);
	api_check(audit_run(audit_folder(config->tiles), &options, &audited, &f), &f, "audit");
}

void verify_all(struct crash *c)
{
	size_t n = PER_ROUND * (c->rounds + 1);
	struct counted *counted = calloc(1, sizeof *counted);
	struct server *s;
	struct reader_session *r;
	struct fault f = {0};

	assert_non_null(counted);
	api_check(server_open(&c->x->config, &s, &f), &f, "server");
	api_check(reader_take(s->engine, &r, &f), &f, "reader");
	api_check(ledger_each(reader_ledger(r), 0, count_entry, counted, &f), &f, "log");
	reader_give(r);
	for (size_t i = 0; i < n; i++) {
		if (counted->certificates[i] != 1)
			stop_test("%s has %u certificates in the log\n", serial_of(i),
				  counted->certificates[i]);
		assert_true(c->seen->owner[i + 1] != 0); /* no number was skipped */
	}
	assert_int_equal(counted->requested, n);
	assert_int_equal(counted->issued, n);
	signer_says_the_same(c, s, counted, n);
	server_close(s);
	tables_and_log_agree(c, &c->x->config);
	free(counted);
}
