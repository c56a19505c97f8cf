/* log/file_log: files in turn as one input, results that appear at once or never. */
#include "support/unit.h"

#include "log/file_log.h"
#include "model/bill.h"
#include "model/line_item.h"
#include "support/file_limit.h"
#include "support/fixtures.h"
#include "support/quotes.h"
#include "support/scratch.h"

#define JSON(id)                                                                         \
    "{'event_id':'" id "','usage_account_id':'111111111111','product_code':'AmazonEC2'," \
    "'usage_start':'2026-06-01T00:00:00Z','usage_type':'BoxUsage','usage_amount':1}\n"

static const struct usage_reader_options reader = { .event_bytes_max = 200000 };

static bool note_entry(void *context, const struct usage_entry *entry, struct error *error)
{
    struct buffer *out = context;
    if (entry->refused)
        buffer_printf(out, "%s ", refusal_reason_text(entry->refusal.reason));
    else
        buffer_printf(out, "%.*s ", TEXT_ARGS(entry->event.event_id));
    if (!entry->refused && text_equal(entry->event.event_id, TEXT("stop")))
        return error_fail(error, ERROR_FAILED, "stopped");
    return true;
}

static struct log *open_log(const char *const *usage, size_t count, const char *out)
{
    const struct file_log_options options = { .usage = usage, .usage_count = count, .reader = reader, .out = out };
    struct log *log;
    struct error error;
    if (!file_log_open(&options, &log, &error))
        fail_msg("%s", error.message);
    return log;
}

#define HEADING "identity/LineItemId,lineItem/UsageAccountId,lineItem/ProductCode,lineItem/UsageStartDate\n"

static void files_are_read_in_turn_in_any_steps(void **state)
{
    (void)state;
    write_bytes(scratch_path("1.jsonl"), quoted(JSON("1") "bad\n" JSON("2")));
    write_bytes(scratch_path("2.csv"), TEXT(HEADING));
    write_bytes(scratch_path("3.jsonl"), quoted(JSON("3")));
    const char *const usage[] = { scratch_path("1.jsonl"), scratch_path("2.csv"), scratch_path("3.jsonl"),
                                  scratch_path("1.jsonl") };
    for (size_t step = 1; step < 10; step++) {
        struct log *log = open_log(usage, ARRAY_COUNT(usage), NULL);
        struct buffer found = { 0 };
        struct error error;
        bool ended = false;
        size_t polls = 0;
        assert_null(file_log_output(log));
        while (!ended) {
            assert_true(log->ops->poll(log, step, note_entry, &found, &ended, &error));
            assert_true(++polls < 20);
        }
        buffer_append_byte(&found, '\0');
        assert_string_equal(found.data, "1 MALFORMED 2 3 1 MALFORMED 2 ");
        struct file_log_progress progress = file_log_progress(log);
        assert_true(progress.bytes_total > 0);
        assert_int_equal(progress.bytes_read, progress.bytes_total);
        log->ops->close(log);
        buffer_done(&found);
    }
}

static void a_handler_that_fails_stops_the_poll(void **state)
{
    (void)state;
    write_bytes(scratch_path("stop.jsonl"), quoted(JSON("1") JSON("stop") JSON("2")));
    const char *const usage[] = { scratch_path("stop.jsonl") };
    struct log *log = open_log(usage, 1, NULL);
    struct buffer found = { 0 };
    struct error error = { 0 };
    bool ended;
    assert_false(log->ops->poll(log, 10, note_entry, &found, &ended, &error));
    assert_string_equal(error.message, "stopped");
    buffer_append_byte(&found, '\0');
    assert_string_equal(found.data, "1 stop ");
    log->ops->close(log);
    buffer_done(&found);
}

static void a_file_that_is_not_there_is_told_before_anything_is_made(void **state)
{
    (void)state;
    write_bytes(scratch_path("there.jsonl"), quoted(JSON("1")));
    const char *const usage[] = { scratch_path("there.jsonl"), scratch_path("missing.jsonl") };
    const struct file_log_options options = {
        .usage = usage, .usage_count = 2, .reader = reader, .out = scratch_path("never")
    };
    struct log *log;
    struct error error = { 0 };
    assert_false(file_log_open(&options, &log, &error));
    assert_int_equal(error.kind, ERROR_FAILED);
    assert_non_null(strstr(error.message, "missing.jsonl"));
    assert_false(path_exists(scratch_path("never")));
}

