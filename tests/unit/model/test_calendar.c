/* model/calendar: UTC times, periods and buckets. Expected milliseconds are those of `date -u +%s`. */
#include "model/calendar.h"
#include "support/unit.h"

static void iso_times_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t time_ms;
    } rows[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "2026-06-01T00:00:00Z", INT64_C(1780272000000) },
        { "2026-06-01 00:00:00Z", INT64_C(1780272000000) },
        { "2026-06-01", INT64_C(1780272000000) },
        { "2026-06-01T00:00:00", INT64_C(1780272000000) },
        { "2026-06-01T00:00Z", INT64_C(1780272000000) },
        { "2026-06-01T02:00:00+02:00", INT64_C(1780272000000) },
        { "2026-05-31T18:30:00-05:30", INT64_C(1780272000000) },
        { "2026-06-01T02:00:00+0200", INT64_C(1780272000000) },
        { "2026-06-01 00:00:00.000 UTC", INT64_C(1780272000000) },
        { "2026-06-01 02:00:00+02", INT64_C(1780272000000) },
        { "2026-06-01 02:00:00 +02:00", INT64_C(1780272000000) },
        { "2026-06-01T00:00:00.5Z", INT64_C(1780272000500) },
        { "2026-06-01T00:00:00.123Z", INT64_C(1780272000123) },
        { "2026-06-01T00:00:00.000000000Z", INT64_C(1780272000000) },
        { "2024-02-29T23:59:59Z", INT64_C(1709251199000) },
        { "2000-02-29T00:00:00Z", INT64_C(951782400000) },
        { "1969-12-31T23:00:00-01:00", 0 },
        { "2100-03-01T00:00:00Z", INT64_C(4107542400000) },
        { "9999-12-31T23:59:59.999Z", INT64_C(253402300799999) },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        int64_t time_ms = -1;
        expect(rows[i].text, time_parse(text_of(rows[i].text), &time_ms), true);
        expect_number(rows[i].text, time_ms, rows[i].time_ms);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "2026",
        "2026-06",
        "20260601",
        "2026-6-1",
        "2026-06-01T",
        "2026-06-01T00:00:00Zx",
        "2026-06-01X00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-06-00T00:00:00Z",
        "2026-06-31T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2024-02-30T00:00:00Z",
        "2026-06-01T24:00:00Z",
        "2026-06-01T23:60:00Z",
        "2026-06-01T23:59:60Z",
        "2026-06-01T00:00:00.Z",
        "2026-06-01T00:00:00+2",
        "2026-06-01T00:00:00+02:60",
        "2026-06-01 00:00:00 CET",
        "2026-06-01 00:00:00 ",
        "2026-06-01 00:00:00 UTCx",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "10000-01-01T00:00:00Z",
        " 2026-06-01T00:00:00Z",
        "2026-06-01T00:00:00Z ",
        "-026-06-01T00:00:00Z",
        "1780272000000",
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        int64_t time_ms = 42;
        expect(rows[i], time_parse(text_of(rows[i]), &time_ms), false);
        expect_number(rows[i], time_ms, 42);
    }
}

