/* SPDX-License-Identifier: Apache-2.0 */
/* fixture_internal.h — what the files of the fixture share. */
#ifndef TESTS_API_FIXTURE_INTERNAL_H
#define TESTS_API_FIXTURE_INTERNAL_H

#include "fixture.h"

/* Fails the test with the fault. */
void api_check(err result, const struct fault *f, const char *what);
void api_open_nursery(struct api *x);
struct person api_make_person(const char *id);

#endif
