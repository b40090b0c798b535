/* SPDX-License-Identifier: Apache-2.0 */
/* demo_people.c — who works here: everybody has a key of their own and may do their own part. */
#include "sim/demo_internal.h"

#include "base/files.h"
#include "client/key_file.h"
#include "domain/access/access_area.h"

#include <stdio.h>
#include <string.h>

/* A person's part of the work, everywhere or at one site. */
#define PERSON(name, work, place, words)                                                        \
	{                                                                                       \
		.id = name, .kind = "person", .what = work, .site = place, .permissions = words \
	}

/* What the pages are made of that everybody in an office opens. */
#define LOOKS                                                                                \
	"ledger.read identity.read approval.read policy.read nonconformance.read sbom.read " \
	"reference.read"

static const struct demo_job JOBS[] = {
	PERSON("erin", "engineering", NULL,
	       "line.define part.write part.approve firmware.release line.authorize line.close "
	       "blob.write blob.read line.read part.read firmware.read test.read "
	       "test.define reference.write " LOOKS),
	/* The charter lets the two ask the signer: for firmware, and for builds. */
	PERSON("fred", "firmware engineering", NULL,
	       "firmware.release firmware.withdraw firmware.read line.read blob.write blob.read "
	       "sbom.check test.read " LOOKS),
	PERSON("paul", "purchasing", NULL,
	       "supplier.write supplier.approve supplier.read blob.write conformance.link"),
	PERSON("wim", "factory warehouse", FACTORY,
	       "part.receive part.issue part.read custody.write custody.issue custody.read"),
	PERSON("sara", "factory shipping", FACTORY,
	       "custody.write custody.check custody.ship custody.read line.scrap blob.write"),
	PERSON("carl", "freight carrier", NULL, "custody.ship custody.receive"),
	PERSON("rita", "receiving", WAREHOUSE, "custody.check custody.receive custody.read"),
	PERSON("quinn", "quality", NULL,
	       "recall.read recall.hold recall.lift recall.dispose attestation.read custody.read "
	       "part.read line.read firmware.read passport.read blob.read blob.write gate.ask "
	       "test.read sbom.check supplier.read " LOOKS),
	{.id = OPERATOR,
	 .kind = "person",
	 .what = "operator at the line",
	 .station = STATION,
	 .permissions = "line.shift line.build line.concern test.record firmware.program "
			"identity.request gate.ask",
	 .anywhere = "line.read identity.read test.read part.read firmware.read recall.read"},
	PERSON("hanna", "head of the warehouse", WAREHOUSE, "custody.define custody.read"),
	{.id = STATION,
	 .kind = "station",
	 .what = "station",
	 .station = STATION,
	 .permissions = "line.build identity.request firmware.program test.record",
	 .anywhere = "blob.read"},
};
enum { DAY_MS = 24 * 3600 * 1000 };
enum { JOBS_N = sizeof JOBS / sizeof JOBS[0] };

/* ---- keys ---- */

static err open_client(struct demo *d, struct actor *a, struct fault *f)
{
	struct client_config config = {.server = a->machine ? d->machines_url : d->people_url,
				       .ca = d->ca,
				       .origin = d->log.name,
				       .log = &d->log,
				       .registry = d->registry,
				       .principal = a->id,
				       .key = a->key,
				       .machine = a->machine,
				       .key_file = a->key_file};

	return client_open(&config, &a->client, f);
}

static err add_actor(struct demo *d, const char *id, bool machine, bool *made, struct fault *f)
{
	struct actor *a = demo_actor(d, id);

	if (a == NULL && d->actors_n == ACTORS_MAX)
		return fail(f, "DEMO_NOBODY", "principal", id, NULL);
	if (a == NULL) {
		a = &d->actors[d->actors_n++];
		*a = (struct actor){.id = id, .machine = machine};
		snprintf(a->key_file, sizeof a->key_file, "%s/people/%s.key", d->options.folder,
			 id);
	}
	/* The keys of those whom the charter names were made before. */
	bool fresh = !file_exists(a->key_file);
	*made = fresh || d->founded;
	if (fresh) {
		TRY(private_key_generate(KEY_P256, &a->key, f));
		TRY(private_key_save(a->key, a->key_file, (struct bytes){0}, f));
	} else if (a->key == NULL) {
		TRY(private_key_load(a->key_file, (struct bytes){0}, &a->key, f));
	}
	return open_client(d, a, f);
}

/* ---- becoming known ---- */

static err enroll(struct demo *d, const struct actor *a, struct fault *f)
{
	uint8_t buffer[512];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct bytes message;
	struct possession p;

	if (!key_possession_message(bytes_text(d->log.name), bytes_text(a->id), &w, &message))
		return fail(f, "OUT_OF_MEMORY", NULL);
	TRY(possession_make(a->key, message, &p, f));
	return demo_sign(d, "ada", "key.enrolled",
			 json_pack("{s:s, s:s, s:s}", "principal", a->id, "public_key",
				   p.public_key, "possession", p.signature),
			 NULL, f);
}

static json_t *permission_list(const char *words)
{
	json_t *list = json_array();

	while (*words != '\0') {
		size_t n = strcspn(words, " ");
		json_array_append_new(list, json_pack("{s:s%}", "permission", words, n));
		words += n + (words[n] == ' ');
	}
	return list;
}

