/* SPDX-License-Identifier: Apache-2.0 */
/* crypto_testing.h — what the tests of src/crypto share: fresh keys, a CA, a folder that is
 * removed afterwards, and foreign programs. Every helper asserts that it worked. */
#ifndef TESTS_CRYPTO_TESTING_H
#define TESTS_CRYPTO_TESTING_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail /* cmocka's macro would hide ours */
#define stop_test(...) (print_error(__VA_ARGS__), _fail(__FILE__, __LINE__))
/* clang-format on */

#include "base/files.h"
#include "crypto/x509.h"

#define PRODUCT       "GW-100"
#define SERIAL        "SN0001"
#define HARDWARE_TYPE "1.3.6.1.4.1.32473.7.1"
#define NOW_MS        1795149506000u

struct test_ca {
	struct arena arena;
	struct private_key *key;
	struct bytes certificate;
};

struct private_key *new_key(enum key_algorithm algorithm);
struct test_ca new_ca(void);
void ca_done(struct test_ca *ca);
struct device_profile device_profile(void);
/* A device certificate for `key`. */
struct bytes issue_device(struct test_ca *ca, const struct public_key *key);

/* A folder of this process, 0700, made on the first call. */
const char *test_folder(void);
/* A path in it. Valid until the 8th following call. */
const char *test_path(const char *name);
void write_test_file(const char *path, struct bytes content, unsigned mode);
/* Runs a program with its output in `output` of the folder; its exit status, or 127. */
int run_program(const char *const *arguments);
bool output_contains(const char *text);
bool program_exists(const char *name);
void remove_test_folder(void);

#endif
