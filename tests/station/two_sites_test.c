/* SPDX-License-Identifier: Apache-2.0 */
/* Two contract manufacturers build for one house. Whoever has an account limited to one site sees nothing of
 * the other: in no view, whatever is asked for, no gate, passport, or stream. */
#include "company.h"

#include <stdio.h>
#include <string.h>

static struct api *x;
static struct company company;
static struct person st2, linh, juan; /* station of MX; readers at VN and at MX */

static const char EVERYTHING[] =
	"line.read,identity.read,part.read,supplier.read,custody.read,firmware.read,recall.read,"
	"nonconformance.read,access.read,attestation.read,passport.read,gate.ask,test.read,"
	"policy.read,approval.read,sbom.read,conformance.read";

static char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *text(const char *format, ...)
{
	char buffer[4096];
	va_list list;

	va_start(list, format);
	int n = vsnprintf(buffer, sizeof buffer, format, list);
	va_end(list);
	assert_true(n >= 0 && (size_t)n < sizeof buffer);
	return arena_text(&x->arena, bytes_text(buffer));
}

/* ---- what there is at a site ---- */

static void authorize(const char *id, const char *site, const struct person *station)
{
	struct hash key = public_key_id(private_key_public(station->key));
	char hex[65];

	hex_encode(hash_bytes(&key), hex);
	const char *digest = company_decides(
		&company, "build.authorized",
		text("{'authorization':'%s','product':'GW','revision':'A','release':'FW1',"
		     "'site':'%s','line':'L1','quantity':10,"
		     "'valid_until':'2099-01-01T00:00:00.000Z',"
		     "'hardware_type':'1.3.6.1.4.1.32473.7','security_version':1,"
		     "'stations':[{'station':'%s','key':'%s'}]}",
		     id, site, station->id, hex));
	assert_string_equal(company_verdict(&company, digest), "admitted");
}

static void unit(const struct person *station, const char *authorization, const char *serial)
{
	struct private_key *key;

	assert_int_equal(private_key_generate(KEY_P256, &key, NULL).code, OK);
	(void)api_must(x, station, "unit.requested",
		       company_request_body(&company, authorization, serial, key));
	private_key_close(key);
	(void)company_wait(&company,
			   text("/v1/views/unit.certificate?product=GW&serial=%s", serial));
}

static void work_at(const char *site, const char *sign, const struct person *station)
{
	const char *authorization = text("BA-%s", sign), *serial = text("unit-%s", sign);

	(void)api_must(x, &x->erin, "part_lot.received",
		       text("{'supplier':'acme','part_lot':'reel-%s','part':'MCU1','quantity':100,"
			    "'site':'%s','packaging':'intact'}",
			    sign, site));
	authorize(authorization, site, station);
	unit(station, authorization, serial);
	(void)api_must(x, &x->erin, "part_lot.issued",
		       text("{'supplier':'acme','part_lot':'reel-%s','authorization':'%s','site':"
			    "'%s','line':'L1','quantity':10}",
			    sign, authorization, site));
	(void)api_must(x, station, "unit.fitted",
		       text("{'product':'GW','serial':'%s','station':'%s','parts':[{'supplier':"
			    "'acme','part_lot':'reel-%s','part':'MCU1','quantity':2}]}",
			    serial, station->id, sign));
	(void)api_must(x, station, "unit.built",
		       text("{'product':'GW','serial':'%s','station':'%s'}", serial, station->id));
	(void)api_must(x, &x->erin, "allowance.granted",
		       text("{'allowance':'OA-%s','authorization':'%s','station':'%s','quantity':3,"
			    "'valid_until':'2090-01-01T00:00:00.000Z',"
			    "'reconcile_by':'2091-01-01T00:00:00.000Z'}",
			    sign, authorization, station->id));
	(void)api_must(
		x, &x->erin, "hold.placed",
		text("{'kind':'unit','within':'GW','id':'%s','reason':'looked at'}", serial));
}

static int open_house(void **state)
{
	(void)state;
	x = api_open();
	company_open(&company, x);
	(void)api_must(x, &x->erin, "site.defined",
		       "{'site':'MX','country':'MX','name':'Monterrey'}");
	(void)api_must(x, &x->erin, "site.defined",
		       "{'site':'HH','country':'DE','name':'Hamburg'}");
	(void)api_must(x, &x->ada, "role.defined",
		       "{'role':'ships','permissions':[{'permission':'custody.ship'},"
		       "{'permission':'custody.write'}]}");
	(void)api_must(x, &x->ada, "role.granted",
		       "{'grant_id':'grant-ships','principal':'erin','role':'ships'}");
	(void)api_must(x, &x->erin, "line.defined", "{'site':'MX','line':'L1'}");
	(void)api_must(x, &x->erin, "station.defined",
		       "{'station':'st2','site':'MX','line':'L1','environment':'production'}");
	st2 = api_person(x, "st2", "station", "line.build,identity.request", "'station':'st2'");
	work_at("VN", "hanoi", &company.st1);
	work_at("MX", "monterrey", &st2);
	linh = api_person(x, "linh", "person", EVERYTHING, "'site':'VN'");
	juan = api_person(x, "juan", "person", EVERYTHING, "'site':'MX'");
	return 0;
}

