/* SPDX-License-Identifier: Apache-2.0 */
/* table.c — every command. */
#include "cli/cli.h"

static const struct option_row INIT_OPTIONS[] = {
	{"origin", "NAME", "name of the evidence log, for ever; like acme.example/log"},
	{"founder", "ID=FILE", "a founder and the file of the public key; say it two times or more"},
	{"mode", "MODE", "founded, bootstrap or trial"},
	{"port", "N", "of the people port; machines get the next one"},
	{"store", "ADDRESS", "another database: sqlite:PATH or postgresql://…"},
	{0},
};
static const struct option_row CHILD_OPTIONS[] = {
	{"ready-fd", "N", "descriptor to write to when it serves; it then ends with its parent"},
	{0},
};
static const struct option_row SERVE_OPTIONS[] = {
	{"no-signer", NULL, "the signer is started by somebody else"},
	{"port", "N", "another people port; 0: any free ones"},
	{"ready-fd", "N", "descriptor to write the ports to; it then ends with its parent"},
	{0},
};
static const struct option_row DEMO_OPTIONS[] = {
	{"state", "DIR", "where the demo keeps its state"},
	{"once", NULL, "tell the story, verify it, and end"},
	{"fresh", NULL, "forget the state of an earlier run"},
	{"bom", "FILE", "bill of material as CSV (default: examples/bom.csv)"},
	{"image", "FILE", "firmware (default: this very program)"},
	{"units", "N", "how many units to build (default: 5)"},
	{"port", "N", "of the people port"},
	{"quiet", NULL, "only the summary"},
	{0},
};
const struct command COMMANDS[] = {
	{"init", "DIR", "Founds a house: its keys, its settings, its log and the first record.",
	 INIT_OPTIONS, 1, 1, command_init, NULL},
	{"signer", "DIR", "Runs the signer, the process that holds the keys.", CHILD_OPTIONS, 1, 1,
	 command_signer, NULL},
	{"serve", "DIR", "Runs the server, and the signer beside it unless one runs already.",
	 SERVE_OPTIONS, 1, 1, command_serve, NULL},
	{"demo", "", "Tells the whole story on real input, then attacks it.", DEMO_OPTIONS, 0, 0,
	 command_demo, NULL},
	{"help", "", "Lists the commands.", NULL, 0, 0, command_help, NULL},
	{"completion", "", "Lists commands and options, one command a line, for a shell.", NULL, 0,
	 0, command_completion, NULL},
	{0},
};
