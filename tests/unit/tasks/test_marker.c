/* tasks/marker: what a task writes of itself it reads back whole; what is no marker is refused. */
#include "support/unit.h"

#include "tasks/marker.h"

static struct marker none(void)
{
    return (struct marker){ .closed = PERIOD_NONE, .closing = PERIOD_NONE };
}

static billing_period month(const char *text)
{
    billing_period period = PERIOD_NONE;
    CHECK(!text[0] || period_parse(text_of(text), &period));
    return period;
}

static void expect_read(const char *row, struct text json, struct marker *marker)
{
    struct error error;
    if (!marker_read(json, marker, &error))
        fail_msg("%s: %s", row, error.message);
}

static void write_into(const struct marker *marker, struct buffer *out)
{
    buffer_clear(out);
    marker_write(marker, out);
}

static void expect_counts(const char *row, const struct marker_count *found, size_t found_count,
                          const struct marker_count *expected, size_t count)
{
    expect_number(row, (long long)found_count, (long long)count);
    for (size_t i = 0; i < count; i++) {
        expect_number(row, found[i].number, expected[i].number);
        expect_number(row, found[i].count, expected[i].count);
    }
}

static void every_number_and_month_comes_back(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t task;
        int64_t revision, offset, version, target, latest_ms;
        const char *closed, *closing;
        int64_t reported;
    } rows[] = {
        { "a new task", 0, 0, 0, 0, 0, 0, "", "", 0 },
        { "each number in its place", 1, 2, 3, 4, 6, 5, "", "", 0 },
        { "a month closed", 7, 12, 900, 3, 0, INT64_C(1780272000000), "2026-05", "", 0 },
        { "the first month being closed", 7, 12, 900, 3, 0, INT64_C(1780272000000), "", "2026-06", 0 },
        { "in the middle of its report", 7, 12, 900, 3, 0, INT64_C(1780272000000), "2026-05", "2026-06", 123456 },
        { "the ends of the calendar", 1, 1, 1, 1, 1, 1, "1970-01", "9999-12", 1 },
        { "the largest numbers", INT32_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, "2026-11", "2026-12",
          INT64_MAX },
        { "the largest task", UINT32_MAX, 1, 1, 1, 1, 1, "", "", 0 },
        { "below zero", 0, -1, -1, -1, -1, INT64_MIN, "", "2026-06", -1 },
    };
    struct buffer out = { 0 };
    struct marker found = none();
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct marker marker = {
            .task = rows[i].task,
            .revision = rows[i].revision,
            .offset = rows[i].offset,
            .version = rows[i].version,
            .target = rows[i].target,
            .latest_ms = rows[i].latest_ms,
            .closed = month(rows[i].closed),
            .closing = month(rows[i].closing),
            .reported = rows[i].reported,
        };
        write_into(&marker, &out);
        expect_read(rows[i].name, buffer_text(&out), &found);
        expect_number(rows[i].name, found.task, rows[i].task);
        expect_number(rows[i].name, found.revision, rows[i].revision);
        expect_number(rows[i].name, found.offset, rows[i].offset);
        expect_number(rows[i].name, found.version, rows[i].version);
        expect_number(rows[i].name, found.target, rows[i].target);
        expect_number(rows[i].name, found.latest_ms, rows[i].latest_ms);
        expect_number(rows[i].name, found.closed, marker.closed);
        expect_number(rows[i].name, found.closing, marker.closing);
        expect_number(rows[i].name, found.reported, rows[i].reported);
        expect_counts(rows[i].name, found.sent, found.sent_count, NULL, 0);
        expect_counts(rows[i].name, found.received, found.received_count, NULL, 0);
        expect_number(rows[i].name, (long long)found.barrier_count, 0);
    }
    marker_done(&found);
    buffer_done(&out);
}

