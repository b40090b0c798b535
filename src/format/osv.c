/* SPDX-License-Identifier: Apache-2.0 */
#include "format/osv_internal.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- faults ---- */

err osv_wrong(struct osv_reading *r, const char *name, const char *expected)
{
	char path[OSV_PATH_SIZE + 64], line[24], number[24];

	snprintf(path, sizeof path, "%s%s%s", r->path,
		 r->path[0] != '\0' && name[0] != '\0' ? "." : "", name);
	snprintf(line, sizeof line, "%zu", r->place.line);
	snprintf(number, sizeof number, "%zu", r->out->advisories + 1);
	return fail_field(r->fault, path, "OSV_WRONG", "path", path, "expected", expected, "line",
			  line, "number", number, NULL);
}

static err no_memory(struct osv_reading *r)
{
	return fail(r->fault, "OUT_OF_MEMORY", NULL);
}

static void at(struct osv_reading *r, const char *format, size_t i, size_t k, size_t l)
{
	char text[OSV_PATH_SIZE];

	/* At most three indexes, in a format that this file wrote. */
	if (strcmp(format, "affected") == 0)
		snprintf(text, sizeof text, "affected[%zu]", i);
	else if (strcmp(format, "ranges") == 0)
		snprintf(text, sizeof text, "affected[%zu].ranges[%zu]", i, k);
	else
		snprintf(text, sizeof text, "affected[%zu].ranges[%zu].events[%zu]", i, k, l);
	memcpy(r->path, text, sizeof text);
}

/* ---- values ---- */

static err take_text(struct osv_reading *r, const json_t *object, const char *name, size_t most,
		     struct bytes *out)
{
	if (!json_text_member(object, name, out))
		return osv_wrong(r, name, "text");
	if (out->n > most)
		return osv_wrong(r, name, "a shorter text");
	for (size_t i = 0; i < out->n; i++)
		if (out->p[i] < 0x20 || out->p[i] == 0x7f)
			return osv_wrong(r, name, "text without control characters");
	return ERR_OK;
}

/* A list of objects, or whatever else; absent and null are an empty one. */
err osv_take_list(struct osv_reading *r, const json_t *object, const char *name, size_t most,
		  const json_t **out)
{
	*out = json_object_get(object, name);
	if (*out == NULL || json_is_null(*out)) {
		*out = NULL;
		return ERR_OK;
	}
	if (!json_is_array(*out))
		return osv_wrong(r, name, "a list");
	return json_array_size(*out) <= most ? ERR_OK : osv_wrong(r, name, "a shorter list");
}

static err take_texts(struct osv_reading *r, const json_t *object, const char *name, size_t most,
		      struct bytes **out, size_t *n)
{
	const json_t *list;
	size_t i;
	json_t *one;

	TRY(osv_take_list(r, object, name, most, &list));
	*n = json_array_size(list);
	*out = arena_array(&r->scratch, *n, sizeof **out);
	if (*out == NULL)
		return no_memory(r);
	json_array_foreach(list, i, one)
	{
		if (!json_is_string(one))
			return osv_wrong(r, name, "a list of texts");
		(*out)[i] = bytes_of(json_string_value(one), json_string_length(one));
	}
	return ERR_OK;
}

/* An identifier is shown and recorded: 1 to 64 visible characters. */
static bool is_id(struct bytes id)
{
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] <= 0x20 || id.p[i] >= 0x7f)
			return false;
	return id.n > 0 && id.n <= OSV_ID_MAX;
}

static err take_ids(struct osv_reading *r, const json_t *object, const char *name,
		    struct bytes **out, size_t *n)
{
	TRY(take_texts(r, object, name, OSV_IDS_MAX, out, n));
	for (size_t i = 0; i < *n; i++)
		if (!is_id((*out)[i]))
			return osv_wrong(r, name,
					 "identifiers of 1 to 64 characters, without spaces");
	return ERR_OK;
}

