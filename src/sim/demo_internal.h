/* SPDX-License-Identifier: Apache-2.0 */
/* demo_internal.h — what the files of the demo share. */
#ifndef SIM_DEMO_INTERNAL_H
#define SIM_DEMO_INTERNAL_H

#include "client/batch.h"
#include "client/client.h"
#include "format/bom.h"
#include "sim/child.h"
#include "sim/demo.h"
#include "sim/demo_attack.h"
#include "sim/device.h"

#define PRODUCT       "SENSOR-1"
#define FACTORY       "FAB"
#define WAREHOUSE     "HUB"
#define LINE          "L1"
#define STATION       "ST-1"
#define SEAL_MAKER    "TYDEN"
#define ENVIRONMENT   "production"
#define HARDWARE_TYPE "1.3.6.1.4.1.32473.1"
#define OPERATOR      "olga"
#define DEMO_ORIGIN   "demo.sealwright.example/trial"
#define DEMO_SOCKET   "demo.sock" /* in the demo's folder, while it stays up */

enum { SECURITY_VERSION = 1 };
enum {
	ACTORS_MAX = 32,
	DEMO_PATH_SIZE = 512,
	PER_RECORD = 100,   /* lines of a list in one record */
	WAVE_UNITS = 100,   /* built, shipped and started together: what bounds our memory */
	SPOILT_UNITS = 1,   /* beyond those that were asked for: it fails, and is destroyed */
	ATTACK_UNITS = 32,  /* thrown away by the attacks, here and in the copy */
	LIVE_UNITS = 2000,  /* built and thrown away on request while it stays up */
	PASSPORTS_MAX = 100 /* fetched and verified: all, or so many of them */
};

struct actor {
	const char *id;
	struct private_key *key;
	char key_file[DEMO_PATH_SIZE];
	struct client *client;
	bool machine;
	bool borrowed; /* its key belongs to the house that this one is a copy of */
};

/* A part lot; units from this one on get their pieces from it. */
struct reel {
	const char *part_lot;
	unsigned from;
};
enum { REELS_MAX = 2 };

/* A part of the bill and the part lots of it that were received. */
struct demo_part {
	const char *part, *supplier, *manufacturer, *description, *designators;
	size_t quantity; /* in one unit */
	bool critical;
	struct reel reels[REELS_MAX];
	size_t reels_n;
};

/* Between which values a measurement passes, in millionths. */
struct demo_limit {
	const char *measurement, *unit;
	int64_t low, high;
};
enum { DEMO_LIMITS_N = 3 };
extern const struct demo_limit DEMO_LIMITS[DEMO_LIMITS_N];

enum grade { GRADE_NONE, GRADE_VOUCHED, GRADE_UPLOADED, GRADE_SIGNED, GRADES_N };

