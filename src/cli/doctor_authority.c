/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_authority.c — who may decide, and what keeps it true: the charter, the signer's anchor, clock and keys,
 * and whether the ledger's people are still the charter's. */
#include "cli/doctor.h"

#include "base/catalog.h"
#include "base/clock.h"
#include "base/files.h"
#include "core/charter.h"
#include "signer/signer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIGNER_TIMEOUT_MS = 5000, CLOCK_WARN_MS = 2000 };

static void say_fault(struct doctor *d, const char *what, const struct fault *f)
{
	char text[1024];

	fault_text(f, text, sizeof text);
	doctor_say(d, DOCTOR_WARN, NULL, "%s: %s", what, text);
}

/* ---- the charter ---- */

/* One who asks, `need` who agree, and one to spare: fewer, and the next who is lost stops the class. */
static void check_rule(struct doctor *d, const struct charter *c, const struct charter_rule *rule)
{
	size_t eligible = charter_eligible(c, rule);

	doctor_say(d, eligible > rule->need + 1u ? DOCTOR_OK : DOCTOR_WARN,
		   "Take one more into the charter: sealwright charter draft … --add.",
		   "charter %" PRIu64 ", %.*s: %u beside who asks, of %zu%s", c->revision,
		   (int)rule->name.n, (const char *)rule->name.p, rule->need, eligible,
		   eligible > rule->need + 1u ? "" : "; nobody to spare");
}

static void check_charter(struct doctor *d, const struct charter *c)
{
	for (size_t i = 0; i < c->rules_n; i++)
		check_rule(d, c, &c->rules[i]);
	if (c->mode == CHARTER_BOOTSTRAP)
		doctor_say(d, DOCTOR_WARN, "Propose a charter with two founders or more.",
			   "one founder decides alone, and every passport says so");
	doctor_say(d, c->recovery_n > c->recovery_need ? DOCTOR_OK : DOCTOR_WARN,
		   "Say --recovery at `init`, or draft a charter with a larger set.",
		   "recovery set: %u of %zu%s", c->recovery_need, c->recovery_n,
		   c->recovery_n > c->recovery_need ? ""
		   : c->recovery_n == 0             ? "; if too few are left, nobody can decide"
						    : "; not one of them may be lost");
}

static struct charter *charter_of(struct doctor *d, struct bytes document)
{
	struct charter *c = arena_alloc(&d->cli->arena, sizeof *c);
	const char *why;

	return c != NULL && charter_parse(document, c, &why) ? c : NULL;
}

/* ---- the signer ---- */

static void check_anchor(struct doctor *d, const struct signer_status *s)
{
	static const char *const NAMES[] = {"none", "TPM", "witness"};

	if (s->anchor == ANCHOR_NONE)
		doctor_say(d, DOCTOR_WARN,
			   "sealwright signer anchor DIR, then charter draft --anchor tpm; or "
			   "--anchor witness.",
			   "quotas are not anchored: a turned back journal would not be noticed");
	else
		doctor_say(d, s->anchored ? DOCTOR_OK : DOCTOR_FAIL,
			   s->anchor == ANCHOR_TPM
				   ? "See what the signer's log says of its TPM."
				   : "See that a majority of the witnesses answers.",
			   "anchor %s: %s, value %" PRIu64 ", %" PRIu64 " spent", NAMES[s->anchor],
			   s->anchored ? "agrees" : "does not agree; nothing is signed",
			   s->anchor_value, s->spent);
}

static void check_signer_state(struct doctor *d, const struct signer_status *s)
{
	check_anchor(d, s);
	int64_t ahead = (int64_t)(s->now_ms - clock_wall_ms(&clock_system));

	doctor_say(d, llabs(ahead) <= CLOCK_WARN_MS ? DOCTOR_OK : DOCTOR_WARN,
		   "Set both clocks by the same source of time.",
		   "the signer's clock is %+.1f s from ours; its journal holds %" PRIu64 " bytes",
		   (double)ahead / 1000.0, s->journal_size);
	doctor_say(d, s->keys_in_hsm || s->keys_encrypted ? DOCTOR_OK : DOCTOR_WARN,
		   "Move them into an HSM: sealwright signer migrate DIR NAME --to URI.",
		   "keys of the signer: %s",
		   s->keys_in_hsm      ? "in an HSM"
		   : s->keys_encrypted ? "in encrypted files"
				       : "in files that are not encrypted");
}

