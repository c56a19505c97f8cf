/* run/metrics_page: what Prometheus can read of it, sums over workers, lag, and the words of readiness. */
#include "support/unit.h"

#include <time.h>

#include "run/metrics_page.h"
#include "support/avro_random.h"

#define WORKERS_MAX 3
#define SERIES_MAX 2048

/* ---- workers made by hand ---- */

static struct worker_status workers[WORKERS_MAX];
static const struct worker_status *const worker_pointers[WORKERS_MAX] = { &workers[0], &workers[1], &workers[2] };

static int forget_workers(void **state)
{
    (void)state;
    for (size_t w = 0; w < WORKERS_MAX; w++)
        memset((void *)&workers[w], 0, sizeof workers[w]);
    return 0;
}

static struct shown_workers shown_first(size_t count)
{
    static const struct worker_status *pointers[WORKERS_MAX];
    memcpy(pointers, worker_pointers, sizeof pointers);
    return (struct shown_workers){ pointers, count };
}

static void observe_like_a_worker(struct shown_histogram *histogram, uint64_t microseconds, uint64_t times)
{
    for (size_t b = 0; b < HISTOGRAM_BUCKETS; b++)
        if (microseconds <= histogram_bounds_us[b])
            atomic_fetch_add(&histogram->buckets[b], times);
    atomic_fetch_add(&histogram->count, times);
    atomic_fetch_add(&histogram->sum_us, microseconds * times);
}

static void show_partition(size_t worker, size_t place, enum stream_topic topic, int32_t partition, int64_t position,
                           int64_t end)
{
    struct shown_partition *shown = &workers[worker].partitions[place];
    atomic_store(&shown->topic, (int32_t)topic + 1);
    atomic_store(&shown->partition, partition);
    atomic_store(&shown->position, position);
    atomic_store(&shown->end, end);
}

/* Numbers of one figure each; by name, labels included. */
#define FIGURE(name, member)                                     \
    {                                                            \
        "proforma_" name, offsetof(struct worker_status, member) \
    }
static const struct figure {
    const char *series;
    size_t offset;
} figures[] = {
    FIGURE("events_total", events),
    FIGURE("duplicates_total", duplicates),
    FIGURE("line_item_writes_total", line_items),
    FIGURE("line_items_total{status=\"CHARGED\"}", by_status[STATUS_CHARGED]),
    FIGURE("line_items_total{status=\"LEFT_OUT\"}", by_status[STATUS_LEFT_OUT]),
    FIGURE("line_items_total{status=\"UNMONITORED\"}", by_status[STATUS_UNMONITORED]),
    FIGURE("line_items_total{status=\"UNPRICED\"}", by_status[STATUS_UNPRICED]),
    FIGURE("dead_letters_total{reason=\"MALFORMED\"}", dead[REFUSAL_MALFORMED]),
    FIGURE("dead_letters_total{reason=\"TOO_LARGE\"}", dead[REFUSAL_TOO_LARGE]),
    FIGURE("dead_letters_total{reason=\"EVENT_ID_REUSED\"}", dead[REFUSAL_EVENT_ID_REUSED]),
    FIGURE("unpriced_line_items_total{reason=\"NO_PRICE\"}", by_reason[UNPRICED_NO_PRICE]),
    FIGURE("unpriced_line_items_total{reason=\"TOO_LARGE\"}", by_reason[UNPRICED_TOO_LARGE]),
    FIGURE("unpriced_line_items_total{reason=\"CURRENCY\"}", by_reason[UNPRICED_CURRENCY]),
    FIGURE("unpriced_line_items_total{reason=\"BEFORE_DOCUMENT\"}", by_reason[UNMONITORED_BEFORE_DOCUMENT]),
    FIGURE("before_document_total", before_document),
    FIGURE("free_tier_total", free_tier),
    FIGURE("untiered_total", untiered),
    FIGURE("ambiguous_total", ambiguous),
    FIGURE("excess_decimals_total", excess_decimals),
    FIGURE("swept_rows_total", swept_rows),
    FIGURE("report_rows_total", report_rows),
    FIGURE("commits_total", commits),
    FIGURE("aborts_total", aborts),
    FIGURE("tasks{state=\"all\"}", tasks),
    FIGURE("tasks{state=\"restoring\"}", restoring),
    FIGURE("tasks{state=\"stopped\"}", stopped),
    FIGURE("restore_records{state=\"read\"}", restore_done),
    FIGURE("restore_records{state=\"all\"}", restore_total),
    FIGURE("closing_tasks", closing),
    FIGURE("sweeping_tasks", sweeping),
    FIGURE("sweep_rows", sweep_rows),
    FIGURE("rows", rows),
    FIGURE("memory_bytes", bytes),
    FIGURE("store_bytes", disk_bytes),
};

