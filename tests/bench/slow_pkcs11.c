/* SPDX-License-Identifier: Apache-2.0 */
/* slow_pkcs11.c — a PKCS #11 module that is another one, with the ways of hardware: it takes its
 * time over a signature, loses its session, answers something else, or brings the process down.
 *
 * SLOW_PKCS11_MODULE names the module behind it. SLOW_PKCS11_DELAY_MS is how long a signature
 * takes. SLOW_PKCS11_MOOD names a file with one letter; the letter counts for the next signature,
 * and the file is then removed, so that one mood is one event whoever meets it:
 *   l  the session is lost      e  the device has an error      w  a wrong signature
 *   s  a short signature        c  the process crashes */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <p11-kit/pkcs11.h>

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR out);

static CK_FUNCTION_LIST *behind, slow;

static void take_time(void)
{
	const char *text = getenv("SLOW_PKCS11_DELAY_MS");
	long ms = text != NULL ? strtol(text, NULL, 10) : 0;
	struct timespec left = {ms / 1000, ms % 1000 * 1000000};

	while (ms > 0 && nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

/* 0: none. Whoever removes the file has the mood. */
static char take_mood(void)
{
	const char *path = getenv("SLOW_PKCS11_MOOD");
	FILE *file = path != NULL ? fopen(path, "rbe") : NULL;
	int letter = EOF;

	if (file == NULL)
		return 0;
	letter = fgetc(file);
	(void)fclose(file);
	return letter != EOF && unlink(path) == 0 ? (char)letter : 0;
}

static CK_RV slow_sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_n,
		       CK_BYTE_PTR signature, CK_ULONG_PTR signature_n)
{
	char mood = take_mood();

	take_time();
	if (mood == 'c')
		abort();
	CK_RV answer = behind->C_Sign(session, data, data_n, signature, signature_n);
	if (answer != CKR_OK)
		return answer;
	if (mood == 'l')
		return CKR_SESSION_HANDLE_INVALID;
	if (mood == 'e')
		return CKR_DEVICE_ERROR;
	if (mood == 'w')
		signature[*signature_n / 2] ^= 1;
	if (mood == 's')
		(*signature_n)--;
	return CKR_OK;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR out)
{
	const char *path = getenv("SLOW_PKCS11_MODULE");
	CK_C_GetFunctionList get = NULL;
	void *library = path != NULL ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
	void *symbol = library != NULL ? dlsym(library, "C_GetFunctionList") : NULL;

	if (symbol == NULL)
		return CKR_GENERAL_ERROR;
	memcpy(&get, &symbol, sizeof(get));
	if (get(&behind) != CKR_OK)
		return CKR_GENERAL_ERROR;
	slow = *behind;
	slow.C_Sign = slow_sign;
	*out = &slow;
	return CKR_OK;
}
