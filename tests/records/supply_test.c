/* SPDX-License-Identifier: Apache-2.0 */
/* Suppliers, parts, bills of material, part lots. */
#include "world.h"

#define APPROVE(until) "{'supplier':'acme','expires':'" until "'}"
#define LOT(number, rest)                                                                          \
	"{'supplier':'acme','part_lot':'" number "','part':'MCU1','quantity':100,'site':'VN'" rest \
	"}"
#define GOOD                                               \
	",'packaging':'intact','conformance_certificate':" \
	"'2222222222222222222222222222222222222222222222222222222222222222'"
#define LINES                                                                         \
	"'lines':[{'line':'1','part':'MCU1','quantity':1},{'line':'2','part':'R10K'," \
	"'quantity':40}]"

static void registered(struct world *w)
{
	assert_says("", w, "anna", "supplier.registered",
		    "{'supplier':'acme','class':'broker','country':'DE','name':'Acme'}");
	assert_says("", w, "anna", "part.defined",
		    "{'part':'MCU1','description':'controller','critical':true}");
}

static void supplier_is_approved_until_a_date_and_suspended_at_once(void **state)
{
	struct world *w = *state;

	assert_says("!SUPPLIER_UNKNOWN", w, "anna", "supplier.approved",
		    APPROVE("2099-01-01T00:00:00.000Z"));
	assert_says("!COUNTRY_CODE_WRONG", w, "anna", "supplier.registered",
		    "{'supplier':'acme','class':'broker','country':'de','name':'Acme'}");
	registered(w);
	assert_says("!SUPPLIER_EXISTS", w, "anna", "supplier.registered",
		    "{'supplier':'acme','class':'broker','country':'DE','name':'Acme'}");
	assert_says("!APPROVAL_ALREADY_OVER", w, "anna", "supplier.approved",
		    APPROVE("2020-01-01T00:00:00.000Z"));
	assert_says("", w, "anna", "supplier.approved", APPROVE("2099-01-01T00:00:00.000Z"));
	assert_string_equal(shows(w, "supplier.list", "state", "supplier=acme"), "approved");
	assert_int_equal(rows_of(w, "supplier.ending", "before=2100-01-01T00:00:00.000Z"), 1);
	assert_says("", w, "anna", "supplier.suspended", "{'supplier':'acme','reason':'fraud'}");
	assert_string_equal(shows(w, "supplier.list", "state", "supplier=acme"), "suspended");
	assert_says("HOLD_PLACED", w, "anna", "hold.placed",
		    "{'kind':'supplier','id':'acme','reason':'fraud'}");
	assert_says("!SUPPLIER_HELD", w, "bert", "supplier.approved",
		    APPROVE("2099-01-01T00:00:00.000Z"));
}

static void supplier_site_is_added_once(void **state)
{
	struct world *w = *state;

	assert_says("!SUPPLIER_UNKNOWN", w, "anna", "supplier.site_added",
		    "{'supplier':'acme','supplier_site':'fab1','country':'TW'}");
	registered(w);
	assert_says("", w, "anna", "supplier.site_added",
		    "{'supplier':'acme','supplier_site':'fab1','country':'TW'}");
	assert_says("!SUPPLIER_SITE_EXISTS", w, "anna", "supplier.site_added",
		    "{'supplier':'acme','supplier_site':'fab1','country':'TW'}");
	assert_says("!COUNTRY_CODE_WRONG", w, "anna", "supplier.site_added",
		    "{'supplier':'acme','supplier_site':'fab2','country':'TWN'}");
	assert_string_equal(shows(w, "supplier.sites", "country", "supplier=acme"), "TW");
}

static void part_comes_from_an_approved_source_only(void **state)
{
	struct world *w = *state;

	assert_says("!PART_UNKNOWN", w, "anna", "part.source_approved",
		    "{'part':'MCU1','supplier':'acme'}");
	registered(w);
	assert_says("!PART_EXISTS", w, "anna", "part.defined",
		    "{'part':'MCU1','description':'other','critical':false}");
	assert_says("!SUPPLIER_UNKNOWN", w, "anna", "part.source_approved",
		    "{'part':'MCU1','supplier':'other'}");
	assert_says("SUPPLIER_NOT_APPROVED PART_SOURCE_NOT_APPROVED", w, "bert",
		    "part_lot.received", LOT("R1", GOOD));
	assert_int_equal(rows_of(w, "hold.open", "kind=part_lot&within=acme&id=R1"), 2);
	assert_says("", w, "anna", "supplier.approved", APPROVE("2099-01-01T00:00:00.000Z"));
	assert_says("", w, "anna", "part.source_approved", "{'part':'MCU1','supplier':'acme'}");
	assert_says("", w, "bert", "part_lot.received", LOT("R2", GOOD));
	assert_says("PART_LOT_RECEIVED_TWICE", w, "bert", "part_lot.received", LOT("R2", GOOD));
	assert_says("PART_UNKNOWN PART_SOURCE_NOT_APPROVED", w, "bert", "part_lot.received",
		    "{'supplier':'acme','part_lot':'R3','part':'NONE','quantity':1,'site':'VN'}");
	assert_string_equal(shows(w, "part_lot.list", "remaining", "part_lot=R2"), "100");
}

