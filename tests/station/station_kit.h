/* SPDX-License-Identifier: Apache-2.0 */
/* station_kit.h — a box beside a whole server: the company of tests/api, whose station st1 is a box now. */
#ifndef TESTS_STATION_KIT_H
#define TESTS_STATION_KIT_H

#include "company.h"
#include "station/station.h"

struct kit {
	struct api *x;
	struct company company;
	struct registry *registry;
	struct note_key log;
	char folder[96], key_file[160];
	char server[64]; /* where the box looks for the server */
	char ca[160], origin[64];
	struct station_config config;
	struct station *station;
	char url[64]; /* of the box */
};

/* Over the company, with build authorization BA1 for 100 units; the box is not open yet. */
void kit_open(struct kit *k);
void kit_close(struct kit *k);
void kit_box(struct kit *k);     /* opens the box */
void kit_box_off(struct kit *k); /* closes it */
/* The line to the server is cut, or whole again; for a box that is open. */
void kit_cut(struct kit *k);
void kit_whole(struct kit *k);
/* Until the box says so. */
void kit_await_linked(struct kit *k, bool linked);
void kit_await_delivered(struct kit *k);

struct said {
	int status;
	char *text; /* zero-terminated, lives as long as the fixture */
	json_t *json;
};
/* A request to the box; `body` with double quotes, or NULL. `headers`: lines, or NULL. */
struct said kit_ask(struct kit *k, const char *method, const char *path, const char *body,
		    const char *const *headers);
struct said kit_post(struct kit *k, const char *type, const char *quoted);
const char *said_text(const struct said *s, const char *member);
/* The body of unit.requested for a fresh device. */
const char *kit_unit(struct kit *k, const char *serial);
void kit_allow(struct kit *k, const char *allowance, unsigned quantity, unsigned hours);
/* Every entry of the log by this author that came through a spool, as claims in sequence. */
size_t kit_spooled(struct kit *k, struct bytes *claims, size_t max);

#endif
