/*
 * cli/compare_topics.c: the latest of each line item goes to a store on disk; from there each goes back into the row that it
 * came from, and all rows are priced under what is in force and under B.
 */
#include "cli/compare_topics.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/bill_table.h"
#include "cli/connection.h"
#include "cli/progress.h"

#define BATCH_BYTES ((size_t)1024 * 1024)
#define KEY_PREFIX 'L'

struct month {
    struct connection *connection;
    struct price_run *run;
    struct rocks_batch *batch;
    struct arena arena;
    struct buffer key;
    billing_period period;
    char period_text[TIME_TEXT_MAX];
    struct progress progress;
    uint64_t read, items;
};

/* ---- the latest of each line item ---- */

static bool decode(struct month *month, struct text value, struct line_item *item, struct error *error)
{
    struct refusal refusal;
    arena_reset(&month->arena);
    return wire_decode(month->connection->wire, &line_item_type, value, item, &month->arena, &refusal, error) == WIRE_DONE ||
           error_fail(error, ERROR_FAILED, "a record of line-items is no line item");
}

/* Rows of the month; what custom line items charge follows from them. */
static bool is_wanted(const struct month *month, const struct line_item *item)
{
    return item->custom_line_item.size == 0 && text_equal(item->billing_period, text_of(month->period_text));
}

static bool keep_latest(void *context, const struct stream_record *record, struct error *error)
{
    struct month *month = context;
    struct line_item item;
    if (++month->read % 4096 == 0 && month->progress.update)
        month->progress.update(month->progress.context, "reading", month->read, 0, 0);
    if (record->key.size == 0 || record->key.data[0] == '#')
        return true;
    buffer_clear(&month->key);
    buffer_append_byte(&month->key, KEY_PREFIX);
    buffer_append_text(&month->key, record->key);
    if (record->is_null) {
        rocks_batch_delete(month->batch, buffer_text(&month->key));
    } else {
        if (!decode(month, record->value, &item, error))
            return false;
        if (is_wanted(month, &item))
            rocks_batch_put(month->batch, buffer_text(&month->key), record->value);
    }
    return rocks_batch_bytes(month->batch) < BATCH_BYTES || rocks_write(price_run_rocks(month->run), month->batch, error);
}

static bool read_partitions(struct month *month, struct error *error)
{
    struct stream *stream = month->connection->stream;
    int32_t count = stream->ops->partition_count(stream, STREAM_LINE_ITEMS);
    for (int32_t partition = 0; partition < count; partition++)
        if (!connection_read(month->connection, STREAM_LINE_ITEMS, partition, keep_latest, month, error))
            return false;
    return rocks_write(price_run_rocks(month->run), month->batch, error);
}

/* ---- and the rows that they came from ---- */

static bool fold_line_items(struct month *month, struct error *error)
{
    struct rocks_iterator *iterator = rocks_iterate(price_run_rocks(month->run), (struct text){ (char[]){ KEY_PREFIX }, 1 });
    struct text key, value;
    struct line_item item;
    bool done = true;
    while (done && rocks_iterator_next(iterator, &key, &value)) {
        done = decode(month, value, &item, error) && price_run_take_line_item(month->run, &item, error);
        month->items++;
    }
    done = done && rocks_iterator_check(iterator, error);
    rocks_iterator_close(iterator);
    if (done && month->items == 0)
        return error_fail(error, ERROR_FAILED, "no usage of %s is on the topics", month->period_text);
    return done;
}

/* ---- under both documents ---- */

static bool read_in_force(const struct month *month, struct documents *documents, struct error *error)
{
    if (!conductor_topic_document(month->connection->control, month->period, &documents->conductor, &documents->list, error))
        return false;
    pricing_init(&documents->pricing, documents->conductor, &documents->list);
    return true;
}

static bool price_both(struct month *month, const struct documents *in_force, struct documents *documents,
                       struct price_run_result *result, struct error *error)
{
    struct price_run_result now;
    if (!price_run_compute(month->run, &in_force->pricing, &now, error))
        return false;
    bool done = price_run_compute(month->run, &documents->pricing, result, error);
    if (done) {
        printf("%s, %llu line items; A: version %lld, in force\n", month->period_text, (unsigned long long)month->items,
               (long long)in_force->conductor->version);
        comparison_print(stdout, &now, in_force->conductor, result, documents->conductor);
    }
    price_run_result_done(&now);
    return done;
}

/* From which on the running month's document is in force, unless that month is closed. */
static billing_period default_month(const struct conductor_topic *control)
{
    billing_period running = running_month(), open = conductor_topic_first_open(control);
    billing_period month = conductor_topic_month_of(control, running);
    return month == PERIOD_NONE || open == PERIOD_NONE || month >= open ? month : open;
}

static bool choose_month(struct month *month, const struct arguments *arguments, const struct documents *documents,
                         struct error *error)
{
    billing_period of_b = documents->conductor->period;
    month->period = arguments->period == PERIOD_NONE ? default_month(month->connection->control) : arguments->period;
    if (month->period == PERIOD_NONE)
        return error_fail(error, ERROR_FAILED, "no document is in force; proforma apply publishes one");
    period_format(month->period, month->period_text);
    char text[TIME_TEXT_MAX];
    period_format(of_b == PERIOD_NONE ? month->period : of_b, text);
    return of_b == PERIOD_NONE || of_b <= month->period ||
           error_fail(error, ERROR_INVALID, "%s: the document is for %s and later, and the usage of %s",
                      arguments->conductors[0], text, month->period_text);
}

/* In a month that is closed custom line items are charged without usage, too. */
static bool is_closed(const struct month *month)
{
    for (size_t i = 0; i < conductor_topic_close_count(month->connection->control); i++)
        if (conductor_topic_close(month->connection->control, i)->period == month->period)
            return true;
    return false;
}

static bool compare_month(struct month *month, const struct arguments *arguments, struct documents *documents,
                          struct price_run_result *result, struct error *error)
{
    struct documents in_force = { 0 };
    struct periods closings = { 0 };
    if (!choose_month(month, arguments, documents, error) || !read_in_force(month, &in_force, error))
        return false;
    if (is_closed(month))
        periods_add(&closings, month->period);
    struct price_run_options options = { .closings = &closings,
                                         .memory_bytes = arguments->memory_bytes,
                                         .progress = month->progress };
    bool done = price_run_open(&options, &month->run, error);
    if (done) {
        month->batch = rocks_batch_new();
        done = read_partitions(month, error) && fold_line_items(month, error) &&
               price_both(month, &in_force, documents, result, error);
        rocks_batch_free(month->batch);
        price_run_close(month->run);
    }
    periods_done(&closings);
    documents_done(&in_force);
    return done;
}

bool compare_topics(const struct arguments *arguments, struct documents *documents, struct price_run_result *result,
                    struct error *error)
{
    struct connection connection = { 0 };
    struct progress_line line;
    struct month month = { .connection = &connection, .progress = progress_line_start(&line) };
    bool done = connection_settings(arguments, &connection, error) && connection_open(&connection, "compare", error) &&
                connection_read_control(&connection, error) && compare_month(&month, arguments, documents, result, error);
    progress_line_clear(&line);
    arena_done(&month.arena);
    buffer_done(&month.key);
    connection_close(&connection);
    return done;
}
