/* tasks/messages.c: headers, names and keys of what tasks say to each other. */
#include "tasks/messages.h"

#include <stdio.h>
#include <string.h>

#include "money/decimal.h"

/* ---- to the tier tasks ---- */

static const char sender_header[] = "sender", number_header[] = "number", offset_header[] = "offset",
                  version_header[] = "version", period_header[] = "period", kind_header[] = "kind";

/* An event needs no name. */
static const struct text kind_names[TIER_MESSAGE_COUNT] = {
    [TIER_MESSAGE_EVENT] = { "", 0 },      [TIER_MESSAGE_ROW] = { "row", 3 },   [TIER_MESSAGE_BARRIER] = { "closed", 6 },
    [TIER_MESSAGE_SWEPT] = { "swept", 5 }, [TIER_MESSAGE_LAST] = { "last", 4 },
};

static void add_header(struct tier_headers *out, const char *name, struct text value)
{
    out->headers[out->count++] = (struct stream_header){ name, value };
}

static void add_number(struct tier_headers *out, const char *name, int64_t number)
{
    char *text = out->texts[out->count];
    add_header(out, name, (struct text){ text, (size_t)snprintf(text, sizeof out->texts[0], "%lld", (long long)number) });
}

void tier_message_write(const struct tier_message *message, struct tier_headers *out)
{
    out->count = 0;
    add_number(out, sender_header, message->sender);
    add_number(out, number_header, message->number);
    add_number(out, offset_header, message->offset);
    add_number(out, version_header, message->version);
    char *period = out->texts[out->count];
    period_format(message->period, period);
    add_header(out, period_header, text_of(period));
    if (message->kind != TIER_MESSAGE_EVENT)
        add_header(out, kind_header, kind_names[message->kind]);
}

static struct text find_header(const struct stream_record *record, const char *name)
{
    for (size_t i = 0; i < record->header_count; i++)
        if (strcmp(record->headers[i].name, name) == 0)
            return record->headers[i].value;
    return TEXT_NONE;
}

static bool read_number(const struct stream_record *record, const char *name, int64_t max, int64_t *number)
{
    i128 value;
    if (decimal_parse(find_header(record, name), 0, &value) != DECIMAL_EXACT || value < 0 || value > max)
        return false;
    *number = (int64_t)value;
    return true;
}

bool tier_message_read(const struct stream_record *record, struct tier_message *message)
{
    int64_t sender;
    struct text kind = find_header(record, kind_header);
    *message = (struct tier_message){ .kind = TIER_MESSAGE_EVENT };
    while (message->kind < TIER_MESSAGE_COUNT && !text_equal(kind, kind_names[message->kind]))
        message->kind++;
    if (message->kind == TIER_MESSAGE_COUNT || !read_number(record, sender_header, INT32_MAX, &sender) ||
        !read_number(record, number_header, INT64_MAX, &message->number) ||
        !read_number(record, offset_header, INT64_MAX, &message->offset) ||
        !read_number(record, version_header, INT64_MAX, &message->version))
        return false;
    message->sender = (uint32_t)sender;
    return period_parse(find_header(record, period_header), &message->period);
}

/* ---- to the bill tasks ---- */

static const struct text message_names[BILL_MESSAGE_COUNT] = {
    [BILL_MESSAGE_TOTAL] = { "", 0 },
    [BILL_MESSAGE_PAYER] = { "payer", 5 },
    [BILL_MESSAGE_ARRIVAL] = { "arrival", 7 },
    [BILL_MESSAGE_REPORTED] = { "reported", 8 },
    [BILL_MESSAGE_CHECKSUM] = { "checksum", 8 },
    [BILL_MESSAGE_CLOCK] = { "clock", 5 },
    [BILL_MESSAGE_SWEPT] = { "swept", 5 },
    [BILL_MESSAGE_BARRIER] = { "barrier", 7 },
};

void bill_message_set(struct subtotal *subtotal, enum bill_message message)
{
    for (size_t i = 0; i < SUBTOTAL_FIELD_COUNT; i++)
        if (subtotal_type.fields[i].required)
            record_set(subtotal, i);
    record_set_text(subtotal, &subtotal_type, SUBTOTAL_message, message_names[message]);
}

enum bill_message bill_message_of(const struct subtotal *subtotal)
{
    enum bill_message message = BILL_MESSAGE_TOTAL;
    while (message < BILL_MESSAGE_COUNT && !text_equal(subtotal->message, message_names[message]))
        message++;
    return message;
}

void key_append_part(struct buffer *out, struct text part)
{
    for (size_t at = 0; at < part.size;) {
        size_t end = at;
        while (end < part.size && part.data[end] != '/' && part.data[end] != '%')
            end++;
        buffer_append(out, part.data + at, end - at);
        if (end < part.size)
            buffer_append(out, part.data[end] == '/' ? "%2F" : "%25", 3);
        at = end + 1;
    }
}

void bill_message_key(const struct subtotal *subtotal, struct buffer *out)
{
    const struct text parts[] = { subtotal->billing_group, subtotal->billing_period, subtotal->usage_account_id,
                                  subtotal->product_code, subtotal->line_item_type };
    buffer_clear(out);
    buffer_printf(out, "%lld", (long long)subtotal->task);
    if (subtotal->message.size)
        buffer_printf(out, "/#%.*s", TEXT_ARGS(subtotal->message));
    for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
        buffer_append_byte(out, '/');
        key_append_part(out, parts[i]);
    }
}

void checksum_format(struct hash128 checksum, char out[CHECKSUM_TEXT_MAX])
{
    snprintf(out, CHECKSUM_TEXT_MAX, "%016llx%016llx", (unsigned long long)checksum.high, (unsigned long long)checksum.low);
}

static bool parse_half(const char *digits, uint64_t *half)
{
    *half = 0;
    for (size_t i = 0; i < 16; i++) {
        char digit = digits[i];
        bool is_letter = digit >= 'a' && digit <= 'f';
        if (!is_letter && (digit < '0' || digit > '9'))
            return false;
        *half = *half << 4 | (uint64_t)(is_letter ? digit - 'a' + 10 : digit - '0');
    }
    return true;
}

bool checksum_parse(struct text text, struct hash128 *checksum)
{
    return text.size == CHECKSUM_TEXT_MAX - 1 && parse_half(text.data, &checksum->high) &&
           parse_half(text.data + 16, &checksum->low);
}
