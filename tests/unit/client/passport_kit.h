/* SPDX-License-Identifier: Apache-2.0 */
/* passport_kit.h — real passports taken apart, changed and put together again, and what the two verifiers
 * say of them. */
#ifndef TESTS_CLIENT_PASSPORT_KIT_H
#define TESTS_CLIENT_PASSPORT_KIT_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
/* clang-format on */

#include "base/arena.h"
#include "core/passport.h"

enum { KIT_ENTRIES_MAX = 128, KIT_OPENINGS_MAX = 8, KIT_WITHHELD_MAX = 8 };

/* A passport in parts; put together, an untouched one gives the same bytes. */
struct kit {
	struct arena arena;
	struct note_key key;
	struct bytes file; /* as it was */
	struct passport p;
	struct passport_entry entries[KIT_ENTRIES_MAX];
	size_t entries_n;
	struct bytes salts[KIT_OPENINGS_MAX], values[KIT_OPENINGS_MAX];
	size_t openings_n;
	struct bytes withheld[KIT_WITHHELD_MAX];
	size_t withheld_n;
};

/* Of tests/fuzz/corpus/passport. */
struct kit *kit_open(const char *name, const char *key);
void kit_close(struct kit *k);
struct bytes kit_file(struct kit *k);
/* A copy that may be changed. */
struct bytes kit_copy(struct kit *k, struct bytes bytes);
struct bytes kit_flip(struct kit *k, struct bytes bytes, size_t at);

/* Places of entries, by what they are about; KIT_ENTRIES_MAX: none. */
size_t kit_find_type(const struct kit *k, const char *type);
size_t kit_last_of_unit(const struct kit *k);
void kit_drop(struct kit *k, size_t place);
/* Every entry whose subject is of this kind, and has this id unless it is NULL; how many. */
size_t kit_drop_chain(struct kit *k, const char *kind, const char *id);

struct verdicts {
	enum passport_step ours, other; /* PASSPORT_HOLDS: it does */
};
/* What `sealwright verify passport` and the stand-alone verifier say. */
struct verdicts kit_verdicts(struct bytes file, const struct note_key *key);
/* Both say that it holds, or that it fails at this step. */
void kit_must_say(struct bytes file, const struct note_key *key, enum passport_step step);
/* Puts it together, for this, and closes it. */
void kit_must_fail(struct kit *k, enum passport_step step);

#endif
