/* SPDX-License-Identifier: Apache-2.0 */
/* demo_attacks.c — the table of attacks, and how each is judged: it counts as stopped only when it was stopped
 * by what the table says, in words. */
#include "sim/demo_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct attack ATTACKS[] = {
	{"cloned_key", "a second unit that has the key of the first", attack_cloned_key,
	 ATTACK_REFUSED, "UNIT_KEY_ALREADY_USED", NULL, "the signer counts keys, too", false},
	{"copied_certificate", "a device with the copied certificate of a unit, but not its key",
	 attack_copied_certificate, ATTACK_REFUSED, "KEY_UNKNOWN", NULL, "no key, no signature",
	 false},
	{"over_quota", "a unit more than people authorized", attack_over_quota, ATTACK_REFUSED,
	 "BUILD_QUOTA_EXCEEDED", NULL, "the signer counts units, too", false},
	{"foreign_station", "a station that people did not name asks for a unit",
	 attack_foreign_station, ATTACK_REFUSED, "STATION_KEY_NOT_AUTHORIZED", NULL,
	 "the signer knows the stations", false},
	{"author_approves", "a firmware release that is approved by who asked for it",
	 attack_author_approves, ATTACK_REFUSED, "APPROVAL_NOT_ELIGIBLE", NULL,
	 "the signer weighs approvals, too", false},
	{"one_person_twice", "one person with two accounts agrees twice", attack_one_person_twice,
	 ATTACK_REFUSED, "APPROVAL_GIVEN_BEFORE", NULL, "the signer weighs persons, too", false},
	{"changed_image", "a unit programmed with an image that was changed by one byte",
	 attack_changed_image, ATTACK_DETECTED, "PRG-01 SHP-01", NULL,
	 "PRG-01 cannot be switched off", false},
	{"permit_replayed", "a programming permit that is used again", attack_permit_replayed,
	 ATTACK_REFUSED, "SIM_PERMIT_WRONG", NULL, "the device itself says no", false},
	{"skipped_step", "a unit shipped without the last step of its traveler",
	 attack_skipped_step, ATTACK_REFUSED, "SHP-01", "SHP-01", NULL, false},
	{"suspended_supplier", "a part lot of a supplier that was suspended goes to the line",
	 attack_suspended_supplier, ATTACK_REFUSED, "SRC-01", "SRC-01", NULL, false},
	{"below_grade", "a part lot whose conformance certificate is below the grade it needs",
	 attack_below_grade, ATTACK_REFUSED, "SRC-02", "SRC-02", NULL, false},
	{"broken_seal", "a shipment whose seal was cut on the way", attack_broken_seal,
	 ATTACK_DETECTED, "RCV-01", "RCV-01", NULL, false},
	{"used_seal", "a shipment closed again with a seal that was used before", attack_used_seal,
	 ATTACK_DETECTED, "RCV-01", "RCV-01", NULL, false},
	{"unknown_seal", "a shipment closed again with a seal that nobody gave out",
	 attack_unknown_seal, ATTACK_DETECTED, "RCV-01", "RCV-01", NULL, false},
	{"swapped_box", "a box swapped for another under the right seal", attack_swapped_box,
	 ATTACK_DETECTED, "RCV-01", "RCV-01", NULL, false},
	{"replayed_challenge", "boot evidence over a challenge that was answered before",
	 attack_replayed_challenge, ATTACK_DETECTED, "COM-01", "COM-01", NULL, false},
	{"counterfeit_reel", "a counterfeit reel found when its units were shipped already",
	 attack_counterfeit_reel, ATTACK_DETECTED, "COM-01", "COM-01", NULL, false},
	{"turned_back", "database and log of the server put back to a moment before",
	 attack_turned_back, ATTACK_DETECTED, "LEDGER_PROOF_RANGE", NULL,
	 "the signer remembers its tree", true},
	{"changed_bytes", "one byte changed on the disk, in the database and in the log",
	 attack_changed_bytes, ATTACK_DETECTED, "the audit and the replay", NULL,
	 "anybody can do the sum", true},
	{0},
};

size_t demo_attacks_n(void)
{
	return sizeof ATTACKS / sizeof ATTACKS[0] - 1;
}

size_t demo_attacks_stopped(const struct demo *d)
{
	size_t n = 0;

	for (size_t i = 0; i < demo_attacks_n(); i++)
		n += d->results[i].stopped;
	return n;
}

/* ---- outcomes ---- */

/* The controls that failed, with spaces between. */
static void failed_controls(const json_t *problem, char *out, size_t cap)
{
	size_t i, n = 0;
	json_t *one;

	out[0] = '\0';
	json_array_foreach(json_object_get(problem, "failures"), i, one)
	{
		const char *control = json_string_value(json_object_get(one, "control"));
		if (control != NULL && strstr(out, control) == NULL && n < cap)
			n += (size_t)snprintf(out + n, cap - n, "%s%s", n == 0 ? "" : " ", control);
	}
}

