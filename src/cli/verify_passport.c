/* SPDX-License-Identifier: Apache-2.0 */
/* verify_passport.c — a unit's passport, offline: its story, and whether it holds. No server is asked. */
#include "cli/cli.h"

#include "base/catalog.h"
#include "base/files.h"
#include "cli/denials.h"
#include "client/authority_check.h"
#include "core/passport_story.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- the story ---- */

static void print_line(void *context, const struct story_line *line)
{
	enum story_section *last = context;
	char at[48] = "";

	if (line->section != *last)
		printf("\n%s\n", story_section_title(line->section));
	*last = line->section;
	if (line->of_record) {
		cli_time(line->at, at);
		printf("%8" PRIu64 "  %s  ", line->sequence, at);
	} else {
		printf("%8s  ", "-");
	}
	cli_others(line->text);
	if (line->of_record)
		printf(" [%s]", story_source_name(line->source));
	printf("\n");
}

static void line_to_json(void *context, const struct story_line *line)
{
	json_t *one = json_pack("{s:s, s:s, s:s%}", "section", story_section_name(line->section),
				"source", story_source_name(line->source), "text",
				(const char *)line->text.p, line->text.n);

	if (line->of_record) {
		json_object_set_new(one, "sequence", json_integer((json_int_t)line->sequence));
		json_object_set_new(one, "at_ms", json_integer((json_int_t)line->at));
	}
	json_array_append_new(context, one);
}

/* ---- every record ---- */

/* What one entry is shown to, while the passport is read. */
struct reading {
	struct authority_check authority;
	bool records; /* every one is listed */
};

static void read_entry(void *context, const struct passport_entry *entry,
		       const struct entry *parsed)
{
	static const char *const PROOFS[] = {
		[PROOF_NONE] = "reported over channel",
		[PROOF_COSE] = "signed by author",
		[PROOF_WEBAUTHN] = "signed with a passkey",
		[PROOF_SSHSIG] = "signed with an SSH key",
	};
	struct reading *reading = context;
	char at[48];

	authority_check_each(&reading->authority, entry, parsed);
	if (!reading->records)
		return;
	cli_time(parsed->witness.at, at);
	printf("%8" PRIu64 "  %s  %-26.*s %-16.*s %s\n", entry->sequence, at,
	       (int)parsed->claim.type.n, (const char *)parsed->claim.type.p,
	       (int)parsed->claim.author.n, (const char *)parsed->claim.author.p,
	       PROOFS[parsed->proof.kind]);
}

/* The id of a sentence, or what it says of itself. */
static void print_notice(struct bytes notice)
{
	char id[64], text[512];

	snprintf(id, sizeof id, "%.*s", (int)(notice.n < 63 ? notice.n : 63),
		 (const char *)notice.p);
	const struct message *known = catalog_find(id);
	cli_safe_text(known == NULL ? id : known->text, text, sizeof text);
	printf("notice: %s\n", text);
}

/* What the log is stands in its first entry, and whether the quota is anchored in the unit's receipt: neither
 * can be left out. The rest is what who made the file notes. */
static void print_notices(struct bytes file, const char *mode,
			  const struct authority_report *authority)
{
	static const char TRIAL[] = "LOG_IS_TRIAL", BOOTSTRAP[] = "LOG_IS_BOOTSTRAP",
			  QUOTA[] = "QUOTA_NOT_ANCHORED";
	struct passport p;
	struct bytes notice;
	const char *why;
	size_t n;

	if (!authority->issued || authority->anchor == ANCHOR_NONE)
		print_notice(bytes_text(QUOTA));
	if (strcmp(mode, "founded") != 0)
		print_notice(bytes_text(strcmp(mode, "trial") == 0 ? TRIAL : BOOTSTRAP));
	if (!passport_parse(file, &p, &why))
		return;
	struct reader at = passport_notices(&p, &n);
	for (size_t i = 0; i < n && passport_next_notice(&at, &notice); i++)
		if (!bytes_equal(notice, bytes_text(TRIAL)) &&
		    !bytes_equal(notice, bytes_text(BOOTSTRAP)) &&
		    !bytes_equal(notice, bytes_text(QUOTA)))
			print_notice(notice);
}

