/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/demo.h"

#include "cli/cli.h"

enum { UNITS_DEFAULT = 25, UNITS_MAX = 100000, SEED_DEFAULT = 1 };
enum { PACE_DEFAULT_MS = 300, PACE_MAX_MS = 60000 };

err command_demo(struct cli *cli, struct fault *f)
{
	const char *port = cli_option(cli, "port");
	struct demo_options options = {.folder = cli_option(cli, "state"),
				       .bom = cli_option(cli, "bom"),
				       .image = cli_option(cli, "image"),
				       .sbom = cli_option(cli, "sbom"),
				       .take_home = cli_option(cli, "take-home"),
				       .report = cli_option(cli, "report"),
				       .json = cli->json,
				       .http = cli_flag(cli, "http"),
				       .once = cli_flag(cli, "once"),
				       .fresh = cli_flag(cli, "fresh"),
				       .quiet = cli_flag(cli, "quiet")};
	uint64_t units, number;

	TRY(cli_number(cli, "units", UNITS_DEFAULT, UNITS_MAX, &units, f));
	TRY(cli_number(cli, "seed", SEED_DEFAULT, INT64_MAX, &options.seed, f));
	TRY(cli_number(cli, "port", 0, 65534, &number, f));
	TRY(cli_number(cli, "pace", PACE_DEFAULT_MS, PACE_MAX_MS, &options.pace_ms, f));
	if (units == 0)
		return fail(f, "CLI_NUMBER_WRONG", "option", "units", "value", "0", NULL);
	options.units = (unsigned)units;
	options.port = port != NULL ? port : options.once ? "0" : "8443";
	if (options.folder == NULL)
		options.folder = "state-demo";
	return demo_run(&options, &cli->verified, f);
}
