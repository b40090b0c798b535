/* SPDX-License-Identifier: Apache-2.0 */
/* station_kit.h — a box beside a whole server, behind a proxy: the company of tests/api, whose station st1
 * is a box now. JSON may be written with single quotes. */
#ifndef TESTS_STATION_KIT_H
#define TESTS_STATION_KIT_H

#include "company.h"
#include "proxy.h"
#include "station/station.h"

struct kit {
	struct api *x;
	struct company company;
	struct proxy proxy;
	struct registry *registry;
	struct note_key log;
	char folder[96]; /* of the box */
	char server[64], proxy_url[64];
	struct station_config config;
	struct station *station; /* NULL: it does not run */
	unsigned port;
	json_t *heard;  /* every answer that was JSON */
	const char *at; /* where it is asked, without the port; NULL: http://127.0.0.1 */
};

/* With build authorization BA1 for 100 units; the box is not open yet. */
void kit_open(struct kit *k);
void kit_close(struct kit *k);
void kit_box(struct kit *k);
void kit_box_off(struct kit *k);
/* The line to the server is cut, and the box knows; or whole again, and the box knows. */
void kit_cut(struct kit *k);
void kit_whole(struct kit *k);
/* Until nothing waits in the box. */
void kit_await_delivered(struct kit *k);

struct said {
	int status; /* 0: no answer */
	const char *text;
	json_t *json;
};
/* A request to the box; the answer lives as long as the fixture. `header`: one line, or NULL. */
struct said kit_ask(struct kit *k, const char *method, const char *path, const char *quoted,
		    const char *header);
struct said kit_post(struct kit *k, const char *type, const char *quoted);
const char *said_text(const struct said *s, const char *member); /* "" when absent */
int64_t said_number(const struct said *s, const char *member);
void must_say(const struct said *s, int status, const char *code);
/* The body of unit.requested for a fresh device. */
const char *kit_unit(struct kit *k, const char *authorization, const char *serial);
/* Grants it, and waits until the box knows. */
void kit_allow(struct kit *k, const char *allowance, unsigned quantity, unsigned hours);
void kit_later(struct kit *k, uint64_t hours); /* the clock of the server and the box */
char *kit_printf(struct kit *k, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
