/* tasks/restore_decision.c: marker against committed offset. */
#include "tasks/restore_decision.h"

static bool agree(const struct restore_facts *facts)
{
    if (facts->has_marker && facts->newest_row > facts->marker_transaction)
        return false;
    /* Offsets that are gone have expired while every process was away: the marker is never younger than they were. */
    if (!facts->has_committed)
        return facts->has_marker || facts->newest_row == 0;
    if (!facts->has_marker)
        return false;
    /* The number tells transactions apart that moved no offset. */
    return facts->marker_offset == facts->committed_offset &&
           (facts->committed_transaction == 0 || facts->committed_transaction == facts->marker_transaction);
}

enum restore_verdict restore_decide(const struct restore_facts *facts)
{
    /* Without an offset nothing tells whether the open transaction is the one that the marker lacks. */
    bool is_whole = agree(facts) && (facts->has_committed || !facts->is_open_behind || !facts->may_wait);
    if (is_whole)
        return facts->has_marker ? RESTORE_FROM_MARKER : RESTORE_FROM_BEGINNING;
    if (facts->is_open_behind && facts->may_wait)
        return RESTORE_WAITS;
    return facts->repair && facts->has_marker ? RESTORE_FROM_MARKER : RESTORE_TORN;
}