static void how_far_a_sweep_is_comes_back_while_there_is_one(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t target;
        const char *closing;
        int64_t swept, expected;
    } rows[] = { { "to a version", 7, "", 43, 43 },
                 { "the final one", 0, "2026-06", 99, 99 },
                 { "at its beginning", 7, "", 0, 0 },
                 { "none", 0, "", 100, 0 } };
    struct buffer out = { 0 };
    struct marker found = none();
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct marker marker = none();
        marker.target = rows[i].target;
        marker.closing = month(rows[i].closing);
        marker.swept = rows[i].swept;
        write_into(&marker, &out);
        expect_read(rows[i].name, buffer_text(&out), &found);
        expect_number(rows[i].name, found.swept, rows[i].expected);
    }
    marker_close(&found, month("2026-06"));
    assert_int_equal(found.swept, 0);
    marker_done(&found);
    buffer_done(&out);
}

static void counts_and_barriers_come_back_in_their_order(void **state)
{
    (void)state;
    static const struct marker_count sent[] = { { 5, 1 }, { 0, INT64_MAX }, { INT32_MAX, 0 } };
    static const struct marker_count received[] = { { 1, 7 }, { 0, 8 } };
    const struct marker_barrier barriers[] = {
        { month("2026-06"), 3, false }, { month("2026-05"), 0, false }, { month("2026-05"), INT32_MAX, true },
        { month("2026-05"), 3, true },  { month("2026-05"), 3, false },
    };
    struct buffer out = { 0 };
    struct marker marker = none(), found = none();
    for (size_t i = 0; i < ARRAY_COUNT(sent); i++)
        *marker_sent(&marker, sent[i].number) = sent[i].count;
    for (size_t i = 0; i < ARRAY_COUNT(received); i++)
        *marker_received(&marker, received[i].number) = received[i].count;
    for (size_t i = 0; i < ARRAY_COUNT(barriers); i++)
        marker_add_barrier(&marker, barriers[i].period, barriers[i].task, barriers[i].is_last);
    write_into(&marker, &out);
    expect_read("all lists", buffer_text(&out), &found);
    expect_counts("sent", found.sent, found.sent_count, sent, ARRAY_COUNT(sent));
    expect_counts("received", found.received, found.received_count, received, ARRAY_COUNT(received));
    assert_int_equal(found.barrier_count, ARRAY_COUNT(barriers));
    for (size_t i = 0; i < ARRAY_COUNT(barriers); i++)
        assert_true(found.barriers[i].period == barriers[i].period && found.barriers[i].task == barriers[i].task &&
                    found.barriers[i].is_last == barriers[i].is_last);
    marker_done(&found);
    marker_done(&marker);
    buffer_done(&out);
}

static void revisions_of_reports_come_back_until_the_next_month_is_closed(void **state)
{
    (void)state;
    static const struct marker_revision revisions[] = { { "b", 1, 1 }, { "a/%", 7, 6 }, { "", INT64_MAX, 1 } };
    struct buffer out = { 0 };
    struct marker marker = none(), found = none();
    for (size_t i = 0; i < ARRAY_COUNT(revisions); i++) {
        struct marker_revision *revision = marker_revision_of(&marker, text_of(revisions[i].group));
        expect_number("a new one", revision->rows + revision->manifests, 2);
        revision->rows = revisions[i].rows;
        revision->manifests = revisions[i].manifests;
    }
    write_into(&marker, &out);
    expect_read("revisions", buffer_text(&out), &found);
    assert_int_equal(found.revision_count, ARRAY_COUNT(revisions));
    for (size_t i = 0; i < ARRAY_COUNT(revisions); i++) {
        struct marker_revision *revision = marker_revision_of(&found, text_of(revisions[i].group));
        assert_string_equal(revision->group, revisions[i].group);
        expect_number(revision->group, revision->rows, revisions[i].rows);
        expect_number(revision->group, revision->manifests, revisions[i].manifests);
    }
    marker_close(&found, month("2026-07"));
    assert_int_equal(found.revision_count, 0);
    marker_done(&marker);
    marker_done(&found);
    buffer_done(&out);
}

static void a_marker_is_one_line_of_json_behind_what_was_there(void **state)
{
    (void)state;
    struct buffer out = { 0 };
    struct marker marker = none();
    marker.task = 3;
    marker.revision = 4;
    marker.closing = month("2026-06");
    marker.reported = 5;
    marker.swept = 12;
    *marker_sent(&marker, 1) = 2;
    marker_add_barrier(&marker, month("2026-06"), 6, false);
    buffer_append_text(&out, TEXT("before "));
    marker_write(&marker, &out);
    expect_text(
        "written", buffer_text(&out),
        "before {\"task\":3,\"revision\":4,\"offset\":0,\"version\":0,\"latest\":0,\"swept\":12,\"closing\":\"2026-06\","
        "\"reported\":5,\"sent\":[[1,2]],\"received\":[],\"barriers\":[[\"2026-06\",6]]}");
    marker_done(&marker);
    buffer_done(&out);
}

