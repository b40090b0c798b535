/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/demo_internal.h"

#include "base/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static err story(struct demo *d, struct fault *f)
{
	TRY(demo_open(d, f));
	TRY(demo_start(d, f));
	TRY(demo_people(d, f));
	TRY(demo_read_bom(d, f));
	TRY(demo_supply(d, f));
	TRY(demo_release(d, f));
	TRY(demo_build(d, f));
	TRY(demo_ship(d, f));
	TRY(demo_first_start(d, f));
	TRY(demo_recall(d, f));
	TRY(demo_attacks(d, f));
	TRY(demo_close(d, f));
	TRY(demo_fetch_passports(d, f));
	demo_stop(d);
	TRY(demo_verify_passports(d, f));
	return demo_attack_store(d, f);
}

static void demo_done(struct demo *d)
{
	demo_stop(d);
	for (size_t i = 0; i < d->units_n; i++)
		device_close(d->units[i]);
	for (size_t i = 0; i < d->actors_n; i++)
		private_key_close(d->actors[i].key);
	registry_free(d->registry);
	arena_done(&d->arena);
	free(d);
}

/* ---- staying up ---- */

static void block_signals(sigset_t *both)
{
	sigemptyset(both);
	sigaddset(both, SIGTERM);
	sigaddset(both, SIGINT);
	sigprocmask(SIG_BLOCK, both, NULL);
}

static void say_address(const struct demo *d)
{
	printf("\nThe server stays up at %s (machines: %s) until you press Ctrl-C.\n"
	       "  sealwright view unit.list --profile %s/profile --server %s --as quinn --key "
	       "%s/people/quinn.key\n",
	       d->people_url, d->machines_url, d->state, d->people_url, d->options.folder);
	fflush(stdout);
}

static err stay(struct demo *d, struct fault *f)
{
	sigset_t both;
	int signal_n;

	block_signals(&both);
	TRY(demo_start(d, f));
	say_address(d);
	sigwait(&both, &signal_n);
	return ERR_OK;
}

static void summary(const struct demo *d)
{
	printf("\n%llu records in %.1f s, ", (unsigned long long)d->records,
	       (double)(clock_steady_ms(&clock_system) - d->started_ms) / 1000.0);
	if (d->verified == d->records)
		printf("every receipt verified\n");
	else
		printf("%llu receipts verified\n", (unsigned long long)d->verified);
	printf("%zu of %u units commissioned\n", d->commissioned, d->options.units);
	printf("%zu of %zu attacks stopped\n", d->stopped, demo_attacks_n());
	fflush(stdout);
}

err demo_run(const struct demo_options *options, bool *good, struct fault *f)
{
	struct demo *d = calloc(1, sizeof *d);

	*good = false;
	if (d == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	d->options = *options;
	d->arena.limit = (size_t)256 << 20;
	d->started_ms = clock_steady_ms(&clock_system);
	err e = story(d, f);
	summary(d);
	*good = e.code == OK && d->commissioned == options->units &&
		d->passports == options->units && d->verified == d->records &&
		d->stopped == demo_attacks_n();
	if (e.code == OK && !options->once)
		e = stay(d, f);
	demo_done(d);
	return e;
}
