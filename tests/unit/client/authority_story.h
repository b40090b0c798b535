/* SPDX-License-Identifier: Apache-2.0 */
/* authority_story.h — a unit that was built by right, as the entries of its passport tell it; a test changes
 * one thing before it is told. That they are in the log is passport_check's to say, and that those who agreed
 * were enough, charter_check's. */
#ifndef TESTS_CLIENT_AUTHORITY_STORY_H
#define TESTS_CLIENT_AUTHORITY_STORY_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
/* clang-format on */

#include "client/authority_check.h"
#include "crypto/crypto.h"

enum who { ADA, BEN, ERIN, MALLORY, PEOPLE };

/* What is true; a test changes one thing before it is told. */
struct story {
	struct arena arena;
	struct private_key *log, *other_log, *firmware, *keys[PEOPLE];
	struct note_key log_public;
	struct bytes charter;
	uint64_t sequence;
	struct authority_check check;
	struct fault f;
	/* the parts */
	enum who author, voter;
	uint64_t asked, voted, admitted, issued, charter_revision;
	const char *admission_class, *approval_target; /* NULL: right */
	uint64_t n, of, quantity;
	struct private_key *admission_key, *receipt_key;
	struct firmware_manifest manifest;
	bool emergency, no_admission, no_receipt, no_manifest, no_vote, no_release;
	bool other_certificate, other_request, other_origin;
	bool began_with_other;  /* the log says that other_log was its first key */
	bool asked_before;      /* for the release, in vain */
	const char *programmed; /* release, NULL: it was not */
};

/* cmocka fixtures: `*state` is a struct story. */
int story_setup(void **state);
int story_teardown(void **state);
err story_told(struct story *s, struct authority_report *out);

#endif