/* ---- who agreed ---- */

static const char *anchor_name(enum charter_anchor anchor)
{
	static const char *const NAMES[] = {
		[ANCHOR_NONE] = "none", [ANCHOR_TPM] = "tpm", [ANCHOR_WITNESS] = "witness"};

	return NAMES[anchor];
}

static void print_authority(const struct authority_report *r)
{
	static const char *const ANCHORS[] = {
		[ANCHOR_NONE] = "not anchored",
		[ANCHOR_TPM] = "anchored in the signer's TPM",
		[ANCHOR_WITNESS] = "anchored at witnesses",
	};
	char key[65];

	if (!r->issued)
		return;
	hex_encode(hash_bytes(&r->firmware.signed_by), key);
	printf("It is unit %" PRIu64 " of %" PRIu64
	       " of the build authorization %s, to which %s agreed (charter revision %" PRIu64
	       "); the count is %s.\n",
	       r->n, r->of, r->authorization.id,
	       r->authorization.names[0] == '\0' ? "nobody else had to" : r->authorization.names,
	       r->authorization.charter, ANCHORS[r->anchor]);
	printf("Its firmware release is %s, to which %s agreed; security version %" PRIu64
	       "; its manifest is signed by the key %.16s…\n",
	       r->firmware.id,
	       r->firmware.names[0] == '\0' ? "nobody else had to" : r->firmware.names,
	       r->firmware.security_version, key);
	if (r->programmed[0] != '\0')
		printf("But it was last programmed with %s, of which no manifest is here.\n",
		       r->programmed);
	printf("%" PRIu64
	       " decisions that the signer admitted were weighed again by the charter.\n",
	       r->weighed.agreed);
}

static json_t *authority_json(const struct authority_report *r)
{
	char key[65];

	hex_encode(hash_bytes(&r->firmware.signed_by), key);
	return json_pack("{s:I, s:I, s:s, s:s, s:s, s:I, s:s, s:s, s:I, s:s, s:s, s:I}", "unit",
			 (json_int_t)r->n, "of", (json_int_t)r->of, "anchor",
			 anchor_name(r->anchor), "authorization", r->authorization.id, "agreed",
			 r->authorization.names, "charter", (json_int_t)r->authorization.charter,
			 "firmware_release", r->firmware.id, "firmware_agreed", r->firmware.names,
			 "security_version", (json_int_t)r->firmware.security_version,
			 "firmware_key", key, "programmed_without_manifest", r->programmed,
			 "weighed", (json_int_t)r->weighed.agreed);
}

static void print_report_json(const struct passport *p, const struct passport_report *r,
			      const struct authority_report *authority)
{
	json_t *story = json_array(), *withheld = json_array();
	struct bytes kind;
	size_t n;
	struct reader at = passport_withheld(p, &n);

	for (size_t i = 0; i < n && passport_next_withheld(&at, &kind); i++)
		json_array_append_new(withheld, json_stringn((const char *)kind.p, kind.n));
	passport_story(p, line_to_json, story);
	(void)passport_openings(p, &n);
	json_t *json =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:o}",
			  "verdict", "pass", "kind", r->kind, "within", r->within, "id", r->id,
			  "mode", r->mode, "size", (json_int_t)r->head.size, "entries",
			  (json_int_t)r->entries, "signed", (json_int_t)r->signed_by_author,
			  "passkeys", (json_int_t)r->passkeys, "reported", (json_int_t)r->reported,
			  "withheld", withheld, "shown", (json_int_t)n, "story", story);

	if (authority->issued)
		json_object_set_new(json, "authority", authority_json(authority));
	denials_to_json(&authority->weighed, json);
	cli_json(json);
	json_decref(json);
}

