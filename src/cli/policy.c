/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c — the list of controls, and what a policy would have held. */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/files.h"
#include "domain/policy/controls.h"
#include "record/replay.h"
#include "server/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const struct area *const AREAS[];
enum { DRAFT_SIZE_MAX = 1 << 20 };

/* ---- the list ---- */

static const char *force_name(const struct known_control *c)
{
	if (c->gates[0] == '\0')
		return "nothing yet";
	return c->always ? "always" : c->built_in ? "built in" : "when adopted";
}

static json_t *control_row(const struct known_control *c)
{
	char parameter[128] = "";

	if (c->parameter.name != NULL)
		snprintf(parameter, sizeof parameter, "%s %" PRId64 " (%" PRId64 "–%" PRId64 ")",
			 c->parameter.name, c->parameter.standard, c->parameter.least,
			 c->parameter.most);
	size_t n = strlen(c->gates);
	return json_pack("{s:s, s:s, s:s%, s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:s, s:s}", "control",
			 c->id, "judges", force_name(c), "gates", n > 2 ? c->gates + 1 : "",
			 n > 2 ? n - 2 : (size_t)0, "title", c->title, "stage", c->stage,
			 "rests_on", evidence_name(c->evidence), "takes_evidence", c->by_evidence,
			 "number", parameter, "nist", c->nist, "iec62443", c->iec62443, "cra",
			 c->cra, "iso20243", c->ottps);
}

static json_t *shown_columns(bool all)
{
	json_t *columns = json_pack("[s, s, s, s]", "control", "judges", "gates", "title");

	for (size_t i = 0; all && i < 8; i++) {
		static const char *const more[] = {"stage",  "rests_on", "takes_evidence",
						   "number", "nist",     "iec62443",
						   "cra",    "iso20243"};
		json_array_append_new(columns, json_string(more[i]));
	}
	return columns;
}

err command_policy_controls(struct cli *cli, struct fault *f)
{
	json_t *rows = json_array();

	for (const struct known_control *c = CONTROLS; c->id != NULL; c++)
		json_array_append_new(rows, control_row(c));
	json_t *page = json_pack("{s:i, s:o, s:o}", "version", CONTROLS_VERSION, "columns",
				 shown_columns(cli->json || cli_flag(cli, "all")), "rows", rows);
	if (page == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	err result = cli_table(cli, page, f);
	json_decref(page);
	return result;
}

/* ---- the replay ---- */

struct printing {
	const struct cli *cli;
	json_t *held; /* --json */
	uint64_t n;
};

static void hear(void *context, const struct replay_held *h)
{
	struct printing *p = context;
	char at[48], within[256], id[256], expected[256], found[256];

	p->n++;
	if (p->held != NULL) {
		char time[TIME_TEXT_SIZE];
		time_text(h->at, time);
		json_array_append_new(
			p->held, json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
					   "sequence", (json_int_t)h->sequence, "at", time, "gate",
					   h->gate, "kind", h->kind, "within", h->within, "id",
					   h->id, "through", h->through, "control", h->control,
					   "expected", h->expected, "found", h->found));
		return;
	}
	cli_time(h->at, at);
	cli_safe_text(h->within, within, sizeof within);
	cli_safe_text(h->id, id, sizeof id);
	cli_safe_text(h->expected, expected, sizeof expected);
	cli_safe_text(h->found, found, sizeof found);
	printf("%s  %s %s%s%s at gate %s%s%s: %s expected %s, found %s (entry %" PRIu64 ")\n", at,
	       h->kind, within, within[0] != '\0' ? " " : "", id, h->gate,
	       h->through[0] != '\0' ? " in " : "", h->through, h->control, expected, found,
	       h->sequence);
}

static void progress(void *context, uint64_t done, uint64_t total)
{
	(void)context;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 "%s", done, total,
			done == total ? "\n" : "");
}

/* `30d`, `12h`, or a time. */
static err read_since(struct cli *cli, uint64_t *out, struct fault *f)
{
	const char *text = cli_option(cli, "since");
	char *end;

	if (text == NULL)
		text = "90d";
	if (time_parse(bytes_text(text), out))
		return ERR_OK;
	unsigned long long n = text[0] >= '0' && text[0] <= '9' ? strtoull(text, &end, 10) : 0;
	if (n == 0 || n > 100000 || (strcmp(end, "d") != 0 && strcmp(end, "h") != 0))
		return fail(f, "POLICY_SINCE_WRONG", "text", text, NULL);
	uint64_t ms = n * 3600000 * (end[0] == 'd' ? 24 : 1), now = clock_wall_ms(&clock_system);
	*out = now > ms ? now - ms : 0;
	return ERR_OK;
}

static err read_draft(struct cli *cli, json_t **out, struct fault *f)
{
	const char *path = cli_option(cli, "draft");
	struct bytes text;
	json_error_t why;

	*out = NULL;
	if (path == NULL)
		return ERR_OK;
	TRY(file_read(&cli->arena, path, DRAFT_SIZE_MAX, &text, f));
	*out = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &why);
	return *out != NULL ? ERR_OK : fail(f, "POLICY_DRAFT_NO_JSON", "detail", why.text, NULL);
}

static void print_end(const struct printing *p, const struct replay_report *r, bool draft)
{
	if (p->held != NULL) {
		json_t *json = json_pack("{s:I, s:I, s:I, s:O}", "entries", (json_int_t)r->entries,
					 "passages", (json_int_t)r->passages, "things",
					 (json_int_t)r->things, "held", p->held);
		cli_json(json);
		json_decref(json);
		return;
	}
	printf("%" PRIu64 " entries replayed, %" PRIu64 " passages of gates asked again: %s would "
	       "have held %" PRIu64 " different things\n",
	       r->entries, r->passages, draft ? "the draft" : "the policy of its time", r->things);
}

static err replay(struct cli *cli, const struct server_config *config, const json_t *draft,
		  struct fault *f)
{
	struct printing printing = {.cli = cli, .held = cli->json ? json_array() : NULL};
	struct engine_config engine = {.store = config->store,
				       .origin = config->origin,
				       .areas = AREAS,
				       .clock = &clock_system};
	struct replay_options options = {.draft = draft,
					 .scratch = getenv("TMPDIR"),
					 .found = hear,
					 .progress = progress,
					 .context = &printing};
	struct replay_report report;

	err result = read_since(cli, &options.since_ms, f);
	if (result.code == OK)
		result = policy_replay(&engine, &options, &report, f);
	if (result.code == OK)
		print_end(&printing, &report, draft != NULL);
	json_decref(printing.held);
	return result;
}

err command_policy_replay(struct cli *cli, struct fault *f)
{
	struct server_config *config = arena_alloc(&cli->arena, sizeof *config);
	json_t *draft;

	if (config == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(config_read(cli->words[0], config, f));
	TRY(read_draft(cli, &draft, f));
	err result = replay(cli, config, draft, f);
	json_decref(draft);
	return result;
}
