/* aggregate/facts: what makes a row a row (SEMANTICS 3.3), and the order of rows. */
#include "support/fixtures.h"
#include "support/unit.h"

#define EVERYTHING                                                                                                \
    .payer_account_id = "000000000001", .billing_entity = "AWS Marketplace", .line_item_type = "DiscountedUsage", \
    .product_code = "AmazonS3", .usage_type = "EUW1-Storage", .operation = "PutObject", .sku = "SKU1",            \
    .region = "eu-west-1", .availability_zone = "eu-west-1a", .unit = "GB-Mo", .currency = "USD",                 \
    .public_on_demand_rate = "0.0230000001", .unblended_cost = "1.5", .reservation_arn = "arn:r",                 \
    .savings_plan_arn = "arn:s", .savings_plan_rate = "-0.01", .normalization_factor = "0.5", .tags = "env=prod;team=a b"

static void facts_come_back_as_they_were(void **state)
{
    (void)state;
    struct buffer bytes = { 0 };
    struct usage_event event = event_with(EVERYTHING);
    struct facts facts = facts_of(&event, &bytes);
    expect_text("payer", facts.payer, "000000000001");
    expect_text("billing_entity", facts.billing_entity, "AWS Marketplace");
    expect_text("line_item_type", facts.line_item_type, "DiscountedUsage");
    expect_text("product_code", facts.product_code, "AmazonS3");
    expect_text("usage_type", facts.usage_type, "EUW1-Storage");
    expect_text("operation", facts.operation, "PutObject");
    expect_text("sku", facts.sku, "SKU1");
    expect_text("region", facts.region, "eu-west-1");
    expect_text("availability_zone", facts.availability_zone, "eu-west-1a");
    expect_text("unit", facts.unit, "GB-Mo");
    expect_text("currency", facts.currency, "USD");
    expect_text("reservation_arn", facts.reservation_arn, "arn:r");
    expect_text("savings_plan_arn", facts.savings_plan_arn, "arn:s");
    assert_true(facts.has_own_rate && facts.has_savings_plan_rate && facts.has_normalization_factor);
    expect_decimal("own_rate", facts.own_rate, RATE_SCALE, "0.0230000001");
    expect_decimal("savings_plan_rate", facts.savings_plan_rate, RATE_SCALE, "-0.01");
    expect_decimal("normalization_factor", facts.normalization_factor, QUANTITY_SCALE, "0.5");
    struct tag tags[2];
    assert_int_equal(facts_tag_count(&facts), 2);
    assert_int_equal(facts_tags(&facts, tags, 2), 2);
    expect_text("key", tags[1].key, "team");
    expect_text("value", tags[1].value, "a b");
    assert_int_equal(facts_tags(&facts, tags, 1), 2); /* the number, whatever the room */
    buffer_done(&bytes);
}

static void what_an_event_has_not_is_absent(void **state)
{
    (void)state;
    struct buffer bytes = { 0 };
    struct usage_event event = event_with(.sku = "");
    struct facts facts = facts_of(&event, &bytes);
    assert_int_equal(facts.payer.size + facts.operation.size + facts.currency.size + facts.reservation_arn.size, 0);
    assert_false(facts.has_own_rate || facts.has_savings_plan_rate || facts.has_normalization_factor);
    assert_int_equal(facts.carried, 0);
    assert_int_equal(facts_tag_count(&facts), 0);
    assert_true(facts_are_valid(buffer_text(&bytes)));
    buffer_done(&bytes);
}

static void carried_costs_are_told_from_costs_of_zero(void **state)
{
    (void)state;
    const struct {
        struct event_texts event;
        unsigned carried;
    } rows[] = {
        { { .sku = "" }, 0 },
        { { .public_on_demand_cost = "0" }, 1u << CARRIED_PUBLIC_COST },
        { { .unblended_cost = "0" }, 1u << CARRIED_UNBLENDED },
        { { .net_unblended_cost = "0" }, 1u << CARRIED_NET_UNBLENDED },
        { { .reservation_effective_cost = "1" }, 1u << CARRIED_RESERVATION },
        { { .savings_plan_effective_cost = "-1" }, 1u << CARRIED_SAVINGS_PLAN },
        { { .public_on_demand_cost = "1", .unblended_cost = "2" }, 1u << CARRIED_PUBLIC_COST | 1u << CARRIED_UNBLENDED },
        { { .sku = "A", .region = "eu-west-1", .public_on_demand_rate = "0.1", .unblended_cost = "0", .tags = "a=b" },
          1u << CARRIED_UNBLENDED },
        { { EVERYTHING }, 1u << CARRIED_UNBLENDED },
    };
    struct buffer bytes = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct usage_event event = event_of(rows[i].event);
        struct facts facts = facts_of(&event, &bytes);
        assert_int_equal(facts.carried, rows[i].carried);
        assert_int_equal(facts_carried(buffer_text(&bytes)), rows[i].carried);
        for (unsigned cost = 0; cost < CARRIED_COUNT; cost++)
            assert_int_equal(facts_carry(&facts, (enum carried_cost)cost), rows[i].carried >> cost & 1);
    }
    buffer_done(&bytes);
}

