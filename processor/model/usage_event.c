/* model/usage_event.c: the field table and the requirements on an event, each named by its refusal. */
#include "model/usage_event.h"

#include <stdlib.h>

static const struct field usage_event_fields[] = {
#define X(kind, name, scale, required) RECORD_ROW(usage_event, kind, name, scale, required)
    USAGE_EVENT_FIELDS(X)
#undef X
};

const struct record_type usage_event_type = {
    .name = "UsageEvent",
    .fields = usage_event_fields,
    .field_count = USAGE_EVENT_FIELD_COUNT,
    .size = sizeof(struct usage_event),
};

_Static_assert(USAGE_EVENT_FIELD_COUNT <= 64, "present holds one bit a field");

static bool is_amount(const struct field *field)
{
    return field->scale == AMOUNT_SCALE;
}

static bool check_magnitude(const struct field *field, i128 value, struct text text, struct refusal *refusal)
{
    unsigned digits = is_amount(field) ? AMOUNT_SCALE + AMOUNT_INTEGER_DIGITS : DECIMAL_DIGITS;
    if (decimal_magnitude(value) < (u128)decimal_power(digits))
        return true;
    return refuse(refusal, REFUSAL_NUMBER_TOO_LARGE, field->name, text, "%s must be below 10^%u", field->name,
                  digits - field->scale);
}

bool usage_event_set_decimal(struct usage_event *event, size_t index, struct text text, enum excess_decimals excess,
                             struct refusal *refusal)
{
    const struct field *field = &usage_event_fields[index];
    CHECK(field->kind == FIELD_DECIMAL);
    if (text.size == 0)
        return true;
    i128 *member = record_member(event, field);
    switch (decimal_parse(text, field->scale, member)) {
    case DECIMAL_EXACT:
        break;
    case DECIMAL_ROUNDED:
        if (excess == EXCESS_REJECT)
            return refuse(refusal, REFUSAL_EXCESS_DECIMALS, field->name, text, "%s has more than %u decimals", field->name,
                          (unsigned)field->scale);
        event->excess_decimals++;
        break;
    case DECIMAL_NOT_A_NUMBER:
        return refuse(refusal, REFUSAL_BAD_NUMBER, field->name, text, "%s is no decimal number", field->name);
    case DECIMAL_TOO_LARGE:
        return refuse(refusal, REFUSAL_NUMBER_TOO_LARGE, field->name, text, "%s has more than %d digits at scale %u",
                      field->name, DECIMAL_DIGITS, (unsigned)field->scale);
    }
    record_set(event, index);
    return true;
}

static __attribute__((noinline)) bool check_other_text(const char *name, struct text text, struct refusal *refusal)
{
    if (text.size && memchr(text.data, '\0', text.size))
        return refuse(refusal, REFUSAL_NUL_BYTE, name, text, "%s holds a zero byte", name);
    if (!text_is_utf8(text))
        return refuse(refusal, REFUSAL_BAD_ENCODING, name, text, "%s is not UTF-8", name);
    return true;
}

static inline bool check_text(const char *name, struct text text, struct refusal *refusal)
{
    return text_is_ascii(text) || check_other_text(name, text, refusal);
}

bool usage_event_set_text(struct usage_event *event, size_t index, struct text text, struct refusal *refusal)
{
    const struct field *field = &usage_event_fields[index];
    if (text.size == 0)
        return true;
    if (!event->is_ascii && !check_text(field->name, text, refusal))
        return false;
    if (field->kind == FIELD_TEXT) {
        record_set_text(event, &usage_event_type, index, text);
        return true;
    }
    CHECK(field->kind == FIELD_TIME);
    if (!time_parse(text, record_member(event, field)))
        return refuse(refusal, REFUSAL_BAD_TIME, field->name, text, "%s must be ISO 8601 in UTC, as 2026-06-01T00:00:00Z",
                      field->name);
    record_set(event, index);
    return true;
}

static int compare_tags(const void *left, const void *right)
{
    return text_compare(((const struct tag *)left)->key, ((const struct tag *)right)->key);
}

bool tags_normalize(struct tag *items, size_t *count, struct refusal *refusal)
{
    size_t kept = 0;
    bool sorted = true;
    for (size_t i = 0; i < *count; i++) {
        if (items[i].key.size == 0 || items[i].value.size == 0)
            continue;
        items[kept] = items[i];
        sorted = sorted && (kept == 0 || compare_tags(&items[kept - 1], &items[kept]) < 0);
        kept++;
    }
    *count = kept;
    if (sorted)
        return true;
    qsort(items, kept, sizeof *items, compare_tags);
    for (size_t i = 1; i < kept; i++)
        if (text_equal(items[i - 1].key, items[i].key))
            return refuse(refusal, REFUSAL_BAD_FIELD, "tags", items[i].key, "the tag comes twice");
    return true;
}

