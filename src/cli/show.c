/* SPDX-License-Identifier: Apache-2.0 */
/* show.c — what people read: problems, records, receipts. */
#include "cli/cli.h"

#include "base/catalog.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- problems ---- */

static const char *member(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text == NULL ? "" : text;
}

static void print_failures(const json_t *failures)
{
	size_t i;
	json_t *one;

	json_array_foreach(failures, i, one)
		fprintf(stderr, "  %s: expected %s, found %s\n", member(one, "control"),
			member(one, "expected"), member(one, "found"));
}

void cli_problem(const struct cli *cli, const struct fault *f)
{
	const json_t *problem = cli->client == NULL ? NULL : client_problem(cli->client);
	char text[2048];

	if (cli->json && problem != NULL) {
		json_dumpf(problem, stderr, JSON_INDENT(2));
		fprintf(stderr, "\n");
		return;
	}
	if (problem != NULL && member(problem, "detail")[0] != '\0') {
		fprintf(stderr, "sealwright: %s\n", member(problem, "detail"));
		if (member(problem, "fix")[0] != '\0')
			fprintf(stderr, "  fix: %s\n", member(problem, "fix"));
		print_failures(json_object_get(problem, "failures"));
		return;
	}
	const struct message *message = f->message == NULL ? NULL : catalog_find(f->message);
	catalog_render(message == NULL ? "An unknown error." : message->text, f, text, sizeof text);
	fprintf(stderr, "sealwright: %s\n", text);
	if (message != NULL && message->fix[0] != '\0') {
		catalog_render(message->fix, f, text, sizeof text);
		fprintf(stderr, "  fix: %s\n", text);
	}
}
