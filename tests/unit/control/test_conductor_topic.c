/* control/conductor_topic: documents go onto the topic in parts and come back whole; versions, closes and imports. */
#include "model/line_item.h"
#include "support/unit.h"

#include <jansson.h>

#include "base/intern.h"
#include "control/conductor_topic.h"
#include "support/fixtures.h"
#include "support/quotes.h"

#define IN_FORCE (2026 * 12 + 7) /* a month behind all documents but those that say so */

/* ---- documents ---- */

/* Every kind of entity; ' for ". */
static const char document_text[] =
    "{'BillingPeriod': '2026-06', 'CurrencyCode': 'USD', 'NextToken': 'ignored',\n"
    " 'BillingGroups': [\n"
    "  {'Name': 'A', 'Arn': 'arn:aws:billingconductor::123456789012:billinggroup/111111111111',\n"
    "   'PrimaryAccountId': '111111111111', 'ComputationPreference': {'PricingPlanArn': 'planAAAAAA'}},\n"
    "  {'Name': 'B', 'PrimaryAccountId': '333333333333',\n"
    "   'ComputationPreference': {'PricingPlanArn': 'BasicPricingPlan'}}],\n"
    " 'LinkedAccounts': [{'AccountId': '111111111111', 'BillingGroupArn': '111111111111'},\n"
    "  {'AccountId': '222222222222', 'BillingGroupArn': '111111111111'},\n"
    "  {'AccountId': '333333333333', 'BillingGroupArn': '333333333333'}, {'AccountId': '999999999999'}],\n"
    " 'PricingPlans': [{'Name': 'Retail', 'Arn': 'planAAAAAA'}],\n"
    " 'PricingRulesAssociatedToPricingPlan': [{'PricingPlanArn': 'planAAAAAA',\n"
    "  'PricingRuleArns': ['ruleGLOBAL', 'ruleSKU000']}],\n"
    " 'PricingRules': [\n"
    "  {'Name': 'g', 'Arn': 'ruleGLOBAL', 'Scope': 'GLOBAL', 'Type': 'MARKUP', 'ModifierPercentage': 7.25},\n"
    "  {'Name': 'egress', 'Arn': 'ruleSKU000', 'Scope': 'SKU', 'Type': 'TIERING', 'Service': 'AmazonS3',\n"
    "   'UsageType': 'Out', 'Operation': 'Get', 'Tiering': {'CustomTiers': [{'BeginRangeInclusive': 0,\n"
    "   'EndRangeExclusive': 10240.5, 'RateValue': 0.05}, {'BeginRangeInclusive': 10240.5, 'RateValue': 0.0000000001}]}}],\n"
    " 'CustomLineItems': [\n"
    "  {'Name': 'support', 'Arn': 'cliFLAT000', 'Description': 'Caf\xc3\xa9 \\\"share\\\"',\n"
    "   'BillingGroupArn': '111111111111', 'ChargeDetails': {'Type': 'CREDIT', 'Flat': {'ChargeValue': 50.25}}},\n"
    "  {'Name': 'fee', 'Arn': 'cliPERC000', 'Description': 'Fee', 'BillingGroupArn': '111111111111',\n"
    "   'ChargeDetails': {'Type': 'FEE', 'Percentage': {'PercentageValue': 3.5}}}],\n"
    " 'CustomLineItemVersions': [\n"
    "  {'Arn': 'cliFLAT000', 'StartBillingPeriod': '2026-06', 'EndBillingPeriod': '2026-09'},\n"
    "  {'Arn': 'cliFLAT000', 'StartBillingPeriod': '2026-02', 'EndBillingPeriod': '2026-06'}],\n"
    " 'ResourcesAssociatedToCustomLineItem': [{'Arn': 'cliPERC000', 'AssociatedResources': [\n"
    "  {'Arn': '111111111111', 'Relationship': 'CHILD'}, {'Arn': 'cliFLAT000', 'Relationship': 'CHILD'}]}]}\n";

#define DOCUMENT_ENTITIES (2 + 4 + 1 + 1 + 2 + 2 + 2 + 1 + 1) /* the currency is one, too */

/* A document and a price list as `apply` reads them. */
struct documents {
    struct buffer text;
    struct conductor *conductor;
    struct price_list list;
};

/* The document with its one occurrence of `from` replaced. */
static void documents_read(struct documents *documents, const char *from, const char *to)
{
    struct problems problems = { 0 };
    struct error error;
    const char *at = strstr(document_text, from);
    *documents = (struct documents){ 0 };
    if (!at || (from[0] && strstr(at + 1, from)))
        fail_msg("\"%s\" is in the document %s", from, at ? "twice" : "not at all");
    buffer_append(&documents->text, document_text, (size_t)(at - document_text));
    buffer_append_text(&documents->text, text_of(to));
    buffer_append_text(&documents->text, text_of(at + strlen(from)));
    for (size_t i = 0; i < documents->text.size; i++)
        if (documents->text.data[i] == '\'')
            documents->text.data[i] = '"';
    struct input *input = input_from_memory(documents->text.data, documents->text.size, "document");
    if (!conductor_read(input, &documents->conductor, &problems, &error)) {
        struct buffer said = { 0 };
        for (size_t i = 0; i < problems.count; i++)
            problem_format(&problems.items[i], &said);
        fail_msg("%s: %.*s", error.message, TEXT_ARGS(buffer_text(&said)));
    }
    input_close(input);
    problems_done(&problems);
}

static void documents_add_price(struct documents *documents, const char *sku, const char *usage_type, const char *operation,
                                const char *schedule)
{
    struct price_list_entry entry = { .sku = text_of(sku),
                                      .service = TEXT("AmazonEC2"),
                                      .usage_type = text_of(usage_type),
                                      .operation = text_of(operation),
                                      .unit = TEXT("Hrs \"1\""),
                                      .schedule = schedule_of(&documents->list.arena, schedule) };
    price_list_add(&documents->list, &entry);
}

