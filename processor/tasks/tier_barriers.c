/*
 * tasks/tier_barriers.c: when a tier task has all of a month that is being closed (SEMANTICS 3.6). Usage tasks say so with
 * a barrier each. Tier tasks hand rows to each other, too, and send on what came to the wrong one: each says once that it
 * has all of the usage tasks and no row of its own that is another's, and once more, when all others have said that, that
 * nothing is left of what they had sent it either. Behind the second word of all there is nothing any more.
 */
#include "tasks/task_parts.h"

static int32_t tier_count(const struct task *task)
{
    return task->world->stream->ops->partition_count(task->world->stream, STREAM_TIERED);
}

static bool all_have_said(const struct task *task, billing_period period, bool is_last)
{
    for (int32_t partition = 0; partition < tier_count(task); partition++)
        if (!marker_has_barrier(&task->marker, period,
                                (int32_t)task_number_of(task->world->stream, STREAM_TIERED, partition), is_last))
            return false;
    return true;
}

static bool has_said(const struct task *task, billing_period period, bool is_last)
{
    return marker_has_barrier(&task->marker, period, (int32_t)task->number, is_last);
}

enum tier_turn tier_turn_of(const struct task *task, billing_period period)
{
    if (!has_said(task, period, false))
        return TIER_SAYS_SWEPT;
    if (!all_have_said(task, period, false))
        return TIER_WAITS;
    if (!has_said(task, period, true))
        return TIER_SAYS_LAST;
    return all_have_said(task, period, true) ? TIER_CLOSES : TIER_WAITS;
}

enum stream_outcome tier_say(struct task *task, billing_period period, bool is_last, struct error *error)
{
    const struct tier_message message = { .kind = is_last ? TIER_MESSAGE_LAST : TIER_MESSAGE_SWEPT };
    enum stream_outcome outcome = OUTCOME_DONE;
    for (int32_t partition = 0; partition < tier_count(task) && outcome == OUTCOME_DONE; partition++)
        if (partition != task->input.partition)
            outcome = task_send_to_tier(task, partition, period, &message, error);
    marker_add_barrier(&task->marker, period, (int32_t)task->number, is_last);
    return outcome;
}
