/* SPDX-License-Identifier: Apache-2.0 */
/* The policy: statements, the controls that keep them, their modes and numbers, evidence that a
 * control works, exceptions, and broken glass. */
#include "domain/policy/controls.h"
#include "record/check.h"

#include <string.h>

struct statement_adopted {
	struct id statement, owner;
	struct text wording;
	struct instant review_by;
};
static const struct field statement_adopted[] = {
	FIELD(statement_adopted, statement, REQUIRED, "short name of the statement"),
	FIELD(statement_adopted, owner, REQUIRED, "who answers for it"),
	SIZED(statement_adopted, wording, REQUIRED, 2000, "what the house says it does"),
	FIELD(statement_adopted, review_by, REQUIRED, "until when it must be looked at again"),
	{0},
};

struct statement_retired {
	struct id statement;
	struct text reason;
};
static const struct field statement_retired[] = {
	FIELD(statement_retired, statement, REQUIRED, "the statement"),
	SIZED(statement_retired, reason, REQUIRED, 500, "why"),
	{0},
};

struct control_adopted {
	struct id control, statement, owner;
	struct instant review_by;
	int64_t evidence_days;
};
static const struct field control_adopted[] = {
	FIELD(control_adopted, control, REQUIRED, "id of the control in the catalog"),
	FIELD(control_adopted, statement, REQUIRED, "statement that it keeps"),
	FIELD(control_adopted, owner, REQUIRED, "who answers for it"),
	FIELD(control_adopted, review_by, REQUIRED, "until when it must be looked at again"),
	NUMBER(control_adopted, evidence_days, OPTIONAL, 1, 3660,
	       "for how many days its evidence counts at most"),
	{0},
};

struct control_adopted_outputs {
	struct text gates;
	int64_t by_evidence, built_in;
};
static const struct field control_adopted_outputs[] = {
	FIELD(control_adopted_outputs, gates, OPTIONAL, "the gates that it guards"),
	NUMBER(control_adopted_outputs, by_evidence, OPTIONAL, 0, 1, "whether it takes evidence"),
	NUMBER(control_adopted_outputs, built_in, OPTIONAL, 0, 1,
	       "whether it also judges where nobody adopted it"),
	{0},
};

struct control_retired {
	struct id control;
	struct text reason;
};
static const struct field control_retired[] = {
	FIELD(control_retired, control, REQUIRED, "id of the control"),
	SIZED(control_retired, reason, REQUIRED, 500, "why"),
	{0},
};

struct control_mode_set {
	struct id control, site, mode;
	struct instant from;
	struct text reason;
};
static const struct field control_mode_set[] = {
	FIELD(control_mode_set, control, REQUIRED, "id of the control"),
	FIELD(control_mode_set, site, OPTIONAL, "only at this site; none: at all the others"),
	CHOICE(control_mode_set, mode, REQUIRED, "observe|warn|enforce",
	       "a failure is noted, raises a nonconformance, or stops"),
	FIELD(control_mode_set, from, OPTIONAL, "from when; none: from now"),
	SIZED(control_mode_set, reason, REQUIRED, 500, "why"),
	{0},
};

struct control_parameter_set {
	struct id control, parameter;
	int64_t value;
};
static const struct field control_parameter_set[] = {
	FIELD(control_parameter_set, control, REQUIRED, "id of the control"),
	FIELD(control_parameter_set, parameter, REQUIRED, "name of its number"),
	NUMBER(control_parameter_set, value, REQUIRED, 0, 1000000, "what it is from now on"),
	{0},
};

struct control_evidence_given {
	struct id control, site, kind, within, id, result;
	struct instant valid_until;
	struct hash evidence;
	struct text note;
};
static const struct field control_evidence_given[] = {
	FIELD(control_evidence_given, control, REQUIRED, "id of the control"),
	FIELD(control_evidence_given, site, OPTIONAL, "only about this site"),
	CHOICE(control_evidence_given, kind, OPTIONAL,
	       "unit|part_lot|product|supplier|station|principal",
	       "about a thing of this kind; none: about the house"),
	FIELD(control_evidence_given, within, OPTIONAL,
	      "product of a unit, supplier of a part lot"),
	FIELD(control_evidence_given, id, OPTIONAL, "its number"),
	CHOICE(control_evidence_given, result, REQUIRED, "pass|fail",
	       "whether what was looked at is as the control wants it"),
	FIELD(control_evidence_given, valid_until, REQUIRED, "until when a pass counts"),
	FIELD(control_evidence_given, evidence, STORED, "digest of the report"),
	SIZED(control_evidence_given, note, OPTIONAL, 500, "what was looked at"),
	{0},
};

