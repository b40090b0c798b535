/* SPDX-License-Identifier: Apache-2.0 */
/* demo_stay.c — after the story the house stays open: people look, attack it and have it build more. */
#include "sim/demo_live.h"

#include "base/files.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* ---- what is said to whoever started it ---- */

static void say_trust(struct demo *d, FILE *to)
{
	if (d->options.http)
		return;
	fprintf(to,
		"The browser does not know this server's TLS certificate, for the house made it "
		"itself: %s\n"
		"Passkeys need that it is trusted, and the name localhost:\n"
		"  Chromium  certutil -d sql:$HOME/.pki/nssdb -A -t P,, -n sealwright-demo -i %s\n"
		"  Firefox   open the address once, and choose Advanced, Accept the Risk\n"
		"or begin again with --http: then nothing is to be trusted.\n",
		d->ca, d->ca);
}

/* A link for a browser, once, and how to get another. */
static err say_address(struct demo *d, struct fault *f)
{
	json_t *link = NULL;
	const char *who = demo_text(
		d, "--profile %s/profile --server %s --as quinn --key %s/people/quinn.key",
		d->state, d->people_url, d->options.folder);

	TRY(client_json(demo_actor(d, "quinn")->client, "POST", "/v1/links", NULL, &link, f));
	const char *path = json_string_value(json_object_get(link, "path"));
	/* With --json, standard output is for programs. */
	FILE *to = d->options.json ? stderr : stdout;
	fprintf(to,
		"\nThe server stays up at %s (machines: %s) until you press Ctrl-C.\n"
		"In a browser, as quinn of quality; this link works once, within 15 minutes:\n"
		"  %s%s\n",
		d->people_url, d->machines_url, d->people_url, path == NULL ? "" : path);
	say_trust(d, to);
	fprintf(to,
		"Another link, and the same in a terminal; others have their keys in %s/people, "
		"too:\n"
		"  sealwright sign-in-link %s\n"
		"  sealwright view unit.list %s\n",
		d->options.folder, who, who);
	fflush(to);
	json_decref(link);
	return ERR_OK;
}

/* ---- until it is told to end ---- */

static int block_signals(void)
{
	sigset_t both;

	sigemptyset(&both);
	sigaddset(&both, SIGTERM);
	sigaddset(&both, SIGINT);
	sigprocmask(SIG_BLOCK, &both, NULL);
	return signalfd(-1, &both, SFD_CLOEXEC);
}

static void answer_until_signal(struct demo_door *door, int signals)
{
	struct pollfd fds[] = {{.fd = signals, .events = POLLIN},
			       {.fd = demo_door_fd(door), .events = POLLIN}};

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		if (fds[0].revents != 0)
			return;
		if (fds[1].revents != 0)
			demo_door_answer(door);
	}
}

/* Enough parts and permission for whoever plays for a day. */
static err provide(struct demo *d, struct fault *f)
{
	snprintf(d->spare, sizeof d->spare, "BA-%u-LIVE", d->run);
	TRY(demo_authorize(d, d->spare, LIVE_UNITS, f));
	return demo_issue_spare(d, LIVE_UNITS, f);
}

err demo_stay(struct demo *d, struct fault *f)
{
	struct demo_live *live = NULL;
	struct demo_door *door = NULL;
	AUTO(fd_close) int signals = block_signals();

	d->options.quiet = true; /* what is done from here on is told through the door */
	TRY(demo_start(d, f));
	TRY(demo_sign_in(d, f));
	TRY(provide(d, f));
	TRY(demo_live_open(d, &live, f));
	err e = demo_door_open(demo_text(d, "%s/" DEMO_SOCKET, d->options.folder), live, &door, f);
	if (e.code == OK)
		e = say_address(d, f);
	if (e.code == OK)
		answer_until_signal(door, signals);
	demo_door_close(door);
	demo_live_close(live);
	return e;
}
