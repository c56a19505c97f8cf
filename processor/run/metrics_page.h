/* run/metrics_page.h: what the workers show, in Prometheus' text format; and whether they are ready. */
#ifndef RUN_METRICS_PAGE_H
#define RUN_METRICS_PAGE_H

#include "base/buffer.h"
#include "run/worker.h"

struct shown_workers {
    const struct worker_status **statuses;
    size_t count;
};

unsigned metrics_page(void *context, struct buffer *body);
/* 200 as long as every worker's loop goes round; a loop that has not for minutes hangs. */
unsigned health_page(void *context, struct buffer *body);
/* 200 when every worker has its partitions restored; else 503, and names the tasks that are stopped. */
unsigned ready_page(void *context, struct buffer *body);

#endif
