/* SPDX-License-Identifier: Apache-2.0 */
/* demo_talk.c — how the people of the demo talk to the server, and what is shown of it. */
#include "sim/demo_live.h"

#include "base/catalog.h"
#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TRIES = 15000, PAUSE_MS = 2, PROGRESS_MS = 1000 };

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

void demo_progress(struct demo *d, const char *what, size_t done, size_t all, uint64_t since_ms)
{
	uint64_t now = clock_steady_ms(&clock_system), passed = now - since_ms;

	if (done < all && now - d->progress_ms < PROGRESS_MS)
		return;
	d->progress_ms = now;
	if (passed == 0)
		passed = 1;
	demo_step(d, "%s: %zu of %zu, %.1f a second, %.0f s left", what, done, all,
		  (double)done * 1000.0 / (double)passed,
		  done == 0 ? 0.0 : (double)(all - done) * (double)passed / (double)done / 1000.0);
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

static bool demo_ends(const struct demo *d)
{
	return d->live != NULL && demo_live_ends(d->live);
}

static void copy_member(const json_t *json, const char *name, char *out, size_t cap)
{
	const char *text = json_string_value(json_object_get(json, name));

	snprintf(out, cap, "%s", text == NULL ? "" : text);
}

void demo_tell(const json_t *receipt, struct told *told)
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
	if (demo_ends(d)) {
		json_decref(body);
		return fail(f, "DEMO_ENDS", NULL);
	}
	demo_attempt(d, author, type, body);
	e = actor == NULL || actor->client == NULL
		    ? fail(f, "DEMO_NOBODY", "principal", author, NULL)
		    : client_record(actor->client, type, body, &receipt, f);
	json_decref(body);
	if (e.code != OK)
		return e;
	demo_attempt_recorded(d, receipt);
	demo_count(d, receipt);
	demo_tell(receipt, told == NULL ? &own : told);
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

static err approve(struct demo *d, const char *approver, const struct told *what,
		   struct told *approved, struct fault *f)
{
	TRY(demo_sign(d, approver, "approval.given", json_pack("{s:s}", "record", what->digest),
		      approved, f));
	return approved->raised[0] == '\0' ? ERR_OK : raised("approval.given", approved, f);
}

err demo_sign_and_approve(struct demo *d, const char *author, const char *type, json_t *body,
			  const char *approvers, struct fault *f)
{
	struct told told;

	return demo_sign_and_approve_told(d, author, type, body, approvers, &told, f);
}

err demo_sign_and_approve_told(struct demo *d, const char *author, const char *type, json_t *body,
			       const char *approvers, struct told *told, struct fault *f)
{
	struct told approved = {0};

	TRY(demo_sign(d, author, type, body, told, f));
	if (strcmp(told->outcome, "pending") != 0)
		return fail(f, "DEMO_NOT_WAITING", "type", type, "outcome", told->outcome, NULL);
	demo_said(d, "%s by %s waits for %s (record %llu)", type, author,
		  strchr(approvers, ' ') == NULL ? "a second person" : "two others",
		  (unsigned long long)told->sequence);
	for (const char *at = approvers; *at != '\0';) {
		size_t n = strcspn(at, " ");
		TRY(approve(d, demo_text(d, "%.*s", (int)n, at), told, &approved, f));
		at += n + (at[n] == ' ');
	}
	if (strcmp(approved.outcome, "executes") != 0)
		return raised(type, &approved, f);
	demo_said(d, "%s agreed: it takes effect with record %llu", approvers,
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

/* ---- waiting ---- */

static bool any_row(const json_t *rows, demo_found *found, void *context)
{
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		if (found(context, row))
			return true;
	}
	return false;
}

err demo_await(struct demo *d, const char *view, const char *const *query, demo_found *found,
	       void *context, struct fault *f)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	json_t *rows = NULL;

	for (int i = 0; i < TRIES; i++) {
		TRY(demo_rows(d, "quinn", view, query, &rows, f));
		bool there = any_row(rows, found, context);
		json_decref(rows);
		if (there)
			return ERR_OK;
		if (demo_ends(d))
			return fail(f, "DEMO_ENDS", NULL);
		nanosleep(&pause, NULL);
	}
	return fail(f, "DEMO_WAITED", "view", view, "what", query[3], NULL);
}

struct bytes demo_hex(struct arena *a, const json_t *row, const char *column, size_t max)
{
	const char *text = json_string_value(json_object_get(row, column));
	size_t n = text == NULL ? 0 : strlen(text) / 2;
	uint8_t *out = n > 0 && n <= max ? arena_alloc(a, n) : NULL;

	if (out == NULL || !hex_decode(bytes_text(text), out, n))
		return (struct bytes){0};
	return bytes_of(out, n);
}
