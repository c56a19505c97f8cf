/* tasks/offset_runs.c: an array, searched by halves. */
#include "tasks/offset_runs.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* The first run that ends behind the offset. */
static size_t place_of(const struct offset_runs *runs, int64_t offset)
{
    size_t low = 0, high = runs->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (runs->items[middle].end <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool offset_runs_have(const struct offset_runs *runs, int64_t offset)
{
    size_t at = place_of(runs, offset);
    return at < runs->count && runs->items[at].first <= offset;
}

static void remove_run(struct offset_runs *runs, size_t at)
{
    runs->count--;
    memmove(&runs->items[at], &runs->items[at + 1], (runs->count - at) * sizeof *runs->items);
}

void offset_runs_add(struct offset_runs *runs, int64_t offset)
{
    size_t at = place_of(runs, offset);
    if (at < runs->count && runs->items[at].first <= offset)
        return;
    if (at > 0 && runs->items[at - 1].end == offset) {
        runs->items[at - 1].end++;
        if (at < runs->count && runs->items[at].first == offset + 1) {
            runs->items[at - 1].end = runs->items[at].end;
            remove_run(runs, at);
        }
    } else if (at < runs->count && runs->items[at].first == offset + 1) {
        runs->items[at].first = offset;
    } else {
        runs->items = memory_reserve_one(runs->items, runs->count, &runs->capacity, sizeof *runs->items);
        memmove(&runs->items[at + 1], &runs->items[at], (runs->count - at) * sizeof *runs->items);
        runs->items[at] = (struct offset_run){ offset, offset + 1 };
        runs->count++;
    }
}

void offset_runs_done(struct offset_runs *runs)
{
    free(runs->items);
    *runs = (struct offset_runs){ 0 };
}
