/* store/seen and store/event_id: which ids have been seen, in memory and on disk; a plain list is the model. */
#include "support/unit.h"

#include "store/seen.h"
#include "support/avro_random.h"
#include "support/fixtures.h"
#include "support/scratch_rocks.h"

static struct seen *open_seen(struct rocks *rocks, int64_t window_ms, size_t bytes_max)
{
    struct seen_options options = { window_ms, bytes_max };
    struct seen *seen;
    struct error error;
    if (!seen_open(&options, rocks, &seen, &error))
        fail_msg("%s", error.message);
    return seen;
}

static enum seen_answer take_at(struct seen *seen, struct usage_event event, int64_t time_ms)
{
    struct buffer facts = { 0 };
    enum seen_answer answer = SEEN_NEW;
    struct error error;
    facts_encode(&event, &facts);
    if (!seen_take(seen, &event, buffer_text(&facts), time_ms, &answer, &error))
        fail_msg("%s", error.message);
    buffer_done(&facts);
    return answer;
}

static enum seen_answer take(struct seen *seen, struct usage_event event)
{
    return take_at(seen, event, 0);
}

static void replay_at(struct seen *seen, struct usage_event event, int64_t time_ms, bool was_reused)
{
    struct buffer facts = { 0 };
    struct error error;
    facts_encode(&event, &facts);
    struct row_hashes hashes = row_hashes_of(buffer_text(&facts), event.resource_id);
    struct id_entry id = id_entry_of(&event, &hashes, time_ms);
    if (!seen_replay(seen, &id, was_reused, &error))
        fail_msg("%s", error.message);
    buffer_done(&facts);
}

/* The first content came at 0, other content behind it; a restart reads again what lies in the window. */
static void a_restart_knows_which_content_counts(void **state)
{
    (void)state;
    const struct usage_event first = event_with(.description = "first"), other = event_with(.description = "other");
    const struct row {
        const char *row;
        bool from_first, first_again; /* read again: the first record; a duplicate of it behind the other content */
        enum seen_answer of_first, of_other;
    } rows[] = {
        { "the whole chain", true, false, SEEN_DUPLICATE, SEEN_REUSED },
        { "its end alone: nothing is the same", false, false, SEEN_REUSED, SEEN_REUSED },
        { "its end, with a duplicate", false, true, SEEN_DUPLICATE, SEEN_REUSED },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct rocks *rocks = open_rocks();
        struct seen *seen = open_seen(rocks, 100, 1024 * 1024);
        if (rows[i].from_first)
            replay_at(seen, first, 0, false);
        replay_at(seen, other, 60, true);
        if (rows[i].first_again)
            replay_at(seen, first, 90, false);
        replay_at(seen, other, 120, true);
        expect(rows[i].row, take_at(seen, other, 130) == rows[i].of_other, true);
        expect(rows[i].row, take_at(seen, first, 140) == rows[i].of_first, true);
        seen_close(seen);
        close_rocks(rocks);
    }
}

static void save(struct seen *seen, int64_t next)
{
    struct error error;
    if (!seen_save(seen, next, &error) || !seen_work(seen, &error))
        fail_msg("%s", error.message);
    assert_int_equal(seen_unsaved(seen), 0);
    assert_int_equal(seen_next(seen), next);
}

