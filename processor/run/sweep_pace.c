/* run/sweep_pace.c: steps grow while commits are short, and shrink when they are long. */
#include "run/sweep_pace.h"

#define ROWS_MIN ((size_t)500)
#define ROWS_MAX ((size_t)20000)
#define SHORT_MS 100
#define LONG_MS 250

size_t sweep_pace_rows(size_t rows, int64_t took_ms)
{
    if (took_ms > LONG_MS)
        return rows / 2 < ROWS_MIN ? ROWS_MIN : rows / 2;
    if (took_ms < SHORT_MS)
        return rows * 2 > ROWS_MAX ? ROWS_MAX : rows * 2;
    return rows;
}

int64_t sweep_pace_next(int64_t begun_ms, int64_t ended_ms, int64_t due_ms)
{
    int64_t next = ended_ms + (ended_ms - begun_ms);
    return next > due_ms ? next : due_ms;
}
