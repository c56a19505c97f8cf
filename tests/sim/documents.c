/*
 * sim/documents.c: the documents of a run: the sample first, then others that are made of it by chance: accounts move, plans
 * and rates change, custom line items and groups come and go; meters get tiers and lose them, allowances join others.
 */
#include <jansson.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"
#include "sim/simulation_parts.h"
#include "sim/trace.h"

/* One that was published; its conductor and list are its own, but for those of the sample. */
struct document {
    struct document *before;
    struct documents documents;
    bool is_sample;
};

/* ---- publishing ---- */

static void take_control(void *context, const struct stream_record *record)
{
    struct sim *sim = context;
    struct error error;
    if (record->offset < sim->control_next)
        return;
    sim->control_next = record->offset + 1;
    if (!conductor_topic_take(sim->control, record, &error))
        trace("outside: passed over: %s", error.message);
}

/* False: it is refused, as `apply` refuses it. */
static bool publish(struct sim *sim, const struct documents *documents, struct text json, struct error *error)
{
    struct conductor_changes changes;
    memory_log_each(sim->log, STREAM_CONDUCTOR, take_control, sim);
    if (!memory_log_has_ended(sim->log, STREAM_CONDUCTOR, 0)) /* `apply` waits for it */
        return error_fail(error, ERROR_FAILED, "somebody's transaction is open");
    struct input *input = input_from_memory(json.data, json.size, "simulation");
    bool done = conductor_changes_compute(sim->control, input, documents->conductor, &documents->list, &changes, error);
    for (size_t i = 0; i < changes.count; i++)
        memory_log_append(sim->log, STREAM_CONDUCTOR, 0, changes.items[i].key, changes.items[i].value,
                          changes.items[i].value.data == NULL);
    input_close(input);
    conductor_changes_done(&changes);
    memory_log_each(sim->log, STREAM_CONDUCTOR, take_control, sim);
    return done;
}

void document_publish_first(struct sim *sim)
{
    json_error_t reason;
    struct error error;
    sim->control = conductor_topic_new();
    sim->documents = memory_new(sizeof *sim->documents);
    *sim->documents = (struct document){ .documents = sim->world->documents, .is_sample = true };
    json_t *json = json_load_file(SIM_DOCUMENT, 0, &reason);
    CHECK(json);
    char *text = json_dumps(json, JSON_REAL_PRECISION(10));
    bool done = publish(sim, &sim->world->documents, text_of(text), &error);
    CHECK(done);
    free(text);
    json_decref(json);
}

/* Of those that are for it or for months before it, those that are for the latest: the last one of these. */
const struct documents *document_in_force(const struct sim *sim, billing_period period)
{
    const struct documents *found = NULL;
    for (const struct document *document = sim->documents; document; document = document->before) {
        billing_period from = document->documents.conductor->period;
        if (from <= period && (!found || from > found->conductor->period))
            found = &document->documents;
    }
    CHECK(found); /* the first one is for the first month */
    return found;
}

/* ---- changes by chance ---- */

static json_t *any_of(struct sim *sim, json_t *document, const char *kind)
{
    json_t *list = json_object_get(document, kind);
    return json_array_get(list, (size_t)dice_below(&sim->dice, json_array_size(list)));
}

static void change_modifier(struct sim *sim, json_t *document)
{
    json_t *rule = any_of(sim, document, "PricingRules");
    if (json_object_get(rule, "ModifierPercentage"))
        json_object_set_new(rule, "ModifierPercentage", json_real((double)dice_below(&sim->dice, 400) / 4));
}

static void move_account(struct sim *sim, json_t *document)
{
    json_t *account = any_of(sim, document, "LinkedAccounts"), *group = any_of(sim, document, "BillingGroups");
    json_t *primary;
    size_t i;
    const char *id = json_string_value(json_object_get(account, "AccountId"));
    json_array_foreach (json_object_get(document, "BillingGroups"), i, primary)
        if (strcmp(json_string_value(json_object_get(primary, "PrimaryAccountId")), id) == 0)
            return; /* a group keeps its primary account */
    json_t *item;
    json_array_foreach (json_object_get(document, "CustomLineItems"), i, item)
        if (json_object_get(item, "AccountId") && strcmp(json_string_value(json_object_get(item, "AccountId")), id) == 0)
            return;
    if (dice_below(&sim->dice, 4) == 0)
        json_object_del(account, "BillingGroupArn");
    else
        json_object_set(account, "BillingGroupArn", json_object_get(group, "Arn"));
}

