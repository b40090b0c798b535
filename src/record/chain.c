/* SPDX-License-Identifier: Apache-2.0 */
/* chain.c — what is recorded about one thing: every entry names the one before it about the same. */
#include "record/readers.h"

#include <inttypes.h>
#include <stdio.h>

static err last_row(void *context, const struct value *columns, size_t n)
{
	(void)n;
	*(json_int_t *)context = columns[0].number;
	return ERR_OK;
}

/* The last entry about it, or -1. */
static err read_last(struct reader_session *r, const struct subject *subject, json_int_t *out,
		     struct fault *f)
{
	static const struct parameter parameters[] = {
		{"kind", VALUE_TEXT}, {"within", VALUE_TEXT}, {"id", VALUE_TEXT}};
	struct value values[] = {value_text(subject->kind), value_text(subject->within),
				 value_text(subject->id)};
	struct statement *s;

	*out = -1;
	TRY(db_prepare(r->db,
		       "SELECT seq FROM subject_last"
		       " WHERE kind = :kind AND within = :within AND id = :id",
		       parameters, 3, &s, f));
	err result = db_query(r->db, s, values, last_row, out, NULL, f);
	statement_close(s);
	return result;
}

static bool says(const json_t *subject, const char *name, struct bytes text)
{
	const json_t *value = json_object_get(subject, name);

	return json_is_string(value) &&
	       bytes_equal(bytes_of(json_string_value(value), json_string_length(value)), text);
}

/* A cursor is what a caller says: without this it would read entries about something else. */
static bool is_about(const json_t *entry, const struct subject *subject)
{
	const json_t *found = json_object_get(json_object_get(entry, "witness"), "subject");

	return says(found, "kind", subject->kind) && says(found, "within", subject->within) &&
	       says(found, "id", subject->id);
}

static err cursor_wrong(uint64_t from, struct fault *f)
{
	char text[32];

	snprintf(text, sizeof text, "%" PRIu64, from);
	return fail_field(f, "cursor", "CHAIN_CURSOR_WRONG", "cursor", text, NULL);
}

struct walking {
	struct engine *engine;
	struct reader_session *reader;
	struct arena *arena;
	const struct subject *subject;
	json_int_t at;
};

/* One entry more; moves to the one before it. */
static err take(struct walking *w, json_t *entries, struct fault *f)
{
	uint64_t sequence = (uint64_t)w->at;
	json_t *entry;

	TRY(entry_closed_to_json(w->engine, w->reader, w->arena, sequence, &entry, f));
	if (!is_about(entry, w->subject)) {
		json_decref(entry);
		return cursor_wrong(sequence, f);
	}
	const json_t *previous = json_object_get(json_object_get(entry, "witness"), "previous");
	w->at = previous == NULL ? -1 : json_integer_value(previous);
	json_array_append_new(entries, entry);
	return ERR_OK;
}

err chain_to_json(struct engine *e, struct reader_session *r, struct arena *a,
		  const struct subject *subject, const uint64_t *from, size_t limit, json_t **out,
		  struct fault *f)
{
	struct walking w = {.engine = e, .reader = r, .arena = a, .subject = subject};
	json_t *entries = json_array();
	err result = ERR_OK;

	TRY(read_last(r, subject, &w.at, f));
	if (from != NULL && (w.at < 0 || *from > (uint64_t)w.at))
		result = cursor_wrong(*from, f);
	else if (from != NULL)
		w.at = (json_int_t)*from;
	while (result.code == OK && w.at >= 0 && json_array_size(entries) < limit)
		result = take(&w, entries, f);
	if (result.code != OK) {
		json_decref(entries);
		return result;
	}
	*out = json_pack("{s:o}", "entries", entries);
	if (w.at >= 0)
		json_object_set_new(*out, "next", json_integer(w.at));
	return ERR_OK;
}