static void set_figure(size_t worker, const struct figure *figure, uint64_t value)
{
    atomic_store((_Atomic uint64_t *)((char *)&workers[worker] + figure->offset), value);
}

/* ---- a reader of Prometheus' text format ---- */

struct series {
    struct text name, value; /* the name with its labels */
};

struct scrape {
    struct buffer body;
    unsigned status;
    struct series series[SERIES_MAX];
    size_t count;
};

static bool is_name(struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return text.size > 0;
}

/* name="value",…: without escapes, which we never need. */
static bool are_labels(struct text text)
{
    while (text.size > 0) {
        const char *equals = memchr(text.data, '=', text.size);
        if (!equals || !is_name((struct text){ text.data, (size_t)(equals - text.data) }))
            return false;
        size_t left = text.size - (size_t)(equals - text.data) - 1;
        const char *quote = left > 1 && equals[1] == '"' ? memchr(equals + 2, '"', left - 1) : NULL;
        if (!quote || memchr(equals + 2, '\\', (size_t)(quote - equals - 2)))
            return false;
        left -= (size_t)(quote - equals);
        text = (struct text){ quote + 1, left };
        if (left > 0 && (*text.data != ',' || left == 1))
            return false;
        if (left > 0)
            text = (struct text){ text.data + 1, left - 1 };
    }
    return true;
}

static bool is_value(struct text text)
{
    i128 ignored;
    return text.size > 0 && decimal_parse(text, 6, &ignored) == DECIMAL_EXACT;
}

static struct text word(struct text *line)
{
    const char *blank = memchr(line->data, ' ', line->size);
    struct text word = { line->data, blank ? (size_t)(blank - line->data) : line->size };
    size_t skipped = blank ? word.size + 1 : word.size;
    *line = (struct text){ line->data + skipped, line->size - skipped };
    return word;
}

/* The family that is open, and how far its histogram has come. */
struct family {
    struct text name, type;
    bool has_help, has_samples;
    i128 last_bound;
    unsigned long long last_count;
    struct text infinite;
};

static void read_comment(struct text line, const struct scrape *page, struct family *family)
{
    struct text whole = line;
    word(&line);
    struct text kind = word(&line), name = word(&line);
    bool is_help = text_equal(kind, TEXT("HELP")), is_type = text_equal(kind, TEXT("TYPE"));
    if ((!is_help && !is_type) || !is_name(name) || line.size == 0)
        fail_msg("no HELP and no TYPE: %.*s", TEXT_ARGS(whole));
    if (is_type) {
        if (!family->has_help || family->has_samples || !text_equal(family->name, name) || family->type.size)
            fail_msg("a TYPE that does not follow its HELP: %.*s", TEXT_ARGS(whole));
        family->type = line;
        if (!text_equal(line, TEXT("counter")) && !text_equal(line, TEXT("gauge")) && !text_equal(line, TEXT("histogram")))
            fail_msg("an unknown type: %.*s", TEXT_ARGS(whole));
        return;
    }
    for (size_t i = 0; i < page->count; i++)
        if (text_starts_with(page->series[i].name, name) &&
            (page->series[i].name.size == name.size || page->series[i].name.data[name.size] == '{'))
            fail_msg("a family that comes twice: %.*s", TEXT_ARGS(whole));
    *family = (struct family){ .name = name, .has_help = true, .last_bound = -1 };
}

