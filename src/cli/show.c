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

/* ---- what others wrote ---- */

/* How many bytes at `p` would move the cursor or turn the direction of writing: C0, DEL, C1, and
 * the marks of bidirectional text (UAX #9), which can make a line read as another. */
static size_t misleading(const unsigned char *p)
{
	if (p[0] < 0x20 || p[0] == 0x7f)
		return 1;
	if ((p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) || (p[0] == 0xd8 && p[1] == 0x9c))
		return 2;
	if (p[0] != 0xe2 || (p[1] != 0x80 && p[1] != 0x81))
		return 0;
	bool mark = p[1] == 0x80 ? p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xa8 && p[2] <= 0xae)
				 : p[2] >= 0xa6 && p[2] <= 0xa9;
	return mark ? 3 : 0;
}

/* Whoever wrote a record does not draw our screen. */
size_t cli_safe_text(const char *text, char *out, size_t cap)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n = 0;

	while (*p != '\0' && n + 16 < cap) {
		size_t bad = misleading(p);
		for (size_t i = 0; i < bad; i++)
			n += (size_t)snprintf(out + n, cap - n, "\\x%02x", p[i]);
		if (bad == 0)
			out[n++] = (char)*p;
		p += bad > 0 ? bad : 1;
	}
	out[n] = '\0';
	return (size_t)(p - (const unsigned char *)text);
}

/* Between words of ours, what somebody else wrote. */
static void put_others(FILE *to, const char *before, const char *text, const char *after)
{
	char safe[1024];

	fprintf(to, "%s", before);
	while (*text != '\0') {
		text += cli_safe_text(text, safe, sizeof safe);
		fprintf(to, "%s", safe);
	}
	fprintf(to, "%s", after);
}

void cli_others(struct bytes text)
{
	for (size_t at = 0; at < text.n;) {
		char raw[256], safe[1100];
		size_t n = text.n - at < sizeof raw - 1 ? text.n - at : sizeof raw - 1;

		/* Not in the middle of a character, which would hide what it is. */
		for (size_t i = 0;
		     i < 3 && n > 4 && at + n < text.n && (text.p[at + n] & 0xc0) == 0x80; i++)
			n--;
		memcpy(raw, text.p + at, n);
		raw[n] = '\0';
		cli_safe_text(raw, safe, sizeof safe);
		printf("%s", safe);
		at += n;
	}
}

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
	{
		put_others(stderr, "  ", member(one, "control"), ": expected ");
		put_others(stderr, "", member(one, "expected"), ", found ");
		put_others(stderr, "", member(one, "found"), "\n");
	}
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
		put_others(stderr, "sealwright: ", member(problem, "detail"), "\n");
		if (member(problem, "fix")[0] != '\0')
			put_others(stderr, "  fix: ", member(problem, "fix"), "\n");
		print_failures(json_object_get(problem, "failures"));
		return;
	}
	const struct message *message = f->message == NULL ? NULL : catalog_find(f->message);
	catalog_render(message == NULL ? "An unknown error." : message->text, f, text, sizeof text);
	put_others(stderr, "sealwright: ", text, "\n");
	if (message != NULL && message->fix[0] != '\0') {
		catalog_render(message->fix, f, text, sizeof text);
		put_others(stderr, "  fix: ", text, "\n");
	}
}

/* ---- times ---- */

void cli_time(uint64_t ms, char out[static 48])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm local;
	char offset[8] = "", text[32] = "";

	if (localtime_r(&seconds, &local) == NULL ||
	    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local) == 0 ||
	    strftime(offset, sizeof offset, "%z", &local) == 0)
		snprintf(text, sizeof text, "%" PRIu64 " ms", ms);
	snprintf(out, 48, "%s %.3s%s%s", text, offset, offset[0] == '\0' ? "" : ":",
		 offset[0] == '\0' ? "" : offset + 3);
}

/* ---- JSON and bodies ---- */

void cli_json(const json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	printf("\n");
}

static void print_value(const json_t *value, unsigned indent);

