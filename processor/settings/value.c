/* settings/value.c: one reader for all units. */
#include "settings/value.h"

#include <inttypes.h>
#include <stdio.h>

struct unit {
    const char *suffix;
    int64_t factor;
};

/* The first that divides a number prints it, so larger ones come first; decimal sizes are read but never printed. */
static const struct unit size_units[] = {
    { "TiB", INT64_C(1) << 40 },
    { "GiB", INT64_C(1) << 30 },
    { "MiB", INT64_C(1) << 20 },
    { "KiB", INT64_C(1) << 10 },
    { "", 1 },
    { "B", 1 },
    { "kB", 1000 },
    { "MB", 1000000 },
    { "GB", 1000000000 },
    { "TB", 1000000000000 },
};
static const struct unit duration_units[] = {
    { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 },
};

/* The digits at the start; *rest is what follows them. */
static bool take_digits(struct text text, int64_t *number, struct text *rest)
{
    size_t i = 0;
    *number = 0;
    for (; i < text.size && text.data[i] >= '0' && text.data[i] <= '9'; i++)
        if (__builtin_mul_overflow(*number, 10, number) || __builtin_add_overflow(*number, text.data[i] - '0', number))
            return false;
    *rest = (struct text){ text.data + i, text.size - i };
    return i > 0;
}

static bool take_unit(struct text text, const struct unit *units, size_t count, int64_t *value)
{
    int64_t number;
    struct text suffix;
    if (!take_digits(text, &number, &suffix))
        return false;
    for (size_t i = 0; i < count; i++)
        if (text_equal(suffix, text_of(units[i].suffix)))
            return !__builtin_mul_overflow(number, units[i].factor, value);
    return false;
}

bool value_integer(struct text text, int64_t *number)
{
    struct text rest;
    return take_digits(text, number, &rest) && rest.size == 0;
}

bool value_size(struct text text, int64_t *bytes)
{
    return take_unit(text, size_units, ARRAY_COUNT(size_units), bytes);
}

bool value_duration(struct text text, int64_t *milliseconds)
{
    *milliseconds = 0;
    return text_equal(text, TEXT("0")) || take_unit(text, duration_units, ARRAY_COUNT(duration_units), milliseconds);
}

static void format_unit(int64_t value, const struct unit *units, char out[VALUE_TEXT_MAX])
{
    while (value % units->factor != 0)
        units++;
    snprintf(out, VALUE_TEXT_MAX, "%" PRId64 "%s", value / units->factor, units->suffix);
}

void value_size_format(int64_t bytes, char out[VALUE_TEXT_MAX])
{
    if (bytes == 0)
        snprintf(out, VALUE_TEXT_MAX, "0");
    else
        format_unit(bytes, size_units, out);
}

void value_duration_format(int64_t milliseconds, char out[VALUE_TEXT_MAX])
{
    if (milliseconds == 0)
        snprintf(out, VALUE_TEXT_MAX, "0");
    else /* one day is 24h, as people say */
        format_unit(milliseconds, duration_units + (milliseconds == duration_units[0].factor), out);
}
