/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of keys: whatever they are, they are refused or read within their bounds. */
#include <string.h>

#include "signer/key_uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char address[KEY_ADDRESS_MAX + 64];
	struct key_uri uri = {0};
	struct fault f = {0};

	if (size >= sizeof(address))
		return 0;
	if (size > 0)
		memcpy(address, data, size);
	address[size] = 0;
	if (key_uri_parse(address, &uri, &f).code != OK)
		return uri.uri == NULL && f.code != OK ? 0 : (__builtin_trap(), 0);
	if (uri.module[0] != '/' || strlen(uri.module) >= KEY_PATH_SIZE ||
	    (uri.pin_file[0] != 0 && uri.pin_file[0] != '/') || uri.sessions < 1 ||
	    uri.sessions > KEY_SESSIONS_MAX || p11_kit_uri_get_pin_value(uri.uri) != NULL)
		__builtin_trap();
	key_uri_done(&uri);
	return 0;
}
