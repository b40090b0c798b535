/* SPDX-License-Identifier: Apache-2.0 */
/* What a wrong area is refused for, at the start of the program and not with the first record. */
#include "record/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "record/views.h"

struct thing {
	struct id item, site;
	int64_t size;
	struct list parts;
};
struct part {
	struct id name;
};
static const struct field part[] = {FIELD(part, name, REQUIRED, "its name"), {0}};
static const struct field thing[] = {
	FIELD(thing, item, REQUIRED, "which"),
	FIELD(thing, site, OPTIONAL, "where"),
	NUMBER(thing, size, OPTIONAL, 0, 9, "how large"),
	LIST(thing, parts, OPTIONAL, part, struct part, 4, "of what"),
	{0},
};

#define GOOD                                                                              \
	.name = "thing.seen", .version = 1, .nature = EVENT, .permission = "thing.write", \
	.origin = REPORTED, .size = sizeof(struct thing), .fields = thing, .help = "a thing"
#define SQL "-- table thing key item\nitem TEXT NOT NULL\nsite TEXT\n"

/* NULL if it is taken, or else the detail. */
static const char *makes(const struct record_type *types, const char *sql)
{
	static char detail[FAULT_VALUE_SIZE];
	const struct area area = {.name = "thing", .types = types, .sql = sql};
	const struct area *const areas[] = {&area, NULL};
	struct registry *r;
	struct fault f = {0};

	if (registry_make(areas, &r, &f).code == OK) {
		registry_free(r);
		return NULL;
	}
	const char *why = fault_value(&f, "detail");
	strncpy(detail, why == NULL ? f.message : why, sizeof detail - 1);
	return detail;
}

static void assert_refused(const struct record_type *type, const char *sql, const char *detail)
{
	const struct record_type types[] = {*type, {0}};
	const char *why = makes(types, sql);

	assert_non_null(why);
	if (strstr(why, detail) == NULL)
		fail_msg("%s: %s", detail, why);
}

#define ROW_REFUSED(detail, ...) \
	assert_refused(&(const struct record_type){GOOD, __VA_ARGS__}, SQL, detail)
#define SQL_REFUSED(detail, sql) assert_refused(&(const struct record_type){GOOD}, SQL sql, detail)

