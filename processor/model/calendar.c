/* model/calendar.c: the proleptic Gregorian calendar in integers. */
#include "model/calendar.h"

#include <stdio.h>

struct civil {
    int64_t year;
    unsigned month, day; /* from 1 */
};

/* Days since 1970-01-01; the year is counted from March so that the leap day comes last. */
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    unsigned year_of_era = (unsigned)(year - era * 400);
    unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + (int64_t)day_of_era - 719468;
}

static struct civil civil_from_days(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned day_of_era = (unsigned)(days - era * 146097);
    unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned shifted_month = (5 * day_of_year + 2) / 153;
    struct civil civil;
    civil.day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    civil.month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    civil.year = (int64_t)year_of_era + era * 400 + (civil.month <= 2);
    return civil;
}

static unsigned days_in_month(int64_t year, unsigned month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

struct cursor {
    const char *at, *end;
};

static bool take_number(struct cursor *cursor, unsigned digits, unsigned *number)
{
    if ((size_t)(cursor->end - cursor->at) < digits || !text_is_digits((struct text){ cursor->at, digits }, digits))
        return false;
    *number = 0;
    for (unsigned i = 0; i < digits; i++)
        *number = *number * 10 + (unsigned)(*cursor->at++ - '0');
    return true;
}

static bool take_char(struct cursor *cursor, char expected)
{
    if (cursor->at == cursor->end || *cursor->at != expected)
        return false;
    cursor->at++;
    return true;
}

static bool take_fraction(struct cursor *cursor, unsigned *milliseconds)
{
    *milliseconds = 0;
    if (!take_char(cursor, '.'))
        return true;
    unsigned digits = 0;
    for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++, digits++)
        if (digits < 3)
            *milliseconds = *milliseconds * 10 + (unsigned)(*cursor->at - '0');
    for (unsigned i = digits; i < 3; i++)
        *milliseconds *= 10;
    return digits > 0 && digits <= 9;
}

/* "Z", "+hh:mm", "-hh:mm", "+hhmm", or nothing. */
static bool take_zone(struct cursor *cursor, int64_t *offset_minutes)
{
    *offset_minutes = 0;
    if (cursor->at == cursor->end || take_char(cursor, 'Z'))
        return true;
    /* Athena writes "… UTC", others a blank before the offset, or an offset of hours alone. */
    take_char(cursor, ' ');
    if (text_equal((struct text){ cursor->at, (size_t)(cursor->end - cursor->at) }, TEXT("UTC"))) {
        cursor->at = cursor->end;
        return true;
    }
    if (cursor->at == cursor->end)
        return false;
    int sign = *cursor->at == '-' ? -1 : 1;
    if (!take_char(cursor, '+') && !take_char(cursor, '-'))
        return false;
    unsigned hours, minutes = 0;
    if (!take_number(cursor, 2, &hours))
        return false;
    bool has_minutes = take_char(cursor, ':') || cursor->at != cursor->end;
    if ((has_minutes && !take_number(cursor, 2, &minutes)) || hours > 18 || minutes > 59)
        return false;
    *offset_minutes = sign * (int64_t)(hours * 60 + minutes);
    return true;
}

bool time_in_range(int64_t time_ms)
{
    return time_ms >= 0 && time_ms < days_from_civil(10000, 1, 1) * DAY_MS;
}

/* The two digits at `at`; *wrong becomes true where they are none. */
static unsigned two_digits(const char *at, bool *wrong)
{
    unsigned high = (unsigned char)at[0] - (unsigned)'0', low = (unsigned char)at[1] - (unsigned)'0';
    *wrong |= high > 9 || low > 9;
    return high * 10 + low;
}

