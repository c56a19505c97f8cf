/* control/kept_routing: what an earlier version routed to tiers is still routed there, whoever reads the topic. */
#include "support/control_records.h"

#include "control/kept_routing.h"

#define ENTRY(usage_type, tiers)                                                                                    \
    "{\"sku\":\"S\",\"service\":\"AmazonS3\",\"usage_type\":\"" usage_type "\",\"operation\":\"\",\"unit\":\"GB\"," \
    "\"tiers\":" tiers "}"
#define FLAT "[[\"0\",null,\"0.1\"]]"
#define TIERED "[[\"0\",\"500\",\"0.1\"],[\"500\",null,\"0.05\"]]"

static billing_period month_of(const char *text)
{
    billing_period period;
    assert_true(period_parse(text_of(text), &period));
    return period;
}

/* Publishes a version whose one price is this one, with what has to be kept; returns how many records that adds. */
static size_t publish(struct conductor_topic *topic, const char *month, int64_t version, const char *price)
{
    struct conductor_changes changes = { 0 };
    struct error error;
    char price_key[64], version_key[64], number[32];
    snprintf(price_key, sizeof price_key, "%s/Price/S/A", month);
    snprintf(version_key, sizeof version_key, "%s/version/", month);
    snprintf(number, sizeof number, "{\"number\":%lld}", (long long)version);
    conductor_changes_add(&changes, text_of(price_key), text_of(price));
    conductor_changes_add(&changes, text_of(version_key), text_of(number));
    if (!kept_routing_add(topic, month_of(month), &changes, &error))
        fail_msg("version %lld: %s", (long long)version, error.message);
    size_t added = changes.count - 2;
    assert_true(text_equal(changes.items[changes.count - 1].key, text_of(version_key))); /* the version record is the last */
    for (size_t i = 0; i < changes.count; i++) {
        struct stream_record record = { .topic = STREAM_CONDUCTOR,
                                        .key = changes.items[i].key,
                                        .value = changes.items[i].value };
        assert_true(conductor_topic_take(topic, &record, &error));
    }
    conductor_changes_done(&changes);
    return added;
}

static bool is_tiered(const struct conductor_topic *topic, billing_period period, const char *usage_type)
{
    struct conductor *conductor;
    struct price_list list = { 0 };
    struct routing routing;
    struct error error;
    const struct meter meter = { .product_code = TEXT("AmazonS3"), .usage_type = text_of(usage_type) };
    assert_true(conductor_topic_document(topic, period, &conductor, &list, &error));
    routing_init(&routing, conductor, &list);
    kept_routing_read(topic, conductor_topic_month_of(topic, period), &routing);
    bool is = routing_is_tiered(&routing, &meter);
    routing_done(&routing);
    price_list_done(&list);
    conductor_done(conductor);
    free(conductor);
    return is;
}

static void a_meter_that_loses_its_tiers_is_kept(void **state)
{
    (void)state;
    static const struct {
        const char *what, *month, *price;
        size_t added;
        bool tiered;
    } rows[] = {
        { "flat", "2026-06", ENTRY("A", FLAT), 0, false },
        { "tiers", "2026-06", ENTRY("A", TIERED), 0, true },
        { "none again", "2026-06", ENTRY("A", FLAT), 1, true },
        { "the same once more", "2026-06", ENTRY("A", FLAT), 0, true },
        { "tiers again", "2026-06", ENTRY("A", TIERED), 0, true },
        { "and none", "2026-06", ENTRY("A", FLAT), 0, true },
        { "in the next month, of which usage may have come", "2026-07", ENTRY("A", FLAT), 1, true },
        { "in the month before, which has usage of its own", "2026-05", ENTRY("A", FLAT), 1, true },
        { "two months later", "2026-09", ENTRY("A", TIERED), 0, true },
        { "between them, where July's is in force", "2026-08", ENTRY("A", FLAT), 1, true },
    };
    struct conductor_topic *topic = conductor_topic_new();
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        size_t added = publish(topic, rows[i].month, (int64_t)i + 1, rows[i].price);
        billing_period month = month_of(rows[i].month);
        if (added != rows[i].added || is_tiered(topic, month, "A") != rows[i].tiered)
            fail_msg("%s: %zu records, %s", rows[i].what, added, is_tiered(topic, month, "A") ? "tiered" : "flat");
        assert_false(is_tiered(topic, month, "B"));
    }
    conductor_topic_free(topic);
}

/* Texts of AWS may have any letter. */
static void kept_operations_come_back(void **state)
{
    (void)state;
    struct conductor_topic *topic = conductor_topic_new();
    struct routing routing = { 0 };
    control_put(topic, "2026-06/version/", "{\"number\":1}");
    control_put(topic, "2026-06/Tiered/S/O \"x\"", "{\"service\":\"S\",\"operation\":\"O \\\"x\\\"\"}");
    control_put(topic, "2026-05/Tiered/old", "{\"usage_type\":\"old\"}");
    control_put(topic, "2026-06/Tiered/odd", "7");
    kept_routing_read(topic, 2026 * 12 + 5, &routing);
    const struct meter kept = { .product_code = TEXT("S"), .operation = TEXT("O \"x\""), .usage_type = TEXT("U") };
    const struct meter old = { .product_code = TEXT("S"), .usage_type = TEXT("old") };
    assert_true(routing_is_tiered(&routing, &kept));
    assert_false(routing_is_tiered(&routing, &old));
    routing_done(&routing);
    conductor_topic_free(topic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_meter_that_loses_its_tiers_is_kept),
        cmocka_unit_test(kept_operations_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
