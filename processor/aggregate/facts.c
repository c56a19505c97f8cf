/* aggregate/facts.c: encoding whose byte order is the order of rows. */
#include "aggregate/facts.h"

#include "base/word.h"

#define NUMBER_BYTES 16
#define BILLED (1u << CARRIED_COUNT) /* not at nothing: what is free comes first in its hour, and so to what is free */

/* Writers into room that has been made. */
static char *put_text(char *at, struct text text)
{
    at = text_copy(at, text);
    *at = '\0';
    return at + 1;
}

static char *put_number(char *at, bool present, i128 value)
{
    *at++ = present;
    if (!present)
        return at;
    u128 bits = (u128)value ^ (u128)1 << 127; /* negative numbers sort first */
    for (int i = NUMBER_BYTES; i-- > 0; bits >>= 8)
        at[i] = (char)(unsigned char)bits;
    return at + NUMBER_BYTES;
}

static uint8_t carried_by(const struct usage_event *event)
{
    return (uint8_t)((unsigned)record_has(event, USAGE_EVENT_public_on_demand_cost) << CARRIED_PUBLIC_COST |
                     (unsigned)record_has(event, USAGE_EVENT_unblended_cost) << CARRIED_UNBLENDED |
                     (unsigned)record_has(event, USAGE_EVENT_net_unblended_cost) << CARRIED_NET_UNBLENDED |
                     (unsigned)record_has(event, USAGE_EVENT_reservation_effective_cost) << CARRIED_RESERVATION |
                     (unsigned)record_has(event, USAGE_EVENT_savings_plan_effective_cost) << CARRIED_SAVINGS_PLAN);
}

/* Free usage comes with its public price and an unblended cost of 0. */
static bool is_billed_at_nothing(const struct usage_event *event)
{
    if (event->correction.is_one)
        return event->correction.billed_at_nothing;
    bool has_price = (record_has(event, USAGE_EVENT_public_on_demand_rate) && event->public_on_demand_rate != 0) ||
                     (record_has(event, USAGE_EVENT_public_on_demand_cost) && event->public_on_demand_cost != 0);
    return has_price && record_has(event, USAGE_EVENT_unblended_cost) && event->unblended_cost == 0 &&
           text_equal(event->line_item_type, TEXT("Usage"));
}

#define TEXT_COUNT 14
#define BEHIND_NUMBERS 12 /* the texts from here on stand behind the own rate */

static void list_texts(const struct usage_event *event, struct text texts[TEXT_COUNT])
{
    const struct text all[TEXT_COUNT] = {
        event->payer_account_id, event->billing_entity,    event->line_item_type, event->product_code,
        event->service_code,     event->usage_type,        event->operation,      event->sku,
        event->region,           event->availability_zone, event->unit,           event->currency,
        event->reservation_arn,  event->savings_plan_arn
    };
    memcpy(texts, all, sizeof all);
}

size_t facts_bound(const struct usage_event *event)
{
    struct text texts[TEXT_COUNT];
    size_t size = TEXT_COUNT + 3 * (1 + NUMBER_BYTES) + 1;
    list_texts(event, texts);
    for (size_t i = 0; i < TEXT_COUNT; i++)
        size += texts[i].size;
    for (size_t i = 0; i < event->tags.count; i++)
        size += event->tags.items[i].key.size + event->tags.items[i].value.size + 2;
    return size;
}

size_t facts_write(const struct usage_event *event, char *room)
{
    struct text texts[TEXT_COUNT];
    char *at = room;
    list_texts(event, texts);
    for (size_t i = 0; i < BEHIND_NUMBERS; i++)
        at = put_text(at, texts[i]);
    at = put_number(at, record_has(event, USAGE_EVENT_public_on_demand_rate), event->public_on_demand_rate);
    *at++ = (char)(carried_by(event) | (is_billed_at_nothing(event) ? 0 : BILLED));
    for (size_t i = BEHIND_NUMBERS; i < TEXT_COUNT; i++)
        at = put_text(at, texts[i]);
    at = put_number(at, record_has(event, USAGE_EVENT_savings_plan_rate), event->savings_plan_rate);
    at = put_number(at, record_has(event, USAGE_EVENT_normalization_factor), event->normalization_factor);
    for (size_t i = 0; i < event->tags.count; i++)
        at = put_text(put_text(at, event->tags.items[i].key), event->tags.items[i].value);
    return (size_t)(at - room);
}

void facts_encode(const struct usage_event *event, struct buffer *out)
{
    out->size += facts_write(event, buffer_reserve(out, facts_bound(event)));
}

