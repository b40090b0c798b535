/* SPDX-License-Identifier: Apache-2.0 */
/* osv_evaluate.c — the algorithm of the OSV schema, "Evaluation": any range is enough, and within a
 * range the events are walked in the sequence of versions. */
#include "format/osv.h"

#include <stdlib.h>

/* "0" stands before everything, also before pre-releases and where "0" itself is no version. */
static bool is_beginning(const struct osv_event *e)
{
	return e->kind == OSV_INTRODUCED && bytes_equal(e->version, bytes_text("0"));
}

/* A limit of "*" comes after everything. */
static bool is_end(const struct osv_event *e)
{
	return e->kind == OSV_LIMIT && bytes_equal(e->version, bytes_text("*"));
}

/* Of a version to an event. */
static int order_of(enum version_family family, struct bytes version, const struct osv_event *e)
{
	if (is_beginning(e) || is_end(e))
		return is_beginning(e) ? 1 : -1;
	return (int)version_compare(family, version, e->version);
}

/* At the same version a range that ends and one that begins stay in the sequence of the file: [0, 1)
 * and [1, 2) have no gap, [1, 1) is empty. A last affected version is itself affected. */
static int event_order(const void *a, const void *b, void *context)
{
	const struct osv_event *x = a, *y = b;
	const enum version_family *family = context;
	int order = is_beginning(y) - is_beginning(x);

	if (order == 0)
		order = is_end(x) - is_end(y);
	if (order == 0 && !is_beginning(x) && !is_end(x))
		order = (int)version_compare(*family, x->version, y->version);
	if (order != 0)
		return order;
	if ((x->kind == OSV_LAST_AFFECTED) != (y->kind == OSV_LAST_AFFECTED))
		return x->kind == OSV_LAST_AFFECTED ? 1 : -1;
	return (x->index > y->index) - (x->index < y->index);
}

static bool events_follow(const struct osv_range *range, enum version_family family)
{
	for (size_t i = 0; i < range->n; i++) {
		const struct osv_event *e = &range->events[i];
		if (!is_beginning(e) && !is_end(e) && !version_follows(family, e->version))
			return false;
	}
	return true;
}

/* Without a limit: no limit. Otherwise the version must be before one of them. */
static bool is_before_limits(const struct osv_range *range, enum version_family family,
			     struct bytes version)
{
	bool limited = false;

	for (size_t i = 0; i < range->n; i++) {
		const struct osv_event *e = &range->events[i];
		if (e->kind != OSV_LIMIT)
			continue;
		if (order_of(family, version, e) < 0)
			return true;
		limited = true;
	}
	return !limited;
}

static bool is_in(const struct osv_range *range, enum version_family family, struct bytes version,
		  struct bytes *fixed)
{
	bool in = false;

	for (size_t i = 0; i < range->n; i++) {
		const struct osv_event *e = &range->events[i];
		if (e->kind == OSV_LIMIT)
			continue;
		int order = order_of(family, version, e);
		if (e->kind == OSV_INTRODUCED && order >= 0)
			in = true;
		else if ((e->kind == OSV_FIXED && order >= 0) ||
			 (e->kind == OSV_LAST_AFFECTED && order > 0))
			in = false;
		else if (e->kind == OSV_FIXED && in && fixed->n == 0)
			*fixed = e->version;
	}
	return in;
}

static struct osv_verdict unknown(enum osv_missing missing)
{
	return (struct osv_verdict){.answer = OSV_UNKNOWN, .missing = missing};
}

static struct osv_verdict judge_range(struct osv_range *range, enum version_family family,
				      struct bytes version)
{
	struct osv_verdict verdict = {0};

	if (range->type == OSV_SEMVER)
		family = VERSION_SEMVER;
	if (family == VERSION_OTHER)
		return unknown(OSV_VERSION_ORDER);
	if (!version_follows(family, version))
		return unknown(OSV_VERSION_FOLLOWS);
	if (!events_follow(range, family))
		return unknown(OSV_RANGE_FOLLOWS);
	if (range->n > 1)
		qsort_r(range->events, range->n, sizeof range->events[0], event_order, &family);
	if (is_before_limits(range, family, version) &&
	    is_in(range, family, version, &verdict.fixed))
		verdict.answer = OSV_AFFECTED;
	return verdict;
}

static bool lists_version(const struct osv_affected *affected, struct bytes version)
{
	for (size_t i = 0; i < affected->versions_n; i++)
		if (bytes_equal(affected->versions[i], version))
			return true;
	return false;
}

/* Commits are not compared as versions. Beside ranges of versions they say the same thing in
 * another way; alone they leave it open. */
struct osv_verdict osv_evaluate(const struct osv_affected *affected, enum version_family family,
				struct bytes version)
{
	struct osv_verdict worst = {0};
	bool commits = false, judged = false;

	for (size_t i = 0; i < affected->ranges_n; i++) {
		struct osv_range *range = &affected->ranges[i];
		if (range->type == OSV_GIT) {
			commits = true;
			continue;
		}
		struct osv_verdict one = judge_range(range, family, version);
		judged = true;
		if (one.answer > worst.answer)
			worst = one;
	}
	if (worst.answer != OSV_AFFECTED && lists_version(affected, version))
		return (struct osv_verdict){.answer = OSV_AFFECTED};
	if (!judged && commits)
		return unknown(OSV_COMMITS);
	if (!judged && affected->versions_n == 0)
		return unknown(OSV_RANGES);
	return worst;
}
