/* SPDX-License-Identifier: Apache-2.0 */
/* key_module.c — module, token, session, PIN. */
#include "signer/key_module.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <p11-kit/p11-kit.h>

#include "base/files.h"

enum { SLOTS_MAX = 256, PIN_MAX = 256 };

struct pin {
	size_t n;
	uint8_t b[PIN_MAX];
};

static void pin_wipe(struct pin *pin)
{
	bytes_wipe(pin, sizeof(*pin));
}

err key_module_failed(const char *what, CK_RV answer, struct fault *f)
{
	char why[128];

	(void)snprintf(why, sizeof(why), "0x%lx, %s", answer, p11_kit_strerror(answer));
	return fail(f, "KEY_HSM_FAILED", "what", what, "why", why, NULL);
}

/* ---- the module ---- */

/* Whoever can write the module is the signer. */
static err judge_module(const char *path, struct fault *f)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return fail(f, "KEY_MODULE_FAILED", "path", path, "why", strerror(errno), NULL);
	if (!S_ISREG(status.st_mode) || (status.st_mode & 022) != 0 ||
	    (status.st_uid != 0 && status.st_uid != geteuid()))
		return fail(f, "KEY_MODULE_FAILED", "path", path, "why",
			    "it is no file, or others may write it", NULL);
	return ERR_OK;
}

static err load(struct key_module *m, struct fault *f)
{
	const char *path = m->uri.module;
	CK_C_GetFunctionList get = NULL;
	void *symbol = NULL;

	TRY(judge_module(path, f));
	m->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (m->library != NULL)
		symbol = dlsym(m->library, "C_GetFunctionList");
	if (symbol == NULL) {
		const char *why = dlerror();

		return fail(f, "KEY_MODULE_FAILED", "path", path, "why",
			    why != NULL ? why : "no reason given", NULL);
	}
	memcpy(&get, &symbol, sizeof(get)); /* POSIX lets dlsym give functions, ISO C does not */
	CK_RV answer = get(&m->calls);
	if (answer != CKR_OK || m->calls == NULL || m->calls->version.major != 2)
		return fail(f, "KEY_MODULE_FAILED", "path", path, "why",
			    "it is no module of PKCS #11 version 2", NULL);
	return ERR_OK;
}

static err initialize(struct key_module *m, struct fault *f)
{
	CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK};
	CK_RV answer = m->calls->C_Initialize(&arguments);

	if (answer != CKR_OK && answer != CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return key_module_failed("C_Initialize", answer, f);
	m->initialized = true;
	return ERR_OK;
}

/* ---- the token ---- */

static bool slot_fits(struct key_module *m, CK_SLOT_ID slot, CK_TOKEN_INFO *token)
{
	CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(m->uri.uri);
	CK_SLOT_INFO info;

	return (wanted == (CK_SLOT_ID)-1 || wanted == slot) &&
	       m->calls->C_GetSlotInfo(slot, &info) == CKR_OK &&
	       p11_kit_uri_match_slot_info(m->uri.uri, &info) == 1 &&
	       m->calls->C_GetTokenInfo(slot, token) == CKR_OK &&
	       (token->flags & CKF_TOKEN_INITIALIZED) != 0 &&
	       p11_kit_uri_match_token_info(m->uri.uri, token) == 1;
}

static err find_token(struct key_module *m, CK_SLOT_ID *slot, CK_TOKEN_INFO *token, struct fault *f)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG n = SLOTS_MAX;
	CK_TOKEN_INFO info;
	size_t found = 0;
	char count[24];

	CK_RV answer = m->calls->C_GetSlotList(CK_TRUE, slots, &n);
	if (answer != CKR_OK)
		return key_module_failed("C_GetSlotList", answer, f);
	for (CK_ULONG i = 0; i < n && i < SLOTS_MAX; i++) {
		if (!slot_fits(m, slots[i], &info))
			continue;
		*slot = slots[i];
		*token = info;
		found++;
	}
	(void)snprintf(count, sizeof(count), "%zu", found);
	return found == 1 ? ERR_OK : fail(f, "KEY_TOKEN_NOT_ONE", "n", count, NULL);
}

/* ---- the PIN ---- */

static err pin_failed(CK_RV answer, struct fault *f)
{
	if (answer == CKR_PIN_INCORRECT || answer == CKR_PIN_INVALID || answer == CKR_PIN_LEN_RANGE)
		return fail(f, "KEY_PIN_WRONG", NULL);
	if (answer == CKR_PIN_LOCKED)
		return fail(f, "KEY_PIN_LOCKED", NULL);
	return key_module_failed("C_Login", answer, f);
}

