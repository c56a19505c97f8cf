/* money/cents.c: largest remainder allocation. */
#include "money/cents.h"

#include <stdlib.h>

#include "base/memory.h"

#define COST_PER_CENT_EXPONENT 22

i128 cents_of(const struct sum *cost)
{
    struct sum cents = sum_divide_power(cost, COST_PER_CENT_EXPONENT);
    return sum_modulo(&cents); /* at most 10^35 */
}

static i128 floor_cents(const struct sum *cost, i128 *remainder)
{
    i128 cents = cents_of(cost);
    struct sum whole = sum_of(cents), left = *cost;
    bool fits = sum_multiply_power(&whole, COST_PER_CENT_EXPONENT, &whole);
    CHECK(fits); /* it is the cost but for half a cent */
    sum_subtract(&left, &whole);
    *remainder = sum_modulo(&left);
    if (*remainder < 0) {
        *remainder += decimal_power(COST_PER_CENT_EXPONENT);
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

void cents_allocate(const struct sum *costs, size_t count, i128 *ret_cents)
{
    struct part *parts = memory_new_array(count, sizeof *parts);
    struct sum total = { 0 };
    i128 floors = 0;
    for (size_t i = 0; i < count; i++) {
        sum_add_sum(&total, &costs[i]);
        ret_cents[i] = floor_cents(&costs[i], &parts[i].remainder);
        parts[i].index = i;
        floors += ret_cents[i];
    }
    qsort(parts, count, sizeof *parts, compare_parts);
    i128 missing = cents_of(&total) - floors; /* 0..count: each floor lost less than a cent */
    for (size_t i = 0; i < count && missing > 0; i++, missing--)
        ret_cents[parts[i].index]++;
    free(parts);
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
