/*
 * pipeline/price_run: a run over files, whole or not at all. The results follow from the set of events: neither their
 * order nor how they lie in files nor the memory leaves a trace.
 */
#include "support/unit.h"

#include <ftw.h>
#include <sys/mount.h>

#include "cli/documents.h"
#include "codec/json_read.h"
#include "codec/json_text.h"
#include "codec/json_write.h"
#include "period/bills.h"
#include "pipeline/price_run.h"
#include "support/avro_random.h"
#include "support/file_limit.h"
#include "support/fixtures.h"
#include "support/scratch.h"

#define JUNE (2026 * 12 + 5)

static struct documents documents;

static int read_documents(void **state)
{
    static const char *const lists[] = { "tests/data/pricelist/AmazonEC2.json", "tests/data/pricelist/AmazonS3.json" };
    struct error error;
    return scratch_setup(state) == 0 && documents_read("tests/data/conductor.json", lists, 2, &documents, &error) ? 0 : -1;
}

static int free_documents(void **state)
{
    documents_done(&documents);
    return scratch_teardown(state);
}

/* ---- usage: a small month of the document's accounts ---- */

struct lines {
    char **items;
    size_t count, capacity;
};

static void lines_add(struct lines *lines, struct text line)
{
    char *copy = memory_new(line.size + 1);
    memcpy(copy, line.data, line.size);
    lines->items = memory_reserve_one(lines->items, lines->count, &lines->capacity, sizeof *lines->items);
    lines->items[lines->count++] = copy;
}

static void lines_done(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free(lines->items[i]);
    free(lines->items);
}

static void random_usage(struct lines *lines, unsigned events, uint64_t seed)
{
    static const char *const accounts[] = { "200000000011", "200000000012", "200000000013", "200000000021",
                                            "200000000022", "200000000031", "900000000001" };
    static const char *const types[] = { "Usage", "Usage", "Usage", "Usage", "Credit", "Tax", "Fee", "DiscountedUsage" };
    struct buffer json = { 0 };
    random_state = seed;
    for (unsigned i = 0; i < events; i++) {
        char id[16], start[32], resource[16], amount[32], cost[32];
        unsigned long long day = 1 + random_below(30), hour = random_below(24);
        bool storage = random_below(2);
        snprintf(id, sizeof id, "id%u", i);
        snprintf(start, sizeof start, "2026-%s-%02lluT%02llu:00:00Z", random_below(20) ? "06" : "07", day, hour);
        snprintf(resource, sizeof resource, "i-%llu", (unsigned long long)random_below(200));
        snprintf(amount, sizeof amount, "%s%llu.%09llu", random_below(30) ? "" : "-", (unsigned long long)random_below(5000),
                 (unsigned long long)random_below(1000000000));
        snprintf(cost, sizeof cost, "0.%018llu", (unsigned long long)random_word() % 1000000000000000000u);
        struct usage_event event =
            event_with(.event_id = id, .payer_account_id = "100000000001",
                       .usage_account_id = accounts[random_below(ARRAY_COUNT(accounts))],
                       .line_item_type = types[random_below(ARRAY_COUNT(types))],
                       .product_code = storage ? "AmazonS3" : "AmazonEC2",
                       .usage_type = storage ? "TimedStorage-ByteHrs" : "BoxUsage:t3.micro",
                       .operation = storage ? "" : "RunInstances", .resource_id = random_below(3) ? resource : "",
                       .usage_start = start, .usage_end = random_below(2) ? start : "", .usage_amount = amount,
                       .unit = storage ? "GB-Mo" : "Hrs", .unblended_cost = random_below(4) ? cost : "",
                       .public_on_demand_rate = storage ? "0.023" : "0.0104", .description = random_below(2) ? resource : "",
                       .tags = random_below(3) ? "" : "user:team=a");
        buffer_clear(&json);
        json_write_record(&json, &usage_event_type, &event, JSON_ABSENT_LEFT_OUT);
        buffer_append_byte(&json, '\n');
        lines_add(lines, buffer_text(&json));
    }
    buffer_done(&json);
}