struct found_outputs {
	int64_t known;
};
static const struct field found_outputs[] = {
	NUMBER(found_outputs, known, OPTIONAL, 0, 1, "whether the catalog has this control"),
	{0},
};

struct exception_granted {
	struct id exception, control, kind, within, id;
	struct text reason;
	struct instant until;
};
static const struct field exception_granted[] = {
	FIELD(exception_granted, exception, REQUIRED, "number of the exception"),
	FIELD(exception_granted, control, REQUIRED, "control that does not stop this"),
	CHOICE(exception_granted, kind, REQUIRED,
	       "unit|part_lot|shipment|product|supplier|site|station", "kind of what it is for"),
	FIELD(exception_granted, within, OPTIONAL, "product of a unit, supplier of a part lot"),
	FIELD(exception_granted, id, REQUIRED, "its number"),
	SIZED(exception_granted, reason, REQUIRED, 1000, "why the risk is accepted"),
	FIELD(exception_granted, until, REQUIRED, "until when, a year at most"),
	{0},
};

struct exception_ended {
	struct id exception;
	struct text reason;
};
static const struct field exception_ended[] = {
	FIELD(exception_ended, exception, REQUIRED, "number of the exception"),
	SIZED(exception_ended, reason, REQUIRED, 500, "why"),
	{0},
};

struct glass_broken {
	struct id glass, gate, site;
	struct text reason;
	int64_t minutes, units;
};
static const struct field glass_broken[] = {
	FIELD(glass_broken, glass, REQUIRED, "number of this emergency"),
	CHOICE(glass_broken, gate, REQUIRED, "source|kit|build|program|ship|receive",
	       "gate that is opened"),
	FIELD(glass_broken, site, OPTIONAL, "only at this site"),
	SIZED(glass_broken, reason, REQUIRED, 1000, "why it cannot wait: 20 characters or more"),
	NUMBER(glass_broken, minutes, REQUIRED, 1, 60, "for how long"),
	NUMBER(glass_broken, units, REQUIRED, 1, 10000, "for how many units"),
	{0},
};

struct glass_reviewed {
	struct id glass, verdict;
	struct text reason;
};
static const struct field glass_reviewed[] = {
	FIELD(glass_reviewed, glass, REQUIRED, "number of the emergency"),
	CHOICE(glass_reviewed, verdict, REQUIRED, "accepted|rejected",
	       "rejected: what passed stays where it is"),
	SIZED(glass_reviewed, reason, REQUIRED, 1000, "what was looked at"),
	{0},
};

/* ---- checks: the catalog is code, so that a control means the same in every house ---- */

static err find(const struct id *control, const struct known_control **out, struct fault *f)
{
	*out = control_find(control->text);
	return *out != NULL ? ERR_OK
			    : fail_field(f, "control", "CONTROL_UNKNOWN", "control", control->text,
					 NULL);
}

/* Controls that have no switch. */
static err find_switched(const struct id *control, const struct known_control **out,
			 struct fault *f)
{
	TRY(find(control, out, f));
	return (*out)->always ? fail_field(f, "control", "CONTROL_HAS_NO_SWITCH", "control",
					   control->text, NULL)
			      : ERR_OK;
}

static err check_adopted(struct check_context *context, const void *body, uint64_t present,
			 void *outputs, uint64_t *outputs_present, struct fault *f)
{
	const struct control_adopted *b = body;
	struct control_adopted_outputs *out = outputs;
	const struct known_control *control;

	(void)context;
	(void)present;
	TRY(find(&b->control, &control, f));
	out->gates.bytes = bytes_text(control->gates);
	out->by_evidence = control->by_evidence;
	out->built_in = control->built_in;
	*outputs_present = 7;
	return ERR_OK;
}

static err check_switched(struct check_context *context, const void *body, uint64_t present,
			  void *outputs, uint64_t *outputs_present, struct fault *f)
{
	const struct known_control *control;

	(void)context;
	(void)present;
	TRY(find_switched(&((const struct control_mode_set *)body)->control, &control, f));
	((struct found_outputs *)outputs)->known = 1;
	*outputs_present = 1;
	return ERR_OK;
}

static err check_exception(struct check_context *context, const void *body, uint64_t present,
			   void *outputs, uint64_t *outputs_present, struct fault *f)
{
	const struct known_control *control;

	(void)context;
	(void)present;
	TRY(find_switched(&((const struct exception_granted *)body)->control, &control, f));
	((struct found_outputs *)outputs)->known = 1;
	*outputs_present = 1;
	return ERR_OK;
}

