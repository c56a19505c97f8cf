/* tasks/messages.c: names and keys of what tasks say to the bill tasks. */
#include "tasks/messages.h"

#include <stdio.h>

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
