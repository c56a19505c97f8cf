/* Which of a task's transactions are whole, by all that can be seen of them. */
#include "tasks/restore_decision.h"

#include "support/unit.h"

#define NONE (-1)

static void marker_and_offset_decide(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        int64_t marker, marker_offset;       /* NONE: no marker */
        int64_t committed_offset, committed; /* NONE: no offset; committed 0: it does not say which transaction */
        int64_t newest_row;
        bool open_behind, may_wait, repair;
        enum restore_verdict verdict;
    } rows[] = {
        { "nothing yet", NONE, 0, NONE, 0, 0, false, true, false, RESTORE_FROM_BEGINNING },
        { "nothing yet, but somebody's first transaction is open", NONE, 0, NONE, 0, 0, true, true, false, RESTORE_WAITS },
        { "it has been open for longer than it can live", NONE, 0, NONE, 0, 0, true, false, false, RESTORE_FROM_BEGINNING },
        { "both say the same", 7, 100, 100, 7, 7, false, true, false, RESTORE_FROM_MARKER },
        { "both say the same, a newer one is open: it cannot send its offsets", 7, 100, 100, 7, 7, true, true, false,
          RESTORE_FROM_MARKER },
        { "an offset without a number", 7, 100, 100, 0, 7, false, true, false, RESTORE_FROM_MARKER },
        { "the marker is behind, its end is on its way", 7, 100, 120, 8, 7, true, true, false, RESTORE_WAITS },
        { "the marker is behind by a transaction that moved no offset", 7, 100, 100, 8, 7, true, true, false,
          RESTORE_WAITS },
        { "that never came", 7, 100, 100, 8, 7, true, false, false, RESTORE_TORN },
        { "the marker is behind and nothing is open", 7, 100, 120, 8, 7, false, true, false, RESTORE_TORN },
        { "a transaction that moved no offset is lost", 7, 100, 100, 8, 7, false, true, false, RESTORE_TORN },
        { "the marker is ahead", 8, 120, 100, 7, 8, false, true, false, RESTORE_TORN },
        { "the marker is ahead, the operator takes it", 8, 120, 100, 7, 8, false, true, true, RESTORE_FROM_MARKER },
        { "an operator set the offset back by hand", 7, 100, 50, 0, 7, false, true, false, RESTORE_TORN },
        { "no marker, but an offset", NONE, 0, 100, 7, 0, false, true, false, RESTORE_TORN },
        { "no marker, but an offset: repair has nothing to take", NONE, 0, 100, 7, 0, false, true, true, RESTORE_TORN },
        { "no marker, but rows", NONE, 0, NONE, 0, 3, false, true, false, RESTORE_TORN },
        { "a row is newer than the marker", 7, 100, 100, 7, 8, false, true, false, RESTORE_TORN },
        { "a row is newer than the marker, which is on its way", 7, 100, 100, 7, 8, true, true, false, RESTORE_WAITS },
        { "a row is newer, the operator takes the marker's", 7, 100, 100, 7, 8, false, true, true, RESTORE_FROM_MARKER },
        { "the offsets have expired", 7, 100, NONE, 0, 7, false, true, false, RESTORE_FROM_MARKER },
        { "the offsets have expired and something is open", 7, 100, NONE, 0, 7, true, true, false, RESTORE_WAITS },
        { "the offsets have expired and a row is newer", 7, 100, NONE, 0, 8, false, true, false, RESTORE_TORN },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct restore_facts facts = {
            .has_marker = rows[i].marker != NONE,
            .marker_transaction = rows[i].marker == NONE ? 0 : rows[i].marker,
            .marker_offset = rows[i].marker_offset,
            .has_committed = rows[i].committed_offset != NONE,
            .committed_transaction = rows[i].committed,
            .committed_offset = rows[i].committed_offset,
            .newest_row = rows[i].newest_row,
            .is_open_behind = rows[i].open_behind,
            .may_wait = rows[i].may_wait,
            .repair = rows[i].repair,
        };
        expect_number(rows[i].why, restore_decide(&facts), rows[i].verdict);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(marker_and_offset_decide) };
    return cmocka_run_group_tests_name("tasks/restore_decision", tests, NULL, NULL);
}
