/* SPDX-License-Identifier: Apache-2.0 */
/* Test procedures with their limits, and what stations measured. Measurements are whole numbers of
 * millionths of their unit: no floating point enters the log. */
#include "core/sha256.h"
#include "record/check.h"

#include <stdlib.h>
#include <string.h>

/* JSON numbers are exact up to MICRO_MAX (RFC 8259 section 6). */
enum { DAY_MS = 24 * 60 * 60 * 1000, LIMITS_MAX = 100, MEASUREMENTS_MAX = 200 };
#define MICRO_MAX 9007199254740991

struct procedure_limit {
	struct id measurement;
	struct text unit;
	int64_t low_micro, high_micro;
};
static const struct field procedure_limit[] = {
	FIELD(procedure_limit, measurement, REQUIRED, "short name of what is measured"),
	SIZED(procedure_limit, unit, REQUIRED, 20, "unit of the measurement: V, mA, dBm"),
	NUMBER(procedure_limit, low_micro, OPTIONAL, -MICRO_MAX, MICRO_MAX,
	       "least value that passes, in millionths of the unit"),
	NUMBER(procedure_limit, high_micro, OPTIONAL, -MICRO_MAX, MICRO_MAX,
	       "greatest value that passes, in millionths of the unit"),
	{0},
};

struct procedure_released {
	struct id procedure, product, revision;
	struct hash document;
	int64_t least_ms, attempts;
	struct list limits;
};
static const struct field procedure_released[] = {
	FIELD(procedure_released, procedure, REQUIRED, "short name of the test procedure"),
	FIELD(procedure_released, product, REQUIRED, "product it tests"),
	FIELD(procedure_released, revision, REQUIRED, "revision of the procedure"),
	FIELD(procedure_released, document, REQUIRED | STORED, "digest of its document"),
	NUMBER(procedure_released, least_ms, OPTIONAL, 1, 7 * DAY_MS,
	       "what the test takes at least, in milliseconds"),
	NUMBER(procedure_released, attempts, OPTIONAL, 1, 100,
	       "how often a unit may be tested by it; none: as often as needed"),
	LIST(procedure_released, limits, OPTIONAL, procedure_limit, struct procedure_limit,
	     LIMITS_MAX, "what is measured, and between which values it passes"),
	{0},
};
struct procedure_outputs {
	struct hash limits_digest;
};
static const struct field procedure_outputs[] = {
	FIELD(procedure_outputs, limits_digest, REQUIRED,
	      "SHA-256 of the limits, whatever their sequence"),
	{0},
};

struct procedure_withdrawn {
	struct id procedure;
	struct text reason;
};
static const struct field procedure_withdrawn[] = {
	FIELD(procedure_withdrawn, procedure, REQUIRED, "short name of the test procedure"),
	SIZED(procedure_withdrawn, reason, REQUIRED, 500, "why nothing may be tested by it"),
	{0},
};

struct measured {
	struct id measurement;
	int64_t value_micro;
};
static const struct field measured[] = {
	FIELD(measured, measurement, REQUIRED, "name of the measurement in the procedure"),
	NUMBER(measured, value_micro, REQUIRED, -MICRO_MAX, MICRO_MAX,
	       "value, in millionths of its unit"),
	{0},
};

