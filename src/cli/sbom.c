/* SPDX-License-Identifier: Apache-2.0 */
/* sbom.c — a software bill: what is in it, and what is known to be wrong with it. */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/files.h"
#include "format/sbom_match.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	FINDINGS_MAX = 300,        /* of one record */
	FINDINGS_SIZE_MAX = 24000, /* bytes of them, so that the record fits in an entry */
	REASON_MAX = 500,
	DAY_MS = 24 * 3600 * 1000,
};

struct decision {
	const char *state, *reason; /* NULL: nobody decided */
};

struct checking {
	struct cli *cli;
	struct bytes sbom, osv;
	struct sbom_match match;
	struct decision *decisions; /* by finding */
	size_t affected, decided;   /* findings that nobody decided about, and the others */
	uint64_t feed_at;
};

static json_t *text(struct bytes b)
{
	return json_stringn(b.n > 0 ? (const char *)b.p : "", b.n);
}

/* ---- sbom show ---- */

static json_t *component_row(const struct cyclonedx *bill, const struct cyclonedx_component *c)
{
	bool inside = c->parent != CYCLONEDX_NONE;

	return json_pack("{s:s, s:o, s:o, s:o, s:s, s:s}", "component", c->key, "version",
			 text(c->version), "type", text(c->type), "source", text(c->source),
			 "scope", c->excluded ? "excluded" : "part of it", "inside",
			 inside ? bill->components[c->parent].key : "");
}

err command_sbom_show(struct cli *cli, struct fault *f)
{
	struct cyclonedx bill;
	struct bytes file;
	json_t *rows = json_array();
	err e = file_read(&cli->arena, cli->words[0], CYCLONEDX_FILE_MAX, &file, f);

	if (e.code == OK)
		e = cyclonedx_read(&cli->arena, file, &bill, f);
	for (size_t i = 0; e.code == OK && i < bill.n; i++)
		json_array_append_new(rows, component_row(&bill, &bill.components[i]));
	json_t *page = json_pack("{s:[s,s,s,s,s,s], s:o}", "columns", "component", "version",
				 "type", "source", "scope", "inside", "rows", rows);
	if (e.code == OK) {
		json_object_set_new(page, "subject", text(bill.subject));
		json_object_set_new(page, "complete", json_boolean(bill.complete));
		e = cli_table(cli, page, f);
	}
	if (e.code == OK && !cli->json) {
		printf("CycloneDX ");
		cli_others(bill.spec_version);
		printf(" of ");
		cli_others(bill.subject.n > 0 ? bill.subject : bytes_text("something unnamed"));
		printf(": %s\n", bill.complete ? "says that it lists everything"
					       : "does not say that it lists everything");
	}
	json_decref(page);
	return e;
}

/* ---- decisions ---- */

static bool is_known_as(const struct sbom_finding *finding, struct bytes id)
{
	for (size_t i = 0; i < finding->ids_n; i++)
		if (bytes_equal(finding->ids[i], id))
			return true;
	return false;
}

/* ADVISORY=REASON, for every component that it concerns. */
static err take_decision(struct checking *c, const char *option, const char *state,
			 const char *word, struct fault *f)
{
	size_t n = strcspn(word, "="), found = 0;
	struct bytes id = bytes_of(word, n);

	if (n == 0 || word[n] != '=' || word[n + 1] == '\0' || strlen(word + n + 1) > REASON_MAX ||
	    !utf8_valid(bytes_text(word)))
		return fail(f, "SBOM_DECISION_WRONG", "option", option, "word", word, NULL);
	for (size_t i = 0; i < c->match.findings_n; i++) {
		if (!is_known_as(&c->match.findings[i], id))
			continue;
		if (c->decisions[i].state != NULL)
			return fail(f, "SBOM_DECISION_TWICE", "word", word, NULL);
		c->decisions[i] = (struct decision){state, word + n + 1};
		found++;
	}
	return found > 0 ? ERR_OK : fail(f, "SBOM_DECISION_NAMES_NOTHING", "word", word, NULL);
}

static err take_decisions(struct checking *c, const char *option, const char *state,
			  struct fault *f)
{
	const char *word;

	for (size_t i = 0; (word = cli_option_at(c->cli, option, i)) != NULL; i++)
		TRY(take_decision(c, option, state, word, f));
	return ERR_OK;
}

