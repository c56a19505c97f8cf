/* model/price_list: which published entry prices a meter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "model/price_list.h"

static const struct tier flat[] = { { 0, TIER_NO_END, 1 } };
static const struct tier tiered[] = { { 0, 10, 2 }, { 10, TIER_NO_END, 1 } };

static void add(struct price_list *list, const char *sku, const char *service, const char *usage_type, const char *operation,
                const struct tier *tiers, uint32_t count)
{
    struct price_list_entry entry = { .sku = text_of(sku),
                                      .service = text_of(service),
                                      .usage_type = text_of(usage_type),
                                      .operation = text_of(operation),
                                      .unit = TEXT("GB"),
                                      .schedule = { tiers, count } };
    price_list_add(list, &entry);
}

#define JUNE (2026 * 12 + 5)

/* What is found for a product's meter, "ambiguous", or "". */
static const char *find(const struct price_list *list, struct price_query query)
{
    static char found[64];
    bool ambiguous;
    query.period = query.period ? query.period : JUNE;
    uint32_t index = price_list_find(list, &query, &ambiguous);
    snprintf(found, sizeof found, "%s", ambiguous ? "ambiguous" : "");
    assert_true(!ambiguous || index == ENTRY_NONE);
    if (index != ENTRY_NONE)
        snprintf(found, sizeof found, "%.*s %.*s", TEXT_ARGS(list->entries[index].sku),
                 TEXT_ARGS(list->entries[index].usage_type));
    return found;
}

static struct price_list sample_list(void)
{
    struct price_list list = { 0 };
    add(&list, "S3", "AmazonS3", "Storage", "", tiered, 2);
    add(&list, "S2", "AmazonS3", "Storage", "Put", flat, 1);
    add(&list, "S1", "AmazonS3", "Storage", "Put", flat, 1);
    add(&list, "S0", "AmazonS3", "Storage", "", tiered, 2);
    add(&list, "S4", "AmazonEC2", "Storage", "", flat, 1);
    add(&list, "S4", "AmazonEC2", "EU-Storage", "Run", flat, 1);
    price_list_index(&list);
    return list;
}

static void the_most_specific_entry_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *sku, *service, *usage_type, *operation, *found; /* sku and usage type of the entry */
    } rows[] = {
        { "S3", "AmazonS3", "Storage", "Put", "S3 Storage" }, /* sku before operation */
        { "S3", "Other", "Storage", "", "S3 Storage" },       /* the sku tells the service */
        { "S3", "AmazonS3", "Requests", "", "" },             /* a sku of another usage type */
        { "S4", "AmazonEC2", "EU-Storage", "", "S4 EU-Storage" },
        { "", "AmazonS3", "Storage", "Put", "S1 Storage" }, /* of two, the smallest sku */
        { "", "AmazonS3", "Storage", "Get", "S0 Storage" }, /* an entry for any operation */
        { "", "AmazonS3", "Storage", "", "S0 Storage" },
        { "unknown", "AmazonS3", "Storage", "Put", "S1 Storage" },
        { "", "AmazonEC2", "EU-Storage", "Stop", "" }, /* an entry for another operation */
        { "", "AmazonEC2", "EU-Storage", "", "" },
        { "", "", "", "", "" },
    };
    struct price_list list = sample_list();
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct price_query query = { .sku = text_of(rows[i].sku),
                                     .product_code = text_of(rows[i].service),
                                     .usage_type = text_of(rows[i].usage_type),
                                     .operation = text_of(rows[i].operation) };
        assert_string_equal(find(&list, query), rows[i].found);
    }
    price_list_done(&list);
}

static void a_meter_is_tiered_if_any_of_its_entries_is(void **state)
{
    (void)state;
    struct price_list list = sample_list();
    assert_true(price_list_is_tiered(&list, TEXT("AmazonS3"), TEXT("Storage")));
    assert_false(price_list_is_tiered(&list, TEXT("AmazonEC2"), TEXT("Storage")));
    assert_false(price_list_is_tiered(&list, TEXT("AmazonS3"), TEXT("Requests")));
    price_list_done(&list);
}