err attack_refused(struct demo *d, const char *who, err result, struct attack_outcome *out,
		   struct fault *f)
{
	struct actor *actor = demo_actor(d, who);

	if (result.code == OK)
		return ERR_OK;
	if (f->message == NULL || f->code == ERR_IO || f->code == ERR_UNAVAILABLE ||
	    f->code == ERR_MEMORY)
		return result;
	out->stopped = true;
	demo_attempt_refused(d, who, client_problem(actor->client), f, out);
	demo_why(f, out->said, sizeof out->said);
	snprintf(out->by, sizeof out->by, "%s", f->message);
	if (strcmp(f->message, "GATE_CLOSED") == 0)
		failed_controls(client_problem(actor->client), out->by, sizeof out->by);
	*f = (struct fault){0};
	return ERR_OK;
}

void attack_seen(struct attack_outcome *out, const char *code, const char *said)
{
	out->stopped = true;
	snprintf(out->by, sizeof out->by, "%s", code);
	snprintf(out->said, sizeof out->said, "%s", said);
}

err attack_ask_gate(struct demo *d, const char *gate, const char *serial, const struct told *told,
		    struct attack_outcome *out, struct fault *f)
{
	const char *path = demo_text(d, "/v1/gates/%s/unit/%s/%s", gate, PRODUCT, serial);
	json_t *reply = NULL;

	TRY(client_json(demo_actor(d, "quinn")->client, "GET", path, NULL, &reply, f));
	const char *verdict = json_string_value(json_object_get(reply, "verdict"));
	if (verdict == NULL || strcmp(verdict, "pass") != 0) {
		attack_seen(out, "", told->detail);
		failed_controls(reply, out->by, sizeof out->by);
	}
	demo_gate_answered(d, gate, serial, reply, told, out);
	json_decref(reply);
	return ERR_OK;
}

void attack_through(struct attack_outcome *out, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(out->through, sizeof out->through, format, arguments);
	va_end(arguments);
}

/* ---- trying ---- */

/* Says what came of it. */
static void judge(struct demo *d, size_t i)
{
	const struct attack *a = &ATTACKS[i];
	struct attack_result *result = &d->results[i];

	result->tried = true;
	result->stopped = result->outcome.stopped && strcmp(result->outcome.by, a->by) == 0;
	demo_step(d, "Attack %zu: %s", i + 1, a->name);
	if (result->outcome.stopped)
		demo_said(d, "%s by %s: %s", a->kind == ATTACK_REFUSED ? "refused" : "detected",
			  result->outcome.by, result->outcome.said);
	else
		demo_said(d, "IT GOT THROUGH: %s", result->outcome.through);
}

err demo_attacks(struct demo *d, struct fault *f)
{
	const char *tag = demo_text(d, "%uA", d->run);

	snprintf(d->authorization, sizeof d->authorization, "%s", d->spare);
	for (size_t i = 0; i < demo_attacks_n(); i++)
		if (!ATTACKS[i].stopped_house) {
			TRY(ATTACKS[i].run(d, tag, &d->results[i].outcome, f));
			judge(d, i);
		}
	return ERR_OK;
}

/* ---- the same with the control switched off, in a copy ---- */

err demo_set_mode(struct demo *copy, const char *control, const char *mode, struct fault *f)
{
	return demo_sign_and_approve(copy, "ada", "control.mode_set",
				     json_pack("{s:s, s:s, s:s}", "control", control, "mode", mode,
					       "reason", "the same attack without it"),
				     "ben", f);
}

static err try_without(struct demo *d, struct demo *copy, size_t i, struct fault *f)
{
	const struct attack *a = &ATTACKS[i];
	struct attack_result *result = &d->results[i];

	TRY(demo_set_mode(copy, a->control, "observe", f));
	TRY(a->run(copy, demo_text(copy, "%uC", copy->run), &result->off, f));
	result->tried_off = true;
	TRY(demo_set_mode(copy, a->control, "enforce", f));
	demo_said(d, "%s only observes in the copy, %s: %s", a->control, a->name,
		  result->off.stopped ? result->off.said : result->off.through);
	return ERR_OK;
}

static err try_on_copy(struct demo *d, struct demo *copy, struct fault *f)
{
	for (size_t i = 0; i < demo_attacks_n(); i++)
		if (ATTACKS[i].control != NULL)
			TRY(try_without(d, copy, i, f));
	for (size_t i = 0; i < demo_attacks_n(); i++)
		if (ATTACKS[i].stopped_house) {
			TRY(ATTACKS[i].run(copy, demo_text(copy, "%uS", copy->run),
					   &d->results[i].outcome, f));
			judge(d, i);
		}
	return ERR_OK;
}

err demo_attacks_on_copies(struct demo *d, struct fault *f)
{
	struct demo *copy = NULL;

	TRY(demo_copy_open(d, &copy, f));
	err e = try_on_copy(d, copy, f);
	return demo_copy_close(copy, e, f);
}