static void a_count_is_made_once_and_kept_by_its_number(void **state)
{
    (void)state;
    struct marker marker = none();
    for (int32_t round = 1; round <= 3; round++)
        for (int32_t number = 0; number < 40; number++) {
            *marker_sent(&marker, number) += number;
            *marker_received(&marker, number) += 1000;
        }
    assert_int_equal(marker.sent_count, 40);
    assert_int_equal(marker.received_count, 40);
    for (int32_t number = 0; number < 40; number++) {
        assert_int_equal(*marker_sent(&marker, number), 3 * number);
        assert_int_equal(*marker_received(&marker, number), 3000);
    }
    assert_int_equal(*marker_sent(&marker, 40), 0); /* a new one begins at nothing */
    marker_done(&marker);
}

static void a_barrier_counts_once(void **state)
{
    (void)state;
    struct marker marker = none();
    billing_period may = month("2026-05");
    assert_false(marker_has_barrier(&marker, may, 0, false));
    marker_add_barrier(&marker, may, 4, false);
    marker_add_barrier(&marker, may, 0, false);
    marker_add_barrier(&marker, may, 4, false);
    assert_int_equal(marker.barrier_count, 2);
    assert_true(marker_has_barrier(&marker, may, 0, false) && marker_has_barrier(&marker, may, 4, false));
    assert_false(marker_has_barrier(&marker, may, 1, false));
    marker_done(&marker);
    assert_false(marker_has_barrier(&marker, may, 4, false));
}

static void barriers_of_two_months_are_told_apart(void **state)
{
    (void)state;
    struct marker marker = none();
    billing_period may = month("2026-05"), june = month("2026-06");
    marker_add_barrier(&marker, june, 4, false); /* its sender is ahead */
    assert_false(marker_has_barrier(&marker, may, 4, false));
    marker_add_barrier(&marker, may, 4, false);
    marker_add_barrier(&marker, may, 5, false);
    marker.closing = may;
    marker.reported = 9;
    marker_close(&marker, may);
    assert_int_equal(marker.closed, may);
    assert_int_equal(marker.closing, PERIOD_NONE);
    assert_int_equal(marker.reported, 0);
    assert_true(marker_has_barrier(&marker, june, 4, false)); /* the close of May takes nothing of June's */
    assert_int_equal(marker.barrier_count, 1);
    marker_add_barrier(&marker, may, 6, false); /* of a partition that walks old closes */
    marker_add_barrier(&marker, may - 1, 6, false);
    assert_int_equal(marker.barrier_count, 1);
    marker_done(&marker);
}

static void a_marker_that_is_read_replaces_all_of_the_one_before(void **state)
{
    (void)state;
    struct buffer out = { 0 };
    struct marker found = none(), empty = none();
    found.task = 9;
    found.revision = found.offset = found.version = found.latest_ms = found.reported = 9;
    found.closed = month("2026-05");
    found.closing = month("2026-06");
    *marker_sent(&found, 1) = 9;
    *marker_received(&found, 1) = 9;
    marker_add_barrier(&found, month("2026-06"), 1, false);
    write_into(&empty, &out);
    expect_read("an empty one", buffer_text(&out), &found);
    assert_int_equal(found.task, 0);
    assert_true(found.revision == 0 && found.offset == 0 && found.version == 0 && found.latest_ms == 0);
    assert_true(found.closed == PERIOD_NONE && found.closing == PERIOD_NONE && found.reported == 0);
    assert_true(found.sent_count == 0 && found.received_count == 0 && found.barrier_count == 0);
    *marker_sent(&found, 2) = 1; /* and it can be filled again */
    marker_done(&found);
    marker_done(&found); /* twice does no harm */
    assert_true(found.closed == PERIOD_NONE && found.closing == PERIOD_NONE);
    buffer_done(&out);
}

