/* cli/progress.h: one line on a terminal while work goes on; nothing where standard error is no terminal. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "pipeline/price_run.h"

struct progress_line {
    bool on_terminal, shown;
    int64_t started_ms, last_ms;
    const char *phase;
};

struct progress progress_line_start(struct progress_line *line);
void progress_line_clear(struct progress_line *line);

#endif
