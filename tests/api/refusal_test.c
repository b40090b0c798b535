/* SPDX-License-Identifier: Apache-2.0 */
/* What the signer refuses for good, the server records with its reason, and asks no more. */
#include "company.h"
#include "fixture_internal.h"

#include <string.h>

enum { QUANTITY = 20 };

static struct api *x;
static struct company c;

static int open_api(void **state)
{
	(void)state;
	x = api_open();
	company_open(&c, x);
	company_authorize(&c, "BA1", QUANTITY, ",'permits':true");
	return 0;
}

static int close_api(void **state)
{
	(void)state;
	company_done(&c);
	api_close(x);
	return 0;
}

static struct private_key *new_device_key(void)
{
	struct private_key *key;

	assert_int_equal(private_key_generate(KEY_P256, &key, NULL).code, OK);
	return key;
}

/* The second number cannot be above 39. As long as the other product's. */
#define ODD_TYPE "1.99.6.1.4.1.3247.7"

/* The same body of a product whose name differs in its last letter. */
static const char *of_the_odd_product(const char *body)
{
	char *odd = arena_printf(&x->arena, "%s", body), *name = strstr(odd, "'GW'");

	assert_non_null(name);
	name[2] = 'O';
	return odd;
}

static const char *odd_product_is_authorized(void)
{
	static const char image[] =
		"4444444444444444444444444444444444444444444444444444444444444444";

	(void)api_must(x, &x->erin, "product.defined",
		       "{'product':'GO','hardware_type':'" ODD_TYPE "','name':'Odd'}");
	(void)api_must(x, &x->erin, "bom.released",
		       "{'product':'GO','revision':'A','line_count':1,'lines':[{'line':'1',"
		       "'part':'MCU1','quantity':2,'designators':'U1 U2'}]}");
	const char *released = company_decides(
		&c, "firmware.released",
		arena_printf(&x->arena,
			     "{'release':'FWO','product':'GO','version':'1.0','environment':"
			     "'production','image':'%s','image_size':4096,'security_version':1}",
			     image));
	assert_string_equal(company_verdict(&c, released), "admitted");
	char *body = arena_printf(&x->arena, "%s",
				  of_the_odd_product(company_authorization(&c, "BA-F", 5, "")));
	char *type = strstr(body, "1.3.6.1.4.1.32473.7"), *release = strstr(body, "'FW1'");
	assert_non_null(type);
	assert_non_null(release);
	memcpy(type, ODD_TYPE, strlen(ODD_TYPE));
	release[3] = 'O';
	return company_decides(&c, "build.authorized", body);
}

/* To the server the hardware type is an id, to the signer an object identifier that there cannot be: that can
 * never be put right, and is recorded so; and so is every unit that was to be built by it. */
static void final_refusal_is_recorded_with_its_reason(void **state)
{
	struct private_key *key = new_device_key();

	(void)state;
	assert_string_equal(company_verdict(&c, odd_product_is_authorized()),
			    "CERTIFICATE_OID_INVALID");
	struct reply *unit =
		api_sign(x, &c.st1, "unit.requested",
			 of_the_odd_product(company_request_body(&c, "BA-F", "f-1", key)));
	if (unit->status == 201) {
		const json_t *row =
			company_wait(&c, "/v1/views/unit.list?product=GO&serial=f-1&state=refused");
		assert_string_equal(json_string_value(json_object_get(row, "serial")), "f-1");
		assert_null(company_row(&c, "/v1/views/unit.certificate?product=GO&serial=f-1"));
	} else {
		assert_int_equal(unit->status / 100, 4);
	}
	private_key_close(key);
}

/* What the rule saw, and not the names of what it saw. */
static void receipt_of_what_does_not_fit_says_what_was_expected_and_found(void **state)
{
	(void)state;
	struct reply *counted = api_sign(x, &x->erin, "part_lot.counted",
					 "{'supplier':'acme','part_lot':'R1','site':'VN',"
					 "'quantity':7,'scrapped':3}");
	must_have(counted, 201);
	const json_t *raised = json_array_get(json_object_get(counted->json, "raised"), 0);
	assert_string_equal(json_string_value(json_object_get(raised, "code")),
			    "PART_LOT_COUNT_DIFFERS");
	const char *detail = json_string_value(json_object_get(raised, "detail"));
	assert_non_null(strstr(detail, "should have 997 pieces, and 7 were counted"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(receipt_of_what_does_not_fit_says_what_was_expected_and_found),
		cmocka_unit_test(final_refusal_is_recorded_with_its_reason),
	};
	return cmocka_run_group_tests(tests, open_api, close_api);
}
