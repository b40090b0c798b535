/* SPDX-License-Identifier: Apache-2.0 */
/* demo_bench.c — the whole main job, as `sealwright demo` plays it: how long it takes, and how much
 * of that a unit. The limit is what its records cost at least: an fsync, and signing and verifying
 * at both ends, one after the other. usage: demo_bench FOLDER [UNITS] */
#include "bench.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { UNITS_DEFAULT = 25, UNITS_MANY = 1000, PATH_SIZE = 4096 };

static void run(const char *folder, const char *report, const char *units)
{
	char state[PATH_SIZE];

	snprintf(state, sizeof state, "%s/%s", folder, units);
	pid_t child = fork();
	if (child == 0) {
		int out = open("/dev/null", O_WRONLY);
		if (out < 0 || dup2(out, STDOUT_FILENO) < 0)
			_exit(1);
		execl(SEALWRIGHT, SEALWRIGHT, "demo", "--once", "--quiet", "--state", state,
		      "--units", units, "--report", report, "--bom", BOM, (char *)NULL);
		_exit(127);
	}
	int status = 1;
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
		fprintf(stderr, "demo_bench: the demo with %s units did not end well\n", units);
		exit(1);
	}
}

static void measure(const char *folder, size_t n, double least_s)
{
	char units[24], report[PATH_SIZE], variant[32];

	snprintf(units, sizeof units, "%zu", n);
	snprintf(report, sizeof report, "%s/report-%s.json", folder, units);
	double began = bench_now_s();
	run(folder, report, units);
	double spent = bench_now_s() - began;
	json_t *json = json_load_file(report, 0, NULL);
	double records = (double)json_integer_value(json_object_get(json, "records"));
	json_decref(json);
	snprintf(variant, sizeof variant, "sqlite-%zu", n);
	bench_line("M2", variant, (uint64_t)records, spent, "s", records * least_s,
		   "records*(fsync+sign+verify)");
}

int main(int argc, char **argv)
{
	const char *folder = argc > 1 ? argv[1] : ".";
	size_t many = argc > 2 ? strtoul(argv[2], NULL, 10) : UNITS_MANY;
	double fsync_rate = bench_fsync_rate(folder, 4096), sign = bench_sign_rate(),
	       verify = bench_verify_rate();

	if (fsync_rate <= 0 || sign <= 0 || verify <= 0)
		return 1;
	double least_s = 1 / fsync_rate + 2 / sign + 2 / verify;
	measure(folder, UNITS_DEFAULT, least_s);
	measure(folder, many > UNITS_DEFAULT && many < UNITS_MANY ? many : UNITS_MANY, least_s);
	return 0;
}
