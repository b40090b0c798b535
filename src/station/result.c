/* SPDX-License-Identifier: Apache-2.0 */
#include "station/result_internal.h"

#include "base/clock.h"
#include "core/entry.h"

#include <stdio.h>
#include <string.h>

#define MICRO_MAX \
	INT64_C(9007199254740991) /* JSON numbers are exact up to here (RFC 8259 section 6) */

/* ---- numbers ---- */

bool micro_parse(struct bytes text, int64_t *out)
{
	bool minus = text.n > 0 && text.p[0] == '-', point = false;
	int64_t value = 0;
	size_t decimals = 0, digits = 0;

	for (size_t i = minus; i < text.n; i++) {
		uint8_t c = text.p[i];
		if (c == '.' && !point && digits > 0) {
			point = true;
			continue;
		}
		if (c < '0' || c > '9' || decimals == 6 || value > MICRO_MAX / 10)
			return false;
		value = 10 * value + (c - '0');
		digits++;
		decimals += point;
	}
	for (size_t i = decimals; i < 6; i++) {
		if (value > MICRO_MAX / 10)
			return false;
		value *= 10;
	}
	if (digits == 0 || (point && decimals == 0) || value > MICRO_MAX)
		return false;
	*out = minus ? -value : value;
	return true;
}

static bool count_parse(struct bytes text, int64_t *out)
{
	int64_t value = 0;

	if (text.n == 0 || text.n > 15)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		value = 10 * value + (text.p[i] - '0');
	}
	*out = value;
	return value > 0;
}

/* ---- fields ---- */

static bool is_verdict(struct bytes text)
{
	static const char *const WORDS[] = {"pass", "fail", "error", "aborted"};

	for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
		if (bytes_equal(text, bytes_text(WORDS[i])))
			return true;
	return false;
}

static bool is_digest(struct bytes text)
{
	uint8_t raw[32];

	return text.n == 64 && hex_decode(text, raw, sizeof raw);
}

static bool is_time(struct bytes text)
{
	uint64_t ms;

	return time_parse(text, &ms);
}

static bool is_count(struct bytes text)
{
	int64_t n;

	return count_parse(text, &n);
}

static const char AN_ID[] = "1 to 64 letters, digits or signs like - . _";
static const char A_DIGEST[] = "64 hexadecimal digits";
static const char A_TIME[] = "a time like 2026-11-20T04:28:26.000Z";

const struct result_field RESULT_FIELDS[RESULT_FIELDS_N] = {
	{"product", true, id_valid, AN_ID},
	{"serial", true, id_valid, AN_ID},
	{"operator", false, id_valid, AN_ID},
	{"procedure", true, id_valid, AN_ID},
	{"procedure_digest", true, is_digest, A_DIGEST},
	{"sequence", true, is_count, "a whole number from 1 on"},
	{"started", true, is_time, A_TIME},
	{"ended", true, is_time, A_TIME},
	{"verdict", true, is_verdict, "pass, fail, error or aborted"},
	{"attachment", false, is_digest, A_DIGEST},
};

err result_wrong(unsigned line, const char *field, const char *expected, struct fault *f)
{
	char text[16];

	snprintf(text, sizeof text, "%u", line);
	return fail_field(f, field, "RESULT_WRONG", "line", text, "field", field, "expected",
			  expected, NULL);
}

err result_put(json_t *body, const struct result_field *field, struct bytes text, unsigned line,
	       struct fault *f)
{
	int64_t number;
	json_t *value;

	if (!field->valid(text))
		return result_wrong(line, field->name, field->expected, f);
	if (field->valid == is_count && count_parse(text, &number))
		value = json_integer(number);
	else
		value = json_stringn((const char *)text.p, text.n);
	return json_object_set_new(body, field->name, value) == 0 ? ERR_OK
								  : fail(f, "OUT_OF_MEMORY", NULL);
}

err result_measure(json_t *body, struct bytes name, struct bytes value, unsigned line,
		   struct fault *f)
{
	json_t *list = json_object_get(body, "measurements");
	int64_t micro;
	size_t i;
	json_t *one;

	if (!id_valid(name))
		return result_wrong(line, "measurement", AN_ID, f);
	if (!micro_parse(value, &micro))
		return result_wrong(line, "value",
				    "decimal text like -12.345678, with at most six decimals", f);
	if (json_array_size(list) == RESULT_MEASUREMENTS_MAX)
		return result_wrong(line, "measurement", "at most 200 measurements of one test", f);
	json_array_foreach(list, i, one)
	{
		const char *there = json_string_value(json_object_get(one, "measurement"));
		if (there != NULL && bytes_equal(bytes_text(there), name))
			return result_wrong(line, "measurement", "each measurement once", f);
	}
	one = json_pack("{s:s%, s:I}", "measurement", (const char *)name.p, name.n, "value_micro",
			(json_int_t)micro);
	if (list == NULL) {
		list = json_array();
		if (json_object_set_new(body, "measurements", list) != 0)
			return fail(f, "OUT_OF_MEMORY", NULL);
	}
	return json_array_append_new(list, one) == 0 ? ERR_OK : fail(f, "OUT_OF_MEMORY", NULL);
}