static err decide(struct checking *c, struct fault *f)
{
	c->decisions = arena_array(&c->cli->arena, c->match.findings_n, sizeof *c->decisions);
	if (c->decisions == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(take_decisions(c, "accept", "accepted", f));
	TRY(take_decisions(c, "not-affected", "not_affected", f));
	for (size_t i = 0; i < c->match.findings_n; i++) {
		bool decided = c->decisions[i].state != NULL;
		c->decided += decided;
		c->affected += !decided && c->match.findings[i].answer == OSV_AFFECTED;
	}
	return ERR_OK;
}

/* ---- what it says ---- */

static const char *state_of(const struct checking *c, size_t i)
{
	if (c->decisions[i].state != NULL)
		return c->decisions[i].state;
	return c->match.findings[i].answer == OSV_AFFECTED ? "affected" : "unknown";
}

static const char *reason_of(const struct checking *c, size_t i)
{
	const char *reason = c->decisions[i].reason;

	return reason != NULL ? reason : sbom_missing_text(c->match.findings[i].missing);
}

static json_t *finding_row(const struct checking *c, size_t i)
{
	const struct sbom_finding *finding = &c->match.findings[i];
	const struct cyclonedx_component *component = &c->match.bill.components[finding->component];

	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:s, s:s}", "component", component->key,
			 "version", text(component->version), "advisory", text(finding->advisory),
			 "severity", text(finding->severity), "fixed", text(finding->fixed),
			 "state", state_of(c, i), "reason", reason_of(c, i));
}

/* Components of which nothing can be said, and what is missing for it. */
static json_t *unknown_rows(const struct checking *c)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < c->match.bill.n; i++) {
		const struct cyclonedx_component *component = &c->match.bill.components[i];
		if (c->match.looked_at[i] && c->match.answers[i] == OSV_UNKNOWN)
			json_array_append_new(
				rows, json_pack("{s:s, s:o, s:s}", "component", component->key,
						"version", text(component->version), "missing",
						sbom_missing_text(c->match.missing[i])));
	}
	return rows;
}

static json_t *report_of(const struct checking *c)
{
	const struct sbom_match *m = &c->match;
	char at[TIME_TEXT_SIZE];
	json_t *rows = json_array();

	time_text(c->feed_at, at);
	for (size_t i = 0; i < m->findings_n; i++)
		json_array_append_new(rows, finding_row(c, i));
	return json_pack(
		"{s:[s,s,s,s,s,s,s], s:o, s:[s,s,s], s:o, s:I, s:I, s:I, s:I, s:b, s:I, s:s}",
		"columns", "component", "version", "advisory", "severity", "fixed", "state",
		"reason", "rows", rows, "unknown_columns", "component", "version", "missing",
		"unknown_rows", unknown_rows(c), "components", (json_int_t)m->components,
		"affected", (json_int_t)c->affected, "decided", (json_int_t)c->decided, "unknown",
		(json_int_t)m->unknown, "complete", m->bill.complete, "advisories",
		(json_int_t)m->feed.advisories, "feed_at", at);
}

static void print_feed(const struct checking *c)
{
	uint64_t now = clock_wall_ms(&clock_system);
	char at[48];

	cli_time(c->feed_at, at);
	printf("%zu advisories (%zu withdrawn), as of %s: %" PRIu64 " days old\n",
	       c->match.feed.advisories, c->match.feed.withdrawn, at,
	       now > c->feed_at ? (now - c->feed_at) / DAY_MS : 0);
}

static err print_report(const struct checking *c, const json_t *report, struct fault *f)
{
	const json_t *unknown = json_object_get(report, "unknown_rows");
	const struct sbom_match *m = &c->match;

	TRY(cli_table(c->cli, report, f));
	if (json_array_size(unknown) > 0) {
		json_t *page = json_pack("{s:O, s:O}", "columns",
					 json_object_get(report, "unknown_columns"), "rows",
					 json_object_get(report, "unknown_rows"));
		printf("\nIt cannot be said whether something is wrong with these; what is "
		       "missing:\n");
		err e = cli_table(c->cli, page, f);
		json_decref(page);
		TRY(e);
	}
	printf("\n%zu components looked at, %zu not part of the product or inside another: %zu "
	       "affected, %zu unknown\n%zu decided, %zu affected and open\n",
	       m->components, m->bill.n - m->components, m->affected, m->unknown, c->decided,
	       c->affected);
	if (!m->bill.complete)
		printf("The software bill does not say that it lists everything: what it leaves "
		       "out "
		       "is not looked at.\n");
	print_feed(c);
	return ERR_OK;
}

/* ---- the record ---- */

static void set_text(json_t *object, const char *name, const char *value)
{
	if (value[0] != '\0')
		json_object_set_new(object, name, json_string(value));
}

static json_t *finding_body(const json_t *row, bool severity)
{
	static const char *const NAMES[] = {"component", "version", "advisory",
					    "state",     "reason",  "severity"};
	json_t *body = json_object();

	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0] - !severity; i++)
		set_text(body, NAMES[i], json_string_value(json_object_get(row, NAMES[i])));
	return body;
}

