/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_value.c — PostgreSQL's errors and its binary formats, as this program knows them. */
#include <stdio.h>
#include <string.h>

#include "db/postgres.h"

/* Type oids, which are fixed: src/include/catalog/pg_type.dat of PostgreSQL. */
enum {
	TYPE_BOOL = 16,
	TYPE_BYTEA = 17,
	TYPE_NAME = 19,
	TYPE_INT8 = 20,
	TYPE_INT2 = 21,
	TYPE_INT4 = 23,
	TYPE_TEXT = 25,
	TYPE_UNKNOWN = 705,
	TYPE_VARCHAR = 1043,
	TYPE_NUMERIC = 1700,
};

/* SQLSTATE of Appendix A of PostgreSQL's manual: whole codes first, then classes. */
static const struct {
	const char *state, *message;
} STATES[] = {
	{"23505", "DB_CONFLICT"},       {"23", "DB_CONSTRAINT"},  {"25006", "DB_READ_ONLY"},
	{"25P02", "DB_ROLLBACK_FIRST"}, {"40", "DB_BUSY"},        {"55P03", "DB_BUSY"},
	{"53100", "DB_FULL"},           {"53200", "DB_MEMORY"},   {"53", "DB_UNAVAILABLE"},
	{"57P", "DB_UNAVAILABLE"},      {"57014", "DB_TOO_SLOW"}, {"08", "DB_UNAVAILABLE"},
	{"28", "DB_UNAVAILABLE"},       {"3D", "DB_UNAVAILABLE"}, {"42501", "DB_PERMISSION"},
	{"42", "DB_STATEMENT"},         {"0A", "DB_STATEMENT"},   {"22", "DB_STATEMENT"},
	{"3F", "DB_STATEMENT"},         {"54", "DB_TOO_LARGE"},   {"XX001", "DB_CORRUPT"},
	{"XX002", "DB_CORRUPT"},
};

bool postgres_lost(const struct postgres *p)
{
	return p->connection == NULL || PQstatus(p->connection) != CONNECTION_OK;
}

static const char *message_of(const char *state)
{
	for (size_t i = 0; state != NULL && i < sizeof(STATES) / sizeof(STATES[0]); i++) {
		if (strncmp(state, STATES[i].state, strlen(STATES[i].state)) == 0)
			return STATES[i].message;
	}
	return "DB_FAILED";
}

err postgres_fault(const struct postgres *p, const PGresult *r, struct fault *f)
{
	const char *text = r == NULL ? NULL : PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	const char *state = r == NULL ? NULL : PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *message = postgres_lost(p) ? "DB_UNAVAILABLE" : message_of(state);
	char line[FAULT_VALUE_SIZE];

	if (text == NULL && p->connection != NULL)
		text = PQerrorMessage(p->connection);
	if (text == NULL || text[0] == '\0')
		text = "no answer";
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\r\n"), text);
	return fail(f, message, "detail", line, NULL);
}

unsigned postgres_parameter_type(enum value_kind kind)
{
	switch (kind) {
	case VALUE_INT:
		return TYPE_INT8;
	case VALUE_TEXT:
		return TYPE_TEXT;
	case VALUE_BLOB:
		return TYPE_BYTEA;
	case VALUE_NULL:
	default:
		return 0;
	}
}

enum value_kind postgres_kind(const struct postgres *p, unsigned type)
{
	switch (type) {
	case TYPE_BOOL:
	case TYPE_INT8:
	case TYPE_INT2:
	case TYPE_INT4:
	case TYPE_NUMERIC:
		return VALUE_INT;
	case TYPE_NAME:
	case TYPE_TEXT:
	case TYPE_UNKNOWN:
	case TYPE_VARCHAR:
		return VALUE_TEXT;
	case TYPE_BYTEA:
		return VALUE_BLOB;
	default:
		return type == p->blob_type && type != 0 ? VALUE_BLOB : VALUE_NULL;
	}
}

static bool read_integer(struct bytes field, size_t size, int64_t *out)
{
	struct reader r = reader_of(field);

	if (size == 8)
		*out = (int64_t)get_u64(&r);
	else if (size == 4)
		*out = (int32_t)get_u32(&r);
	else if (size == 2)
		*out = (int16_t)get_u16(&r);
	else
		*out = get_u8(&r) != 0;
	return reader_end(&r);
}

/* The total is kept negative, so that the least int64 fits as well. */
static bool add_digit(int64_t *total, int64_t digit)
{
	return !__builtin_mul_overflow(*total, (int64_t)10000, total) &&
	       !__builtin_sub_overflow(*total, digit, total);
}

/* What sum() of bigint gives: digits of base 10000, the first worth 10000^weight; see numeric_send
 * in PostgreSQL's numeric.c. Exact, or false. */
static bool read_numeric(struct bytes field, int64_t *out)
{
	enum { PLUS = 0x0000, MINUS = 0x4000 };
	struct reader r = reader_of(field);
	int digits = get_u16(&r);
	int weight = (int16_t)get_u16(&r);
	unsigned sign = get_u16(&r);
	int64_t total = 0;

	(void)get_u16(&r); /* digits to show after the point */
	if (sign != PLUS && sign != MINUS)
		return false; /* no number, or infinite */
	for (int i = 0; i < digits; i++) {
		int64_t digit = get_u16(&r);
		bool fraction = i > weight;
		if (digit > 9999 || (fraction && digit != 0))
			return false;
		if (!fraction && !add_digit(&total, digit))
			return false;
	}
	for (int i = digits; i <= weight && total != 0; i++) {
		if (!add_digit(&total, 0))
			return false;
	}
	if (!reader_end(&r))
		return false;
	*out = total;
	return sign == MINUS || !__builtin_sub_overflow((int64_t)0, total, out);
}

static bool read_number(unsigned type, struct bytes field, struct value *out)
{
	*out = value_int(0);
	switch (type) {
	case TYPE_INT8:
		return read_integer(field, 8, &out->number);
	case TYPE_INT4:
		return read_integer(field, 4, &out->number);
	case TYPE_INT2:
		return read_integer(field, 2, &out->number);
	case TYPE_BOOL:
		return read_integer(field, 1, &out->number);
	case TYPE_NUMERIC:
		return read_numeric(field, &out->number);
	default:
		return false;
	}
}

bool postgres_read(const struct postgres *p, const PGresult *r, int row, int column,
		   struct value *out)
{
	unsigned type = PQftype(r, column);
	struct bytes field =
		bytes_of(PQgetvalue(r, row, column), (size_t)PQgetlength(r, row, column));

	if (PQgetisnull(r, row, column)) {
		*out = value_null;
		return true;
	}
	switch (postgres_kind(p, type)) {
	case VALUE_TEXT:
		*out = value_text(field);
		return true;
	case VALUE_BLOB:
		*out = value_blob(field);
		return true;
	case VALUE_INT:
		return read_number(type, field, out);
	case VALUE_NULL:
	default:
		return false;
	}
}