static void a_sound_area_is_taken(void **state)
{
	const struct record_type types[] = {{GOOD, .scope = "thing.at"}, {0}};

	(void)state;
	assert_null(makes(types, SQL "-- scope thing.at\nSELECT :site AS site\n"
				     "-- flag thing.seen SEAL_UNKNOWN\nSELECT 1 AS x\n"
				     "-- flag thing.seen SEAL_UNKNOWN each parts\n"
				     "SELECT :i AS place WHERE :parts.name = :item\n"
				     "-- fold thing.seen each parts\n"
				     "UPDATE thing SET site = :parts.name WHERE item = :item\n"
				     "-- view thing.all thing.read site:id global\n"
				     "SELECT item, site FROM thing ORDER BY item\n"));
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static void rows_that_say_too_little_are_refused(void **state)
{
	(void)state;
	ROW_REFUSED("thing.happened", .name = "thing");
	ROW_REFUSED("thing.happened", .name = ".seen");
	ROW_REFUSED("thing.happened", .name = "thing.");
	ROW_REFUSED("incomplete", .version = 0);
	ROW_REFUSED("incomplete", .size = 0);
	ROW_REFUSED("incomplete", .fields = NULL);
	ROW_REFUSED("incomplete", .help = NULL);
	ROW_REFUSED("incomplete", .nature = 0);
	ROW_REFUSED("incomplete", .origin = 0);
	ROW_REFUSED("no permission", .permission = NULL);
	ROW_REFUSED("only a decision", .approval = "thing.release");
	ROW_REFUSED("only a decision", .gate = "ship");
	ROW_REFUSED("outputs", .outputs = part, .outputs_size = sizeof(struct part));
	ROW_REFUSED("subject", .subject = {"thing", NULL, "unheard"});
	ROW_REFUSED("subject", .subject = {"thing", NULL, "site"}); /* it may be absent */
	ROW_REFUSED("subject", .subject = {"thing", "size", "item"});
	ROW_REFUSED("scope section is missing", .scope = "thing.at");
}

struct wrong {
	struct id seq;
	struct id good;
	struct list lists;
	struct commitment open;
};
struct nested {
	struct list deeper;
};

static void fields_that_do_not_fit_are_refused(void **state)
{
	static const struct field reserved[] = {FIELD(wrong, seq, REQUIRED, "taken"), {0}};
	static const struct field dumb[] = {FIELD(wrong, good, REQUIRED, ""), {0}};
	static const struct field twice[] = {
		FIELD(wrong, good, REQUIRED, "one"), FIELD(wrong, good, REQUIRED, "two"), {0}};
	static const struct field deeper[] = {
		LIST(nested, deeper, OPTIONAL, part, struct part, 4, "deeper"), {0}};
	static const struct field deep[] = {
		LIST(wrong, lists, OPTIONAL, deeper, struct nested, 4, "too deep"), {0}};
	static const struct field plain[] = {FIELD(wrong, open, REQUIRED, "not erasable"), {0}};
	static const struct field bare[] = {FIELD(wrong, good, PERSONAL, "not hidden"), {0}};

	(void)state;
	ROW_REFUSED("reserved", .fields = reserved, .size = sizeof(struct wrong));
	ROW_REFUSED("help", .fields = dumb, .size = sizeof(struct wrong));
	ROW_REFUSED("share a name", .fields = twice, .size = sizeof(struct wrong));
	ROW_REFUSED("one level deep", .fields = deep, .size = sizeof(struct wrong));
	ROW_REFUSED("commitments", .fields = plain, .size = sizeof(struct wrong));
	ROW_REFUSED("commitments", .fields = bare, .size = sizeof(struct wrong));
}
#pragma GCC diagnostic pop

static void sql_that_fits_no_row_is_refused(void **state)
{
	(void)state;
	SQL_REFUSED("no row defines", "-- flag thing.gone SEAL_UNKNOWN\nSELECT 1\n");
	SQL_REFUSED("use a flag", "-- refuse thing.seen SEAL_UNKNOWN\nSELECT 1\n");
	SQL_REFUSED("not in the catalog", "-- flag thing.seen NEVER_HEARD_OF\nSELECT 1\n");
	SQL_REFUSED("each of a list", "-- fold thing.seen each item\nSELECT 1\n");
	SQL_REFUSED("each of a list", "-- fold thing.seen each unheard\nSELECT 1\n");
	SQL_REFUSED("each of a list", "-- flag thing.seen SEAL_UNKNOWN each item\nSELECT 1\n");
	SQL_REFUSED("use a flag", "-- refuse thing.seen SEAL_UNKNOWN each parts\nSELECT 1\n");
	SQL_REFUSED("not in the catalog",
		    "-- flag thing.seen NEVER_HEARD_OF each parts\nSELECT 1\n");
	SQL_REFUSED("no type uses", "-- scope thing.at\nSELECT 1\n");
	SQL_REFUSED("unknown kind", "-- view v p site:colour\nSELECT 1\n");
	SQL_REFUSED("name:kind", "-- view v p site\nSELECT 1\n");
	SQL_REFUSED("two views", "-- view v p\nSELECT 1\n-- view v p\nSELECT 2\n");
}

#define POLICY(name) "-- policy " name "\nSELECT 1;\n"
#define WHOLE              \
	POLICY("revision") \
	POLICY("adopted") POLICY("mode") POLICY("passage") POLICY("result") POLICY("glass")

static void a_policy_is_whole_or_is_none(void **state)
{
	const struct record_type types[] = {{GOOD}, {0}};

	(void)state;
	assert_null(makes(types, SQL WHOLE POLICY("inside")));
	SQL_REFUSED("some of its sections are missing", WHOLE);
	SQL_REFUSED("some of its sections are missing", POLICY("mode"));
	SQL_REFUSED("two policy sections", WHOLE POLICY("inside") POLICY("mode"));
	SQL_REFUSED("no policy section", WHOLE POLICY("inside") POLICY("moods"));
}

static void a_control_judges_in_one_way(void **state)
{
	const struct record_type types[] = {{GOOD}, {0}};

	(void)state;
	assert_null(makes(types, SQL "-- control A-1 B-2 gate:x gate:y adopted\nSELECT 1;\n"
				     "-- control A-1 gate:x adopted\nSELECT 2;\n"
				     "-- control C-3 gate:x always\nSELECT 1;\n"));
	assert_null(makes(
		types,
		SQL POLICY("evidence") "-- control D-4 gate:x evidence\nSELECT 'a', '', 'b';\n"));
	SQL_REFUSED("no section `policy evidence`",
		    "-- control D-4 gate:x evidence\nSELECT 'a', '', 'b';\n");
	SQL_REFUSED("two ways", "-- control A-1 gate:x adopted\nSELECT 1;\n"
				"-- control A-1 gate:y\nSELECT 1;\n");
	SQL_REFUSED("two ways", "-- control A-1 gate:x always\nSELECT 1;\n"
				"-- control A-1 gate:x\nSELECT 1;\n");
}

static void every_control_at_every_gate_is_one(void **state)
{
	const struct record_type types[] = {{GOOD}, {0}};
	const struct area area = {"thing", types,
				  SQL "-- control A-1 B-2 gate:x gate:y adopted\nSELECT 1;\n"
				      "-- control C-3 gate:x always\nSELECT 1;\n"};
	const struct area *const areas[] = {&area, NULL};
	struct registry *r = NULL;
	struct fault f = {0};

	(void)state;
	assert_int_equal(registry_make(areas, &r, &f).code, OK);
	assert_int_equal(r->controls_n, 5);
	assert_string_equal(r->controls[2].id, "B-2");
	assert_string_equal(r->controls[2].gate, "x");
	assert_int_equal(r->controls[2].force, CONTROL_ADOPTED);
	assert_int_equal(r->controls[4].force, CONTROL_ALWAYS);
	assert_false(r->has_policy);
	registry_free(r);
}

static void one_name_has_one_type(void **state)
{
	const struct record_type types[] = {{GOOD}, {GOOD}, {0}};

	(void)state;
	assert_string_equal(makes(types, SQL), "two areas define this type");
}

static struct hash folds_of(const char *sql)
{
	const struct record_type types[] = {{GOOD}, {0}};
	const struct area area = {.name = "thing", .types = types, .sql = sql};
	const struct area *const areas[] = {&area, NULL};
	struct registry *r;
	struct fault f = {0};

	assert_int_equal(registry_make(areas, &r, &f).code, OK);
	struct hash folds = r->folds;
	registry_free(r);
	return folds;
}

static void the_digest_of_the_folds_follows_tables_and_folds_only(void **state)
{
#define FOLD "-- fold thing.seen\nUPDATE thing SET site = :site WHERE item = :item\n"
	struct hash one = folds_of(SQL FOLD);

	(void)state;
	assert_true(hash_equal(one, folds_of("--- a remark\n" SQL FOLD)));
	assert_true(hash_equal(one, folds_of(SQL FOLD "-- view v p\nSELECT 1\n")));
	assert_true(
		hash_equal(one, folds_of(SQL "-- flag thing.seen SEAL_UNKNOWN\nSELECT 1\n" FOLD)));
	assert_false(hash_equal(one, folds_of(SQL)));
	assert_false(hash_equal(one, folds_of(SQL FOLD FOLD)));
	assert_false(hash_equal(one, folds_of("-- table thing key item\nitem TEXT NOT NULL\n"
					      "site TEXT\nmore TEXT\n" FOLD)));
}

/* ---- the shape of a view ---- */

static const char *shape(const char *sql, struct view_shape *out)
{
	static struct fault f;
	const struct view view = {.name = "v", .sql = sql};

	f = (struct fault){0};
	return view_shape_read(&view, out, &f).code == OK ? NULL : fault_value(&f, "detail");
}

static void a_view_ends_in_its_plain_order(void **state)
{
	struct view_shape s;

	(void)state;
	assert_null(shape("SELECT a, b FROM t ORDER BY a, t.b", &s));
	assert_int_equal(s.order_n, 2);
	assert_string_equal(s.order[0], "a");
	assert_string_equal(s.order[1], "b");
	assert_int_equal(s.body_n, strlen("SELECT a, b FROM t "));
	assert_null(shape("SELECT a FROM (SELECT a FROM t ORDER BY b LIMIT 1) x ORDER BY a", &s));
	assert_int_equal(s.order_n, 1);
	assert_null(shape("SELECT 'ORDER BY b' AS a FROM t ORDER BY a", &s));
	assert_string_equal(s.order[0], "a");
}

static void a_view_in_another_order_is_refused(void **state)
{
	struct view_shape s;

	(void)state;
	assert_non_null(shape("SELECT a FROM t", &s));
	assert_non_null(shape("SELECT a FROM (SELECT a FROM t ORDER BY a) x", &s));
	assert_non_null(shape("SELECT 'ORDER BY a' FROM t", &s));
	assert_non_null(shape("SELECT a FROM t ORDER BY a DESC", &s));
	assert_non_null(shape("SELECT a FROM t ORDER BY a LIMIT 5", &s));
	assert_non_null(shape("SELECT a FROM t ORDER BY a + 1", &s));
	assert_non_null(shape("SELECT a FROM t ORDER BY lower(a)", &s));
	assert_non_null(shape("SELECT a FROM t ORDER BY ", &s));
	assert_non_null(shape("SELECT a FROM t ORDER BY a,", &s));
	assert_non_null(shape("SELECT a FROM t ORDER BY a, b, c, d, e, f, g", &s));
	assert_non_null(shape("SELECT a FROM t ORDER BY "
			      "a234567890123456789012345678901234567890123456789012345678901234",
			      &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_area_is_taken),
		cmocka_unit_test(rows_that_say_too_little_are_refused),
		cmocka_unit_test(fields_that_do_not_fit_are_refused),
		cmocka_unit_test(sql_that_fits_no_row_is_refused),
		cmocka_unit_test(a_policy_is_whole_or_is_none),
		cmocka_unit_test(a_control_judges_in_one_way),
		cmocka_unit_test(every_control_at_every_gate_is_one),
		cmocka_unit_test(one_name_has_one_type),
		cmocka_unit_test(the_digest_of_the_folds_follows_tables_and_folds_only),
		cmocka_unit_test(a_view_ends_in_its_plain_order),
		cmocka_unit_test(a_view_in_another_order_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