struct test_recorded {
	struct id product, serial, station, operator, procedure, verdict;
	struct hash procedure_digest, attachment;
	struct instant started, ended;
	int64_t sequence;
	struct list measurements;
};
static const struct field test_recorded[] = {
	FIELD(test_recorded, product, REQUIRED, "product"),
	FIELD(test_recorded, serial, REQUIRED, "serial of the unit"),
	FIELD(test_recorded, station, REQUIRED, "station that tested it"),
	FIELD(test_recorded, operator, OPTIONAL, "person who did it"),
	FIELD(test_recorded, procedure, REQUIRED, "test procedure"),
	FIELD(test_recorded, procedure_digest, REQUIRED,
	      "digest of the record that released the procedure"),
	NUMBER(test_recorded, sequence, REQUIRED, 1, MICRO_MAX,
	       "the station's counter of tests: one more each time"),
	FIELD(test_recorded, started, REQUIRED, "when the test began"),
	FIELD(test_recorded, ended, REQUIRED, "when it ended"),
	CHOICE(test_recorded, verdict, REQUIRED, "pass|fail|error|aborted",
	       "what the station says"),
	FIELD(test_recorded, attachment, STORED, "digest of the station's own report"),
	LIST(test_recorded, measurements, OPTIONAL, measured, struct measured, MEASUREMENTS_MAX,
	     "what was measured"),
	{0},
};
struct test_outputs {
	struct hash vector;
	int64_t distinct;
};
static const struct field test_outputs[] = {
	FIELD(test_outputs, vector, REQUIRED,
	      "SHA-256 of the measurements and their values, whatever their sequence"),
	NUMBER(test_outputs, distinct, REQUIRED, 0, MEASUREMENTS_MAX,
	       "how many different measurements there are"),
	{0},
};

static int compare_ids(const struct id *a, const struct id *b)
{
	return bytes_compare(bytes_of(a->text, a->n), bytes_of(b->text, b->n));
}

static void add_bytes(struct sha256 *digest, const void *p, size_t n)
{
	uint8_t length = (uint8_t)n; /* so that ab+c and a+bc differ */

	sha256_update(digest, bytes_of(&length, 1));
	sha256_update(digest, bytes_of(p, n));
}

