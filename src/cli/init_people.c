/* SPDX-License-Identifier: Apache-2.0 */
/* init_people.c — who founds the house: founders agree, authors ask, the recovery set stands by. */
#include "cli/people.h"

#include <string.h>

static err read_holders(struct cli *cli, const char *option, struct charter_holder *out, size_t *n,
			struct fault *f)
{
	const char *said;

	for (*n = 0; (said = cli_option_at(cli, option, *n)) != NULL; (*n)++) {
		if (*n == FOUNDING_MAX)
			return fail(f, "FOUNDING_TOO_MANY", "option", option, NULL);
		TRY(holder_read(&cli->arena, said, &out[*n], f));
	}
	return ERR_OK;
}

static err read_mode(const struct cli *cli, size_t founders_n, enum charter_mode *out,
		     struct fault *f)
{
	static const char *const MODES[] = {"founded", "bootstrap", "trial"};
	const char *said = cli_option(cli, "mode");

	*out = founders_n < 2 ? CHARTER_BOOTSTRAP : CHARTER_FOUNDED;
	for (unsigned i = 0; said != NULL && i < 3; i++)
		if (strcmp(said, MODES[i]) == 0) {
			*out = (enum charter_mode)i;
			return ERR_OK;
		}
	return said == NULL ? ERR_OK : fail(f, "FOUNDING_MODE_UNKNOWN", "mode", said, NULL);
}

/* A trial is looked at on the machine where it runs. */
static err read_web(struct cli *cli, struct founding_people *out, struct fault *f)
{
	uint64_t port;

	out->relying_party = cli_option(cli, "relying-party");
	out->web_origin = cli_option(cli, "web-origin");
	TRY(cli_number(cli, "port", 8443, 65534, &port, f));
	if (out->mode != CHARTER_TRIAL || out->relying_party != NULL || out->web_origin != NULL ||
	    port == 0)
		return ERR_OK;
	out->relying_party = "localhost";
	out->web_origin = arena_printf(&cli->arena, "https://localhost:%u", (unsigned)port);
	return out->web_origin != NULL ? ERR_OK : fail(f, "OUT_OF_MEMORY", NULL);
}

err founding_people_read(struct cli *cli, const char *origin, struct founding_people *out,
			 struct fault *f)
{
	uint64_t recovery_need, need;

	TRY(read_holders(cli, "founder", out->founders, &out->founders_n, f));
	TRY(read_holders(cli, "author", out->authors, &out->authors_n, f));
	TRY(read_holders(cli, "recovery", out->recovery, &out->recovery_n, f));
	if (out->founders_n == 0)
		return fail(f, "FOUNDER_MISSING", NULL);
	TRY(read_mode(cli, out->founders_n, &out->mode, f));
	TRY(cli_number(cli, "recovery-need", 0, FOUNDING_MAX, &recovery_need, f));
	TRY(cli_number(cli, "need", 0, FOUNDING_MAX, &need, f));
	TRY(read_web(cli, out, f));
	struct charter_founding founding = {.origin = origin,
					    .mode = out->mode,
					    .relying_party = out->relying_party,
					    .web_origins = &out->web_origin,
					    .web_origins_n = out->web_origin != NULL,
					    .founders = out->founders,
					    .founders_n = out->founders_n,
					    .authors = out->authors,
					    .authors_n = out->authors_n,
					    .recovery = out->recovery,
					    .recovery_n = out->recovery_n,
					    .recovery_need = (unsigned)recovery_need,
					    .need = (unsigned)need};
	return charter_found(&founding, &cli->arena, &out->charter, f);
}
