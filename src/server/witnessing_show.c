/* SPDX-License-Identifier: Apache-2.0 */
/* witnessing_show.c — what others see of the witnesses. */
#include "base/catalog.h"
#include "server/doctor.h"
#include "server/witnessing_internal.h"

#include <inttypes.h>
#include <stdio.h>

uint64_t witnessing_head(struct witnessing *w, uint64_t certified)
{
	if (w == NULL)
		return certified;
	(void)pthread_mutex_lock(&w->lock);
	uint64_t size = w->evidence_head;
	(void)pthread_mutex_unlock(&w->lock);
	return size > 0 && size < certified ? size : certified;
}

static uint64_t behind(const struct witness_site *site, uint64_t certified)
{
	return certified > site->shown.size ? certified - site->shown.size : 0;
}

json_t *witnessing_json(struct witnessing *w, uint64_t certified)
{
	char text[512];

	if (w == NULL)
		return NULL;
	json_t *all = json_array();
	(void)pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->config.witnesses_n; i++) {
		const struct witness_site *site = &w->sites[i];
		json_t *one = json_pack("{s:s, s:I, s:I}", "witness", site->setting->key.name,
					"size", (json_int_t)site->shown.size, "behind",
					(json_int_t)behind(site, certified));

		if (site->shown.problem.message != NULL) {
			fault_text(&site->shown.problem, text, sizeof text);
			json_object_set_new(one, "problem", json_string(text));
		}
		json_array_append_new(all, one);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return all;
}

static void check_site(const struct witness_site *site, uint64_t certified, uint64_t now_ms,
		       json_t *checks)
{
	const char *name = site->setting->key.name;
	uint64_t at = site->shown.at_ms;
	char why[512] = "it was not asked yet";

	if (site->shown.problem.message != NULL)
		fault_text(&site->shown.problem, why, sizeof why);
	if (site->shown.problem.message != NULL || at == 0)
		check_say(checks, CHECK_WARN, "DOCTOR_WITNESS_BEHIND", "witness", name, "behind",
			  check_number((int64_t)behind(site, certified)).text, "why", why, NULL);
	else
		check_say(checks, CHECK_OK, "DOCTOR_WITNESS", "witness", name, "size",
			  check_number((int64_t)site->shown.size).text, "seconds",
			  check_number(now_ms > at ? (int64_t)((now_ms - at) / 1000) : 0).text,
			  NULL);
}

void witnessing_check(struct witnessing *w, uint64_t certified, uint64_t now_ms, json_t *checks)
{
	if (w == NULL) {
		check_say(checks, CHECK_WARN, "DOCTOR_WITNESS_NONE", NULL);
		return;
	}
	(void)pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->config.witnesses_n; i++)
		check_site(&w->sites[i], certified, now_ms, checks);
	(void)pthread_mutex_unlock(&w->lock);
}

static void put_rows(struct witnessing *w, uint64_t certified, const char *name, bool failures,
		     struct writer *out)
{
	char line[NOTE_NAME_MAX + 128];

	for (size_t i = 0; i < w->config.witnesses_n; i++) {
		const struct witness_site *site = &w->sites[i];

		snprintf(line, sizeof line, "%s{witness=\"%s\"} %" PRIu64 "\n", name,
			 site->setting->key.name,
			 failures ? site->shown.failures : behind(site, certified));
		put_text(out, line);
	}
}

void witnessing_put_metrics(struct witnessing *w, uint64_t certified, struct writer *out)
{
	if (w == NULL)
		return;
	(void)pthread_mutex_lock(&w->lock);
	put_text(out, "# TYPE sealwright_witness_behind gauge\n"
		      "# HELP sealwright_witness_behind Entries that this witness has not "
		      "cosigned.\n");
	put_rows(w, certified, "sealwright_witness_behind", false, out);
	put_text(out, "# TYPE sealwright_witness_failures counter\n"
		      "# HELP sealwright_witness_failures Times that this witness could not be "
		      "asked, or refused.\n");
	put_rows(w, certified, "sealwright_witness_failures_total", true, out);
	(void)pthread_mutex_unlock(&w->lock);
}
