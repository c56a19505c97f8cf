/* cli/import_months.c: few months, so a list. */
#include "cli/import_months.h"

#include <stdlib.h>

static bool add_month(struct import_months *months, billing_period period, uint32_t payer, struct error *error)
{
    struct text name = intern_text(&months->payers, payer);
    struct text value = conductor_topic_import(months->connection->control, period, name);
    struct import_month month = { .period = period, .payer = payer, .has_record = value.size > 0 };
    char text[TIME_TEXT_MAX];
    struct buffer mark = { 0 };
    if (month.has_record && !import_record_read(value, &month.record, &months->arena, error))
        return false;
    period_format(period, text);
    buffer_printf(&mark, "%s/%.*s", text, TEXT_ARGS(name));
    month.mark = arena_copy(&months->arena, buffer_text(&mark));
    buffer_done(&mark);
    months->items = memory_reserve_one(months->items, months->count, &months->capacity, sizeof month);
    months->items[months->count++] = month;
    return true;
}

bool import_months_find(struct import_months *months, const struct usage_event *event, struct import_month **ret_month,
                        struct error *error)
{
    billing_period period = usage_event_period(event);
    uint32_t payer = intern_add(&months->payers, event->payer_account_id);
    size_t at = months->last;
    if (at >= months->count || months->items[at].period != period || months->items[at].payer != payer) {
        for (at = 0; at < months->count; at++)
            if (months->items[at].period == period && months->items[at].payer == payer)
                break;
    }
    if (at == months->count && !add_month(months, period, payer, error))
        return false;
    months->last = at;
    *ret_month = &months->items[at];
    return true;
}

/* A report is whole, so a newer one can be held against what was published; other usage only adds up. */
bool import_months_decide(struct import_months *months, bool again, struct error *error)
{
    for (size_t i = 0; i < months->count; i++) {
        struct import_month *month = &months->items[i];
        char period[TIME_TEXT_MAX];
        period_format(month->period, period);
        if (again || !month->has_record)
            month->mode = IMPORT_EVENTS;
        else if (!month->is_other)
            month->mode = IMPORT_DELIVERY;
        else if (month->record.is_done)
            return error_fail(error, ERROR_FAILED, "%s of payer '%.*s' was imported before; --again does it once more",
                              period, TEXT_ARGS(intern_text(&months->payers, month->payer)));
    }
    return true;
}

bool import_months_check_new(const struct import_months *months, const struct import_month *month, struct error *error)
{
    char period[TIME_TEXT_MAX];
    period_format(month->period, period);
    return !month->has_record ||
           error_fail(
               error, ERROR_FAILED,
               "%s of payer '%.*s' was imported before; name its file, so that it can be compared, or --again does it once "
               "more",
               period, TEXT_ARGS(intern_text(&months->payers, month->payer)));
}

bool import_months_begin(struct import_months *months, struct error *error)
{
    const struct stream *stream = months->connection->stream;
    months->end_count = (size_t)stream->ops->partition_count(stream, STREAM_USAGE);
    months->ends = arena_take(&months->arena, (months->end_count + 1) * sizeof *months->ends, _Alignof(int64_t));
    for (size_t p = 0; p < months->end_count; p++)
        if (!connection_end(months->connection, STREAM_USAGE, (int32_t)p, &months->ends[p], error))
            return false;
    return true;
}

static bool record_month(struct import_months *months, struct import_month *month, struct error *error)
{
    struct stream *stream = months->connection->stream;
    struct buffer key = { 0 }, value = { 0 };
    if (!month->has_record) {
        month->record.offsets = months->ends;
        month->record.offset_count = months->end_count;
        month->has_record = true;
    }
    import_record_write(month->period, intern_text(&months->payers, month->payer), &key, &value);
    buffer_clear(&value);
    import_record_print(&month->record, &value);
    struct stream_record record = { .topic = STREAM_CONDUCTOR, .key = buffer_text(&key), .value = buffer_text(&value) };
    bool done = stream->ops->produce(stream, &record, error) == OUTCOME_DONE;
    buffer_done(&key);
    buffer_done(&value);
    return done;
}

bool import_months_record(struct import_months *months, bool is_done, struct error *error)
{
    struct stream *stream = months->connection->stream;
    bool done = months->count == 0 || stream->ops->begin(stream, error) == OUTCOME_DONE;
    for (size_t i = 0; i < months->count && done; i++) {
        months->items[i].record.is_done = is_done;
        done = record_month(months, &months->items[i], error);
    }
    return done && (months->count == 0 || stream->ops->commit(stream, NULL, 0, error) == OUTCOME_DONE);
}

void import_months_done(struct import_months *months)
{
    arena_done(&months->arena);
    intern_done(&months->payers);
    free(months->items);
    *months = (struct import_months){ 0 };
}
