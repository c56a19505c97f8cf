/* model/periods.c: a sorted array; nobody closes many months at once. */
#include "model/periods.h"

#include <stdlib.h>

#include "base/memory.h"

size_t periods_find(const struct periods *periods, billing_period period)
{
    for (size_t i = 0; i < periods->count; i++)
        if (periods->items[i] == period)
            return i;
    return PERIODS_NOT_FOUND;
}

void periods_add(struct periods *periods, billing_period period)
{
    size_t at = 0;
    while (at < periods->count && periods->items[at] < period)
        at++;
    if (at < periods->count && periods->items[at] == period)
        return;
    periods->items = memory_reserve_one(periods->items, periods->count, &periods->capacity, sizeof *periods->items);
    memmove(&periods->items[at + 1], &periods->items[at], (periods->count - at) * sizeof *periods->items);
    periods->items[at] = period;
    periods->count++;
}

void periods_done(struct periods *periods)
{
    free(periods->items);
    *periods = (struct periods){ 0 };
}
