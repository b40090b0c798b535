/* SPDX-License-Identifier: Apache-2.0 */
#include "format/sbom_join.h"
#include "format/sbom_package.h"

#include <stdlib.h>
#include <string.h>

enum { COVERED_MAX = 64, SCRATCH_MAX = 64 << 20 };

/* What the advisories would have to say to concern a component. */
struct wanted {
	struct bytes ecosystem, name;
	size_t component;
};

/* One ecosystem, or release of a distribution, of the bill: does the feed speak of it at all? */
struct covered {
	struct sbom_package package;
	bool seen;
	bool by_release; /* it does so release by release, and the bill does not say which one this is */
};

struct matching {
	struct arena *arena, scratch; /* scratch: of one advisory */
	struct sbom_match *out;
	struct sbom_package *packages; /* by component */
	struct wanted *wanted;         /* sorted */
	size_t wanted_n;
	struct covered covered[COVERED_MAX];
	size_t covered_n;
	struct sbom_candidate *candidates;
	size_t candidates_n, candidates_cap;
	struct sbom_candidate told; /* what the candidates of the advisory being read share */
};

const char *sbom_missing_text(enum sbom_missing missing)
{
	static const char *const TEXTS[SBOM_MISSING_N] = {
		[SBOM_NOTHING] = "",
		[SBOM_PACKAGE_URL] = "the package URL",
		[SBOM_VERSION] = "the version",
		[SBOM_ONE_VERSION] = "one version: the package URL says another",
		[SBOM_ECOSYSTEM] = "an ecosystem that has advisories",
		[SBOM_FEED] = "advisories for its ecosystem, or its release of it",
		[SBOM_RELEASE] = "the release of the distribution",
		[SBOM_SOURCE_PACKAGE] = "the source package",
		[SBOM_VERSION_ORDER] = "the sequence of versions in its ecosystem",
		[SBOM_VERSION_FOLLOWS] = "a version as its ecosystem writes them",
		[SBOM_RANGE_FOLLOWS] = "a version range that can be read",
		[SBOM_COMMITS] = "the history of commits",
		[SBOM_RANGES] = "the versions that the advisory is about",
	};

	return missing < SBOM_MISSING_N ? TEXTS[missing] : "";
}

/* ---- the bill ---- */

static int wanted_order(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;
	int order = bytes_compare(x->ecosystem, y->ecosystem);

	if (order == 0)
		order = bytes_compare(x->name, y->name);
	return order != 0 ? order : (x->component > y->component) - (x->component < y->component);
}

/* A file inside a package is the package's; what only made the product is no part of it. */
static bool is_looked_at(const struct cyclonedx *bill, size_t i)
{
	const struct cyclonedx_component *c = &bill->components[i];
	bool in_package = c->parent != CYCLONEDX_NONE && bill->components[c->parent].has_purl;

	return !c->excluded &&
	       !(in_package && !c->has_purl && bytes_equal(c->type, bytes_text("file")));
}

/* NULL: there are too many. */
static struct covered *covered_of(struct matching *m, const struct sbom_package *package)
{
	for (size_t i = 0; i < m->covered_n; i++)
		if (bytes_equal(m->covered[i].package.ecosystem, package->ecosystem) &&
		    bytes_equal(m->covered[i].package.release, package->release))
			return &m->covered[i];
	if (m->covered_n == COVERED_MAX)
		return NULL;
	m->covered[m->covered_n] = (struct covered){.package = *package};
	return &m->covered[m->covered_n++];
}

static err take_bill(struct matching *m, struct fault *f)
{
	struct sbom_match *out = m->out;
	size_t n = out->bill.n;

	out->answers = arena_array(m->arena, n, sizeof *out->answers);
	out->missing = arena_array(m->arena, n, sizeof *out->missing);
	out->looked_at = arena_array(m->arena, n, sizeof *out->looked_at);
	m->packages = arena_array(m->arena, n, sizeof *m->packages);
	m->wanted = arena_array(m->arena, n, sizeof *m->wanted);
	if (out->answers == NULL || out->missing == NULL || out->looked_at == NULL ||
	    m->packages == NULL || m->wanted == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < n; i++) {
		struct sbom_package *package = &m->packages[i];
		out->looked_at[i] = is_looked_at(&out->bill, i);
		if (!out->looked_at[i])
			continue;
		TRY(sbom_package_of(m->arena, &out->bill.components[i], package, f));
		if (package->ecosystem.n == 0)
			continue;
		(void)covered_of(m, package);
		m->wanted[m->wanted_n++] = (struct wanted){package->ecosystem, package->name, i};
	}
	if (m->wanted_n > 1)
		qsort(m->wanted, m->wanted_n, sizeof *m->wanted, wanted_order);
	return ERR_OK;
}