static void shuffle(struct lines *lines)
{
    for (size_t i = lines->count; i > 1; i--) {
        size_t other = random_below(i);
        char *swapped = lines->items[i - 1];
        lines->items[i - 1] = lines->items[other];
        lines->items[other] = swapped;
    }
}

static void write_lines(const char *path, const struct lines *lines, size_t first, size_t end)
{
    FILE *file = fopen(path, "wb");
    for (size_t i = first; i < end; i++)
        assert_true(fputs(lines->items[i], file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* ---- runs ---- */

static size_t threads; /* of the runs below; 0: one */

static bool price(const char *const *usage, size_t count, const char *out, size_t memory_bytes,
                  struct price_run_result *result, struct error *error)
{
    const struct periods june = { (billing_period[]){ JUNE }, 1, 1 };
    const struct price_run_options options = {
        .files = { .usage = usage,
                   .usage_count = count,
                   .reader = { 256 * 1024, EXCESS_ROUND },
                   .threads = threads,
                   .out = out },
        .granularity = GRANULARITY_HOURLY,
        .resource_ids = true,
        .closings = &june,
        .memory_bytes = memory_bytes,
    };
    struct price_run *run;
    if (!price_run_fold(&options, &run, error))
        return false;
    bool done = price_run_write(run, &documents.pricing, result, error);
    price_run_close(run);
    return done;
}

static void must_price(const char *const *usage, size_t count, const char *out, size_t memory_bytes)
{
    struct price_run_result result;
    struct error error;
    if (!price(usage, count, out, memory_bytes, &result, &error))
        fail_msg("%s", error.message);
    price_run_result_done(&result);
}

static const char *compared_with;
static size_t compared_from, compared_files;

static int compare_file(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    char other[600];
    struct buffer a = { 0 }, b = { 0 };
    (void)status;
    (void)walk;
    if (type != FTW_F)
        return 0;
    snprintf(other, sizeof other, "%s%s", compared_with, path + compared_from);
    if (!read_bytes(path, &a) || !read_bytes(other, &b))
        fail_msg("%s is missing", other);
    if (a.size != b.size || memcmp(a.data, b.data, a.size) != 0)
        fail_msg("%s differs from %s", other, path);
    buffer_done(&a);
    buffer_done(&b);
    compared_files++;
    return 0;
}

/* Every file of one is in the other, byte for byte. */
static size_t assert_same_results(const char *folder, const char *other)
{
    const char *const folders[] = { folder, other };
    size_t files[2];
    for (size_t i = 0; i < 2; i++) {
        compared_with = folders[1 - i];
        compared_from = strlen(folders[i]);
        compared_files = 0;
        assert_int_equal(nftw(folders[i], compare_file, 16, FTW_PHYS), 0);
        files[i] = compared_files;
    }
    assert_int_equal(files[0], files[1]);
    return files[0];
}

/* ---- tests ---- */

static void order_files_and_memory_leave_no_trace(void **state)
{
    (void)state;
    struct lines lines = { 0 };
    random_usage(&lines, 15000, 17);
    const char *first = scratch_path("first.jsonl"), *one = scratch_path("one");
    write_lines(first, &lines, 0, lines.count);
    must_price(&first, 1, one, (size_t)512 << 20);
    static const size_t memories[] = { (size_t)512 << 20, (size_t)64 << 20, (size_t)3 << 20 };
    for (size_t i = 0; i < ARRAY_COUNT(memories); i++) {
        char out[32];
        snprintf(out, sizeof out, "permuted%zu", i);
        shuffle(&lines);
        const char *const usage[] = { scratch_path("a.jsonl"), scratch_path("b.jsonl"), scratch_path("c.jsonl") };
        size_t a = random_below(lines.count), b = a + random_below(lines.count - a);
        write_lines(usage[0], &lines, 0, a);
        write_lines(usage[1], &lines, a, b);
        write_lines(usage[2], &lines, b, lines.count);
        must_price(usage, 3, scratch_path(out), memories[i]);
        /* The four files, and a CSV and a manifest for each group and account with usage. */
        assert_true(assert_same_results(one, scratch_path(out)) >= 4 + 2 * 4);
    }
    lines_done(&lines);
}

/* Of a file with everything in it: duplicates, an id again with other content, no JSON, no event; twice, once zipped. */
static void threads_leave_no_trace(void **state)
{
    (void)state;
    struct lines lines = { 0 };
    struct buffer plain = { 0 }, packed = { 0 };
    random_usage(&lines, 4000, 23);
    for (size_t i = 0; i < 4000; i += 37)
        lines_add(&lines, text_of(lines.items[i]));
    random_usage(&lines, 500, 24);
    for (int i = 0; i < 50; i++)
        lines_add(&lines, i % 2 ? TEXT("no JSON\n") : TEXT("{\"event_id\":\"x\"}\n"));
    shuffle(&lines);
    char *const paths[] = { memory_copy_string(scratch_path("t1.jsonl")), memory_copy_string(scratch_path("t2.jsonl.gz")),
                            memory_copy_string(scratch_path("t3.jsonl")) };
    const char *const usage[] = { paths[0], paths[1], paths[2] };
    write_lines(usage[0], &lines, 0, 2500);
    write_lines(usage[2], &lines, 2000, lines.count);
    assert_true(read_bytes(usage[0], &plain));
    gzip_append(buffer_text(&plain), &packed);
    write_bytes(usage[1], buffer_text(&packed));
    static const size_t counts[] = { 1, 2, 5 }, memories[] = { (size_t)64 << 20, (size_t)3 << 20 };
    for (size_t i = 0; i < ARRAY_COUNT(counts) * ARRAY_COUNT(memories); i++) {
        char out[32];
        threads = counts[i % ARRAY_COUNT(counts)];
        snprintf(out, sizeof out, "threads%zu", i);
        must_price(usage, ARRAY_COUNT(usage), scratch_path(out), memories[i / ARRAY_COUNT(counts)]);
        assert_true(assert_same_results(scratch_path("threads0"), scratch_path(out)) >= 4 + 2 * 4);
    }
    threads = 0;
    assert_true(read_bytes(scratch_path("threads0/dead-letters.jsonl"), &plain));
    assert_true(text_contains(buffer_text(&plain), TEXT("EVENT_ID_REUSED")));
    assert_true(text_contains(buffer_text(&plain), TEXT("MALFORMED")));
    for (size_t i = 0; i < ARRAY_COUNT(paths); i++)
        free(paths[i]);
    lines_done(&lines);
    buffer_done(&plain);
    buffer_done(&packed);
}

static void duplicates_change_counts_and_nothing_else(void **state)
{
    (void)state;
    struct lines lines = { 0 };
    struct buffer a = { 0 }, b = { 0 };
    struct price_run_result result;
    struct error error;
    random_usage(&lines, 500, 3);
    const char *once = scratch_path("once.jsonl");
    write_lines(once, &lines, 0, lines.count);
    const char *const twice[] = { once, once };
    must_price(&once, 1, scratch_path("once"), (size_t)64 << 20);
    assert_true(price(twice, 2, scratch_path("twice"), (size_t)64 << 20, &result, &error));
    assert_int_equal(result.fold.events_in, 1000);
    assert_int_equal(result.fold.duplicate, 500);
    price_run_result_done(&result);
    static const char *const names[] = { "line-items.jsonl", "bills.jsonl", "dead-letters.jsonl" };
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        char path[2][64];
        snprintf(path[0], sizeof path[0], "once/%s", names[i]);
        snprintf(path[1], sizeof path[1], "twice/%s", names[i]);
        assert_true(read_bytes(scratch_path(path[0]), &a) && read_bytes(scratch_path(path[1]), &b));
        assert_string_equal(a.data, b.data);
    }
    lines_done(&lines);
    buffer_done(&a);
    buffer_done(&b);
}

static void line_items_bills_and_reports_have_one_total(void **state)
{
    (void)state;
    static const char *const usage[] = { "tests/data/cur_2026-06_daily.csv" };
    struct price_run_result result;
    struct error error;
    struct buffer bytes = { 0 }, scratch = { 0 };
    if (!price(usage, 1, scratch_path("daily"), (size_t)64 << 20, &result, &error))
        fail_msg("%s", error.message);
    assert_int_equal(result.fold.events_in, 668);
    assert_int_equal(result.fold.dead, 0);
    const struct sweep_counts *counts = &result.sweep;
    assert_int_equal(counts->priced + counts->left_out + counts->unmonitored + counts->unpriced, 668);
    i128 items = 0;
    struct sum bills = { 0 };
    assert_true(read_bytes(scratch_path("daily/line-items.jsonl"), &bytes));
    for (char *line = strtok(bytes.data, "\n"); line; line = strtok(NULL, "\n")) {
        json_error_t reason;
        json_t *object = json_parse_exact(text_of(line), &scratch, &reason);
        const char *cost = json_string_value(json_object_get(object, "cost"));
        assert_string_equal(json_string_value(json_object_get(object, "cost_delta")), cost);
        items += decimal(cost, COST_SCALE);
        json_decref(object);
    }
    size_t groups = 0;
    for (size_t i = 0; i < result.bill_count; i++) {
        const struct bill_line *bill = &result.bills[i];
        if (bill->service.size)
            continue;
        sum_add_sum(&bills, &bill->cost);
        struct sum margin = margin_of(&bill->cost, &bill->billable_cost);
        assert_true(sum_equal(&bill->margin, &margin));
        if (bill->group == GROUP_NONE)
            continue;
        /* The group's report adds up to its bill. */
        struct text id = documents.conductor->groups[bill->group].id;
        char path[256];
        snprintf(path, sizeof path, "daily/cur/%.*s/20260601-20260701/%.*s-Manifest.json", TEXT_ARGS(id), TEXT_ARGS(id));
        assert_true(read_bytes(scratch_path(path), &bytes));
        json_error_t reason;
        json_t *object = json_parse_exact(buffer_text(&bytes), &scratch, &reason);
        struct sum cost = sum_from(json_string_value(json_object_get(object, "cost")), COST_SCALE);
        assert_true(sum_equal(&cost, &bill->cost));
        json_decref(object);
        groups++;
    }
    assert_true(groups >= 3 && items == sum_modulo(&bills) && bills.wraps == 0);
    price_run_result_done(&result);
    buffer_done(&bytes);
    buffer_done(&scratch);
}

static void a_run_computes_as_often_as_asked_and_writes_nothing(void **state)
{
    (void)state;
    static const char *const usage[] = { "tests/data/cur_2026-06_daily.csv" };
    const struct periods none = { 0 };
    const struct price_run_options options = {
        .files = { .usage = usage, .usage_count = 1, .reader = { 256 * 1024, EXCESS_ROUND } },
        .granularity = GRANULARITY_DAILY,
        .closings = &none,
        .memory_bytes = (size_t)64 << 20,
    };
    struct price_run *run;
    struct price_run_result first, second;
    struct error error;
    assert_true(price_run_fold(&options, &run, &error));
    assert_true(price_run_compute(run, &documents.pricing, &first, &error));
    assert_true(price_run_compute(run, &documents.pricing, &second, &error));
    assert_int_equal(first.bill_count, second.bill_count);
    for (size_t i = 0; i < first.bill_count; i++)
        assert_true(sum_equal(&first.bills[i].cost, &second.bills[i].cost) &&
                    text_equal(first.bills[i].service, second.bills[i].service));
    assert_int_equal(first.sweep.line_items, second.sweep.line_items);
    price_run_result_done(&first);
    price_run_result_done(&second);
    price_run_close(run);
    price_run_close(NULL);
}

/* The sample's document with other rates and an account in another group. */
static void read_other_documents(struct documents *other)
{
    static const char *const lists[] = { "tests/data/pricelist/AmazonEC2.json", "tests/data/pricelist/AmazonS3.json" };
    struct error error;
    const char *path = scratch_path("other.json");
    if (!documents_read("tests/data/conductor.json", lists, 2, other, &error))
        fail_msg("%s: %s", path, error.message);
    for (size_t i = 0; i < other->conductor->rule_count; i++)
        other->conductor->rules[i].modifier += 1731;
    other->conductor->accounts[2].group = other->conductor->accounts[3].group;
    pricing_done(&other->pricing);
    pricing_init(&other->pricing, other->conductor, &other->list);
}

static void take_line_items(struct price_run *run, const struct lines *lines)
{
    struct arena arena = { 0 };
    struct buffer scratch = { 0 };
    struct error error;
    for (size_t i = 0; i < lines->count; i++) {
        struct line_item item;
        if (!json_read_record(text_of(lines->items[i]), &line_item_type, &item, &arena, &scratch, &error))
            fail_msg("%s: %s", lines->items[i], error.message);
        if (item.custom_line_item.size == 0 && !price_run_take_line_item(run, &item, &error))
            fail_msg("%s", error.message);
        arena_reset(&arena);
    }
    arena_done(&arena);
    buffer_done(&scratch);
}

static void expect_same_bills(const struct price_run_result *found, const struct price_run_result *expected)
{
    assert_int_equal(found->bill_count, expected->bill_count);
    for (size_t i = 0; i < expected->bill_count; i++) {
        const struct bill_line *a = &found->bills[i], *b = &expected->bills[i];
        assert_true(text_equal(a->service, b->service) && a->group == b->group && a->period == b->period);
        assert_true(a->usage_events == b->usage_events && sum_equal(&a->cost, &b->cost) && sum_equal(&a->tax, &b->tax) &&
                    sum_equal(&a->public_cost, &b->public_cost) && sum_equal(&a->billable_cost, &b->billable_cost));
    }
}

static void line_items_cost_under_another_document_what_their_usage_does(void **state)
{
    (void)state;
    const struct periods june = { (billing_period[]){ JUNE }, 1, 1 };
    struct lines usage = { 0 }, items = { 0 };
    struct buffer bytes = { 0 };
    struct documents other;
    struct error error;
    read_other_documents(&other);
    random_usage(&usage, 4000, 23);
    const char *path = scratch_path("usage.jsonl");
    write_lines(path, &usage, 0, usage.count);
    must_price(&path, 1, scratch_path("under-a"), (size_t)64 << 20);
    assert_true(read_bytes(scratch_path("under-a/line-items.jsonl"), &bytes));
    for (char *line = strtok(bytes.data, "\n"); line; line = strtok(NULL, "\n"))
        lines_add(&items, text_of(line));
    static const size_t memories[] = { (size_t)64 << 20, (size_t)1 << 20 };
    for (size_t i = 0; i < ARRAY_COUNT(memories); i++) {
        struct price_run *from_usage, *from_items;
        struct price_run_result expected, found;
        struct price_run_options options = { .closings = &june, .resource_ids = true, .memory_bytes = memories[i] };
        shuffle(&items);
        assert_true(price_run_open(&options, &from_items, &error));
        take_line_items(from_items, &items);
        options.files =
            (struct file_log_options){ .usage = &path, .usage_count = 1, .reader = { 256 * 1024, EXCESS_ROUND } };
        assert_true(price_run_fold(&options, &from_usage, &error));
        assert_true(price_run_compute(from_usage, &other.pricing, &expected, &error));
        assert_true(price_run_compute(from_items, &other.pricing, &found, &error));
        expect_same_bills(&found, &expected);
        assert_true(found.sweep.priced > 1000 && found.sweep.line_items == expected.sweep.line_items);
        price_run_result_done(&expected);
        price_run_result_done(&found);
        price_run_close(from_usage);
        price_run_close(from_items);
    }
    lines_done(&usage);
    lines_done(&items);
    documents_done(&other);
    buffer_done(&bytes);
}

static void a_run_that_fails_leaves_nothing(void **state)
{
    (void)state;
    write_bytes(scratch_path("bad.csv"), TEXT("no,report\n"));
    const char *const missing[] = { "tests/data/cur_2026-06_daily.csv", "/nowhere.csv" };
    const char *const bad[] = { "tests/data/cur_2026-06_daily.csv", scratch_path("bad.csv") };
    const char *const *const inputs[] = { missing, bad };
    for (size_t i = 0; i < ARRAY_COUNT(inputs); i++) {
        struct price_run_result result;
        struct error error = { 0 };
        assert_false(price(inputs[i], 2, scratch_path("failed"), (size_t)64 << 20, &result, &error));
        assert_int_equal(error.kind, ERROR_FAILED);
        assert_non_null(strstr(error.message, inputs[i][1]));
        assert_false(path_exists(scratch_path("failed")));
    }
}

static void a_file_size_limit_ends_the_run_and_leaves_nothing(void **state)
{
    (void)state;
    struct lines lines = { 0 };
    random_usage(&lines, 4000, 5);
    const char *usage = scratch_path("limited.jsonl");
    write_lines(usage, &lines, 0, lines.count);
    static const unsigned long limits[] = { 0, 100, 3000, 20000, 100000, 1000000 };
    for (size_t i = 0; i < ARRAY_COUNT(limits); i++) {
        struct price_run_result result = { 0 };
        struct error error = { 0 };
        file_limit_set(limits[i]);
        bool done = price(&usage, 1, scratch_path("limited"), (size_t)4 << 20, &result, &error);
        file_limit_lift();
        if (done)
            fail_msg("limit %lu", limits[i]);
        assert_int_not_equal(error.kind, ERROR_INVALID);
        if (!strstr(error.message, "limited/.partial"))
            fail_msg("limit %lu: %s", limits[i], error.message);
        assert_false(path_exists(scratch_path("limited")));
        price_run_result_done(&result);
    }
    lines_done(&lines);
}

static void a_full_disk_ends_the_run_and_leaves_nothing(void **state)
{
    (void)state;
    struct lines lines = { 0 };
    random_usage(&lines, 4000, 6);
    const char *usage = scratch_path("full.jsonl"), *disk = scratch_path("disk");
    write_lines(usage, &lines, 0, lines.count);
    lines_done(&lines);
    assert_int_equal(mkdir(disk, 0755), 0);
    static const char *const sizes[] = { "size=16k", "size=64k", "size=256k", "size=1m", "size=2m", "size=3m" };
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        if (mount("tmpfs", disk, "tmpfs", 0, sizes[i]) != 0)
            skip(); /* not ours to mount */
        struct price_run_result result = { 0 };
        struct error error = { 0 };
        bool done = price(&usage, 1, scratch_path("disk/out"), (size_t)4 << 20, &result, &error);
        bool left = path_exists(scratch_path("disk/out"));
        int unmounted = umount2(disk, MNT_DETACH);
        assert_int_equal(unmounted, 0);
        if (done || left)
            fail_msg("%s: %s", sizes[i], done ? "done" : "something is left");
        assert_int_not_equal(error.kind, ERROR_INVALID);
        if (!strstr(error.message, "No space left"))
            fail_msg("%s: %s", sizes[i], error.message);
        price_run_result_done(&result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_files_and_memory_leave_no_trace),
        cmocka_unit_test(threads_leave_no_trace),
        cmocka_unit_test(duplicates_change_counts_and_nothing_else),
        cmocka_unit_test(line_items_bills_and_reports_have_one_total),
        cmocka_unit_test(a_run_computes_as_often_as_asked_and_writes_nothing),
        cmocka_unit_test(line_items_cost_under_another_document_what_their_usage_does),
        cmocka_unit_test(a_run_that_fails_leaves_nothing),
        cmocka_unit_test(a_file_size_limit_ends_the_run_and_leaves_nothing),
        cmocka_unit_test(a_full_disk_ends_the_run_and_leaves_nothing),
    };
    return cmocka_run_group_tests_name("pipeline/price_run", tests, read_documents, free_documents);
}
