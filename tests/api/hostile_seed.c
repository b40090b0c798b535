/* SPDX-License-Identifier: Apache-2.0 */
/* hostile_seed.c — people with more and with fewer rights, and the same things at two sites: every id
 * of the one begins with `alpha`, every id of the other with `beta`. */
#include "hostile.h"

#include "base/files.h"

#include <stdio.h>
#include <string.h>

static const char EVERYTHING[] =
	"access.admin,access.grant,access.suspend,access.read,supplier.write,supplier.approve,"
	"supplier.read,part.write,part.approve,part.receive,part.issue,part.read,line.define,"
	"line.authorize,line.build,line.scrap,line.close,line.read,access.credential,identity."
	"request,identity.issue,"
	"identity.read,firmware.release,firmware.withdraw,firmware.program,firmware.read,"
	"custody.write,custody.issue,custody.check,custody.ship,custody.receive,custody.read,"
	"attestation.read,recall.hold,recall.lift,recall.dispose,recall.read,nonconformance.read,"
	"approval.vote,approval.read,policy.read,policy.write,ledger.read,blob.write,blob.read,"
	"passport.read,gate.ask,line.import,reference.read,reference.write,sbom.read,test.define,"
	"test.record,test.read";

static void say(struct hostile *h, const char *site, const char *type, const char *body)
{
	char *text = arena_text(&h->api->arena, bytes_text(body));
	char *at;

	while ((at = strchr(text, '@')) != NULL)
		text = arena_printf(&h->api->arena, "%.*s%s%s", (int)(at - text), text, site,
				    at + 1);
	(void)api_must(h->api, &h->wanda, type, text);
}

/* `@` is the site. */
static const struct step {
	const char *type, *body;
} STEPS[] = {
	{"site.defined", "{'site':'@','country':'DE','name':'Site @'}"},
	{"line.defined", "{'site':'@','line':'@-line'}"},
	{"station.defined", "{'station':'@-station','site':'@','line':'@-line',"
			    "'environment':'production'}"},
	{"product.defined", "{'product':'@-product','hardware_type':'1.3.6.1.4.1.32473.7',"
			    "'name':'Product @'}"},
	{"supplier.registered", "{'supplier':'@-supplier','class':'manufacturer','country':'DE',"
				"'name':'Supplier @'}"},
	{"supplier.site_added", "{'supplier':'@-supplier','supplier_site':'@-works',"
				"'country':'DE','address':'@ road'}"},
	{"supplier.approved", "{'supplier':'@-supplier','expires':'2099-01-01T00:00:00Z'}"},
	{"part.defined", "{'part':'@-part','description':'part of @','critical':false}"},
	{"part.source_approved", "{'part':'@-part','supplier':'@-supplier'}"},
	{"bom.released", "{'product':'@-product','revision':'@-A','line_count':1,'lines':[{"
			 "'line':'1','part':'@-part','quantity':1,'designators':'U1'}]}"},
	{"part_lot.received", "{'supplier':'@-supplier','part_lot':'@-lot','part':'@-part',"
			      "'quantity':100,'site':'@','packaging':'intact'}"},
	{"seal.received", "{'maker':'@-maker','purchase_lot':'@-purchase','class':'H','site':'@',"
			  "'seals':[{'seal':'@-1'},{'seal':'@-2'}]}"},
	{"shipment.planned", "{'shipment':'@-shipment','from_site':'@','to_site':'@-far'}"},
	{"shipment.packed", "{'shipment':'@-shipment','site':'@','contents':[{'kind':'item',"
			    "'id':'@-cable','quantity':2}]}"},
	{"seal.issued", "{'maker':'@-maker','seal':'@-1','holder':'nemo','site':'@'}"},
	{"seal.applied", "{'maker':'@-maker','seal':'@-1','shipment':'@-shipment','site':'@'}"},
	{"shipment.counted", "{'shipment':'@-shipment','site':'@-far','lines':[{'kind':'item',"
			     "'id':'@-cable','quantity':1}]}"},
	{"hold.placed", "{'kind':'shipment','id':'@-shipment','reason':'seen at @'}"},
	{"hold.placed", "{'kind':'part_lot','within':'@-supplier','id':'@-lot',"
			"'reason':'seen at @'}"},
};

static void seed_site(struct hostile *h, const char *site)
{
	for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++)
		say(h, site, STEPS[i].type, STEPS[i].body);
}

void hostile_seed(struct hostile *h)
{
	h->wanda = api_person(h->api, "wanda", "person", EVERYTHING, NULL);
	h->alma = api_person(h->api, "alma", "person", EVERYTHING, "'site':'alpha'");
	h->nemo = api_person(h->api, "nemo", "person", NULL, NULL);
	say(h, "alpha-far", "site.defined", "{'site':'@','country':'DE','name':'Site @'}");
	say(h, "beta-far", "site.defined", "{'site':'@','country':'DE','name':'Site @'}");
	seed_site(h, "alpha");
	seed_site(h, "beta");
}