/* ---- the advisories ---- */

static struct bytes *copied(struct matching *m, const struct bytes *from, size_t n)
{
	struct bytes *to = arena_array(m->arena, n, sizeof *to);

	for (size_t i = 0; to != NULL && i < n; i++) {
		to[i] = arena_copy(m->arena, from[i]);
		if (to[i].p == NULL)
			return NULL;
	}
	return to;
}

/* What every candidate of this advisory says, kept in the arena at the first of them. */
static err tell(struct matching *m, const struct osv_advisory *advisory, struct fault *f)
{
	struct sbom_candidate *told = &m->told;
	struct bytes ids[OSV_IDS_MAX + 2] = {advisory->id};
	size_t n = 1;

	if (told->ids != NULL)
		return ERR_OK;
	for (size_t i = 0; i < advisory->aliases_n; i++)
		ids[n++] = advisory->aliases[i];
	if (advisory->upstream_n == 1)
		ids[n++] = advisory->upstream[0];
	told->ids = copied(m, ids, n);
	told->ids_n = n;
	if (advisory->upstream_n > 1) {
		told->bundle = copied(m, advisory->upstream, advisory->upstream_n);
		told->bundle_n = told->bundle == NULL ? 0 : advisory->upstream_n;
	}
	if (told->ids == NULL || (advisory->upstream_n > 1 && told->bundle == NULL))
		return fail(f, "OUT_OF_MEMORY", NULL);
	return ERR_OK;
}

static err add_candidate(struct matching *m, const struct sbom_candidate *candidate,
			 struct fault *f)
{
	if (m->candidates_n == m->candidates_cap) {
		size_t cap = m->candidates_cap == 0 ? 64 : 2 * m->candidates_cap;
		struct sbom_candidate *more = arena_array(m->arena, cap, sizeof *more);
		if (m->candidates_n >= SBOM_MATCHES_MAX)
			return fail(f, "SBOM_TOO_MANY_MATCHES", NULL);
		if (more == NULL)
			return fail(f, "OUT_OF_MEMORY", NULL);
		if (m->candidates_n > 0)
			memcpy(more, m->candidates, m->candidates_n * sizeof *more);
		m->candidates = more;
		m->candidates_cap = cap;
	}
	m->candidates[m->candidates_n++] = *candidate;
	return ERR_OK;
}

static err judge(struct matching *m, const struct osv_advisory *advisory,
		 const struct osv_affected *affected, size_t component, struct fault *f)
{
	const struct sbom_package *package = &m->packages[component];
	bool git = affected->ecosystem.n == 0;
	int same = git ? 1 : sbom_same_release(package, affected->ecosystem);
	struct osv_verdict verdict = osv_evaluate(affected, package->family, package->version);
	struct sbom_candidate c;

	if (same == 0 || verdict.answer == OSV_NOT_AFFECTED)
		return ERR_OK;
	TRY(tell(m, advisory, f));
	c = m->told;
	c.component = component;
	c.answer = same < 0 ? OSV_UNKNOWN : verdict.answer;
	if (c.answer == OSV_UNKNOWN)
		c.missing = same < 0 ? SBOM_RELEASE
			    : package->missing != SBOM_NOTHING
				    ? package->missing
				    : (enum sbom_missing)(SBOM_VERSION_ORDER + verdict.missing -
							  OSV_VERSION_ORDER);
	c.severity = affected->severity.n > 0 ? affected->severity : advisory->severity;
	c.severity = arena_copy(m->arena, c.severity);
	if (c.answer == OSV_AFFECTED)
		c.fixed = arena_copy(m->arena, verdict.fixed);
	return add_candidate(m, &c, f);
}

