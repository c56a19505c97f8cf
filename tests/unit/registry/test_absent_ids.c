/* registry/absent_ids: an "unknown" is doubted once, then believed for a while; doubts do not hold up a partition for ever. */
#include "support/unit.h"

#include "registry/absent_ids.h"

static struct absent_ids ids;

static void an_unknown_is_believed_when_it_was_said_twice_some_time_apart(void **state)
{
    (void)state;
    absent_ids_init(&ids, 0);
    assert_int_equal(absent_ids_look(&ids, 7, 0), ABSENT_ASK);
    absent_ids_missed(&ids, 7, 0);
    assert_int_equal(absent_ids_look(&ids, 7, 0), ABSENT_WAIT);
    assert_int_equal(absent_ids_look(&ids, 7, ABSENT_AGAIN_MS - 1), ABSENT_WAIT);
    assert_int_equal(absent_ids_look(&ids, 7, ABSENT_AGAIN_MS), ABSENT_ASK);
    absent_ids_missed(&ids, 7, ABSENT_AGAIN_MS);
    assert_int_equal(absent_ids_look(&ids, 7, ABSENT_AGAIN_MS), ABSENT_UNKNOWN);
    assert_int_equal(absent_ids_look(&ids, 7, ABSENT_AGAIN_MS + ABSENT_BELIEVED_MS - 1), ABSENT_UNKNOWN);
    assert_int_equal(absent_ids_look(&ids, 8, ABSENT_AGAIN_MS), ABSENT_ASK); /* of another nothing is known */
}

static void what_was_believed_for_long_is_asked_once_more_without_a_doubt(void **state)
{
    (void)state;
    int64_t later = 1000000;
    absent_ids_init(&ids, 0);
    absent_ids_missed(&ids, 7, 0);
    absent_ids_missed(&ids, 7, ABSENT_AGAIN_MS);
    assert_int_equal(absent_ids_look(&ids, 7, later), ABSENT_ASK);
    absent_ids_missed(&ids, 7, later);
    assert_int_equal(absent_ids_look(&ids, 7, later), ABSENT_UNKNOWN);
}

static void an_outage_is_no_unknown(void **state)
{
    (void)state;
    absent_ids_init(&ids, 0);
    for (int64_t now = 0; now < 100000; now += ABSENT_AGAIN_MS) {
        assert_int_equal(absent_ids_look(&ids, 7, now), ABSENT_ASK);
        absent_ids_unanswered(&ids, 7, now);
        assert_int_equal(absent_ids_look(&ids, 7, now), ABSENT_WAIT);
    }
    absent_ids_missed(&ids, 7, 100000);
    assert_int_equal(absent_ids_look(&ids, 7, 100000), ABSENT_WAIT);
    /* Believed, then asked in vain: it is not believed before it is said anew. */
    absent_ids_missed(&ids, 7, 200000);
    absent_ids_unanswered(&ids, 7, 300000);
    assert_int_equal(absent_ids_look(&ids, 7, 300000), ABSENT_WAIT);
    absent_ids_missed(&ids, 7, 400000);
    assert_int_equal(absent_ids_look(&ids, 7, 400000), ABSENT_UNKNOWN);
}

static void what_is_there_after_all_is_forgotten(void **state)
{
    (void)state;
    absent_ids_init(&ids, 0);
    absent_ids_missed(&ids, 7, 0);
    absent_ids_missed(&ids, 8, 0);
    absent_ids_found(&ids, 7);
    absent_ids_found(&ids, 9);
    assert_int_equal(absent_ids_look(&ids, 7, 0), ABSENT_ASK);
    assert_int_equal(absent_ids_look(&ids, 8, 0), ABSENT_WAIT);
}

static void a_flood_of_unknown_ids_is_held_up_by_its_first_few_only(void **state)
{
    (void)state;
    absent_ids_init(&ids, 0);
    size_t waits = 0;
    for (uint32_t id = 0; id < 100000; id++) {
        absent_ids_missed(&ids, id, 0);
        if (absent_ids_look(&ids, id, 0) == ABSENT_WAIT) {
            waits++;
            continue;
        }
        assert_int_equal(absent_ids_look(&ids, id, 0), ABSENT_ASK); /* at once, and then it is believed */
        absent_ids_missed(&ids, id, 0);
        assert_int_equal(absent_ids_look(&ids, id, 0), ABSENT_UNKNOWN);
    }
    assert_int_equal(waits, ABSENT_DOUBTS);
    absent_ids_missed(&ids, 200000, ABSENT_DOUBT_EVERY_MS - 1);
    assert_int_equal(absent_ids_look(&ids, 200000, ABSENT_DOUBT_EVERY_MS - 1), ABSENT_ASK);
    absent_ids_missed(&ids, 200001, ABSENT_DOUBT_EVERY_MS); /* doubts come back with time */
    assert_int_equal(absent_ids_look(&ids, 200001, ABSENT_DOUBT_EVERY_MS), ABSENT_WAIT);
}

static void an_id_that_is_looked_at_is_not_the_one_that_goes(void **state)
{
    (void)state;
    absent_ids_init(&ids, 0);
    absent_ids_missed(&ids, 1, 0);
    absent_ids_missed(&ids, 1, 0);
    for (uint32_t id = 100; id < 100 + 5 * ABSENT_IDS_ROOM; id++) {
        assert_int_equal(absent_ids_look(&ids, 1, 0), ABSENT_UNKNOWN);
        absent_ids_missed(&ids, id, 0);
    }
    assert_int_equal(ids.count, ABSENT_IDS_ROOM);
    assert_int_equal(absent_ids_look(&ids, 100, 0), ABSENT_ASK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_is_believed_when_it_was_said_twice_some_time_apart),
        cmocka_unit_test(what_was_believed_for_long_is_asked_once_more_without_a_doubt),
        cmocka_unit_test(an_outage_is_no_unknown),
        cmocka_unit_test(what_is_there_after_all_is_forgotten),
        cmocka_unit_test(a_flood_of_unknown_ids_is_held_up_by_its_first_few_only),
        cmocka_unit_test(an_id_that_is_looked_at_is_not_the_one_that_goes),
    };
    return cmocka_run_group_tests_name("registry/absent_ids", tests, NULL, NULL);
}