static err check_parameter(struct check_context *context, const void *body, uint64_t present,
			   void *outputs, uint64_t *outputs_present, struct fault *f)
{
	const struct control_parameter_set *b = body;
	const struct known_control *control;

	(void)context;
	(void)present;
	TRY(find(&b->control, &control, f));
	const struct known_parameter *p = &control->parameter;
	if (p->name == NULL || strcmp(p->name, b->parameter.text) != 0)
		return fail_field(f, "parameter", "CONTROL_PARAMETER_UNKNOWN", "control",
				  b->control.text, "parameter", b->parameter.text, NULL);
	if (b->value < p->least || b->value > p->most)
		return fail_field(f, "value", "CONTROL_PARAMETER_OUT_OF_RANGE", "control",
				  b->control.text, "parameter", b->parameter.text, NULL);
	((struct found_outputs *)outputs)->known = 1;
	*outputs_present = 1;
	return ERR_OK;
}

/* Evidence is never refused: what is about no control raises a nonconformance. */
static err check_evidence(struct check_context *context, const void *body, uint64_t present,
			  void *outputs, uint64_t *outputs_present, struct fault *f)
{
	const struct control_evidence_given *b = body;

	(void)context;
	(void)present;
	(void)f;
	((struct found_outputs *)outputs)->known = control_find(b->control.text) != NULL;
	*outputs_present = 1;
	return ERR_OK;
}

#define ROW(type)                                                                         \
	.version = 1, .nature = DECISION, .permission = "policy.write", .origin = SIGNED, \
	.approval = "policy.change", .size = sizeof(struct type), .fields = type

static const struct record_type policy_types[] = {
	{.name = "statement.adopted",
	 ROW(statement_adopted),
	 .subject = {"statement", NULL, "statement"},
	 .help = "Says what the house does, and who answers for it."},
	{.name = "statement.retired",
	 ROW(statement_retired),
	 .subject = {"statement", NULL, "statement"},
	 .help = "A statement no longer holds."},
	{.name = "control.adopted",
	 ROW(control_adopted),
	 .subject = {"control", NULL, "control"},
	 .outputs_size = sizeof(struct control_adopted_outputs),
	 .outputs = control_adopted_outputs,
	 .check = check_adopted,
	 .help = "From now on a control of the catalog judges at its gates."},
	{.name = "control.retired",
	 ROW(control_retired),
	 .subject = {"control", NULL, "control"},
	 .help = "A control that was adopted no longer judges."},
	{.name = "control.mode_set",
	 ROW(control_mode_set),
	 .subject = {"control", NULL, "control"},
	 .scope = "policy.place",
	 .outputs_size = sizeof(struct found_outputs),
	 .outputs = found_outputs,
	 .check = check_switched,
	 .help = "What a control does when it fails: note it, warn, or stop."},
	{.name = "control.parameter_set",
	 ROW(control_parameter_set),
	 .subject = {"control", NULL, "control"},
	 .outputs_size = sizeof(struct found_outputs),
	 .outputs = found_outputs,
	 .check = check_parameter,
	 .help = "Sets a number that a control uses."},
	{.name = "control.evidence_given",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "policy.evidence",
	 .origin = SIGNED,
	 .subject = {"control", NULL, "control"},
	 .scope = "policy.place",
	 .size = sizeof(struct control_evidence_given),
	 .fields = control_evidence_given,
	 .outputs_size = sizeof(struct found_outputs),
	 .outputs = found_outputs,
	 .check = check_evidence,
	 .help = "What somebody found when looking whether a control works."},
	{.name = "exception.granted",
	 ROW(exception_granted),
	 .subject = {"exception", NULL, "exception"},
	 .outputs_size = sizeof(struct found_outputs),
	 .outputs = found_outputs,
	 .check = check_exception,
	 .help = "A control does not stop one thing, until a date."},
	{.name = "exception.ended",
	 ROW(exception_ended),
	 .subject = {"exception", NULL, "exception"},
	 .help = "An exception ends before its date, or is closed after it."},
	{.name = "glass.broken",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "policy.glass",
	 .origin = SIGNED,
	 .approval = "break.glass",
	 .subject = {"glass", NULL, "glass"},
	 .scope = "policy.place",
	 .size = sizeof(struct glass_broken),
	 .fields = glass_broken,
	 .help = "In an emergency two persons open a gate for minutes and for so many units."},
	{.name = "glass.reviewed",
	 ROW(glass_reviewed),
	 .subject = {"glass", NULL, "glass"},
	 .help = "Somebody else looked at an emergency afterwards, within 24 hours."},
	{0},
};

extern const char policy_sql[];
const struct area policy_area = {"policy", policy_types, policy_sql};
