/* run/sweep_log.c: one sweep at a time; a newer version is another sweep. */
#include "run/sweep_log.h"

enum sweep_news sweep_log_take(struct sweep_log *log, const struct task_progress *progress, int64_t now_ms,
                               int64_t *since_ms)
{
    if (progress->sweeping > 0 && progress->target != log->version) {
        log->version = progress->target;
        log->begun_ms = log->told_ms = now_ms;
        return SWEEP_BEGINS;
    }
    if (progress->sweeping > 0 && now_ms - log->told_ms >= SWEEP_LOG_MS) {
        log->told_ms = now_ms;
        return SWEEP_GOES_ON;
    }
    if (progress->sweeping > 0 || log->version == 0)
        return SWEEP_NO_NEWS;
    log->ended = log->version;
    log->version = 0;
    *since_ms = now_ms - log->begun_ms;
    return SWEEP_ENDS;
}