/* What devices are given must be what is signed with. */
static void check_ca(struct doctor *d, const char *folder, struct bytes in_force)
{
	const char *path = arena_printf(&d->cli->arena, "%s/ca.der", folder);
	struct bytes here = {0};
	struct fault gone;
	bool same =
		path != NULL &&
		file_read(&d->cli->arena, path, CERTIFICATE_SIZE_MAX, &here, &gone).code == OK &&
		bytes_equal(here, in_force);

	doctor_say(d, same ? DOCTOR_OK : DOCTOR_FAIL,
		   "Copy ca.der from the signer's folder; the old one stays as ca.old.N.der.",
		   "%s/ca.der %s", folder,
		   same ? "is the CA that the signer uses" : "is not the CA that the signer uses");
}

void doctor_signer(struct doctor *d, const char *folder, const char *socket)
{
	struct signer_client *signer;
	struct signer_status status;
	struct signer_public public;
	struct charter *c = NULL;
	struct fault f = {0};

	if (signer_connect(socket, SIGNER_TIMEOUT_MS, &signer, &f).code != OK) {
		say_fault(d, "the signer", &f);
		return;
	}
	err e = signer_status_read(signer, &d->cli->arena, &status, &f);
	if (e.code == OK)
		e = signer_public_read(signer, &d->cli->arena, &public, &f);
	signer_disconnect(signer);
	if (e.code == OK)
		c = charter_of(d, status.charter);
	if (c == NULL) {
		say_fault(d, "the signer's charter", &f);
		return;
	}
	check_charter(d, c);
	check_signer_state(d, &status);
	check_ca(d, folder, public.ca_certificate);
}

/* ---- the ledger beside it ---- */

static json_t *rows_of(struct doctor *d, const char *view, const char *const *query)
{
	struct fault f = {0};
	json_t *page = NULL;

	if (client_view_all(d->client, view, query, 0, &page, &f).code != OK) {
		say_fault(d, view, &f);
		return NULL;
	}
	return page;
}

static const char *text_in(const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text == NULL ? "" : text;
}

static struct charter *charter_in_force(struct doctor *d)
{
	json_t *page = rows_of(d, "charter.list", NULL), *row;
	const char *hex = "";
	struct charter *c = NULL;
	size_t i;

	json_array_foreach(json_object_get(page, "rows"), i,
			   row) if (strcmp(text_in(row, "state"), "in_force") == 0) hex =
		text_in(row, "document");
	size_t n = strlen(hex) / 2;
	uint8_t *document = n == 0 ? NULL : arena_alloc(&d->cli->arena, n);
	if (document != NULL && hex_decode(bytes_text(hex), document, n))
		c = charter_of(d, bytes_of(document, n));
	json_decref(page);
	return c;
}

static bool key_is_known(const json_t *keys, const struct charter *c, const struct charter_key *key)
{
	struct bytes person = c->persons[key->person].id;
	char hex[65];
	json_t *row;
	size_t i;

	hex_encode(hash_bytes(&key->id), hex);
	json_array_foreach(json_object_get(keys, "rows"), i,
			   row) if (strcmp(text_in(row, "key"), hex) == 0 &&
				    bytes_equal(bytes_text(text_in(row, "principal")), person) &&
				    !json_is_integer(json_object_get(row, "until"))) return true;
	return false;
}

/* Whoever is in the charter and not in the ledger cannot bring a vote; both must know the same people. */
static void check_people(struct doctor *d, const struct charter *c)
{
	json_t *keys = rows_of(d, "access.keys", NULL);
	size_t unknown = 0;

	for (size_t i = 0; keys != NULL && i < c->keys_n; i++) {
		struct bytes person = c->persons[c->keys[i].person].id;
		if (key_is_known(keys, c, &c->keys[i]))
			continue;
		unknown++;
		doctor_say(d, DOCTOR_WARN,
			   "Enroll the key (sealwright keys enroll), or take it out of the "
			   "charter.",
			   "the charter has a key of %.*s that the evidence log does not have",
			   (int)person.n, (const char *)person.p);
	}
	if (keys != NULL && unknown == 0)
		doctor_say(d, DOCTOR_OK, NULL, "the evidence log knows every key of the charter");
	json_decref(keys);
}