static void an_id_is_unique_within_its_account(void **state)
{
    (void)state;
    struct rocks *rocks = open_rocks();
    struct seen *seen = open_seen(rocks, SEEN_FOR_EVER, 1024 * 1024);
    const struct {
        const char *id, *account;
        enum seen_answer answer;
    } rows[] = {
        { "1", "000000000001", SEEN_NEW },       { "1", "000000000001", SEEN_DUPLICATE },
        { "1", "000000000002", SEEN_NEW },       { "2", "000000000001", SEEN_NEW },
        { "11", "000000000001", SEEN_NEW },      { "1", "000000000002", SEEN_DUPLICATE },
        { "1", "000000000001", SEEN_DUPLICATE }, { "1 ", "000000000001", SEEN_NEW },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        assert_int_equal(take(seen, event_with(.event_id = rows[i].id, .usage_account_id = rows[i].account)),
                         rows[i].answer);
    static char large[4001];
    memset(large, 'x', sizeof large - 1);
    assert_int_equal(take(seen, event_with(.event_id = large)), SEEN_NEW);
    assert_int_equal(take(seen, event_with(.event_id = large)), SEEN_DUPLICATE);
    assert_int_equal(take(seen, event_with(.event_id = large + 1)), SEEN_NEW);
    seen_close(seen);
    close_rocks(rocks);
}

static void any_other_field_makes_it_other_content(void **state)
{
    (void)state;
    const struct usage_event base = event_with(.usage_end = "2026-06-01T01:00:00Z", .tags = "a=1");
#define OTHER(...) event_with(.usage_end = "2026-06-01T01:00:00Z", .tags = "a=1", __VA_ARGS__)
    const struct usage_event others[] = {
        OTHER(.payer_account_id = "100000000001"),
        OTHER(.billing_entity = "AWS Marketplace"),
        OTHER(.line_item_type = "Fee"),
        OTHER(.product_code = "AmazonS3"),
        OTHER(.usage_type = "other"),
        OTHER(.operation = "o"),
        OTHER(.sku = "s"),
        OTHER(.region = "r"),
        OTHER(.availability_zone = "z"),
        OTHER(.resource_id = "i"),
        OTHER(.usage_start = "2026-06-01T00:00:00.001Z"),
        OTHER(.unit = "u"),
        OTHER(.usage_amount = "1.0000000001"),
        OTHER(.currency = "USD"),
        OTHER(.public_on_demand_rate = "0"),
        OTHER(.public_on_demand_cost = "0"),
        OTHER(.unblended_cost = "0"),
        OTHER(.unblended_cost = "0.00000000000000000001"),
        OTHER(.reservation_arn = "a"),
        OTHER(.reservation_effective_cost = "0"),
        OTHER(.savings_plan_arn = "a"),
        OTHER(.savings_plan_rate = "0"),
        OTHER(.savings_plan_effective_cost = "0"),
        OTHER(.normalization_factor = "0"),
        OTHER(.description = "d"),
        event_with(.usage_end = "2026-06-01T01:00:00.001Z", .tags = "a=1"),
        event_with(.tags = "a=1"),
        event_with(.usage_end = "2026-06-01T01:00:00Z", .tags = "a=2"),
        event_with(.usage_end = "2026-06-01T01:00:00Z"),
        event_with(.usage_end = "2026-06-01T01:00:00Z", .tags = "a=1;b=1"),
    };
#undef OTHER
    struct rocks *rocks = open_rocks();
    struct seen *seen = open_seen(rocks, SEEN_FOR_EVER, 1024 * 1024);
    assert_int_equal(take(seen, base), SEEN_NEW);
    for (size_t i = 0; i < ARRAY_COUNT(others); i++)
        if (take(seen, others[i]) != SEEN_REUSED)
            fail_msg("row %zu", i);
    assert_int_equal(take(seen, base), SEEN_DUPLICATE); /* the first content stays */
    assert_int_equal(take(seen, event_with(.usage_end = "2026-06-01T03:00:00+02:00", .tags = "a=1", .usage_amount = "1.00",
                                           .line_item_type = "Usage")),
                     SEEN_DUPLICATE); /* the same said otherwise */
    seen_close(seen);
    close_rocks(rocks);
}

/* What the model remembers of an id. */
struct remembered {
    int64_t time_ms; /* −1: it never came */
    unsigned char content;
};

static enum seen_answer answer_of(struct remembered *known, unsigned char content, int64_t time_ms, int64_t window_ms)
{
    bool is_known = known->time_ms >= 0 && time_ms - known->time_ms <= window_ms;
    enum seen_answer answer = !is_known ? SEEN_NEW : known->content == content ? SEEN_DUPLICATE : SEEN_REUSED;
    *known = (struct remembered){ time_ms, is_known ? known->content : content };
    return answer;
}

static void answers_are_exact_however_often_ids_are_saved_and_taken_up(void **state)
{
    (void)state;
    static const struct {
        int64_t window_ms;
        size_t bytes_max;
        unsigned ids, events, reopen_every;
    } rows[] = {
        { SEEN_FOR_EVER, 0, 12000, 30000, 0 },
        { SEEN_FOR_EVER, 1000, 5000, 20000, 977 },
        { SEEN_FOR_EVER, 200000, 30000, 60000, 0 },
        { SEEN_FOR_EVER, 16 << 20, 20000, 40000, 0 },
        { 20000, 100000, 12000, 120000, 9001 },
        { 3000, 0, 9000, 60000, 0 },
        { 0, 0, 100, 1000, 0 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct rocks *rocks = open_rocks();
        struct seen *seen = open_seen(rocks, rows[i].window_ms, rows[i].bytes_max);
        struct remembered *model = memory_new_array(rows[i].ids, sizeof *model);
        for (unsigned n = 0; n < rows[i].ids; n++)
            model[n].time_ms = -1;
        random_state = 100 + i;
        for (unsigned n = 1; n <= rows[i].events; n++) {
            char id[16];
            uint64_t number = random_below(rows[i].ids);
            unsigned char content = (unsigned char)(1 + random_below(random_below(3) ? 1 : 3));
            static const char *const amounts[] = { "", "1", "2", "3" };
            snprintf(id, sizeof id, "id%llu", (unsigned long long)number);
            int64_t time_ms = n - (int64_t)random_below(n < 10 ? 1 : 10); /* broker time all but grows */
            enum seen_answer wanted =
                rows[i].window_ms == 0 ? SEEN_NEW : answer_of(&model[number], content, time_ms, rows[i].window_ms);
            if (take_at(seen, event_with(.event_id = id, .usage_amount = amounts[content]), time_ms) != wanted)
                fail_msg("row %zu, event %u", i, n);
            if (seen_is_full(seen) || random_below(3000) == 0)
                save(seen, n);
            if (rows[i].reopen_every && n % rows[i].reopen_every == 0) {
                save(seen, n);
                seen_close(seen);
                seen = open_seen(rocks, rows[i].window_ms, rows[i].bytes_max);
                assert_int_equal(seen_next(seen), n);
            }
            /* The smallest table is 32 KiB; beyond it the budget holds. */
            assert_true(seen_bytes(seen) <= rows[i].bytes_max + 40000);
        }
        free(model);
        seen_close(seen);
        close_rocks(rocks);
    }
}

static void what_was_not_saved_is_forgotten(void **state)
{
    (void)state;
    struct rocks *rocks = open_rocks();
    struct seen *seen = open_seen(rocks, 1000, 1 << 20);
    assert_int_equal(seen_next(seen), ID_RUNS_NONE);
    take_at(seen, event_with(.event_id = "saved"), 100);
    save(seen, 7);
    take_at(seen, event_with(.event_id = "lost"), 200);
    seen_close(seen);
    seen = open_seen(rocks, 1000, 1 << 20);
    assert_int_equal(seen_next(seen), 7);
    assert_int_equal(take_at(seen, event_with(.event_id = "saved"), 300), SEEN_DUPLICATE);
    assert_int_equal(take_at(seen, event_with(.event_id = "lost"), 300), SEEN_NEW);
    seen_close(seen);
    close_rocks(rocks);
}

static void accepted_events_only_change_by_their_content(void **state)
{
    (void)state;
    struct buffer facts = { 0 };
    struct usage_event a = event_with(), b = event_with(.event_id = "other", .usage_account_id = "222222222222");
    facts_encode(&a, &facts);
    struct row_hashes of_a = row_hashes_of(buffer_text(&facts), a.resource_id),
                      of_b = row_hashes_of(buffer_text(&facts), b.resource_id);
    assert_true(usage_event_content_hash(&a, &of_a) == usage_event_content_hash(&b, &of_b));
    buffer_done(&facts);
    seen_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restart_knows_which_content_counts),
        cmocka_unit_test(an_id_is_unique_within_its_account),
        cmocka_unit_test(any_other_field_makes_it_other_content),
        cmocka_unit_test(answers_are_exact_however_often_ids_are_saved_and_taken_up),
        cmocka_unit_test(what_was_not_saved_is_forgotten),
        cmocka_unit_test(accepted_events_only_change_by_their_content),
    };
    return cmocka_run_group_tests_name("store/seen", tests, scratch_setup, scratch_teardown);
}
