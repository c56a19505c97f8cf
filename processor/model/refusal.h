/*
 * model/refusal.h: why an event is a dead letter. Follows from its bytes alone, never from a document (SEMANTICS 1).
 */
#ifndef MODEL_REFUSAL_H
#define MODEL_REFUSAL_H

#include "base/error.h"
#include "base/text.h"

#define REFUSAL_REASONS(X)                                                               \
    X(NONE, "none")                                                                      \
    X(MALFORMED, "MALFORMED")       /* no record of the format it came in */             \
    X(TRUNCATED, "TRUNCATED")       /* the input ends inside it */                       \
    X(TOO_LARGE, "TOO_LARGE")       /* over event.max.bytes */                           \
    X(BAD_ENCODING, "BAD_ENCODING") /* a text is not UTF-8 */                            \
    X(NUL_BYTE, "NUL_BYTE")         /* a text holds a zero byte */                       \
    X(MISSING_FIELD, "MISSING_FIELD")                                                    \
    X(BAD_ACCOUNT, "BAD_ACCOUNT") /* not 12 digits */                                    \
    X(BAD_TIME, "BAD_TIME")                                                              \
    X(END_BEFORE_START, "END_BEFORE_START")                                              \
    X(BAD_NUMBER, "BAD_NUMBER")                                                          \
    X(NUMBER_TOO_LARGE, "NUMBER_TOO_LARGE")                                              \
    X(EXCESS_DECIMALS, "EXCESS_DECIMALS") /* only with usage.excess.decimals = reject */ \
    X(BAD_FIELD, "BAD_FIELD")             /* of another type than the schema's */        \
    X(FUTURE, "FUTURE")                   /* usage_start beyond future.max */            \
    X(LATE, "LATE")                       /* only with late.usage = reject */            \
    X(EVENT_ID_REUSED, "EVENT_ID_REUSED") /* known id, other content */

enum refusal_reason {
#define X(name, text) REFUSAL_##name,
    REFUSAL_REASONS(X)
#undef X
        REFUSAL_REASON_COUNT
};

struct refusal {
    enum refusal_reason reason;
    const char *field; /* static, or NULL */
    struct text value; /* borrowed from the record, may be empty */
    char detail[192];  /* for a person: what was found and what was expected */
};

const char *refusal_reason_text(enum refusal_reason reason);

/* Fills *refusal and returns false. */
bool refuse(struct refusal *refusal, enum refusal_reason reason, const char *field, struct text value, const char *format,
            ...) PRINTF_LIKE(5, 6);

#endif
