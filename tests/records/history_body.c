/* SPDX-License-Identifier: Apache-2.0 */
/* history_body.c — bodies at random, from few words, so that records meet and miss each other. */
#include "records/history.h"

#include <stdio.h>
#include <string.h>

enum { BODY_MAX = 8192 };

static const struct {
	const char *name, *words;
} IDS[] = {
	{"principal", "a0|a1|a2|a3|a4|a5|a6|a7|p1|p2|ben"},
	{"natural_person", "a0|a1|n1|n2"},
	{"kind", "person|station|unit|part_lot|item"},
	{"site", "VN|VN|VN|HH"},
	{"from_site", "VN"},
	{"to_site", "HH|VN"},
	{"role", "role-a4|role-a5|r1|r2|r3"},
	{"other", "r1|r2|role-a5"},
	{"permission", "custody.write|custody.check|access.read|custody.issue"},
	{"duty", "d1|d2"},
	{"class", "shipment.release|firmware.release|*"},
	{"maker", "M|M|N"},
	{"holder", "a1|a2|a3|a4"},
	{"seen_by", "a1|a2|a3"},
	{"within", "GW|acme"},
	{"id", "U1|U2|cable"},
};

size_t history_choose(struct history *h, size_t n)
{
	h->random ^= h->random << 13;
	h->random ^= h->random >> 7;
	h->random ^= h->random << 17;
	return (size_t)((h->random >> 11) % n);
}

static void put_quoted(struct writer *w, struct bytes text)
{
	put_text(w, "\"");
	put_bytes(w, text);
	put_text(w, "\"");
}

static void put_choice(struct history *h, struct writer *w, const char *words)
{
	size_t n = 1;

	for (const char *p = words; *p != '\0'; p++)
		n += *p == '|';
	for (n = history_choose(h, n); n > 0; n--)
		words = strchr(words, '|') + 1;
	put_quoted(w, bytes_of(words, strcspn(words, "|")));
}

/* Things come and go: numbers around one that grows as the history does. */
static const struct {
	const char *name;
	size_t every, wide;
} MOVING[] = {{"seal", 8, 24}, {"read", 8, 24}, {"shipment", 200, 3}};

static bool put_moving(struct history *h, struct writer *w, const struct field *field)
{
	char text[32];

	for (size_t i = 0; i < sizeof MOVING / sizeof MOVING[0]; i++) {
		if (strcmp(MOVING[i].name, field->name) != 0)
			continue;
		snprintf(text, sizeof text, "%zu",
			 h->submissions_n / MOVING[i].every + history_choose(h, MOVING[i].wide));
		put_quoted(w, bytes_text(text));
		return true;
	}
	return false;
}

static void put_id(struct history *h, struct writer *w, const struct field *field)
{
	char text[32];

	if (strcmp(field->name, "grant_id") == 0) {
		snprintf(text, sizeof text, "g%zu", h->grants_n += history_choose(h, 2));
		put_quoted(w, bytes_text(text));
		return;
	}
	if (put_moving(h, w, field))
		return;
	if (field->choices != NULL) {
		put_choice(h, w, field->choices);
		return;
	}
	for (size_t i = 0; i < sizeof IDS / sizeof IDS[0]; i++) {
		if (strcmp(IDS[i].name, field->name) == 0) {
			put_choice(h, w, IDS[i].words);
			return;
		}
	}
	put_choice(h, w, "x|y");
}

static void put_hash(struct history *h, struct writer *w, const struct field *field)
{
	struct hash value = {{7, (uint8_t)history_choose(h, 3)}};
	char hex[65];

	if (strcmp(field->name, "manifest") == 0 || strcmp(field->name, "previous") == 0)
		value = h->manifest;
	if (strcmp(field->name, "record") == 0 && h->pending_n > 0)
		value = h->pending[history_choose(h, h->pending_n)];
	hex_encode(hash_bytes(&value), hex);
	put_quoted(w, bytes_text(hex));
}

static void put_number(struct history *h, struct writer *w, const struct field *field)
{
	int64_t value = field->least + (int64_t)history_choose(h, 5);
	char text[32];

	if (strcmp(field->name, "request_ttl_ms") == 0 || strcmp(field->name, "vote_ttl_ms") == 0)
		value = 3600000;
	snprintf(text, sizeof text, "%lld",
		 (long long)(field->most != 0 && value > field->most ? field->most : value));
	put_text(w, text);
}

static void put_object(struct history *h, struct writer *w, const struct field *fields);

static void put_value(struct history *h, struct writer *w, const struct field *field)
{
	switch (field->kind) {
	case FIELD_ID:
		put_id(h, w, field);
		return;
	case FIELD_HASH:
		put_hash(h, w, field);
		return;
	case FIELD_INSTANT:
		put_choice(h, w, "2099-01-01T00:00:00.000Z|2020-01-01T00:00:00.000Z");
		return;
	case FIELD_NUMBER:
		put_number(h, w, field);
		return;
	case FIELD_BOOL:
		put_text(w, history_choose(h, 4) > 0 ? "true" : "false");
		return;
	case FIELD_TEXT:
	case FIELD_COMMITMENT:
		put_choice(h, w, "something|nothing|Müller");
		return;
	case FIELD_BLOB:
		put_choice(h, w, "AAAA|AQID");
		return;
	case FIELD_LIST:
		put_text(w, "[");
		for (size_t n = 1 + history_choose(h, 3); n > 0; n--) {
			put_object(h, w, field->sub);
			put_text(w, n > 1 ? "," : "]");
		}
		return;
	}
}

static void put_object(struct history *h, struct writer *w, const struct field *fields)
{
	bool first = true;

	put_text(w, "{");
	for (size_t i = 0; fields[i].name != NULL; i++) {
		/* Once in a while something that is needed is missing. */
		bool needed = (fields[i].flags & REQUIRED) != 0;
		if (history_choose(h, needed ? 400 : 3) == 0 || (fields[i].flags & STORED) != 0)
			continue;
		put_text(w, first ? "" : ",");
		put_quoted(w, bytes_text(fields[i].name));
		put_text(w, ":");
		put_value(h, w, &fields[i]);
		first = false;
	}
	put_text(w, "}");
}

const char *history_body(struct history *h, struct arena *a, const struct record_type *type)
{
	uint8_t *buffer = arena_alloc(a, BODY_MAX);
	struct writer w = writer_of(buffer, BODY_MAX);
	struct bytes written;

	put_object(h, &w, type->fields);
	put_u8(&w, 0);
	return writer_done(&w, &written) ? (const char *)buffer : "{}";
}
