/* SPDX-License-Identifier: Apache-2.0 */
/* demo_route.c — what a unit goes through: a test procedure with its limits, the traveler, and what the warehouse
 * looks at when something arrives. And what other systems call the same things. */
#include "sim/demo_internal.h"

#include "core/sha256.h"

#include <stdio.h>
#include <string.h>

#define PROCEDURE "FUNCTION"
#define PROTOCOL  "ARRIVAL-1"

const struct demo_limit DEMO_LIMITS[DEMO_LIMITS_N] = {
	{"supply", "V", 3200000, 3400000},
	{"sleep", "mA", 1000, 9000},
	{"radio", "dBm", -2000000, 4000000},
};

/* ---- the test ---- */

static json_t *limits(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < DEMO_LIMITS_N; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:I}", "measurement",
						      DEMO_LIMITS[i].measurement, "unit",
						      DEMO_LIMITS[i].unit, "low_micro",
						      (json_int_t)DEMO_LIMITS[i].low, "high_micro",
						      (json_int_t)DEMO_LIMITS[i].high));
	return list;
}

/* Where the station's counter goes on. */
static err read_counter(struct demo *d, struct fault *f)
{
	const char *query[] = {"station", STATION, NULL};
	json_t *rows = NULL;

	TRY(demo_rows(d, "quinn", "test.counters", query, &rows, f));
	d->tests =
		(uint64_t)json_integer_value(json_object_get(json_array_get(rows, 0), "sequence"));
	json_decref(rows);
	return ERR_OK;
}

static err release_procedure(struct demo *d, struct fault *f)
{
	static const char TEXT[] = "Functional test: supply, current asleep, radio power.\n";
	struct told told;
	struct hash digest;
	char hex[65];

	TRY(client_blob_put(demo_actor(d, "erin")->client, bytes_text(TEXT), "evidence", &digest,
			    f));
	hex_encode(hash_bytes(&digest), hex);
	TRY(demo_sign_and_approve_told(d, "erin", "procedure.released",
				       json_pack("{s:s, s:s, s:s, s:s, s:i, s:o}", "procedure",
						 PROCEDURE, "product", PRODUCT, "revision",
						 d->revision, "document", hex, "attempts", 3,
						 "limits", limits()),
				       "ben cleo", &told, f));
	snprintf(d->procedure_digest, sizeof d->procedure_digest, "%s", told.digest);
	return read_counter(d, f);
}

/* ---- the traveler ---- */

static json_t *steps(void)
{
	return json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:s}, {s:s, s:s, s:s},"
			 " {s:s, s:s, s:s, s:s}, {s:s, s:s, s:s}]",
			 "step", "fit", "work", "fit", "station", STATION, "step", "build", "work",
			 "build", "station", STATION, "step", "program", "work", "program",
			 "station", STATION, "step", "test", "work", "test", "station", STATION,
			 "procedure", PROCEDURE, "step", "look", "work", "inspect", "station",
			 STATION);
}

/* ---- arrival ---- */

static err set_protocol(struct demo *d, struct fault *f)
{
	return demo_define(d, "hanna", "arrival.protocol_set",
			   json_pack("{s:s, s:s, s:[{s:s, s:s}, {s:s, s:s}]}", "site", WAREHOUSE,
				     "protocol", PROTOCOL, "points", "point", "outside", "text",
				     "The box is dry, whole, and closed with tape on every edge",
				     "point", "papers", "text",
				     "The papers name the shipment and both sites"),
			   "ARRIVAL_PROTOCOL_EXISTS", f);
}

json_t *demo_arrival_body(const char *shipment)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:[{s:s, s:s}, {s:s, s:s}]}", "shipment", shipment,
			 "site", WAREHOUSE, "condition", "good", "protocol", PROTOCOL, "points",
			 "point", "outside", "result", "ok", "point", "papers", "result", "ok");
}

err demo_route(struct demo *d, struct fault *f)
{
	TRY(release_procedure(d, f));
	demo_step(d, "Test procedure %s %s with %d limits: released by one, approved by two others",
		  PROCEDURE, d->revision, DEMO_LIMITS_N);
	TRY(demo_sign(d, "erin", "traveler.released",
		      json_pack("{s:o, s:s, s:s, s:o}", "traveler", json_sprintf("TR-%u", d->run),
				"product", PRODUCT, "revision", d->revision, "steps", steps()),
		      NULL, f));
	TRY(set_protocol(d, f));
	demo_step(d, "Traveler TR-%u: fit, build, program, test, look. Arrival protocol %s at %s",
		  d->run, PROTOCOL, WAREHOUSE);
	return ERR_OK;
}

/* ---- other systems ---- */

err demo_refer(struct demo *d, struct fault *f)
{
	const char *number = demo_text(d, "WO-%u", 47110 + d->run);

	TRY(demo_sign(d, "erin", "reference.added",
		      json_pack("{s:s, s:s, s:s, s:s}", "kind", "build_authorization", "id",
				d->production, "system", "MES-HANOI", "number", number),
		      NULL, f));
	demo_step(d, "The contract manufacturer's system calls %s work order %s", d->production,
		  number);
	return ERR_OK;
}

/* ---- tests of units ---- */

/* Inside its limits, another for each unit; `bad` is far outside. */
static json_t *measurements(const struct demo *d, const char *serial, bool bad)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < DEMO_LIMITS_N; i++) {
		const struct demo_limit *l = &DEMO_LIMITS[i];
		int64_t value =
			l->low + (int64_t)demo_dice(d, serial, i, (unsigned)(l->high - l->low));
		if (bad && i == 0)
			value = l->low / 2;
		json_array_append_new(list, json_pack("{s:s, s:I}", "measurement", l->measurement,
						      "value_micro", (json_int_t)value));
	}
	return list;
}

json_t *demo_test_body(struct demo *d, const struct device *unit, bool bad)
{
	const char *now = demo_days(d, 0);

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:o}", "product",
			 PRODUCT, "serial", device_serial(unit), "station", STATION, "operator",
			 OPERATOR, "procedure", PROCEDURE, "procedure_digest", d->procedure_digest,
			 "sequence", (json_int_t)++d->tests, "started", now, "ended", now,
			 "verdict", bad ? "fail" : "pass", "measurements",
			 measurements(d, device_serial(unit), bad));
}

err demo_test_units(struct demo *d, struct device *const *units, size_t n, struct fault *f)
{
	struct demo_batch b;
	err e = demo_batch_open(d, STATION, &b, f);

	for (size_t i = 0; i < n && e.code == OK; i++) {
		e = demo_put(&b, "test.recorded", demo_test_body(d, units[i], false), f);
		if (e.code == OK)
			e = demo_put(&b, "step.completed",
				     json_pack("{s:s, s:s, s:s, s:s, s:s}", "product", PRODUCT,
					       "serial", device_serial(units[i]), "station",
					       STATION, "step", "look", "operator", OPERATOR),
				     f);
	}
	return demo_batch_done(&b, e, f);
}
