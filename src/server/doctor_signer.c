/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_signer.c — who may decide, and what keeps it true: the signer's anchor, clock and keys, and
 * whether its charter has people to spare. */
#include "server/doctor.h"
#include "signer/signer.h"

#include <stdio.h>
#include <stdlib.h>

enum { ASK_MS = 2000, CLOCK_WARN_MS = 2000 };

/* ---- the charter ---- */

/* One who asks, `need` who agree, and one to spare: fewer, and the next who is lost stops the class. */
static void check_rule(json_t *checks, const struct charter *c, const struct charter_rule *rule)
{
	size_t eligible = charter_eligible(c, rule);
	bool spare = eligible > rule->need + 1u;
	char name[128];

	snprintf(name, sizeof name, "%.*s", (int)rule->name.n, (const char *)rule->name.p);
	check_say(checks, spare ? CHECK_OK : CHECK_WARN,
		  spare ? "DOCTOR_RULE" : "DOCTOR_RULE_NO_SPARE", "revision",
		  check_number((int64_t)c->revision).text, "class", name, "need",
		  check_number(rule->need).text, "eligible", check_number((int64_t)eligible).text,
		  NULL);
}

static void check_charter(json_t *checks, const struct charter *c)
{
	for (size_t i = 0; i < c->rules_n; i++)
		check_rule(checks, c, &c->rules[i]);
	if (c->mode == CHARTER_BOOTSTRAP)
		check_say(checks, CHECK_WARN, "DOCTOR_BOOTSTRAP", NULL);
	bool spare = c->recovery_n > c->recovery_need;
	check_say(checks, spare ? CHECK_OK : CHECK_WARN,
		  c->recovery_n == 0 ? "DOCTOR_RECOVERY_NONE"
		  : spare            ? "DOCTOR_RECOVERY"
				     : "DOCTOR_RECOVERY_NO_SPARE",
		  "need", check_number(c->recovery_need).text, "keepers",
		  check_number((int64_t)c->recovery_n).text, NULL);
}

/* ---- itself ---- */

static void check_anchor(json_t *checks, const struct signer_status *s)
{
	static const char *const NAMES[] = {"none", "TPM", "witness"};

	if (s->anchor == ANCHOR_NONE)
		check_say(checks, CHECK_WARN, "DOCTOR_ANCHOR_NONE", NULL);
	else
		check_say(checks, s->anchored ? CHECK_OK : CHECK_FAIL,
			  s->anchored ? "DOCTOR_ANCHOR" : "DOCTOR_ANCHOR_DISAGREES", "anchor",
			  NAMES[s->anchor], "value", check_number((int64_t)s->anchor_value).text,
			  "spent", check_number((int64_t)s->spent).text, NULL);
}

static void check_itself(json_t *checks, const struct signer_status *s, uint64_t now_ms)
{
	int64_t ahead = (int64_t)(s->now_ms - now_ms);
	char seconds[32];

	check_anchor(checks, s);
	snprintf(seconds, sizeof seconds, "%+.1f", (double)ahead / 1000.0);
	check_say(checks, llabs(ahead) <= CLOCK_WARN_MS ? CHECK_OK : CHECK_WARN,
		  "DOCTOR_SIGNER_CLOCK", "seconds", seconds, "bytes",
		  check_number((int64_t)s->journal_size).text, NULL);
	if (s->keys_in_hsm)
		check_say(checks, CHECK_OK, "DOCTOR_KEYS_IN_HSM", NULL);
	else if (s->keys_encrypted)
		check_say(checks, CHECK_OK, "DOCTOR_KEYS_ENCRYPTED", NULL);
	else
		check_say(checks, CHECK_WARN, "DOCTOR_KEYS_PLAIN", NULL);
}

static err ask(const char *socket, struct arena *a, struct signer_status *out, struct fault *f)
{
	struct signer_client *signer;

	TRY(signer_connect(socket, ASK_MS, &signer, f));
	err result = signer_status_read(signer, a, out, f);
	signer_disconnect(signer);
	return result;
}

void check_signer(json_t *checks, struct arena *a, const char *socket, uint64_t now_ms,
		  const struct charter **out)
{
	struct charter *c = arena_alloc(a, sizeof *c);
	struct signer_status status;
	struct fault f = {0};
	const char *why;

	*out = NULL;
	if (ask(socket, a, &status, &f).code != OK) {
		check_say_fault(checks, CHECK_FAIL, &f);
		check_say(checks, CHECK_WARN, "DOCTOR_SIGNER_SILENT", NULL);
		return;
	}
	check_itself(checks, &status, now_ms);
	if (c == NULL || !charter_parse(status.charter, c, &why)) {
		check_say(checks, CHECK_WARN, "DOCTOR_CHARTER_NONE", NULL);
		return;
	}
	check_charter(checks, c);
	*out = c;
}
