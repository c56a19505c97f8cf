/* run/worker_control.c: the conductor topic: read once to its end, and anew by who may have missed something of it. */
#include "observe/logging.h"
#include "run/worker_parts.h"

#define CONTROL_RECORDS 8192
#define CONTROL_AGE_MAX_MS (INT64_C(12) * 3600 * 1000) /* half of what the conductor topic keeps of deletions */

bool worker_take_control(void *context, const struct stream_record *record, struct error *error)
{
    struct worker *worker = context;
    /* What cannot be read is passed over: one broken record must not keep everybody from starting. */
    if (!conductor_topic_take(worker->control, record, error))
        log_event(LOGGING_ERROR, "conductor_record_passed_over", LOG_NUMBER("offset", record->offset),
                  LOG_TEXT("reason", error->message));
    worker->control_next = record->offset + 1;
    worker->control_moved = true;
    return true;
}

/* Whether the topic had grown by the time that its end was reached. */
static bool has_grown(struct worker *worker)
{
    struct error ignored;
    int64_t first, end;
    return worker->stream->ops->range(worker->stream, STREAM_CONDUCTOR, 0, &first, &end, &ignored) &&
           end > worker->control_next;
}

/* Read once to its end, step by step; from there on its records come along with all others. */
enum stream_outcome worker_read_control(struct worker *worker, struct error *error)
{
    struct stream *stream = worker->stream;
    struct stream_reading reading;
    if (!worker->control_begun && !stream->ops->restore_begin(stream, STREAM_CONDUCTOR, 0, worker->control_next, error))
        return OUTCOME_INDETERMINATE;
    worker->control_begun = true;
    if (!stream->ops->restore_step(stream, CONTROL_RECORDS, worker_take_control, worker, &reading, error))
        return OUTCOME_INDETERMINATE;
    if (!reading.ended)
        return OUTCOME_DONE;
    worker->control_next = worker->control_end = reading.next;
    worker->control_begun = conductor_topic_is_whole(worker->control) || !has_grown(worker);
    if (!worker->control_begun)
        return OUTCOME_DONE; /* the rest of a document */
    worker->control_read = true;
    worker_follow_control(worker, true, error);
    return worker_assign(worker, error) ? OUTCOME_DONE : OUTCOME_INDETERMINATE;
}

/*
 * Who has not heard of the brokers for so long may have missed that something of the document was deleted: compaction has
 * taken the deletion, too. All is read anew.
 */
bool worker_has_missed_deletions(struct worker *worker)
{
    int64_t heard = worker->heard_ms, heard_real = worker->heard_real_ms;
    if (worker->stream->ops->is_reachable(worker->stream)) {
        worker->heard_ms = worker->world.now_ms;
        worker->heard_real_ms = worker->world.real_now_ms;
    }
    /* By both clocks: one of them stops while a machine is suspended. */
    return heard != 0 && (worker->world.now_ms - heard > CONTROL_AGE_MAX_MS ||
                          worker->world.real_now_ms - heard_real > CONTROL_AGE_MAX_MS);
}
