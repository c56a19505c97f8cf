/*
 * model/calendar.h: UTC times, billing periods and report buckets. No clock, no time zone database.
 * Units: times are milliseconds since 1970-01-01T00:00:00Z. A period is a calendar month: year × 12 + month − 1.
 */
#ifndef MODEL_CALENDAR_H
#define MODEL_CALENDAR_H

#include "base/error.h"
#include "base/text.h"

typedef int32_t billing_period;

#define PERIOD_NONE INT32_MIN
#define PERIOD_MAX (INT32_MAX - 1) /* behind every month that there is */
#define TIME_TEXT_MAX 32
#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)

enum granularity { GRANULARITY_HOURLY, GRANULARITY_DAILY, GRANULARITY_MONTHLY };

/* ISO 8601 with date and time: "2026-06-01T00:00:00Z", a blank for the T, fractions, "+02:00" and no zone (UTC) too;
 * a date alone is its midnight. Years 1970..9999. */
MUST_USE bool time_parse(struct text text, int64_t *time_ms);
/* "2026-06-01T00:00:00Z", with milliseconds where there are any. Returns the length; a final NUL is written. */
size_t time_format(int64_t time_ms, char out[TIME_TEXT_MAX]);
/* strftime-like building blocks for names: "20260601". */
size_t time_format_date(int64_t time_ms, char out[TIME_TEXT_MAX]);

bool time_in_range(int64_t time_ms); /* years 1970..9999 */

MUST_USE bool period_parse(struct text text, billing_period *period); /* "2026-06" or "2026-6" */
size_t period_format(billing_period period, char out[TIME_TEXT_MAX]); /* "2026-06" */
billing_period period_of(int64_t time_ms);
int64_t period_start(billing_period period);
static inline int64_t period_end(billing_period period)
{
    return period_start(period + 1);
}

int64_t bucket_start(int64_t time_ms, enum granularity granularity);
int64_t bucket_end(int64_t bucket_start_ms, enum granularity granularity);

#endif