static void the_later_of_two_entries_of_a_sku_and_usage_type_stays(void **state)
{
    (void)state;
    struct price_list list = { 0 };
    for (int i = 0; i < 100; i++) {
        struct tier tier = { 0, TIER_NO_END, i };
        add(&list, "S1", "AmazonS3", i % 2 ? "Storage" : "Requests", "", &tier, 1);
    }
    price_list_index(&list);
    assert_int_equal(list.count, 2);
    uint32_t index = price_list_find_sku(&list, TEXT("S1"), TEXT("Storage"), JUNE);
    assert_true(list.entries[index].schedule.tiers[0].rate == 99);
    price_list_done(&list);
}

static void an_empty_list_finds_nothing(void **state)
{
    (void)state;
    struct price_list list = { 0 };
    assert_string_equal(
        find(&list, (struct price_query){ TEXT("S"), TEXT("A"), TEXT("A"), TEXT("U"), TEXT("O"), true, 1, 0 }), "");
    price_list_index(&list);
    assert_string_equal(
        find(&list, (struct price_query){ TEXT("S"), TEXT("A"), TEXT("A"), TEXT("U"), TEXT("O"), true, 1, 0 }), "");
    assert_false(price_list_is_tiered(&list, TEXT("A"), TEXT("U")));
    price_list_done(&list);
}

static void every_entry_of_a_large_list_is_found(void **state)
{
    (void)state;
    struct price_list list = { 0 };
    enum { COUNT = 20000 };
    for (int i = 0; i < COUNT; i++) {
        char sku[32], usage_type[32];
        snprintf(sku, sizeof sku, "SKU%d", i * 7919 % COUNT);
        snprintf(usage_type, sizeof usage_type, "Usage%d", i * 7919 % COUNT);
        add(&list, sku, "AmazonEC2", usage_type, "Run", flat, 1);
    }
    price_list_index(&list);
    assert_int_equal(list.count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        char sku[32], usage_type[32];
        snprintf(sku, sizeof sku, "SKU%d", i);
        snprintf(usage_type, sizeof usage_type, "Usage%d", i);
        uint32_t by_sku = price_list_find_sku(&list, text_of(sku), text_of(usage_type), JUNE);
        assert_true(by_sku != ENTRY_NONE && text_equal(list.entries[by_sku].sku, text_of(sku)));
        struct price_query query = {
            .product_code = TEXT("AmazonEC2"), .usage_type = text_of(usage_type), .operation = TEXT("Run"), .period = JUNE
        };
        bool ambiguous;
        assert_int_equal(price_list_find(&list, &query, &ambiguous), by_sku);
    }
    price_list_done(&list);
}

/* ---- several prices of one meter ---- */

static void a_meter_of_several_prices_goes_by_the_row_s_own_rate(void **state)
{
    (void)state;
    static const struct tier linux[] = { { 0, TIER_NO_END, 960 } }, windows[] = { { 0, TIER_NO_END, 1880 } };
    static const struct tier volume[] = { { 0, 10, 1880 }, { 10, TIER_NO_END, 900 } };
    static const struct {
        const char *operation;
        bool has_rate;
        i128 rate;
        const char *found;
    } rows[] = {
        { "Run", true, 1880, "W1 Box" },     { "Run", true, 960, "L1 Box" }, { "Run", true, 1000, "ambiguous" },
        { "Run", false, 1880, "ambiguous" }, { "Same", false, 0, "E1 Box" }, { "Stop", true, 960, "N1 Box" },
        { "Stop", true, 1880, "ambiguous" }, /* two of the three have it, at different prices */
        { "Stop", true, 900, "N3 Box" },     /* one tier's rate is enough */
    };
    struct price_list list = { 0 };
    add(&list, "W1", "AmazonEC2", "Box", "Run", windows, 1);
    add(&list, "W2", "AmazonEC2", "Box", "Run", windows, 1); /* the same price is no doubt */
    add(&list, "L1", "AmazonEC2", "Box", "Run", linux, 1);
    add(&list, "E2", "AmazonEC2", "Box", "Same", linux, 1);
    add(&list, "E1", "AmazonEC2", "Box", "Same", linux, 1);
    add(&list, "N1", "AmazonEC2", "Box", "", linux, 1);
    add(&list, "N2", "AmazonEC2", "Box", "", windows, 1);
    add(&list, "N3", "AmazonEC2", "Box", "", volume, 2);
    price_list_index(&list);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        assert_string_equal(find(&list, (struct price_query){ .product_code = TEXT("AmazonEC2"),
                                                              .usage_type = TEXT("Box"),
                                                              .operation = text_of(rows[i].operation),
                                                              .has_rate = rows[i].has_rate,
                                                              .rate = rows[i].rate }),
                            rows[i].found);
    assert_string_equal(find(&list, (struct price_query){ .sku = TEXT("L1"),
                                                          .product_code = TEXT("AmazonEC2"),
                                                          .usage_type = TEXT("Box"),
                                                          .operation = TEXT("Run") }),
                        "L1 Box");
    price_list_done(&list);
}