static void change_plan(struct sim *sim, json_t *document)
{
    json_t *from = any_of(sim, document, "BillingGroups"), *to = any_of(sim, document, "BillingGroups");
    json_object_set(to, "ComputationPreference", json_object_get(from, "ComputationPreference"));
}

static void change_charge(struct sim *sim, json_t *document)
{
    json_t *details = json_object_get(any_of(sim, document, "CustomLineItems"), "ChargeDetails");
    json_t *flat = json_object_get(details, "Flat"), *percentage = json_object_get(details, "Percentage");
    if (flat)
        json_object_set_new(flat, "ChargeValue", json_integer((json_int_t)dice_below(&sim->dice, 500)));
    if (percentage)
        json_object_set_new(percentage, "PercentageValue", json_integer(1 + (json_int_t)dice_below(&sim->dice, 9)));
}

static void describe_charge(struct sim *sim, json_t *document)
{
    char text[32];
    snprintf(text, sizeof text, "charge %u", (unsigned)dice_below(&sim->dice, 1000));
    json_object_set_new(any_of(sim, document, "CustomLineItems"), "Description", json_string(text));
}

static bool names(const json_t *element, const char *arn)
{
    char *text = json_dumps(element, JSON_ENCODE_ANY);
    bool named = text && strstr(text, arn);
    free(text);
    return named;
}

static void drop_all_that_name(json_t *list, const char *arn)
{
    for (size_t i = json_array_size(list); i-- > 0;)
        if (names(json_array_get(list, i), arn))
            json_array_remove(list, i);
}

/* With its versions and what it stands in relation to. */
static void drop_charge(struct sim *sim, json_t *document)
{
    static const char *const kinds[] = { "CustomLineItemVersions", "ResourcesAssociatedToCustomLineItem",
                                         "CustomLineItems" };
    const json_t *item = any_of(sim, document, "CustomLineItems");
    char *arn = memory_copy_string(item ? json_string_value(json_object_get(item, "Arn")) : "none is left");
    for (size_t k = 0; k < ARRAY_COUNT(kinds); k++)
        drop_all_that_name(json_object_get(document, kinds[k]), arn);
    free(arn);
}

/* With its charges; its accounts are in no group then. */
static void drop_group(struct sim *sim, json_t *document)
{
    json_t *groups = json_object_get(document, "BillingGroups"), *other;
    size_t at = (size_t)dice_below(&sim->dice, json_array_size(groups)), i;
    const char *arn = json_string_value(json_object_get(json_array_get(groups, at), "Arn"));
    json_array_foreach (json_object_get(document, "CustomLineItems"), i, other)
        if (strcmp(json_string_value(json_object_get(other, "BillingGroupArn")), arn) == 0)
            return;
    json_array_foreach (json_object_get(document, "LinkedAccounts"), i, other)
        if (json_object_get(other, "BillingGroupArn") &&
            strcmp(json_string_value(json_object_get(other, "BillingGroupArn")), arn) == 0)
            json_object_del(other, "BillingGroupArn");
    json_array_remove(groups, at);
}

/* Custom tiers in place of a modifier, or the other way round. */
static void turn_rule(struct sim *sim, json_t *document)
{
    json_t *rule = any_of(sim, document, "PricingRules");
    if (json_object_get(rule, "Tiering")) {
        json_object_del(rule, "Tiering");
        json_object_set_new(rule, "Type", json_string("MARKUP"));
        json_object_set_new(rule, "ModifierPercentage", json_integer((json_int_t)dice_below(&sim->dice, 50)));
        return;
    }
    if (strcmp(json_string_value(json_object_get(rule, "Scope")), "SKU") != 0)
        return;
    json_object_del(rule, "ModifierPercentage");
    json_object_set_new(rule, "Type", json_string("TIERING"));
    json_object_set_new(rule, "Tiering",
                        json_pack("{s:[{s:i,s:i,s:f},{s:i,s:f}]}", "CustomTiers", "BeginRangeInclusive", 0,
                                  "EndRangeExclusive", 1 << dice_below(&sim->dice, 9), "RateValue", 0.25,
                                  "BeginRangeInclusive", 0, "RateValue", 0.125));
    json_t *tiers = json_object_get(json_object_get(rule, "Tiering"), "CustomTiers");
    json_object_set(json_array_get(tiers, 1), "BeginRangeInclusive",
                    json_object_get(json_array_get(tiers, 0), "EndRangeExclusive"));
}

