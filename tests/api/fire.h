/* SPDX-License-Identifier: Apache-2.0 */
/* fire.h — a company whose disk burns: what it has before, what a backup has of it, and going on with that
 * under another name. */
#ifndef TESTS_API_FIRE_H
#define TESTS_API_FIRE_H

#include "company.h"

#include "backup/succession.h"

#define NEW_ORIGIN "test.example/log2"

enum { QUOTA = 3, PEOPLE = 4 };

struct fire {
	struct api *x;
	struct company c;
	struct note_key old;
	char file[160], back[160], identity[4][160], share[4][260];
	char recipient[4][128], store[512];
	struct succession_plan plan;
	struct note_key key;
	struct fault f;
};

extern struct fire fire;

void fire_check(err e, const char *what);
/* A station asks for a certificate; or also waits for it. */
struct reply *fire_ask(const char *serial);
const char *fire_certificate(const char *serial);
void fire_issue(const char *serial);
/* One unit is issued before the backup; one more and so many records after it. Then everything stops. */
void fire_live(const char *store, int records);
/* Into the store. With the shares of so many custodians, the signer's folder comes back, too. */
void fire_restore(const char *store, size_t custodians);
void fire_plan(void);
/* Two agree; `shown` of the two approvals stand in the log. The server serves again. */
void fire_go_on(size_t shown);

#endif
