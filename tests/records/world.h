/* SPDX-License-Identifier: Apache-2.0 */
/* world.h — a small company in an engine of its own: people and a station with keys and roles, who
 * sign their records. Tests say what somebody does and read what the engine says to it. */
#ifndef TEST_RECORDS_WORLD_H
#define TEST_RECORDS_WORLD_H

#include "records/house.h"
#include "stores.h"

enum { ACTORS_MAX = 16, SAID_MAX = 1024 };

struct world {
	struct store_test *store;
	struct house house;
	struct actor actors[ACTORS_MAX];
	size_t actors_n;
	struct fault fault;
	char said[SAID_MAX];
	char digest[65];                             /* of the last claim */
	uint64_t sequence;                           /* of the last record */
	const char *authorization, *release, *image; /* what world_unit builds with */
};

/* cmocka fixtures: `*state` is a struct world. `anna`, `bert`, `carl`, `dora`, `qa`, and `emil`,
 * who is the same human being as `anna`, may do everything the areas know, `hugo` only at site HH; founders approve.
 * Station `st1` stands on line L1 of site VN and may build there; sites VN and HH, product GW. */
int world_setup(void **state);
int world_teardown(void **state);
/* The same in a log that began with a charter: what is decided waits for a signer's answer. */
int world_setup_chartered(void **state);
#define CHARTERED_TEST(name) \
	cmocka_unit_test_setup_teardown(name, world_setup_chartered, world_teardown)
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

/* `author` signs and sends a record; the body is JSON with ' for ". The answer is "" when it was
 * recorded without anything raised, the codes raised, or "!" and the code of the refusal. */
const char *says(struct world *w, const char *author, const char *type, const char *body, ...)
	__attribute__((format(printf, 4, 5)));
/* The same by somebody's other key: `key` has their id. */
const char *says_with(struct world *w, const struct actor *key, const char *type, const char *body,
		      ...) __attribute__((format(printf, 4, 5)));
/* The server's own word. */
const char *system_says(struct world *w, const char *type, const char *body, ...)
	__attribute__((format(printf, 3, 4)));
#define assert_says(answer, ...) assert_string_equal(says(__VA_ARGS__), answer)

/* The actor of that name, with a new key at first mention: whether it is enrolled is another
 * matter. */
struct actor *world_actor(struct world *w, const char *name);
/* Enters somebody new, who proves to hold the key of the actor of that name; `natural` is NULL for a
 * machine. */
void world_enroll(struct world *w, const char *name, const char *kind, const char *natural);
/* Another key for somebody who is known: that of this actor. */
void world_enroll_key(struct world *w, const char *name, const struct actor *actor);
/* What `says` recorded as waiting is approved by a founder, who is no newcomer any more. */
const char *approved(struct world *w);
/* The signer's answer to everything that waits for it: admitted, or refused with `code`. Returns how much
 * waited. */
size_t world_signer_answers(struct world *w, const char *code);
/* One column of a view's first row as text; "(none)" without a row. `query` is "a=b&c=d". */
const char *shows(struct world *w, const char *view, const char *column, const char *query);
/* How many rows, for anna or somebody else. */
size_t rows_of(struct world *w, const char *view, const char *query);
size_t rows_for(struct world *w, const char *who, const char *view, const char *query);
/* What a gate says: "" or "CONTROL: found" of the first failure. */
const char *gate_says(struct world *w, const char *gate, const char *kind, const char *within,
		      const char *id);
/* Disposes of every open nonconformance and lifts every hold, as somebody who caused none. */
void world_clear(struct world *w);
/* Both clocks go on. */
void world_later(struct world *w, uint64_t ms);

/* ---- what most tests need first ---- */

/* Supplier acme with part MCU1, received part lot R1 (1,000), bill of material A, firmware release
 * FW1 with image 11…11, build authorization BA1 of 5 units, part lot issued. */
void world_ready_to_build(struct world *w);
/* One more build authorization, of 5 units, with a part lot issued: world_unit builds with it from now
 * on. `more` is further JSON, with a comma before it, or "". */
void world_builds_with(struct world *w, const char *authorization, const char *release,
		       const char *image, const char *more);
/* What every build authorization of GW says beside its own numbers: hardware type, and station st1 with
 * its key; until 2099. Valid while the world is. */
const char *world_build_terms(struct world *w);
/* `serial` is asked for under the build authorization with the key of actor GW/serial. */
const char *world_request_says(struct world *w, const char *station, const char *serial);
/* The first two steps of world_unit, which then takes the others. */
void world_request(struct world *w, const char *serial);
void world_certify(struct world *w, const char *serial);
/* Seals 1 to 4 of maker M lie in the stock of VN. */
void world_seals(struct world *w);
/* The unit is requested with a fresh key (actor GW/serial), certified and built. */
void world_built(struct world *w, const char *serial);
/* … and programmed. */
void world_unit(struct world *w, const char *serial);
/* Shipment with that unit packed and sealed by carl with seal 1 of maker M. Manifest: w->digest. */
void world_sealed_shipment(struct world *w, const char *serial, const char *shipment,
			   char manifest[static 65]);

extern const char IMAGE[65]; /* of FW1 */

#endif
