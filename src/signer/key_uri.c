/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/key_uri.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* What p11_kit_uri_get_slot_id answers when the URI names none. */
#define NO_SLOT ((CK_SLOT_ID)-1)

enum { ATTRIBUTES_MAX = 24 };

static err invalid(const char *why, struct fault *f)
{
	return fail(f, "KEY_URI_INVALID", "why", why, NULL);
}

bool key_address_is_uri(const char *address)
{
	return strncasecmp(address, "pkcs11:", 7) == 0;
}

/* An absolute path of plain length. */
static bool path_copy(const char *path, char out[static KEY_PATH_SIZE])
{
	int n = snprintf(out, KEY_PATH_SIZE, "%s", path);

	return n > 1 && n < KEY_PATH_SIZE && path[0] == '/';
}

/* RFC 7512 section 2.3: the name without path and suffix; some systems have it with "lib". */
static bool module_named(const char *name, char out[static KEY_PATH_SIZE])
{
	if (name[0] == 0 || strchr(name, '/') != NULL || name[0] == '.')
		return false;
	for (int i = 0; i < 2; i++) {
		int n = snprintf(out, KEY_PATH_SIZE, "%s/%s%s.so", MODULE_FOLDER,
				 i == 0 ? "" : "lib", name);

		if (n > 0 && n < KEY_PATH_SIZE && access(out, R_OK) == 0)
			return true;
	}
	return false;
}

static err take_module(struct key_uri *k, struct fault *f)
{
	const char *path = p11_kit_uri_get_module_path(k->uri);
	const char *name = p11_kit_uri_get_module_name(k->uri);

	if ((path == NULL) == (name == NULL))
		return invalid("it needs either module-path or module-name", f);
	if (path != NULL && !path_copy(path, k->module))
		return invalid("module-path is not an absolute path", f);
	if (name != NULL && !module_named(name, k->module))
		return fail(f, "KEY_MODULE_FAILED", "path", name, "why",
			    "there is no module of that name in " MODULE_FOLDER, NULL);
	return ERR_OK;
}

/* RFC 7512 section 2.4 leaves the form of pin-source open, and allows to start a program with it:
 * here it is a file. */
static err take_pin(struct key_uri *k, struct fault *f)
{
	const char *source = p11_kit_uri_get_pin_source(k->uri);

	if (p11_kit_uri_get_pin_value(k->uri) != NULL)
		return fail(f, "KEY_PIN_IN_URI", NULL);
	if (source == NULL)
		return ERR_OK;
	if (strncmp(source, "file:", 5) != 0)
		return invalid("pin-source is not of the form file:/path", f);
	source += 5;
	if (strncmp(source, "///", 3) == 0)
		source += 2;
	if (!path_copy(source, k->pin_file) || source[1] == '/')
		return invalid("pin-source is not an absolute path on this machine", f);
	return ERR_OK;
}

/* 1 to KEY_SESSIONS_MAX, without a leading zero; 0 if it is not that. */
static unsigned sessions_of(const char *text)
{
	size_t n = strlen(text);
	unsigned value = 0;

	if (n == 0 || n > 2 || text[0] == '0')
		return 0;
	for (; *text != 0; text++) {
		if (*text < '0' || *text > '9')
			return 0;
		value = value * 10 + (unsigned)(*text - '0');
	}
	return value <= KEY_SESSIONS_MAX ? value : 0;
}

static err take_ours(struct key_uri *k, struct fault *f)
{
	const char *sessions = p11_kit_uri_get_vendor_query(k->uri, "x-sessions");
	const char *network = p11_kit_uri_get_vendor_query(k->uri, "x-network");

	k->sessions = sessions == NULL ? KEY_SESSIONS : sessions_of(sessions);
	if (k->sessions == 0)
		return invalid("x-sessions is not a number from 1 to 16", f);
	k->network = network != NULL && strcmp(network, "yes") == 0;
	if (network != NULL && !k->network && strcmp(network, "no") != 0)
		return invalid("x-network is neither yes nor no", f);
	return ERR_OK;
}

static bool class_is_private(P11KitUri *uri)
{
	const CK_ATTRIBUTE *class = p11_kit_uri_get_attribute(uri, CKA_CLASS);
	CK_OBJECT_CLASS value = 0;

	if (class == NULL)
		return true;
	if (class->ulValueLen != sizeof(value))
		return false;
	memcpy(&value, class->pValue, sizeof(value));
	return value == CKO_PRIVATE_KEY;
}

/* One that fits anything would take whatever is plugged in. */
static bool names_something(P11KitUri *uri)
{
	static const CK_TOKEN_INFO any;
	const CK_ATTRIBUTE *label = p11_kit_uri_get_attribute(uri, CKA_LABEL);
	const CK_ATTRIBUTE *id = p11_kit_uri_get_attribute(uri, CKA_ID);

	return (label != NULL && label->ulValueLen > 0) || (id != NULL && id->ulValueLen > 0) ||
	       p11_kit_uri_get_slot_id(uri) != NO_SLOT ||
	       p11_kit_uri_match_token_info(uri, &any) != 1;
}

static bool query_name_known(struct bytes name)
{
	static const char *const known[] = {"module-path", "module-name", "pin-source",
					    "pin-value",   "x-sessions",  "x-network"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (bytes_equal(name, bytes_text(known[i])))
			return true;
	return false;
}

/* RFC 7512 section 2.3: a name stands once. The library takes the last of two, and keeps what it
 * does not know in the query as a vendor's; neither may pass here unseen. */
static bool names_good(const char *address)
{
	struct bytes seen[ATTRIBUTES_MAX];
	const char *at = strchr(address, ':');
	bool query = false;
	size_t n = 0;

	for (; at != NULL && *at != 0; at = strpbrk(at, ";?&")) {
		query = query || *at == '?';
		at++;
		struct bytes name = bytes_of(at, strcspn(at, "=;?&"));
		if (n == ATTRIBUTES_MAX || (query && !query_name_known(name)))
			return false;
		for (size_t i = 0; i < n; i++)
			if (bytes_equal(seen[i], name))
				return false;
		seen[n++] = name;
	}
	return true;
}

static err take_all(const char *address, struct key_uri *k, struct fault *f)
{
	int parsed = p11_kit_uri_parse(address, P11_KIT_URI_FOR_ANY, k->uri);

	if (parsed != P11_KIT_URI_OK)
		return invalid(p11_kit_uri_message(parsed), f);
	if (p11_kit_uri_any_unrecognized(k->uri) || !names_good(address))
		return invalid("it has an attribute that is not known, or one twice", f);
	if (!class_is_private(k->uri))
		return invalid("its type is not that of a private key", f);
	if (!names_something(k->uri))
		return invalid("it names neither a token nor a key", f);
	TRY(take_pin(k, f));
	TRY(take_ours(k, f));
	return take_module(k, f);
}

err key_uri_parse(const char *address, struct key_uri *out, struct fault *f)
{
	struct key_uri k = {0};

	if (!key_address_is_uri(address) || strlen(address) > KEY_ADDRESS_MAX)
		return invalid("it does not begin with pkcs11:, or is too long", f);
	k.uri = p11_kit_uri_new();
	if (k.uri == NULL)
		return fail(f, "MEMORY_EXHAUSTED", "what", "a key's address", NULL);
	err taken = take_all(address, &k, f);
	if (taken.code != OK) {
		key_uri_done(&k);
		return taken;
	}
	*out = k;
	return ERR_OK;
}

void key_uri_done(struct key_uri *uri)
{
	if (uri->uri != NULL)
		p11_kit_uri_free(uri->uri);
	uri->uri = NULL;
}