static bool check_members(const struct usage_event *event, struct refusal *refusal)
{
    for (uint64_t left = event->present; left; left &= left - 1) {
        const struct field *field = &usage_event_fields[__builtin_ctzll(left)];
        const void *member = record_member_const(event, field);
        switch (field->kind) {
        case FIELD_TEXT:
            if (!event->is_ascii && !check_text(field->name, *(const struct text *)member, refusal))
                return false;
            break;
        case FIELD_DECIMAL:
            if (!check_magnitude(field, *(const i128 *)member, TEXT_NONE, refusal))
                return false;
            break;
        case FIELD_TIME:
            if (!time_in_range(*(const int64_t *)member))
                return refuse(refusal, REFUSAL_BAD_TIME, field->name, TEXT_NONE, "%s is outside the years 1970 to 9999",
                              field->name);
            break;
        case FIELD_TAGS: {
            const struct tags *tags = member;
            for (size_t t = 0; t < tags->count; t++)
                if (!check_text(field->name, tags->items[t].key, refusal) ||
                    !check_text(field->name, tags->items[t].value, refusal))
                    return false;
            break;
        }
        case FIELD_SUM:
        case FIELD_LONG:
            break;
        }
    }
    return true;
}

static bool require(const struct usage_event *event, enum usage_event_field field, struct refusal *refusal)
{
    const char *name = usage_event_fields[field].name;
    return record_has(event, field) || refuse(refusal, REFUSAL_MISSING_FIELD, name, TEXT_NONE, "%s is required", name);
}

static bool check_account(const struct usage_event *event, enum usage_event_field field, struct text account,
                          struct refusal *refusal)
{
    if (!record_has(event, field) || text_is_digits(account, 12))
        return true;
    const char *name = usage_event_fields[field].name;
    return refuse(refusal, REFUSAL_BAD_ACCOUNT, name, account, "%s must have 12 digits", name);
}

static bool check_period(const struct usage_event *event, struct refusal *refusal)
{
    billing_period period;
    if (!record_has(event, USAGE_EVENT_billing_period) || period_parse(event->billing_period, &period))
        return true;
    return refuse(refusal, REFUSAL_BAD_TIME, "billing_period", event->billing_period,
                  "billing_period must be a month, as 2026-06");
}

static bool is_metered(struct text type)
{
    return text_equal(type, TEXT("Usage")) || text_equal(type, TEXT("DiscountedUsage")) ||
           text_equal(type, TEXT("SavingsPlanCoveredUsage"));
}

bool usage_event_accept(struct usage_event *event, struct refusal *refusal)
{
    if (!record_has(event, USAGE_EVENT_line_item_type))
        record_set_text(event, &usage_event_type, USAGE_EVENT_line_item_type, TEXT("Usage"));
    if (!record_has(event, USAGE_EVENT_billing_entity))
        record_set_text(event, &usage_event_type, USAGE_EVENT_billing_entity, TEXT("AWS"));
    if (!check_members(event, refusal) || !require(event, USAGE_EVENT_event_id, refusal) ||
        !require(event, USAGE_EVENT_usage_account_id, refusal) || !require(event, USAGE_EVENT_product_code, refusal) ||
        !require(event, USAGE_EVENT_usage_start, refusal))
        return false;
    if (is_metered(event->line_item_type) &&
        (!require(event, USAGE_EVENT_usage_type, refusal) || !require(event, USAGE_EVENT_usage_amount, refusal)))
        return false;
    if (!check_account(event, USAGE_EVENT_usage_account_id, event->usage_account_id, refusal) ||
        !check_account(event, USAGE_EVENT_payer_account_id, event->payer_account_id, refusal) ||
        !check_period(event, refusal))
        return false;
    if (record_has(event, USAGE_EVENT_usage_end) && event->usage_end < event->usage_start)
        return refuse(refusal, REFUSAL_END_BEFORE_START, "usage_end", TEXT_NONE, "usage_end lies before usage_start");
    correction_read(event->event_id, &event->correction);
    return true;
}

billing_period usage_event_period(const struct usage_event *event)
{
    billing_period period;
    if (!record_has(event, USAGE_EVENT_billing_period))
        return period_of(event->usage_start);
    bool known = period_parse(event->billing_period, &period);
    CHECK(known); /* usage_event_accept has seen it */
    return period;
}

struct text arn_account(struct text arn)
{
    const char *at = arn.data, *end = arn.data + arn.size;
    for (int colons = 0; colons < 4; colons++) {
        at = at && at < end ? memchr(at, ':', (size_t)(end - at)) : NULL;
        if (!at)
            return TEXT_NONE;
        at++;
    }
    const char *stop = memchr(at, ':', (size_t)(end - at));
    struct text account = { at, (size_t)((stop ? stop : end) - at) };
    return text_is_digits(account, 12) ? account : TEXT_NONE;
}