/* Severities are in the feed, too: they give way where the record would grow too large. */
static json_t *findings_body(const json_t *rows)
{
	json_t *list = json_array();
	bool severity = true;

	for (;;) {
		size_t size = 0, i;
		json_t *row;
		json_array_foreach(rows, i, row)
		{
			json_t *one = finding_body(row, severity);
			size += json_dumpb(one, NULL, 0, JSON_COMPACT);
			json_array_append_new(list, one);
		}
		if (!severity || size <= FINDINGS_SIZE_MAX)
			return list;
		severity = false;
		json_array_clear(list);
	}
}

static err upload(struct checking *c, struct client *client, struct bytes content, char hex[65],
		  struct fault *f)
{
	struct hash digest;

	(void)c;
	TRY(client_blob_put(client, content, "evidence", &digest, f));
	hex_encode(hash_bytes(&digest), hex);
	return ERR_OK;
}

static err record(struct checking *c, const json_t *report, json_t **receipt, struct fault *f)
{
	const char *product = cli_option(c->cli, "product");
	const json_t *rows = json_object_get(report, "rows");
	char sbom[65], feed[65], count[24];
	struct client *client;

	if (product == NULL)
		return fail(f, "CLI_OPTION_NEEDS", "option", "product", "argument", "P", NULL);
	snprintf(count, sizeof count, "%zu", json_array_size(rows));
	if (json_array_size(rows) > FINDINGS_MAX)
		return fail(f, "SBOM_TOO_MANY_FINDINGS", "count", count, NULL);
	TRY(cli_confirm(c->cli, "Sign and record this check?", f));
	TRY(cli_client(c->cli, true, &client, f));
	TRY(upload(c, client, c->sbom, sbom, f));
	TRY(upload(c, client, c->osv, feed, f));
	json_t *body = json_pack("{s:s, s:s, s:s, s:O, s:O, s:O}", "product", product, "sbom", sbom,
				 "feed", feed, "feed_at", json_object_get(report, "feed_at"),
				 "components", json_object_get(report, "components"), "unknown",
				 json_object_get(report, "unknown"));
	if (json_array_size(rows) > 0)
		json_object_set_new(body, "findings", findings_body(rows));
	err e = client_record(client, "sbom.checked", body, receipt, f);
	json_decref(body);
	return e;
}

/* ---- sbom check ---- */

static err take_time(struct checking *c, struct fault *f)
{
	const char *said = cli_option(c->cli, "feed-at");

	c->feed_at = c->match.feed.newest;
	if (said != NULL && !time_parse(bytes_text(said), &c->feed_at))
		return fail(f, "SBOM_TIME_WRONG", "value", said, NULL);
	return said != NULL || c->match.feed.advisories > 0 ? ERR_OK
							    : fail(f, "SBOM_FEED_EMPTY", NULL);
}

static err read_and_match(struct checking *c, struct fault *f)
{
	struct cli *cli = c->cli;
	const char *osv = cli_option(cli, "osv");

	if (osv == NULL)
		return fail(f, "CLI_OPTION_NEEDS", "option", "osv", "argument", "FILE", NULL);
	TRY(file_read(&cli->arena, cli->words[0], CYCLONEDX_FILE_MAX, &c->sbom, f));
	TRY(file_read(&cli->arena, osv, OSV_FEED_MAX, &c->osv, f));
	TRY(sbom_match(&cli->arena, c->sbom, c->osv, &c->match, f));
	TRY(take_time(c, f));
	return decide(c, f);
}

static err show_and_record(struct checking *c, json_t *report, struct fault *f)
{
	json_t *receipt = NULL;

	if (!c->cli->json)
		TRY(print_report(c, report, f));
	if (!cli_flag(c->cli, "dry-run"))
		TRY(record(c, report, &receipt, f));
	if (c->cli->json && receipt != NULL)
		json_object_set(report, "receipt", receipt);
	if (c->cli->json)
		cli_json(report);
	else if (receipt != NULL)
		cli_receipt(c->cli, receipt);
	json_decref(receipt);
	c->cli->verified = c->affected == 0;
	return ERR_OK;
}

err command_sbom_check(struct cli *cli, struct fault *f)
{
	struct checking *c = arena_alloc(&cli->arena, sizeof *c);

	if (c == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	c->cli = cli;
	TRY(read_and_match(c, f));
	json_t *report = report_of(c);
	err e = report != NULL ? show_and_record(c, report, f) : fail(f, "OUT_OF_MEMORY", NULL);
	json_decref(report);
	return e;
}
