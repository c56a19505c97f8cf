/*
 * tasks/restore_decision.h: whether what a restore has read is the whole truth (SEMANTICS 5). Pure.
 *
 * The marker is the last record of a task's transaction in its line-items partition, the committed offset is what the group
 * coordinator got with the same transaction. A transaction is in both or in neither; where they differ either its end has
 * not come through everywhere yet, which is waited for, or it was torn.
 */
#ifndef TASKS_RESTORE_DECISION_H
#define TASKS_RESTORE_DECISION_H

#include <stdbool.h>
#include <stdint.h>

struct restore_facts {
    bool has_marker;
    int64_t marker_transaction, marker_offset;
    bool has_committed;
    int64_t committed_transaction; /* 0: the offset does not say; then offsets alone are compared */
    int64_t committed_offset;
    int64_t newest_row;  /* the transaction of the newest row read; 0: none */
    bool is_open_behind; /* records of an open transaction lie behind what could be read */
    bool may_wait;       /* that transaction can still be alive */
    bool repair;         /* the operator takes the marker's word */
};

enum restore_verdict {
    RESTORE_FROM_BEGINNING,
    RESTORE_FROM_MARKER,
    RESTORE_WAITS, /* read on until the open transaction has ended */
    RESTORE_TORN,
};

enum restore_verdict restore_decide(const struct restore_facts *facts);

#endif
