/* run/worker_memory.c: the memory of a worker's rows, and who lets go of them. */
#include "run/worker_parts.h"

size_t worker_measure(const struct worker *worker)
{
    size_t bytes = 0;
    for (size_t i = 0; i < worker->task_count; i++)
        bytes += task_bytes(worker->tasks[i]);
    return bytes;
}

bool worker_memory_is_short(const struct worker *worker)
{
    return worker->world.rows_used > worker->world.rows_memory;
}

void worker_relieve(struct worker *worker)
{
    size_t most = SIZE_MAX; /* each in its turn: one that cannot let go is passed over */
    while ((worker->world.rows_used = worker_measure(worker)) > worker->world.rows_memory / 2) {
        struct task *largest = NULL;
        for (size_t i = 0; i < worker->task_count; i++)
            if (worker_is_active(worker->tasks[i]) && task_bytes(worker->tasks[i]) < most &&
                (!largest || task_bytes(worker->tasks[i]) > task_bytes(largest)))
                largest = worker->tasks[i];
        if (!largest)
            return;
        most = task_bytes(largest);
        task_forget(largest);
    }
}
