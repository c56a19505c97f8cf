/*
 * store/seen.h: event ids of a usage partition within the last `window` of broker time (DESIGN 3.7).
 *
 * A record is a duplicate when one with the same account and id lies before it by at most the window. Memory: about 60
 * bytes an id of the window. Thread: one.
 */
#ifndef STORE_SEEN_H
#define STORE_SEEN_H

#include "store/dedup.h"

struct seen;

/* Window 0: nothing is ever a duplicate. */
struct seen *seen_new(int64_t window_ms);
enum dedup_answer seen_take(struct seen *seen, const struct usage_event *event, struct text facts, int64_t time_ms);
size_t seen_count(const struct seen *seen);
void seen_free(struct seen *seen);

#endif