static void documents_done(struct documents *documents)
{
    conductor_done(documents->conductor);
    free(documents->conductor);
    price_list_done(&documents->list);
    buffer_done(&documents->text);
}

/* ---- the topic ---- */

static bool take(struct conductor_topic *topic, struct text key, struct text value, bool is_null, struct error *error)
{
    static int64_t offset; /* as on a topic: upwards */
    struct stream_record record = {
        .topic = STREAM_CONDUCTOR, .offset = offset++, .key = key, .value = value, .is_null = is_null
    };
    return conductor_topic_take(topic, &record, error);
}

/* ' for " in the value; NULL deletes the key. */
static void put(struct conductor_topic *topic, const char *key, const char *value)
{
    struct error error;
    if (!take(topic, text_of(key), value ? quoted(value) : TEXT_NONE, !value, &error))
        fail_msg("%s: %s", key, error.message);
}

static void compute(const struct conductor_topic *topic, struct documents *documents, struct conductor_changes *changes)
{
    struct error error;
    price_list_index(&documents->list);
    struct input *input = input_from_memory(documents->text.data, documents->text.size, "document");
    if (!conductor_changes_compute(topic, input, documents->conductor, &documents->list, changes, &error))
        fail_msg("%s", error.message);
    input_close(input);
}

/* Publishes and takes what has been published; returns the number of records. */
static size_t publish(struct conductor_topic *topic, struct documents *documents)
{
    struct conductor_changes changes;
    struct error error;
    compute(topic, documents, &changes);
    size_t count = changes.count;
    for (size_t i = 0; i < count; i++)
        if (!take(topic, changes.items[i].key, changes.items[i].value, changes.items[i].value.size == 0, &error))
            fail_msg("%.*s: %s", TEXT_ARGS(changes.items[i].key), error.message);
    conductor_changes_done(&changes);
    return count;
}

static size_t publish_text(struct conductor_topic *topic, const char *from, const char *to)
{
    struct documents documents;
    documents_read(&documents, from, to);
    size_t count = publish(topic, &documents);
    documents_done(&documents);
    return count;
}

/* The document and prices in force in a month are these; `newest` of all versions. */
static void expect_in(const char *row, const struct conductor_topic *topic, billing_period period,
                      const struct documents *wanted, int64_t version, int64_t newest)
{
    struct conductor *conductor = NULL;
    struct price_list list = { 0 };
    struct error error;
    if (!conductor_topic_document(topic, period, &conductor, &list, &error))
        fail_msg("%s: %s", row, error.message);
    struct hash128 found = conductor_hash(conductor), expected = conductor_hash(wanted->conductor);
    expect(row, found.high == expected.high && found.low == expected.low, true);
    expect_number(row, conductor->period, wanted->conductor->period);
    expect_number(row, conductor->version, version);
    expect_number(row, conductor_topic_version(topic), newest);
    expect_number(row, (long long)list.count, (long long)wanted->list.count);
    for (size_t i = 0; i < list.count; i++) {
        const struct price_list_entry *a = &list.entries[i], *b = &wanted->list.entries[i];
        bool same = text_equal(a->sku, b->sku) && text_equal(a->service, b->service) &&
                    text_equal(a->usage_type, b->usage_type) && text_equal(a->operation, b->operation) &&
                    text_equal(a->unit, b->unit) && a->schedule.count == b->schedule.count && a->since == b->since &&
                    a->applies_to_count == b->applies_to_count;
        for (uint32_t t = 0; same && t < a->applies_to_count; t++)
            same = text_equal(a->applies_to[t], b->applies_to[t]);
        for (uint32_t t = 0; same && t < a->schedule.count; t++)
            same = a->schedule.tiers[t].begin == b->schedule.tiers[t].begin &&
                   a->schedule.tiers[t].end == b->schedule.tiers[t].end &&
                   a->schedule.tiers[t].rate == b->schedule.tiers[t].rate;
        if (!same)
            fail_msg("%s: price %zu", row, i);
    }
    price_list_done(&list);
    conductor_done(conductor);
    free(conductor);
}

static void expect_in_force(const char *row, const struct conductor_topic *topic, const struct documents *wanted,
                            int64_t version)
{
    expect_in(row, topic, IN_FORCE, wanted, version, version);
}

