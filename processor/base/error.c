/* base/error.c: error values and failed checks. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool error_fail(struct error *error, enum error_kind kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    error->kind = kind;
    vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    return false;
}

void check_failed(const char *claim, const char *file, int line)
{
    fprintf(stderr, "level=fatal event=broken_invariant claim=\"%s\" at=%s:%d\n", claim, file, line);
    abort();
}