static unsigned long long count_of(struct text value)
{
    char digits[32];
    CHECK(value.size < sizeof digits);
    memcpy(digits, value.data, value.size);
    digits[value.size] = '\0';
    return strtoull(digits, NULL, 10);
}

/* Bounds ascend, counts do too, +Inf is the last and is the count. */
static void check_histogram(struct text suffix, struct text labels, struct text value, struct family *family)
{
    if (text_equal(suffix, TEXT("_bucket"))) {
        struct text prefix = TEXT("le=\"");
        i128 bound = 0;
        if (!text_starts_with(labels, prefix) || family->infinite.size)
            fail_msg("a bucket %.*s of %.*s", TEXT_ARGS(labels), TEXT_ARGS(family->name));
        struct text le = { labels.data + prefix.size, labels.size - prefix.size - 1 };
        if (text_equal(le, TEXT("+Inf")))
            family->infinite = value;
        else if (decimal_parse(le, 6, &bound) != DECIMAL_EXACT || bound <= family->last_bound)
            fail_msg("a bound %.*s of %.*s", TEXT_ARGS(le), TEXT_ARGS(family->name));
        if (count_of(value) < family->last_count)
            fail_msg("%.*s falls at %.*s", TEXT_ARGS(family->name), TEXT_ARGS(le));
        family->last_bound = bound;
        family->last_count = count_of(value);
    } else if (text_equal(suffix, TEXT("_count"))) {
        if (family->infinite.size == 0 || !text_equal(value, family->infinite))
            fail_msg("%.*s: the count is not that of +Inf", TEXT_ARGS(family->name));
    } else if (!text_equal(suffix, TEXT("_sum"))) {
        fail_msg("%.*s%.*s is no part of a histogram", TEXT_ARGS(family->name), TEXT_ARGS(suffix));
    }
}

static void read_sample(struct text line, struct scrape *page, struct family *family)
{
    const char *blank = memrchr(line.data, ' ', line.size);
    if (!blank)
        fail_msg("no sample: %.*s", TEXT_ARGS(line));
    struct series series = { { line.data, (size_t)(blank - line.data) },
                             { blank + 1, line.size - (size_t)(blank - line.data) - 1 } };
    const char *brace = memchr(series.name.data, '{', series.name.size);
    struct text name = { line.data, brace ? (size_t)(brace - line.data) : series.name.size };
    struct text labels = brace ? (struct text){ brace + 1, series.name.size - name.size - 2 } : TEXT_NONE;
    bool ends = !brace || series.name.data[series.name.size - 1] == '}';
    if (!is_name(name) || !ends || !are_labels(labels) || !is_value(series.value))
        fail_msg("no sample: %.*s", TEXT_ARGS(line));
    if (!family->type.size || !text_starts_with(name, family->name))
        fail_msg("a sample without a TYPE: %.*s", TEXT_ARGS(line));
    struct text suffix = { name.data + family->name.size, name.size - family->name.size };
    bool is_histogram = text_equal(family->type, TEXT("histogram"));
    if (is_histogram)
        check_histogram(suffix, labels, series.value, family);
    else if (suffix.size)
        fail_msg("a sample of another family: %.*s", TEXT_ARGS(line));
    if (text_equal(family->type, TEXT("counter")) != text_ends_with(family->name, TEXT("_total")))
        fail_msg("a counter's name ends in _total: %.*s", TEXT_ARGS(line));
    for (size_t i = 0; i < page->count; i++)
        if (text_equal(page->series[i].name, series.name))
            fail_msg("a series that comes twice: %.*s", TEXT_ARGS(line));
    CHECK(page->count < SERIES_MAX);
    page->series[page->count++] = series;
    family->has_samples = true;
}