static void usage_that_aws_bills_at_nothing_is_told(void **state)
{
    (void)state;
    const struct {
        struct event_texts event;
        bool expected;
        const char *why;
    } rows[] = {
        { { .unblended_cost = "0", .public_on_demand_rate = "0.1" }, true, "a public rate" },
        { { .unblended_cost = "0.0000", .public_on_demand_cost = "-2" }, true, "a public cost, of a correction" },
        { { .unblended_cost = "0", .public_on_demand_rate = "0", .public_on_demand_cost = "1" }, true, "either" },
        { { .unblended_cost = "0", .public_on_demand_rate = "0", .public_on_demand_cost = "0" }, false, "no price" },
        { { .unblended_cost = "0" }, false, "no public price given" },
        { { .public_on_demand_rate = "0.1" }, false, "no cost given" },
        { { .net_unblended_cost = "0", .public_on_demand_rate = "0.1" }, false, "only a net cost given" },
        { { .unblended_cost = "0.0001", .public_on_demand_rate = "0.1" }, false, "billed" },
        { { .unblended_cost = "0", .public_on_demand_rate = "0.1", .usage_amount = "0" }, true, "no amount" },
        { { .line_item_type = "DiscountedUsage", .unblended_cost = "0", .public_on_demand_rate = "0.1" }, false, "covered" },
        { { .line_item_type = "Fee", .unblended_cost = "0", .public_on_demand_cost = "1" }, false, "a fee" },
    };
    struct buffer bytes = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct usage_event event = event_of(rows[i].event);
        expect(rows[i].why, facts_of(&event, &bytes).billed_at_nothing, rows[i].expected);
    }
    buffer_done(&bytes);
}

/* SEMANTICS 3.3 names the identity; everything else folds. */
static void only_the_identity_is_in_the_facts(void **state)
{
    (void)state;
    const struct {
        struct event_texts event;
        bool same;
        const char *why;
    } rows[] = {
        { { .event_id = "e2" }, true, "event_id" },
        { { .usage_amount = "77" }, true, "usage_amount" },
        { { .usage_start = "2026-06-02T00:00:00Z" }, true, "usage_start: the bucket is beside the facts" },
        { { .usage_end = "2026-06-02T00:00:00Z" }, true, "usage_end" },
        { { .description = "text" }, true, "description" },
        { { .usage_account_id = "000000000001" }, true, "account: beside the facts" },
        { { .resource_id = "i-1" }, true, "resource: beside the facts" },
        { { .billing_period = "2026-05" }, true, "billing_period: beside the facts" },
        { { .line_item_type = "Usage" }, true, "the default, spelled out" },
        { { .billing_entity = "AWS" }, true, "the default, spelled out" },
        { { .payer_account_id = "000000000001" }, false, "payer" },
        { { .billing_entity = "AISPL" }, false, "billing_entity" },
        { { .line_item_type = "Fee" }, false, "line_item_type" },
        { { .product_code = "AmazonS3" }, false, "product_code" },
        { { .service_code = "x" }, false, "service_code" },
        { { .usage_type = "x" }, false, "usage_type" },
        { { .operation = "x" }, false, "operation" },
        { { .sku = "x" }, false, "sku" },
        { { .region = "x" }, false, "region" },
        { { .availability_zone = "x" }, false, "availability_zone" },
        { { .unit = "x" }, false, "unit" },
        { { .currency = "USD" }, false, "currency: no event knows the document's" },
        { { .public_on_demand_rate = "0" }, false, "a rate of 0 is no absent rate" },
        { { .public_on_demand_cost = "1" }, false, "carries a public cost" },
        { { .unblended_cost = "1" }, false, "carries an unblended cost" },
        { { .net_unblended_cost = "1" }, false, "carries a net cost" },
        { { .reservation_arn = "x" }, false, "reservation_arn" },
        { { .savings_plan_arn = "x" }, false, "savings_plan_arn" },
        { { .savings_plan_rate = "1" }, false, "savings_plan_rate" },
        { { .normalization_factor = "1" }, false, "normalization_factor" },
        { { .tags = "a=b" }, false, "tags" },
    };
    struct buffer plain = { 0 }, other = { 0 };
    struct usage_event plain_event = event_with(.sku = "");
    facts_encode(&plain_event, &plain);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct usage_event event = event_of(rows[i].event);
        buffer_clear(&other);
        facts_encode(&event, &other);
        expect(rows[i].why, text_equal(buffer_text(&plain), buffer_text(&other)), rows[i].same);
    }
    buffer_done(&plain);
    buffer_done(&other);
}

