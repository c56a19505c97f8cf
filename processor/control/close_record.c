/* control/close_record.c: closes, what announces and ends them, and imports, as records. */
#include <stdlib.h>

#include "base/hash.h"
#include "control/conductor_parts.h"

static void write_offsets(struct buffer *out, const char *name, const int64_t *offsets, size_t count)
{
    buffer_printf(out, ",\"%s\":[", name);
    for (size_t i = 0; i < count; i++)
        buffer_printf(out, "%s%lld", i ? "," : "", (long long)offsets[i]);
    buffer_append_byte(out, ']');
}

void close_record_write(const struct close_record *close, uint64_t nonce, struct buffer *key, struct buffer *value)
{
    char period[TIME_TEXT_MAX], id[16];
    size_t start = value->size;
    period_format(close->period, period);
    buffer_printf(value, "{\"period\":\"%s\",\"version\":%lld", period, (long long)close->version);
    write_offsets(value, "offsets", close->ends, close->end_count);
    write_offsets(value, "reports", close->report_from, close->report_count);
    buffer_append_byte(value, '}');
    struct hash128 hash = hash128(value->data + start, value->size - start);
    hash.high = hash_mix(hash.high, nonce);
    hash_letters(hash, sizeof id, id);
    buffer_printf(key, "%s/%s/%.*s", period, KIND_CLOSE, (int)sizeof id, id);
}

void close_announcement_write(billing_period period, struct buffer *key, struct buffer *value)
{
    char text[TIME_TEXT_MAX];
    period_format(period, text);
    buffer_printf(key, "%s/%s/", text, KIND_ANNOUNCEMENT);
    buffer_append_text(value, TEXT("{}"));
}

static int64_t *measure(struct stream *stream, enum stream_topic topic, size_t *count, struct error *error)
{
    *count = (size_t)stream->ops->partition_count(stream, topic);
    int64_t *ends = memory_new_array(*count, sizeof *ends);
    for (size_t i = 0; i < *count; i++)
        if (!stream->ops->high(stream, topic, (int32_t)i, STREAM_ANSWER_MS, &ends[i], error)) {
            free(ends);
            return NULL;
        }
    return ends;
}

bool close_record_measure(struct stream *stream, billing_period period, int64_t version, struct close_record *close,
                          struct error *error)
{
    *close = (struct close_record){ .period = period, .version = version };
    close->ends = measure(stream, STREAM_USAGE, &close->end_count, error);
    close->report_from = close->ends ? measure(stream, STREAM_CUR, &close->report_count, error) : NULL;
    return close->report_from != NULL;
}

void close_record_done(struct close_record *close)
{
    free(close->ends);
    free(close->report_from);
    *close = (struct close_record){ .period = PERIOD_NONE };
}

void closed_record_write(billing_period period, uint32_t task, int32_t tasks, struct buffer *key, struct buffer *value)
{
    char text[TIME_TEXT_MAX];
    period_format(period, text);
    buffer_printf(key, "%s/%s/%u", text, KIND_CLOSED, task);
    buffer_printf(value, "{\"tasks\":%d}", tasks);
}

void import_record_write(billing_period period, struct text payer, struct buffer *key, struct buffer *value)
{
    char text[TIME_TEXT_MAX];
    period_format(period, text);
    buffer_printf(key, "%s/%s/%.*s", text, KIND_IMPORT, TEXT_ARGS(payer));
    buffer_append_text(value, TEXT("{}"));
}
