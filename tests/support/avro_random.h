/* support/avro_random.h: random usage events, biased towards bounds: empty, zero, powers of two and ten, the largest. */
#ifndef SUPPORT_AVRO_RANDOM_H
#define SUPPORT_AVRO_RANDOM_H

#include "base/memory.h"
#include "model/usage_event.h"

static uint64_t random_state;

/* splitmix64: one word of state, so that a seed is a number to print. */
static inline uint64_t random_word(void)
{
    uint64_t z = (random_state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline uint64_t random_below(uint64_t bound)
{
    return random_word() % bound;
}

static inline int64_t random_long(void)
{
    switch (random_below(6)) {
    case 0:
        return 0;
    case 1:
        return random_below(2) ? INT64_MAX : INT64_MIN;
    case 2:
        return (int64_t)(((uint64_t)1 << random_below(64)) - random_below(2));
    case 3:
        return -(int64_t)random_below(200);
    default:
        return (int64_t)random_word() >> random_below(64);
    }
}

static inline i128 random_decimal(void)
{
    i128 bound = decimal_power(38), value;
    switch (random_below(6)) {
    case 0:
        return 0;
    case 1:
        value = bound - 1;
        break;
    case 2:
        value = decimal_power((unsigned)random_below(38)) - (i128)random_below(2);
        break;
    case 3:
        value = ((i128)1 << random_below(126)) - (i128)random_below(2);
        break;
    default:
        value = (i128)(((u128)random_word() << 64 | random_word()) >> (1 + random_below(126)));
        break;
    }
    value %= bound;
    return random_below(2) ? -value : value;
}

static inline struct text random_text(struct arena *arena, size_t least)
{
    size_t sizes[] = { 1, 12, 63, 64, 65, 8191, 8192 };
    size_t size = random_below(40) ? random_below(30) : sizes[random_below(7)];
    size = size < least ? least : size;
    char *bytes = arena_take(arena, size + 1, 1);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)('!' + random_below(94));
    return size ? (struct text){ bytes, size } : TEXT_NONE;
}

static inline struct tags random_tags(struct arena *arena)
{
    size_t count = 1 + random_below(random_below(8) ? 4 : 80);
    struct tag *items = arena_take(arena, count * sizeof *items, _Alignof(struct tag));
    for (size_t i = 0; i < count; i++) {
        char *key = arena_take(arena, 3, 1);
        key[0] = (char)('A' + i / 10); /* sorted, differ */
        key[1] = (char)('0' + i % 10);
        items[i] = (struct tag){ { key, 2 }, random_text(arena, 1) };
    }
    return (struct tags){ items, count };
}

/* Present bits and members agree; texts are never empty where present. */
static inline void random_event(struct usage_event *event, struct arena *arena)
{
    memset(event, 0, sizeof *event);
    uint64_t density = random_below(4); /* from nearly empty to full */
    for (size_t i = 0; i < usage_event_type.field_count; i++) {
        const struct field *field = &usage_event_type.fields[i];
        void *member = record_member(event, field);
        if (!field->required && random_below(4) > density)
            continue;
        struct text text;
        switch (field->kind) {
        case FIELD_TEXT:
            text = random_text(arena, 0);
            record_set_text(event, &usage_event_type, i, text);
            continue;
        case FIELD_DECIMAL:
            *(i128 *)member = random_decimal();
            break;
        case FIELD_SUM:
            *(struct sum *)member = sum_of(random_decimal());
            break;
        case FIELD_TIME:
        case FIELD_LONG:
            *(int64_t *)member = random_long();
            break;
        case FIELD_TAGS:
            *(struct tags *)member = random_tags(arena);
            break;
        }
        record_set(event, i);
    }
}

#endif
