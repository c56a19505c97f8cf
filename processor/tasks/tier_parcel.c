/* tasks/tier_parcel.c: headers and bytes of messages to the tier tasks. */
#include "tasks/tier_parcel.h"

#include <stdio.h>

#include "money/decimal.h"

static const char sender_header[] = "sender", first_header[] = "first", version_header[] = "version",
                  period_header[] = "period";

static void set_number(struct tier_headers *out, size_t at, const char *name, int64_t number)
{
    size_t size = (size_t)snprintf(out->texts[at], sizeof out->texts[at], "%lld", (long long)number);
    out->headers[at] = (struct stream_header){ name, { out->texts[at], size } };
}

void tier_parcel_write(const struct tier_parcel *parcel, struct tier_headers *out)
{
    set_number(out, 0, sender_header, parcel->sender);
    set_number(out, 1, first_header, parcel->first);
    set_number(out, 2, version_header, parcel->version);
    size_t size = period_format(parcel->period, out->texts[3]);
    out->headers[3] = (struct stream_header){ period_header, { out->texts[3], size } };
}

static bool read_number(const struct stream_record *record, const char *name, int64_t max, int64_t *number)
{
    i128 value;
    if (decimal_parse(stream_header_of(record, name), 0, &value) != DECIMAL_EXACT || value < 0 || value > max)
        return false;
    *number = (int64_t)value;
    return true;
}

bool tier_parcel_read(const struct stream_record *record, struct tier_parcel *parcel)
{
    int64_t sender;
    if (!read_number(record, sender_header, INT32_MAX, &sender) ||
        !read_number(record, first_header, INT64_MAX, &parcel->first) ||
        !read_number(record, version_header, INT64_MAX, &parcel->version))
        return false;
    parcel->sender = (uint32_t)sender;
    return period_parse(stream_header_of(record, period_header), &parcel->period);
}

void tier_message_append(const struct tier_message *message, struct buffer *out)
{
    bytes_put_varint(out, message->kind);
    bytes_put_varint(out, (uint64_t)message->offset);
    bytes_put_text(out, message->value);
}

bool tier_message_take(struct byte_reader *reader, struct tier_message *message)
{
    uint64_t kind = bytes_take_varint(reader), offset = bytes_take_varint(reader);
    message->value = bytes_take_text(reader);
    if (reader->failed || kind >= TIER_MESSAGE_COUNT || offset > INT64_MAX)
        return false;
    message->kind = (enum tier_message_kind)kind;
    message->offset = (int64_t)offset;
    return true;
}
