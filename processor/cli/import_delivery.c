/* cli/import_delivery.c: the usage topic, read back. */
#include "cli/import_delivery.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "log/output_dir.h"
#include "store/seen.h"

#define MEMORY_BYTES ((size_t)256 * 1024 * 1024)
#define READ_RECORDS 8192

struct import_delivery {
    struct import_months *months;
    struct progress progress;
    char *scratch;
    struct corrections *corrections;
    /* Of the partition that is read. */
    struct rocks *rocks;
    struct seen *seen;
    struct arena arena;
    struct buffer facts;
    uint64_t records;
};

bool import_delivery_open(struct import_months *months, struct progress progress, struct import_delivery **ret_delivery,
                          struct error *error)
{
    struct import_delivery *delivery = memory_new(sizeof *delivery);
    const struct settings *settings = &months->connection->settings;
    const char *temporary = getenv("TMPDIR");
    struct buffer path = { 0 };
    delivery->months = months;
    delivery->progress = progress;
    buffer_printf(&path, "%s/proforma-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(path.data)) {
        error_fail(error, ERROR_FAILED, "%s: cannot make a temporary folder: %s", path.data, strerror(errno));
        buffer_done(&path);
        free(delivery);
        return false;
    }
    delivery->scratch = path.data;
    struct corrections_options options = { settings->report_time_granularity, settings->report_resource_ids, MEMORY_BYTES };
    if (!corrections_open(delivery->scratch, &options, &delivery->corrections, error)) {
        import_delivery_close(delivery);
        return false;
    }
    *ret_delivery = delivery;
    return true;
}

bool import_delivery_take(struct import_delivery *delivery, const struct usage_event *event, struct error *error)
{
    return corrections_take_new(delivery->corrections, event, error);
}

/* ---- what was published ---- */

static struct text mark_of(const struct stream_record *record)
{
    for (size_t i = 0; i < record->header_count; i++)
        if (strcmp(record->headers[i].name, IMPORT_HEADER) == 0)
            return record->headers[i].value;
    return TEXT_NONE;
}

/* Whether an event is of a month that is compared, and was imported. */
static bool is_published(const struct import_delivery *delivery, const struct usage_event *event, struct text mark)
{
    const struct import_months *months = delivery->months;
    for (size_t i = 0; i < months->count; i++) {
        const struct import_month *month = &months->items[i];
        if (month->mode != IMPORT_DELIVERY)
            continue;
        if (mark.size ? text_equal(mark, month->mark)
                      : month->record.is_unmarked && month->period == usage_event_period(event) &&
                            text_equal(intern_text(&months->payers, month->payer), event->payer_account_id))
            return true;
    }
    return false;
}

/* As the processor does: what lies in the future is a dead letter, what came before is a duplicate. */
static bool counts_as_usage(struct import_delivery *delivery, const struct usage_event *event, int64_t time_ms, bool *ret,
                            struct error *error)
{
    enum seen_answer answer;
    *ret = false;
    if (event->usage_start > time_ms + delivery->months->connection->settings.future_max_ms)
        return true;
    buffer_clear(&delivery->facts);
    facts_encode(event, &delivery->facts);
    if (!seen_take(delivery->seen, event, buffer_text(&delivery->facts), time_ms, &answer, error))
        return false;
    *ret = answer == SEEN_NEW;
    return !seen_is_full(delivery->seen) || seen_save_and_work(delivery->seen, 0, error);
}

static bool take_record(void *context, const struct stream_record *record, struct error *error)
{
    struct import_delivery *delivery = context;
    struct usage_event event;
    struct refusal refusal;
    bool counts;
    if (++delivery->records % READ_RECORDS == 0)
        delivery->progress.update(delivery->progress.context, "reading the topic", delivery->records, 0, 0);
    if (record->is_null)
        return true;
    arena_reset(&delivery->arena);
    switch (wire_decode(delivery->months->connection->wire, &usage_event_type, record->value, &event, &delivery->arena,
                        &refusal, error)) {
    case WIRE_LATER:
        return false;
    case WIRE_REFUSED:
        return true;
    case WIRE_DONE:
        break;
    }
    if (!usage_event_accept(&event, &refusal))
        return true;
    if (!counts_as_usage(delivery, &event, record->timestamp_ms, &counts, error))
        return false;
    return !counts || !is_published(delivery, &event, mark_of(record)) ||
           corrections_take_old(delivery->corrections, &event, error);
}

