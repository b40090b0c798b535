/* SPDX-License-Identifier: Apache-2.0 */
/* witness_site.c — one checkpoint and one witness (C2SP tlog-witness, add-checkpoint). */
#include "server/witnessing_internal.h"

#include <inttypes.h>
#include <stdio.h>

enum { ANSWER_MAX = 65536, TIMEOUT_S = 5, ASKS_MAX = 3 };

static err open_site(struct witnessing *w, struct witness_site *site, struct fault *f)
{
	const struct client_config config = {
		.server = site->setting->url, .ca = w->config.witness_ca, .timeout_s = TIMEOUT_S};

	return site->client != NULL ? ERR_OK : client_open(&config, &site->client, f);
}

static err refused(const struct witness_site *site, int status, struct bytes said, struct fault *f)
{
	char number[16], text[120];
	size_t n = said.n < sizeof text - 1 ? said.n : sizeof text - 1;

	for (size_t i = 0; i < n; i++)
		text[i] = said.p[i] >= 0x20 && said.p[i] < 0x7F ? (char)said.p[i] : ' ';
	text[n] = '\0';
	snprintf(number, sizeof number, "%d", status);
	return fail(f, "SERVER_WITNESS_REFUSED", "witness", site->setting->key.name, "status",
		    number, "why", text, NULL);
}

static err ahead(const struct witness_site *site, struct merkle_head head, struct fault *f)
{
	char theirs[24], ours[24];

	snprintf(theirs, sizeof theirs, "%" PRIu64, site->known);
	snprintf(ours, sizeof ours, "%" PRIu64, head.size);
	return fail(f, "SERVER_WITNESS_AHEAD", "witness", site->setting->key.name, "known", theirs,
		    "size", ours, NULL);
}

/* One request, from the size that the witness is believed to have. */
static err ask(struct witnessing *w, struct witness_site *site, struct bytes note,
	       struct merkle_head head, struct arena *a, struct writer *cosigned,
	       enum witness_answer *answer, struct fault *f)
{
	struct hash path[2 * MERKLE_DEPTH_MAX];
	uint8_t *buffer = arena_alloc(a, WITNESS_BODY_MAX);
	struct writer out = writer_of(buffer, buffer == NULL ? 0 : WITNESS_BODY_MAX);
	struct bytes body, reply;
	int status = 0;
	size_t n = 0;

	if (site->known > 0 && site->known < head.size)
		TRY(ledger_consistency(w->ledger, site->known, head.size, path, &n, f));
	witness_request_put(&out, site->known, path, n, note);
	if (!writer_done(&out, &body))
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(open_site(w, site, f));
	TRY(client_raw(site->client, a, "POST", "/add-checkpoint", "text/plain", body, ANSWER_MAX,
		       &status, &reply, f));
	*answer = witness_answer_read((unsigned)status, reply, note, &site->setting->key,
				      ed25519_verify, cosigned, &site->known);
	return *answer == WITNESS_REFUSED ? refused(site, status, reply, f) : ERR_OK;
}

err witness_bring(struct witnessing *w, struct witness_site *site, struct bytes note,
		  struct merkle_head head, struct arena *a, struct bytes *cosigned, struct fault *f)
{
	enum witness_answer answer = WITNESS_STALE;

	/* Another server of this log may move the witness between two asks. */
	for (unsigned i = 0; i < ASKS_MAX && answer == WITNESS_STALE; i++) {
		uint8_t *buffer = arena_alloc(a, 2 * NOTE_SIZE_MAX);
		struct writer out = writer_of(buffer, buffer == NULL ? 0 : 2 * NOTE_SIZE_MAX);

		if (site->known > head.size)
			break;
		TRY(ask(w, site, note, head, a, &out, &answer, f));
		if (answer == WITNESS_COSIGNED && !writer_done(&out, cosigned))
			return fail(f, "OUT_OF_MEMORY", NULL);
	}
	if (answer != WITNESS_COSIGNED)
		return ahead(site, head, f);
	site->known = head.size;
	return ERR_OK;
}