static err take_instant(struct osv_reading *r, const json_t *object, const char *name,
			uint64_t *out)
{
	struct bytes text;
	uint8_t short_form[32];

	TRY(take_text(r, object, name, 64, &text));
	/* Feeds write up to nine decimals of a second: more than we keep. */
	const uint8_t *dot = text.n > 0 ? memchr(text.p, '.', text.n) : NULL;
	size_t whole = dot != NULL ? (size_t)(dot - text.p) : 0;
	if (dot != NULL && whole < 24 && text.n - whole > 5 && text.p[text.n - 1] == 'Z') {
		memcpy(short_form, text.p, whole + 4);
		short_form[whole + 4] = 'Z';
		for (size_t i = whole + 1; i + 1 < text.n; i++)
			if (!version_is_digit(text.p[i]))
				return osv_wrong(r, name, "a time (RFC 3339)");
		text = bytes_of(short_form, whole + 5);
	}
	return time_parse(text, out) ? ERR_OK : osv_wrong(r, name, "a time (RFC 3339)");
}

/* The newest form that is given; the vector is taken as it is. */
static err take_severity(struct osv_reading *r, const json_t *object, struct bytes *out)
{
	static const char *const TYPES[] = {"CVSS_V4", "CVSS_V3", "CVSS_V2"};
	enum { OTHER = sizeof TYPES / sizeof TYPES[0] };
	const json_t *list, *specific = json_object_get(object, "database_specific");
	size_t best = OTHER + 1, i;
	struct bytes type, score;
	json_t *one;

	TRY(osv_take_list(r, object, "severity", 64, &list));
	json_array_foreach(list, i, one)
	{
		size_t k = 0;
		if (!json_is_object(one))
			return osv_wrong(r, "severity", "a list of objects");
		TRY(take_text(r, one, "type", 64, &type));
		TRY(take_text(r, one, "score", 200, &score));
		while (k < OTHER && !bytes_equal(type, bytes_text(TYPES[k])))
			k++;
		if (k < best)
			*out = score;
		best = k < best ? k : best;
	}
	if (out->n == 0 && json_is_string(json_object_get(specific, "severity")))
		TRY(take_text(r, specific, "severity", 200, out));
	return ERR_OK;
}

/* ---- what is affected ---- */

static err take_event(struct osv_reading *r, const json_t *event, struct osv_event *out)
{
	static const char *const KINDS[] = {"introduced", "fixed", "last_affected", "limit"};
	size_t said = 0;

	if (!json_is_object(event))
		return osv_wrong(r, "", "an object");
	for (size_t k = 0; k < sizeof KINDS / sizeof KINDS[0]; k++) {
		if (json_object_get(event, KINDS[k]) == NULL)
			continue;
		out->kind = (enum osv_event_kind)k;
		TRY(take_text(r, event, KINDS[k], VERSION_SIZE_MAX, &out->version));
		said++;
	}
	return said == 1 && out->version.n > 0
		       ? ERR_OK
		       : osv_wrong(r, "", "one of introduced, fixed, last_affected, limit");
}

static err take_range(struct osv_reading *r, const json_t *range, size_t i, size_t k,
		      struct osv_range *out)
{
	static const char *const TYPES[] = {"SEMVER", "ECOSYSTEM", "GIT"};
	const json_t *list;
	struct bytes type;
	size_t t = 0, l;
	json_t *one;

