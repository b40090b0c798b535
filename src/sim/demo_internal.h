/* SPDX-License-Identifier: Apache-2.0 */
/* demo_internal.h — what the files of the demo share. */
#ifndef SIM_DEMO_INTERNAL_H
#define SIM_DEMO_INTERNAL_H

#include "client/client.h"
#include "format/bom.h"
#include "sim/child.h"
#include "sim/demo.h"
#include "sim/device.h"

#define PRODUCT       "SENSOR-1"
#define FACTORY       "FAB"
#define WAREHOUSE     "HUB"
#define LINE          "L1"
#define STATION       "ST-1"
#define SEAL_MAKER    "TYDEN"
#define ENVIRONMENT   "production"
#define HARDWARE_TYPE "1.3.6.1.4.1.32473.1"
#define DEMO_ORIGIN   "demo.sealwright.example/trial"

enum { SECURITY_VERSION = 1 };
enum { ACTORS_MAX = 16, DEMO_PATH_SIZE = 512, DEMO_UNITS_MAX = 400, PER_RECORD = 100 };

struct actor {
	const char *id;
	struct private_key *key;
	char key_file[DEMO_PATH_SIZE];
	struct client *client;
	bool machine;
};

/* A part of the bill and the part lot of it that was received. */
struct demo_part {
	const char *part, *supplier, *manufacturer, *description, *designators, *part_lot;
	size_t quantity; /* in one unit */
	bool critical;
};

struct demo {
	struct demo_options options;
	struct arena arena; /* lives as long as the demo */
	struct registry *registry;
	struct note_key log;
	struct child signer, server;
	const char *state, *ca;
	char people_url[64], machines_url[64];
	struct bytes device_ca, permit_spki;
	bool founded; /* in this run: nobody is known yet but the founders */
	struct actor actors[ACTORS_MAX];
	size_t actors_n;
	unsigned run; /* how often the story was told on this state */
	struct demo_part *parts;
	size_t parts_n;
	struct bytes image;
	struct hash image_digest;
	char revision[32], release[32], authorization[32], shipment[32];
	struct device **units;
	size_t units_n, commissioned, passports, stopped;
	uint64_t started_ms, records, verified; /* receipts whose proof came and held */
};

/* What the server said to a record. */
struct told {
	uint64_t sequence;
	char digest[65], outcome[16];
	char raised[64]; /* code of the first nonconformance, or empty */
	char detail[512];
};

/* ---- demo_talk.c ---- */

/* One line of progress; `done` ends it with what came of it. */
void demo_step(struct demo *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
void demo_said(struct demo *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *demo_text(struct demo *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct actor *demo_actor(struct demo *d, const char *id);
/* `author` signs and sends the record; takes over `body`. Anything raised is an error when `told`
 * is NULL. */
MUST_CHECK err demo_sign(struct demo *d, const char *author, const char *type, json_t *body,
			 struct told *told, struct fault *f);
/* The same, and that it is there already is no error. */
MUST_CHECK err demo_define(struct demo *d, const char *author, const char *type, json_t *body,
			   const char *exists, struct fault *f);
/* It waits for other persons' approvals, and gets them: names with spaces between. */
MUST_CHECK err demo_sign_and_approve(struct demo *d, const char *author, const char *type,
				     json_t *body, const char *approvers, struct fault *f);
/* Waits until the view has a row for which `found` says so. DEMO_WAITED. */
typedef bool demo_found(void *context, const json_t *row);
MUST_CHECK err demo_await(struct demo *d, const char *view, const char *const *query,
			  demo_found *found, void *context, struct fault *f);
/* A column of hexadecimal digits, into the demo's arena; empty if it is none. */
struct bytes demo_hex(struct demo *d, const json_t *row, const char *column, size_t max);
/* One record more; the client has verified its receipt if the proof is there. */
void demo_count(struct demo *d, const json_t *receipt);
MUST_CHECK err demo_rows(struct demo *d, const char *reader, const char *view,
			 const char *const *query, json_t **rows, struct fault *f);
/* RFC 3339, so many days from now. */
char *demo_days(struct demo *d, unsigned days);
/* The fault's sentence. */
void demo_why(const struct fault *f, char *out, size_t cap);

/* ---- the parts of the story ---- */

MUST_CHECK err demo_open(struct demo *d, struct fault *f);  /* state, keys, processes */
MUST_CHECK err demo_start(struct demo *d, struct fault *f); /* signer and server */
void demo_stop(struct demo *d);
MUST_CHECK err demo_people(struct demo *d, struct fault *f);
MUST_CHECK err demo_read_bom(struct demo *d, struct fault *f);
MUST_CHECK err demo_supply(struct demo *d, struct fault *f);
MUST_CHECK err demo_release(struct demo *d, struct fault *f);
MUST_CHECK err demo_build(struct demo *d, struct fault *f);
/* One unit up to its parts; used for the attacks, too. */
MUST_CHECK err demo_build_unit(struct demo *d, struct device *unit, struct fault *f);
/* Asks for a permit with the device's nonce, and has the device take the image with it. */
MUST_CHECK err demo_write_image(struct demo *d, struct device *unit, struct bytes image,
				struct fault *f);
/* Reads the image back and records it. */
MUST_CHECK err demo_program_unit(struct demo *d, struct device *unit, struct told *told,
				 struct fault *f);
MUST_CHECK err demo_request(struct demo *d, struct device *unit, struct fault *f);
MUST_CHECK err demo_ship(struct demo *d, struct fault *f);
/* A sealed shipment with these contents, up to the arrival at the warehouse. */
MUST_CHECK err demo_move(struct demo *d, const char *shipment, const char *seal, json_t *contents,
			 struct fault *f);
MUST_CHECK err demo_first_start(struct demo *d, struct fault *f);
MUST_CHECK err demo_answer(struct demo *d, struct device *unit, struct told *told, struct fault *f);
MUST_CHECK err demo_recall(struct demo *d, struct fault *f);
MUST_CHECK err demo_fetch_passports(struct demo *d, struct fault *f);
MUST_CHECK err demo_verify_passports(struct demo *d, struct fault *f);
/* One attack while everything runs: adds to d->stopped, or is an error. */
typedef err demo_attack(struct demo *d, struct fault *f);
MUST_CHECK err demo_attacks(struct demo *d, struct fault *f);
size_t demo_attacks_n(void);
/* What was built with a changed image is destroyed, and the build authorization balances and ends. */
MUST_CHECK err demo_close(struct demo *d, struct fault *f);
/* On a copy, with nothing running. */
MUST_CHECK err demo_attack_store(struct demo *d, struct fault *f);
MUST_CHECK err folder_remove(const char *path, struct fault *f);

#endif
