/* run/worker_hold.c: usage that waits for a close which is on its way. */
#include "run/worker_parts.h"

#define HOLD_MS 15000 /* a closer needs a second or two between announcement and close */
#define SLEPT_MS 500  /* a worker whose turn took longer has slept: a suspended machine, no CPU */

/*
 * Usage of a month whose close is announced waits until the close is there, or its closer has been silent for too long. A
 * worker that has slept may have slept through an announcement: it asks how far the conductor topic goes and holds all usage
 * until it has read so far.
 */
void worker_hold_usage(struct worker *worker, int64_t since_turn_ms)
{
    struct error ignored;
    int64_t offset, now = worker->world.now_ms;
    if (since_turn_ms > SLEPT_MS && worker->control_read) {
        worker->held_until_ms = now + HOLD_MS;
        if (!worker->stream->ops->high(worker->stream, STREAM_CONDUCTOR, 0, &worker->control_until, &ignored))
            worker->control_until = OFFSET_NONE;
    }
    billing_period announced = conductor_topic_announced(worker->control, &offset);
    if (announced != PERIOD_NONE && offset != worker->announced_offset) {
        worker->announced_offset = offset;
        worker->held_until_ms = now + HOLD_MS;
    }
    worker->world.held = announced != PERIOD_NONE && now < worker->held_until_ms ? announced : PERIOD_NONE;
    if (worker->control_until > worker->control_end && now < worker->held_until_ms)
        worker->world.held = PERIOD_MAX;
}
