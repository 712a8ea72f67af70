/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/clock.h"

#include "core/base/status.h"

#include <stdio.h>

#define SECONDS_PER_DAY UINT64_C(86400)

typedef struct date_time {
    unsigned year, month, day, hour, minute, second;
    unsigned fraction; /* 100 ns */
} date_time;

/* Days from 1601-01-01, which begins a 400-year cycle of the Gregorian calendar. */
static uint64_t days_from_date(unsigned year, unsigned month, unsigned day)
{
    static const unsigned before_month[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    uint64_t years = year - 1601;
    uint64_t days = years * 365 + years / 4 - years / 100 + years / 400;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days + before_month[month - 1] + (leap && month > 2 ? 1 : 0) + day - 1;
}

static void date_from_days(uint64_t days, date_time *out)
{
    unsigned year = 1601 + (unsigned)(days * 400 / 146097);
    while (days_from_date(year, 1, 1) > days) {
        year--;
    }
    while (days_from_date(year + 1, 1, 1) <= days) {
        year++;
    }
    unsigned month = 12;
    while (days_from_date(year, month, 1) > days) {
        month--;
    }
    out->year = year;
    out->month = month;
    out->day = (unsigned)(days - days_from_date(year, month, 1)) + 1;
}

static date_time date_from_ticks(uint64_t ticks)
{
    date_time out = {0};
    uint64_t seconds = ticks / EG_TICKS_PER_SECOND;
    out.fraction = (unsigned)(ticks % EG_TICKS_PER_SECOND);
    date_from_days(seconds / SECONDS_PER_DAY, &out);
    unsigned rest = (unsigned)(seconds % SECONDS_PER_DAY);
    out.hour = rest / 3600;
    out.minute = rest / 60 % 60;
    out.second = rest % 60;
    return out;
}

void eg_time_format(uint64_t ticks, char out[EG_TIME_TEXT_SIZE])
{
    date_time t = date_from_ticks(ticks);
    snprintf(out, EG_TIME_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%07uZ", t.year, t.month, t.day,
             t.hour, t.minute, t.second, t.fraction);
}

void eg_time_format_sysmon(uint64_t ticks, char out[EG_TIME_TEXT_SIZE])
{
    date_time t = date_from_ticks(ticks);
    snprintf(out, EG_TIME_TEXT_SIZE, "%04u-%02u-%02u %02u:%02u:%02u.%03u", t.year, t.month, t.day,
             t.hour, t.minute, t.second, t.fraction / 10000);
}

/* Takes exactly `digits` digits from the front of *text. */
static bool take_number(eg_str *text, size_t digits, unsigned *out)
{
    if (text->len < digits) {
        return false;
    }
    unsigned value = 0;
    for (size_t i = 0; i < digits; i++) {
        char c = text->ptr[i];
        if (c < '0' || c > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(c - '0');
    }
    *out = value;
    *text = (eg_str){text->ptr + digits, text->len - digits};
    return true;
}

static bool take_char(eg_str *text, char c)
{
    if (text->len == 0 || text->ptr[0] != c) {
        return false;
    }
    *text = (eg_str){text->ptr + 1, text->len - 1};
    return true;
}

static bool take_date_and_time(eg_str *text, date_time *t)
{
    return take_number(text, 4, &t->year) && take_char(text, '-') &&
           take_number(text, 2, &t->month) && take_char(text, '-') &&
           take_number(text, 2, &t->day) && (take_char(text, 'T') || take_char(text, ' ')) &&
           take_number(text, 2, &t->hour) && take_char(text, ':') &&
           take_number(text, 2, &t->minute) && take_char(text, ':') &&
           take_number(text, 2, &t->second);
}

/* ".1234567": 1 to 9 digits, those behind the seventh are below our resolution. */
static bool take_fraction(eg_str *text, unsigned *fraction)
{
    *fraction = 0;
    if (!take_char(text, '.')) {
        return true;
    }
    unsigned digits = 0;
    unsigned digit = 0;
    unsigned value = 0;
    for (; digits < 9 && take_number(text, 1, &digit); digits++) {
        value = digits < 7 ? value * 10 + digit : value;
    }
    for (unsigned i = digits; i < 7; i++) {
        value *= 10;
    }
    *fraction = value;
    return digits > 0;
}

/* "Z", nothing, "+09:00" or "-0330": seconds east of UTC. */
static bool take_offset(eg_str *text, int *seconds)
{
    *seconds = 0;
    if (text->len == 0 || take_char(text, 'Z')) {
        return true;
    }
    int sign = take_char(text, '-') ? -1 : 1;
    unsigned hours = 0;
    unsigned minutes = 0;
    if (sign > 0 && !take_char(text, '+')) {
        return false;
    }
    if (!take_number(text, 2, &hours)) {
        return false;
    }
    take_char(text, ':');
    if (!take_number(text, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    *seconds = sign * (int)(hours * 3600 + minutes * 60);
    return true;
}

static bool in_range(const date_time *t)
{
    static const unsigned month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (t->year < 1601 || t->month < 1 || t->month > 12 || t->day < 1) {
        return false;
    }
    bool leap = (t->year % 4 == 0 && t->year % 100 != 0) || t->year % 400 == 0;
    unsigned last = month_days[t->month - 1] + (t->month == 2 && leap ? 1 : 0);
    return t->day <= last && t->hour < 24 && t->minute < 60 && t->second < 60;
}

int eg_time_parse(eg_str text, uint64_t *ticks)
{
    eg_str rest = text;
    date_time t = {0};
    int offset = 0;
    if (!take_date_and_time(&rest, &t) || !take_fraction(&rest, &t.fraction) ||
        !take_offset(&rest, &offset) || rest.len > 0 || !in_range(&t)) {
        return eg_fail(EG_E_INVALID, "not a time: \"%.*s\"", EG_STR_ARGS(text));
    }
    int64_t seconds = (int64_t)(days_from_date(t.year, t.month, t.day) * SECONDS_PER_DAY) +
                      (int64_t)t.hour * 3600 + (int64_t)t.minute * 60 + t.second - offset;
    if (seconds < 0) {
        return eg_fail(EG_E_INVALID, "time before 1601: \"%.*s\"", EG_STR_ARGS(text));
    }
    *ticks = (uint64_t)seconds * EG_TICKS_PER_SECOND + t.fraction;
    return EG_OK;
}
