/* model/line_item.c: the field table and the texts of its closed sets. */
#include "model/line_item.h"

static const struct field line_item_fields[] = {
#define X(kind, name, scale, required) RECORD_ROW(line_item, kind, name, scale, required)
    LINE_ITEM_FIELDS(X)
#undef X
};

const struct record_type line_item_type = {
    .name = "LineItem",
    .fields = line_item_fields,
    .field_count = LINE_ITEM_FIELD_COUNT,
    .size = sizeof(struct line_item),
};

_Static_assert(LINE_ITEM_FIELD_COUNT <= 64, "present holds one bit a field");

struct text line_item_status_text(enum line_item_status status)
{
    static const char *const texts[STATUS_COUNT] = {
        [STATUS_CHARGED] = "CHARGED",
        [STATUS_LEFT_OUT] = "LEFT_OUT",
        [STATUS_UNMONITORED] = "UNMONITORED",
        [STATUS_UNPRICED] = "UNPRICED",
    };
    return text_of(texts[status]);
}

struct text unpriced_reason_text(enum unpriced_reason reason)
{
    static const char *const texts[UNPRICED_REASON_COUNT] = {
        [UNPRICED_NO_PRICE] = "NO_PRICE",
        [UNPRICED_TOO_LARGE] = "TOO_LARGE",
        [UNPRICED_CURRENCY] = "CURRENCY",
        [UNMONITORED_BEFORE_DOCUMENT] = "BEFORE_DOCUMENT",
    };
    return text_of(texts[reason]);
}

struct text price_base_text(enum price_base base)
{
    static const char *const texts[BASE_COUNT] = {
        [BASE_CUSTOM_TIERS] = "CUSTOM_TIERS",
        [BASE_PRICE_LIST] = "PRICE_LIST",
        [BASE_FREE_TIER] = "FREE_TIER",
        [BASE_PUBLIC_ON_DEMAND_RATE] = "PUBLIC_ON_DEMAND_RATE",
        [BASE_PUBLIC_ON_DEMAND_COST] = "PUBLIC_ON_DEMAND_COST",
        [BASE_UNBLENDED_COST] = "UNBLENDED_COST",
        [BASE_FLAT] = "FLAT",
        [BASE_PERCENTAGE] = "PERCENTAGE",
    };
    return text_of(texts[base]);
}
