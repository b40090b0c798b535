/* SPDX-License-Identifier: Apache-2.0 */
/* shown.h — keys for the people of world.h, and how it is shown that they hold them. */
#ifndef TEST_RECORDS_SHOWN_H
#define TEST_RECORDS_SHOWN_H

#include "world.h"

#include <string.h>

#define SHOWN_PARTY  "test.example"
#define SHOWN_ORIGIN "https://console.test.example"
enum { HOUR = 3600 * 1000, DAY = 24 * HOUR };

/* The house knows the console that passkeys are bound to. */
void shown_console(struct world *w);
/* Both clocks stand still from now on, but for world_later() and house_step(). */
void shown_freeze(struct world *w);
/* A new key in the name of `id`, enrolled for nobody yet. */
struct actor shown_new(const char *id, enum key_algorithm algorithm);
/* Members public_key and possession, for this principal; by the key itself. */
const char *shown_key(struct world *w, const struct actor *key, const char *principal);
/* The same by a passkey, with the members that only a passkey has. What is not said is as it should be. */
struct shown_passkey {
	const char *origin, *party, *log;
	const char *principal;  /* that the assertion is about */
	const char *credential; /* base64url */
	const struct actor *signer;
};
const char *shown_passkey(struct world *w, const struct actor *key,
			  const struct shown_passkey *how);
/* So many milliseconds from now, as text; valid while the world is. */
const char *shown_time(struct world *w, int64_t ms);

/* Opens a shift of `who` at st1 for eight hours with these permissions, as a JSON list; "" or what the
 * engine said. `browser` is the shift's key. */
const char *shown_shift(struct world *w, const char *who, const struct actor *browser,
			const char *shift, const char *permissions);
/* A credential of a person for this key is asked for; "" or what the engine said. */
const char *shown_credential(struct world *w, const struct actor *key);
/* How many records of this type are in the passport of unit GW/S1, in which every signature holds, as a stranger
 * judges it. */
size_t shown_passport(struct world *w, const char *type);
#define MAY(permission) "{'permission':'" permission "'}"

#endif
