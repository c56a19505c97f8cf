/* support/unit.h: cmocka with its includes, and assertions that print the row they failed in. */
#ifndef SUPPORT_UNIT_H
#define SUPPORT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "money/sum.h"

/* A text literal as bytes, zero bytes included. */
#define BYTES(literal) ((struct text){ literal, sizeof(literal) - 1 })

static inline void expect_text(const char *row, struct text found, const char *expected)
{
    if (!text_equal(found, text_of(expected)))
        fail_msg("%s: found '%.*s', expected '%s'", row, TEXT_ARGS(found), expected);
}

/* Compares as texts, so that a failure shows decimals and not halves of integers. */
static inline void expect_decimal(const char *row, i128 found, unsigned scale, const char *expected)
{
    char text[DECIMAL_TEXT_MAX];
    decimal_format(found, scale, text);
    if (strcmp(text, expected) != 0)
        fail_msg("%s: found %s, expected %s", row, text, expected);
}

static inline void expect_sum(const char *row, struct sum found, unsigned scale, const char *expected)
{
    char text[SUM_TEXT_MAX];
    sum_format(&found, scale, text);
    if (strcmp(text, expected) != 0)
        fail_msg("%s: found %s, expected %s", row, text, expected);
}

static inline void expect_number(const char *row, long long found, long long expected)
{
    if (found != expected)
        fail_msg("%s: found %lld, expected %lld", row, found, expected);
}

static inline void expect(const char *row, bool found, bool expected)
{
    if (found != expected)
        fail_msg("%s: found %s, expected %s", row, found ? "true" : "false", expected ? "true" : "false");
}

/* The value of a literal that is exact at the scale. */
static inline i128 decimal(const char *text, unsigned scale)
{
    i128 value;
    enum decimal_status status = decimal_parse(text_of(text), scale, &value);
    CHECK(status == DECIMAL_EXACT);
    return value;
}

static inline struct sum sum_from(const char *text, unsigned scale)
{
    struct sum sum = { 0 };
    enum decimal_status status = sum_parse(text_of(text), scale, &sum);
    CHECK(status == DECIMAL_EXACT);
    return sum;
}

#endif