/* Nothing of the PIN stays: it is read again when it is needed again. */
static err login_as(struct key_module *m, CK_USER_TYPE user, struct fault *f)
{
	AUTO(pin_wipe) struct pin pin = {0};

	if (m->uri.pin_file[0] != 0)
		TRY(secret_read(m->uri.pin_file, pin.b, sizeof(pin.b), &pin.n, f));
	/* Without a PIN the token has a keypad of its own. */
	CK_RV answer = m->calls->C_Login(m->session, user, pin.n > 0 ? pin.b : NULL, pin.n);
	if (answer == CKR_OK || answer == CKR_USER_ALREADY_LOGGED_IN)
		return ERR_OK;
	return pin_failed(answer, f);
}

/* A machine that tries a wrong PIN until it is locked does more harm than one that does not start:
 * the last try is a person's. */
static err login(struct key_module *m, const CK_TOKEN_INFO *token, struct fault *f)
{
	if ((token->flags & CKF_LOGIN_REQUIRED) == 0)
		return ERR_OK;
	if ((token->flags & (CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED)) != 0)
		return fail(f, "KEY_PIN_LOCKED", NULL);
	if (m->uri.pin_file[0] == 0 && (token->flags & CKF_PROTECTED_AUTHENTICATION_PATH) == 0)
		return fail(f, "KEY_PIN_NEEDED", NULL);
	TRY(login_as(m, CKU_USER, f));
	m->logged_in = true;
	return ERR_OK;
}

/* ---- the session ---- */

static err open_session(struct key_module *m, bool writable, struct fault *f)
{
	CK_FLAGS flags = CKF_SERIAL_SESSION | (writable ? CKF_RW_SESSION : 0);
	CK_TOKEN_INFO token;
	CK_SLOT_ID slot = 0;

	TRY(initialize(m, f));
	TRY(find_token(m, &slot, &token, f));
	CK_RV answer = m->calls->C_OpenSession(slot, flags, NULL, NULL, &m->session);
	if (answer != CKR_OK)
		return key_module_failed("C_OpenSession", answer, f);
	return login(m, &token, f);
}

static void close_session(struct key_module *m)
{
	if (m->session != 0)
		(void)m->calls->C_CloseSession(m->session);
	if (m->initialized)
		(void)m->calls->C_Finalize(NULL);
	m->session = 0;
	m->key = 0;
	m->initialized = m->logged_in = false;
}

err key_module_open(const char *address, bool writable, struct key_module *out, struct fault *f)
{
	TRY(key_uri_parse(address, &out->uri, f));
	TRY(load(out, f));
	return open_session(out, writable, f);
}

void key_module_close(struct key_module *m)
{
	close_session(m);
	if (m->library != NULL)
		(void)dlclose(m->library);
	key_uri_done(&m->uri);
	*m = (struct key_module){0};
}

/* ---- signing ---- */

/* A session that went away, or a token that was pulled and may be back. */
static bool session_lost(CK_RV answer)
{
	static const CK_RV lost[] = {
		CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED,        CKR_DEVICE_ERROR,
		CKR_DEVICE_REMOVED,         CKR_TOKEN_NOT_PRESENT,     CKR_USER_NOT_LOGGED_IN,
		CKR_KEY_HANDLE_INVALID,     CKR_OBJECT_HANDLE_INVALID, CKR_CRYPTOKI_NOT_INITIALIZED,
	};

	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++)
		if (answer == lost[i])
			return true;
	return false;
}

static err sign_once(struct key_module *m, struct bytes message, uint8_t signature[static 64],
		     CK_RV *answer, struct fault *f)
{
	CK_MECHANISM mechanism = {.mechanism = m->algorithm == KEY_P256 ? CKM_ECDSA : CKM_EDDSA};
	uint8_t input[KEY_MESSAGE_MAX], made[128];
	CK_ULONG n = sizeof(made);

	if (message.n == 0 || message.n > sizeof(input))
		return fail(f, "CRYPTO_MESSAGE_TOO_LARGE", NULL);
	memcpy(input, message.p, message.n); /* the module's arguments are not const */
	*answer = m->calls->C_SignInit(m->session, &mechanism, m->key);
	if (*answer != CKR_OK)
		return key_module_failed("C_SignInit", *answer, f);
	if (m->always_authenticate)
		TRY(login_as(m, CKU_CONTEXT_SPECIFIC, f));
	*answer = m->calls->C_Sign(m->session, input, message.n, made, &n);
	if (*answer != CKR_OK)
		return key_module_failed("C_Sign", *answer, f);
	if (n != 64)
		return fail(f, "KEY_SIGNED_WRONG", NULL);
	memcpy(signature, made, 64);
	return ERR_OK;
}

err key_module_sign(struct key_module *m, struct bytes message, uint8_t signature[static 64],
		    struct fault *f)
{
	CK_RV answer = CKR_OK;
	err signed_once =
		m->key != 0 ? sign_once(m, message, signature, &answer, f) : (err){ERR_UNAVAILABLE};

	if (signed_once.code == OK || (m->key != 0 && !session_lost(answer)))
		return signed_once;
	close_session(m);
	TRY(open_session(m, false, f));
	TRY(key_module_find(m, f));
	return sign_once(m, message, signature, &answer, f);
}
