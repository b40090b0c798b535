/* SPDX-License-Identifier: Apache-2.0 */
/* signer_testing.h — a signer in a child process, units to ask for, and trees to sign. Every
 * helper asserts that it worked. */
#ifndef TESTS_SIGNER_TESTING_H
#define TESTS_SIGNER_TESTING_H

#include <sys/types.h>

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
#include "signer/found.h"
#include "signer/vault.h"

#define ORIGIN        "example.com/log"
#define HARDWARE_TYPE "1.3.6.1.4.1.32473.7.1"
#define NOW_MS        1795149506000u

enum { UNITS = 200, LEAVES = 300, TIMEOUT_MS = 20000 };

/* Founders who approve, an author, and who keeps recovery keys. */
enum person { ADA, BEN, CLEO, ERIN, RITA, ROB, RUTH, PERSONS };
extern const char *const PERSON_NAME[PERSONS];
struct private_key *person_key(enum person who);
/* Without a passphrase, for ORIGIN at NOW_MS; the charter lies in the arena. */
struct signer_founding test_founding(struct arena *a);

struct signer_test;

/* The machine's clocks and so many milliseconds, also in a signer that runs already. */
struct test_clock {
	_Atomic int64_t wall_ahead, steady_ahead;
};
uint64_t test_now(const struct signer_test *t);

/* A folder of its own for each test, with a signer created in it. */
struct signer_test {
	char folder[64], vault[96], socket[96];
	struct arena arena;
	struct signer_founding founding;
	struct signer_public public;
	struct test_clock *moved; /* shared with the signer */
	struct clock clock;
	pid_t pid; /* 0: not running */
	struct signer_client *client;
};

struct signer_test *signer_test_new(void);
void signer_test_done(struct signer_test *t);
/* Starts the signer for `peer_uid` and waits until it serves. `in_child` may prepare the child.
 * True if it became ready. */
bool signer_start_as(struct signer_test *t, unsigned peer_uid, void (*in_child)(void *),
		     void *context);
void signer_start(struct signer_test *t);
/* Asks it to end and waits; the exit status: 0 is a clean end. */
int signer_stop(struct signer_test *t);
/* Waits for an end that comes by itself; true if it was `_exit(status)`. */
bool signer_ended_with(struct signer_test *t, int status);

/* Runs vault_open in this process on the folder. */
err vault_try(struct signer_test *t, struct vault *vault, struct fault *f);

/* A CSR by the key of unit `key` for the serial of unit `serial`. */
struct bytes unit_csr(size_t key, size_t serial);
const char *unit_serial(size_t i);

/* The tree of leaves 0 to size - 1, and another history that differs from leaf `from` on. */
struct merkle_head tree_head(uint64_t size);
struct merkle_head other_head(uint64_t size, uint64_t from);
size_t tree_proof(uint64_t old, uint64_t size, struct hash path[static MERKLE_DEPTH_MAX]);
size_t other_proof(uint64_t old, uint64_t size, uint64_t from,
		   struct hash path[static MERKLE_DEPTH_MAX]);
/* Asks the client for the checkpoint of the true history. */
err ask_checkpoint(struct signer_test *t, uint64_t old, uint64_t size, struct bytes *note,
		   struct fault *f);
bool note_signed(const struct signer_test *t, struct bytes note, struct merkle_head head);

/* The whole of a file of the vault, and what to put in its place. */
struct bytes vault_file(struct signer_test *t, const char *name);
void put_vault_file(struct signer_test *t, const char *name, struct bytes content);

#endif
