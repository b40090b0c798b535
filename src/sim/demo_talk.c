/* SPDX-License-Identifier: Apache-2.0 */
/* demo_talk.c — how the people of the demo talk to the server, and what is shown of it. */
#include "sim/demo_internal.h"

#include "base/catalog.h"
#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void demo_step(struct demo *d, const char *format, ...)
{
	va_list arguments;

	if (d->options.quiet)
		return;
	va_start(arguments, format);
	printf("%6.1f s  ", (double)(clock_steady_ms(&clock_system) - d->started_ms) / 1000.0);
	vprintf(format, arguments);
	printf("\n");
	fflush(stdout);
	va_end(arguments);
}

void demo_said(struct demo *d, const char *format, ...)
{
	va_list arguments;

	if (d->options.quiet)
		return;
	va_start(arguments, format);
	printf("          ");
	vprintf(format, arguments);
	printf("\n");
	fflush(stdout);
	va_end(arguments);
}

char *demo_text(struct demo *d, const char *format, ...)
{
	char text[2048];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	return arena_text(&d->arena, bytes_text(text));
}

struct actor *demo_actor(struct demo *d, const char *id)
{
	for (size_t i = 0; i < d->actors_n; i++)
		if (strcmp(d->actors[i].id, id) == 0)
			return &d->actors[i];
	return NULL;
}

void demo_why(const struct fault *f, char *out, size_t cap)
{
	fault_text(f, out, cap);
}

char *demo_days(struct demo *d, unsigned days)
{
	char text[TIME_TEXT_SIZE];

	time_text(clock_wall_ms(&clock_system) + (uint64_t)days * 24 * 3600 * 1000, text);
	return arena_text(&d->arena, bytes_text(text));
}

/* ---- records ---- */

static void copy_member(const json_t *json, const char *name, char *out, size_t cap)
{
	const char *text = json_string_value(json_object_get(json, name));

	snprintf(out, cap, "%s", text == NULL ? "" : text);
}

static void tell(const json_t *receipt, struct told *told)
{
	const json_t *first = json_array_get(json_object_get(receipt, "raised"), 0);
	const json_t *blocked = json_object_get(receipt, "blocked");

	*told = (struct told){
		.sequence = (uint64_t)json_integer_value(json_object_get(receipt, "sequence"))};
	copy_member(receipt, "digest", told->digest, sizeof told->digest);
	copy_member(receipt, "outcome", told->outcome, sizeof told->outcome);
	if (first == NULL)
		first = blocked;
	copy_member(first, "code", told->raised, sizeof told->raised);
	copy_member(first, "detail", told->detail, sizeof told->detail);
}

static err raised(const char *type, const struct told *told, struct fault *f)
{
	return fail(f, "DEMO_RAISED", "type", type, "detail", told->detail, NULL);
}

void demo_count(struct demo *d, const json_t *receipt)
{
	d->records++;
	d->verified += json_object_get(receipt, "proof") != NULL;
}

err demo_sign(struct demo *d, const char *author, const char *type, json_t *body, struct told *told,
	      struct fault *f)
{
	struct actor *actor = demo_actor(d, author);
	struct told own;
	json_t *receipt = NULL;
	err e;

	if (body == NULL)
		return fail(f, "OUT_OF_MEMORY", NULL);
	e = actor == NULL || actor->client == NULL
		    ? fail(f, "DEMO_NOBODY", "principal", author, NULL)
		    : client_record(actor->client, type, body, &receipt, f);
	json_decref(body);
	if (e.code != OK)
		return e;
	demo_count(d, receipt);
	tell(receipt, told == NULL ? &own : told);
	json_decref(receipt);
	return told == NULL && own.raised[0] != '\0' ? raised(type, &own, f) : ERR_OK;
}

err demo_define(struct demo *d, const char *author, const char *type, json_t *body,
		const char *exists, struct fault *f)
{
	err e = demo_sign(d, author, type, body, NULL, f);

	if (e.code != OK && f->message != NULL && strcmp(f->message, exists) == 0) {
		*f = (struct fault){0};
		return ERR_OK;
	}
	return e;
}

err demo_sign_and_approve(struct demo *d, const char *author, const char *type, json_t *body,
			  const char *approver, struct fault *f)
{
	struct told told, approved;

	TRY(demo_sign(d, author, type, body, &told, f));
	if (strcmp(told.outcome, "pending") != 0)
		return fail(f, "DEMO_NOT_WAITING", "type", type, "outcome", told.outcome, NULL);
	demo_said(d, "%s by %s waits for a second person (record %llu)", type, author,
		  (unsigned long long)told.sequence);
	TRY(demo_sign(d, approver, "approval.given", json_pack("{s:s}", "record", told.digest),
		      &approved, f));
	if (approved.raised[0] != '\0' || strcmp(approved.outcome, "executes") != 0)
		return raised(type, &approved, f);
	demo_said(d, "%s agreed: it takes effect with record %llu", approver,
		  (unsigned long long)approved.sequence);
	return ERR_OK;
}

err demo_rows(struct demo *d, const char *reader, const char *view, const char *const *query,
	      json_t **rows, struct fault *f)
{
	json_t *page = NULL;

	TRY(client_view_all(demo_actor(d, reader)->client, view, query, 0, &page, f));
	*rows = json_incref(json_object_get(page, "rows"));
	json_decref(page);
	return ERR_OK;
}