/* Custom tiers for a meter that had none: by its usage type, or by its operation. */
static void tier_a_meter(struct sim *sim, json_t *document)
{
    const struct usage *usage = &sim->world->usage[dice_below(&sim->dice, sim->world->usage_count)];
    const struct usage_event *event = &usage->entry.event;
    json_t *plan = any_of(sim, document, "PricingRulesAssociatedToPricingPlan"), *rule;
    char arn[80];
    bool by_operation = dice_percent(&sim->dice, 40) && event->operation.size > 0;
    if (usage->is_poison || event->usage_type.size == 0)
        return;
    snprintf(arn, sizeof arn, "arn:aws:billingconductor::100000000001:pricingrule/rule%u",
             (unsigned)json_array_size(json_object_get(document, "PricingRules")));
    rule = json_pack("{s:s,s:s,s:s,s:s,s:s%,s:{s:[{s:i,s:f}]}}", "Name", strrchr(arn, '/') + 1, "Arn", arn, "Scope", "SKU",
                     "Type", "TIERING", "Service", event->product_code.data, event->product_code.size, "Tiering",
                     "CustomTiers", "BeginRangeInclusive", 0, "RateValue", 0.5);
    CHECK(rule);
    json_object_set_new(rule, by_operation ? "Operation" : "UsageType",
                        by_operation ? json_stringn(event->operation.data, event->operation.size)
                                     : json_stringn(event->usage_type.data, event->usage_type.size));
    json_array_append_new(json_object_get(document, "PricingRules"), rule);
    json_array_append_new(json_object_get(plan, "PricingRuleArns"), json_string(arn));
}

static void (*const changes[])(struct sim *, json_t *) = { change_modifier, change_modifier, move_account,
                                                           move_account,    change_plan,     change_charge,
                                                           describe_charge, drop_charge,     drop_group };

/* Those that move usage between tasks. */
static void (*const routing_changes[])(struct sim *, json_t *) = { turn_rule, tier_a_meter };

static void change(struct sim *sim, json_t *document)
{
    for (uint64_t i = dice_below(&sim->dice, 6) + 1; i > 0; i--)
        changes[dice_below(&sim->dice, ARRAY_COUNT(changes))](sim, document);
    for (uint64_t i = sim->faults.has[FAULT_ROUTING] ? dice_below(&sim->dice, 3) : 0; i > 0; i--)
        routing_changes[dice_below(&sim->dice, ARRAY_COUNT(routing_changes))](sim, document);
}

static json_int_t count_accounts(const json_t *document, const json_t *group)
{
    json_int_t count = 0;
    size_t i;
    json_t *account;
    json_array_foreach (json_object_get(document, "LinkedAccounts"), i, account)
        count += json_equal(json_object_get(account, "BillingGroupArn"), json_object_get(group, "Arn"));
    return count;
}

static void count_members(json_t *document)
{
    size_t i;
    json_t *group;
    json_array_foreach (json_object_get(document, "BillingGroups"), i, group)
        json_object_set_new(group, "Size", json_integer(count_accounts(document, group)));
}

/* From the month on that the last one is for, or from any other; of those that are closed it is refused. */
static void set_month(struct sim *sim, json_t *document)
{
    char text[TIME_TEXT_MAX];
    billing_period any = SIM_FIRST_PERIOD + (billing_period)dice_below(&sim->dice, SIM_MONTHS + 1);
    period_format(dice_percent(&sim->dice, 50) ? any : conductor_topic_newest_month(sim->control), text);
    json_object_set_new(document, "BillingPeriod", json_string(text));
}

/* Tiers where there were none, or one rate for all. */
static void turn_schedule(struct sim *sim, struct schedule *schedule, struct tier *tiers)
{
    if (schedule->count > 1) {
        schedule->count = 1;
        tiers[0].end = TIER_NO_END;
        return;
    }
    i128 bound = decimal_power(QUANTITY_SCALE) << dice_below(&sim->dice, 9);
    tiers[1] = (struct tier){ bound, TIER_NO_END, tiers[0].rate / 2 };
    tiers[0].end = bound;
    schedule->count = 2;
}

/* An allowance is for other meters than it was: some, or those that its name stands for. */
static void turn_allowance(struct sim *sim, const struct price_list *list, struct price_list_entry *allowance,
                           struct text *skus)
{
    const struct price_list *sample = &sim->world->documents.list;
    allowance->applies_to = skus;
    allowance->applies_to_count = 0;
    for (uint64_t i = dice_percent(&sim->dice, 30) ? 0 : 2 + dice_below(&sim->dice, 3); i > 0; i--)
        skus[allowance->applies_to_count++] = dice_percent(&sim->dice, 50)
                                                  ? list->entries[dice_below(&sim->dice, list->count)].sku
                                                  : sample->entries[dice_below(&sim->dice, sample->count)].sku;
}

