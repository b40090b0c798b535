/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.h — what the two halves of `doctor` share: the server's, and the state folder's. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "cli/cli.h"

enum doctor_verdict { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL, DOCTOR_VERDICTS };

struct doctor {
	struct cli *cli;
	struct client *client;
	json_t *list;   /* with --json */
	json_t *server; /* what GET /v1/doctor said; NULL: it was not asked, or did not say */
	bool known;     /* somebody signs in */
	unsigned said[DOCTOR_VERDICTS];
};

void doctor_say(struct doctor *d, enum doctor_verdict verdict, const char *fix, const char *format,
		...) __attribute__((format(printf, 4, 5)));
MUST_CHECK err doctor_folder(struct doctor *d, const char *folder, struct fault *f);
/* Prints checks of server/doctor.h. */
void doctor_show(struct doctor *d, const json_t *checks);
/* True if the server of this log has said what it can of itself: then nobody says it again. */
bool doctor_server_said(const struct doctor *d, const char *origin);

/* Whether somebody listens on a Unix socket: the signer, and so perhaps a server. */
bool signer_listens(const char *path);

#endif
