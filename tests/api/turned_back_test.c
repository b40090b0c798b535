/* SPDX-License-Identifier: Apache-2.0 */
/* One attack, three anchors. Whoever owns the machine keeps a copy of everything, server and signer, has the one
 * unit built that was agreed, puts the copy back, and has another one built. Without an anchor he gets
 * two units for one. A counter in the TPM and a witness are not on the disk that he puts back. */
#include "company.h"
#include "fixture_internal.h"
#include "unit/signer/tpm_kit.h"
#include "watcher.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { WAIT_MS = 30000, STEP_MS = 20 };

static struct api *x;
static struct company c;
static struct watcher witness;
static struct tpm *tpm;
static char copy[96];

static void watch(struct api *opened, void *context)
{
	struct fault f = {0};

	(void)context;
	snprintf(witness.log, sizeof witness.log, "%s/log.vkey", opened->folder);
	watcher_start(&witness);
	api_check(config_set(&opened->config, "witness", witness.setting, &f), &f, "witness");
	api_check(config_set(&opened->config, "witness_ca", witness.ca, &f), &f, "witness_ca");
}

/* ---- the attack ---- */

static struct private_key *device_key(void)
{
	struct private_key *key = NULL;
	struct fault f = {0};

	api_check(private_key_generate(KEY_P256, &key, &f), &f, "key");
	return key;
}

static const char *certificate_of(const char *serial)
{
	return arena_printf(&x->arena, "/v1/views/unit.certificate?product=GW&serial=%s", serial);
}

/* The status of the request. */
static int ask_for(const char *serial)
{
	struct private_key *key = device_key();
	int status = company_request(&c, "BA1", serial, key)->status;

	private_key_close(key);
	return status;
}

static void stop_both(void)
{
	api_stop(x);
	api_signer_away(x);
}

static void start_both(void)
{
	api_signer_back(x);
	api_start(x);
}

/* One unit is agreed and built; then it was never built. */
static void build_one_and_turn_back(const struct api_wish *wish)
{
	x = api_open_wishing(wish);
	company_open(&c, x);
	company_authorize(&c, "BA1", 1, "");
	snprintf(copy, sizeof copy, "%s-copy", x->folder);
	stop_both();
	folder_copy(x->folder, copy);
	start_both();
	assert_int_equal(ask_for("SN1"), 201);
	assert_non_null(company_wait(&c, certificate_of("SN1")));
	stop_both();
	folder_put_back(copy, x->folder);
	start_both();
	assert_null(company_row(&c, certificate_of("SN1")));
}

static void wait_for_word(const char *message)
{
	for (int waited = 0; waited < WAIT_MS; waited += STEP_MS) {
		if (strstr(api_get(x, NULL, "/readyz")->body, message) != NULL)
			return;
		(void)poll(NULL, 0, STEP_MS);
	}
	stop_test("%s never came: %s\n", message, api_get(x, NULL, "/readyz")->body);
}

static void end(void)
{
	company_done(&c);
	api_close(x);
}

/* ---- three anchors ---- */

static void without_an_anchor_two_units_come_of_one(void **state)
{
	struct api_wish wish = {0};

	(void)state;
	build_one_and_turn_back(&wish);
	assert_int_equal(ask_for("SN2"), 201);
	assert_non_null(company_wait(&c, certificate_of("SN2")));
	end();
}

static void with_the_tpm_s_counter_the_second_unit_gets_nothing(void **state)
{
	(void)state;
	if (!tpm_there())
		skip();
	tpm = tpm_new();
	struct api_wish wish = {.tcti = tpm->tcti};
	build_one_and_turn_back(&wish);
	(void)ask_for("SN2");
	wait_for_word("SIGNER_TURNED_BACK");
	assert_null(company_row(&c, certificate_of("SN2")));
	/* Nor after another start, nor after the power was cut: what waits for its signature keeps the server
	 * from starting at all. */
	stop_both();
	tpm_off(tpm);
	tpm_on(tpm);
	api_signer_back(x);
	struct fault f = {0};
	assert_int_equal(server_open(&x->config, &x->server, &f).code, ERR_CORRUPT);
	assert_string_equal(f.message, "SIGNER_TURNED_BACK");
	x->server = NULL;
	end();
	tpm_done(tpm);
}

static void with_a_witness_the_second_unit_gets_nothing(void **state)
{
	(void)state;
	watcher_make(&witness, "w.example/1");
	struct api_wish wish = {.witness = witness.vkey, .before = watch};
	build_one_and_turn_back(&wish);
	(void)ask_for("SN2");
	wait_for_word("SIGNER_NOT_WITNESSED");
	wait_for_word("was turned back");
	assert_null(company_row(&c, certificate_of("SN2")));
	end();
	watcher_done(&witness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_an_anchor_two_units_come_of_one),
		cmocka_unit_test(with_the_tpm_s_counter_the_second_unit_gets_nothing),
		cmocka_unit_test(with_a_witness_the_second_unit_gets_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
