/*
 * support/fixtures.h: the smallest valid event, schedule and conductor document; a test changes what it is about.
 */
#ifndef SUPPORT_FIXTURES_H
#define SUPPORT_FIXTURES_H

#include <stdio.h>

#include "aggregate/facts.h"
#include "base/memory.h"
#include "model/account.h"
#include "model/conductor.h"
#include "model/price_list.h"
#include "model/usage_event.h"

/* ---- events ---- */

/* A field as text; NULL: the fixture's default, "": absent. Tags as "key=value;key=value", in order. */
struct event_texts {
    bool unaccepted; /* as decoded: neither completed nor checked */
#define X(kind, name, scale, required) const char *name;
    USAGE_EVENT_FIELDS(X)
#undef X
};

static inline const char *event_default(size_t field)
{
    switch (field) {
    case USAGE_EVENT_event_id:
        return "e1";
    case USAGE_EVENT_usage_account_id:
        return "111111111111";
    case USAGE_EVENT_product_code:
        return "AmazonEC2";
    case USAGE_EVENT_usage_type:
        return "BoxUsage:t3.micro";
    case USAGE_EVENT_usage_start:
        return "2026-06-01T00:00:00Z";
    case USAGE_EVENT_usage_amount:
        return "1";
    default:
        return "";
    }
}

static inline void event_set_tags(struct usage_event *event, const char *tags)
{
    static struct tag pool[64]; /* lives as long as the test needs it */
    static size_t used;
    if (used > 48)
        used = 0;
    size_t first = used;
    while (*tags) {
        size_t key = strcspn(tags, "=");
        CHECK(tags[key] == '=' && used < ARRAY_COUNT(pool));
        size_t value = strcspn(tags + key + 1, ";");
        pool[used++] = (struct tag){ { tags, key }, { tags + key + 1, value } };
        tags += key + 1 + value;
        tags += *tags == ';';
    }
    event->tags = (struct tags){ pool + first, used - first };
    if (event->tags.count)
        record_set(event, USAGE_EVENT_tags);
}

static inline struct usage_event event_of(struct event_texts texts)
{
    const char *const given[] = {
#define X(kind, name, scale, required) texts.name,
        USAGE_EVENT_FIELDS(X)
#undef X
    };
    struct usage_event event = { 0 };
    struct refusal refusal = { 0 };
    for (size_t i = 0; i < USAGE_EVENT_FIELD_COUNT; i++) {
        const char *text = given[i] ? given[i] : event_default(i);
        bool done = true;
        if (usage_event_type.fields[i].kind == FIELD_TAGS)
            event_set_tags(&event, text);
        else if (usage_event_type.fields[i].kind == FIELD_DECIMAL)
            done = usage_event_set_decimal(&event, i, text_of(text), EXCESS_ROUND, &refusal);
        else
            done = usage_event_set_text(&event, i, text_of(text), &refusal);
        CHECK(done);
    }
    bool accepted = texts.unaccepted || usage_event_accept(&event, &refusal);
    CHECK(accepted);
    return event;
}

#define event_with(...) event_of((struct event_texts){ .unaccepted = false, __VA_ARGS__ })
#define raw_event_with(...) event_of((struct event_texts){ .unaccepted = true, __VA_ARGS__ })

/* The facts of an event, in `bytes`. */
static inline struct facts facts_of(const struct usage_event *event, struct buffer *bytes)
{
    struct facts facts;
    buffer_clear(bytes);
    facts_encode(event, bytes);
    facts_decode(buffer_text(bytes), &facts);
    return facts;
}

/* ---- schedules: "0 0.09, 10240 0.085" is a begin and a rate for each tier ---- */

static inline i128 fixture_decimal(struct text text, unsigned scale)
{
    i128 value;
    enum decimal_status status = decimal_parse(text, scale, &value);
    CHECK(status == DECIMAL_EXACT);
    return value;
}

