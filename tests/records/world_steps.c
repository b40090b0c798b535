/* SPDX-License-Identifier: Apache-2.0 */
/* world_steps.c — the roads that many tests go before the one step they are about. */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "crypto/x509.h"

const char *world_build_terms(struct world *w)
{
	struct hash key = public_key_id(private_key_public(world_actor(w, "st1")->key));
	char hex[65];

	hex_encode(hash_bytes(&key), hex);
	const char *text = arena_printf(
		&w->house.arena,
		"'hardware_type':'1.3.6.1.4.1.32473.7','stations':[{'station':'st1','key':'%s'}],"
		"'valid_until':'2099-01-01T00:00:00.000Z'",
		hex);
	assert_non_null(text);
	return text;
}

void world_builds_with(struct world *w, const char *authorization, const char *release,
		       const char *image, const char *more)
{
	bool first = strcmp(authorization, "BA1") == 0;

	w->authorization = authorization;
	w->release = release;
	w->image = image;
	assert_says("(waits)", w, "anna", "build.authorized",
		    "{'authorization':'%s','product':'GW','revision':'A','release':'%s',"
		    "'site':'VN','line':'L1','quantity':5,%s%s}",
		    authorization, release, world_build_terms(w), more);
	assert_string_equal(approved(w), "");
	assert_says("", w, "bert", "part_lot.issued",
		    "{'supplier':'acme','part_lot':'R1','authorization':'%s','site':'VN',"
		    "'line':'L1','quantity':%d}",
		    authorization, first ? 900 : 50);
}

void world_ready_to_build(struct world *w)
{
	assert_says("", w, "anna", "supplier.registered",
		    "{'supplier':'acme','class':'manufacturer','country':'DE','name':'Acme'}");
	assert_says("", w, "anna", "supplier.approved",
		    "{'supplier':'acme','expires':'2099-01-01T00:00:00.000Z'}");
	assert_says("", w, "anna", "part.defined",
		    "{'part':'MCU1','description':'controller','critical':true}");
	assert_says("", w, "anna", "part.source_approved", "{'part':'MCU1','supplier':'acme'}");
	assert_says("", w, "bert", "part_lot.received",
		    "{'supplier':'acme','part_lot':'R1','part':'MCU1','quantity':1000,'site':'VN',"
		    "'packaging':'intact','conformance_certificate':'%s'}",
		    IMAGE);
	assert_says("", w, "anna", "bom.released",
		    "{'product':'GW','revision':'A','line_count':1,'lines':[{'line':'1',"
		    "'part':'MCU1','quantity':2,'designators':'U1 U2'}]}");
	assert_says("(waits)", w, "anna", "firmware.released",
		    "{'release':'FW1','product':'GW','version':'1.0','environment':'production',"
		    "'image':'%s','image_size':4096,'security_version':1}",
		    IMAGE);
	assert_string_equal(approved(w), "");
	world_builds_with(w, "BA1", "FW1", IMAGE, "");
}

const char *world_request_says(struct world *w, const char *station, const char *serial)
{
	char name[ID_SIZE_MAX + 1], text[4096];
	struct bytes der;
	struct arena a = {0};

	snprintf(name, sizeof name, "GW/%s", serial);
	assert_int_equal(csr_make(&a, world_actor(w, name)->key, serial, &der, &w->fault).code, OK);
	assert_true(base64_size(der.n) < sizeof text);
	base64url_encode(der, text);
	arena_done(&a);
	return says(w, station, "unit.requested",
		    "{'product':'GW','serial':'%s','authorization':'%s','csr':'%s'}", serial,
		    w->authorization, text);
}

void world_request(struct world *w, const char *serial)
{
	assert_string_equal(world_request_says(w, "st1", serial), "");
}

/* Any certificate over the unit's key will do: what counts here is whose key it certifies. */
void world_certify(struct world *w, const char *serial)
{
	char name[ID_SIZE_MAX + 1], text[4096];
	struct bytes der;
	struct arena a = {0};

	snprintf(name, sizeof name, "GW/%s", serial);
	assert_int_equal(
		certificate_make_client(&a, world_actor(w, name)->key, name, &der, &w->fault).code,
		OK);
	assert_true(base64_size(der.n) < sizeof text);
	base64url_encode(der, text);
	arena_done(&a);
	assert_string_equal(system_says(w, "certificate.issued",
					"{'product':'GW','serial':'%s','certificate':'%s'}", serial,
					text),
			    "");
}

void world_built(struct world *w, const char *serial)
{
	world_request(w, serial);
	world_certify(w, serial);
	assert_says("", w, "st1", "unit.fitted",
		    "{'product':'GW','serial':'%s','station':'st1','parts':[{'supplier':'acme',"
		    "'part_lot':'R1','part':'MCU1','quantity':2,'designators':'U1 U2'}]}",
		    serial);
	assert_says("", w, "st1", "unit.built", "{'product':'GW','serial':'%s','station':'st1'}",
		    serial);
}

void world_unit(struct world *w, const char *serial)
{
	world_built(w, serial);
	assert_says("", w, "st1", "unit.programmed",
		    "{'product':'GW','serial':'%s','station':'st1','release':'%s','image':'%s'}",
		    serial, w->release, w->image);
}

void world_seals(struct world *w)
{
	assert_says(
		"", w, "bert", "seal.received",
		"{'maker':'M','purchase_lot':'P1','class':'H','site':'VN','seals':[{'seal':'1'},"
		"{'seal':'2'},{'seal':'3'},{'seal':'4'}]}");
}

void world_sealed_shipment(struct world *w, const char *serial, const char *shipment,
			   char manifest[static 65])
{
	world_seals(w);
	assert_says("", w, "bert", "shipment.planned",
		    "{'shipment':'%s','from_site':'VN','to_site':'HH'}", shipment);
	assert_says("", w, "bert", "shipment.packed",
		    "{'shipment':'%s','site':'VN','contents':[{'kind':'unit','within':'GW',"
		    "'id':'%s','quantity':1},{'kind':'item','id':'cable','quantity':2}]}",
		    shipment, serial);
	memcpy(manifest, w->digest, 65);
	assert_says("", w, "bert", "seal.issued",
		    "{'maker':'M','seal':'1','holder':'carl','site':'VN'}");
	assert_says("", w, "carl", "seal.applied",
		    "{'maker':'M','seal':'1','shipment':'%s','site':'VN'}", shipment);
}