static void the_amount_of_a_carried_cost_is_no_fact(void **state)
{
    (void)state;
    struct buffer a = { 0 }, b = { 0 };
    struct usage_event one = event_with(.unblended_cost = "1"), zero = event_with(.unblended_cost = "0");
    facts_encode(&one, &a);
    facts_encode(&zero, &b);
    assert_true(text_equal(buffer_text(&a), buffer_text(&b)));
    buffer_done(&a);
    buffer_done(&b);
}

/* Each row sorts before the next: fields in canonical order, the later ones decide only between equals. */
static void bytes_sort_as_rows_sort(void **state)
{
    (void)state;
    const struct event_texts rows[] = {
        { .billing_entity = "B" },
        { .billing_entity = "B", .tags = "a=1" },
        { .billing_entity = "B", .tags = "a=1;b=1" },
        { .billing_entity = "B", .tags = "a=2" },
        { .billing_entity = "B", .tags = "ab=1" },
        { .billing_entity = "B", .tags = "b=0" },
        { .billing_entity = "B", .normalization_factor = "-1" },
        { .billing_entity = "B", .normalization_factor = "-0.5" },
        { .billing_entity = "B", .normalization_factor = "0" },
        { .billing_entity = "B", .normalization_factor = "0.5" },
        { .billing_entity = "B", .normalization_factor = "256" },
        { .billing_entity = "B", .savings_plan_rate = "1" },
        { .billing_entity = "B", .savings_plan_arn = "a" },
        { .billing_entity = "B", .reservation_arn = "a" },
        { .billing_entity = "B", .unblended_cost = "0" },
        { .billing_entity = "B", .public_on_demand_rate = "0" },
        { .billing_entity = "B", .public_on_demand_rate = "0.5" },
        { .billing_entity = "B", .public_on_demand_rate = "10" },
        { .billing_entity = "B", .currency = "EUR" },
        { .billing_entity = "B", .unit = "Hrs" },
        { .billing_entity = "B", .availability_zone = "z" },
        { .billing_entity = "B", .region = "r" },
        { .billing_entity = "B", .sku = "s" },
        { .billing_entity = "B", .operation = "o" },
        { .billing_entity = "B", .operation = "o", .sku = "s" },
        { .billing_entity = "B", .operation = "o1" },
        { .billing_entity = "B", .usage_type = "Z" },
        { .billing_entity = "B", .product_code = "Z" },
        { .billing_entity = "B", .line_item_type = "Z" },
        { .billing_entity = "B1" },
        { .billing_entity = "a" },
        { .billing_entity = "\xc3\xa9" },
        { .payer_account_id = "000000000000", .billing_entity = "B" },
        { .payer_account_id = "000000000001", .billing_entity = "A" },
    };
    struct buffer encoded[ARRAY_COUNT(rows)] = { { 0 } };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct event_texts texts = rows[i];
        struct usage_event event = event_of(texts);
        facts_encode(&event, &encoded[i]);
    }
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        for (size_t j = i + 1; j < ARRAY_COUNT(rows); j++)
            if (text_compare(buffer_text(&encoded[i]), buffer_text(&encoded[j])) >= 0)
                fail_msg("row %zu does not sort before row %zu", i, j);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        buffer_done(&encoded[i]);
}

static void facts_are_appended(void **state)
{
    (void)state;
    struct buffer bytes = { 0 };
    struct usage_event event = event_with(EVERYTHING);
    buffer_append_text(&bytes, TEXT("before"));
    facts_encode(&event, &bytes);
    assert_true(text_starts_with(buffer_text(&bytes), TEXT("before000000000001")));
    assert_true(facts_are_valid((struct text){ bytes.data + 6, bytes.size - 6 }));
    buffer_done(&bytes);
}

/* Cut where no field ends, facts are not valid; cut between two tags they are facts with fewer tags. */
static void cut_facts_are_found(void **state)
{
    (void)state;
    struct buffer bytes = { 0 };
    struct usage_event event = event_with(EVERYTHING);
    facts_encode(&event, &bytes);
    size_t tags = sizeof "env=prod;team=a b", first_tag = sizeof "env=prod";
    for (size_t size = 0; size <= bytes.size; size++) {
        char *copy = memory_new(size); /* so that a sanitizer sees a read beyond it */
        memcpy(copy, bytes.data, size);
        bool whole = size == bytes.size || size == bytes.size - tags || size == bytes.size - tags + first_tag;
        if (facts_are_valid((struct text){ copy, size }) != whole)
            fail_msg("cut at %zu of %zu", size, bytes.size);
        free(copy);
    }
    buffer_done(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_come_back_as_they_were),
        cmocka_unit_test(what_an_event_has_not_is_absent),
        cmocka_unit_test(carried_costs_are_told_from_costs_of_zero),
        cmocka_unit_test(usage_that_aws_bills_at_nothing_is_told),
        cmocka_unit_test(only_the_identity_is_in_the_facts),
        cmocka_unit_test(the_amount_of_a_carried_cost_is_no_fact),
        cmocka_unit_test(bytes_sort_as_rows_sort),
        cmocka_unit_test(facts_are_appended),
        cmocka_unit_test(cut_facts_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