/* 2026-06-01T00:00:00Z: what nearly all times look like. */
static bool parse_plain(const char *at, int64_t *time_ms)
{
    bool wrong = at[4] != '-' || at[7] != '-' || at[10] != 'T' || at[13] != ':' || at[16] != ':' || at[19] != 'Z';
    unsigned century = two_digits(at, &wrong), year = century * 100 + two_digits(at + 2, &wrong);
    unsigned month = two_digits(at + 5, &wrong), day = two_digits(at + 8, &wrong);
    unsigned hour = two_digits(at + 11, &wrong), minute = two_digits(at + 14, &wrong), second = two_digits(at + 17, &wrong);
    if (wrong || year < 1970 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    *time_ms = (((days_from_civil(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1000;
    return true;
}

bool time_parse(struct text text, int64_t *time_ms)
{
    if (text.size == strlen("2026-06-01T00:00:00Z") && parse_plain(text.data, time_ms))
        return true;
    struct cursor cursor = { text.data, text.data + text.size };
    unsigned year, month, day, hour = 0, minute = 0, second = 0, milliseconds = 0;
    int64_t offset_minutes = 0;
    if (text.size == 0 || !take_number(&cursor, 4, &year) || !take_char(&cursor, '-') || !take_number(&cursor, 2, &month) ||
        !take_char(&cursor, '-') || !take_number(&cursor, 2, &day))
        return false;
    if (cursor.at != cursor.end) {
        if (!take_char(&cursor, 'T') && !take_char(&cursor, ' '))
            return false;
        if (!take_number(&cursor, 2, &hour) || !take_char(&cursor, ':') || !take_number(&cursor, 2, &minute))
            return false;
        if (take_char(&cursor, ':') && (!take_number(&cursor, 2, &second) || !take_fraction(&cursor, &milliseconds)))
            return false;
        if (!take_zone(&cursor, &offset_minutes) || cursor.at != cursor.end)
            return false;
    }
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 || minute > 59 || second > 59)
        return false;
    int64_t minutes = (days_from_civil(year, month, day) * 24 + hour) * 60 + minute - offset_minutes;
    int64_t result = (minutes * 60 + second) * 1000 + milliseconds;
    if (!time_in_range(result))
        return false;
    *time_ms = result;
    return true;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static void append_digits(char **at, int64_t value, unsigned digits)
{
    for (unsigned i = digits; i-- > 0; value /= 10)
        (*at)[i] = (char)('0' + value % 10);
    *at += digits;
}

/* By hand: this runs twice for every line item, and snprintf takes as long as the pricing. */
size_t time_format(int64_t time_ms, char out[TIME_TEXT_MAX])
{
    int64_t days = floor_div(time_ms, DAY_MS);
    int64_t rest = time_ms - days * DAY_MS;
    struct civil civil = civil_from_days(days);
    char *at = out;
    append_digits(&at, civil.year, 4);
    *at++ = '-';
    append_digits(&at, civil.month, 2);
    *at++ = '-';
    append_digits(&at, civil.day, 2);
    *at++ = 'T';
    append_digits(&at, rest / HOUR_MS, 2);
    *at++ = ':';
    append_digits(&at, rest / 60000 % 60, 2);
    *at++ = ':';
    append_digits(&at, rest / 1000 % 60, 2);
    if (rest % 1000 != 0) {
        *at++ = '.';
        append_digits(&at, rest % 1000, 3);
    }
    *at++ = 'Z';
    *at = '\0';
    return (size_t)(at - out);
}

size_t time_format_date(int64_t time_ms, char out[TIME_TEXT_MAX])
{
    struct civil civil = civil_from_days(floor_div(time_ms, DAY_MS));
    char *at = out;
    append_digits(&at, civil.year, 4);
    append_digits(&at, civil.month, 2);
    append_digits(&at, civil.day, 2);
    *at = '\0';
    return (size_t)(at - out);
}

bool period_parse(struct text text, billing_period *period)
{
    struct cursor cursor = { text.data, text.data + text.size };
    unsigned year, month;
    if (text.size < 6 || text.size > 7 || !take_number(&cursor, 4, &year) || !take_char(&cursor, '-') ||
        !take_number(&cursor, (unsigned)(cursor.end - cursor.at), &month))
        return false;
    if (year < 1970 || month < 1 || month > 12)
        return false;
    *period = (billing_period)(year * 12 + month - 1);
    return true;
}

size_t period_format(billing_period period, char out[TIME_TEXT_MAX])
{
    char *at = out;
    append_digits(&at, period / 12, 4);
    *at++ = '-';
    append_digits(&at, period % 12 + 1, 2);
    *at = '\0';
    return (size_t)(at - out);
}

billing_period period_of(int64_t time_ms)
{
    struct civil civil = civil_from_days(floor_div(time_ms, DAY_MS));
    return (billing_period)(civil.year * 12 + civil.month - 1);
}

int64_t period_start(billing_period period)
{
    return days_from_civil(period / 12, (unsigned)(period % 12) + 1, 1) * DAY_MS;
}

int64_t bucket_start(int64_t time_ms, enum granularity granularity)
{
    switch (granularity) {
    case GRANULARITY_HOURLY:
        return floor_div(time_ms, HOUR_MS) * HOUR_MS;
    case GRANULARITY_DAILY:
        return floor_div(time_ms, DAY_MS) * DAY_MS;
    case GRANULARITY_MONTHLY:
        break;
    }
    return period_start(period_of(time_ms));
}

int64_t bucket_end(int64_t bucket_start_ms, enum granularity granularity)
{
    switch (granularity) {
    case GRANULARITY_HOURLY:
        return bucket_start_ms + HOUR_MS;
    case GRANULARITY_DAILY:
        return bucket_start_ms + DAY_MS;
    case GRANULARITY_MONTHLY:
        break;
    }
    return period_end(period_of(bucket_start_ms));
}