/* Terms of several months and an allowance with its skus. */
static void documents_add_terms(struct documents *documents)
{
    static const struct tier tiers[] = { { 0, 100, 0 }, { 100, 250, 7 } };
    const struct text skus[] = { TEXT("SKU1"), TEXT("SKU \"2\"") };
    const struct price_list_entry entries[] = {
        { .sku = TEXT("SKU3"),
          .service = TEXT("S"),
          .usage_type = TEXT("U"),
          .schedule = schedule_of(&documents->list.arena, "0 1") },
        { .sku = TEXT("SKU3"),
          .service = TEXT("S"),
          .usage_type = TEXT("U"),
          .schedule = schedule_of(&documents->list.arena, "0 2, 10 1"),
          .since = 2026 * 12 + 5 },
        { .sku = TEXT("SKU3"),
          .service = TEXT("S"),
          .usage_type = TEXT("U"),
          .schedule = schedule_of(&documents->list.arena, "0 3"),
          .since = 2026 * 12 + 11 },
        { .sku = TEXT("SKU4"),
          .service = TEXT("S"),
          .usage_type = TEXT("Global-U"),
          .schedule = { tiers, 2 },
          .applies_to = skus,
          .applies_to_count = 2 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(entries); i++)
        price_list_add(&documents->list, &entries[i]);
}

static void documents_with_prices(struct documents *documents)
{
    documents_read(documents, "", "");
    documents_add_price(documents, "SKU1", "BoxUsage", "RunInstances", "0 0.09");
    documents_add_price(documents, "SKU1", "EU-BoxUsage", "", "0 0.1, 10240.5 0.0850000001, 99999999 0");
    documents_add_price(documents, "SKU0", "Caf\xc3\xa9 \"x\\y\"", "Op/1", "0 12345678.0000000001");
}

/* ---- publishing ---- */

static void a_published_document_comes_back_whole(void **state)
{
    (void)state;
    struct documents documents;
    struct conductor_topic *topic = conductor_topic_new();
    assert_int_equal(conductor_topic_version(topic), 0);
    documents_with_prices(&documents);
    assert_int_equal(publish(topic, &documents), DOCUMENT_ENTITIES + 3 + 1);
    expect_in_force("first", topic, &documents, 1);
    assert_int_equal(publish(topic, &documents), 0); /* and is what is wanted */
    expect_in_force("second", topic, &documents, 1);
    documents_done(&documents);
    conductor_topic_free(topic);
}

static void terms_and_allowances_come_back_too(void **state)
{
    (void)state;
    struct documents documents;
    struct conductor_topic *topic = conductor_topic_new();
    documents_with_prices(&documents);
    documents_add_terms(&documents);
    assert_int_equal(publish(topic, &documents), DOCUMENT_ENTITIES + 3 + 4 + 1);
    expect_in_force("first", topic, &documents, 1);
    assert_int_equal(publish(topic, &documents), 0);
    documents_done(&documents);
    conductor_topic_free(topic);
}

static void what_is_exported_can_be_published_again(void **state)
{
    (void)state;
    struct documents documents;
    struct buffer json = { 0 };
    struct error error;
    struct conductor_topic *topic = conductor_topic_new(), *other = conductor_topic_new();
    documents_read(&documents, "", "");
    publish(topic, &documents);
    assert_true(conductor_topic_export(topic, IN_FORCE, &json, &error));
    buffer_done(&documents.text);
    documents.text = json;
    assert_int_equal(publish(topic, &documents), 0);
    assert_int_equal(publish(other, &documents), DOCUMENT_ENTITIES + 1);
    expect_in_force("exported", other, &documents, 1);
    documents_done(&documents);
    conductor_topic_free(topic);
    conductor_topic_free(other);
}

static void the_version_comes_last_and_counts_up(void **state)
{
    (void)state;
    struct conductor_topic *topic = conductor_topic_new();
    static const char *const values[] = { "7.25", "8", "9", "7.25" };
    for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
        struct documents documents;
        struct conductor_changes changes;
        documents_read(&documents, "7.25", values[i]);
        compute(topic, &documents, &changes);
        assert_int_equal(changes.count, changes.added + changes.changed + changes.removed + 1);
        for (size_t c = 0; c + 1 < changes.count; c++)
            assert_false(text_contains(changes.items[c].key, TEXT("/version/")));
        struct conductor_change last = changes.items[changes.count - 1];
        expect_text("key", last.key, "2026-06/version/");
        json_error_t reason;
        json_t *value = json_loadb(last.value.data, last.value.size, 0, &reason);
        assert_int_equal(json_integer_value(json_object_get(value, "number")), (json_int_t)i + 1);
        assert_int_equal(json_integer_value(json_object_get(value, "count")), DOCUMENT_ENTITIES);
        assert_int_equal(json_string_length(json_object_get(value, "hash")), 32);
        json_decref(value);
        conductor_changes_done(&changes);
        publish(topic, &documents);
        expect_in_force(values[i], topic, &documents, (int64_t)i + 1);
        documents_done(&documents);
    }
    conductor_topic_free(topic);
}

static void only_what_differs_is_published(void **state)
{
    (void)state;
    static const struct {
        const char *why, *from, *to;
        size_t added, changed, removed;
        const char *key; /* of the first change */
    } rows[] = {
        { "nothing", "", "", 0, 0, 0, NULL },
        { "blanks", "{'BillingPeriod'", "{\n\n 'BillingPeriod'", 0, 0, 0, NULL },
        { "another order of members", "'Name': 'Retail', 'Arn': 'planAAAAAA'", "'Arn': 'planAAAAAA', 'Name': 'Retail'", 0, 0,
          0, NULL },
        { "what is ignored", "'NextToken': 'ignored'", "'NextToken': 'else'", 0, 0, 0, NULL },
        { "a modifier", "7.25", "7.5", 0, 1, 0, "2026-06/PricingRules/ruleGLOBAL" },
        { "an ARN of the same id", "'Arn': 'ruleGLOBAL'",
          "'Arn': 'arn:aws:billingconductor::123456789012:pricingrule/ruleGLOBAL'", 0, 1, 0,
          "2026-06/PricingRules/ruleGLOBAL" },
        { "a new account", "{'AccountId': '999999999999'}", "{'AccountId': '999999999999'}, {'AccountId': '888888888888'}",
          1, 0, 0, "2026-06/LinkedAccounts/888888888888" },
        { "an account less", ", {'AccountId': '999999999999'}", "", 0, 0, 1, "2026-06/LinkedAccounts/999999999999" },
        { "another account", "{'AccountId': '999999999999'}", "{'AccountId': '888888888888'}", 1, 0, 1,
          "2026-06/LinkedAccounts/888888888888" },
        { "a group's name", "'Name': 'B'", "'Name': 'C'", 0, 1, 0, "2026-06/BillingGroups/333333333333" },
        { "a version's end", "'2026-09'", "'2026-08'", 0, 1, 0, "2026-06/CustomLineItemVersions/cliFLAT000/2026-06" },
        { "a version's start", "'2026-02'", "'2026-03'", 1, 0, 1, "2026-06/CustomLineItemVersions/cliFLAT000/2026-03" },
        { "a plan's rules", "['ruleGLOBAL', 'ruleSKU000']", "['ruleSKU000']", 0, 1, 0,
          "2026-06/PricingRulesAssociatedToPricingPlan/planAAAAAA" },
        { "a resource", ", {'Arn': 'cliFLAT000', 'Relationship': 'CHILD'}", "", 0, 1, 0,
          "2026-06/ResourcesAssociatedToCustomLineItem/cliPERC000" },
        { "no currency, which is USD", "'CurrencyCode': 'USD', ", "", 0, 0, 1, "2026-06/document/CurrencyCode" },
        { "the currency", "'CurrencyCode': 'USD'", "'CurrencyCode': 'CNY'", 0, 1, 0, "2026-06/document/CurrencyCode" },
        { "the month", "'BillingPeriod': '2026-06'", "'BillingPeriod': '2026-7'", DOCUMENT_ENTITIES, 0, 0, NULL },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct documents documents;
        struct conductor_changes changes;
        struct conductor_topic *topic = conductor_topic_new();
        publish_text(topic, "", "");
        put(topic, "2026-06/closed/0", "{'tasks':1}"); /* so that another month can follow */
        documents_read(&documents, rows[i].from, rows[i].to);
        compute(topic, &documents, &changes);
        expect_number(rows[i].why, (long long)changes.added, (long long)rows[i].added);
        expect_number(rows[i].why, (long long)changes.changed, (long long)rows[i].changed);
        expect_number(rows[i].why, (long long)changes.removed, (long long)rows[i].removed);
        size_t differences = rows[i].added + rows[i].changed + rows[i].removed;
        expect_number(rows[i].why, (long long)changes.count, differences ? (long long)differences + 1 : 0);
        if (rows[i].key)
            expect_text(rows[i].why, changes.items[0].key, rows[i].key);
        for (size_t c = 0; c < rows[i].removed; c++) /* a deletion has no value, and only a deletion */
            expect(rows[i].why,
                   changes.items[differences - 1 - c].value.data == NULL ||
                       changes.items[differences - 1 - c].value.size == 0,
                   true);
        for (size_t c = 0; c < rows[i].added + rows[i].changed; c++)
            expect(rows[i].why, changes.items[c].value.size > 0, true);
        conductor_changes_done(&changes);
        publish(topic, &documents);
        expect_in_force(rows[i].why, topic, &documents, differences ? 2 : 1);
        documents_done(&documents);
        conductor_topic_free(topic);
    }
}

