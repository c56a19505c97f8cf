/* model/correction.c: a number, and a word for each thing that is so. */
#include "model/correction.h"

#include <stdio.h>

#include "base/memory.h"
#include "money/decimal.h"

#define EVENTS_MAX INT64_C(1000000000000)

static const char prefix[] = "proforma/correction/";
static const char anew_word[] = "anew", free_word[] = "free", without_amount_word[] = "without-amount";

size_t correction_print(const struct correction *correction, char out[CORRECTION_TEXT_MAX])
{
    const struct {
        bool is_so;
        const char *word;
    } words[] = { { correction->anew, anew_word },
                  { correction->billed_at_nothing, free_word },
                  { correction->without_amount, without_amount_word } };
    size_t size = (size_t)snprintf(out, CORRECTION_TEXT_MAX, "%s%lld", prefix, (long long)correction->events);
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        if (words[i].is_so)
            size += (size_t)snprintf(out + size, CORRECTION_TEXT_MAX - size, ",%s", words[i].word);
    size += (size_t)snprintf(out + size, CORRECTION_TEXT_MAX - size, "/");
    return size;
}

/* What lies before `stop`, which leaves `rest` with it; all of it where there is none. */
static struct text take_until(struct text *rest, char stop)
{
    const char *end = rest->size ? memchr(rest->data, stop, rest->size) : NULL;
    size_t size = end ? (size_t)(end - rest->data) : rest->size, taken = end ? size + 1 : size;
    struct text part = { rest->data, size };
    *rest = (struct text){ rest->data + taken, rest->size - taken };
    return part;
}

static bool read_word(struct text word, struct correction *correction)
{
    if (text_equal(word, text_of(anew_word)))
        correction->anew = true;
    else if (text_equal(word, text_of(free_word)))
        correction->billed_at_nothing = true;
    else if (text_equal(word, text_of(without_amount_word)))
        correction->without_amount = true;
    else
        return false;
    return true;
}

void correction_read(struct text event_id, struct correction *correction)
{
    struct text rest = event_id;
    i128 events;
    *correction = (struct correction){ 0 };
    if (!text_starts_with(event_id, text_of(prefix)))
        return;
    rest = (struct text){ rest.data + sizeof prefix - 1, rest.size - (sizeof prefix - 1) };
    rest = take_until(&rest, '/');
    if (decimal_parse(take_until(&rest, ','), 0, &events) != DECIMAL_EXACT || events <= -EVENTS_MAX || events >= EVENTS_MAX)
        return;
    struct correction read = { .is_one = true, .events = (int64_t)events };
    while (rest.size)
        if (!read_word(take_until(&rest, ','), &read))
            return;
    *correction = read;
}