/* The page of the first workers; every line of it is checked. */
static struct scrape *read_page(size_t worker_count)
{
    static struct scrape page;
    struct shown_workers shown = shown_first(worker_count);
    struct family family = { .last_bound = -1 };
    buffer_done(&page.body);
    page.count = 0;
    page.status = metrics_page(&shown, &page.body);
    struct text rest = buffer_text(&page.body);
    while (rest.size > 0) {
        const char *end = memchr(rest.data, '\n', rest.size);
        if (!end)
            fail_msg("the last line has no end: %.*s", TEXT_ARGS(rest));
        struct text line = { rest.data, (size_t)(end - rest.data) };
        if (text_starts_with(line, TEXT("#")))
            read_comment(line, &page, &family);
        else
            read_sample(line, &page, &family);
        rest = (struct text){ end + 1, rest.size - line.size - 1 };
    }
    return &page;
}

static void expect_series(const struct scrape *page, const char *name, const char *value)
{
    for (size_t i = 0; i < page->count; i++) {
        if (!text_equal(page->series[i].name, text_of(name)))
            continue;
        expect_text(name, page->series[i].value, value);
        return;
    }
    fail_msg("%s is not on the page", name);
}

static size_t count_series(const struct scrape *page, const char *prefix)
{
    size_t count = 0;
    for (size_t i = 0; i < page->count; i++)
        count += text_starts_with(page->series[i].name, text_of(prefix));
    return count;
}

/* ---- tests ---- */

static void every_line_is_one_that_prometheus_reads(void **state)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        random_state = seed;
        forget_workers(state);
        size_t count = (size_t)seed % (WORKERS_MAX + 1);
        for (size_t w = 0; w < count; w++) {
            for (size_t i = 0; i < ARRAY_COUNT(figures); i++)
                set_figure(w, &figures[i], random_below((uint64_t)1 << random_below(60)));
            for (size_t i = 0; i < 40; i++) {
                observe_like_a_worker(&workers[w].commit_time, random_below((uint64_t)1 << random_below(30)), 1);
                observe_like_a_worker(&workers[w].latency, random_below(1000000000), random_below(1000));
                show_partition(w, i * 3, i % 2 ? STREAM_USAGE : STREAM_TIERED, (int32_t)(w * 40 + i), random_long() / 2,
                               (int64_t)(random_below(INT64_MAX)));
            }
        }
        struct scrape *page = read_page(count);
        assert_int_equal(page->status, 200);
        assert_int_equal(count_series(page, "proforma_lag{"), count * 40);
    }
}

static void a_process_without_figures_shows_them_all_as_zero(void **state)
{
    (void)state;
    struct scrape *page = read_page(1);
    for (size_t i = 0; i < ARRAY_COUNT(figures); i++)
        expect_series(page, figures[i].series, "0");
    assert_int_equal(count_series(page, "proforma_line_items_total{"), STATUS_COUNT);
    assert_int_equal(count_series(page, "proforma_dead_letters_total{"), REFUSAL_REASON_COUNT - 1);
    assert_int_equal(count_series(page, "proforma_lag"), 0);
    assert_int_equal(count_series(page, "proforma_commit_seconds"), HISTOGRAM_BUCKETS + 3);
    assert_int_equal(count_series(page, "proforma_event_to_commit_seconds"), HISTOGRAM_BUCKETS + 3);
}

static void each_figure_is_the_sum_of_the_workers(void **state)
{
    for (size_t i = 0; i < ARRAY_COUNT(figures); i++) {
        forget_workers(state);
        set_figure(0, &figures[i], 9007199254740993); /* more than a double could tell */
        set_figure(1, &figures[i], 20);
        set_figure(2, &figures[i], 300);
        expect_series(read_page(1), figures[i].series, "9007199254740993");
        struct scrape *page = read_page(3);
        expect_series(page, figures[i].series, "9007199254741313");
        for (size_t other = 0; other < ARRAY_COUNT(figures); other++)
            if (other != i)
                expect_series(page, figures[other].series, "0");
    }
}

