/* SPDX-License-Identifier: Apache-2.0 */
/* Another host is served over TLS, and only with the token. The test asks over this host's own address that
 * is not loopback, if it has one. */
#include "station_kit.h"

#include "base/files.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

static const char TOKEN[] = "Authorization: Bearer 0123456789abcdef0123456789abcdef";

static const char *pem(struct kit *k, const char *name)
{
	struct bytes text;

	assert_int_equal(file_read(&k->x->arena, kit_printf(k, "%s/%s", k->x->folder, name), 65536,
				   &text, NULL)
				 .code,
			 OK);
	return arena_text(&k->x->arena, text);
}

static bool own_address(char out[static INET_ADDRSTRLEN])
{
	struct ifaddrs *all = NULL;
	bool found = false;

	if (getifaddrs(&all) != 0)
		return false;
	for (const struct ifaddrs *i = all; i != NULL && !found; i = i->ifa_next)
		if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET &&
		    (i->ifa_flags & IFF_LOOPBACK) == 0) {
			const struct sockaddr_in *in = (const void *)i->ifa_addr;
			found = inet_ntop(AF_INET, &in->sin_addr, out, INET_ADDRSTRLEN) != NULL;
		}
	freeifaddrs(all);
	return found;
}

static int open_kit(void **state)
{
	struct kit *k = test_malloc(sizeof *k);

	kit_open(k);
	*state = k;
	return 0;
}

static int close_kit(void **state)
{
	kit_close(*state);
	test_free(*state);
	return 0;
}

static void another_host_is_not_served_without_tls(void **state)
{
	struct kit *k = *state;
	struct station *s = NULL;
	struct fault f = {0};

	k->config.address = "0.0.0.0";
	assert_int_not_equal(station_open(&k->config, &s, &f).code, OK);
	assert_null(s);
}

static void another_host_shows_the_token_or_is_told_nothing(void **state)
{
	static const char *const WRONG[] = {
		NULL,
		"Authorization: Bearer ",
		"Authorization: Bearer 0123456789abcdef0123456789abcdeF",
		"Authorization: Bearer 0123456789abcdef0123456789abcdef0",
		"Authorization: Basic 0123456789abcdef0123456789abcdef",
		"X-Token: 0123456789abcdef0123456789abcdef",
	};
	struct kit *k = *state;
	char address[INET_ADDRSTRLEN];

	if (!own_address(address))
		skip();
	k->config.address = "0.0.0.0";
	k->config.certificate_pem = pem(k, "tls.crt");
	k->config.key_pem = pem(k, "tls.key");
	k->config.token = TOKEN + strlen("Authorization: Bearer ");
	kit_box(k);
	k->at = kit_printf(k, "https://%s", address);
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
		struct said s = kit_ask(k, "GET", "/v1/station", NULL, WRONG[i]);
		must_say(&s, 401, "STATION_TOKEN_WRONG");
		s = kit_ask(k, "POST", "/v1/records/unit.built", "{}", WRONG[i]);
		must_say(&s, 401, "STATION_TOKEN_WRONG");
		s = kit_ask(k, "GET", "/v1/gates/build/GW/S1", NULL, WRONG[i]);
		must_say(&s, 401, "STATION_TOKEN_WRONG");
	}
	struct said s = kit_ask(k, "GET", "/v1/station", NULL, TOKEN);
	must_say(&s, 200, NULL);
	assert_int_equal(said_number(&s, "written"), 0);
	kit_box_off(k);
	k->config.token = NULL; /* without one, nobody else is served at all */
	kit_box(k);
	s = kit_ask(k, "GET", "/v1/station", NULL, TOKEN);
	must_say(&s, 401, "STATION_TOKEN_WRONG");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(another_host_is_not_served_without_tls, open_kit,
						close_kit),
		cmocka_unit_test_setup_teardown(another_host_shows_the_token_or_is_told_nothing,
						open_kit, close_kit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