/* A price for a meter of the usage, in tiers or flat. Its sku is of the meter: an allowance that names it joins it again. */
static void add_meter(struct sim *sim, struct price_list *list)
{
    const struct usage *usage = &sim->world->usage[dice_below(&sim->dice, sim->world->usage_count)];
    const struct usage_event *event = &usage->entry.event;
    struct tier tiers[2] = { { 0, TIER_NO_END, decimal_power(RATE_SCALE) / 4 } };
    char sku[16];
    if (usage->is_poison || event->usage_type.size == 0)
        return;
    hash_letters(hash128(event->usage_type.data, event->usage_type.size), sizeof sku, sku);
    struct price_list_entry entry = { .sku = { sku, sizeof sku },
                                      .service = event->service_code.size ? event->service_code : event->product_code,
                                      .usage_type = event->usage_type,
                                      .unit = event->unit,
                                      .schedule = { tiers, 1 } };
    if (dice_percent(&sim->dice, 50))
        turn_schedule(sim, &entry.schedule, tiers);
    price_list_add(list, &entry);
}

/* The sample's, at other rates, and with FAULT_ROUTING otherwise in tiers. */
static void make_list(struct sim *sim, struct price_list *list)
{
    const struct price_list *sample = &sim->world->documents.list;
    unsigned times = dice_percent(&sim->dice, 50) ? 1 : 1 + (unsigned)dice_below(&sim->dice, 3);
    for (uint64_t i = sim->faults.has[FAULT_ROUTING] ? 1 + dice_below(&sim->dice, 6) : 0; i > 0; i--)
        add_meter(sim, list);
    for (size_t i = 0; i < sample->count; i++) {
        struct price_list_entry entry = sample->entries[i];
        struct tier *tiers = memory_new_array(entry.schedule.count + 1, sizeof *tiers);
        struct text skus[4];
        bool turns = sim->faults.has[FAULT_ROUTING] && dice_percent(&sim->dice, 40);
        memcpy(tiers, entry.schedule.tiers, entry.schedule.count * sizeof *tiers);
        for (uint32_t t = 0; t < entry.schedule.count; t++)
            tiers[t].rate *= times;
        entry.schedule.tiers = tiers;
        if (turns && list->count > 0 && price_list_entry_is_allowance(&entry))
            turn_allowance(sim, list, &entry, skus);
        else if (turns)
            turn_schedule(sim, &entry.schedule, tiers);
        price_list_add(list, &entry);
        free(tiers);
    }
    price_list_index(list);
}

void document_publish_another(struct sim *sim)
{
    struct document *document = memory_new(sizeof *document);
    struct problems problems = { 0 };
    struct error error;
    json_error_t reason;
    json_t *json = json_load_file(SIM_DOCUMENT, 0, &reason);
    CHECK(json);
    change(sim, json);
    count_members(json);
    set_month(sim, json);
    char *text = json_dumps(json, JSON_REAL_PRECISION(10));
    struct input *input = input_from_memory(text, strlen(text), "simulation");
    problems_begin(&problems, "simulation");
    bool done = conductor_read(input, &document->documents.conductor, &problems, &error);
    input_close(input);
    if (!done && problems.count > 0)
        trace("outside: no document: %.*s: %s", TEXT_ARGS(problems.items[0].path),
              problem_reason_text(problems.items[0].reason));
    problems_done(&problems);
    if (done) {
        make_list(sim, &document->documents.list);
        pricing_init(&document->documents.pricing, document->documents.conductor, &document->documents.list);
        done = publish(sim, &document->documents, text_of(text), &error);
        if (!done)
            documents_done(&document->documents);
    }
    if (done) {
        sim->counts.documents++;
        trace("outside: document version %lld of month %d", (long long)conductor_topic_version(sim->control),
              document->documents.conductor->period - SIM_FIRST_PERIOD);
        document->before = sim->documents;
        sim->documents = document;
    } else {
        trace("outside: no document: %s", error.message);
        free(document);
    }
    free(text);
    json_decref(json);
}

void documents_end(struct sim *sim)
{
    conductor_topic_free(sim->control);
    while (sim->documents) {
        struct document *before = sim->documents->before;
        if (!sim->documents->is_sample)
            documents_done(&sim->documents->documents);
        free(sim->documents);
        sim->documents = before;
    }
}
