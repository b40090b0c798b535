/* SPDX-License-Identifier: Apache-2.0 */
/* Boot evidence, holds and their end, and where part lots went. */
#include "world.h"

#include <string.h>

#define OTHER_IMAGE "2222222222222222222222222222222222222222222222222222222222222222"

/* As the server does for POST /v1/challenges. `fill` tells one nonce from another. */
static void challenge(struct world *w, char fill, const char *serial, uint64_t lives_ms)
{
	static const struct parameter P[] = {{"nonce", VALUE_BLOB},
					     {"id", VALUE_TEXT},
					     {"at", VALUE_INT},
					     {"end_at", VALUE_INT}};
	uint64_t now = clock_wall_ms(&w->house.clock);
	uint8_t nonce[32];
	struct statement *s;

	memset(nonce, fill, sizeof nonce);
	struct value values[] = {value_blob(bytes_of(nonce, sizeof nonce)),
				 value_text(bytes_text(serial)), value_int((int64_t)now),
				 value_int((int64_t)(now + lives_ms))};
	s = prepared(w->store->db,
		     "INSERT INTO challenge (nonce, kind, within, id, issued, expires)"
		     " VALUES (:nonce, 'unit', 'GW', :id, :at, :end_at)",
		     P, 4);
	ok(db_query(w->store->db, s, values, NULL, NULL, NULL, &w->fault), &w->fault);
	statement_close(s);
}

static const char *boot(struct world *w, const char *author, char fill, const char *image,
			int boot_count)
{
	uint8_t nonce[32];
	char text[64];

	memset(nonce, fill, sizeof nonce);
	base64url_encode(bytes_of(nonce, sizeof nonce), text);
	return says(w, author, "boot.proved",
		    "{'product':'GW','serial':'S1','nonce':'%s','image':'%s','boot_count':%d}",
		    text, image, boot_count);
}

static const char *state_of(struct world *w)
{
	return shows(w, "unit.one", "state", "product=GW&serial=S1");
}

/* S1 was built, shipped and received at HH. */
static void received(struct world *w)
{
	char manifest[65];

	world_ready_to_build(w);
	world_unit(w, "S1");
	world_sealed_shipment(w, "S1", "SH1", manifest);
	assert_says("", w, "bert", "shipment.dispatched", "{'shipment':'SH1','manifest':'%s'}",
		    manifest);
	for (int i = 0; i < 2; i++)
		assert_says("", w, i == 0 ? "bert" : "dora",
			    i == 0 ? "shipment.handed_over" : "shipment.accepted",
			    "{'shipment':'SH1','site':'%s','manifest':'%s','condition':'good',"
			    "'seals':[{'maker':'M','seal':'1'}]}",
			    i == 0 ? "VN" : "HH", manifest);
	assert_says("", w, "dora", "seal.checked",
		    "{'maker':'M','seal':'1','read':'1','shipment':'SH1','site':'HH',"
		    "'viewed':true,'tugged':true,'twisted':true,'intact':true}");
	assert_says("", w, "dora", "shipment.counted",
		    "{'shipment':'SH1','site':'HH','lines':[{'kind':'item','id':'cable',"
		    "'quantity':2},{'kind':'unit','within':'GW','id':'S1','quantity':1}]}");
	assert_says("", w, "dora", "shipment.received",
		    "{'shipment':'SH1','site':'HH','condition':'good'}");
	assert_string_equal(state_of(w), "received");
}

static void device_that_proves_its_start_is_commissioned(void **state)
{
	struct world *w = *state;

	received(w);
	assert_int_equal(rows_of(w, "inventory.silent", "product=GW"), 1);
	assert_string_equal(gate_says(w, "commission", "unit", "GW", "S1"), "COM-01: received");
	challenge(w, 'a', "S1", 60000);
	assert_string_equal(boot(w, "GW/S1", 'a', IMAGE, 1), "");
	assert_string_equal(state_of(w), "commissioned");
	assert_string_equal(gate_says(w, "commission", "unit", "GW", "S1"), "");
	assert_string_equal(shows(w, "inventory.running", "firmware_release", "product=GW"), "FW1");
	assert_int_equal(rows_of(w, "inventory.silent", "product=GW"), 0);
	challenge(w, 'b', "S1", 60000);
	assert_string_equal(boot(w, "GW/S1", 'b', IMAGE, 2), "");
}

