/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

enum { DAY_MS = 86400000, HOUR_MS = 3600000, MINUTE_MS = 60000, SECOND_MS = 1000 };
/* 9999-12-31T23:59:59.999Z: the last instant that RFC 3339 can write. */
static const uint64_t LAST_MS = UINT64_C(253402300799999);

static uint64_t read_ms(clockid_t which)
{
	struct timespec t;
	int failed = clock_gettime(which, &t);

	assert(failed == 0);
	(void)failed;
	return (uint64_t)t.tv_sec * SECOND_MS + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t system_wall_ms(void *context)
{
	(void)context;
	return read_ms(CLOCK_REALTIME);
}

static uint64_t system_steady_ms(void *context)
{
	(void)context;
	return read_ms(CLOCK_BOOTTIME); /* it counts while the machine sleeps, too */
}

const struct clock clock_system = {system_wall_ms, system_steady_ms, NULL};

struct date {
	unsigned year, month, day;
};

/* The Gregorian calendar in eras of 400 years that begin on March 1st, so that the leap day is
 * the last of its year. Days count from 1970-01-01; 719468 days lie between it and 0000-03-01. */
static uint64_t days_of(struct date d)
{
	uint64_t year = d.month <= 2 ? d.year - 1U : d.year;
	uint64_t month = d.month <= 2 ? d.month + 9U : d.month - 3U;
	uint64_t year_of_era = year % 400;
	uint64_t day_of_year = (153 * month + 2) / 5 + d.day - 1;

	return year / 400 * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static struct date date_of(uint64_t days)
{
	uint64_t z = days + 719468;
	uint64_t era = z / 146097, day_of_era = z % 146097;
	uint64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	uint64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	uint64_t shifted = (5 * day_of_year + 2) / 153;
	unsigned month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);

	return (struct date){
		.year = (unsigned)(year_of_era + era * 400) + (month <= 2),
		.month = month,
		.day = (unsigned)(day_of_year - (153 * shifted + 2) / 5 + 1),
	};
}

void time_text(uint64_t unix_ms, char out[static TIME_TEXT_SIZE])
{
	if (unix_ms > LAST_MS)
		unix_ms = LAST_MS;
	struct date d = date_of(unix_ms / DAY_MS);
	unsigned ms = (unsigned)(unix_ms % DAY_MS);

	snprintf(out, TIME_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", d.year % 10000U,
		 d.month % 100U, d.day % 100U, ms / HOUR_MS, ms / MINUTE_MS % 60,
		 ms / SECOND_MS % 60, ms % SECOND_MS);
}

/* Takes exactly `digits` decimal digits that stand for at most `most`. */
static unsigned get_number(struct reader *r, size_t digits, unsigned most)
{
	struct bytes text = get_bytes(r, digits);
	unsigned v = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			reader_fail(r, "not a digit");
		v = v * 10 + (text.p[i] - (unsigned)'0');
	}
	if (v > most)
		reader_fail(r, "out of range");
	return r->why ? 0 : v;
}

static void get_mark(struct reader *r, char mark)
{
	if (get_u8(r) != (uint8_t)mark)
		reader_fail(r, "wrong separator");
}

static bool next_is(const struct reader *r, char mark)
{
	return !r->why && r->n > 0 && r->p[0] == (uint8_t)mark;
}

static unsigned month_days(struct date d)
{
	static const uint8_t DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = d.year % 4 == 0 && (d.year % 100 != 0 || d.year % 400 == 0);

	return DAYS[d.month - 1] + (d.month == 2 && leap ? 1U : 0U);
}

static struct date get_date(struct reader *r)
{
	struct date d = {.year = get_number(r, 4, 9999)};

	get_mark(r, '-');
	d.month = get_number(r, 2, 12);
	get_mark(r, '-');
	d.day = get_number(r, 2, 31);
	if (d.month == 0 || d.day == 0 || d.day > month_days(d))
		reader_fail(r, "no such day");
	return d;
}

static unsigned get_fraction_ms(struct reader *r)
{
	static const unsigned WEIGHT[] = {100, 10, 1};
	unsigned ms = 0, n = 0;

	if (!next_is(r, '.'))
		return 0;
	get_mark(r, '.');
	for (; n < 3 && !next_is(r, 'Z') && !next_is(r, '+') && !next_is(r, '-'); n++)
		ms += get_number(r, 1, 9) * WEIGHT[n];
	if (n == 0)
		reader_fail(r, "no decimals");
	return ms;
}

/* Minutes that local time is ahead of UTC. */
static int get_offset(struct reader *r)
{
	if (next_is(r, 'Z')) {
		get_mark(r, 'Z');
		return 0;
	}
	bool behind = next_is(r, '-');

	get_mark(r, behind ? '-' : '+');
	int hours = (int)get_number(r, 2, 23);

	get_mark(r, ':');
	int minutes = hours * 60 + (int)get_number(r, 2, 59);

	return behind ? -minutes : minutes;
}

/* RFC 3339 section 5.6, with capital T and Z and without leap seconds, which Unix time lacks. */
bool time_parse(struct bytes text, uint64_t *unix_ms)
{
	struct reader r = reader_of(text);
	struct date d = get_date(&r);

	get_mark(&r, 'T');
	unsigned hour = get_number(&r, 2, 23);

	get_mark(&r, ':');
	unsigned minute = get_number(&r, 2, 59);

	get_mark(&r, ':');
	unsigned second = get_number(&r, 2, 59);
	unsigned ms = get_fraction_ms(&r);
	int offset = get_offset(&r);

	if (!reader_end(&r) || d.year < 1969)
		return false;
	int64_t at = (int64_t)days_of(d) * DAY_MS + (int64_t)hour * HOUR_MS +
		     ((int64_t)minute - offset) * MINUTE_MS + (int64_t)second * SECOND_MS + ms;

	if (at < 0 || (uint64_t)at > LAST_MS)
		return false;
	*unix_ms = (uint64_t)at;
	return true;
}