static void transfer_is_found_where_aws_lists_it(void **state)
{
    (void)state;
    static const struct {
        const char *service_code, *product_code, *usage_type, *found;
    } rows[] = {
        { "AWSDataTransfer", "AmazonS3", "Out", "T1 Out" },
        { "AWSDataTransfer", "AmazonS3", "Storage", "P1 Storage" }, /* not there: the product's */
        { "AmazonEC2", "AmazonS3", "Storage", "P1 Storage" },
        { "", "AmazonS3", "Out", "T1 Out" },
        { "", "AmazonS3", "Both", "P2 Both" }, /* the product comes first */
        { "AWSDataTransfer", "AmazonS3", "Both", "T2 Both" },
        { "AmazonEC2", "AmazonS3", "Out", "" }, /* says that it is another's */
        { "", "AmazonS3", "In", "" },
    };
    struct price_list list = { 0 };
    add(&list, "T1", "AWSDataTransfer", "Out", "", flat, 1);
    add(&list, "T2", "AWSDataTransfer", "Both", "", flat, 1);
    add(&list, "P1", "AmazonS3", "Storage", "", flat, 1);
    add(&list, "P2", "AmazonS3", "Both", "", flat, 1);
    price_list_index(&list);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        assert_string_equal(find(&list, (struct price_query){ .service_code = text_of(rows[i].service_code),
                                                              .product_code = text_of(rows[i].product_code),
                                                              .usage_type = text_of(rows[i].usage_type),
                                                              .operation = TEXT("Get") }),
                            rows[i].found);
    price_list_done(&list);
}

/* ---- terms ---- */

static void add_term(struct price_list *list, billing_period since, i128 rate)
{
    struct tier tier = { 0, TIER_NO_END, rate };
    struct price_list_entry entry = {
        .sku = TEXT("S"), .service = TEXT("A"), .usage_type = TEXT("U"), .schedule = { &tier, 1 }, .since = since
    };
    price_list_add(list, &entry);
}

static i128 rate_in(const struct price_list *list, billing_period period)
{
    bool ambiguous;
    struct price_query query = { .product_code = TEXT("A"), .usage_type = TEXT("U"), .period = period };
    uint32_t index = price_list_find(list, &query, &ambiguous);
    assert_int_equal(index, price_list_find_sku(list, TEXT("S"), TEXT("U"), period));
    return list->entries[index].schedule.tiers[0].rate;
}

static void the_term_in_force_at_a_month_s_start_prices_it(void **state)
{
    (void)state;
    struct price_list list = { 0 };
    add_term(&list, JUNE + 2, 30);
    add_term(&list, JUNE, 20);
    add_term(&list, JUNE - 2, 10);
    price_list_index(&list);
    const i128 expected[] = { 10, 10, 10, 20, 20, 30, 30 }; /* before all of them the first */
    for (int i = 0; i < 7; i++)
        assert_true(rate_in(&list, JUNE - 3 + i) == expected[i]);
    price_list_done(&list);
}

static void a_later_file_s_terms_replace_those_of_an_earlier_one(void **state)
{
    (void)state;
    struct price_list list = { 0 };
    price_list_begin_file(&list);
    add_term(&list, JUNE, 20);
    add_term(&list, 0, 10);
    price_list_begin_file(&list);
    add_term(&list, JUNE - 1, 7);
    price_list_index(&list);
    assert_int_equal(list.count, 1);
    assert_true(rate_in(&list, JUNE) == 7);
    price_list_done(&list);
}

/* ---- allowances ---- */

static const struct tier free_hundred[] = { { 0, 100, 0 } };
static const struct tier two_ranges[] = { { 0, 100, 0 }, { 100, 150, 1 } };

