/* run/worker_document.c: how a new version of the document comes into force. */
#include "observe/logging.h"
#include "run/worker_parts.h"

/* No close begins meanwhile: one that came before a part may be under a version that came before it, too. */
static void tell_pending(struct worker *worker)
{
    worker->world.document_pending = worker->document && (worker->next_document || worker->control_is_part);
}

/*
 * The first document starts the tasks. A later one takes its place between two transactions, when nothing is half written,
 * and when no task is in the middle of a close, which ends under the document under which it began.
 */
void worker_change_document(struct worker *worker)
{
    struct document_version *before = worker->document;
    if (!worker->next_document || worker->in_transaction || worker_any_task(worker, task_is_closing))
        return;
    worker->document = worker->next_document;
    worker->next_document = NULL;
    worker->world.document = worker->document;
    tell_pending(worker);
    atomic_store(&worker->status->document, worker->document->number);
    log_event(LOGGING_INFO, "document_in_force", LOG_NUMBER("worker", worker->options->number),
              LOG_NUMBER("version", worker->document->number));
    if (!before)
        worker_make_tasks(worker);
    for (size_t i = 0; i < worker->task_count && before; i++)
        task_follow_document(worker->tasks[i]);
    document_version_free(before);
}

/* Of several new ones the newest counts. */
static void read_newest(struct worker *worker, struct error *error)
{
    int64_t version = conductor_topic_version(worker->control);
    struct document_version *document;
    if (version == 0 || (worker->document && worker->document->number == version) ||
        (worker->next_document && worker->next_document->number == version))
        return;
    if (!document_version_read(worker->control, &document, error)) {
        log_event(LOGGING_ERROR, "document_refused", LOG_NUMBER("version", version), LOG_TEXT("reason", error->message));
        return; /* a good one may follow */
    }
    document_version_free(worker->next_document);
    worker->next_document = document;
}

/*
 * Of a document that has come in part a later turn brings the rest, also where there is none before it; only at the topic's
 * end nothing is missing.
 */
void worker_follow_control(struct worker *worker, bool is_end, struct error *error)
{
    worker->control_moved = false;
    worker->control_is_part = !is_end && !conductor_topic_is_whole(worker->control);
    if (!worker->control_is_part)
        read_newest(worker, error);
    tell_pending(worker);
}
