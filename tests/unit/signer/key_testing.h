/* SPDX-License-Identifier: Apache-2.0 */
/* key_testing.h — keys in the one token of a test program. Every helper asserts that it worked. */
#ifndef TESTS_KEY_TESTING_H
#define TESTS_KEY_TESTING_H

#include "hsm.h"
#include "signer/key_worker.h"
#include "signer_testing.h"

extern struct hsm hsm;
int key_test_setup(void **state);
int key_test_teardown(void **state);

/* `object` may go on with other attributes of a URI's path. */
void generate_key(const char *object, enum key_algorithm algorithm);
/* `more` goes behind the query. */
struct private_key *open_key(const char *object, const char *more);
/* Opening the address fails with that message. */
void assert_refused(const char *uri, const char *message);
void assert_signs(const struct private_key *key, const char *text);

#endif