static void a_file_of_no_known_format_fails_the_poll(void **state)
{
    (void)state;
    write_bytes(scratch_path("bad.csv"), TEXT("no,heading\n1,2\n"));
    const char *const usage[] = { scratch_path("bad.csv") };
    struct log *log = open_log(usage, 1, scratch_path("badout"));
    struct buffer found = { 0 };
    struct error error = { 0 };
    bool ended;
    assert_true(log->ops->begin(log, &error));
    assert_false(log->ops->poll(log, 10, note_entry, &found, &ended, &error));
    assert_non_null(strstr(error.message, "bad.csv"));
    log->ops->close(log);
    assert_false(path_exists(scratch_path("badout")));
    buffer_done(&found);
}

static struct bill small_bill(void)
{
    struct bill bill = { .billing_group = TEXT("g"), .billing_period = TEXT("2026-06"), .currency = TEXT("USD") };
    for (size_t i = 0; i < bill_type.field_count; i++)
        if (bill_type.fields[i].required)
            record_set(&bill, i);
    return bill;
}

/* Produces a little of everything; the summary is the caller's to write. */
static bool produce_all(struct log *log, unsigned count, struct error *error)
{
    struct bill bill = small_bill();
    struct line_item item = { .line_item_id = TEXT("abc"), .status = TEXT("CHARGED"), .revision = 1 };
    struct usage_place place = { .source = "in.csv", .line = 7, .raw = TEXT("the whole row") };
    struct refusal refusal;
    record_set(&item, LINE_ITEM_line_item_id);
    record_set(&item, LINE_ITEM_status);
    record_set(&item, LINE_ITEM_revision);
    refuse(&refusal, REFUSAL_BAD_ACCOUNT, "usage_account_id", TEXT("12"), "not 12 digits");
    for (unsigned i = 0; i < count; i++)
        if (!log->ops->produce(log, TOPIC_LINE_ITEMS, item.line_item_id, &item, error) ||
            !log->ops->produce(log, TOPIC_BILLS, TEXT_NONE, &bill, error) ||
            !log->ops->dead_letter(log, &place, &refusal, error))
            return false;
    return true;
}

static bool write_summary(struct log *log)
{
    char path[600];
    snprintf(path, sizeof path, "%s/summary.json", output_dir_partial(file_log_output(log)));
    FILE *file = fopen(path, "wb");
    return file && fclose(file) == 0;
}

static void what_was_produced_appears_at_once(void **state)
{
    (void)state;
    const char *out = scratch_path("out");
    struct log *log = open_log(NULL, 0, out);
    struct error error;
    struct buffer found = { 0 };
    assert_true(log->ops->begin(log, &error));
    assert_true(produce_all(log, 2, &error));
    assert_true(write_summary(log));
    assert_false(path_exists(scratch_path("out/line-items.jsonl")));
    assert_true(log->ops->commit(log, &error));
    log->ops->close(log);
    assert_true(read_bytes(scratch_path("out/line-items.jsonl"), &found));
    assert_string_equal(found.data, quoted("{'line_item_id':'abc','status':'CHARGED','revision':1}\n"
                                           "{'line_item_id':'abc','status':'CHARGED','revision':1}\n")
                                        .data);
    assert_true(read_bytes(scratch_path("out/bills.jsonl"), &found));
    assert_non_null(strstr(found.data, quoted("'margin_percentage':null").data));
    assert_true(read_bytes(scratch_path("out/dead-letters.jsonl"), &found));
    const char *dead = quoted("{'source':'in.csv','line':7,'reason':'BAD_ACCOUNT','detail':'not 12 digits',"
                              "'field':'usage_account_id','value':'12'}\n")
                           .data;
    assert_memory_equal(found.data, dead, strlen(dead));
    assert_true(path_exists(scratch_path("out/summary.json")));
    assert_false(path_exists(scratch_path("out/.partial")));
    buffer_done(&found);
}

