/* SPDX-License-Identifier: Apache-2.0 */
#include "format/sbom_join.h"

#include <stdlib.h>
#include <string.h>

/* A number, and the candidate that is known by it. */
struct named {
	struct bytes id;
	size_t candidate;
};

/* The candidates of one component. */
struct joining {
	struct arena *arena;
	struct sbom_candidate *candidates;
	size_t n;
	size_t *group; /* by candidate: another of its group, at last the first one */
	struct named *names;
	size_t names_n;
};

static int candidate_order(const void *a, const void *b)
{
	const struct sbom_candidate *x = a, *y = b;

	if (x->component != y->component)
		return x->component < y->component ? -1 : 1;
	int order = bytes_compare(x->ids[0], y->ids[0]);
	if (order != 0)
		return order;
	return (x->answer < y->answer) - (x->answer > y->answer);
}

static int named_order(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = bytes_compare(x->id, y->id);

	return order != 0 ? order : (x->candidate > y->candidate) - (x->candidate < y->candidate);
}

static int finding_order(const void *a, const void *b)
{
	const struct sbom_finding *x = a, *y = b;

	if (x->component != y->component)
		return x->component < y->component ? -1 : 1;
	if (x->answer != y->answer)
		return x->answer > y->answer ? -1 : 1;
	return bytes_compare(x->advisory, y->advisory);
}

static size_t first_of(struct joining *j, size_t i)
{
	while (j->group[i] != i) {
		j->group[i] = j->group[j->group[i]];
		i = j->group[i];
	}
	return i;
}

static bool group_by_names(struct joining *j)
{
	size_t most = 0;

	for (size_t i = 0; i < j->n; i++)
		most += j->candidates[i].ids_n;
	j->names = arena_array(j->arena, most, sizeof *j->names);
	j->group = arena_array(j->arena, j->n, sizeof *j->group);
	if (j->names == NULL || j->group == NULL)
		return false;
	for (size_t i = 0; i < j->n; i++) {
		j->group[i] = i;
		for (size_t k = 0; k < j->candidates[i].ids_n; k++)
			j->names[j->names_n++] = (struct named){j->candidates[i].ids[k], i};
	}
	qsort(j->names, j->names_n, sizeof *j->names, named_order);
	for (size_t k = 1; k < j->names_n; k++) {
		if (!bytes_equal(j->names[k].id, j->names[k - 1].id))
			continue;
		size_t x = first_of(j, j->names[k].candidate);
		size_t y = first_of(j, j->names[k - 1].candidate);
		j->group[x > y ? x : y] = x > y ? y : x;
	}
	return true;
}

/* True if another group is known by this number and is answered no better. Bundles do not stand in for each
 * other: of two that name one another nothing would be left. */
static bool is_told_elsewhere(struct joining *j, struct bytes id, size_t self,
			      enum osv_answer answer)
{
	struct named key = {id, 0};
	size_t low = 0, high = j->names_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (named_order(&j->names[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < j->names_n && bytes_equal(j->names[low].id, id); low++)
		if (first_of(j, j->names[low].candidate) != first_of(j, self) &&
		    j->candidates[j->names[low].candidate].bundle_n == 0 &&
		    j->candidates[j->names[low].candidate].answer >= answer)
			return true;
	return false;
}

/* An update that mends several things adds nothing where each of them is told by itself. */
static bool is_bundle_of_others(struct joining *j, size_t i)
{
	const struct sbom_candidate *c = &j->candidates[i];

	for (size_t k = 0; k < c->bundle_n; k++)
		if (!is_told_elsewhere(j, c->bundle[k], i, c->answer))
			return false;
	return c->bundle_n > 0;
}

static bool is_cve(struct bytes id)
{
	return id.n > 4 && memcmp(id.p, "CVE-", 4) == 0;
}

/* Takes a candidate into the finding of its group. */
static void add(struct sbom_finding *out, const struct sbom_candidate *c)
{
	if (out->ids_n == 0)
		out->advisory = c->ids[0];
	if (c->answer > out->answer || (c->answer == out->answer && out->missing == SBOM_NOTHING))
		out->missing = c->answer == OSV_UNKNOWN ? c->missing : SBOM_NOTHING;
	if (out->fixed.n == 0 || (c->answer > out->answer && c->fixed.n > 0))
		out->fixed = c->fixed;
	if (out->severity.n == 0)
		out->severity = c->severity;
	if (c->answer > out->answer)
		out->answer = c->answer;
	out->component = c->component;
	out->ids_n += c->ids_n;
}

static bool take_ids(struct joining *j, struct sbom_finding *findings)
{
	for (size_t i = 0; i < j->n; i++) {
		if (findings[i].ids_n == 0)
			continue;
		findings[i].ids = arena_array(j->arena, findings[i].ids_n, sizeof(struct bytes));
		if (findings[i].ids == NULL)
			return false;
		findings[i].ids_n = 0;
	}
	for (size_t k = 0; k < j->names_n; k++) {
		struct sbom_finding *one = &findings[first_of(j, j->names[k].candidate)];
		struct bytes id = j->names[k].id;
		if (one->ids == NULL ||
		    (one->ids_n > 0 && bytes_equal(one->ids[one->ids_n - 1], id)))
			continue;
		one->ids[one->ids_n++] = id;
		if (is_cve(id) && !is_cve(one->advisory))
			one->advisory = id;
	}
	return true;
}

/* What is left of one component's candidates, at `out`; there is room for each of them. */
static err join_component(struct joining *j, struct sbom_match *out, struct fault *f)
{
	struct sbom_finding *findings = arena_array(j->arena, j->n, sizeof *findings);

	if (findings == NULL || !group_by_names(j))
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < j->n; i++)
		if (!is_bundle_of_others(j, i))
			add(&findings[first_of(j, i)], &j->candidates[i]);
	if (!take_ids(j, findings))
		return fail(f, "OUT_OF_MEMORY", NULL);
	for (size_t i = 0; i < j->n; i++)
		if (findings[i].ids_n > 0)
			out->findings[out->findings_n++] = findings[i];
	return ERR_OK;
}

err sbom_join(struct arena *a, struct sbom_candidate *candidates, size_t n, struct sbom_match *out,
	      struct fault *f)
{
	out->findings = arena_array(a, n, sizeof *out->findings);
	if (out->findings == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	if (n > 1)
		qsort(candidates, n, sizeof *candidates, candidate_order);
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n; to++)
			if (candidates[to].component != candidates[from].component)
				break;
		struct joining j = {.arena = a, .candidates = candidates + from, .n = to - from};
		TRY(join_component(&j, out, f));
	}
	if (out->findings_n > 1)
		qsort(out->findings, out->findings_n, sizeof *out->findings, finding_order);
	return ERR_OK;
}