static void prices_are_compared_one_by_one(void **state)
{
    (void)state;
    struct documents documents, changed;
    struct conductor_changes changes;
    struct conductor_topic *topic = conductor_topic_new();
    documents_with_prices(&documents);
    publish(topic, &documents);
    documents_read(&changed, "", "");
    documents_add_price(&changed, "SKU1", "BoxUsage", "RunInstances", "0 0.0900000001"); /* dearer */
    documents_add_price(&changed, "SKU1", "EU-BoxUsage", "", "0 0.1, 10240.5 0.0850000001, 99999999 0");
    documents_add_price(&changed, "SKU2", "BoxUsage", "", "0 1"); /* new, and SKU0 is gone */
    compute(topic, &changed, &changes);
    assert_int_equal(changes.changed, 1);
    assert_int_equal(changes.added, 1);
    assert_int_equal(changes.removed, 1);
    expect_text("changed", changes.items[0].key, "2026-06/Price/SKU1/BoxUsage");
    expect_text("added", changes.items[1].key, "2026-06/Price/SKU2/BoxUsage");
    expect_text("removed", changes.items[2].key, "2026-06/Price/SKU0/Caf\xc3\xa9 \"x\\y\"");
    conductor_changes_done(&changes);
    publish(topic, &changed);
    expect_in_force("changed", topic, &changed, 2);
    documents_done(&documents);
    documents_done(&changed);
    conductor_topic_free(topic);
}

static void the_sample_month_comes_back_whole(void **state)
{
    (void)state;
    struct documents documents = { 0 };
    struct problems problems = { 0 };
    struct input *input;
    struct error error;
    size_t got;
    if (!input_open("tests/data/conductor.json", &input, &error))
        fail_msg("%s", error.message);
    while (input_read(input, buffer_reserve(&documents.text, 65536), 65536, &got) == INPUT_OK)
        documents.text.size += got;
    input_close(input);
    input = input_from_memory(documents.text.data, documents.text.size, "document");
    assert_true(conductor_read(input, &documents.conductor, &problems, &error));
    input_close(input);
    struct conductor_topic *topic = conductor_topic_new();
    assert_true(publish(topic, &documents) > 20);
    expect_in_force("sample", topic, &documents, 1);
    assert_int_equal(publish(topic, &documents), 0);
    problems_done(&problems);
    documents_done(&documents);
    conductor_topic_free(topic);
}

/* ---- reading ---- */

static void without_a_version_no_document_is_in_force(void **state)
{
    (void)state;
    struct conductor *conductor;
    struct price_list list = { 0 };
    struct buffer json = { 0 };
    struct conductor_topic *topic = conductor_topic_new();
    /* Of a version that is still to come. */
    put(topic, "2026-06/LinkedAccounts/111111111111", "{'AccountId':'111111111111'}");
    put(topic, "2026-05/close/", "{'period':'2026-05','version':1,'offsets':[]}");
    for (int i = 0; i < 2; i++) {
        struct error error = { 0 };
        bool done = i ? conductor_topic_export(topic, IN_FORCE, &json, &error)
                      : conductor_topic_document(topic, IN_FORCE, &conductor, &list, &error);
        assert_false(done);
        assert_int_equal(error.kind, ERROR_FAILED);
        assert_string_equal(error.message, "no document is in force; proforma apply publishes one");
    }
    conductor_topic_free(topic);
}