static void answer_counts_once_in_time_and_for_its_own_challenge(void **state)
{
	struct world *w = *state;

	received(w);
	assert_string_equal(boot(w, "GW/S1", 'x', IMAGE, 1), "BOOT_NONCE_UNKNOWN");
	challenge(w, 'a', "S2", 60000);
	assert_string_equal(boot(w, "GW/S1", 'a', IMAGE, 1), "BOOT_NONCE_UNKNOWN");
	challenge(w, 'b', "S1", 0);
	world_later(w, 1000);
	assert_string_equal(boot(w, "GW/S1", 'b', IMAGE, 1), "BOOT_NONCE_EXPIRED");
	assert_string_equal(state_of(w), "received");
	world_clear(w);
	challenge(w, 'c', "S1", 60000);
	assert_string_equal(boot(w, "GW/S1", 'c', IMAGE, 1), "");
	assert_string_equal(boot(w, "GW/S1", 'c', IMAGE, 2), "BOOT_NONCE_USED");
	assert_string_equal(gate_says(w, "commission", "unit", "GW", "S1"),
			    "COM-01: unit S1 BOOT_NONCE_USED");
}

static void copied_identity_or_wrong_image_holds_the_unit(void **state)
{
	struct world *w = *state;

	received(w);
	challenge(w, 'a', "S1", 60000);
	assert_string_equal(boot(w, "GW/S1", 'a', OTHER_IMAGE, 5), "BOOT_IMAGE_NOT_RELEASED");
	assert_string_equal(state_of(w), "received");
	world_clear(w);
	challenge(w, 'b', "S1", 60000);
	assert_string_equal(boot(w, "GW/S1", 'b', IMAGE, 5), "");
	challenge(w, 'c', "S1", 60000);
	assert_string_equal(boot(w, "GW/S1", 'c', IMAGE, 5), "BOOT_COUNT_REPEATED");
	/* Another device cannot speak for it, and a key that is not its own is nobody's. */
	challenge(w, 'd', "S1", 60000);
	world_unit(w, "S2");
	assert_string_equal(boot(w, "GW/S2", 'd', IMAGE, 6), "!NOT_ALLOWED");
	assert_string_equal(boot(w, "thief", 'd', IMAGE, 6)[0] == '!' ? "refused" : "taken",
			    "refused");
}

static void device_that_was_never_received_is_out_of_turn(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_unit(w, "S1");
	challenge(w, 'a', "S1", 60000);
	assert_string_equal(boot(w, "GW/S1", 'a', IMAGE, 1), "UNIT_OUT_OF_TURN");
	assert_string_equal(state_of(w), "programmed");
}

static void older_security_version_is_found(void **state)
{
	struct world *w = *state;

	received(w);
	assert_says("(waits)", w, "anna", "firmware.released",
		    "{'release':'FW2','product':'GW','version':'2.0','environment':'production',"
		    "'image':'" OTHER_IMAGE "','image_size':4096,'security_version':2}");
	assert_string_equal(approved(w), "");
	challenge(w, 'a', "S1", 60000);
	assert_string_equal(boot(w, "GW/S1", 'a', OTHER_IMAGE, 1), "");
	challenge(w, 'b', "S1", 60000);
	assert_string_equal(boot(w, "GW/S1", 'b', IMAGE, 2), "BOOT_IMAGE_OLDER");
	assert_string_equal(shows(w, "inventory.running", "firmware_release", "product=GW"), "FW2");
}

/* `action` for nonconformance 0 of record `seq`. */
static const char *dispose(struct world *w, const char *who, uint64_t seq, const char *what)
{
	return says(w, who, "nonconformance.disposed",
		    "{'raised_seq':%llu,'raised_n':0,'disposition':'%s','reason':'seen'}",
		    (unsigned long long)seq, what);
}

static const char *lift(struct world *w, const char *who, uint64_t seq)
{
	return says(w, who, "hold.lifted",
		    "{'kind':'part_lot','within':'acme','id':'R1','raised_seq':%llu,'raised_n':0,"
		    "'reason':'seen'}",
		    (unsigned long long)seq);
}

static uint64_t held(struct world *w)
{
	world_ready_to_build(w);
	assert_says("HOLD_PLACED", w, "anna", "hold.placed",
		    "{'kind':'part_lot','within':'acme','id':'R1','reason':'cracks'}");
	return w->sequence;
}

