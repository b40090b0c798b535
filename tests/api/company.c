/* SPDX-License-Identifier: Apache-2.0 */
#include "company.h"

#include "crypto/x509.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_S = 60 };

const char COMPANY_IMAGE[65] = "1111111111111111111111111111111111111111111111111111111111111111";

static const char ERIN_MAY[] =
	"supplier.write,supplier.approve,part.write,part.approve,part.receive,part.issue,line."
	"define,"
	"line.authorize,line.build,line.close,line.scrap,line.read,firmware.release,"
	"firmware.withdraw,firmware.read,identity.read,passport.read,recall.read,recall.hold,"
	"nonconformance.read,access.read,access.credential,attestation.read,ledger.read,"
	"test.define";
static const char ST1_MAY[] = "line.build,identity.request,firmware.program,test.record";

/* ---- reading ---- */

json_t *company_row(struct company *c, const char *path)
{
	struct reply *r = api_get(c->x, &c->x->erin, path);

	must_have(r, 200);
	return json_array_get(json_object_get(r->json, "rows"), 0);
}

json_t *company_wait(struct company *c, const char *path)
{
	time_t end = time(NULL) + PATIENCE_S;
	json_t *row;

	while ((row = company_row(c, path)) == NULL)
		if (time(NULL) > end)
			stop_test("nothing came: %s\n%s\n", path,
				  api_get(c->x, NULL, "/readyz")->body);
	return row;
}

const char *company_verdict(struct company *c, const char *digest)
{
	const json_t *row = company_wait(
		c, arena_printf(&c->x->arena, "/v1/views/signer.decisions?digest=%s", digest));
	const char *code = json_string_value(json_object_get(row, "code"));

	return code != NULL ? code : json_string_value(json_object_get(row, "verdict"));
}

/* ---- deciding ---- */

const char *company_decides(struct company *c, const char *type, const char *body)
{
	struct api *x = c->x;
	struct reply *asked = api_sign(x, &x->erin, type, body);

	if (asked->status != 201)
		stop_test("%s: %d %s\n", type, asked->status, asked->body);
	const char *digest = reply_text(asked, "digest");
	struct reply *agreed = api_sign(x, &x->ben, "approval.given",
					arena_printf(&x->arena, "{'record':'%s'}", digest));
	must_have(agreed, 201);
	if (strcmp(reply_text(agreed, "outcome"), "executes") != 0)
		stop_test("%s: %s\n", type, agreed->body);
	return digest;
}

static const char *station_key(struct company *c)
{
	struct hash id = public_key_id(private_key_public(c->st1.key));
	char hex[65];

	hex_encode(hash_bytes(&id), hex);
	return arena_text(&c->x->arena, bytes_text(hex));
}

const char *company_authorization(struct company *c, const char *id, unsigned quantity,
				  const char *more)
{
	return arena_printf(&c->x->arena,
			    "{'authorization':'%s','product':'GW','revision':'A','release':'FW1',"
			    "'site':'VN','line':'L1','quantity':%u,"
			    "'valid_until':'2099-01-01T00:00:00.000Z',"
			    "'hardware_type':'1.3.6.1.4.1.32473.7','security_version':1,"
			    "'stations':[{'station':'st1','key':'%s'}]%s}",
			    id, quantity, station_key(c), more);
}

void company_authorize(struct company *c, const char *id, unsigned quantity, const char *more)
{
	const char *digest = company_decides(c, "build.authorized",
					     company_authorization(c, id, quantity, more));

	assert_string_equal(company_verdict(c, digest), "admitted");
}

const char *company_request_body(struct company *c, const char *authorization, const char *serial,
				 struct private_key *key)
{
	struct bytes der;
	char text[4096];

	assert_int_equal(csr_make(&c->x->arena, key, serial, &der, NULL).code, OK);
	assert_true(base64_size(der.n) < sizeof text);
	base64url_encode(der, text);
	return arena_printf(&c->x->arena,
			    "{'product':'GW','serial':'%s','authorization':'%s','csr':'%s'}",
			    serial, authorization, text);
}

struct reply *company_request(struct company *c, const char *authorization, const char *serial,
			      struct private_key *key)
{
	return api_sign(c->x, &c->st1, "unit.requested",
			company_request_body(c, authorization, serial, key));
}

void company_build(struct company *c, const char *authorization, const char *serial)
{
	struct api *x = c->x;

	(void)api_must(x, &x->erin, "part_lot.issued",
		       arena_printf(&x->arena,
				    "{'supplier':'acme','part_lot':'R1','authorization':'%s',"
				    "'site':'VN','line':'L1','quantity':2}",
				    authorization));
	(void)api_must(x, &c->st1, "unit.fitted",
		       arena_printf(&x->arena,
				    "{'product':'GW','serial':'%s','station':'st1','parts':["
				    "{'supplier':'acme','part_lot':'R1','part':'MCU1',"
				    "'quantity':2,'designators':'U1 U2'}]}",
				    serial));
	(void)api_must(
		x, &c->st1, "unit.built",
		arena_printf(&x->arena, "{'product':'GW','serial':'%s','station':'st1'}", serial));
}

/* ---- founding the company ---- */

static void erin_says(struct company *c, const char *type, const char *body)
{
	(void)api_must(c->x, &c->x->erin, type, body);
}

static void places(struct company *c)
{
	erin_says(c, "site.defined", "{'site':'VN','country':'VN','name':'Hanoi'}");
	erin_says(c, "line.defined", "{'site':'VN','line':'L1'}");
	erin_says(c, "station.defined",
		  "{'station':'st1','site':'VN','line':'L1','environment':'production'}");
	erin_says(c, "product.defined",
		  "{'product':'GW','hardware_type':'1.3.6.1.4.1.32473.7','name':'Gateway'}");
}

static void parts(struct company *c)
{
	erin_says(c, "supplier.registered",
		  "{'supplier':'acme','class':'manufacturer','country':'DE','name':'Acme'}");
	erin_says(c, "supplier.approved",
		  "{'supplier':'acme','expires':'2099-01-01T00:00:00.000Z'}");
	erin_says(c, "part.defined", "{'part':'MCU1','description':'controller','critical':false}");
	erin_says(c, "part.source_approved", "{'part':'MCU1','supplier':'acme'}");
	erin_says(c, "part_lot.received",
		  "{'supplier':'acme','part_lot':'R1','part':'MCU1','quantity':1000,'site':'VN',"
		  "'packaging':'intact'}");
	erin_says(c, "bom.released",
		  "{'product':'GW','revision':'A','line_count':1,'lines':[{'line':'1',"
		  "'part':'MCU1','quantity':2,'designators':'U1 U2'}]}");
}

static void firmware(struct company *c)
{
	const char *digest = company_decides(
		c, "firmware.released",
		arena_printf(&c->x->arena,
			     "{'release':'FW1','product':'GW','version':'1.0','environment':"
			     "'production','image':'%s','image_size':4096,'security_version':1}",
			     COMPANY_IMAGE));

	assert_string_equal(company_verdict(c, digest), "admitted");
}

void company_open(struct company *c, struct api *x)
{
	*c = (struct company){.x = x};
	x->erin = api_person_of(x, x->erin.key, "erin", "person", ERIN_MAY, NULL);
	c->st1 = api_person(x, "st1", "station", ST1_MAY, "'station':'st1'");
	places(c);
	parts(c);
	firmware(c);
}

void company_done(struct company *c)
{
	person_done(&c->st1);
}
