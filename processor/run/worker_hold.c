/* run/worker_hold.c: usage that waits for a close which is on its way. */
#include "run/worker_parts.h"

#define HOLD_MS 15000 /* a closer needs a second or two between announcement and close */
#define SLEPT_MS 500  /* a worker whose turn took longer has slept: a suspended machine, no CPU */
#define ASK_MS 1000
#define UNKNOWN_END INT64_MAX /* nobody answered */

/* Its broker may be the one that died: the answer is not waited for, and the time that it took is no sleep. */
static void ask_for_end(struct worker *worker)
{
    struct error ignored;
    if (!worker->stream->ops->high(worker->stream, STREAM_CONDUCTOR, 0, ASK_MS, &worker->control_until, &ignored))
        worker->control_until = UNKNOWN_END;
    worker->world.now_ms = worker_now_ms(worker);
}

/*
 * Usage of a month whose close is announced waits until the close is there, or its closer has been silent for too long. A
 * worker that has slept may have slept through an announcement: it asks how far the conductor topic goes, again while nobody
 * answers, and holds all usage until it has read so far.
 */
void worker_hold_usage(struct worker *worker, int64_t since_turn_ms)
{
    int64_t offset, now = worker->world.now_ms;
    bool has_slept = since_turn_ms > SLEPT_MS && worker->control_read;
    if (has_slept)
        worker->held_until_ms = now + HOLD_MS;
    if (has_slept || (worker->control_until == UNKNOWN_END && now < worker->held_until_ms))
        ask_for_end(worker);
    now = worker->world.now_ms;
    billing_period announced = conductor_topic_announced(worker->control, &offset);
    if (announced != PERIOD_NONE && offset != worker->announced_offset) {
        worker->announced_offset = offset;
        worker->held_until_ms = now + HOLD_MS;
    }
    worker->world.held = announced != PERIOD_NONE && now < worker->held_until_ms ? announced : PERIOD_NONE;
    if (worker->control_until > worker->control_end && now < worker->held_until_ms)
        worker->world.held = PERIOD_MAX;
}