static err look_up(struct matching *m, const struct osv_advisory *advisory,
		   const struct osv_affected *affected, struct bytes ecosystem, struct bytes name,
		   struct fault *f)
{
	struct wanted key = {ecosystem, name, 0};
	size_t low = 0, high = m->wanted_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (wanted_order(&m->wanted[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < m->wanted_n && bytes_equal(m->wanted[low].ecosystem, ecosystem) &&
	       bytes_equal(m->wanted[low].name, name);
	     low++)
		TRY(judge(m, advisory, affected, m->wanted[low].component, f));
	return ERR_OK;
}

static err take_entry(struct matching *m, const struct osv_advisory *advisory,
		      const struct osv_affected *affected, struct fault *f)
{
	struct bytes base = affected->ecosystem, name;
	const uint8_t *colon = base.n > 0 ? memchr(base.p, ':', base.n) : NULL;

	for (size_t i = 0; base.n > 0 && i < m->covered_n; i++) {
		int same = sbom_same_release(&m->covered[i].package, base);
		m->covered[i].seen |= same != 0;
		m->covered[i].by_release |= same < 0;
	}
	if (advisory->withdrawn)
		return ERR_OK;
	if (base.n > 0) {
		if (colon != NULL)
			base.n = (size_t)(colon - base.p);
		TRY(sbom_entry_name(&m->scratch, base, affected->name, &name, f));
		return look_up(m, advisory, affected, base, name, f);
	}
	for (size_t i = 0; i < affected->ranges_n; i++) {
		if (affected->ranges[i].repository.n == 0)
			continue;
		TRY(sbom_repository(&m->scratch, affected->ranges[i].repository, &name, f));
		TRY(look_up(m, advisory, affected, bytes_text("GIT"), name, f));
	}
	return ERR_OK;
}

static err take_advisory(void *context, const struct osv_advisory *advisory, struct fault *f)
{
	struct matching *m = context;

	m->told = (struct sbom_candidate){0};
	for (size_t i = 0; i < advisory->affected_n; i++)
		TRY(take_entry(m, advisory, &advisory->affected[i], f));
	arena_reset(&m->scratch);
	return ERR_OK;
}

/* ---- what follows for each component ---- */

static enum sbom_missing missing_of(struct matching *m, size_t i)
{
	const struct sbom_package *package = &m->packages[i];

	if (package->ecosystem.n == 0)
		return package->missing;
	const struct covered *covered = covered_of(m, package);
	/* A feed of repositories never says that it covers one. */
	if (covered == NULL || !covered->seen)
		return SBOM_FEED;
	/* Newer than what was mended in one release says nothing of another. */
	if (package->missing == SBOM_NOTHING && covered->by_release)
		return SBOM_RELEASE;
	return package->missing;
}

static void conclude(struct matching *m)
{
	struct sbom_match *out = m->out;

	for (size_t i = 0; i < out->bill.n; i++) {
		if (!out->looked_at[i])
			continue;
		out->missing[i] = missing_of(m, i);
		if (out->missing[i] != SBOM_NOTHING)
			out->answers[i] = OSV_UNKNOWN;
	}
	for (size_t i = 0; i < out->findings_n; i++) {
		const struct sbom_finding *one = &out->findings[i];
		if (one->answer > out->answers[one->component])
			out->missing[one->component] = one->missing;
		if (one->answer > out->answers[one->component])
			out->answers[one->component] = one->answer;
	}
	for (size_t i = 0; i < out->bill.n; i++) {
		out->components += out->looked_at[i];
		out->affected += out->answers[i] == OSV_AFFECTED;
		out->unknown += out->answers[i] == OSV_UNKNOWN;
	}
}

static err match_all(struct matching *m, struct bytes sbom, struct bytes osv, struct fault *f)
{
	struct sbom_match *out = m->out;

	TRY(cyclonedx_read(m->arena, sbom, &out->bill, f));
	TRY(take_bill(m, f));
	TRY(osv_read(osv, take_advisory, m, &out->feed, f));
	TRY(sbom_join(m->arena, m->candidates, m->candidates_n, out, f));
	conclude(m);
	return ERR_OK;
}

err sbom_match(struct arena *a, struct bytes sbom, struct bytes osv, struct sbom_match *out,
	       struct fault *f)
{
	struct matching *m = arena_alloc(a, sizeof *m);

	*out = (struct sbom_match){0};
	if (m == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	m->arena = a;
	m->scratch.limit = SCRATCH_MAX;
	m->out = out;
	err e = match_all(m, sbom, osv, f);
	arena_done(&m->scratch);
	if (e.code != OK)
		*out = (struct sbom_match){0};
	return e;
}