static void times_are_written_as_short_as_they_are_exact(void **state)
{
    (void)state;
    static const struct {
        int64_t time_ms;
        const char *text, *date;
    } rows[] = {
        { 0, "1970-01-01T00:00:00Z", "19700101" },
        { INT64_C(1780272000000), "2026-06-01T00:00:00Z", "20260601" },
        { INT64_C(1780272000001), "2026-06-01T00:00:00.001Z", "20260601" },
        { INT64_C(1780272000120), "2026-06-01T00:00:00.120Z", "20260601" },
        { INT64_C(1709251199000), "2024-02-29T23:59:59Z", "20240229" },
        { INT64_C(253402300799999), "9999-12-31T23:59:59.999Z", "99991231" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char out[TIME_TEXT_MAX];
        expect_text(rows[i].text, (struct text){ out, time_format(rows[i].time_ms, out) }, rows[i].text);
        assert_string_equal(out, rows[i].text);
        expect_text(rows[i].text, (struct text){ out, time_format_date(rows[i].time_ms, out) }, rows[i].date);
    }
}

/* Counts days the slow way, as a calendar on the wall does. */
static void every_day_until_2200_has_its_date_and_period(void **state)
{
    (void)state;
    static const int days_in[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int64_t time_ms = 0;
    for (int year = 1970; year < 2200; year++) {
        bool leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
        for (int month = 1; month <= 12; month++) {
            billing_period period = year * 12 + month - 1;
            assert_true(period_start(period) == time_ms);
            int days = days_in[month - 1] + (month == 2 && leap);
            for (int day = 1; day <= days; day++, time_ms += DAY_MS) {
                char expected[16], out[TIME_TEXT_MAX];
                int64_t parsed;
                snprintf(expected, sizeof expected, "%04d-%02d-%02d", year, month, day);
                assert_true(time_parse(text_of(expected), &parsed) && parsed == time_ms);
                time_format(time_ms, out);
                assert_memory_equal(out, expected, 10);
                assert_int_equal(period_of(time_ms), period);
                assert_int_equal(period_of(time_ms + DAY_MS - 1), period);
                assert_true(bucket_start(time_ms + 1, GRANULARITY_MONTHLY) == period_start(period));
            }
            assert_true(period_end(period) == time_ms);
        }
    }
}

static void periods_are_months(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected; /* "" no period */
    } rows[] = {
        { "2026-06", "2026-06" },
        { "2026-6", "2026-06" },
        { "1970-01", "1970-01" },
        { "9999-12", "9999-12" },
        { "2026-12", "2026-12" },
        { "2026-13", "" },
        { "2026-00", "" },
        { "2026-0", "" },
        { "1969-12", "" },
        { "2026-", "" },
        { "2026", "" },
        { "2026-061", "" },
        { "2026/06", "" },
        { "2026-06-01", "" },
        { "202606", "" },
        { "2026- 6", "" },
        { "", "" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        billing_period period = PERIOD_NONE;
        char out[TIME_TEXT_MAX] = "";
        if (period_parse(text_of(rows[i].text), &period))
            period_format(period, out);
        expect_text(rows[i].text, text_of(out), rows[i].expected);
        expect(rows[i].text, period == PERIOD_NONE, rows[i].expected[0] == '\0');
    }
}

static int64_t at(const char *text)
{
    int64_t time_ms;
    bool done = time_parse(text_of(text), &time_ms);
    CHECK(done);
    return time_ms;
}

static void buckets_are_hours_days_and_months(void **state)
{
    (void)state;
    static const struct {
        const char *time;
        enum granularity granularity;
        const char *start, *end;
    } rows[] = {
        { "2026-06-01T00:00:00Z", GRANULARITY_HOURLY, "2026-06-01T00:00:00Z", "2026-06-01T01:00:00Z" },
        { "2026-06-01T00:59:59.999Z", GRANULARITY_HOURLY, "2026-06-01T00:00:00Z", "2026-06-01T01:00:00Z" },
        { "2026-06-30T23:30:00Z", GRANULARITY_HOURLY, "2026-06-30T23:00:00Z", "2026-07-01T00:00:00Z" },
        { "2026-06-30T23:30:00Z", GRANULARITY_DAILY, "2026-06-30T00:00:00Z", "2026-07-01T00:00:00Z" },
        { "2026-06-30T23:30:00Z", GRANULARITY_MONTHLY, "2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z" },
        { "2024-02-29T12:00:00Z", GRANULARITY_MONTHLY, "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z" },
        { "2026-12-31T23:59:59Z", GRANULARITY_MONTHLY, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        int64_t start = bucket_start(at(rows[i].time), rows[i].granularity);
        expect_number(rows[i].time, start, at(rows[i].start));
        expect_number(rows[i].time, bucket_end(start, rows[i].granularity), at(rows[i].end));
    }
}

static void the_range_is_1970_to_9999(void **state)
{
    (void)state;
    assert_true(time_in_range(0));
    assert_false(time_in_range(-1));
    assert_true(time_in_range(INT64_C(253402300799999)));
    assert_false(time_in_range(INT64_C(253402300800000)));
    assert_false(time_in_range(INT64_MAX));
    assert_false(time_in_range(INT64_MIN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iso_times_are_read),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(times_are_written_as_short_as_they_are_exact),
        cmocka_unit_test(every_day_until_2200_has_its_date_and_period),
        cmocka_unit_test(periods_are_months),
        cmocka_unit_test(buckets_are_hours_days_and_months),
        cmocka_unit_test(the_range_is_1970_to_9999),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