static bool is_in_charter(const struct charter *c, const char *person)
{
	for (size_t i = 0; i < c->persons_n; i++)
		if (bytes_equal(c->persons[i].id, bytes_text(person)))
			return true;
	/* Who keeps the recovery set is enrolled to sign charters, and stays so. */
	for (size_t i = 0; i < c->recovery_n; i++)
		if (bytes_equal(c->recovery[i].keeper, bytes_text(person)))
			return true;
	return false;
}

/* Whose vote the server would count and the signer would not: somebody who left and kept a role. */
static void check_left(struct doctor *d, const struct charter *c)
{
	char now[TIME_TEXT_SIZE];
	const char *query[] = {"permission", "charter.approve", "when", now, NULL};
	json_t *row, *said = json_object();
	size_t i;

	time_text(clock_wall_ms(&clock_system), now);
	json_t *page = rows_of(d, "access.could_have", query);
	json_array_foreach(json_object_get(page, "rows"), i, row)
	{
		const char *person = text_in(row, "principal");

		if (is_in_charter(c, person) || json_object_get(said, person) != NULL)
			continue;
		json_object_set_new(said, person, json_true());
		doctor_say(
			d, DOCTOR_WARN, "Take the role back: sealwright record grant.revoked …",
			"%s may agree to charters by a role in the evidence log, and is not in the "
			"charter",
			person);
	}
	json_decref(page);
	json_decref(said);
}

/* -1: the ledger has no rule for it. */
static json_int_t need_in_ledger(const json_t *rules, const char *class_name)
{
	json_int_t any = -1;
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(rules, "rows"), i, row)
	{
		json_int_t need = json_integer_value(json_object_get(row, "need"));

		if (strcmp(text_in(row, "class"), class_name) == 0)
			return need;
		if (strcmp(text_in(row, "class"), "*") == 0)
			any = need;
	}
	return any;
}

/* True if both ask for the same. Nothing of a succession passes the server. */
static bool check_need(struct doctor *d, const struct charter *c, const json_t *rules,
		       const char *class_name)
{
	const struct charter_rule *rule = charter_rule_find(c, bytes_text(class_name));
	json_int_t need = need_in_ledger(rules, class_name);

	if (rule == NULL || need < 0 || need == rule->need || strcmp(class_name, "succession") == 0)
		return true;
	doctor_say(d, need > rule->need ? DOCTOR_OK : DOCTOR_WARN,
		   "Record approval.rule_set, so that people are asked for enough votes.",
		   "%s: the server asks for %" JSON_INTEGER_FORMAT ", the signer for %u",
		   class_name, need, rule->need);
	return false;
}

static void check_needs(struct doctor *d, const struct charter *c)
{
	json_t *rules = rows_of(d, "approval.rules", NULL), *row;
	bool same = rules != NULL;
	size_t i;

	json_array_foreach(json_object_get(rules, "rows"), i, row) same =
		check_need(d, c, rules, text_in(row, "class")) && same;
	for (i = 0; rules != NULL && i < c->rules_n; i++) {
		const char *name = arena_text(&d->cli->arena, c->rules[i].name);
		bool said = false;
		size_t k;

		json_array_foreach(json_object_get(rules, "rows"), k, row) said =
			said || name == NULL || strcmp(text_in(row, "class"), name) == 0;
		if (name != NULL && !said)
			same = check_need(d, c, rules, name) && same;
	}
	if (same)
		doctor_say(d, DOCTOR_OK, NULL,
			   "server and signer ask for the same number of votes");
	json_decref(rules);
}

static void check_waiting(struct doctor *d)
{
	json_t *page = rows_of(d, "signer.waiting", NULL);
	size_t n = json_array_size(json_object_get(page, "rows"));

	if (page != NULL)
		doctor_say(d, n == 0 ? DOCTOR_OK : DOCTOR_WARN,
			   "See view signer.waiting: the signer may want a vote more, or does not "
			   "run.",
			   "%zu decision%s at the signer", n, n == 1 ? " waits" : "s wait");
	json_decref(page);
}

void doctor_authority(struct doctor *d)
{
	struct charter *c = charter_in_force(d);

	if (c == NULL) {
		doctor_say(d, DOCTOR_WARN, "Found the next house with this version's `init`.",
			   "this log has no charter: its signer judges nothing");
		return;
	}
	check_people(d, c);
	check_left(d, c);
	check_needs(d, c);
	check_waiting(d);
}
