/* model/refusal.c: names of reasons. */
#include "model/refusal.h"

#include <stdarg.h>
#include <stdio.h>

const char *refusal_reason_text(enum refusal_reason reason)
{
    static const char *const texts[] = {
#define X(name, text) text,
        REFUSAL_REASONS(X)
#undef X
    };
    CHECK((unsigned)reason < REFUSAL_REASON_COUNT);
    return texts[reason];
}

bool refuse(struct refusal *refusal, enum refusal_reason reason, const char *field, struct text value, const char *format,
            ...)
{
    va_list args;
    va_start(args, format);
    refusal->reason = reason;
    refusal->field = field;
    refusal->value = value;
    vsnprintf(refusal->detail, sizeof refusal->detail, format, args);
    va_end(args);
    return false;
}
