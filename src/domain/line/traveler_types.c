/* SPDX-License-Identifier: Apache-2.0 */
/* Travelers: the steps that a unit goes through, and the records of steps that no machine writes. */
#include "record/check.h"

#include <string.h>

struct released_step {
	struct id step, work, station, procedure;
	struct text name;
};
static const struct field released_step[] = {
	FIELD(released_step, step, REQUIRED, "short name of the step, once in the traveler"),
	CHOICE(released_step, work, REQUIRED, "fit|build|program|test|inspect",
	       "what is done: which record completes it"),
	FIELD(released_step, station, OPTIONAL, "station where it must be done; none: any"),
	FIELD(released_step, procedure, OPTIONAL, "test procedure, of a step of work test"),
	SIZED(released_step, name, OPTIONAL, 200, "what people call it"),
	{0},
};

struct traveler_released {
	struct id traveler, product, revision;
	struct list steps;
};
static const struct field traveler_released[] = {
	FIELD(traveler_released, traveler, REQUIRED, "number of the traveler"),
	FIELD(traveler_released, product, REQUIRED, "product it is for"),
	FIELD(traveler_released, revision, REQUIRED, "revision of its bill of material"),
	LIST(traveler_released, steps, REQUIRED, released_step, struct released_step, 100,
	     "the steps, in their sequence"),
	{0},
};
struct traveler_outputs {
	int64_t tests;
};
static const struct field traveler_outputs[] = {
	NUMBER(traveler_outputs, tests, REQUIRED, 0, 100, "how many steps are tests"),
	{0},
};

struct step_completed {
	struct id product, serial, station, step, operator;
	struct text remark;
};
static const struct field step_completed[] = {
	FIELD(step_completed, product, REQUIRED, "product"),
	FIELD(step_completed, serial, REQUIRED, "serial of the unit"),
	FIELD(step_completed, station, REQUIRED, "station where it was done"),
	FIELD(step_completed, step, REQUIRED, "step of the unit's traveler, of work inspect"),
	FIELD(step_completed, operator, OPTIONAL, "person who did it"),
	SIZED(step_completed, remark, OPTIONAL, 500, "what was seen"),
	{0},
};

static bool same(const struct id *a, const struct id *b)
{
	return a->n == b->n && memcmp(a->text, b->text, a->n) == 0;
}

/* A test is of a procedure, and nothing else is. */
static bool procedure_fits(const struct released_step *step)
{
	bool is_test = strcmp(step->work.text, "test") == 0;

	return is_test == (step->procedure.n > 0);
}

static err check_traveler(struct check_context *context, const void *body, uint64_t present,
			  void *outputs, uint64_t *outputs_present, struct fault *f)
{
	const struct traveler_released *b = body;
	struct traveler_outputs *out = outputs;
	const struct released_step *steps = b->steps.items;

	(void)context;
	(void)present;
	out->tests = 0;
	for (size_t i = 0; i < b->steps.n; i++) {
		for (size_t k = 0; k < i; k++)
			if (same(&steps[k].step, &steps[i].step))
				return fail_field(f, "steps", "TRAVELER_STEP_TWICE", "step",
						  steps[i].step.text, NULL);
		if (!procedure_fits(&steps[i]))
			return fail_field(f, "steps", "TRAVELER_PROCEDURE_UNFIT", "step",
					  steps[i].step.text, "work", steps[i].work.text, NULL);
		out->tests += steps[i].procedure.n > 0;
	}
	*outputs_present = 1;
	return ERR_OK;
}

static const struct record_type traveler_types[] = {
	{.name = "traveler.released",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "line.define",
	 .origin = SIGNED,
	 .subject = {"traveler", NULL, "traveler"},
	 .scope = "traveler.product",
	 .size = sizeof(struct traveler_released),
	 .fields = traveler_released,
	 .outputs_size = sizeof(struct traveler_outputs),
	 .outputs = traveler_outputs,
	 .check = check_traveler,
	 .help = "Says which steps the units of a product go through that are started from now "
		 "on."},
	{.name = "step.completed",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "line.build",
	 .origin = SIGNED,
	 .subject = {"unit", "product", "serial"},
	 .scope = "traveler.station",
	 .size = sizeof(struct step_completed),
	 .fields = step_completed,
	 .help = "Somebody completed a step of a unit's traveler by hand."},
	{0},
};

extern const char traveler_sql[];
const struct area traveler_area = {"traveler", traveler_types, traveler_sql};