static void add_number(struct sha256 *digest, int64_t number)
{
	uint8_t b[8];

	for (size_t i = 0; i < sizeof b; i++)
		b[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
	sha256_update(digest, bytes_of(b, sizeof b));
}

/* ---- procedures ---- */

static int order_limits(const void *a, const void *b)
{
	const struct procedure_limit *const *x = a, *const *y = b;

	return compare_ids(&(*x)->measurement, &(*y)->measurement);
}

/* The list's own presence bits say which of the two limits an element has. */
static bool has_member(const struct list *list, size_t i, size_t member)
{
	return (list->present[i] >> member & 1) != 0;
}

static err check_limit(const struct list *limits, size_t i, struct fault *f)
{
	enum { LOW = 2, HIGH = 3 }; /* their places in procedure_limit[] */
	const struct procedure_limit *limit = (const struct procedure_limit *)limits->items + i;
	bool low = has_member(limits, i, LOW), high = has_member(limits, i, HIGH);

	if (!low && !high)
		return fail_field(f, "limits", "PROCEDURE_LIMIT_NONE", "measurement",
				  limit->measurement.text, NULL);
	if (low && high && limit->low_micro > limit->high_micro)
		return fail_field(f, "limits", "PROCEDURE_LIMITS_CROSSED", "measurement",
				  limit->measurement.text, NULL);
	return ERR_OK;
}

static void digest_limits(const struct list *limits, const struct procedure_limit *const *sorted,
			  struct hash *out)
{
	const struct procedure_limit *all = limits->items;
	struct sha256 digest;

	sha256_init(&digest);
	for (size_t i = 0; i < limits->n; i++) {
		uint8_t present = (uint8_t)limits->present[sorted[i] - all];
		add_bytes(&digest, sorted[i]->measurement.text, sorted[i]->measurement.n);
		add_bytes(&digest, sorted[i]->unit.bytes.p, sorted[i]->unit.bytes.n);
		sha256_update(&digest, bytes_of(&present, 1));
		add_number(&digest, sorted[i]->low_micro);
		add_number(&digest, sorted[i]->high_micro);
	}
	*out = sha256_final(&digest);
}

static err check_procedure(struct check_context *context, const void *body, uint64_t present,
			   void *outputs, uint64_t *outputs_present, struct fault *f)
{
	const struct procedure_released *b = body;
	struct procedure_outputs *out = outputs;
	const struct procedure_limit *limits = b->limits.items, *sorted[LIMITS_MAX];

	(void)context;
	(void)present;
	for (size_t i = 0; i < b->limits.n; i++) {
		TRY(check_limit(&b->limits, i, f));
		sorted[i] = &limits[i];
	}
	if (b->limits.n > 0)
		qsort(sorted, b->limits.n, sizeof sorted[0], order_limits);
	for (size_t i = 1; i < b->limits.n; i++)
		if (order_limits(&sorted[i - 1], &sorted[i]) == 0)
			return fail_field(f, "limits", "PROCEDURE_MEASUREMENT_TWICE", "measurement",
					  sorted[i]->measurement.text, NULL);
	digest_limits(&b->limits, sorted, &out->limits_digest);
	*outputs_present = 1;
	return ERR_OK;
}

/* ---- results ---- */

static int order_measured(const void *a, const void *b)
{
	const struct measured *const *x = a, *const *y = b;
	int names = compare_ids(&(*x)->measurement, &(*y)->measurement);

	if (names != 0)
		return names;
	return ((*x)->value_micro > (*y)->value_micro) - ((*x)->value_micro < (*y)->value_micro);
}

/* Two units never measure the very same: a copied result has the same digest. */
static err check_test(struct check_context *context, const void *body, uint64_t present,
		      void *outputs, uint64_t *outputs_present, struct fault *f)
{
	const struct test_recorded *b = body;
	struct test_outputs *out = outputs;
	const struct measured *all = b->measurements.items, *sorted[MEASUREMENTS_MAX];
	size_t n = b->measurements.n;
	struct sha256 digest;

	(void)context;
	(void)present;
	(void)f;
	for (size_t i = 0; i < n; i++)
		sorted[i] = &all[i];
	if (n > 0)
		qsort(sorted, n, sizeof sorted[0], order_measured);
	sha256_init(&digest);
	out->distinct = 0;
	for (size_t i = 0; i < n; i++) {
		add_bytes(&digest, sorted[i]->measurement.text, sorted[i]->measurement.n);
		add_number(&digest, sorted[i]->value_micro);
		out->distinct += i == 0 || compare_ids(&sorted[i - 1]->measurement,
						       &sorted[i]->measurement) != 0;
	}
	out->vector = sha256_final(&digest);
	*outputs_present = 3;
	return ERR_OK;
}

#define PROCEDURE                              \
	{                                      \
		"procedure", NULL, "procedure" \
	}
static const struct record_type testing_types[] = {
	{.name = "procedure.released",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "test.define",
	 .origin = SIGNED,
	 .subject = PROCEDURE,
	 .scope = "testing.product",
	 .approval = "test.procedure",
	 .size = sizeof(struct procedure_released),
	 .fields = procedure_released,
	 .outputs_size = sizeof(struct procedure_outputs),
	 .outputs = procedure_outputs,
	 .check = check_procedure,
	 .help = "Lets units of a product be tested by a procedure, and says between which "
		 "limits."},
	{.name = "procedure.withdrawn",
	 .version = 1,
	 .nature = DECISION,
	 .permission = "test.define",
	 .origin = SIGNED,
	 .subject = PROCEDURE,
	 .scope = "testing.procedure",
	 .size = sizeof(struct procedure_withdrawn),
	 .fields = procedure_withdrawn,
	 .help = "Ends a test procedure at once; what was tested by it is to be tested again."},
	{.name = "test.recorded",
	 .version = 1,
	 .nature = EVENT,
	 .permission = "test.record",
	 .origin = SIGNED,
	 .subject = {"unit", "product", "serial"},
	 .scope = "testing.station",
	 .size = sizeof(struct test_recorded),
	 .fields = test_recorded,
	 .outputs_size = sizeof(struct test_outputs),
	 .outputs = test_outputs,
	 .check = check_test,
	 .help = "A station tested a unit: what it measured, and what it says about it."},
	{0},
};

extern const char testing_sql[];
const struct area testing_area = {"testing", testing_types, testing_sql};