static inline struct schedule schedule_of(struct arena *arena, const char *text)
{
    struct tier *tiers = arena_take(arena, 16 * sizeof *tiers, 16);
    uint32_t count = 0;
    while (*text) {
        size_t begin = strcspn(text, " "), rate = strcspn(text + begin + 1, ",");
        CHECK(count < 16);
        tiers[count] = (struct tier){ fixture_decimal((struct text){ text, begin }, QUANTITY_SCALE), TIER_NO_END,
                                      fixture_decimal((struct text){ text + begin + 1, rate }, RATE_SCALE) };
        if (count > 0)
            tiers[count - 1].end = tiers[count].begin;
        count++;
        text += begin + 1 + rate;
        text += strspn(text, ", ");
    }
    return (struct schedule){ tiers, count };
}

/* ---- a conductor document ---- */

/*
 * Group 0 has account 111111111111 and plan 0, group 1 has 222222222222 and plan 1; 999999999999 is listed in no group.
 * Both plans are custom and empty.
 */
struct document_fixture {
    struct conductor conductor;
    struct billing_group groups[3];
    struct pricing_plan plans[3];
    struct pricing_rule rules[16];
    uint32_t plan_rules[3][16];
    struct custom_line_item items[8];
    struct linked_account accounts[4];
    struct price_list list;
};

static inline void document_fixture_init(struct document_fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    for (uint32_t i = 0; i < 2; i++) {
        fixture->groups[i] = (struct billing_group){ .plan = i, .status = GROUP_ACTIVE };
        fixture->plans[i] = (struct pricing_plan){ .kind = PLAN_CUSTOM, .rules = fixture->plan_rules[i] };
    }
    fixture->groups[0].id = fixture->groups[0].primary_account = TEXT("111111111111");
    fixture->groups[1].id = fixture->groups[1].primary_account = TEXT("222222222222");
    fixture->accounts[0] = (struct linked_account){ 111111111111, 0 };
    fixture->accounts[1] = (struct linked_account){ 222222222222, 1 };
    fixture->accounts[2] = (struct linked_account){ 999999999999, GROUP_NONE };
    fixture->conductor = (struct conductor){
        .period = PERIOD_NONE,
        .currency = TEXT("USD"),
        .version = 1,
        .groups = fixture->groups,
        .group_count = 2,
        .plans = fixture->plans,
        .plan_count = 2,
        .rules = fixture->rules,
        .custom_line_items = fixture->items,
        .accounts = fixture->accounts,
        .account_count = 3,
        .auto_associate_group = GROUP_NONE,
    };
}

static inline uint32_t plan_add_rule(struct document_fixture *fixture, uint32_t plan, struct pricing_rule rule)
{
    uint32_t index = (uint32_t)fixture->conductor.rule_count++;
    CHECK(index < ARRAY_COUNT(fixture->rules));
    fixture->rules[index] = rule;
    fixture->plan_rules[plan][fixture->plans[plan].rule_count++] = index;
    return index;
}

static inline uint32_t document_add_item(struct document_fixture *fixture, struct custom_line_item item)
{
    uint32_t index = (uint32_t)fixture->conductor.custom_line_item_count++;
    CHECK(index < ARRAY_COUNT(fixture->items));
    fixture->items[index] = item;
    return index;
}

static inline void list_add(struct document_fixture *fixture, const char *sku, const char *service, const char *usage_type,
                            const char *operation, const char *schedule)
{
    struct price_list_entry entry = { .sku = text_of(sku),
                                      .service = text_of(service),
                                      .usage_type = text_of(usage_type),
                                      .operation = text_of(operation),
                                      .unit = TEXT("Hrs"),
                                      .schedule = schedule_of(&fixture->conductor.arena, schedule) };
    price_list_add(&fixture->list, &entry);
}

static inline void document_fixture_done(struct document_fixture *fixture)
{
    price_list_done(&fixture->list);
    arena_done(&fixture->conductor.arena);
}

#endif
