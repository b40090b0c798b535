/* SPDX-License-Identifier: Apache-2.0 */
/* What anybody may send as a passkey: the first byte says whether the rest is an attestation object, client data, or an
 * assertion's authenticator data after a signature of 72 bytes. What is registered lies whole within what was sent, and
 * nothing signs for a key whose other half nobody here has. */
#include <stdlib.h>
#include <string.h>

#include "server/passkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { SIGNATURE = 72 };

static const char CLIENT_DATA[] = "{\"type\":\"webauthn.create\",\"challenge\":"
				  "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
				  "\"origin\":\"https://console.example\",\"crossOrigin\":false}";

static void must(bool holds)
{
	if (!holds)
		abort();
}

static struct proof_party party(void)
{
	static const struct bytes origin = {(const uint8_t *)"https://console.example", 23};

	return (struct proof_party){
		.relying_party = bytes_text("example"), .origins = &origin, .origins_n = 1};
}

static void attestation(struct bytes in)
{
	const struct proof_party p = party();
	struct hash zeros = {{0}}, other = {{1}};
	struct passkey made = {0}, again = {0};

	if (passkey_registration_check(&p, zeros, bytes_text(CLIENT_DATA), in, &made, NULL).code !=
	    OK)
		return;
	must(made.credential.n >= CREDENTIAL_MIN && made.credential.n <= CREDENTIAL_MAX);
	must(made.credential.p >= in.p && made.credential.p + made.credential.n <= in.p + in.n);
	must(public_key_spki(made.key).n <= SPKI_SIZE_MAX);
	must(passkey_registration_check(&p, other, bytes_text(CLIENT_DATA), in, &again, NULL)
		     .code == ERR_INVALID);
	public_key_close(made.key);
}

static void client_data(struct bytes in)
{
	const struct proof_party p = party();
	struct hash zeros = {{0}};

	if (client_data_check("webauthn.create", zeros, in, &p) == NULL)
		must(client_data_check("webauthn.get", zeros, in, &p) != NULL);
}

static void assertion(struct bytes in)
{
	static const uint8_t raw[32] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5,
					0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1,
					0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a,
					0x68, 0xf7, 0x07, 0x51, 0x1a}; /* RFC 8032, 7.1 */
	static struct public_key *key;
	struct passkey_assertion a = {.client_data = bytes_text(CLIENT_DATA)};

	if (in.n < SIGNATURE)
		return;
	if (key == NULL)
		must(public_key_from_ed25519(raw, &key, NULL).code == OK);
	a.signature = bytes_of(in.p, SIGNATURE);
	a.authenticator_data = bytes_of(in.p + SIGNATURE, in.n - SIGNATURE);
	must(!passkey_fido_agrees(bytes_text("example"), key, &a));
	a.signature.n = 64;
	must(!passkey_fido_agrees(bytes_text("example"), key, &a));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static void (*const parts[])(struct bytes) = {attestation, client_data, assertion};

	if (n > 0 && data[0] < 3)
		parts[data[0]](bytes_of(data + 1, n - 1));
	return 0;
}