static void print_list(const json_t *list, unsigned indent)
{
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
	{
		printf("\n%*s%zu.", (int)indent, "", i + 1);
		print_value(one, indent + 4);
	}
	if (json_array_size(list) == 0)
		printf(" none");
}

static void print_value(const json_t *value, unsigned indent)
{
	if (json_is_object(value)) {
		cli_body(value, indent);
	} else if (json_is_array(value)) {
		print_list(value, indent);
	} else if (json_is_string(value)) {
		put_others(stdout, " ", json_string_value(value), "");
	} else {
		char *text = json_dumps(value, JSON_ENCODE_ANY);
		printf(" %s", text == NULL ? "?" : text);
		free(text);
	}
}

void cli_body(const json_t *body, unsigned indent)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)body, name, value)
	{
		printf("\n%*s%s:", (int)indent, "", name);
		print_value(value, indent + 4);
	}
	if (indent == 4)
		printf("\n");
}

/* ---- receipts ---- */

static void print_raised(const json_t *receipt)
{
	size_t i;
	json_t *one;

	json_array_foreach(json_object_get(receipt, "raised"), i, one)
	{
		put_others(stdout, "  raised ", member(one, "code"), ": ");
		put_others(stdout, "", member(one, "detail"), "\n");
	}
	const json_t *blocked = json_object_get(receipt, "blocked");
	if (blocked != NULL)
		put_others(stdout, "  the vote stands, but what it approves cannot take effect: ",
			   member(blocked, "detail"), "\n");
}

static const char *effect_of(const char *outcome)
{
	if (strcmp(outcome, "folded") == 0)
		return "it took effect";
	if (strcmp(outcome, "unverified") == 0)
		return "kept as an unverified report, without effect";
	return "kept as evidence: what it says could not take effect";
}

/* What the client has verified of it, and no more. */
static const char *standing(const struct cli *cli, const json_t *receipt)
{
	if (json_object_get(receipt, "proof") == NULL)
		return "its checkpoint is still to come";
	if (cli_flag(cli, "report"))
		return "receipt verified: an entry in the tree of a checkpoint that the log's key "
		       "signed; that it is this report, the server says";
	return "receipt verified: the entry with this very record is in the tree of a checkpoint "
	       "that the log's key signed";
}

void cli_receipt(struct cli *cli, const json_t *receipt)
{
	const char *outcome = member(receipt, "outcome");

	if (cli->json) {
		cli_json(receipt);
		return;
	}
	printf("Recorded as %" JSON_INTEGER_FORMAT,
	       json_integer_value(json_object_get(receipt, "sequence")));
	put_others(stdout, " at ", member(receipt, "at"),
		   json_is_true(json_object_get(receipt, "repeated")) ? " (it was there already)\n"
								      : "\n");
	put_others(stdout, "  digest ", member(receipt, "digest"), "\n");
	if (strcmp(outcome, "pending") == 0)
		put_others(stdout, "  waits for approval: sealwright approve ",
			   member(receipt, "digest"), "\n");
	else if (strcmp(outcome, "executes") == 0)
		printf("  with it, record %" JSON_INTEGER_FORMAT " takes effect\n",
		       json_integer_value(json_object_get(receipt, "executes")));
	else
		printf("  %s\n", effect_of(outcome));
	print_raised(receipt);
	printf("  %s\n", standing(cli, receipt));
}

/* ---- questions ---- */

err cli_confirm(const struct cli *cli, const char *question, struct fault *f)
{
	char answer[16] = "";

	if (cli_flag(cli, "yes"))
		return ERR_OK;
	if (!isatty(STDIN_FILENO))
		return fail(f, "CLI_NOBODY_TO_ASK", NULL);
	printf("%s [yes/no] ", question);
	fflush(stdout);
	if (fgets(answer, sizeof answer, stdin) == NULL || strcmp(answer, "yes\n") != 0)
		return fail(f, "CLI_NOT_CONFIRMED", NULL);
	return ERR_OK;
}