json_t *result_body(const char *station)
{
	return json_pack("{s:s}", "station", station);
}

/* ---- JSON ---- */

/* The line where the n-th member of this name stands: what a person looks for. */
static unsigned line_of(struct bytes text, const char *name, size_t nth)
{
	size_t n = strlen(name), left = nth;
	unsigned line = 1;

	for (size_t i = 0; i + n + 2 <= text.n; i++) {
		line += text.p[i] == '\n';
		if (text.p[i] == '"' && memcmp(text.p + i + 1, name, n) == 0 &&
		    text.p[i + n + 1] == '"' && left-- == 0)
			return line;
	}
	return 1;
}

static struct bytes string_bytes(const json_t *json)
{
	return json_is_string(json) ? bytes_of(json_string_value(json), json_string_length(json))
				    : bytes_of("", 0);
}

static err json_measurements(struct bytes text, const json_t *list, json_t *body, struct fault *f)
{
	size_t i;
	json_t *one;

	if (list == NULL)
		return ERR_OK;
	if (!json_is_array(list))
		return result_wrong(line_of(text, "measurements", 0), "measurements",
				    "a list of {\"measurement\", \"value\"}", f);
	json_array_foreach(list, i, one)
	{
		unsigned line = line_of(text, "measurement", i);
		if (!json_is_object(one) || json_object_size(one) != 2 ||
		    json_object_get(one, "measurement") == NULL ||
		    json_object_get(one, "value") == NULL)
			return result_wrong(line, "measurements",
					    "a list of {\"measurement\", \"value\"}", f);
		TRY(result_measure(body, string_bytes(json_object_get(one, "measurement")),
				   string_bytes(json_object_get(one, "value")), line, f));
	}
	return ERR_OK;
}

static bool is_known(const char *name)
{
	for (size_t i = 0; i < RESULT_FIELDS_N; i++)
		if (strcmp(RESULT_FIELDS[i].name, name) == 0)
			return true;
	return strcmp(name, "measurements") == 0;
}

static err json_field(struct bytes text, const json_t *json, const struct result_field *field,
		      json_t *body, struct fault *f)
{
	const json_t *value = json_object_get(json, field->name);
	unsigned line = line_of(text, field->name, 0);
	char number[24];

	if (value == NULL)
		return field->required ? result_wrong(line, field->name, field->expected, f)
				       : ERR_OK;
	if (field->valid == is_count && json_is_integer(value)) {
		snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
		return result_put(body, field, bytes_text(number), line, f);
	}
	return result_put(body, field, string_bytes(value), line, f);
}

static err json_result(struct bytes text, const json_t *json, json_t *body, struct fault *f)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)json, name, value)
	{
		if (!is_known(name))
			return result_wrong(line_of(text, name, 0), name,
					    "one of the fields of test.recorded, or nothing", f);
	}
	for (size_t i = 0; i < RESULT_FIELDS_N; i++)
		TRY(json_field(text, json, &RESULT_FIELDS[i], body, f));
	return json_measurements(text, json_object_get(json, "measurements"), body, f);
}

static err one_body(json_t *body, err made, json_t **bodies, struct fault *f)
{
	if (made.code != OK) {
		json_decref(body);
		return made;
	}
	*bodies = json_pack("[o]", body);
	return *bodies == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : ERR_OK;
}

err result_from_json(struct bytes text, const char *station, json_t **bodies, struct fault *f)
{
	json_error_t error;
	char line[16];

	if (text.n > RESULT_FILE_MAX)
		return fail(f, "RESULT_TOO_LARGE", NULL);
	json_t *json = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(json)) {
		snprintf(line, sizeof line, "%d", json == NULL && error.line > 0 ? error.line : 1);
		bool broken = json == NULL;
		json_decref(json);
		return fail(f, "RESULT_JSON_WRONG", "line", line, "detail",
			    broken ? error.text : "it is not an object", NULL);
	}
	json_t *body = result_body(station);
	err e = body == NULL ? fail(f, "OUT_OF_MEMORY", NULL) : json_result(text, json, body, f);
	json_decref(json);
	return one_body(body, e, bodies, f);
}
