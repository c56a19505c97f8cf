/* money/cents.c: largest remainder allocation. */
#include "money/cents.h"

#include <stdlib.h>

#include "base/memory.h"
#include "money/sum.h"

#define COST_PER_CENT_EXPONENT 22

i128 cents_of(i128 cost)
{
    i128 cents;
    enum decimal_status status = decimal_rescale(cost, COST_SCALE, 2, &cents);
    CHECK(status == DECIMAL_EXACT || status == DECIMAL_ROUNDED);
    return cents;
}

static i128 floor_cents(i128 cost, i128 *remainder)
{
    i128 unit = decimal_power(COST_PER_CENT_EXPONENT);
    i128 cents = cost / unit;
    *remainder = cost % unit;
    if (*remainder < 0) {
        *remainder += unit;
        cents--;
    }
    return cents;
}

struct part {
    i128 remainder;
    size_t index;
};

static int compare_parts(const void *left, const void *right)
{
    const struct part *a = left, *b = right;
    if (a->remainder != b->remainder)
        return a->remainder > b->remainder ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

bool cents_allocate(const i128 *costs, size_t count, i128 *ret_cents)
{
    struct part *parts = memory_new_array(count, sizeof *parts);
    struct sum sum = { 0 }; /* only the whole may be too large, not what adds up on the way */
    i128 total, floors = 0;
    for (size_t i = 0; i < count; i++) {
        sum_add(&sum, costs[i]);
        ret_cents[i] = floor_cents(costs[i], &parts[i].remainder);
        parts[i].index = i;
        floors += ret_cents[i];
    }
    bool fits = sum_value(&sum, &total);
    if (fits) {
        qsort(parts, count, sizeof *parts, compare_parts);
        i128 missing = cents_of(total) - floors; /* 0..count: each floor lost less than a cent */
        for (size_t i = 0; i < count && missing > 0; i++, missing--)
            ret_cents[parts[i].index]++;
    }
    free(parts);
    return fits;
}

size_t cents_format(i128 cents, char out[DECIMAL_TEXT_MAX + 16])
{
    char plain[DECIMAL_TEXT_MAX];
    size_t digits = decimal_format((i128)(decimal_magnitude(cents) / 100), 0, plain);
    char *at = out;
    if (cents < 0)
        *at++ = '-';
    for (size_t i = 0; i < digits; i++) {
        if (i > 0 && (digits - i) % 3 == 0)
            *at++ = ',';
        *at++ = plain[i];
    }
    unsigned fraction = (unsigned)(decimal_magnitude(cents) % 100);
    *at++ = '.';
    *at++ = (char)('0' + fraction / 10);
    *at++ = (char)('0' + fraction % 10);
    *at = '\0';
    return (size_t)(at - out);
}