static void print_report(const struct passport_report *r, const struct authority_report *authority,
			 struct bytes file, const struct note_key *log)
{
	print_notices(file, r->mode, authority);
	printf("The passport of %s %s %s holds: %zu records, %zu signed by their authors and %zu "
	       "reported, all in the tree of %" PRIu64 " entries that the log %s signed.\n",
	       r->kind, r->within, r->id, r->entries, r->signed_by_author, r->reported,
	       r->head.size, log->name);
	if (r->passkeys > 0)
		printf("%zu more were signed with passkeys; they cannot be verified, for the log "
		       "names no relying party.\n",
		       r->passkeys);
	print_authority(authority);
	denials_print(&authority->weighed);
}

/* ---- the verdict ---- */

static void print_pass(struct bytes file, const struct passport_report *r,
		       const struct authority_report *authority, const struct note_key *log,
		       bool json)
{
	enum story_section last = STORY_SECTIONS;
	struct passport p;
	const char *why;

	if (!passport_parse(file, &p, &why))
		return; /* it was, a moment ago */
	if (json) {
		print_report_json(&p, r, authority);
		return;
	}
	passport_story(&p, print_line, &last);
	printf("\n");
	print_report(r, authority, file, log);
	printf("PASS\n");
}

/* What the fault says stands behind it, for people. */
static void print_fail(const struct passport_failure *failure, bool json)
{
	json_t *object;

	if (!json) {
		printf("FAIL at step %s", passport_step_name(failure->step));
		if (failure->has_sequence)
			printf(", record %" PRIu64, failure->sequence);
		printf(": %s\n", failure->why);
		return;
	}
	object = json_pack("{s:s, s:s, s:s}", "verdict", "fail", "step",
			   passport_step_name(failure->step), "reason", failure->why);
	if (failure->has_sequence)
		json_object_set_new(object, "sequence",
				    json_integer((json_int_t)failure->sequence));
	cli_json(object);
	json_decref(object);
}

/* The unit that it is about, before anything of it is believed. */
static void name_unit(struct cli *cli, struct bytes file, struct authority_check *authority)
{
	struct passport p;
	const char *why;

	authority->product = authority->serial = "";
	if (!passport_parse(file, &p, &why))
		return; /* said by the check that follows */
	authority->product = arena_text(&cli->arena, p.subject.within);
	authority->serial = arena_text(&cli->arena, p.subject.id);
}

static err check(struct reading *reading, struct bytes file, const struct note_key *log,
		 const struct registry *registry, struct passport_report *r,
		 struct authority_report *authority, struct fault *f)
{
	TRY(authority_check_open(&reading->authority, log, f));
	TRY(passport_check(file, log, registry, read_entry, reading, r, f));
	err e = authority_check_end(&reading->authority, log, authority, f);
	if (e.code == ERR_CORRUPT)
		r->failure = (struct passport_failure){
			.step = PASSPORT_AGREEMENT,
			.why = "not all had agreed who must, or it is not shown"};
	return e;
}

err command_verify_passport(struct cli *cli, struct fault *f)
{
	const struct note_key *log;
	const struct registry *registry;
	struct reading *reading = arena_alloc(&cli->arena, sizeof *reading);
	struct passport_report r = {0};
	struct authority_report authority;
	struct bytes file;

	TRY(cli_verifying_key(cli, &log, f));
	TRY(cli_registry(cli, &registry, f));
	TRY(file_read(&cli->arena, cli->words[0], PASSPORT_SIZE_MAX, &file, f));
	if (reading == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	name_unit(cli, file, &reading->authority);
	reading->records = cli_flag(cli, "records") && !cli->json;
	err e = check(reading, file, log, registry, &r, &authority, f);
	if (e.code == OK)
		print_pass(file, &r, &authority, log, cli->json);
	else if (r.failure.step != PASSPORT_HOLDS)
		print_fail(&r.failure, cli->json);
	authority_check_done(&reading->authority);
	return e;
}