static void approval_ends_by_itself(void **state)
{
	struct world *w = *state;

	registered(w);
	assert_says("", w, "anna", "part.source_approved", "{'part':'MCU1','supplier':'acme'}");
	assert_says("", w, "anna", "supplier.approved", APPROVE("2027-12-31T00:00:00.000Z"));
	world_later(w, 2ull * 366 * 24 * 3600 * 1000);
	assert_says("SUPPLIER_NOT_APPROVED", w, "bert", "part_lot.received", LOT("R1", GOOD));
	assert_string_equal(gate_says(w, "kit", "part_lot", "acme", "R1"), "SRC-01: approved");
}

static void critical_part_needs_certificate_and_intact_packaging(void **state)
{
	struct world *w = *state;

	registered(w);
	assert_says("", w, "anna", "supplier.approved", APPROVE("2099-01-01T00:00:00.000Z"));
	assert_says("", w, "anna", "part.source_approved", "{'part':'MCU1','supplier':'acme'}");
	assert_says("PART_LOT_PACKAGING_OPENED CONFORMANCE_CERTIFICATE_MISSING", w, "bert",
		    "part_lot.received", LOT("R1", ""));
	assert_says("CONFORMANCE_CERTIFICATE_MISSING", w, "bert", "part_lot.received",
		    LOT("R2", ",'packaging':'intact'"));
	assert_says("", w, "anna", "part.defined",
		    "{'part':'R10K','description':'resistor','critical':false}");
	assert_says("", w, "anna", "part.source_approved", "{'part':'R10K','supplier':'acme'}");
	assert_says("", w, "bert", "part_lot.received",
		    "{'supplier':'acme','part_lot':'R3','part':'R10K','quantity':1,'site':'VN'}");
	assert_says("PART_LOT_PACKAGING_OPENED", w, "bert", "part_lot.received",
		    "{'supplier':'acme','part_lot':'R4','part':'R10K','quantity':1,'site':'VN',"
		    "'packaging':'opened'}");
}

static void bill_of_material_is_released_whole_and_then_fixed(void **state)
{
	struct world *w = *state;

	assert_says("!PRODUCT_UNKNOWN", w, "anna", "bom.lines_added",
		    "{'product':'XX','revision':'A'," LINES "}");
	assert_says("", w, "anna", "bom.lines_added", "{'product':'GW','revision':'A'," LINES "}");
	assert_says("!BOM_LINE_COUNT_DIFFERS", w, "anna", "bom.released",
		    "{'product':'GW','revision':'A','line_count':3}");
	assert_says("!BOM_LINE_COUNT_DIFFERS", w, "anna", "bom.released",
		    "{'product':'GW','revision':'B','line_count':1}");
	assert_says("", w, "anna", "bom.released",
		    "{'product':'GW','revision':'A','line_count':3,'lines':[{'line':'3',"
		    "'part':'CASE','quantity':1}]}");
	assert_int_equal(rows_of(w, "bom.lines", "product=GW&revision=A"), 3);
	assert_says("!BOM_ALREADY_RELEASED", w, "anna", "bom.lines_added",
		    "{'product':'GW','revision':'A'," LINES "}");
	assert_says("!BOM_ALREADY_RELEASED", w, "anna", "bom.released",
		    "{'product':'GW','revision':'A','line_count':3}");
	assert_says("", w, "anna", "bom.released",
		    "{'product':'GW','revision':'B','line_count':2," LINES "}");
	assert_string_equal(shows(w, "bom.list", "state", "product=GW"), "replaced");
}

