/*
 * support/property.h: laws over random input. A run prints its seed; the same seed is the same run.
 *
 *   property_rows [SEED [ROUNDS]]      or PROFORMA_SEED, PROFORMA_ROUNDS in the environment
 *
 * Each round has a seed of its own, printed when it fails: `property_rows THAT_SEED 1` repeats it alone.
 */
#ifndef SUPPORT_PROPERTY_H
#define SUPPORT_PROPERTY_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "money/decimal.h"

/* ---- random numbers: splitmix64, biased to where mistakes live ---- */

struct random {
    uint64_t state;
};

static inline uint64_t random_bits(struct random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline size_t random_below(struct random *random, size_t bound)
{
    return (size_t)(random_bits(random) % bound);
}

static inline bool random_one_in(struct random *random, size_t times)
{
    return random_below(random, times) == 0;
}

/* Below 2^bits, any size equally likely. */
static inline u128 random_magnitude(struct random *random, unsigned bits)
{
    u128 value = (u128)random_bits(random) << 64 | random_bits(random);
    unsigned used = (unsigned)random_below(random, bits + 1);
    return used == 0 ? 0 : value >> (128 - used);
}

/* Below `bound` in size; often zero, one, the bound, a power of two or ten, or next to one. bound: 1..10^38. */
static inline i128 random_number(struct random *random, i128 bound)
{
    i128 value = 0;
    switch (random_below(random, 8)) {
    case 0:
        value = (i128)random_below(random, 4);
        break;
    case 1:
        value = bound - 1 - (i128)random_below(random, 3);
        break;
    case 2:
        value = (i128)((u128)1 << random_below(random, 127)) + (i128)random_below(random, 3) - 1;
        break;
    case 3:
        value = decimal_power((unsigned)random_below(random, 39)) + (i128)random_below(random, 3) - 1;
        break;
    case 4: /* many trailing zeros */
        value = (i128)(random_magnitude(random, 64) % 1000) * decimal_power((unsigned)random_below(random, 35));
        break;
    case 5: /* half of a power of ten: ties */
        value = decimal_power((unsigned)random_below(random, 37)) * 5 + (i128)random_below(random, 3) - 1;
        break;
    default:
        value = (i128)random_magnitude(random, 127);
    }
    value %= bound;
    return random_one_in(random, 2) ? -value : value;
}

static inline void random_shuffle(struct random *random, size_t *items, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = random_below(random, i), item = items[i - 1];
        items[i - 1] = items[other];
        items[other] = item;
    }
}

/* The numbers below `count`, mixed. */
static inline void random_order(struct random *random, size_t *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        items[i] = i;
    random_shuffle(random, items, count);
}

/* ---- laws ---- */

struct law {
    const char *name; /* a sentence */
    void (*check)(struct random *random);
    unsigned rounds;
};

static const char *property_law;
static uint64_t property_round_seed;

/* Claims something in a law; what follows is printed as by printf when it does not hold. */
#define CLAIM(claim, ...)                                                                                  \
    do {                                                                                                   \
        if (!(claim)) {                                                                                    \
            fprintf(stderr, "%s:%d: %s: does not hold: %s\n  ", __FILE__, __LINE__, property_law, #claim); \
            fprintf(stderr, __VA_ARGS__);                                                                  \
            fprintf(stderr, "\n  again with: %" PRIu64 " 1\n", property_round_seed);                       \
            exit(1);                                                                                       \
        }                                                                                                  \
    } while (0)

/* A value in a message; the last eight answers live. */
static inline const char *shown(i128 value)
{
    static char texts[8][DECIMAL_TEXT_MAX];
    static unsigned next;
    char *text = texts[next++ % 8];
    decimal_format(value, 0, text);
    return text;
}

static inline int property_main(int argc, char **argv, const struct law *laws, size_t count)
{
    const char *seed_text = argc > 1 ? argv[1] : getenv("PROFORMA_SEED");
    const char *rounds_text = argc > 2 ? argv[2] : getenv("PROFORMA_ROUNDS");
    uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : (uint64_t)time(NULL);
    printf("seed %" PRIu64 "\n", seed);
    fflush(stdout);
    for (size_t i = 0; i < count; i++) {
        unsigned rounds = rounds_text ? (unsigned)strtoul(rounds_text, NULL, 10) : laws[i].rounds;
        property_law = laws[i].name;
        for (unsigned round = 0; round < rounds; round++) {
            /* Round 0 uses the seed itself, so that a failed round's seed repeats it. */
            struct random mixed = { seed + round };
            property_round_seed = round == 0 ? seed : random_bits(&mixed);
            struct random random = { property_round_seed };
            laws[i].check(&random);
        }
        printf("ok %s (%u rounds)\n", laws[i].name, rounds);
    }
    return 0;
}

#endif
