/* SPDX-License-Identifier: Apache-2.0 */
/* proxy.h — a proxy as companies have them: HTTP CONNECT with a name and a password, slow, and cutting
 * connections whenever it likes. In threads of the test's own process. */
#ifndef TESTS_STATION_PROXY_H
#define TESTS_STATION_PROXY_H

#include <stdatomic.h>
#include <stdbool.h>

#define PROXY_CREDENTIALS "box:opens sesame"

struct proxy {
	int fd;
	int end_fd; /* readable once the proxy ends */
	unsigned port;
	_Atomic unsigned delay_ms;  /* each way, each time */
	_Atomic unsigned cut_every; /* one of so many pieces ends the connection; 0: none */
	_Atomic bool cut;           /* nobody gets through */
	_Atomic unsigned passed, refused, cuts, lines; /* lines: open connections */
	_Atomic unsigned random;
	_Atomic bool ending;
	unsigned long thread;
};

/* Always the same with the same seed. */
void proxy_open(struct proxy *p, unsigned seed);
void proxy_close(struct proxy *p);

#endif
