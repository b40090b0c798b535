/* SPDX-License-Identifier: Apache-2.0 */
/* station.h — the sealed line box: takes what testers, MES and PCs of the site say, signs it with the
 * station's key, keeps it in a spool and brings it to the server, in sequence and once, also after
 * days without a line. Nothing is answered before it is on the disk. */
#ifndef STATION_STATION_H
#define STATION_STATION_H

#include "base/clock.h"
#include "client/client.h"

struct station_config {
	const char *folder;          /* DIR: spool/ inbox/ done/ wrong/ refused/ */
	struct client_config client; /* a machine: its key, and which log it writes to */
	const char *address;         /* where it listens; NULL: 127.0.0.1 */
	uint16_t port;               /* 0: any free one */
	/* PEM texts; NULL: no TLS, which loopback alone may do without. */
	const char *certificate_pem, *key_pem;
	/* What other hosts must show (Authorization: Bearer …); NULL: only this host is served. */
	const char *token;
	const struct clock *clock; /* NULL: the machine's */
	bool folders;              /* takes result files out of DIR/inbox */
	unsigned answer_ms;        /* how long a request waits for the server; 0: 2 s */
};

struct station;
/* Opens the spool, begins to listen and to deliver. What `config` points to must outlive it. */
MUST_CHECK err station_open(const struct station_config *config, struct station **out,
			    struct fault *f);
/* Ends at once: what waits is on the disk. NULL is fine. */
void station_close(struct station *s);
unsigned station_port(const struct station *s);

/* For people: what waits, what was refused, what the allowances say; from the folder alone. */
MUST_CHECK err station_status(const char *folder, json_t **out, struct fault *f);
/* Takes refusals that somebody has looked at off the list; 0: all. */
MUST_CHECK err station_seen(const char *folder, uint64_t counter, size_t *n, struct fault *f);

#endif