static void lag_lies_between_a_position_and_its_end(void **state)
{
    static const struct {
        const char *why;
        enum stream_topic topic;
        int32_t partition;
        int64_t position, end;
        const char *series, *lag;
    } rows[] = {
        { "behind", STREAM_USAGE, 0, 10, 25, "proforma_lag{topic=\"usage\",partition=\"0\"}", "15" },
        { "at the end", STREAM_USAGE, 4095, 25, 25, "proforma_lag{topic=\"usage\",partition=\"4095\"}", "0" },
        { "behind an end that was looked at before", STREAM_TIERED, 1, 30, 25,
          "proforma_lag{topic=\"tiered\",partition=\"1\"}", "0" },
        { "not begun", STREAM_SUBTOTALS, 2, OFFSET_NONE, 25, "proforma_lag{topic=\"subtotals\",partition=\"2\"}", "25" },
        { "at the very beginning", STREAM_SUBTOTALS, 3, 0, 25, "proforma_lag{topic=\"subtotals\",partition=\"3\"}", "25" },
        { "empty", STREAM_USAGE, 5, 0, 0, "proforma_lag{topic=\"usage\",partition=\"5\"}", "0" },
        { "large", STREAM_USAGE, 6, 1, INT64_MAX, "proforma_lag{topic=\"usage\",partition=\"6\"}", "9223372036854775806" },
    };
    static const size_t places[] = { 0, 1, 7, SHOWN_PARTITIONS_MAX - 1 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        forget_workers(state);
        show_partition(i % WORKERS_MAX, places[i % ARRAY_COUNT(places)], rows[i].topic, rows[i].partition, rows[i].position,
                       rows[i].end);
        struct scrape *page = read_page(WORKERS_MAX);
        expect_number(rows[i].why, (long long)count_series(page, "proforma_lag"), 1);
        expect_series(page, rows[i].series, rows[i].lag);
    }
}

static void an_end_that_nobody_has_told_yet_is_no_lag(void **state)
{
    forget_workers(state);
    show_partition(0, 0, STREAM_USAGE, 0, 10, OFFSET_NONE);
    assert_int_equal(count_series(read_page(1), "proforma_lag{"), 0);
}

static void all_partitions_of_all_workers_are_shown(void **state)
{
    (void)state;
    for (size_t w = 0; w < WORKERS_MAX; w++)
        for (size_t i = 0; i < SHOWN_PARTITIONS_MAX; i++)
            show_partition(w, i, STREAM_USAGE, (int32_t)(w * SHOWN_PARTITIONS_MAX + i), 0, (int64_t)i);
    struct scrape *page = read_page(WORKERS_MAX);
    assert_int_equal(count_series(page, "proforma_lag{"), WORKERS_MAX * SHOWN_PARTITIONS_MAX);
    expect_series(page, "proforma_lag{topic=\"usage\",partition=\"767\"}", "255");
}