static void what_is_no_marker_is_refused(void **state)
{
    (void)state;
    /* The five that every marker has, one of them changed; then what may stand behind them. */
#define WITH(rest) "{\"task\":1,\"revision\":2,\"offset\":3,\"version\":4,\"latest\":5" rest "}"
    static const struct {
        const char *name, *json;
        bool taken;
    } rows[] = {
        { "the least of a marker", WITH(), true },
        { "all of it", WITH(",\"closed\":\"2026-05\",\"closing\":\"2026-06\",\"reported\":6,\"sent\":[[1,2]]"), true },
        { "nothing", "", false },
        { "blanks", " \n", false },
        { "no JSON", "task", false },
        { "cut short", "{\"task\":1,\"revision\":2,\"offset\":3,\"version\":4,\"latest\":5", false },
        { "something behind it", WITH() "{}", false },
        { "an array", "[1,2,3,4,5]", false },
        { "a number", "7", false },
        { "null", "null", false },
        { "an empty object", "{}", false },
        { "bytes that are no UTF-8", WITH(",\"closed\":\"\xff\""), false },
        { "no task", "{\"revision\":2,\"offset\":3,\"version\":4,\"latest\":5}", false },
        { "no revision", "{\"task\":1,\"offset\":3,\"version\":4,\"latest\":5}", false },
        { "no offset", "{\"task\":1,\"revision\":2,\"version\":4,\"latest\":5}", false },
        { "no version", "{\"task\":1,\"revision\":2,\"offset\":3,\"latest\":5}", false },
        { "no latest", "{\"task\":1,\"revision\":2,\"offset\":3,\"version\":4}", false },
        { "a task in quotes", "{\"task\":\"1\",\"revision\":2,\"offset\":3,\"version\":4,\"latest\":5}", false },
        { "a revision with decimals", "{\"task\":1,\"revision\":2.0,\"offset\":3,\"version\":4,\"latest\":5}", false },
        { "an offset of null", "{\"task\":1,\"revision\":2,\"offset\":null,\"version\":4,\"latest\":5}", false },
        { "a version of true", "{\"task\":1,\"revision\":2,\"offset\":3,\"version\":true,\"latest\":5}", false },
        { "a list for latest", "{\"task\":1,\"revision\":2,\"offset\":3,\"version\":4,\"latest\":[5]}", false },
        { "an offset beyond 63 bits",
          "{\"task\":1,\"revision\":2,\"offset\":9223372036854775808,\"version\":4,\"latest\":5}", false },
        { "a closed month that is a number", WITH(",\"closed\":202605"), false },
        { "a closed month that is null", WITH(",\"closed\":null"), false },
        { "a closed month that is none", WITH(",\"closed\":\"2026-13\""), false },
        { "an empty closed month", WITH(",\"closed\":\"\""), false },
        { "a closing month that is a date", WITH(",\"closing\":\"2026-06-01\""), false },
        { "a closing month that is a list", WITH(",\"closing\":[\"2026-06\"]"), false },
        { "rows reported in quotes", WITH(",\"closing\":\"2026-06\",\"reported\":\"6\""), false },
        { "sent without pairs", WITH(",\"sent\":[1,2]"), false },
        { "sent with half a pair", WITH(",\"sent\":[[1]]"), false },
        { "sent with an empty pair", WITH(",\"sent\":[[]]"), false },
        { "sent with a partition in quotes", WITH(",\"sent\":[[\"1\",2]]"), false },
        { "sent with an object", WITH(",\"sent\":[{\"1\":2}]"), false },
        { "sent that goes wrong at its end", WITH(",\"sent\":[[1,2],[3,4],[5,null]]"), false },
        { "received with a count in quotes", WITH(",\"received\":[[1,\"2\"]]"), false },
        { "received with decimals", WITH(",\"received\":[[1,2.5]]"), false },
        { "received of which the first is good", WITH(",\"received\":[[1,2],3]"), false },
    };
#undef WITH
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct marker marker = none();
        struct error error = { 0 };
        *marker_sent(&marker, 1) = 9; /* of a marker before */
        expect(rows[i].name, marker_read(text_of(rows[i].json), &marker, &error), rows[i].taken);
        if (!rows[i].taken) {
            expect_number(rows[i].name, error.kind, ERROR_FAILED);
            expect(rows[i].name, strstr(error.message, "marker") && strstr(error.message, rows[i].json), true);
        }
        marker_done(&marker);
    }
    struct marker marker = none();
    struct error error = { 0 };
    assert_false(marker_read(TEXT_NONE, &marker, &error));
    assert_int_equal(error.kind, ERROR_FAILED);
    marker_done(&marker);
}