static int close_house(void **state)
{
	(void)state;
	person_done(&st2);
	person_done(&linh);
	person_done(&juan);
	company_done(&company);
	api_close(x);
	return 0;
}

/* ---- looking ---- */

/* Every way to ask a view: without parameters, and for what the other one has. */
static const char *path_of(const json_t *view, const char *site, const char *sign,
			   const char *station)
{
	const char *path =
		text("/v1/views/%s?limit=1000", json_string_value(json_object_get(view, "name")));
	const char *const values[][2] = {
		{"site", site},
		{"line", "L1"},
		{"station", station},
		{"product", "GW"},
		{"serial", text("unit-%s", sign)},
		{"supplier", "acme"},
		{"part_lot", text("reel-%s", sign)},
		{"authorization", text("BA-%s", sign)},
		{"allowance", text("OA-%s", sign)},
		{"part", "MCU1"},
		{"revision", "A"},
		{"release", "FW1"},
		{"shipment", text("SH-%s", sign)},
	};
	json_t *parameter;
	size_t i;

	json_array_foreach(json_object_get(view, "parameters"), i, parameter)
	{
		const char *name = json_string_value(json_object_get(parameter, "name"));
		for (size_t k = 0; sign != NULL && k < sizeof values / sizeof values[0]; k++)
			if (strcmp(values[k][0], name) == 0)
				path = text("%s&%s=%s", path, name, values[k][1]);
	}
	return path;
}

static size_t look(const struct person *who, const char *path, const char *foreign,
		   const char *station)
{
	struct reply *r = api_get(x, who, path);

	if (r->status != 200) {
		must_refuse(r, 403, "VIEW_NOT_ALLOWED");
		return 0;
	}
	if (strstr(r->body, foreign) != NULL || strstr(r->body, station) != NULL)
		stop_test("%s shows %s what is of %s: %s\n", path, who->id, foreign, r->body);
	return json_array_size(json_object_get(r->json, "rows"));
}

static size_t look_everywhere(const struct person *who, const char *own, const char *own_site,
			      const char *own_station, const char *foreign,
			      const char *foreign_site, const char *foreign_station)
{
	struct reply *views = api_get(x, who, "/v1/views");
	size_t i, shown = 0;
	json_t *view;

	must_have(views, 200);
	json_array_foreach(json_object_get(views->json, "views"), i, view)
	{
		const char *name = json_string_value(json_object_get(view, "name"));
		/* Who is known in the house is not of a site. */
		if (json_is_true(json_object_get(view, "global")) ||
		    strncmp(name, "access.", 7) == 0)
			continue;
		shown += look(who, path_of(view, NULL, NULL, NULL), foreign, foreign_station) > 0;
		shown += look(who, path_of(view, own_site, own, own_station), foreign,
			      foreign_station) > 0;
		(void)look(who, path_of(view, foreign_site, foreign, foreign_station), foreign,
			   foreign_station);
	}
	return shown;
}

static void each_sees_their_own_and_nothing_of_the_other(void **state)
{
	(void)state;
	assert_true(look_everywhere(&linh, "hanoi", "VN", "st1", "monterrey", "MX", "st2") >= 10);
	assert_true(look_everywhere(&juan, "monterrey", "MX", "st2", "hanoi", "VN", "st1") >= 10);
}

static void gate_and_passport_of_the_others_units_are_refused(void **state)
{
	(void)state;
	must_refuse(api_get(x, &juan, "/v1/gates/ship/GW/unit-hanoi"), 403, "API_NOT_ALLOWED");
	must_refuse(api_get(x, &juan, "/v1/passport/GW/unit-hanoi"), 403, "API_NOT_ALLOWED");
	must_refuse(api_get(x, &linh, "/v1/passport/GW/unit-monterrey"), 403, "API_NOT_ALLOWED");
	must_have(api_get(x, &linh, "/v1/gates/ship/GW/unit-hanoi"), 200);
}

static void no_stream_and_no_entry_is_for_who_sees_one_site(void **state)
{
	(void)state;
	must_refuse(api_get(x, &juan, "/v1/stream"), 403, "API_NOT_ALLOWED");
	must_refuse(api_get(x, &juan, "/v1/entries/1"), 403, "API_NOT_ALLOWED");
	must_refuse(api_get(x, &juan, "/log/tile/entries/000.p/1"), 403, "API_NOT_ALLOWED");
}

static void a_station_of_one_builds_nothing_of_the_other(void **state)
{
	struct private_key *key;

	(void)state;
	assert_int_equal(private_key_generate(KEY_P256, &key, NULL).code, OK);
	must_refuse(api_sign(x, &st2, "unit.requested",
			     company_request_body(&company, "BA-hanoi", "thief", key)),
		    422, "STATION_NOT_AUTHORIZED");
	private_key_close(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_sees_their_own_and_nothing_of_the_other),
		cmocka_unit_test(gate_and_passport_of_the_others_units_are_refused),
		cmocka_unit_test(no_stream_and_no_entry_is_for_who_sees_one_site),
		cmocka_unit_test(a_station_of_one_builds_nothing_of_the_other),
	};

	return cmocka_run_group_tests(tests, open_house, close_house);
}