/* "sku usage_type" of each entry that an allowance is for. */
static const char *joined(const struct price_list *list, uint32_t allowance)
{
    static struct buffer found;
    buffer_clear(&found);
    for (size_t i = 0; i < list->count; i++)
        for (uint32_t a = 0; a < list->entries[i].allowance_count; a++)
            if (list->entries[i].allowances[a] == allowance)
                buffer_printf(&found, "%s%.*s", found.size ? " " : "", TEXT_ARGS(list->entries[i].sku));
    *buffer_reserve(&found, 1) = '\0';
    return found.data;
}

static void add_allowance(struct price_list *list, const char *sku, const char *usage_type, const struct tier *tiers,
                          uint32_t count, const char *one, const char *other)
{
    const struct text skus[] = { text_of(one), text_of(other) };
    struct price_list_entry entry = { .sku = text_of(sku),
                                      .service = TEXT("A"),
                                      .usage_type = text_of(usage_type),
                                      .schedule = { tiers, count },
                                      .applies_to = skus,
                                      .applies_to_count = (uint32_t)(one[0] ? 1 : 0) + (other[0] ? 1 : 0) };
    price_list_add(list, &entry);
}

static void an_allowance_is_for_the_skus_that_it_names_or_for_its_meter_in_any_region(void **state)
{
    (void)state;
    struct price_list list = { 0 };
    add_allowance(&list, "F1", "Global-Request", free_hundred, 1, "", "");
    add_allowance(&list, "F2", "Global-Other", two_ranges, 2, "P5", "F1"); /* never for another allowance */
    add_allowance(&list, "F3", "Anything", free_hundred, 1, "P1", "P1");
    add(&list, "P1", "A", "Request", "", flat, 1);
    add(&list, "P2", "A", "USW2-Request", "", tiered, 2);
    add(&list, "P3", "A", "EU-Request", "Get", flat, 1);
    add(&list, "P4", "B", "Request", "", flat, 1);     /* another service */
    add(&list, "P5", "B", "Else", "", flat, 1);        /* named */
    add(&list, "P6", "A", "Big-Request", "", flat, 1); /* no region */
    add(&list, "P7", "A", "USW2-Requests", "", flat, 1);
    add(&list, "P8", "A", "USW2-EU-Request", "", flat, 1);
    price_list_index(&list);
    assert_int_equal(list.allowance_count, 4);
    assert_string_equal(joined(&list, 0), "P1 P2 P3");
    assert_string_equal(joined(&list, 1), "P5");
    assert_string_equal(joined(&list, 2), "P5");
    assert_string_equal(joined(&list, 3), "P1");
    struct tier range = price_list_allowance(&list, 2, JUNE);
    assert_true(range.begin == 100 && range.end == 150 && range.rate == 1);
    assert_true(price_list_is_tiered(&list, TEXT("A"), TEXT("Request")));
    assert_false(price_list_is_tiered(&list, TEXT("B"), TEXT("Request")));
    price_list_done(&list);
}

static void a_row_that_names_an_allowance_is_found_by_its_meter(void **state)
{
    (void)state;
    struct price_list list = { 0 };
    add_allowance(&list, "F1", "Request", free_hundred, 1, "P1", "");
    add(&list, "P1", "A", "Request", "", flat, 1);
    price_list_index(&list);
    assert_string_equal(
        find(&list, (struct price_query){ .sku = TEXT("F1"), .product_code = TEXT("A"), .usage_type = TEXT("Request") }),
        "P1 Request");
    price_list_done(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_specific_entry_is_found),
        cmocka_unit_test(a_meter_is_tiered_if_any_of_its_entries_is),
        cmocka_unit_test(the_later_of_two_entries_of_a_sku_and_usage_type_stays),
        cmocka_unit_test(an_empty_list_finds_nothing),
        cmocka_unit_test(every_entry_of_a_large_list_is_found),
        cmocka_unit_test(a_meter_of_several_prices_goes_by_the_row_s_own_rate),
        cmocka_unit_test(transfer_is_found_where_aws_lists_it),
        cmocka_unit_test(the_term_in_force_at_a_month_s_start_prices_it),
        cmocka_unit_test(a_later_file_s_terms_replace_those_of_an_earlier_one),
        cmocka_unit_test(an_allowance_is_for_the_skus_that_it_names_or_for_its_meter_in_any_region),
        cmocka_unit_test(a_row_that_names_an_allowance_is_found_by_its_meter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