static void a_marker_cut_anywhere_is_refused(void **state)
{
    (void)state;
    struct buffer out = { 0 };
    struct marker marker = none(), found = none();
    marker.closed = month("2026-05");
    marker.closing = month("2026-06");
    *marker_sent(&marker, 1) = 2;
    *marker_received(&marker, 3) = 4;
    marker_add_barrier(&marker, month("2026-06"), 5, false);
    write_into(&marker, &out);
    size_t whole = out.size;
    for (size_t size = 0; size < whole; size++) {
        struct error error = { 0 };
        char row[32], *cut = malloc(size + 1);
        CHECK(cut);
        snprintf(row, sizeof row, "%zu bytes", size);
        memcpy(cut, out.data, size);
        cut[size] = '\0';
        expect(row, marker_read((struct text){ cut, size }, &found, &error), false);
        expect_number(row, error.kind, ERROR_FAILED);
        free(cut);
    }
    expect_read("whole", buffer_text(&out), &found);
    assert_true(marker_has_barrier(&found, month("2026-06"), 5, false));
    marker_done(&found);
    marker_done(&marker);
    buffer_done(&out);
}

static void lists_of_other_shapes_are_no_marker(void **state)
{
    (void)state;
    static const char *const rests[] = {
        ",\"barriers\":[\"x\"]",
        ",\"barriers\":7",
        ",\"barriers\":[[\"2026-06\",4294967296]]",
        ",\"barriers\":[[\"2026-13\",1]]",
        ",\"barriers\":[4]",
        ",\"barriers\":[[\"2026-06\",4,5]]",
        ",\"barriers\":[[\"2026-06\",4,true,true]]",
        ",\"sent\":{\"1\":2}",
        ",\"sent\":\"x\"",
        ",\"sent\":[[1,2,3]]",
        ",\"sent\":[[4294967296,2]]",
    };
    size_t taken = 0;
    for (size_t i = 0; i < ARRAY_COUNT(rests); i++) {
        char json[200];
        struct marker marker = { .closed = PERIOD_NONE, .closing = PERIOD_NONE };
        struct error error;
        snprintf(json, sizeof json, "{\"task\":1,\"revision\":2,\"offset\":3,\"version\":4,\"latest\":5%s}", rests[i]);
        taken += marker_read(text_of(json), &marker, &error);
        marker_done(&marker);
    }
    assert_int_equal(taken, 0);
}

static void only_the_bytes_of_the_text_are_in_the_message(void **state)
{
    (void)state;
    struct marker marker = { .closed = PERIOD_NONE, .closing = PERIOD_NONE };
    struct error error;
    assert_false(marker_read((struct text){ "{}behind", 2 }, &marker, &error));
    marker_done(&marker);
    assert_null(strstr(error.message, "behind"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_and_month_comes_back),
        cmocka_unit_test(how_far_a_sweep_is_comes_back_while_there_is_one),
        cmocka_unit_test(counts_and_barriers_come_back_in_their_order),
        cmocka_unit_test(revisions_of_reports_come_back_until_the_next_month_is_closed),
        cmocka_unit_test(a_marker_is_one_line_of_json_behind_what_was_there),
        cmocka_unit_test(a_count_is_made_once_and_kept_by_its_number),
        cmocka_unit_test(a_barrier_counts_once),
        cmocka_unit_test(barriers_of_two_months_are_told_apart),
        cmocka_unit_test(a_marker_that_is_read_replaces_all_of_the_one_before),
        cmocka_unit_test(what_is_no_marker_is_refused),
        cmocka_unit_test(a_marker_cut_anywhere_is_refused),
        cmocka_unit_test(lists_of_other_shapes_are_no_marker),
        cmocka_unit_test(only_the_bytes_of_the_text_are_in_the_message),
    };
    return cmocka_run_group_tests_name("tasks/marker", tests, NULL, NULL);
}