struct demo {
	struct demo_options options;
	struct arena arena; /* lives as long as the demo */
	struct registry *registry;
	struct note_key log;
	struct child signer, server;
	const char *state, *ca, *logs; /* `logs`: folder where the processes write theirs */
	char people_url[64], machines_url[64];
	struct bytes device_ca, permit_spki;
	bool founded; /* in this run: nobody is known yet but the founders */
	struct actor actors[ACTORS_MAX];
	size_t actors_n;
	unsigned run; /* how often the story was told on this state */
	struct demo_part *parts;
	size_t parts_n;
	const char *signing_supplier, *uploading_supplier; /* the second may be NULL */
	const struct demo_part *odd_part; /* the attack's units get this part from `odd_lot` */
	const char *odd_supplier, *odd_lot;
	char procedure_digest[65];
	uint64_t tests; /* the station's counter */
	struct bytes image;
	struct hash image_digest;
	char sbom[65]; /* digest of the software bill; empty: none */
	char revision[32], release[32];
	char authorization[32];           /* that units are built under now */
	char production[32], spare[32];   /* for the units asked for; for those of the attacks */
	struct device *units[WAVE_UNITS]; /* of the wave in work */
	size_t units_n, first;            /* `first`: number of its first unit, from 0 */
	struct device *victim, *spoilt;
	size_t built, commissioned, passports;
	struct attack_result results[ATTACKS_MAX];
	uint64_t started_ms, records, verified; /* receipts whose proof came and held */
	uint64_t progress_ms;                   /* when progress was shown last */
	bool is_copy;                           /* to be thrown away */
	struct demo_live *live;                 /* somebody may watch; NULL: the story is told */
	json_t *attempt;        /* the record that is tried now, as a step; NULL: none */
	uint64_t last_sequence; /* of the last record */
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
/* Now and then only: how many of all, how fast, and how long it will still take. */
void demo_progress(struct demo *d, const char *what, size_t done, size_t all, uint64_t since_ms);
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
/* The same; `told` is what the server said first, when it waited. */
MUST_CHECK err demo_sign_and_approve_told(struct demo *d, const char *author, const char *type,
					  json_t *body, const char *approvers, struct told *told,
					  struct fault *f);
/* Waits until the view has a row for which `found` says so. DEMO_WAITED. */
typedef bool demo_found(void *context, const json_t *row);
MUST_CHECK err demo_await(struct demo *d, const char *view, const char *const *query,
			  demo_found *found, void *context, struct fault *f);
/* A column of hexadecimal digits, into the arena; empty if it is none. */
struct bytes demo_hex(struct arena *a, const json_t *row, const char *column, size_t max);
/* One record more; the client has verified its receipt if the proof is there. */
void demo_count(struct demo *d, const json_t *receipt);
void demo_tell(const json_t *receipt, struct told *told);
MUST_CHECK err demo_rows(struct demo *d, const char *reader, const char *view,
			 const char *const *query, json_t **rows, struct fault *f);
/* RFC 3339, so many days from now. */
char *demo_days(struct demo *d, unsigned days);
/* The fault's sentence. */
void demo_why(const struct fault *f, char *out, size_t cap);

/* ---- demo_note.c: what is told to whoever watches; nothing where nobody does ---- */

json_t *demo_step_json(struct demo *d, const char *act, const char *who);
/* A record is tried; then it was recorded, or refused: the server's problem, or else the fault. */
void demo_attempt(struct demo *d, const char *who, const char *type, const json_t *body);
void demo_attempt_recorded(struct demo *d, const json_t *receipt);
void demo_attempt_refused(struct demo *d, const char *who, const json_t *problem,
			  const struct fault *f, struct attack_outcome *out);
/* Of many at once: NULL where nobody watches. */
json_t *demo_batch_step(struct demo *d, const char *who, const char *type, const json_t *body);
void demo_batch_recorded(struct demo *d, json_t *steps, const json_t *receipts);
void demo_gate_answered(struct demo *d, const char *gate, const char *serial, const json_t *reply,
			const struct told *told, struct attack_outcome *out);
/* {code, detail, fix, values} */
json_t *demo_fault_json(const struct fault *f);

/* ---- demo_batch.c: as a line's gateway sends them ---- */

struct demo_batch {
	struct demo *demo;
	const char *author;
	struct client_batch *batch;
	json_t *steps; /* of what it holds */
};
MUST_CHECK err demo_batch_open(struct demo *d, const char *author, struct demo_batch *out,
			       struct fault *f);
/* Takes over `body`; sends what there is when it is much. */
MUST_CHECK err demo_put(struct demo_batch *b, const char *type, json_t *body, struct fault *f);
/* `about` has the members that say what the claim is about. */
MUST_CHECK err demo_bring(struct demo_batch *b, const char *type, struct bytes claim,
			  struct bytes proof, const json_t *about, struct fault *f);
/* Sends the rest unless `so_far` is an error, and closes. Anything raised is an error. */
MUST_CHECK err demo_batch_done(struct demo_batch *b, err so_far, struct fault *f);

/* ---- demo_dice.c: what chance decides, the same for the same seed and run ---- */

/* 0 … sides-1 */
unsigned demo_dice(const struct demo *d, const char *what, unsigned number, unsigned sides);
/* Of unit number `number`, from 0. */
const char *demo_serial(struct demo *d, size_t number);

/* ---- the parts of the story ---- */

MUST_CHECK err demo_open(struct demo *d, struct fault *f);  /* state, keys, log */
MUST_CHECK err demo_start(struct demo *d, struct fault *f); /* signer and server */
void demo_stop(struct demo *d);
MUST_CHECK err demo_people(struct demo *d, struct fault *f);
/* A client for everybody whose key is there. */
MUST_CHECK err demo_sign_in(struct demo *d, struct fault *f);
void demo_sign_out(struct demo *d);
/* Forgets the keys of all but the first `n`: they were of one attack. */
void demo_dismiss(struct demo *d, size_t n);
/* Somebody new: account, key, role. The job's texts must live as long as the demo. */
struct demo_job {
	const char *id, *kind, *what;
	const char *site, *station; /* where the role holds; NULL: everywhere */
	const char *permissions;    /* separated by spaces */
	const char *anywhere;       /* more, without the limits above */
	const char *natural_person; /* NULL: nobody else's */
	const char *supplier;       /* it belongs to, and may speak for */
};
MUST_CHECK err demo_hire(struct demo *d, const struct demo_job *job, struct fault *f);
MUST_CHECK err demo_read_bom(struct demo *d, struct fault *f);
MUST_CHECK err demo_supply(struct demo *d, struct fault *f);
/* ---- demo_conformance.c ---- */

void demo_choose_suppliers(struct demo *d);
enum grade demo_grade(const struct demo *d, const struct demo_part *p, size_t reel);
/* Puts the paper where records may name it; its digest in `hex`. */
MUST_CHECK err demo_keep_certificate(struct demo *d, const char *author, const struct demo_part *p,
				     const char *part_lot, char hex[static 65], struct fault *f);
MUST_CHECK err demo_conformance(struct demo *d, struct fault *f);

/* ---- demo_route.c ---- */

MUST_CHECK err demo_route(struct demo *d, struct fault *f);
MUST_CHECK err demo_refer(struct demo *d, struct fault *f);
json_t *demo_arrival_body(const char *shipment);
json_t *demo_test_body(struct demo *d, const struct device *unit, bool bad);
/* Tested, and looked at. */
MUST_CHECK err demo_test_units(struct demo *d, struct device *const *units, size_t n,
			       struct fault *f);

/* Checks the software bill, if there is one. */
MUST_CHECK err demo_check_sbom(struct demo *d, struct fault *f);
/* A file of examples/, or one in the folder that this program was built in; NULL if there is none. */
const char *demo_example(struct demo *d, const char *name);
const char *demo_beside(struct demo *d, const char *name);

/* How many units of the build get their pieces from this reel: of the last one, the spoilt unit, too. */
size_t demo_lot_units(const struct demo *d, const struct demo_part *p, size_t reel);
size_t demo_lot_quantity(const struct demo *d, const struct demo_part *p, size_t reel);
MUST_CHECK err demo_receive_lots(struct demo *d, struct fault *f);
MUST_CHECK err demo_issue_lots(struct demo *d, struct fault *f);
/* From the last reel of each part, for so many units of the spare build authorization. */
MUST_CHECK err demo_issue_spare(struct demo *d, size_t units, struct fault *f);
MUST_CHECK err demo_release(struct demo *d, struct fault *f);
/* Two people agree to this many units, at this station's key. */
MUST_CHECK err demo_authorize(struct demo *d, const char *id, size_t quantity, struct fault *f);
/* Waits for the signer's word about a decision. */
MUST_CHECK err demo_await_signer(struct demo *d, const char *kind, const char *id, struct fault *f);

/* The steps of the line, each for many units at once; `number` is the first one's. */
MUST_CHECK err demo_request_body(struct demo *d, struct device *unit, json_t **out,
				 struct fault *f);
MUST_CHECK err demo_request(struct demo *d, struct device *unit, struct fault *f);
MUST_CHECK err demo_certify_units(struct demo *d, struct device *const *units, size_t n,
				  struct fault *f);
MUST_CHECK err demo_fit_units(struct demo *d, struct device *const *units, size_t n, size_t number,
			      struct fault *f);
MUST_CHECK err demo_write_units(struct demo *d, struct device *const *units, size_t n,
				struct fault *f);
MUST_CHECK err demo_program_units(struct demo *d, struct device *const *units, size_t n,
				  struct fault *f);
MUST_CHECK err demo_ask_permit(struct demo *d, struct device *unit,
			       uint8_t nonce[static DEVICE_NONCE_SIZE], struct fault *f);
/* The permit that answers this nonce. */
MUST_CHECK err demo_await_permit(struct demo *d, struct device *unit, struct arena *a,
				 struct bytes nonce, struct bytes *permit, struct fault *f);
/* Reads the image back and records it. */
MUST_CHECK err demo_program_unit(struct demo *d, struct device *unit, struct told *told,
				 struct fault *f);
/* All of these steps. */
MUST_CHECK err demo_make_units(struct demo *d, struct device *const *units, size_t n, size_t number,
			       struct fault *f);
MUST_CHECK err demo_waves(struct demo *d, struct fault *f);

MUST_CHECK err demo_ship(struct demo *d, struct fault *f);
/* A sealed shipment with these contents (taken over), up to the arrival at the warehouse. */
MUST_CHECK err demo_move(struct demo *d, const char *shipment, const char *seal, json_t *contents,
			 struct fault *f);
json_t *demo_unit_lines(struct device *const *units, size_t n);
/* What the warehouse does with a shipment; NULL: as it should be. */
struct arrival {
	const char *seal_read; /* the number that is on the box */
	bool cut;              /* the seal is found cut */
	const json_t *counted; /* what is in the box */
};
MUST_CHECK err demo_arrive(struct demo *d, const char *shipment, const char *seal,
			   const json_t *contents, const struct arrival *arrival, struct told *told,
			   struct fault *f);
/* Moved, arrived and admitted, and nothing raised. */
MUST_CHECK err demo_deliver(struct demo *d, const char *shipment, const char *seal,
			    const json_t *contents, struct fault *f);
MUST_CHECK err demo_admit(struct demo *d, const char *shipment, struct fault *f);
MUST_CHECK err demo_start_units(struct demo *d, struct device *const *units, size_t n,
				struct fault *f);
MUST_CHECK err demo_challenge(struct demo *d, struct device *unit, struct device_challenge *out,
			      struct fault *f);
/* The device answers, and whoever is near brings it. */
MUST_CHECK err demo_answer(struct demo *d, struct device *unit,
			   const struct device_challenge *challenge, struct told *told,
			   struct fault *f);
MUST_CHECK err demo_recall(struct demo *d, struct fault *f);
MUST_CHECK err demo_fetch_passports(struct demo *d, struct fault *f);
MUST_CHECK err demo_verify_passports(struct demo *d, struct fault *f);
MUST_CHECK err demo_take_home(struct demo *d, struct fault *f);
/* What was spoilt is destroyed, and the build authorization balances and ends. */
MUST_CHECK err demo_close(struct demo *d, struct fault *f);
/* The untouched log, before anybody touches a copy of it. */
MUST_CHECK err demo_audit(struct demo *d, struct fault *f);

/* ---- demo_stay.c ---- */

/* Serves until a signal: look, attack, build more. */
MUST_CHECK err demo_stay(struct demo *d, struct fault *f);

/* ---- demo_copy.c: a house to throw away ---- */

/* Everything of the house, which may be running, keys too, in a folder of its own, and running on free
 * ports. */
MUST_CHECK err demo_copy_open(struct demo *d, struct demo **out, struct fault *f);
/* Stops it, and removes the folder unless `so_far` is an error, which is then returned. */
MUST_CHECK err demo_copy_close(struct demo *copy, err so_far, struct fault *f);

/* ---- files ---- */

MUST_CHECK err folder_remove(const char *path, struct fault *f);
/* What vanishes meanwhile is not copied; nor are names that begin with one of `without` (ended by NULL,
 * or NULL), at the top. */
MUST_CHECK err folder_copy_without(struct arena *a, const char *from, const char *to,
				   const char *const *without, struct fault *f);
MUST_CHECK err folder_copy(struct arena *a, const char *from, const char *to, struct fault *f);
MUST_CHECK err file_copy(const char *from, const char *to, struct fault *f);

#endif