static void histograms_count_by_seconds_and_sum_up(void **state)
{
    (void)state;
    observe_like_a_worker(&workers[0].commit_time, 0, 1);
    observe_like_a_worker(&workers[0].commit_time, 1000, 2); /* a bound belongs to its bucket */
    observe_like_a_worker(&workers[1].commit_time, 1001, 4);
    observe_like_a_worker(&workers[1].commit_time, 30000000, 8);
    observe_like_a_worker(&workers[1].commit_time, 31700001, 16); /* beyond all bounds */
    observe_like_a_worker(&workers[1].latency, 250000, 32);
    struct scrape *page = read_page(2);
    static const struct {
        const char *series, *value;
    } rows[] = {
        { "proforma_commit_seconds_bucket{le=\"0.001000\"}", "3" },
        { "proforma_commit_seconds_bucket{le=\"0.002500\"}", "7" },
        { "proforma_commit_seconds_bucket{le=\"10.000000\"}", "7" },
        { "proforma_commit_seconds_bucket{le=\"30.000000\"}", "15" },
        { "proforma_commit_seconds_bucket{le=\"+Inf\"}", "31" },
        { "proforma_commit_seconds_count", "31" },
        { "proforma_commit_seconds_sum", "747.206020" },
        { "proforma_event_to_commit_seconds_bucket{le=\"0.100000\"}", "0" },
        { "proforma_event_to_commit_seconds_bucket{le=\"0.250000\"}", "32" },
        { "proforma_event_to_commit_seconds_bucket{le=\"+Inf\"}", "32" },
        { "proforma_event_to_commit_seconds_count", "32" },
        { "proforma_event_to_commit_seconds_sum", "8.000000" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect_series(page, rows[i].series, rows[i].value);
}

static void readiness_has_a_status_and_says_what_is_missing(void **state)
{
    static const struct {
        const char *why;
        size_t count;
        struct {
            bool ready;
            int64_t tasks, restoring, stopped, document;
            uint32_t stopped_task;
        } workers[2];
        unsigned status;
        const char *body;
    } rows[] = {
        { "ready", 1, { { true, 3, 0, 0, 1, 0 } }, 200, "ready\n" },
        { "both are ready", 2, { { true, 3, 0, 0, 1, 0 }, { true, 0, 0, 0, 2, 0 } }, 200, "ready\n" },
        { "not assigned yet", 1, { { false, 0, 0, 0, 1, 0 } }, 503, "not ready\n" },
        { "the second is not", 2, { { true, 3, 0, 0, 1, 0 }, { false, 3, 0, 0, 1, 0 } }, 503, "not ready\n" },
        { "the first is not", 2, { { false, 3, 0, 0, 1, 0 }, { true, 3, 0, 0, 1, 0 } }, 503, "not ready\n" },
        { "restoring",
          2,
          { { true, 3, 0, 0, 1, 0 }, { false, 5, 2, 0, 1, 0 } },
          503,
          "worker 1: 2 of 5 tasks are restoring\nnot ready\n" },
        { "no document", 1, { { false, 0, 0, 0, 0, 0 } }, 503, "worker 0: no document is in force yet\nnot ready\n" },
        { "stopped", 1, { { false, 3, 0, 1, 1, 17 } }, 503, "task 17 is stopped, see the log\nnot ready\n" },
        { "all of it",
          2,
          { { false, 3, 1, 1, 1, 4 }, { false, 0, 0, 0, 0, 0 } },
          503,
          "task 4 is stopped, see the log\nworker 0: 1 of 3 tasks are restoring\n"
          "worker 1: no document is in force yet\nnot ready\n" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct buffer body = { 0 };
        forget_workers(state);
        for (size_t w = 0; w < rows[i].count; w++) {
            atomic_store(&workers[w].ready, rows[i].workers[w].ready);
            atomic_store(&workers[w].tasks, rows[i].workers[w].tasks);
            atomic_store(&workers[w].restoring, rows[i].workers[w].restoring);
            atomic_store(&workers[w].stopped, rows[i].workers[w].stopped);
            atomic_store(&workers[w].document, rows[i].workers[w].document);
            atomic_store(&workers[w].stopped_tasks[0], rows[i].workers[w].stopped_task);
        }
        struct shown_workers shown = shown_first(rows[i].count);
        expect_number(rows[i].why, ready_page(&shown, &body), rows[i].status);
        expect_text(rows[i].why, buffer_text(&body), rows[i].body);
        buffer_done(&body);
    }
}

static void of_many_stopped_tasks_the_first_are_named(void **state)
{
    (void)state;
    struct buffer body = { 0 };
    atomic_store(&workers[0].document, 1);
    atomic_store(&workers[0].stopped, SHOWN_STOPPED_MAX + 100); /* more than there are places */
    for (uint32_t i = 0; i < SHOWN_STOPPED_MAX; i++)
        atomic_store(&workers[0].stopped_tasks[i], 1000 + i);
    struct shown_workers shown = shown_first(1);
    assert_int_equal(ready_page(&shown, &body), 503);
    assert_true(text_starts_with(buffer_text(&body), TEXT("task 1000 is stopped, see the log\ntask 1001 ")));
    assert_true(text_ends_with(buffer_text(&body), TEXT("task 1063 is stopped, see the log\nnot ready\n")));
    buffer_done(&body);
}

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void a_loop_that_hangs_is_not_healthy_and_one_that_is_slow_not_ready(void **state)
{
    static const struct {
        const char *why;
        int64_t still_ms;
        unsigned health, ready;
    } rows[] = {
        { "it goes round", 10, 200, 200 },
        { "it waits for a broker", 60000, 200, 503 },
        { "it hangs", 600000, 503, 503 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct buffer body = { 0 };
        forget_workers(state);
        struct shown_workers shown = shown_first(2);
        for (size_t w = 0; w < 2; w++) {
            atomic_store(&workers[w].ready, true);
            atomic_store(&workers[w].document, 1);
            atomic_store(&workers[w].turn_ms, monotonic_ms() - (w == 1 ? rows[i].still_ms : 0));
        }
        expect_number(rows[i].why, health_page(&shown, &body), rows[i].health);
        expect_number(rows[i].why, ready_page(&shown, &body), rows[i].ready);
        expect(rows[i].why, text_contains(buffer_text(&body), TEXT("worker 1: its loop has stood still")),
               rows[i].ready != 200);
        buffer_done(&body);
    }
}

static void waiting_tasks_and_brokers_that_are_away_are_named(void **state)
{
    (void)state;
    struct buffer body = { 0 };
    struct shown_workers shown = shown_first(1);
    atomic_store(&workers[0].document, 1);
    atomic_store(&workers[0].away, true);
    atomic_store(&workers[0].waiting, 2);
    atomic_store(&workers[0].waiting_tasks[0], 5);
    atomic_store(&workers[0].waiting_tasks[1], 9);
    assert_int_equal(ready_page(&shown, &body), 503);
    expect_text("body", buffer_text(&body),
                "worker 0: no broker answers\ntask 5 waits, see the log\ntask 9 waits, see the log\nnot ready\n");
    buffer_done(&body);
}

static void a_process_that_answers_is_healthy_whatever_its_workers_do(void **state)
{
    (void)state;
    for (size_t count = 0; count <= 1; count++) {
        struct buffer body = { 0 };
        struct shown_workers shown = shown_first(count);
        assert_int_equal(health_page(&shown, &body), 200);
        expect_text("body", buffer_text(&body), "ok\n");
        buffer_done(&body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_line_is_one_that_prometheus_reads, forget_workers),
        cmocka_unit_test_setup(a_process_without_figures_shows_them_all_as_zero, forget_workers),
        cmocka_unit_test_setup(each_figure_is_the_sum_of_the_workers, forget_workers),
        cmocka_unit_test_setup(lag_lies_between_a_position_and_its_end, forget_workers),
        cmocka_unit_test(an_end_that_nobody_has_told_yet_is_no_lag),
        cmocka_unit_test_setup(all_partitions_of_all_workers_are_shown, forget_workers),
        cmocka_unit_test_setup(histograms_count_by_seconds_and_sum_up, forget_workers),
        cmocka_unit_test_setup(readiness_has_a_status_and_says_what_is_missing, forget_workers),
        cmocka_unit_test_setup(of_many_stopped_tasks_the_first_are_named, forget_workers),
        cmocka_unit_test_setup(a_loop_that_hangs_is_not_healthy_and_one_that_is_slow_not_ready, forget_workers),
        cmocka_unit_test_setup(waiting_tasks_and_brokers_that_are_away_are_named, forget_workers),
        cmocka_unit_test_setup(a_process_that_answers_is_healthy_whatever_its_workers_do, forget_workers),
    };
    return cmocka_run_group_tests_name("run/metrics_page", tests, NULL, NULL);
}
