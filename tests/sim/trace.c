/* sim/trace.c: lines on standard error. */
#include "sim/trace.h"

#include <stdarg.h>
#include <stdio.h>

static bool is_on;
static int64_t first_ms = -1, time_ms;

void trace_switch(bool on)
{
    is_on = on;
    first_ms = -1;
}

bool trace_is_on(void)
{
    return is_on;
}

void trace_set_time(int64_t now_ms)
{
    if (first_ms < 0)
        first_ms = now_ms;
    time_ms = now_ms;
}

void trace(const char *format, ...)
{
    va_list args;
    if (!is_on)
        return;
    fprintf(stderr, "%10.3f ", (double)(time_ms - first_ms) / 1000);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}
