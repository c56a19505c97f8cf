/* store/dedup: which ids have been seen, in memory and on disk; a plain list is the model. */
#include "support/unit.h"

#include "store/dedup.h"
#include "support/avro_random.h"
#include "support/fixtures.h"
#include "support/scratch.h"

static struct rocks *open_rocks(void)
{
    const struct rocks_options small = { .write_buffer_bytes = 64 * 1024, .cache_bytes = 64 * 1024 };
    struct rocks *rocks;
    struct error error;
    if (!rocks_open(scratch_path("ids"), &small, &rocks, &error))
        fail_msg("%s", error.message);
    return rocks;
}

static void close_rocks(struct rocks *rocks)
{
    rocks_close(rocks);
    remove_tree(scratch_path("ids"));
}

static enum dedup_answer take(struct dedup *dedup, struct usage_event event)
{
    struct buffer facts = { 0 };
    enum dedup_answer answer = DEDUP_NEW;
    struct error error;
    facts_encode(&event, &facts);
    if (!dedup_take(dedup, &event, buffer_text(&facts), &answer, &error))
        fail_msg("%s", error.message);
    buffer_done(&facts);
    return answer;
}

static void an_id_is_unique_within_its_account(void **state)
{
    (void)state;
    struct rocks *rocks = open_rocks();
    struct dedup *dedup = dedup_new(rocks, 1024 * 1024);
    const struct {
        const char *id, *account;
        enum dedup_answer answer;
    } rows[] = {
        { "1", "000000000001", DEDUP_NEW },       { "1", "000000000001", DEDUP_DUPLICATE },
        { "1", "000000000002", DEDUP_NEW },       { "2", "000000000001", DEDUP_NEW },
        { "11", "000000000001", DEDUP_NEW },      { "1", "000000000002", DEDUP_DUPLICATE },
        { "1", "000000000001", DEDUP_DUPLICATE }, { "1 ", "000000000001", DEDUP_NEW },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        assert_int_equal(take(dedup, event_with(.event_id = rows[i].id, .usage_account_id = rows[i].account)),
                         rows[i].answer);
    static char large[4001];
    memset(large, 'x', sizeof large - 1);
    assert_int_equal(take(dedup, event_with(.event_id = large)), DEDUP_NEW);
    assert_int_equal(take(dedup, event_with(.event_id = large)), DEDUP_DUPLICATE);
    assert_int_equal(take(dedup, event_with(.event_id = large + 1)), DEDUP_NEW);
    dedup_free(dedup);
    close_rocks(rocks);
}

static void any_other_field_makes_it_other_content(void **state)
{
    (void)state;
    const struct usage_event base = event_with(.usage_end = "2026-06-01T01:00:00Z", .tags = "a=1");
#define OTHER(...) event_with(.usage_end = "2026-06-01T01:00:00Z", .tags = "a=1", __VA_ARGS__)
    const struct usage_event others[] = {
        OTHER(.payer_account_id = "100000000001"), OTHER(.billing_entity = "AWS Marketplace"),
        OTHER(.line_item_type = "Fee"),            OTHER(.product_code = "AmazonS3"),
        OTHER(.usage_type = "other"),              OTHER(.operation = "o"),
        OTHER(.sku = "s"),                         OTHER(.region = "r"),
        OTHER(.availability_zone = "z"),           OTHER(.resource_id = "i"),
        OTHER(.usage_start = "2026-06-01T00:00:00.001Z"), OTHER(.unit = "u"),
        OTHER(.usage_amount = "1.0000000001"),     OTHER(.currency = "USD"),
        OTHER(.public_on_demand_rate = "0"),       OTHER(.public_on_demand_cost = "0"),
        OTHER(.unblended_cost = "0"),              OTHER(.unblended_cost = "0.00000000000000000001"),
        OTHER(.reservation_arn = "a"),             OTHER(.reservation_effective_cost = "0"),
        OTHER(.savings_plan_arn = "a"),            OTHER(.savings_plan_rate = "0"),
        OTHER(.savings_plan_effective_cost = "0"), OTHER(.normalization_factor = "0"),
        OTHER(.description = "d"),
        event_with(.usage_end = "2026-06-01T01:00:00.001Z", .tags = "a=1"), event_with(.tags = "a=1"),
        event_with(.usage_end = "2026-06-01T01:00:00Z", .tags = "a=2"),
        event_with(.usage_end = "2026-06-01T01:00:00Z"),
        event_with(.usage_end = "2026-06-01T01:00:00Z", .tags = "a=1;b=1"),
    };
#undef OTHER
    struct rocks *rocks = open_rocks();
    struct dedup *dedup = dedup_new(rocks, 1024 * 1024);
    assert_int_equal(take(dedup, base), DEDUP_NEW);
    for (size_t i = 0; i < ARRAY_COUNT(others); i++)
        if (take(dedup, others[i]) != DEDUP_REUSED)
            fail_msg("row %zu", i);
    assert_int_equal(take(dedup, base), DEDUP_DUPLICATE); /* the first content stays */
    assert_int_equal(take(dedup, event_with(.usage_end = "2026-06-01T03:00:00+02:00", .tags = "a=1",
                                            .usage_amount = "1.00", .line_item_type = "Usage")),
                     DEDUP_DUPLICATE); /* the same said otherwise */
    dedup_free(dedup);
    close_rocks(rocks);
}

static void answers_are_exact_however_often_ids_are_spilled(void **state)
{
    (void)state;
    static const struct {
        size_t bytes_max;
        unsigned ids, events;
    } rows[] = { { 0, 12000, 30000 }, { 1000, 5000, 20000 }, { 200000, 30000, 60000 }, { 16 << 20, 20000, 40000 } };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct rocks *rocks = open_rocks();
        struct dedup *dedup = dedup_new(rocks, rows[i].bytes_max);
        unsigned char *first = memory_new(rows[i].ids); /* the model: the content that an id came with; 0: not yet */
        random_state = 100 + i;
        for (unsigned n = 0; n < rows[i].events; n++) {
            char id[16];
            uint64_t number = random_below(rows[i].ids);
            unsigned char content = (unsigned char)(1 + random_below(random_below(3) ? 1 : 3));
            static const char *const amounts[] = { "", "1", "2", "3" };
            snprintf(id, sizeof id, "id%llu", (unsigned long long)number);
            enum dedup_answer wanted = first[number] == 0         ? DEDUP_NEW
                                       : first[number] == content ? DEDUP_DUPLICATE
                                                                  : DEDUP_REUSED;
            if (take(dedup, event_with(.event_id = id, .usage_amount = amounts[content])) != wanted)
                fail_msg("budget %zu, event %u", rows[i].bytes_max, n);
            if (first[number] == 0)
                first[number] = content;
            /* The smallest table is 32 KiB; beyond it the budget holds. */
            assert_true(dedup_bytes(dedup) <= rows[i].bytes_max + 40000);
        }
        free(first);
        dedup_free(dedup);
        close_rocks(rocks);
    }
}

static void accepted_events_only_change_by_their_content(void **state)
{
    (void)state;
    struct buffer facts = { 0 };
    struct usage_event a = event_with(), b = event_with(.event_id = "other", .usage_account_id = "222222222222");
    facts_encode(&a, &facts);
    assert_true(usage_event_content_hash(&a, buffer_text(&facts)) == usage_event_content_hash(&b, buffer_text(&facts)));
    buffer_done(&facts);
    dedup_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_unique_within_its_account),
        cmocka_unit_test(any_other_field_makes_it_other_content),
        cmocka_unit_test(answers_are_exact_however_often_ids_are_spilled),
        cmocka_unit_test(accepted_events_only_change_by_their_content),
    };
    return cmocka_run_group_tests_name("store/dedup", tests, scratch_setup, scratch_teardown);
}
