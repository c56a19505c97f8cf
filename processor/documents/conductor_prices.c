/* documents/conductor_prices.c: custom tiers against the published prices of the meters they replace. */
#include "documents/conductor_json.h"

#define RATE_FACTOR_MAX 2

static i128 highest_rate(struct schedule schedule)
{
    i128 highest = 0;
    for (uint32_t i = 0; i < schedule.count; i++)
        highest = schedule.tiers[i].rate > highest ? schedule.tiers[i].rate : highest;
    return highest;
}

static void check_tiers(const struct pricing_rule *rule, const struct price_list_entry *entry, const struct place *tiers,
                        struct problems *problems)
{
    char text[DECIMAL_TEXT_MAX];
    i128 max = highest_rate(entry->schedule) * RATE_FACTOR_MAX;
    uint32_t count = entry->schedule.count + entry->allowance_count;
    if (rule->custom.count > count) {
        size_t size = decimal_format(rule->custom.count, 0, text);
        problem_add(problems, tiers, PROBLEM_ILLEGAL_TIERING_INPUT, (struct text){ text, size },
                    "at most %u tiers, as sku %.*s has", count, TEXT_ARGS(entry->sku));
    }
    for (uint32_t i = 0; i < rule->custom.count; i++) {
        if (rule->custom.tiers[i].rate <= max)
            continue;
        char max_text[DECIMAL_TEXT_MAX];
        struct place tier = { tiers, TEXT_NONE, i }, rate = { &tier, TEXT("RateValue"), 0 };
        size_t size = decimal_format(rule->custom.tiers[i].rate, RATE_SCALE, text);
        decimal_format(max, RATE_SCALE, max_text);
        problem_add(problems, &rate, PROBLEM_ILLEGAL_TIERING_INPUT, (struct text){ text, size },
                    "at most %s, twice the highest rate of sku %.*s", max_text, TEXT_ARGS(entry->sku));
    }
}

void conductor_check_prices(const struct conductor *conductor, const struct price_list *list, struct problems *problems)
{
    struct place rules = { NULL, TEXT("PricingRules"), 0 };
    for (size_t i = 0; i < conductor->rule_count; i++) {
        const struct pricing_rule *rule = &conductor->rules[i];
        if (rule->custom.count == 0 || rule->usage_type.size == 0)
            continue;
        bool ambiguous;
        struct price_query query = { .product_code = rule->service,
                                     .usage_type = rule->usage_type,
                                     .operation = rule->operation,
                                     .period = conductor->period != PERIOD_NONE ? conductor->period : PERIOD_LATEST };
        uint32_t index = price_list_find(list, &query, &ambiguous);
        if (index == ENTRY_NONE)
            continue;
        struct place element = { &rules, TEXT_NONE, i };
        struct place tiers = { &element, TEXT("Tiering.CustomTiers"), 0 };
        check_tiers(rule, &list->entries[index], &tiers, problems);
    }
}
