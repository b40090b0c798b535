/* SPDX-License-Identifier: Apache-2.0 */
/* demo_report.c — what came of it: a table for people, the same as data for programs. */
#include "sim/demo_internal.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

static const char *outcome_word(const struct attack *a, const struct attack_result *r)
{
	if (!r->tried)
		return "not tried";
	if (!r->stopped)
		return r->outcome.stopped ? "stopped by another" : "GOT THROUGH";
	return a->kind == ATTACK_REFUSED ? "refused" : "detected";
}

/* What happened where the control only observed. */
static void without(const struct attack *a, const struct attack_result *r, char *out, size_t cap)
{
	if (a->control == NULL)
		snprintf(out, cap, "no switch: %s", a->no_switch);
	else if (!r->tried_off)
		snprintf(out, cap, "not tried");
	else if (r->off.stopped)
		snprintf(out, cap, "still stopped by %s", r->off.by);
	else
		snprintf(out, cap, "%s", r->off.through);
}

static int widest(const struct demo *d, bool by)
{
	size_t most = 0;

	for (size_t i = 0; i < demo_attacks_n(); i++) {
		size_t n = strlen(by ? d->results[i].outcome.by : ATTACKS[i].name);
		most = n > most ? n : most;
	}
	return (int)most;
}

void demo_print_table(const struct demo *d)
{
	int names = widest(d, false), bys = widest(d, true);
	char off[256];

	printf("\n %2s  %-*s  %-9s  %-*s  %s\n", "", names, "attack", "outcome", bys, "by",
	       "with that control off, in a copy of the house");
	for (size_t i = 0; i < demo_attacks_n(); i++) {
		const struct attack_result *r = &d->results[i];
		without(&ATTACKS[i], r, off, sizeof off);
		printf(" %2zu  %-*s  %-9s  %-*s  %s\n", i + 1, names, ATTACKS[i].name,
		       outcome_word(&ATTACKS[i], r), bys, r->outcome.by, off);
	}
}

static json_t *attack_json(const struct attack *a, const struct attack_result *r)
{
	char off[256];

	without(a, r, off, sizeof off);
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:s?, s:s, s:b, s:b}", "id", a->id,
			 "attack", a->name, "outcome", outcome_word(a, r), "expected_by", a->by,
			 "stopped", r->stopped, "by", r->outcome.by, "said", r->outcome.said,
			 "control", a->control, "control_off", off, "tried_with_control_off",
			 r->tried_off, "got_through_with_control_off",
			 r->tried_off && !r->off.stopped);
}

json_t *demo_report(const struct demo *d)
{
	json_t *attacks = json_array();

	for (size_t i = 0; i < demo_attacks_n(); i++)
		json_array_append_new(attacks, attack_json(&ATTACKS[i], &d->results[i]));
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:o}", "run",
			 (json_int_t)d->run, "seed", (json_int_t)d->options.seed, "units",
			 (json_int_t)d->options.units, "commissioned", (json_int_t)d->commissioned,
			 "passports_verified", (json_int_t)d->passports, "records",
			 (json_int_t)d->records, "receipts_verified", (json_int_t)d->verified,
			 "wall_ms", (json_int_t)(clock_steady_ms(&clock_system) - d->started_ms),
			 "attacks_stopped", (json_int_t)demo_attacks_stopped(d), "attacks_tried",
			 (json_int_t)demo_attacks_n(), "product", PRODUCT, "passports",
			 d->options.folder, "attacks", attacks);
}