static void part_lot_goes_to_the_line_only_through_the_kit_gate(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("!PART_LOT_TOO_SMALL", w, "bert", "part_lot.issued",
		    "{'supplier':'acme','part_lot':'R1','authorization':'BA1','site':'VN',"
		    "'line':'L1','quantity':101}");
	assert_says("!PART_LOT_UNKNOWN", w, "bert", "part_lot.issued",
		    "{'supplier':'acme','part_lot':'R9','authorization':'BA1','site':'VN',"
		    "'line':'L1','quantity':1}");
	assert_says("!BUILD_AUTHORIZATION_NOT_VALID", w, "bert", "part_lot.issued",
		    "{'supplier':'acme','part_lot':'R1','authorization':'BA9','site':'VN',"
		    "'line':'L1','quantity':1}");
	assert_says("", w, "anna", "supplier.suspended", "{'supplier':'acme','reason':'fraud'}");
	assert_string_equal(gate_says(w, "kit", "part_lot", "acme", "R1"), "SRC-01: suspended");
	assert_says("!GATE_CLOSED", w, "bert", "part_lot.issued",
		    "{'supplier':'acme','part_lot':'R1','authorization':'BA1','site':'VN',"
		    "'line':'L1','quantity':1}");
}

static void pieces_of_a_part_lot_add_up(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_unit(w, "S1"); /* takes 2 of 1000 */
	assert_says("", w, "bert", "part_lot.counted",
		    "{'supplier':'acme','part_lot':'R1','site':'VN','quantity':995,'scrapped':3}");
	assert_says("PART_LOT_COUNT_DIFFERS", w, "bert", "part_lot.counted",
		    "{'supplier':'acme','part_lot':'R1','site':'VN','quantity':996,'scrapped':0}");
	assert_says("PART_LOT_COUNT_DIFFERS", w, "bert", "part_lot.counted",
		    "{'supplier':'acme','part_lot':'R1','site':'VN','quantity':994,'scrapped':0}");
	assert_says("PART_LOT_UNKNOWN", w, "bert", "part_lot.counted",
		    "{'supplier':'acme','part_lot':'R9','site':'VN','quantity':1,'scrapped':0}");
	assert_string_equal(shows(w, "recall.part_lot_balance", "remaining", "part_lot=R1"), "995");
}

static void split_part_lot_stays_held_and_keeps_its_origin(void **state)
{
	struct world *w = *state;
	const char *split = "{'supplier':'acme','part_lot':'R1b','from_part_lot':'R1','site':'VN',"
			    "'quantity':100}";

	world_ready_to_build(w);
	assert_says("PART_LOT_TOO_SMALL", w, "bert", "part_lot.split",
		    "{'supplier':'acme','part_lot':'R1z','from_part_lot':'R1','site':'VN',"
		    "'quantity':1001}");
	assert_string_equal(shows(w, "part_lot.list", "remaining", "part_lot=R1"), "1000");
	assert_int_equal(rows_of(w, "part_lot.list", "part_lot=R1z"), 0);
	assert_says("PART_LOT_UNKNOWN", w, "bert", "part_lot.split",
		    "{'supplier':'acme','part_lot':'R2b','from_part_lot':'R2','site':'VN',"
		    "'quantity':1}");
	assert_says("HOLD_PLACED", w, "anna", "hold.placed",
		    "{'kind':'part_lot','within':'acme','id':'R1','reason':'cracks'}");
	assert_says("PART_LOT_SPLIT_WHILE_HELD", w, "bert", "part_lot.split", "%s", split);
	assert_int_equal(rows_of(w, "hold.open", "kind=part_lot&id=R1b"), 1);
	assert_says("PART_LOT_RECEIVED_TWICE PART_LOT_SPLIT_WHILE_HELD", w, "bert",
		    "part_lot.split", "%s", split);
	assert_string_equal(shows(w, "part_lot.list", "received", "part_lot=R1b"), "100");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(supplier_is_approved_until_a_date_and_suspended_at_once),
		WORLD_TEST(supplier_site_is_added_once),
		WORLD_TEST(part_comes_from_an_approved_source_only),
		WORLD_TEST(approval_ends_by_itself),
		WORLD_TEST(critical_part_needs_certificate_and_intact_packaging),
		WORLD_TEST(bill_of_material_is_released_whole_and_then_fixed),
		WORLD_TEST(part_lot_goes_to_the_line_only_through_the_kit_gate),
		WORLD_TEST(pieces_of_a_part_lot_add_up),
		WORLD_TEST(split_part_lot_stays_held_and_keeps_its_origin),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