static void each_month_has_the_last_document_that_begins_no_later(void **state)
{
    (void)state;
    struct documents june, july;
    struct conductor_topic *topic = conductor_topic_new();
    assert_int_equal(conductor_topic_month_of(topic, 2026 * 12 + 5), PERIOD_NONE);
    documents_with_prices(&june);
    documents_read(&july, "'BillingPeriod': '2026-06'", "'BillingPeriod': '2026-07'");
    documents_add_price(&july, "SKU1", "EU-BoxUsage", "", "0 0.1, 10240.5 0.0850000001, 99999999 0");
    publish(topic, &june);
    expect_in_force("June", topic, &june, 1);
    publish(topic, &july);
    expect_in_force("July", topic, &july, 2);             /* June's prices are none of July's */
    expect_in("June", topic, 2026 * 12 + 5, &june, 1, 2); /* and keeps its own */
    expect_in("before", topic, 2026 * 12 + 3, &june, 1, 2);
    put(topic, "2026-06/version/", "{'number':1}"); /* an old record once more, as after a rebuild of the topic */
    expect_in_force("July still", topic, &july, 2);
    put(topic, "2026-06/version/", "{'number':3}");
    expect_in("June's is the newest", topic, 2026 * 12 + 5, &june, 3, 3);
    expect_in("July's is as it was", topic, 2026 * 12 + 6, &july, 2, 3);
    assert_int_equal(conductor_topic_newest_month(topic), 2026 * 12 + 5);
    put(topic, "2026-06/version/", NULL);
    expect_in("June still", topic, 2026 * 12 + 5, &june, 3, 3);
    assert_int_equal(conductor_topic_month_count(topic), 2);
    assert_int_equal(conductor_topic_month(topic, 0), 2026 * 12 + 5);
    assert_int_equal(conductor_topic_month_version(topic, 1), 2);
    documents_done(&june);
    documents_done(&july);
    conductor_topic_free(topic);
}

static void the_first_open_month_follows_the_last_one_that_all_have_closed(void **state)
{
    (void)state;
    struct conductor_topic *topic = conductor_topic_new();
    assert_int_equal(conductor_topic_first_open(topic), PERIOD_NONE);
    put(topic, "2026-05/close/x", "{'period':'2026-05','version':1,'offsets':[]}");
    put(topic, "2026-06/close/x", "{'period':'2026-06','version':1,'offsets':[]}");
    assert_int_equal(conductor_topic_first_open(topic), PERIOD_NONE);
    put(topic, "2026-05/closed/0", "{'tasks':2}");
    assert_int_equal(conductor_topic_first_open(topic), PERIOD_NONE);
    put(topic, "2026-05/closed/1", "{'tasks':2}");
    assert_int_equal(conductor_topic_first_open(topic), 2026 * 12 + 5);
    put(topic, "2026-06/closed/0", "{'tasks':2}");
    assert_int_equal(conductor_topic_first_open(topic), 2026 * 12 + 5);
    put(topic, "2026-06/closed/1", "{'tasks':2}");
    assert_int_equal(conductor_topic_first_open(topic), 2026 * 12 + 6);
    struct conductor_topic *copy = conductor_topic_copy(topic);
    assert_int_equal(conductor_topic_first_open(copy), 2026 * 12 + 6);
    conductor_topic_free(copy);
    conductor_topic_free(topic);
}

static void later_values_win_and_deletions_delete(void **state)
{
    (void)state;
    struct documents documents;
    struct conductor_topic *topic = conductor_topic_new();
    documents_read(&documents, "", "");
    put(topic, "2026-06/LinkedAccounts/222222222222", "no JSON at all, but overwritten");
    put(topic, "2026-06/PricingRules/ruleGONE00", "{'broken':1}");
    put(topic, "2026-06/PricingRules/ruleGONE00", NULL);
    put(topic, "2026-06/PricingRules/ruleNEVER0", NULL);
    publish(topic, &documents);
    expect_in_force("published", topic, &documents, 1);
    put(topic, "2026-06/PricingRules/ruleGLOBAL", NULL);
    assert_int_equal(publish(topic, &documents), 2); /* what is missing, and the version */
    expect_in_force("mended", topic, &documents, 2);
    documents_done(&documents);
    conductor_topic_free(topic);
}

static void a_part_of_another_month_or_kind_is_not_of_the_document(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "2026-05/PricingRules/ruleOTHER0",
        "2026-07/Price/SKU/U",
        "2026-06/Forecasts/1",
        "2026-06/pricingrules/1",
        "2026-06//",
        "//",
        "2026-06/Price2/a/b",
        "2026-06/document/Other",
        "2026-6/PricingRules/ruleOTHER0",
        " 2026-06/PricingRules/rule",
        "x/y/z/a/b/c",
    };
    struct documents documents;
    struct buffer before = { 0 }, after = { 0 };
    struct error error;
    struct conductor_topic *topic = conductor_topic_new();
    documents_read(&documents, "", "");
    publish(topic, &documents);
    assert_true(conductor_topic_export(topic, IN_FORCE, &before, &error));
    for (size_t i = 0; i < ARRAY_COUNT(keys); i++)
        put(topic, keys[i], "no JSON");
    assert_true(conductor_topic_export(topic, IN_FORCE, &after, &error));
    assert_true(text_equal(buffer_text(&before), buffer_text(&after)));
    expect_in_force("with others", topic, &documents, 1);
    buffer_done(&before);
    buffer_done(&after);
    documents_done(&documents);
    conductor_topic_free(topic);
}

