/* SPDX-License-Identifier: Apache-2.0 */
/* anchor_testing.h — cmocka, for tests of the anchors, which need no signer around them. */
#ifndef TESTS_ANCHOR_TESTING_H
#define TESTS_ANCHOR_TESTING_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail /* cmocka's macro would hide ours */
#define stop_test(...) (print_error(__VA_ARGS__), _fail(__FILE__, __LINE__))
/* clang-format on */

#endif
