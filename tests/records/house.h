/* SPDX-License-Identifier: Apache-2.0 */
/* house.h — a whole engine in a temporary folder, with founders who sign, for tests and benches:
 * the real store, ledger and rules, and a checkpoint key in this process. */
#ifndef TESTS_RECORDS_HOUSE_H
#define TESTS_RECORDS_HOUSE_H

#include "crypto/crypto.h"
#include "record/record.h"

#define HOUSE_ORIGIN "test.example/log"

struct house_clock {
	uint64_t wall, steady; /* ms added to the real clocks */
	bool frozen;           /* wall and steady are absolute then */
};

struct actor {
	char id[ID_SIZE_MAX + 1];
	struct private_key *key;
};

struct house {
	char folder[128];
	char store[512]; /* db_open address */
	char tiles[160];
	struct house_clock clock_state;
	struct clock clock;
	struct private_key *checkpoint;
	struct note_key checkpoint_public;
	struct merkle_head signed_last;
	bool signer_away;
	struct engine_config config;
	struct engine *engine;
	struct actor ada, ben, cleo; /* founders */
	struct arena arena;
	uint64_t ids;
	bool borrows; /* the founders' keys */
	bool alone;   /* ada is the only founder: a bootstrap log */
	bool chartered;
	void (*on_signed)(void *context, struct bytes cbor); /* hears of every submission */
	void *on_signed_context;
};

/* Opens an empty log in the store at `address` and starts it with three founders. */
void house_open(struct house *h, const char *address);
/* The same with a charter, in which the founders agree: what is decided then waits for a signer. */
void house_open_chartered(struct house *h, const char *address);
/* The same with one founder, ada: every decision is hers alone until there is a rule. */
void house_open_alone(struct house *h, const char *address);
/* That charter's revision `revision`, in the arena; after `previous`, whose bytes it names. */
struct bytes house_charter(struct house *h, uint64_t revision, const struct bytes *previous);
/* The first one, as `ledger.started` carries it. */
json_t *house_charter_json(struct house *h);
/* The same with other areas; the list ends with NULL. */
void house_open_with(struct house *h, const char *address, const struct area *const *areas);
/* The same with founders whose keys the caller has and keeps, from this time on: so that one history
 * can be told to two stores. */
void house_open_as(struct house *h, const char *address, const struct area *const *areas,
		   const struct actor founders[static 3], struct house_clock clock);
void house_close(struct house *h); /* and removes its folder */
void house_stop(struct house *h);  /* closes the engine only */
void house_start(struct house *h); /* opens it again */

/* Moves the two clocks; safe while the engine runs. */
void house_step(struct house *h, int64_t wall_ms, int64_t steady_ms);
/* The signer stops answering, or answers again. */
void house_signer_away(struct house *h, bool away);

/* A fresh UUID of version 7 at the house's wall clock, as text. */
void house_id(struct house *h, char out[static 37]);
/* Submits {"body": …} signed by the actor; `body` is JSON text, single quotes for double ones. */
const struct result *house_sign(struct house *h, const struct actor *who, const char *type,
				const char *body);
/* The same, reported over the actor's channel without a signature. */
const struct result *house_report(struct house *h, const struct actor *who, const char *type,
				  const char *body);
/* A signed submission that is not yet submitted; NULL with a fault if decoding refuses it. */
struct submission *house_make(struct house *h, struct arena *a, const struct actor *who,
			      const char *type, const char *body, const char *id, struct fault *f);
/* The signed submission as CBOR, ready to be sent. */
struct bytes house_signed(struct house *h, struct arena *a, const struct actor *who,
			  const char *type, const char *body);
/* These fail the test, with the fault's text, unless it went as named. */
uint64_t house_must(struct house *h, const struct actor *who, const char *type, const char *body);
void house_must_refuse(struct house *h, const struct actor *who, const char *type, const char *body,
		       const char *code);
/* Recorded, and raised exactly this code (first one). */
void house_must_raise(struct house *h, const struct actor *who, const char *type, const char *body,
		      const char *code);
/* The other founder approves what was just recorded as pending. */
const struct result *house_approve(struct house *h, const struct actor *who, struct hash digest);

/* A new person, station … with a key and a role holding these permissions (comma separated). */
struct actor house_actor(struct house *h, const char *id, const char *kind,
			 const char *permissions);
struct actor house_actor_with(struct house *h, const char *id, const char *kind,
			      const char *permissions, enum key_algorithm algorithm);
/* One more account of a natural person. */
struct actor house_account(struct house *h, const char *id, const char *natural,
			   const char *permissions);
/* Another key for somebody who is known. */
struct actor house_key(struct house *h, const char *id);
void actor_done(struct actor *a);

/* A view's rows as JSON; fails the test if it is refused. `query` like "site=A&limit=2". */
json_t *house_view(struct house *h, const char *principal, const char *view, const char *query);
/* The rebuild equals the live tables; fails the test otherwise. */
void house_must_rebuild(struct house *h);
/* Fails the test with the fault's text unless it went well. */
void house_check(err result, const struct fault *f, const char *what);
/* A key for somebody whom nobody knows yet. */
void house_make_actor(struct actor *a, const char *id, enum key_algorithm algorithm);
/* Single quotes become double ones. */
char *house_json(struct arena *a, const char *text);

#endif