static void a_broken_record_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value, *message; /* ' for " in the value */
    } rows[] = {
        { "", "{}", "the key is not period/kind/id" },
        { "2026-06", "{}", "the key is not period/kind/id" },
        { "2026-06/version", "{'number':9}", "the key is not period/kind/id" },
        { "2026-06/version/", "", "a version record cannot be read" },
        { "2026-06/version/", "nine", "a version record cannot be read" },
        { "2026-06/version/", "9", "a version record cannot be read" },
        { "2026-06/version/", "{}", "a version record cannot be read" },
        { "2026-06/version/", "{'number':'9'}", "a version record cannot be read" },
        { "2026-06/version/", "{'number':9.5}", "a version record cannot be read" },
        { "2026-06/version/", "{'number':9223372036854775808}", "a version record cannot be read" },
        { "2026-06/version/", "{'number':9", "a version record cannot be read" },
        { "0123456789012345678901234567890123456789/version/", "{'number':9}", "a version record cannot be read" },
        { "2026-07/close/", "", "a close record cannot be read" },
        { "2026-07/close/", "{}", "a close record cannot be read" },
        { "2026-07/close/", "[]", "a close record cannot be read" },
        { "2026-07/close/", "{'period':'2026-07','version':1}", "a close record cannot be read" },
        { "2026-07/close/", "{'period':'2026-07','offsets':[1]}", "a close record cannot be read" },
        { "2026-07/close/", "{'version':1,'offsets':[1]}", "a close record cannot be read" },
        { "2026-07/close/", "{'period':'2026-13','version':1,'offsets':[1]}", "a close record cannot be read" },
        { "2026-07/close/", "{'period':202607,'version':1,'offsets':[1]}", "a close record cannot be read" },
        { "2026-07/close/", "{'period':'2026-07','version':'1','offsets':[1]}", "a close record cannot be read" },
        { "2026-07/close/", "{'period':'2026-07','version':1,'offsets':{}}", "a close record cannot be read" },
        { "2026-07/close/", "{'period':'2026-07','version':1,'offsets':[1]", "a close record cannot be read" },
    };
    struct documents documents;
    struct conductor_topic *topic = conductor_topic_new();
    documents_read(&documents, "", "");
    publish(topic, &documents);
    put(topic, "2026-05/close/", "{'period':'2026-05','version':1,'offsets':[7]}");
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct error error = { 0 };
        if (take(topic, text_of(rows[i].key), quoted(rows[i].value), false, &error))
            fail_msg("'%s' '%s' is taken", rows[i].key, rows[i].value);
        expect_number(rows[i].value, error.kind, ERROR_FAILED);
        if (!strstr(error.message, "conductor topic: ") || !strstr(error.message, rows[i].message))
            fail_msg("%s: found '%s', expected '%s'", rows[i].value, error.message, rows[i].message);
    }
    expect_in_force("still", topic, &documents, 1);
    assert_int_equal(conductor_topic_close_count(topic), 1);
    documents_done(&documents);
    conductor_topic_free(topic);
}

static void a_key_that_is_none_is_refused_with_its_offset(void **state)
{
    (void)state;
    struct conductor_topic *topic = conductor_topic_new();
    struct stream_record record = {
        .topic = STREAM_CONDUCTOR, .offset = 4711, .key = TEXT("2026-06/x"), .value = TEXT("1")
    };
    struct error error = { 0 };
    assert_false(conductor_topic_take(topic, &record, &error));
    assert_string_equal(error.message, "conductor topic: offset 4711: the key is not period/kind/id");
    record.is_null = true;
    assert_false(conductor_topic_take(topic, &record, &error));
    record.key = TEXT_NONE;
    assert_false(conductor_topic_take(topic, &record, &error));
    conductor_topic_free(topic);
}

#define PRICE_WITH(tiers) "{'sku':'S','service':'E','usage_type':'U','operation':'','unit':'Hrs','tiers':" tiers "}"

static void a_document_with_a_broken_part_is_none(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value; /* ' for "; NULL: deleted */
        enum error_kind kind;
        const char *message;
    } rows[] = {
        { "2026-06/LinkedAccounts/444444444444", "{'AccountId':'4'}", ERROR_INVALID,
          "LinkedAccounts[4].AccountId: ILLEGAL_ACCOUNT_ID: found \"4\"" },
        { "2026-06/BillingGroups/111111111111", NULL, ERROR_INVALID, "MISSING_BILLINGGROUP: found \"111111111111\"" },
        { "2026-06/PricingRules/ruleGLOBAL", "{", ERROR_INVALID, "conductor topic" },
        { "2026-06/PricingRules/ruleGLOBAL", "", ERROR_INVALID, "conductor topic" },
        { "2026-06/Price/SKU/U", "{'sku':'SKU'}", ERROR_FAILED, "the price 2026-06/Price/SKU/U cannot be read" },
        { "2026-06/Price/SKU/U", "", ERROR_FAILED, "the price 2026-06/Price/SKU/U cannot be read" },
        { "2026-06/Price/SKU/V", PRICE_WITH("[]"), ERROR_FAILED, "the price 2026-06/Price/SKU/V cannot be read" },
        { "2026-06/Price/SKU/V", PRICE_WITH("{}"), ERROR_FAILED, "the price 2026-06/Price/SKU/V cannot be read" },
        { "2026-06/Price/SKU/V", PRICE_WITH("[['0',null]]"), ERROR_FAILED, "2026-06/Price/SKU/V" },
        { "2026-06/Price/SKU/V", PRICE_WITH("[['0',null,'1'],['x',null,'1']]"), ERROR_FAILED, "2026-06/Price/SKU/V" },
        { "2026-06/Price/SKU/V", PRICE_WITH("[['x','1','1'],['1',null,'1']]"), ERROR_FAILED, "2026-06/Price/SKU/V" },
        { "2026-06/Price/SKU/V", PRICE_WITH("[['0','x','1'],['1',null,'1']]"), ERROR_FAILED, "2026-06/Price/SKU/V" },
        { "2026-06/Price/SKU/V", PRICE_WITH("[['0',null,'0.00000000001']]"), ERROR_FAILED, "2026-06/Price/SKU/V" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct conductor *conductor = NULL;
        struct price_list list = { 0 };
        struct error error = { 0 };
        struct conductor_topic *topic = conductor_topic_new();
        publish_text(topic, "", "");
        put(topic, rows[i].key, rows[i].value);
        if (conductor_topic_document(topic, IN_FORCE, &conductor, &list, &error))
            fail_msg("%s: '%s' is read", rows[i].key, rows[i].value ? rows[i].value : "nothing");
        expect_number(rows[i].key, error.kind, rows[i].kind);
        if (!strstr(error.message, rows[i].message))
            fail_msg("%s: found '%s', expected '%s'", rows[i].key, error.message, rows[i].message);
        conductor_topic_free(topic);
    }
}

