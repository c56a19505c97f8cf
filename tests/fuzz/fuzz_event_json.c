/* fuzz_event_json: any bytes as a usage event in JSON. What is accepted keeps the requirements, what is refused says why,
 * and both are as jansson's tree has it. */
#include "support/event_json_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void touch(struct text text)
{
    size_t sum = 0;
    for (size_t i = 0; i < text.size; i++)
        sum += (unsigned char)text.data[i];
    CHECK(sum < SIZE_MAX);
}

static void check_refusal(const struct refusal *refusal)
{
    CHECK(refusal->reason > REFUSAL_NONE && refusal->reason < REFUSAL_REASON_COUNT);
    CHECK(refusal->detail[0] && memchr(refusal->detail, '\0', sizeof refusal->detail));
    touch(refusal->value);
}

static void check_event(const struct usage_event *event)
{
    for (size_t i = 0; i < usage_event_type.field_count; i++) {
        const struct field *field = &usage_event_type.fields[i];
        if (!record_has(event, i))
            continue;
        if (field->kind == FIELD_TEXT) {
            const struct text *text = record_member_const(event, field);
            CHECK(text->size > 0 && text_is_utf8(*text) && !memchr(text->data, '\0', text->size));
        }
        if (field->kind == FIELD_DECIMAL)
            CHECK(decimal_fits(*(const i128 *)record_member_const(event, field)));
    }
    CHECK(text_is_digits(event->usage_account_id, 12));
    for (size_t i = 0; i < event->tags.count; i++)
        CHECK(i == 0 || text_compare(event->tags.items[i - 1].key, event->tags.items[i].key) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct event_json *decoder;
    if (!decoder)
        decoder = event_json_new();
    struct arena arena = { 0 };
    struct text json = { (const char *)data, size };
    for (enum excess_decimals excess = EXCESS_ROUND; excess <= EXCESS_REJECT; excess++) {
        struct usage_event event;
        struct refusal refusal = { 0 };
        if (event_json_decode(decoder, json, excess, &event, &arena, &refusal) && usage_event_accept(&event, &refusal))
            check_event(&event);
        else
            check_refusal(&refusal);
        CHECK(!oracle_difference(decoder, json, excess, &arena));
    }
    arena_done(&arena);
    return 0;
}
