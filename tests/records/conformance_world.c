/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance_world.h"

#include <stdio.h>

const char *grade_of(struct world *w, const char *lot)
{
	char query[80];

	snprintf(query, sizeof query, "part_lot=%s", lot);
	return shows(w, "part_lot.list", "grade", query);
}

const char *kit_says(struct world *w, const char *lot)
{
	return gate_says(w, "kit", "part_lot", "acme", lot);
}

static void enters(struct world *w, const char *name, const char *kind, const char *supplier)
{
	assert_says("", w, "anna", "principal.registered",
		    "{'principal':'%s','kind':'%s','natural_person':'%s','supplier':'%s'}", name,
		    kind, name, supplier);
	world_enroll_key(w, name, world_actor(w, name));
	assert_says("", w, "anna", "role.granted",
		    "{'grant_id':'g-%s','principal':'%s','role':'supplier'}", name, name);
}

struct world *stocked(void **state)
{
	struct world *w = *state;
	static const char *const parts[] = {"MCU1", "R10K"};

	for (size_t i = 0; i < 2; i++)
		assert_says("", w, "anna", "supplier.registered",
			    "{'supplier':'%s','class':'manufacturer','country':'DE','name':'It',"
			    "'tier':1}",
			    i == 0 ? "acme" : "other");
	assert_says("", w, "anna", "supplier.approved",
		    "{'supplier':'acme','expires':'2099-01-01T00:00:00.000Z'}");
	for (size_t i = 0; i < 2; i++) {
		assert_says("", w, "anna", "part.defined",
			    "{'part':'%s','description':'it','critical':%s,"
			    "'manufacturer_part':'%s-X'}",
			    parts[i], i == 0 ? "true" : "false", parts[i]);
		assert_says("", w, "anna", "part.source_approved",
			    "{'part':'%s','supplier':'acme'}", parts[i]);
	}
	assert_says("", w, "anna", "role.defined",
		    "{'role':'supplier','permissions':[{'permission':'conformance.declare'}]}");
	enters(w, "sam", "supplier", "acme");
	enters(w, "sue", "supplier", "other");
	enters(w, "pete", "person", "acme");
	return w;
}

const char *receives(struct world *w, const char *lot, const char *part, const char *rest)
{
	return says(w, "bert", "part_lot.received",
		    "{'supplier':'acme','part_lot':'%s','part':'%s','quantity':100,'site':'VN',"
		    "'packaging':'intact'%s}",
		    lot, part, rest);
}

void gives_link(struct world *w, const char *part_lot)
{
	assert_says("", w, "anna", "conformance.link_given",
		    "{'link':'" LINK "','supplier':'acme','expires':'%s'%s}", from_now(w, DAYS(14)),
		    part_lot);
}