/* Reads forwards; `failed` once bytes are missing. */
struct facts_reader {
    const char *at, *end;
    bool failed;
};

static struct text take_text(struct facts_reader *reader)
{
    const char *stop = reader->at < reader->end ? memchr(reader->at, '\0', (size_t)(reader->end - reader->at)) : NULL;
    if (!stop) {
        reader->failed = true;
        return TEXT_NONE;
    }
    struct text text = { reader->at, (size_t)(stop - reader->at) };
    reader->at = stop + 1;
    return text;
}

static uint8_t take_byte(struct facts_reader *reader)
{
    if (reader->at == reader->end) {
        reader->failed = true;
        return 0;
    }
    return (uint8_t)*reader->at++;
}

static bool take_number(struct facts_reader *reader, i128 *value)
{
    *value = 0;
    if (!take_byte(reader))
        return false;
    if (reader->end - reader->at < NUMBER_BYTES) {
        reader->failed = true;
        return false;
    }
    u128 bits = 0;
    for (int i = 0; i < NUMBER_BYTES; i++)
        bits = bits << 8 | (uint8_t)*reader->at++;
    *value = (i128)(bits ^ (u128)1 << 127);
    return true;
}

static bool read_facts(struct text bytes, struct facts *facts)
{
    struct facts_reader reader = { bytes.data, bytes.data + bytes.size, false };
    facts->payer = take_text(&reader);
    facts->billing_entity = take_text(&reader);
    facts->line_item_type = take_text(&reader);
    facts->product_code = take_text(&reader);
    facts->service_code = take_text(&reader);
    facts->usage_type = take_text(&reader);
    facts->operation = take_text(&reader);
    facts->sku = take_text(&reader);
    facts->region = take_text(&reader);
    facts->availability_zone = take_text(&reader);
    facts->unit = take_text(&reader);
    facts->currency = take_text(&reader);
    facts->has_own_rate = take_number(&reader, &facts->own_rate);
    uint8_t carried = take_byte(&reader);
    facts->billed_at_nothing = (carried & BILLED) == 0;
    facts->carried = (uint8_t)(carried & ~BILLED);
    facts->reservation_arn = take_text(&reader);
    facts->savings_plan_arn = take_text(&reader);
    facts->has_savings_plan_rate = take_number(&reader, &facts->savings_plan_rate);
    facts->has_normalization_factor = take_number(&reader, &facts->normalization_factor);
    facts->tag_bytes = (struct text){ reader.at, (size_t)(reader.end - reader.at) };
    return !reader.failed;
}

void facts_decode(struct text bytes, struct facts *facts)
{
    bool complete = read_facts(bytes, facts);
    CHECK(complete);
}

/* Behind the zero bytes of so many texts. */
static const char *behind_texts(const char *at, const char *end, unsigned count)
{
    for (unsigned zeros; end - at >= 8 && (zeros = word_zeros(word_at(at))) < count; at += 8)
        count -= zeros;
    for (; count > 0; at++) {
        CHECK(at < end);
        count -= *at == '\0';
    }
    return at;
}

uint8_t facts_carried(struct text bytes)
{
    const char *end = bytes.data + bytes.size, *at = behind_texts(bytes.data, end, BEHIND_NUMBERS);
    CHECK(at < end);
    at += *at ? 1 + NUMBER_BYTES : 1;
    CHECK(at < end);
    return (uint8_t)((uint8_t)*at & ~BILLED);
}

bool facts_are_valid(struct text bytes)
{
    struct facts facts;
    if (!read_facts(bytes, &facts) || facts.carried >= 1u << CARRIED_COUNT)
        return false;
    struct facts_reader reader = { facts.tag_bytes.data, facts.tag_bytes.data + facts.tag_bytes.size, false };
    while (reader.at < reader.end && !reader.failed) {
        take_text(&reader);
        take_text(&reader);
    }
    return !reader.failed;
}

size_t facts_tags(const struct facts *facts, struct tag *items, size_t room)
{
    struct facts_reader reader = { facts->tag_bytes.data, facts->tag_bytes.data + facts->tag_bytes.size, false };
    size_t count = 0;
    while (reader.at < reader.end) {
        struct tag tag;
        tag.key = take_text(&reader);
        tag.value = take_text(&reader);
        if (count < room)
            items[count] = tag;
        count++;
    }
    return count;
}

size_t facts_tag_count(const struct facts *facts)
{
    return facts_tags(facts, NULL, 0);
}