/* Replies that came in pages, items that have no ARN yet, versions that begin in one month. */
static void entities_that_share_an_id_are_all_published(void **state)
{
    (void)state;
#define ITEM(name)                                                                                               \
    "{'Name': '" name "', 'AccountId': '222222222222', 'Description': 'd', 'BillingGroupArn': '111111111111',\n" \
    "   'ChargeDetails': {'Type': 'FEE', 'Flat': {'ChargeValue': 1}}}"
    static const struct {
        const char *why, *from, *to;
    } rows[] = {
        { "a plan's rules in two pages", "['ruleGLOBAL', 'ruleSKU000']}",
          "['ruleGLOBAL']}, {'PricingPlanArn': 'planAAAAAA', 'PricingRuleArns': ['ruleSKU000']}" },
        { "an item's resources in two pages", ", {'Arn': 'cliFLAT000', 'Relationship': 'CHILD'}]}",
          "]}, {'Arn': 'cliPERC000', 'AssociatedResources': [{'Arn': 'cliFLAT000', 'Relationship': 'CHILD'}]}" },
        { "new items of one account", "'CustomLineItems': [", "'CustomLineItems': [" ITEM("one") ", " ITEM("two") ", " },
        { "versions of one month", "'EndBillingPeriod': '2026-09'}",
          "'EndBillingPeriod': '2026-07'}, {'Arn': 'cliFLAT000', 'StartBillingPeriod': '2026-06'}" },
    };
#undef ITEM
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct documents documents;
        struct conductor_topic *topic = conductor_topic_new();
        publish_text(topic, "", "");
        documents_read(&documents, rows[i].from, rows[i].to);
        publish(topic, &documents);
        expect_in_force(rows[i].why, topic, &documents, 2);
        expect_number(rows[i].why, (long long)publish(topic, &documents), 0); /* and is what is wanted */
        documents_done(&documents);
        publish_text(topic, "", "");
        documents_read(&documents, "", "");
        expect_in_force(rows[i].why, topic, &documents, 3);
        documents_done(&documents);
        conductor_topic_free(topic);
    }
}

static void what_a_later_release_keeps_there_is_left_alone(void **state)
{
    (void)state;
    struct conductor_topic *topic = conductor_topic_new();
    publish_text(topic, "", "");
    put(topic, "2026-06/future-kind/1", "{}");
    assert_int_equal(publish_text(topic, "", ""), 0);
    conductor_topic_free(topic);
}

/* ---- closes and imports ---- */

static void put_close(struct conductor_topic *topic, const char *period, int64_t version, const int64_t *ends, size_t count)
{
    int64_t copy[8];
    struct close_record close = { .version = version, .ends = copy, .end_count = count };
    struct buffer key = { 0 }, value = { 0 };
    struct error error;
    CHECK(count <= ARRAY_COUNT(copy) && period_parse(text_of(period), &close.period));
    for (size_t i = 0; i < count; i++)
        copy[i] = ends[i];
    close_record_write(&close, 0, &key, &value);
    if (!take(topic, buffer_text(&key), buffer_text(&value), false, &error))
        fail_msg("%s: %s", period, error.message);
    buffer_done(&key);
    buffer_done(&value);
}

static void expect_close(const struct conductor_topic *topic, size_t index, const char *period, int64_t version,
                         const int64_t *ends, size_t count)
{
    char found[TIME_TEXT_MAX];
    const struct close_record *close = conductor_topic_close(topic, index);
    period_format(close->period, found);
    expect_text("period", text_of(found), period);
    expect_number(period, close->version, version);
    expect_number(period, (long long)close->end_count, (long long)count);
    for (size_t i = 0; i < count; i++)
        expect_number(period, close->ends[i], ends[i]);
}

static void closes_come_in_the_order_of_their_months(void **state)
{
    (void)state;
    static const int64_t may[] = { 7, 0, OFFSET_NONE, INT64_MAX }, june[] = { 1 }, december[] = { 3, 4 };
    struct conductor_topic *topic = conductor_topic_new();
    assert_int_equal(conductor_topic_close_count(topic), 0);
    put_close(topic, "2026-06", 2, june, ARRAY_COUNT(june));
    put_close(topic, "2025-12", 1, december, ARRAY_COUNT(december));
    put_close(topic, "2026-07", 3, NULL, 0);
    put_close(topic, "2026-05", INT64_MAX, may, ARRAY_COUNT(may));
    assert_int_equal(conductor_topic_close_count(topic), 4);
    expect_close(topic, 0, "2025-12", 1, december, ARRAY_COUNT(december));
    expect_close(topic, 1, "2026-05", INT64_MAX, may, ARRAY_COUNT(may));
    expect_close(topic, 2, "2026-06", 2, june, ARRAY_COUNT(june));
    expect_close(topic, 3, "2026-07", 3, NULL, 0);
    assert_int_equal(conductor_topic_version(topic), 0); /* a close is no document */
    conductor_topic_free(topic);
}

static void the_first_close_of_a_month_counts(void **state)
{
    (void)state;
    static const int64_t first[] = { 1, 2 }, second[] = { 3, 4 };
    struct conductor_topic *topic = conductor_topic_new();
    put_close(topic, "2026-06", 1, first, 2);
    put_close(topic, "2026-06", 2, second, 2);
    put_close(topic, "2026-06", 1, first, 2);
    put(topic, "2026-06/close/", NULL); /* what is closed stays closed */
    assert_int_equal(conductor_topic_close_count(topic), 1);
    expect_close(topic, 0, "2026-06", 1, first, 2);
    conductor_topic_free(topic);
}

/* Two who measured the same and one who did not, in between: if two had one key, compaction would make the other the first.
 */
static void every_close_record_has_a_key_of_its_own(void **state)
{
    (void)state;
    int64_t ends[] = { 1, 2 };
    struct close_record close = { .period = 2026 * 12 + 5, .version = 1, .ends = ends, .end_count = ARRAY_COUNT(ends) };
    struct intern keys = { 0 };
    for (uint64_t nonce = 0; nonce < 100; nonce++) {
        struct buffer key = { 0 }, value = { 0 };
        close_record_write(&close, nonce, &key, &value);
        intern_add(&keys, buffer_text(&key));
        buffer_done(&key);
        buffer_done(&value);
    }
    assert_int_equal(keys.count, 100);
    intern_done(&keys);
}