static void hold_ends_by_disposition_and_another_person(void **state)
{
	struct world *w = *state;
	uint64_t seq = held(w);

	assert_string_equal(lift(w, "bert", seq), "!HOLD_NOT_DISPOSED");
	assert_string_equal(dispose(w, "anna", seq, "use_as_is"),
			    "!NONCONFORMANCE_DISPOSED_BY_ITS_CAUSE");
	assert_string_equal(dispose(w, "emil", seq, "use_as_is"),
			    "!NONCONFORMANCE_DISPOSED_BY_ITS_CAUSE");
	assert_string_equal(dispose(w, "bert", seq, "ignore"), "!FIELD_WRONG");
	assert_string_equal(dispose(w, "bert", seq, "use_as_is"), "");
	assert_string_equal(dispose(w, "bert", seq, "scrap"), "!NONCONFORMANCE_NOT_OPEN");
	assert_string_equal(lift(w, "anna", seq), "!HOLD_LIFTED_BY_ITS_CAUSE");
	assert_string_equal(lift(w, "emil", seq), "!HOLD_LIFTED_BY_ITS_CAUSE");
	assert_string_equal(lift(w, "bert", seq + 100), "!HOLD_NOT_OPEN");
	assert_string_equal(lift(w, "bert", seq), "");
	assert_string_equal(lift(w, "bert", seq), "!HOLD_NOT_OPEN");
	assert_int_equal(rows_of(w, "nonconformance.open", ""), 0);
	assert_string_equal(gate_says(w, "kit", "part_lot", "acme", "R1"), "");
}

static void scrapped_thing_stays_held(void **state)
{
	struct world *w = *state;
	uint64_t seq = held(w);

	assert_string_equal(dispose(w, "bert", seq, "scrap"), "");
	assert_string_equal(lift(w, "carl", seq), "!HOLD_STAYS");
	assert_int_equal(rows_of(w, "hold.open", "kind=part_lot&within=acme&id=R1"), 1);
}

static void unknown_thing_can_be_held_by_those_without_limits(void **state)
{
	struct world *w = *state;

	assert_says("HOLD_PLACED", w, "anna", "hold.placed",
		    "{'kind':'part_lot','within':'acme','id':'NEVER-SEEN','reason':'alert'}");
	assert_says("HOLD_PLACED HOLD_NAMES_NOTHING", w, "anna", "hold.placed",
		    "{'kind':'part_lot','id':'R1','reason':'half a name'}");
	assert_says("HOLD_PLACED HOLD_NAMES_NOTHING", w, "anna", "hold.placed",
		    "{'kind':'site','within':'DE','id':'HH','reason':'too much of a name'}");
	world_clear(w);
	assert_says("!FIELD_WRONG", w, "anna", "hold.placed",
		    "{'kind':'planet','id':'Mars','reason':'far'}");
}

static void part_lot_is_found_in_every_unit_through_splits_and_components(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	world_unit(w, "S1"); /* 2 of R1 */
	assert_says("", w, "bert", "part_lot.split",
		    "{'supplier':'acme','part_lot':'R1b','from_part_lot':'R1','site':'VN',"
		    "'quantity':50}");
	world_request(w, "S2");
	world_certify(w, "S2");
	assert_says("", w, "st1", "unit.fitted",
		    "{'product':'GW','serial':'S2','station':'st1','parts':[{'supplier':'acme',"
		    "'part_lot':'R1b','part':'MCU1','quantity':2,'certainty':'possible'}]}");
	world_request(w, "S3");
	world_certify(w, "S3");
	assert_says("", w, "st1", "unit.fitted",
		    "{'product':'GW','serial':'S3','station':'st1','parts':[{'supplier':'other',"
		    "'part_lot':'R1','part':'MCU1','quantity':2}],"
		    "'components':[{'product':'GW','serial':'S2'}]}");
	assert_int_equal(rows_of(w, "recall.affected_units", "supplier=acme&part_lot=R1"), 3);
	assert_int_equal(rows_of(w, "recall.affected_units", "supplier=acme&part_lot=R1b"), 2);
	assert_int_equal(rows_of(w, "recall.affected_units", "supplier=other&part_lot=R1"), 1);
	assert_int_equal(rows_of(w, "recall.affected_units", "supplier=acme&part_lot=R9"), 0);
	assert_string_equal(
		shows(w, "recall.affected_units", "certainty", "supplier=acme&part_lot=R1b"),
		"possible");
	assert_string_equal(shows(w, "recall.affected_units", "state", "supplier=acme&part_lot=R1"),
			    "programmed");
	/* S3 holds the other supplier's part lot, and through S2 two of acme. */
	assert_int_equal(rows_of(w, "recall.unit_parts", "product=GW&serial=S3"), 3);
	assert_int_equal(rows_of(w, "recall.unit_parts", "product=GW&serial=S1"), 1);
	assert_says("", w, "st1", "unit.part_removed",
		    "{'product':'GW','serial':'S1','station':'st1','supplier':'acme',"
		    "'part_lot':'R1','reason':'rework'}");
	assert_int_equal(rows_of(w, "recall.affected_units", "supplier=acme&part_lot=R1"), 2);
}

