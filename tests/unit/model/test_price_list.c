/* model/price_list: which published entry prices a meter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/price_list.h"

static const struct tier flat[] = { { 0, TIER_NO_END, 1 } };
static const struct tier tiered[] = { { 0, 10, 2 }, { 10, TIER_NO_END, 1 } };

static void add(struct price_list *list, const char *sku, const char *service, const char *usage_type, const char *operation,
                const struct tier *tiers, uint32_t count)
{
    struct price_list_entry entry = { text_of(sku), text_of(service), text_of(usage_type), text_of(operation), TEXT("GB"),
                                      { tiers, count } };
    price_list_add(list, &entry);
}

static struct price_list sample_list(void)
{
    struct price_list list = { 0 };
    add(&list, "S3", "AmazonS3", "Storage", "", tiered, 2);
    add(&list, "S2", "AmazonS3", "Storage", "Put", flat, 1);
    add(&list, "S1", "AmazonS3", "Storage", "Put", flat, 1);
    add(&list, "S0", "AmazonS3", "Storage", "", flat, 1);
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
        { "S3", "AmazonS3", "Storage", "Put", "S3 Storage" },         /* sku before operation */
        { "S3", "Other", "Storage", "", "S3 Storage" },               /* the sku tells the service */
        { "S3", "AmazonS3", "Requests", "", "" },                     /* a sku of another usage type */
        { "S4", "AmazonEC2", "EU-Storage", "", "S4 EU-Storage" },
        { "", "AmazonS3", "Storage", "Put", "S1 Storage" },           /* of two, the smallest sku */
        { "", "AmazonS3", "Storage", "Get", "S0 Storage" },           /* an entry for any operation */
        { "", "AmazonS3", "Storage", "", "S0 Storage" },
        { "unknown", "AmazonS3", "Storage", "Put", "S1 Storage" },
        { "", "AmazonEC2", "EU-Storage", "Stop", "" },                /* an entry for another operation */
        { "", "AmazonEC2", "EU-Storage", "", "" },
        { "", "", "", "", "" },
    };
    struct price_list list = sample_list();
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        uint32_t index = price_list_find(&list, text_of(rows[i].sku), text_of(rows[i].service), text_of(rows[i].usage_type),
                                         text_of(rows[i].operation));
        char found[64] = "";
        if (index != ENTRY_NONE)
            snprintf(found, sizeof found, "%.*s %.*s", TEXT_ARGS(list.entries[index].sku),
                     TEXT_ARGS(list.entries[index].usage_type));
        assert_string_equal(found, rows[i].found);
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
    uint32_t index = price_list_find(&list, TEXT("S1"), TEXT("AmazonS3"), TEXT("Storage"), TEXT_NONE);
    assert_true(list.entries[index].schedule.tiers[0].rate == 99);
    price_list_done(&list);
}

static void an_empty_list_finds_nothing(void **state)
{
    (void)state;
    struct price_list list = { 0 };
    assert_int_equal(price_list_find(&list, TEXT("S"), TEXT("A"), TEXT("U"), TEXT("O")), ENTRY_NONE);
    price_list_index(&list);
    assert_int_equal(price_list_find(&list, TEXT("S"), TEXT("A"), TEXT("U"), TEXT("O")), ENTRY_NONE);
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
        uint32_t by_sku = price_list_find(&list, text_of(sku), TEXT_NONE, text_of(usage_type), TEXT_NONE);
        assert_true(by_sku != ENTRY_NONE && text_equal(list.entries[by_sku].sku, text_of(sku)));
        assert_int_equal(price_list_find(&list, TEXT_NONE, TEXT("AmazonEC2"), text_of(usage_type), TEXT("Run")), by_sku);
    }
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
