/* cli/progress.c: redraws ten times a second. */
#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define REDRAW_MS 100

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void update(void *context, const char *phase, uint64_t done, uint64_t bytes_read, uint64_t bytes_total)
{
    struct progress_line *line = context;
    if (!line->on_terminal)
        return;
    int64_t now = now_ms();
    if (line->phase != phase) {
        line->phase = phase;
        line->started_ms = now;
    }
    if (now - line->last_ms < REDRAW_MS)
        return;
    line->last_ms = now;
    line->shown = true;
    uint64_t elapsed = (uint64_t)(now - line->started_ms) + 1;
    fprintf(stderr, "\r\033[K%s: %llu, %llu/s", phase, (unsigned long long)done,
            (unsigned long long)(done * 1000 / elapsed));
    if (bytes_total > 0 && bytes_read <= bytes_total)
        fprintf(stderr, ", %llu %% of the input", (unsigned long long)(bytes_read * 100 / bytes_total));
}

struct progress progress_line_start(struct progress_line *line)
{
    *line = (struct progress_line){ .on_terminal = isatty(STDERR_FILENO) == 1 };
    return (struct progress){ line, update };
}

void progress_line_clear(struct progress_line *line)
{
    if (line->shown)
        fprintf(stderr, "\r\033[K");
    line->shown = false;
}