	TRY(take_text(r, range, "type", 32, &type));
	while (t < 3 && !bytes_equal(type, bytes_text(TYPES[t])))
		t++;
	if (t == 3)
		return osv_wrong(r, "type", "SEMVER, ECOSYSTEM or GIT");
	out->type = (enum osv_range_type)t;
	TRY(take_text(r, range, "repo", 1024, &out->repository));
	TRY(osv_take_list(r, range, "events", SIZE_MAX, &list));
	out->n = json_array_size(list);
	if (out->n == 0)
		return osv_wrong(r, "events", "a list with at least one event");
	out->events = arena_array(&r->scratch, out->n, sizeof *out->events);
	if (out->events == NULL)
		return no_memory(r);
	json_array_foreach(list, l, one)
	{
		at(r, "events", i, k, l);
		out->events[l].index = l;
		TRY(take_event(r, one, &out->events[l]));
	}
	return ERR_OK;
}

static err take_package(struct osv_reading *r, const json_t *affected, struct osv_affected *out)
{
	const json_t *package = json_object_get(affected, "package");

	if (package == NULL || json_is_null(package))
		return ERR_OK;
	if (!json_is_object(package))
		return osv_wrong(r, "package", "an object");
	TRY(take_text(r, package, "ecosystem", 256, &out->ecosystem));
	TRY(take_text(r, package, "name", 1024, &out->name));
	if (out->ecosystem.n == 0)
		return osv_wrong(r, "package.ecosystem", "the name of an ecosystem");
	return out->name.n > 0 ? ERR_OK : osv_wrong(r, "package.name", "the name of a package");
}

static err take_affected(struct osv_reading *r, const json_t *affected, size_t i,
			 struct osv_affected *out)
{
	const json_t *list;
	size_t k;
	json_t *one;

	at(r, "affected", i, 0, 0);
	if (!json_is_object(affected))
		return osv_wrong(r, "", "an object");
	TRY(take_package(r, affected, out));
	TRY(take_severity(r, affected, &out->severity));
	TRY(take_texts(r, affected, "versions", SIZE_MAX, &out->versions, &out->versions_n));
	TRY(osv_take_list(r, affected, "ranges", SIZE_MAX, &list));
	out->ranges_n = json_array_size(list);
	out->ranges = arena_array(&r->scratch, out->ranges_n, sizeof *out->ranges);
	if (out->ranges == NULL)
		return no_memory(r);
	json_array_foreach(list, k, one)
	{
		at(r, "ranges", i, k, 0);
		if (!json_is_object(one))
			return osv_wrong(r, "", "an object");
		TRY(take_range(r, one, i, k, &out->ranges[k]));
	}
	return ERR_OK;
}

err osv_take_advisory(struct osv_reading *r, const json_t *object)
{
	struct osv_advisory a = {0};
	const json_t *list;
	struct bytes withdrawn;
	size_t i;
	json_t *one;

	r->path[0] = '\0';
	if (!json_is_object(object))
		return osv_wrong(r, "", "an advisory, which is an object");
	TRY(take_text(r, object, "id", OSV_ID_MAX, &a.id));
	if (!is_id(a.id))
		return osv_wrong(r, "id", "an identifier of 1 to 64 characters, without spaces");
	TRY(take_instant(r, object, "modified", &a.modified));
	TRY(take_text(r, object, "withdrawn", 64, &withdrawn));
	a.withdrawn = withdrawn.n > 0;
	TRY(take_ids(r, object, "aliases", &a.aliases, &a.aliases_n));
	TRY(take_ids(r, object, "upstream", &a.upstream, &a.upstream_n));
	TRY(take_severity(r, object, &a.severity));
	TRY(osv_take_list(r, object, "affected", SIZE_MAX, &list));
	a.affected_n = json_array_size(list);
	a.affected = arena_array(&r->scratch, a.affected_n, sizeof *a.affected);
	if (a.affected == NULL)
		return no_memory(r);
	json_array_foreach(list, i, one)
	{
		TRY(take_affected(r, one, i, &a.affected[i]));
	}
	TRY(r->each(r->context, &a, r->fault));
	arena_reset(&r->scratch);
	r->out->advisories++;
	r->out->withdrawn += a.withdrawn;
	if (a.modified > r->out->newest)
		r->out->newest = a.modified;
	return ERR_OK;
}