/* Its certificate, and what became of it, are told where it was split from. */
static void passport_goes_back_to_what_a_part_lot_was_split_from(void **state)
{
	struct world *w = *state;

	world_ready_to_build(w);
	assert_says("", w, "bert", "part_lot.split",
		    "{'supplier':'acme','part_lot':'A1','from_part_lot':'R1','site':'VN',"
		    "'quantity':50}");
	world_request(w, "S1");
	assert_says("", w, "st1", "unit.fitted",
		    "{'product':'GW','serial':'S1','station':'st1','parts':[{'supplier':'acme',"
		    "'part_lot':'A1','part':'MCU1','quantity':2}]}");
	size_t before = rows_of(w, "passport.related", "product=GW&serial=S1");
	assert_says("", w, "anna", "containment.started",
		    "{'containment':'C1','kind':'part_lot','within':'acme','id':'R1',"
		    "'reason':'cracks'}");
	assert_int_equal(rows_of(w, "passport.related", "product=GW&serial=S1"), before + 1);
}

/* Programmed with FW1, it proved later that it runs FW2. */
static void firmware_is_that_of_the_last_proved_start_too(void **state)
{
	struct world *w = *state;

	received(w);
	assert_says("(waits)", w, "anna", "firmware.released",
		    "{'release':'FW2','product':'GW','version':'2','environment':'production',"
		    "'image':'" OTHER_IMAGE "','image_size':1,'security_version':1}");
	assert_string_equal(approved(w), "");
	challenge(w, 'a', "S1", 60000);
	assert_string_equal(boot(w, "GW/S1", 'a', OTHER_IMAGE, 1), "");
	assert_string_equal(gate_says(w, "commission", "unit", "GW", "S1"), "");
	assert_int_equal(rows_of(w, "recall.affected_units", "kind=firmware_release&id=FW1"), 1);
	assert_int_equal(rows_of(w, "recall.affected_units", "kind=firmware_release&id=FW2"), 1);
	size_t before = rows_of(w, "passport.related", "product=GW&serial=S1");
	assert_says("", w, "anna", "containment.started",
		    "{'containment':'C1','kind':'firmware_release','id':'FW2','reason':'r'}");
	assert_string_equal(gate_says(w, "commission", "unit", "GW", "S1"),
			    "COM-01: C1: firmware_release FW2: r");
	assert_int_equal(rows_of(w, "containment.of_unit", "product=GW&serial=S1"), 1);
	assert_int_equal(rows_of(w, "passport.related", "product=GW&serial=S1"), before + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(device_that_proves_its_start_is_commissioned),
		WORLD_TEST(answer_counts_once_in_time_and_for_its_own_challenge),
		WORLD_TEST(copied_identity_or_wrong_image_holds_the_unit),
		WORLD_TEST(device_that_was_never_received_is_out_of_turn),
		WORLD_TEST(older_security_version_is_found),
		WORLD_TEST(hold_ends_by_disposition_and_another_person),
		WORLD_TEST(scrapped_thing_stays_held),
		WORLD_TEST(unknown_thing_can_be_held_by_those_without_limits),
		WORLD_TEST(part_lot_is_found_in_every_unit_through_splits_and_components),
		WORLD_TEST(passport_goes_back_to_what_a_part_lot_was_split_from),
		WORLD_TEST(firmware_is_that_of_the_last_proved_start_too),
	};

	return run_on_both(tests, sizeof tests / sizeof tests[0]);
}