static err grant(struct demo *d, const struct demo_job *j, const char *role,
		 const char *permissions, bool limited, struct fault *f)
{
	json_t *body = json_pack("{s:o, s:s, s:s, s:s}", "grant_id", json_sprintf("G-%s", role),
				 "principal", j->id, "role", role, "reason", j->what);

	TRY(demo_sign(
		d, "ada", "role.defined",
		json_pack("{s:s, s:o}", "role", role, "permissions", permission_list(permissions)),
		NULL, f));
	if (limited && j->site != NULL)
		json_object_set_new(body, "site", json_string(j->site));
	if (limited && j->station != NULL)
		json_object_set_new(body, "station", json_string(j->station));
	if (limited && j->supplier != NULL)
		json_object_set_new(body, "supplier", json_string(j->supplier));
	return demo_sign(d, "ada", "role.granted", body, NULL, f);
}

static err make_known(struct demo *d, const struct demo_job *j, struct fault *f)
{
	bool person = strcmp(j->kind, "person") == 0;
	const char *natural = j->natural_person != NULL ? j->natural_person : j->id;
	json_t *body = json_pack("{s:s, s:s}", "principal", j->id, "kind", j->kind);

	if (person) {
		json_object_set_new(body, "natural_person", json_sprintf("P-%s", natural));
		json_object_set_new(body, "name", json_sprintf("%s (%s)", j->id, j->what));
	}
	if (j->supplier != NULL)
		json_object_set_new(body, "supplier", json_string(j->supplier));
	TRY(demo_sign(d, "ada", "principal.registered", body, NULL, f));
	TRY(enroll(d, demo_actor(d, j->id), f));
	TRY(grant(d, j, j->id, j->permissions, true, f));
	return j->anywhere == NULL
		       ? ERR_OK
		       : grant(d, j, demo_text(d, "%s-anywhere", j->id), j->anywhere, false, f);
}

err demo_hire(struct demo *d, const struct demo_job *job, struct fault *f)
{
	bool made;

	TRY(add_actor(d, job->id, strcmp(job->kind, "station") == 0, &made, f));
	return made ? make_known(d, job, f) : ERR_OK;
}

void demo_sign_out(struct demo *d)
{
	for (size_t i = 0; i < d->actors_n; i++) {
		client_close(d->actors[i].client);
		d->actors[i].client = NULL;
	}
}

void demo_dismiss(struct demo *d, size_t n)
{
	for (; d->actors_n > n; d->actors_n--) {
		struct actor *a = &d->actors[d->actors_n - 1];
		client_close(a->client);
		if (!a->borrowed)
			private_key_close(a->key);
	}
}

err demo_sign_in(struct demo *d, struct fault *f)
{
	for (size_t i = 0; i < d->actors_n; i++)
		TRY(open_client(d, &d->actors[i], f));
	return ERR_OK;
}

/* ---- places ---- */

static err places(struct demo *d, struct fault *f)
{
	TRY(demo_define(d, "erin", "site.defined",
			json_pack("{s:s, s:s, s:s}", "site", FACTORY, "country", "VN", "name",
				  "Contract manufacturer, Hanoi"),
			"SITE_EXISTS", f));
	TRY(demo_define(d, "erin", "site.defined",
			json_pack("{s:s, s:s, s:s}", "site", WAREHOUSE, "country", "DE", "name",
				  "Warehouse, Hamburg"),
			"SITE_EXISTS", f));
	TRY(demo_define(d, "erin", "line.defined",
			json_pack("{s:s, s:s}", "site", FACTORY, "line", LINE), "LINE_EXISTS", f));
	TRY(demo_define(d, "erin", "station.defined",
			json_pack("{s:s, s:s, s:s, s:s}", "station", STATION, "site", FACTORY,
				  "line", LINE, "environment", ENVIRONMENT),
			"STATION_EXISTS", f));
	return demo_define(d, "erin", "product.defined",
			   json_pack("{s:s, s:s, s:s}", "product", PRODUCT, "hardware_type",
				     HARDWARE_TYPE, "name", "Connected sensor board"),
			   "PRODUCT_EXISTS", f);
}

/* Firmware and test procedures take two others, everything else one. A rule is changed by one more than
 * it asks for. */
static err two_others(struct demo *d, const char *class, struct fault *f)
{
	return demo_sign_and_approve(d, "ada", "approval.rule_set",
				     json_pack("{s:s, s:i, s:I, s:I, s:I}", "class", class, "need",
					       2, "newcomer_ms", (json_int_t)0, "request_ttl_ms",
					       (json_int_t)DAY_MS, "vote_ttl_ms",
					       (json_int_t)DAY_MS / 6),
				     "ben cleo", f);
}

static err rules(struct demo *d, struct fault *f)
{
	TRY(two_others(d, "firmware.release", f));
	return two_others(d, "test.procedure", f);
}

err demo_people(struct demo *d, struct fault *f)
{
	static const char *const FOUNDERS[] = {"ada", "ben", "cleo"};
	bool made;

	for (size_t i = 0; i < 3; i++)
		TRY(add_actor(d, FOUNDERS[i], false, &made, f));
	for (size_t i = 0; i < JOBS_N; i++)
		TRY(demo_hire(d, &JOBS[i], f));
	TRY(places(d, f));
	if (d->founded)
		TRY(rules(d, f));
	demo_step(d,
		  "%d people and a station, each with a key of their own and their own part of "
		  "the work",
		  JOBS_N - 1 + 3);
	return ERR_OK;
}
