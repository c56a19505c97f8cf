/* run/worker_clock.c: what time it is for a worker: a simulator has clocks of its own. */
#include <time.h>

#include "run/worker_parts.h"

int64_t worker_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t worker_now_ms(const struct worker *worker)
{
    return worker->options->clock_ms ? worker->options->clock_ms(worker->options->port_context) : worker_clock_us() / 1000;
}

int64_t worker_real_ms(const struct worker *worker)
{
    struct timespec now;
    if (worker->options->wall_clock_ms)
        return worker->options->wall_clock_ms(worker->options->port_context);
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