/* The first offset at which usage of a month that is compared may lie. */
static int64_t start_of(const struct import_months *months, int32_t partition)
{
    int64_t start = INT64_MAX;
    for (size_t i = 0; i < months->count; i++) {
        const struct import_record *record = &months->items[i].record;
        int64_t own = (size_t)partition < record->offset_count ? record->offsets[partition] : 0;
        if (months->items[i].mode == IMPORT_DELIVERY && own < start)
            start = own;
    }
    return start;
}

static bool find_range(struct import_delivery *delivery, int32_t partition, int64_t *start, struct error *error)
{
    struct stream *stream = delivery->months->connection->stream;
    int64_t first, end;
    if (!stream->ops->range(stream, STREAM_USAGE, partition, &first, &end, error))
        return false;
    *start = start_of(delivery->months, partition);
    if (*start >= first)
        return true;
    return error_fail(
        error, ERROR_FAILED,
        "partition %d of the usage topic begins at offset %lld, and the last delivery at %lld: what was published is "
        "no longer there to be compared; give the topic a retention.ms of 45 days and more, and see import --help "
        "for --again",
        partition, (long long)first, (long long)*start);
}

static bool open_ids(struct import_delivery *delivery, int32_t partition, struct error *error)
{
    struct buffer path = { 0 };
    struct rocks_options rocks = { .write_buffer_bytes = MEMORY_BYTES / 16, .cache_bytes = MEMORY_BYTES / 16 };
    struct seen_options options = { delivery->months->connection->settings.dedup_window_ms, MEMORY_BYTES / 4 };
    buffer_printf(&path, "%s/ids%d", delivery->scratch, partition);
    bool done = rocks_open(path.data, &rocks, &delivery->rocks, error) &&
                seen_open(&options, delivery->rocks, &delivery->seen, error);
    buffer_done(&path);
    return done;
}

static void close_ids(struct import_delivery *delivery)
{
    seen_close(delivery->seen);
    rocks_close(delivery->rocks);
    delivery->seen = NULL;
    delivery->rocks = NULL;
}

static bool read_partition(struct import_delivery *delivery, int32_t partition, struct error *error)
{
    struct stream *stream = delivery->months->connection->stream;
    int64_t start;
    struct stream_reading reading = { 0 };
    bool done = find_range(delivery, partition, &start, error) && open_ids(delivery, partition, error) &&
                stream->ops->restore_begin(stream, STREAM_USAGE, partition, start, error);
    while (done && !reading.ended)
        done = stream->ops->restore_step(stream, READ_RECORDS, take_record, delivery, &reading, error);
    close_ids(delivery);
    return done;
}

bool import_delivery_write(struct import_delivery *delivery,
                           bool (*take)(void *context, const struct usage_event *event, struct error *error), void *context,
                           struct correction_counts *counts, struct error *error)
{
    const struct stream *stream = delivery->months->connection->stream;
    const struct import_months *months = delivery->months;
    int64_t written = 0; /* only grows as more is published */
    for (int32_t p = 0; p < stream->ops->partition_count(stream, STREAM_USAGE); p++)
        if (!read_partition(delivery, p, error))
            return false;
    for (size_t p = 0; p < months->end_count; p++)
        written += months->ends[p];
    return corrections_write(delivery->corrections, written, take, context, counts, error);
}

void import_delivery_close(struct import_delivery *delivery)
{
    if (!delivery)
        return;
    corrections_close(delivery->corrections);
    remove_tree(delivery->scratch);
    arena_done(&delivery->arena);
    buffer_done(&delivery->facts);
    free(delivery->scratch);
    free(delivery);
}