static void dead_letters_name_their_place_and_show_at_most_64_kib(void **state)
{
    (void)state;
    struct log *log = open_log(NULL, 0, scratch_path("dead"));
    struct error error;
    struct buffer raw = { 0 }, found = { 0 };
    while (raw.size < 150000)
        buffer_append_text(&raw, TEXT("\xff"));
    struct refusal refusal;
    assert_true(log->ops->begin(log, &error));
    refuse(&refusal, REFUSAL_TRUNCATED, NULL, TEXT_NONE, "it ends");
    assert_true(log->ops->dead_letter(
        log, &(struct usage_place){ .source = "x.avro", .offset = 99, .block = 2, .record = 3, .raw = TEXT("r\"aw") },
        &refusal, &error));
    refuse(&refusal, REFUSAL_TOO_LARGE, NULL, TEXT_NONE, "large");
    assert_true(log->ops->dead_letter(log, &(struct usage_place){ .source = "x.csv", .line = 1, .raw = buffer_text(&raw) },
                                      &refusal, &error));
    assert_true(write_summary(log));
    assert_true(log->ops->commit(log, &error));
    log->ops->close(log);
    assert_true(read_bytes(scratch_path("dead/dead-letters.jsonl"), &found));
    const char *first = quoted("{'source':'x.avro','offset':99,'block':2,'record':3,'reason':'TRUNCATED',"
                               "'detail':'it ends','value':'r\\'aw'}\n")
                            .data;
    assert_memory_equal(found.data, first, strlen(first));
    /* Each bad byte is shown as three; of the value at most 64 KiB are taken. */
    assert_true(found.size - strlen(first) < 3 * 64 * 1024 + 200);
    assert_true(found.size - strlen(first) > 64 * 1024);
    buffer_done(&raw);
    buffer_done(&found);
}

static void an_aborted_run_leaves_nothing(void **state)
{
    (void)state;
    for (int aborted = 0; aborted < 2; aborted++) { /* a close without commit is an abort */
        struct log *log = open_log(NULL, 0, scratch_path("aborted"));
        struct error error;
        assert_true(log->ops->begin(log, &error));
        assert_true(produce_all(log, 3, &error));
        if (aborted)
            log->ops->abort(log);
        log->ops->close(log);
        assert_false(path_exists(scratch_path("aborted")));
    }
}

static void a_full_disk_leaves_no_result(void **state)
{
    (void)state;
    static const struct {
        unsigned long limit;
        unsigned count;
    } rows[] = { { 50, 1 }, { 1000, 50 }, { 300000, 10000 } };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct log *log = open_log(NULL, 0, scratch_path("full"));
        struct error error = { 0 };
        file_limit_set(rows[i].limit);
        bool done = log->ops->begin(log, &error) && produce_all(log, rows[i].count, &error) && write_summary(log) &&
                    log->ops->commit(log, &error);
        log->ops->close(log);
        file_limit_lift();
        assert_false(done);
        assert_int_equal(error.kind, ERROR_FAILED);
        assert_non_null(strstr(error.message, scratch_path("full/.partial/")));
        assert_false(path_exists(scratch_path("full")));
    }
}

static void without_an_output_folder_nothing_is_written(void **state)
{
    (void)state;
    struct log *log = open_log(NULL, 0, NULL);
    struct error error;
    bool ended;
    assert_true(log->ops->begin(log, &error));
    assert_true(produce_all(log, 1, &error));
    assert_true(log->ops->poll(log, 1, note_entry, NULL, &ended, &error));
    assert_true(ended);
    assert_true(log->ops->commit(log, &error));
    log->ops->close(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read_in_turn_in_any_steps),
        cmocka_unit_test(a_handler_that_fails_stops_the_poll),
        cmocka_unit_test(a_file_that_is_not_there_is_told_before_anything_is_made),
        cmocka_unit_test(a_file_of_no_known_format_fails_the_poll),
        cmocka_unit_test(what_was_produced_appears_at_once),
        cmocka_unit_test(dead_letters_name_their_place_and_show_at_most_64_kib),
        cmocka_unit_test(an_aborted_run_leaves_nothing),
        cmocka_unit_test(a_full_disk_leaves_no_result),
        cmocka_unit_test(without_an_output_folder_nothing_is_written),
    };
    return cmocka_run_group_tests_name("log/file_log", tests, scratch_setup, scratch_teardown);
}