static void a_close_has_at_most_as_many_ends_as_there_can_be_partitions(void **state)
{
    (void)state;
    struct conductor_topic *topic = conductor_topic_new();
    for (size_t more = 0; more < 2; more++) {
        int64_t *ends = calloc(USAGE_TASKS_MAX + 1, sizeof *ends);
        struct close_record close = {
            .period = 2026 * 12 + (billing_period)more, .version = 1, .ends = ends, .end_count = USAGE_TASKS_MAX + more
        };
        struct buffer key = { 0 }, value = { 0 };
        struct error error = { 0 };
        close_record_write(&close, 0, &key, &value);
        expect(more ? "one too many" : "as many", take(topic, buffer_text(&key), buffer_text(&value), false, &error), !more);
        buffer_done(&key);
        buffer_done(&value);
        free(ends);
    }
    assert_int_equal(conductor_topic_close_count(topic), 1);
    assert_int_equal(conductor_topic_close(topic, 0)->end_count, USAGE_TASKS_MAX);
    conductor_topic_free(topic);
}

static void an_end_that_is_no_number_owes_nothing(void **state)
{
    (void)state;
    static const int64_t ends[] = { 5, OFFSET_NONE, OFFSET_NONE, 6 };
    struct conductor_topic *topic = conductor_topic_new();
    put(topic, "2026-06/close/", "{'period':'2026-06','version':1,'offsets':[5,null,'x',6]}");
    expect_close(topic, 0, "2026-06", 1, ends, ARRAY_COUNT(ends));
    conductor_topic_free(topic);
}

static bool has_import(const struct conductor_topic *topic, billing_period period, struct text payer)
{
    return conductor_topic_import(topic, period, payer).size > 0;
}

static void imports_are_known_by_month_and_payer(void **state)
{
    (void)state;
    const billing_period june = 2026 * 12 + 5;
    static const char *const payers[] = { "111111111111", "", "a/b" };
    for (size_t i = 0; i < ARRAY_COUNT(payers); i++) {
        struct conductor_topic *topic = conductor_topic_new();
        struct buffer key = { 0 }, value = { 0 };
        struct error error;
        import_record_write(june, text_of(payers[i]), &key, &value);
        expect(payers[i], has_import(topic, june, text_of(payers[i])), false);
        assert_true(take(topic, buffer_text(&key), buffer_text(&value), false, &error));
        expect(payers[i], has_import(topic, june, text_of(payers[i])), true);
        expect(payers[i], has_import(topic, june + 1, text_of(payers[i])), false);
        expect(payers[i], has_import(topic, june - 1, text_of(payers[i])), false);
        expect(payers[i], has_import(topic, june, TEXT("222222222222")), false);
        assert_true(take(topic, buffer_text(&key), TEXT_NONE, true, &error));
        expect(payers[i], has_import(topic, june, text_of(payers[i])), false);
        buffer_done(&key);
        buffer_done(&value);
        conductor_topic_free(topic);
    }
}

static void a_new_document_leaves_closes_and_imports_alone(void **state)
{
    (void)state;
    static const int64_t ends[] = { 1, 2 };
    struct documents documents;
    struct conductor_changes changes;
    struct conductor_topic *topic = conductor_topic_new();
    publish_text(topic, "", "");
    put_close(topic, "2026-06", 1, ends, 2);
    put(topic, "2026-06/closed/0", "{'tasks':1}");
    put(topic, "2026-06/import/111111111111", "{}");
    documents_read(&documents, "7.25", "8");
    compute(topic, &documents, &changes);
    assert_int_equal(changes.count, 2);
    assert_int_equal(changes.removed, 0);
    conductor_changes_done(&changes);
    publish(topic, &documents);
    assert_true(has_import(topic, 2026 * 12 + 5, TEXT("111111111111")));
    expect_close(topic, 0, "2026-06", 1, ends, 2);
    expect_in_force("new", topic, &documents, 2);
    documents_done(&documents);
    conductor_topic_free(topic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_published_document_comes_back_whole),
        cmocka_unit_test(terms_and_allowances_come_back_too),
        cmocka_unit_test(what_is_exported_can_be_published_again),
        cmocka_unit_test(the_version_comes_last_and_counts_up),
        cmocka_unit_test(only_what_differs_is_published),
        cmocka_unit_test(prices_are_compared_one_by_one),
        cmocka_unit_test(the_sample_month_comes_back_whole),
        cmocka_unit_test(without_a_version_no_document_is_in_force),
        cmocka_unit_test(each_month_has_the_last_document_that_begins_no_later),
        cmocka_unit_test(the_first_open_month_follows_the_last_one_that_all_have_closed),
        cmocka_unit_test(later_values_win_and_deletions_delete),
        cmocka_unit_test(a_part_of_another_month_or_kind_is_not_of_the_document),
        cmocka_unit_test(a_broken_record_is_refused_and_changes_nothing),
        cmocka_unit_test(a_key_that_is_none_is_refused_with_its_offset),
        cmocka_unit_test(a_document_with_a_broken_part_is_none),
        cmocka_unit_test(entities_that_share_an_id_are_all_published),
        cmocka_unit_test(what_a_later_release_keeps_there_is_left_alone),
        cmocka_unit_test(closes_come_in_the_order_of_their_months),
        cmocka_unit_test(the_first_close_of_a_month_counts),
        cmocka_unit_test(every_close_record_has_a_key_of_its_own),
        cmocka_unit_test(a_close_has_at_most_as_many_ends_as_there_can_be_partitions),
        cmocka_unit_test(an_end_that_is_no_number_owes_nothing),
        cmocka_unit_test(imports_are_known_by_month_and_payer),
        cmocka_unit_test(a_new_document_leaves_closes_and_imports_alone),
    };
    return cmocka_run_group_tests_name("control/conductor_topic", tests, NULL, NULL);
}
