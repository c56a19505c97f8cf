/* sim/dice.h: the one sequence of random numbers that a simulation follows: the same seed, the same run. */
#ifndef SIM_DICE_H
#define SIM_DICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

/* splitmix64: neighbouring seeds give sequences that have nothing in common. */
static inline uint64_t dice_word(struct dice *dice)
{
    uint64_t z = (dice->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline uint64_t dice_below(struct dice *dice, uint64_t bound)
{
    return bound ? dice_word(dice) % bound : 0;
}

static inline bool dice_percent(struct dice *dice, unsigned percent)
{
    return dice_below(dice, 100) < percent;
}

#endif
