/* SPDX-License-Identifier: Apache-2.0 */
/* demo_sbom.c — the software bill of the firmware against advisories: somebody else than who releases it looks. */
#include "sim/demo_internal.h"

#include "base/files.h"
#include "core/sha256.h"
#include "format/sbom_match.h"

#include <stdio.h>
#include <string.h>

enum { FINDINGS_MAX = 100 };

/* The bill that was named; of this very program also the one that `./sbom` made beside it. */
static const char *bill_path(struct demo *d)
{
	if (d->options.sbom != NULL || d->options.image != NULL)
		return d->options.sbom;
	return demo_beside(d, "sbom.cdx.json");
}

static err keep(struct demo *d, struct bytes content, char hex[static 65], struct fault *f)
{
	struct hash digest;

	TRY(client_blob_put(demo_actor(d, "quinn")->client, content, "evidence", &digest, f));
	hex_encode(hash_bytes(&digest), hex);
	return ERR_OK;
}

/* What is affected is accepted, and says so: it is a demo. */
static json_t *findings(const struct sbom_match *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->findings_n && json_array_size(list) < FINDINGS_MAX; i++) {
		const struct sbom_finding *x = &m->findings[i];
		const struct cyclonedx_component *c = &m->bill.components[x->component];
		json_t *one = json_pack("{s:s, s:s%}", "component", c->key, "advisory",
					(const char *)x->advisory.p, x->advisory.n);
		if (x->answer == OSV_AFFECTED) {
			json_object_set_new(one, "state", json_string("accepted"));
			json_object_set_new(one, "reason", json_string("accepted for the demo"));
		} else {
			json_object_set_new(one, "state", json_string("unknown"));
		}
		if (c->version.n > 0)
			json_object_set_new(one, "version",
					    json_stringn((const char *)c->version.p, c->version.n));
		json_array_append_new(list, one);
	}
	return list;
}

static err record(struct demo *d, const struct sbom_match *m, const char *feed, struct fault *f)
{
	json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "product", PRODUCT, "sbom",
				 d->sbom, "feed", feed, "feed_at", demo_days(d, 0), "components",
				 (json_int_t)m->components, "unknown", (json_int_t)m->unknown);

	if (m->findings_n > 0)
		json_object_set_new(body, "findings", findings(m));
	return demo_sign(d, "quinn", "sbom.checked", body, NULL, f);
}

err demo_check_sbom(struct demo *d, struct fault *f)
{
	const char *path = bill_path(d), *advisories = demo_example(d, "osv.json");
	struct arena a = {.limit = (size_t)256 << 20};
	struct sbom_match m = {0};
	struct bytes bill, feed;
	char hex[65];

	if (path == NULL) {
		demo_step(d, "No software bill: the firmware release names none. `./sbom` makes "
			     "one, --sbom FILE names one");
		return ERR_OK;
	}
	err e = file_read(&a, path, CYCLONEDX_FILE_MAX, &bill, f);
	if (e.code == OK)
		e = file_read(&a, advisories, OSV_FEED_MAX, &feed, f);
	if (e.code == OK)
		e = sbom_match(&a, bill, feed, &m, f);
	if (e.code == OK)
		e = keep(d, bill, d->sbom, f);
	if (e.code == OK)
		e = keep(d, feed, hex, f);
	if (e.code == OK)
		e = record(d, &m, hex, f);
	if (e.code == OK)
		demo_step(d,
			  "Software bill %s: %zu components against %zu advisories of %s: %zu "
			  "affected, of %zu it cannot be said",
			  path, m.components, m.feed.advisories, advisories, m.affected, m.unknown);
	arena_done(&a);
	return e;
}
